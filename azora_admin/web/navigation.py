"""What the side bar offers: only pages that exist, and only those that the person may open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from azora_admin.identity.rules import STAFF, Action, SignedIn
from azora_admin.web.guards import EVERYBODY


@dataclass(frozen=True, slots=True)
class Link:
    """One line of the side bar."""

    endpoint: str
    icon: str
    label: str
    action: Action
    # The letter that follows "g" to go there.
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Some links under a heading; the first group has none."""

    heading: str | None
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Workspace:
    """Everything one audience works with; its blueprint bears its name."""

    blueprint: str
    name: str
    icon: str
    roles: frozenset[str]
    groups: tuple[Group, ...]
    # Blueprints whose pages are shown within this workspace, beside its own.
    beside: tuple[str, ...] = ()

    @property
    def home(self) -> str:
        return self.groups[0].links[0].endpoint


WORKSPACES: Final = (
    Workspace(
        "admin",
        "Marketplace admin",
        "landmark",
        STAFF,
        (
            Group(None, (Link("admin.overview", "layout-dashboard", "Overview", Action.READ_OVERVIEW, "o"),)),
            Group(
                "Money",
                (
                    Link("admin.payments", "credit-card", "Payments", Action.READ_PAYMENTS, "p"),
                    Link("admin.refunds", "undo-2", "Refunds", Action.READ_PAYMENTS, "r"),
                    Link("admin.disputes", "gavel", "Disputes", Action.READ_PAYMENTS, "d"),
                    Link(
                        "admin.reconciliation",
                        "scale",
                        "Reconciliation",
                        Action.READ_RECONCILIATION,
                        "b",
                    ),
                ),
            ),
            Group("Access", (Link("admin.people", "users", "People", Action.READ_PEOPLE, "u"),)),
            Group(
                "Operations",
                (
                    Link("admin.events", "webhook", "Stripe events", Action.READ_EVENTS, "e"),
                    Link("admin.outgoing", "refresh-cw", "Outgoing", Action.READ_EVENTS, "q"),
                    Link("admin.audit", "scroll-text", "Audit log", Action.READ_AUDIT, "l"),
                ),
            ),
        ),
    ),
    Workspace(
        "instructor",
        "Instructor studio",
        "graduation-cap",
        frozenset({"instructor"}),
        (
            Group(
                None,
                (
                    Link("instructor.home", "house", "Home", Action.READ_EARNINGS, "h"),
                    Link("instructor.earnings", "wallet", "Earnings", Action.READ_EARNINGS, "w"),
                ),
            ),
        ),
    ),
    Workspace(
        "account",
        "Your account",
        "user",
        EVERYBODY,
        (
            Group(
                None,
                (
                    Link("account.home", "user", "Account", Action.READ_OWN, "a"),
                    Link("account.cards", "credit-card", "Your cards", Action.READ_OWN, "c"),
                    Link("security.home", "shield-check", "Your security", Action.READ_OWN, "y"),
                ),
            ),
        ),
        beside=("security", "factors"),
    ),
)

ROLE_WORDS: Final = (
    ("admin", "Administrator"),
    ("finance", "Finance"),
    ("support", "Support"),
    ("instructor", "Instructor"),
    ("owner", "Organization owner"),
    ("learner", "Learner"),
    ("machine", "Machine"),
)


def workspaces_of(person: SignedIn) -> tuple[Workspace, ...]:
    """The workspaces that the person may open, theirs first."""
    return tuple(_offered(workspace, person) for workspace in WORKSPACES if person.roles & workspace.roles)


def workspace_named(blueprint: str | None, person: SignedIn) -> Workspace:
    """The workspace of the page being shown; on a page of none (an error), the person's first."""
    mine = workspaces_of(person)
    return next((space for space in mine if blueprint in (space.blueprint, *space.beside)), mine[0])


def _offered(workspace: Workspace, person: SignedIn) -> Workspace:
    """The workspace with the links that the person may follow."""
    offered = (
        replace(group, links=tuple(link for link in group.links if person.may(link.action)))
        for group in workspace.groups
    )
    return replace(workspace, groups=tuple(group for group in offered if group.links))


def role_word(role: str) -> str:
    """A role as people say it."""
    return dict(ROLE_WORDS).get(role, role)


def roles_text(roles: Iterable[str]) -> str:
    """Several roles as people say them: ``Finance, Support``."""
    held = set(roles)
    return ", ".join(word for role, word in ROLE_WORDS if role in held)


def role_words(person: SignedIn) -> str:
    """The person's roles as people say them."""
    return roles_text(person.roles)
