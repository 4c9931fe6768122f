"""Stripe: what we send, what we ask, and the frozen shapes in which its answers reach us."""
