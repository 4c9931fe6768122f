"""PDFs. The only code that knows the typesetter."""
