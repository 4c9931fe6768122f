"""What the worker does: each job is a name in the outbox, a few lines here, and a flow below."""
