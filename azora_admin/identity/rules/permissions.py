"""What each role may do: one table, from which guards, scopes, the page and the tests are made. Pure.

An API key has scopes, which are actions of this table: it may do what its owner's roles allow and its scopes name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ROLES: Final = ("learner", "instructor", "owner", "support", "finance", "admin", "machine")
STAFF: Final = frozenset({"support", "finance", "admin"})
# Whoever has an account and can sign in on pages; a machine only has keys.
PEOPLE: Final = frozenset(ROLES) - {"machine"}
_EVERYBODY: Final = frozenset(ROLES)


class Action(StrEnum):
    """Something that can be done; the value is the scope's name on an API key."""

    READ_OWN = "own:read"
    SECURE_OWN = "own:security"
    KEEP_FACTORS = "own:factors"
    MAKE_KEYS = "own:keys"
    BUY = "purchases:write"
    LEARN = "progress:write"
    ASK_REFUND = "refund_requests:write"
    SEND_DOCUMENTS = "documents:send"
    READ_EARNINGS = "earnings:read"
    READ_OVERVIEW = "overview:read"
    READ_PAYMENTS = "payments:read"
    EXPORT_PAYMENTS = "payments:export"
    READ_EXPORTS = "payments:exports"
    REFUND = "refunds:write"
    REFUND_MORE = "refunds:more"
    APPROVE_REFUNDS = "refunds:approve"
    READ_DISPUTES = "disputes:read"
    ANSWER_DISPUTES = "disputes:answer"
    READ_LEDGER = "ledger:read"
    READ_RECONCILIATION = "reconciliation:read"
    CORRECT_BOOKS = "reconciliation:write"
    READ_EVENTS = "events:read"
    REPLAY_EVENTS = "events:replay"
    READ_PEOPLE = "people:read"
    CHANGE_ROLES = "people:roles"
    END_SESSIONS = "people:sessions"
    ACT_AS = "people:act_as"
    REFUND_MANY = "refunds:bulk"
    KEEP_REFUND_POLICY = "refunds:policy"
    KEEP_MACHINES = "machines:write"
    READ_AUDIT = "audit:read"


@dataclass(frozen=True, slots=True)
class Permission:
    """One line of the table.

    ``dangerous``: wants a fresh sign-in. ``is_scope``: an API key may have it. ``moves_money``: counted more strictly.
    """

    action: Action
    words: str
    roles: frozenset[str]
    changes: bool = False
    dangerous: bool = False
    is_scope: bool = False
    moves_money: bool = False


def _roles(*names: str) -> frozenset[str]:
    return frozenset(names)


PERMISSIONS: Final = (
    Permission(Action.READ_OWN, "See their own account, payments and access", _EVERYBODY, is_scope=True),
    Permission(
        Action.SECURE_OWN, "Change their own password, end their own sessions and keys", PEOPLE, changes=True
    ),
    Permission(
        Action.KEEP_FACTORS,
        "Add and remove their own second factors",
        PEOPLE,
        changes=True,
        dangerous=True,
    ),
    Permission(Action.MAKE_KEYS, "Make API keys of their own", PEOPLE, changes=True, dangerous=True),
    Permission(Action.BUY, "Buy a course", PEOPLE, changes=True, is_scope=True, moves_money=True),
    Permission(Action.LEARN, "Have written down what they learned", PEOPLE, changes=True, is_scope=True),
    Permission(
        Action.ASK_REFUND,
        "Ask for their own money back",
        PEOPLE,
        changes=True,
        is_scope=True,
        moves_money=True,
    ),
    Permission(
        Action.SEND_DOCUMENTS,
        "Have receipts and credit notes mailed again, staff anybody's",
        PEOPLE,
        changes=True,
        is_scope=True,
    ),
    Permission(Action.READ_EARNINGS, "See what their courses earned", _roles("instructor"), is_scope=True),
    Permission(Action.READ_OVERVIEW, "See the figures of the whole marketplace", STAFF),
    Permission(Action.READ_PAYMENTS, "See everybody's payments", STAFF),
    Permission(Action.EXPORT_PAYMENTS, "Have payments written as a file", STAFF, changes=True),
    Permission(Action.READ_EXPORTS, "Download what others exported", _roles("finance", "admin")),
    Permission(
        Action.REFUND,
        "Refund payments, support up to its limit",
        STAFF,
        changes=True,
        is_scope=True,
        moves_money=True,
    ),
    Permission(
        Action.REFUND_MORE,
        "Refund more than support may",
        _roles("finance", "admin"),
        changes=True,
        is_scope=True,
    ),
    Permission(
        Action.APPROVE_REFUNDS,
        "Approve refunds that others asked for",
        _roles("finance", "admin"),
        changes=True,
        moves_money=True,
    ),
    Permission(
        Action.REFUND_MANY,
        "Refund many payments at once",
        _roles("finance", "admin"),
        changes=True,
        moves_money=True,
    ),
    Permission(
        Action.KEEP_REFUND_POLICY,
        "Change the refund policy",
        _roles("finance", "admin"),
        changes=True,
        dangerous=True,
    ),
    Permission(
        Action.READ_DISPUTES,
        "See what payers' banks ask back",
        STAFF | {"machine"},
        is_scope=True,
    ),
    Permission(
        Action.ANSWER_DISPUTES,
        "Send evidence to a payer's bank, or accept a dispute",
        _roles("finance", "admin"),
        changes=True,
        moves_money=True,
    ),
    Permission(Action.READ_LEDGER, "See ledger entries and what explains them", STAFF),
    Permission(Action.READ_RECONCILIATION, "See where the book differs from Stripe's statement", STAFF),
    Permission(
        Action.CORRECT_BOOKS,
        "Propose and approve what is done about differences, never both for one",
        _roles("finance", "admin"),
        changes=True,
        moves_money=True,
    ),
    Permission(Action.READ_EVENTS, "See what Stripe told us", STAFF),
    Permission(
        Action.REPLAY_EVENTS,
        "Have Stripe's events handled again, or leave them as they are",
        _roles("finance", "admin"),
        changes=True,
    ),
    Permission(Action.READ_PEOPLE, "Find people and see their roles and sessions", STAFF),
    Permission(Action.CHANGE_ROLES, "Give and take roles", _roles("admin"), changes=True, dangerous=True),
    Permission(Action.END_SESSIONS, "End other people's sessions", _roles("support", "admin"), changes=True),
    Permission(
        Action.ACT_AS,
        "See pages as another person does",
        _roles("support", "admin"),
        changes=True,
        dangerous=True,
    ),
    Permission(
        Action.KEEP_MACHINES, "Add machines and their keys", _roles("admin"), changes=True, dangerous=True
    ),
    Permission(Action.READ_AUDIT, "See and export the audit log", _roles("finance", "admin")),
)
_BY_ACTION: Final = {permission.action: permission for permission in PERMISSIONS}
SCOPES: Final = tuple(permission.action for permission in PERMISSIONS if permission.is_scope)


def permission_for(action: Action) -> Permission:
    """The table's line for ``action``; every action has one."""
    return _BY_ACTION[action]


def may_roles(roles: Iterable[str], action: Action) -> bool:
    """Whether somebody with ``roles`` may do ``action``."""
    return not _BY_ACTION[action].roles.isdisjoint(roles)
