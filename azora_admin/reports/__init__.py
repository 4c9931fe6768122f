"""Reads that cross domains: frozen figures for pages and answers, a few statements each."""
