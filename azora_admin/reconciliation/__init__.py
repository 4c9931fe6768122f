"""Our book against Stripe's statement: what moved there, what differs, and what people decided about it."""
