"""The JSON API: for learners' apps and for machines. Base /api/v1; docs/api.md is its contract."""
