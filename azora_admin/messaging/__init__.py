"""What comes in once and what goes out surely: the inbox of events, the outbox of jobs and the mails."""
