"""Redis: what processes share and may lose. Nothing that has to last is kept here."""
