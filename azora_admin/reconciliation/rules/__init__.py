"""What of Stripe's statement belongs to what of ours, what differs, and the entry that would cure it. Pure."""
