"""Flask-Limiter, made cheap, and its answers in the headers that the IETF is about to standardize.

As it comes, it finds out anew at each request which limits apply, which costs a third of a short request. Here each
route's limits are looked up once, and a request is counted once in each (measured: docs/decisions/0020).

Source of the headers: draft-ietf-httpapi-ratelimit-headers-10.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, cast

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter._extension import LimiterContext
from flask_limiter._limits import RuntimeLimit
from flask_limiter.util import get_qualified_name

from azora_admin.core import clock

_STATIC: Final = "static"
_NOTHING_LEFT_TO_COUNT: Final = LimiterContext()


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit as it stands for a route: ``name`` and ``policy`` are what the headers say of it."""

    limit: RuntimeLimit
    name: str
    policy: str

    @property
    def scope(self) -> str:
        return cast("str", self.limit.scope)

    @property
    def amount(self) -> int:
        return self.limit.limit.amount

    @property
    def is_counted_by_the_answer(self) -> bool:
        return self.limit.deduct_when is not None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a request stands with a rule: the bucket that it was counted in, and that bucket's count."""

    rule: Rule
    bucket: str
    count: int


class RouteLimiter(Limiter):
    """Counts what holds for all routes before the route's guard, and what decorates a view when it is called."""

    def init_app(self, app: Flask) -> None:
        self._rules: dict[tuple[str | None, str | None], tuple[Rule, ...]] = {}
        # Before the library's own, and so called after it: some requests are counted by their answer.
        app.after_request(self._tell)
        super().init_app(app)

    @property
    def context(self) -> LimiterContext:
        """What the library keeps of this request: nothing, but for what is counted by the answer."""
        return cast("LimiterContext", g.get("limiter_context", _NOTHING_LEFT_TO_COUNT))

    def rules_before_guard(self, endpoint: str | None) -> tuple[Rule, ...]:
        """The rules that every request to ``endpoint`` meets; None: an address that nothing answers to."""
        known = self._rules.get((endpoint, None))
        if known is None:
            known = self._rules[endpoint, None] = self._looked_up(endpoint)
        return known

    def rules_of_view(self, name: str) -> tuple[Rule, ...]:
        """The rules that decorate the view with this qualified name."""
        known = self._rules.get((None, name))
        if known is None:
            known = self._rules[None, name] = _rules(self.limit_manager.decorated_limits(name))
        return known

    def seconds_left(self, standing: Standing) -> int:
        """After how many seconds the bucket begins anew."""
        ends_at = self.storage.get_expiry(standing.bucket)
        return max(1, math.ceil(ends_at - clock.now().timestamp()))

    def _looked_up(self, endpoint: str | None) -> tuple[Rule, ...]:
        if endpoint == _STATIC:
            return ()
        if endpoint is None:
            return _rules(self.limit_manager.default_limits)
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        view = get_qualified_name(app.view_functions[endpoint])
        blueprint = endpoint.rpartition(".")[0] or None
        defaults, _ = self.limit_manager.resolve_limits(app, endpoint, blueprint, view)
        own = self.limit_manager.blueprint_limits(app, blueprint) if blueprint else []
        return _rules([*defaults, *own])

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:  # noqa: FBT001, FBT002  # the library calls it so
        # Without the name of a view it is the library's question before the guard.
        rules = (
            self.rules_of_view(callable_name) if callable_name else self.rules_before_guard(request.endpoint)
        )
        for rule in rules:
            if not rule.limit.is_exempt:
                self._count(rule)

    def _count(self, rule: Rule) -> None:
        limit, item = rule.limit, rule.limit.limit
        key = limit.key_func()
        bucket = item.key_for(key, rule.scope)
        if rule.is_counted_by_the_answer:
            context = g.setdefault("limiter_context", LimiterContext())
            context.conditional_deductions[limit] = [key, rule.scope]
            count = self.storage.get(bucket)
            is_exceeded = count >= rule.amount
        else:
            count = self.storage.incr(bucket, item.get_expiry())
            is_exceeded = count > rule.amount
        standing = Standing(rule, bucket, count)
        g.setdefault("standings", []).append(standing)
        if is_exceeded:
            g.seconds_to_wait = self.seconds_left(standing)
            raise RateLimitExceeded(limit)

    def _tell(self, response: Response) -> Response:
        standings: list[Standing] | None = g.get("standings")
        if not standings:
            return response
        response.headers["RateLimit-Policy"] = ", ".join(one.rule.policy for one in standings)
        response.headers["RateLimit"] = ", ".join(map(self._left, standings))
        if "seconds_to_wait" in g:
            response.headers["Retry-After"] = str(g.seconds_to_wait)
        return response

    def _left(self, standing: Standing) -> str:
        rule = standing.rule
        count = self.storage.get(standing.bucket) if rule.is_counted_by_the_answer else standing.count
        seconds = self.seconds_left(standing) if count else rule.limit.limit.get_expiry()
        return f'"{rule.name}";r={max(0, rule.amount - count)};t={seconds}'


def seconds_to_wait() -> int:
    """After how many seconds whoever was refused may come again."""
    return cast("int", g.seconds_to_wait)


def _rules(limits: Iterable[RuntimeLimit]) -> tuple[Rule, ...]:
    return tuple(_rule(limit) for limit in sorted(limits, key=lambda one: one.limit))


def _rule(limit: RuntimeLimit) -> Rule:
    item = limit.limit
    name = f"{limit.scope}-per-{item.GRANULARITY.name}"
    return Rule(limit, name, f'"{name}";q={item.amount};w={item.get_expiry()}')
