"""What the audit log is searched by: each search is a few short scans of an index, in the order of time.

And two functions of its law in words that PostgreSQL can take into the one that calls them: to call itself immutable, a
function must not hold anything less, or it is called nineteen times an entry (100 instead of 20 microseconds).

No trigrams and no full text: the first is an extension that not every server has, and neither gives its finds in the
order of time, so that a common word would have to be sorted. Beginnings are looked up as a list of whole values (of
which few are taken), and each value is read newest first.
"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # By id alone: whoever looks for one rarely knows the kind, and no two kinds share ids.
    op.drop_index("ix_audit_entry_subject", "audit_entry")
    for name, columns, condition in (
        ("subject", "subject_id, recorded_at, id", "true"),
        ("key", "key_id, recorded_at, id", "key_id IS NOT NULL"),
        ("address", "address, recorded_at, id", "address <> ''"),
        # Pages and the API are nearly everything; what is left is found without them.
        ("via", "via, recorded_at, id", "via IN ('command', 'job')"),
        # People are found by their own keys (0014): these are for everybody and everything else.
        ("name", 'lower(actor_name) COLLATE "C", recorded_at, id', "actor_id IS NULL AND actor_name <> ''"),
        (
            "label",
            'lower(subject_label) COLLATE "C", recorded_at, id',
            "subject_kind <> 'person' AND subject_label <> ''",
        ),
    ):
        op.execute(f"CREATE INDEX ix_audit_entry_{name} ON audit_entry ({columns}) WHERE {condition}")
    op.execute(
        "CREATE OR REPLACE FUNCTION audit_field(value text) RETURNS text LANGUAGE sql IMMUTABLE AS"
        " $$ SELECT coalesce(octet_length(value)::text || '\\:' || value, '-') $$"
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION audit_micros(at timestamptz) RETURNS text LANGUAGE sql STABLE AS"
        " $$ SELECT (extract(epoch FROM at) * 1000000)\\:\\:bigint\\:\\:text $$"
    )
