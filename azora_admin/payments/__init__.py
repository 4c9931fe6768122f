"""Money from payers: what was asked for, what Stripe says became of it."""
