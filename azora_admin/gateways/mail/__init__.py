"""Mail servers. The only code that speaks SMTP."""
