"""What machines outside tell us: verified, kept, answered; nothing else happens here."""
