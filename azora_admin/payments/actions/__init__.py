"""Changing payments; each function takes the caller's session and commits nothing."""
