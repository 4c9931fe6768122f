"""People: the list, found by name, address or id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import Response, request

from azora_admin.core import db
from azora_admin.identity.rules import ROLES, Action
from azora_admin.pages.admin import blueprint
from azora_admin.reports.people_list import PeopleFilter, list_people
from azora_admin.web import hx, lists
from azora_admin.web.callers import caller, needs
from azora_admin.web.navigation import ROLE_WORDS

LONGEST_TEXT: Final = 120


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as the address has them."""

    text: str
    role: str

    @property
    def scope(self) -> str:
        """A list that was looked for is in another order, so its cursors are others."""
        return "admin.people.found" if self.text else "admin.people"

    def parameters(self) -> dict[str, Any]:
        """The address's parameters that say this."""
        return {"q": self.text, "role": self.role}

    def link(self, **changed: Any) -> str:
        """The address of the first page with some parameters changed."""
        return lists.address("admin.people", **{**self.parameters(), **changed})


@blueprint.get("/people")
@needs(Action.READ_PEOPLE)
def people() -> Response:
    """One page of the list; htmx gets the results and what changes with them."""
    asked = _asked()
    wanted = PeopleFilter(asked.text, asked.role)
    with db.snapshot() as session:
        found = list_people(session, wanted, limit=lists.PAGE, cursor=lists.asked_cursor(asked.scope))
    parameters = asked.parameters()
    return hx.respond(
        "admin/people.html",
        part="people/_results.html",
        target="results",
        beside=("people/_tabs.html",),
        push_url=lists.address(
            "admin.people", **parameters, after=request.args.get("after"), before=request.args.get("before")
        ),
        asked=asked,
        found=found,
        tabs=[("Everybody", asked.link(role=""), not asked.role)]
        + [(words, asked.link(role=role), asked.role == role) for role, words in ROLE_WORDS],
        may_add_machines=caller().may(Action.KEEP_MACHINES),
        pager=lists.pager(found, asked.scope, "admin.people", **parameters),
    )


def _asked() -> Asked:
    typed = "".join(sign if sign.isprintable() else " " for sign in request.args.get("q", ""))
    role = request.args.get("role", "")
    return Asked(" ".join(typed.split())[:LONGEST_TEXT], role if role in ROLES else "")
