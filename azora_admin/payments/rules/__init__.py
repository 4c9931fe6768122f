"""What may become of a payment, and how a sale is shared. Pure."""
