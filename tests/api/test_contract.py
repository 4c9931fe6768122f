"""The contract is whole: every address of the API stands in it, and says what it takes to the last character."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from flask import Flask
from flask.testing import FlaskClient

from azora_admin.api.calls import calls_of
from azora_admin.api.contract import document
from azora_admin.api.description import TAGS, find_operation
from azora_admin.web.errors import MACHINE_PREFIXES
from tests.api.callers import ok
from tests.architecture.source import ROOT

# Endpoint → why it is no call of the contract.
NO_CALLS: Final = {
    "webhooks.receive": "Stripe's events, in Stripe's own shape",
    "reference.show": "a page for people",
}
# Parameter → why any text may stand there.
ANY_TEXT: Final = {"If-None-Match": "what is no tag of ours is one that nothing has"}


def test_every_address_for_machines_is_described(app: Flask) -> None:
    silent = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(MACHINE_PREFIXES)
        and find_operation(app.view_functions[rule.endpoint]) is None
    }
    assert silent == set(NO_CALLS)


def test_a_view_takes_the_parts_of_its_address_and_no_others(app: Flask) -> None:
    for call in calls_of(app):
        assert set(re.findall(r"{(\w+)}", call.address)) == set(call.operation.path), call.address


def test_names_are_given_once_and_tags_are_known(app: Flask) -> None:
    calls = calls_of(app)
    names = [call.operation.name for call in calls]
    assert len(names) > 10
    assert sorted(set(names)) == sorted(names)
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []
    assert {call.operation.tag for call in calls} <= set(TAGS)


def test_a_call_is_summed_up_in_a_few_words(app: Flask) -> None:
    summaries = [call.operation.summary for call in calls_of(app)]
    assert [words for words in summaries if len(words) > 28] == []
    assert sorted(set(summaries)) == sorted(summaries)


def test_the_contract_is_served(app: Flask, client: FlaskClient) -> None:
    served = ok(client.get("/api/v1/openapi.json"))
    assert served == document(calls_of(app))
    assert served["openapi"] == "3.1.0"
    assert next(iter(served["paths"])) == "/api/v1/users"


def test_the_page_for_people_names_every_problem_code(app: Flask) -> None:
    told = (ROOT / "docs" / "api.md").read_text()
    codes = {refusal.code for call in calls_of(app) for refusal in call.refusals}
    assert len(codes) > 15
    assert sorted(code for code in codes if f"`{code}`" not in told) == []


def test_no_field_of_a_body_has_a_default(app: Flask) -> None:
    # openapi-typescript takes a field with a default for one that has to be sent.
    contract = document(calls_of(app))
    bodies = [
        content["schema"]
        for methods in contract["paths"].values()
        for operation in methods.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
    ]
    parts = [part for body in bodies for part in _parts(body, contract["components"]["schemas"])]
    assert len(parts) > 10
    assert [place for place, part in parts if "default" in part] == []


def test_whatever_is_taken_has_bounds(app: Flask) -> None:
    unbounded = [place for place, schema in _inputs(document(calls_of(app))) if not _is_bounded(schema)]
    assert unbounded == []


def test_a_text_without_bounds_would_be_seen() -> None:
    assert not _is_bounded({"type": "string", "pattern": "^a*$"})
    assert not _is_bounded({"type": "integer", "minimum": 1})
    assert not _is_bounded({"type": "array", "items": {}})


def _is_bounded(schema: dict[str, Any]) -> bool:
    match schema.get("type"):
        case "string":
            return bool({"maxLength", "enum", "const", "format"} & set(schema)) or "{" in schema.get(
                "pattern", ""
            )
        case "integer" | "number":
            return {"minimum", "maximum"} <= set(schema)
        case "array":
            return "maxItems" in schema
    return True


def _inputs(contract: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of what is sent to us, with the place where it stands."""
    for address, methods in contract["paths"].items():
        for method, operation in methods.items():
            taken = [one["schema"] for one in operation["parameters"] if one["name"] not in ANY_TEXT]
            taken += [one["schema"] for one in operation.get("requestBody", {}).get("content", {}).values()]
            for schema in taken:
                for place, part in _parts(schema, contract["components"]["schemas"]):
                    yield f"{method} {address} {place}", part


def _parts(schema: Any, definitions: dict[str, Any], place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, list):
        for inner in schema:
            yield from _parts(inner, definitions, place)
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        yield from _parts(definitions[schema["$ref"].rpartition("/")[2]], definitions, place)
    yield place, schema
    for name, inner in schema.get("properties", {}).items():
        yield from _parts(inner, definitions, f"{place}.{name}")
    for word in ("items", "anyOf", "oneOf", "allOf", "additionalProperties"):
        yield from _parts(schema.get(word), definitions, place)
