"""A route can't forget its limit: each has one by being a route, and where more is at stake one of its own."""

from __future__ import annotations

from typing import Final

from flask import Flask
from flask.testing import FlaskClient
from flask_limiter.util import get_qualified_name
from werkzeug.routing import Rule

from azora_admin.identity.rules import Action
from azora_admin.identity.rules.permissions import PERMISSIONS
from azora_admin.web.limits import limiter

# Route → why it answers however often it is asked.
UNLIMITED: Final = {
    "static": "files that a browser keeps; a proxy serves them where there is one",
    "operations.healthz": "who restarts us asks it, and an answer that is not 200 would have us restarted",
}
# Route → the bucket of its own that it has instead of everybody's.
APART: Final = {"webhooks.receive": "webhooks"}
# A changing route that is open to anybody → why everybody's limit is enough.
HARMLESS: Final = {
    "sign_in.sign_out": "it ends what is one's own",
    "sign_in.theme": "it sets a cookie",
    "seeing.stop": "it ends what somebody has begun themselves",
}
CHANGING: Final = {"POST", "PUT", "PATCH", "DELETE"}


def test_every_route_is_counted_before_its_guard(app: Flask) -> None:
    with app.app_context():
        scopes = {
            endpoint: {rule.scope for rule in limiter.rules_before_guard(endpoint)}
            for endpoint in app.view_functions
        }
    assert {endpoint for endpoint, found in scopes.items() if not found} == set(UNLIMITED)
    everybodys = {"requests", "unvalidated-tokens"}
    assert {endpoint: found for endpoint, found in scopes.items() if found and found != everybodys} == {
        endpoint: {scope} for endpoint, scope in APART.items()
    }


def test_every_answer_of_a_route_tells_its_limit(app: Flask, client: FlaskClient) -> None:
    walked = [
        (method, rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in UNLIMITED
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    assert len(walked) > 20
    silent = [
        f"{method} {rule}"
        for method, rule in walked
        if "RateLimit-Policy" not in client.open(_path(app, rule), method=method).headers
    ]
    assert silent == []


def test_every_view_that_moves_money_is_counted_as_such(app: Flask) -> None:
    moving = {permission.action for permission in PERMISSIONS if permission.moves_money}
    assert Action.BUY in moving
    views = {
        name: view for name, view in app.view_functions.items() if getattr(view, "action", None) in moving
    }
    assert views
    assert [endpoint for endpoint in views if "money" not in _own_scopes(app, endpoint)] == []


def test_every_changing_route_that_is_open_to_anybody_has_a_limit_of_its_own(app: Flask) -> None:
    open_to_all = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) & CHANGING
        and not getattr(app.blueprints[rule.endpoint.rpartition(".")[0]], "guard_roles", frozenset())
    }
    without = {endpoint for endpoint in open_to_all if not _own_scopes(app, endpoint)}
    assert without - set(APART) == set(HARMLESS)


def test_a_limit_of_its_own_comes_on_top_of_everybodys(app: Flask) -> None:
    decorated = [limit for group in limiter.limit_manager._decorated_limits.values() for limit in group]
    assert decorated
    assert [limit for limit in decorated if limit.override_defaults] == []


def _own_scopes(app: Flask, endpoint: str) -> set[str]:
    return {rule.scope for rule in limiter.rules_of_view(get_qualified_name(app.view_functions[endpoint]))}


def _path(app: Flask, rule: Rule) -> str:
    values = dict.fromkeys(rule.arguments, "00000000-0000-7000-8000-000000000000")
    return app.url_map.bind("localhost").build(rule.endpoint, values)
