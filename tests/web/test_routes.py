"""A route that is compiled as it is first asked for writes what it would have written anyway."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from flask import Flask
from werkzeug.routing import Map, MapAdapter, Rule

from azora_admin.web.routes import UnhurriedRule

_ID = "01920000-0000-7000-8000-000000000000"


def _written(urls: MapAdapter, rule: Rule, **more: str) -> str:
    return urls.build(rule.endpoint, {**dict.fromkeys(rule.arguments, _ID), **more})


def test_every_route_writes_the_address_that_a_rule_compiled_at_the_start_writes(app: Flask) -> None:
    rules = list(app.url_map.iter_rules())
    assert len(rules) > 100
    assert {type(rule) for rule in rules} == {UnhurriedRule}
    eager = Map(
        [
            Rule(rule.rule, endpoint=rule.endpoint, methods=rule.methods, defaults=rule.defaults)
            for rule in rules
        ],
        converters=app.url_map.converters,
    ).bind("azora.example")
    ours = app.url_map.bind("azora.example")
    for rule in rules:
        for more in ({}, {"q": "a b&c"}):
            assert _written(ours, rule, **more) == _written(eager, rule, **more)


def test_threads_that_ask_first_at_the_same_time_all_get_it() -> None:
    for _ in range(50):
        urls = Map([UnhurriedRule("/payments/<name>", endpoint="payment")]).bind("azora.example")
        together = Barrier(4)

        def ask(name: str, urls: MapAdapter = urls, together: Barrier = together) -> str:
            together.wait()
            return urls.build("payment", {"name": name})

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(ask, "abcd")) == [f"/payments/{name}" for name in "abcd"]
