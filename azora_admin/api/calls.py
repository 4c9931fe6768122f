"""Every call of the application, read off its addresses, its views and the guards that stand around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flask import Flask

from azora_admin.api import problems
from azora_admin.api.bodies import Body, NoBody
from azora_admin.api.description import Operation, find_operation
from azora_admin.api.problems import Refusal
from azora_admin.identity.rules import Action
from azora_admin.identity.rules.permissions import permission_for

# Werkzeug answers these by itself.
_IMPLIED: Final = frozenset({"HEAD", "OPTIONS"})
_READING: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Call:
    """One method of one address.

    ``action`` is the permission that it needs, ``is_once`` that it takes a key, ``is_limited`` that calls are counted.
    """

    method: str
    address: str
    operation: Operation
    wants_token: bool
    action: Action | None
    is_once: bool
    is_limited: bool

    @property
    def body(self) -> type[Body] | None:
        """What it reads of the body; None when it reads none."""
        return None if self.method in _READING else self.operation.body

    @property
    def is_tagged(self) -> bool:
        """Whether its good answer carries a tag, and is 304 for whoever has it."""
        return self.method == "GET" and not self.operation.untagged

    @property
    def may_be_empty(self) -> bool:
        """Whether a request without a body is as good."""
        return self.operation.body is NoBody

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Every way in which it can be refused, by status."""
        found = {*self.operation.refusals, *problems.ANY_CALL}
        if self.body:
            found.update(problems.WITH_BODY)
        if self.wants_token:
            found.update(problems.WITH_TOKEN)
        if self.action and permission_for(self.action).dangerous:
            found.add(problems.FRESH_SIGN_IN_REQUIRED)
        if self.operation.path:
            found.add(problems.NOT_FOUND)
        if self.is_once:
            found.update(problems.WITH_KEY)
        return tuple(sorted(found, key=lambda one: (one.status, one.code)))


def calls_of(app: Flask) -> list[Call]:
    """The calls that were described, in the order in which their blueprints came."""
    return list(_calls(app))


def _calls(app: Flask) -> Iterator[Call]:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        operation = find_operation(view)
        if operation is None:
            continue
        blueprint = app.blueprints[rule.endpoint.rpartition(".")[0]]
        for method in sorted((rule.methods or set()) - _IMPLIED):
            yield Call(
                method=method,
                address=re.sub(r"<(?:[^<>:]+:)?([^<>]+)>", r"{\1}", rule.rule),
                operation=operation,
                wants_token=bool(getattr(blueprint, "guard_roles", None)),
                action=getattr(view, "action", None),
                is_once=getattr(view, "is_once", False),
                is_limited=not getattr(view, "is_unlimited", False),
            )
