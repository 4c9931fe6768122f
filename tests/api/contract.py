"""Every answer in the API's tests is held against the contract, and more strictly: nothing may be there unsaid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator, FormatChecker
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from azora_admin.api.calls import Call, calls_of
from azora_admin.api.contract import document

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_FORMATS: Final = FormatChecker(["uuid"])
# By what calls there are: half a second each, and nearly every test's application has the same.
_CLOSED: Final[dict[frozenset[tuple[str, str]], dict[str, Any]]] = {}


def _is_time(value: object) -> bool:
    return not isinstance(value, str) or bool(_TIME.fullmatch(value))


_FORMATS.checks("date-time")(_is_time)


class ContractClient(FlaskClient):
    """A caller that reads each answer by the contract."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        answer = super().open(*args, **kwargs)
        check(self.application, answer)
        return answer


def closed_contract(app: Flask) -> dict[str, Any]:
    """The contract, its objects closed: an answer with a field that nobody described is wrong."""
    known: dict[str, Any] | None = app.extensions.get("tests.contract")
    if known is None:
        calls = calls_of(app)
        named = frozenset((call.method, call.address) for call in calls)
        known = app.extensions["tests.contract"] = _CLOSED.get(named) or _CLOSED.setdefault(
            named, _closed(calls)
        )
    return known


def _closed(calls: Sequence[Call]) -> dict[str, Any]:
    made = document(calls)
    for schema in made["components"]["schemas"].values():
        if schema.get("type") == "object":
            schema["additionalProperties"] = False
    return made


def check(app: Flask, answer: TestResponse) -> None:
    """Fail unless ``answer`` is one that the contract names for its call."""
    operation = _operation(app, answer)
    if operation is None:
        return
    responses, status = operation["responses"], str(answer.status_code)
    name = operation["operationId"]
    assert status in responses, f"{name} answers {status}, which the contract does not name: {answer.text}"
    said = responses[status]
    for header, about in said["headers"].items():
        assert header in answer.headers or not about["required"], f"{name} {status} has no {header}"
    content = said.get("content", {})
    if not content:
        assert answer.data == b"", f"{name} {status} has a body that the contract does not name"
        return
    kind = answer.mimetype or ""
    assert kind in content, f"{name} {status} is {kind}"
    schema = content[kind]["schema"] | {"components": closed_contract(app)["components"]}
    if kind.endswith("json"):
        errors = list(
            Draft202012Validator(schema, format_checker=_FORMATS).iter_errors(answer.get_json(force=True))
        )
        assert errors == [], f"{name} {status}: {[error.message for error in errors]}"


def _operation(app: Flask, answer: TestResponse) -> Any:
    """The call that was made; None for what is none: another face, or an address or method that is not there."""
    request = answer.request
    try:
        rule, _ = app.url_map.bind("localhost").match(request.path, request.method, return_rule=True)
    except HTTPException:
        return None
    address = re.sub(r"<(?:[^<>:]+:)?([^<>]+)>", r"{\1}", rule.rule)
    return closed_contract(app)["paths"].get(address, {}).get(request.method.lower())
