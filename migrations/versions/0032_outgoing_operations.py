"""What goes out is found by state, object and call, failed jobs by time and object; a mail says that it is taken."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE mail ADD taken_until timestamptz;
        ALTER TABLE dispute_answer ADD parked_at timestamptz;

        -- Each list of a state is read newest first; what is settled has an index of its time already.
        CREATE INDEX ix_payment_unanswered ON payment (created_at, id)
          WHERE status = 'unknown' OR (status = 'pending' AND stripe_payment_intent_id IS NULL);
        CREATE INDEX ix_payment_never_sent ON payment (created_at, id)
          WHERE status = 'cancelled' AND stripe_payment_intent_id IS NULL;
        DROP INDEX ix_payment_parked;
        CREATE INDEX ix_payment_parked ON payment (created_at, id)
          WHERE parked_at IS NOT NULL AND next_ask_at IS NOT NULL;
        DROP INDEX ix_refund_parked;
        CREATE INDEX ix_refund_parked ON refund (requested_at, id)
          WHERE parked_at IS NOT NULL AND next_ask_at IS NOT NULL;
        CREATE INDEX ix_refund_never_sent ON refund (requested_at, id)
          WHERE state = 'failed' AND stripe_refund_id IS NULL;
        CREATE INDEX ix_method_setup_unsent ON method_setup (state, created_at, id)
          WHERE stripe_setup_intent_id IS NULL;
        CREATE INDEX ix_method_setup_parked ON method_setup (created_at, id)
          WHERE parked_at IS NOT NULL AND next_ask_at IS NOT NULL;
        CREATE INDEX ix_dispute_answer_recent ON dispute_answer (requested_at, id);
        CREATE INDEX ix_dispute_answer_state ON dispute_answer (state, requested_at, id);
        CREATE INDEX ix_dispute_answer_dispute ON dispute_answer (dispute_id);
        CREATE INDEX ix_dispute_answer_parked ON dispute_answer (requested_at, id)
          WHERE parked_at IS NOT NULL AND next_ask_at IS NOT NULL;
        DROP INDEX ix_mail_parked;
        CREATE INDEX ix_mail_unsent ON mail (state, created_at, id) WHERE state <> 'sent';

        CREATE INDEX ix_outgoing_call_outside ON outgoing_call (outside_id) WHERE outside_id IS NOT NULL;
        CREATE INDEX ix_outgoing_call_key ON outgoing_call (idempotency_key, at);

        -- Of the queue's tables, only rows that no worker touches any more: taking a job costs what it did.
        CREATE INDEX ix_job_failed ON procrastinate_jobs (task_name, id)
          WHERE status = 'failed' AND queueing_lock IS NULL;
        CREATE INDEX ix_job_failed_round ON procrastinate_jobs (task_name, id)
          WHERE status = 'failed' AND queueing_lock IS NOT NULL;
        CREATE INDEX ix_job_failed_about ON procrastinate_jobs USING gin (args)
          WHERE status = 'failed' AND queueing_lock IS NULL;
        CREATE INDEX ix_job_failure ON procrastinate_events (at, id) WHERE type = 'failed';
        """
    )
