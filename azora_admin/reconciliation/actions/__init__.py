"""Writing: Stripe's statement, what was compared, and decisions. Each takes the caller's session."""
