"""What comes in once and what goes out surely: the inbox of events and the outbox of jobs."""
