"""``make bench``: what the program costs, as ratios to a hand-written floor that is measured in the same run.

Absolute figures depend on the machine and on who else uses it; ratios, CPU per request and statement counts don't.
"""
