"""The one book for money and tokens: entries whose legs sum to nought per asset, never changed, only added to.

Build a draft with ``rules``, write it with ``actions.post``, read it with ``queries``. The law itself lives in the
database (migration 0003), so that no code can break it, ours included.
"""
