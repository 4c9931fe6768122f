"""Azora admin: the monetization back office of the online-learning platform Azora.

Glossary, one word per idea:

payment     one attempt to take money from a payer for one thing, from its order to its settlement
settle      bring a payment to what Stripe says of it; safe at any time, any number of times
entry, leg  a fact in the ledger, and one account's part of it; legs sum to nought per asset
share       what one party gets of a sale, by the split agreement in force when it was bought
grant       a reason why a learner may open a course; access is the set of live grants
inbox event something Stripe told us, kept once, handled once
ask         fetch an object from Stripe because an answer or an event is missing
floor       a balance below which an account can't be posted
"""
