"""What a resource says about itself: its kinds of object, its routes, and what it does later by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.params import Group

if TYPE_CHECKING:
    from azora_admin.sandbox.stripe.book import Book


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object. Stored fields that begin with ``_`` never leave the stand-in.

    ``expandable`` are the dotted names that ``expand[]`` may ask for, ``filters`` the fields that lists
    select by, ``present`` fills in what depends on the moment (it gets a copy).
    """

    name: str
    prefix: str
    expandable: frozenset[str] = frozenset()
    filters: tuple[str, ...] = ()
    present: Callable[[Book, Json], Json] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a handler sees it: parameters read, names from the path, and who asks."""

    params: Json
    path: Mapping[str, str]
    has_secret_key: bool
    base_url: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer other than 200 whose changes stand: a declined card leaves its charge behind."""

    status: int
    body: Json


Handler = Callable[[Call, "Book"], "Json | Answer"]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    pattern: re.Pattern[str]
    accepted: Group
    handler: Handler
    takes_publishable_key: bool


@dataclass(slots=True)
class Routes:
    """Collects a module's routes; ``{name}`` in a path is one segment."""

    found: list[Route] = field(default_factory=list)

    def get(self, path: str, accepted: Group, *, publishable: bool = False) -> Callable[[Handler], Handler]:
        return self._add("GET", path, accepted, publishable)

    def post(self, path: str, accepted: Group, *, publishable: bool = False) -> Callable[[Handler], Handler]:
        return self._add("POST", path, accepted, publishable)

    def delete(self, path: str, accepted: Group) -> Callable[[Handler], Handler]:
        return self._add("DELETE", path, accepted, False)  # noqa: FBT003 - never from a browser

    def _add(
        self,
        method: str,
        path: str,
        accepted: Group,
        publishable: bool,  # noqa: FBT001
    ) -> Callable[[Handler], Handler]:
        def remember(handler: Handler) -> Handler:
            pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
            self.found.append(Route(method, path, pattern, accepted, handler, publishable))
            return handler

        return remember


class Registry:
    """All kinds, routes and later tasks of the resources that were gathered."""

    def __init__(self, resources: Iterable[object]) -> None:
        self.kinds: dict[str, Kind] = {}
        self.later: dict[str, Callable[[Book, str], None]] = {}
        routes: list[Route] = []
        for resource in resources:
            self.kinds.update({kind.name: kind for kind in getattr(resource, "KINDS", ())})
            self.later.update(getattr(resource, "LATER", {}))
            routes.extend(getattr(resource, "ROUTES", Routes()).found)
        self._routes = sorted(routes, key=lambda route: route.path.count("{"))

    @property
    def filters(self) -> set[str]:
        return {name for kind in self.kinds.values() for name in kind.filters}

    def find_route(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        for route in self._routes:
            if route.method == method and (match := route.pattern.fullmatch(path)):
                return route, match.groupdict()
        return None
