"""Writing the book: post entries, take snapshots, seal periods. Each takes the caller's session and commits nothing."""

from azora_admin.ledger.actions.closing import Snapshot, complete_until, seal_period, take_snapshot
from azora_admin.ledger.actions.posting import Posted, post, post_many

__all__ = ["Posted", "Snapshot", "complete_until", "post", "post_many", "seal_period", "take_snapshot"]
