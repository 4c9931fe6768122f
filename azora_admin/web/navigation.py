"""What the side bar offers: only pages that exist, and only those that the person may open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from azora_admin.identity.rules import STAFF, SignedIn
from azora_admin.web.guards import EVERYBODY


@dataclass(frozen=True, slots=True)
class Link:
    """One line of the side bar."""

    endpoint: str
    icon: str
    label: str


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
            Group(None, (Link("admin.overview", "layout-dashboard", "Overview"),)),
            Group("Money", (Link("admin.payments", "credit-card", "Payments"),)),
            Group("Operations", (Link("admin.events", "webhook", "Stripe events"),)),
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
                    Link("instructor.home", "house", "Home"),
                    Link("instructor.earnings", "wallet", "Earnings"),
                ),
            ),
        ),
    ),
    Workspace(
        "account",
        "Your account",
        "user",
        EVERYBODY,
        (Group(None, (Link("account.home", "user", "Account"),)),),
    ),
)

_ROLE_WORDS: Final = (
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
    return tuple(workspace for workspace in WORKSPACES if person.roles & workspace.roles)


def workspace_named(blueprint: str | None, person: SignedIn) -> Workspace:
    """The workspace of the page being shown; on a page of none (an error), the person's first."""
    mine = workspaces_of(person)
    return next((workspace for workspace in mine if workspace.blueprint == blueprint), mine[0])


def role_words(person: SignedIn) -> str:
    """The person's roles as people say them: ``Finance, Support``."""
    return ", ".join(word for role, word in _ROLE_WORDS if role in person.roles)
