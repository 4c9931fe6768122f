"""Holds requests and answers against what the installed SDK says of them; every complaint is a sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend
from stripe._object_classes import OBJECT_CLASSES

from tests.sandbox.stripe.sdk_types import SDK_FOLDER, Schema, reference, schema_at, sdk_module

_TOMBSTONE: Final[Schema] = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "object": {"type": "string"}, "deleted": {"enum": [True]}},
    "required": ["id", "object", "deleted"],
    "additionalProperties": False,
}
_ERROR: Final = "sdk:answer:stripe._error_object:ErrorObject"


def _follow(validator: Any, uri: str, instance: Any, _schema: Schema) -> Iterator[ValidationError]:
    """``$ref`` leads straight to the SDK's class; a registry would crawl through each schema at each step."""
    yield from validator.descend(instance, schema_at(uri))


_Validator: Final = extend(Draft202012Validator, {"$ref": _follow})


@dataclass(frozen=True)
class Operation:
    """One call of the API as a service of the SDK makes it."""

    method: str
    pattern: re.Pattern[str]
    module: str
    takes: str
    gives: str

    @property
    def parameters(self) -> Schema:
        return reference(self.takes, sdk_module(self.module), "request")

    @property
    def answer(self) -> Schema:
        return reference(self.gives, sdk_module(self.module), "answer")


@cache
def operations() -> tuple[Operation, ...]:
    """Every call of the SDK's v1 services that may be served; those without a name in their path first."""
    found: list[Operation] = []
    services = [*SDK_FOLDER.glob("_*_service.py"), *SDK_FOLDER.glob("radar/_*_service.py")]
    for path in sorted(services):
        if '"/v1/' in path.read_text("utf-8"):
            inside = path.relative_to(SDK_FOLDER).with_suffix("").parts
            found.extend(_operations_of(".".join(("stripe", *inside))))
    return tuple(sorted(found, key=lambda one: one.pattern.pattern.count("[^/]+")))


def _operations_of(module_name: str) -> list[Operation]:
    module = sdk_module(module_name)
    methods = [
        method
        for service in module.classes.values()
        for method in service.body
        if isinstance(method, ast.FunctionDef) and method.returns is not None
    ]
    return [one for method in methods for one in _operation(module_name, method)]


def _operation(module_name: str, method: ast.FunctionDef) -> list[Operation]:
    for node in ast.walk(method):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "self._request":
            verb, url = (_text(argument) for argument in node.args[:2])
            given = [one.annotation for one in method.args.args if one.arg == "params"]
            takes = ast.unparse(given[0]) if given and given[0] else "object"
            takes = re.sub(r"^Optional\[(.*)\]$", r"\1", takes)
            pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", url))
            assert method.returns is not None
            return [Operation(verb.upper(), pattern, module_name, takes, ast.unparse(method.returns))]
    return []


def _text(node: ast.expr) -> str:
    """The string in ``"…"`` or ``"…".format(…)``."""
    inner = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else node
    return str(ast.literal_eval(inner)) if isinstance(inner, ast.Constant) else ""


def find_operation(method: str, path: str) -> Operation | None:
    for operation in operations():
        if operation.method == method.upper() and operation.pattern.fullmatch(path):
            return operation
    return None


def complaints_of_answer(method: str, path: str, status: int, body: Any) -> list[str]:
    """What is wrong with an answer; events inside are held against the object they carry."""
    if status >= 400:
        return _complaints({"$ref": _ERROR}, body.get("error") if isinstance(body, dict) else body)
    operation = find_operation(method, path)
    if operation is None:
        return [f"the SDK knows no {method} {path}"]
    if isinstance(body, dict) and body.get("deleted"):
        return _complaints(_TOMBSTONE, body)
    events = body["data"] if body.get("object") == "list" else [body]
    inside = [one for event in events if event.get("object") == "event" for one in complaints_of_event(event)]
    return _complaints(operation.answer, body) + inside


def complaints_of_event(event: Any) -> list[str]:
    """What is wrong with an event, its type and the object in it included."""
    kind = event["data"]["object"]["object"]
    return complaints_of_object("event", event) + complaints_of_object(kind, event["data"]["object"])


def complaints_of_object(kind: str, body: Any) -> list[str]:
    module, name = OBJECT_CLASSES[kind]
    return _complaints({"$ref": f"sdk:answer:{module}:{name}"}, body)


def complaints_of_request(method: str, path: str, form: str) -> list[str]:
    """What is wrong with the parameters of a request, by the SDK's own types."""
    operation = find_operation(method, path)
    if operation is None:
        return [f"the SDK knows no {method} {path}"]
    return _complaints(operation.parameters, _typed(_nested(form), operation.parameters))


def _complaints(schema: Schema, body: Any) -> list[str]:
    return [_sentence(error) for error in _Validator(schema).iter_errors(body)]


def _sentence(error: ValidationError) -> str:
    deepest = best_match([error]) or error
    return f"{'/'.join(map(str, deepest.absolute_path)) or 'the whole'}: {deepest.message[:300]}"


def _nested(form: str) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        parts = [name.split("[", 1)[0], *re.findall(r"\[([^\]]*)\]", name)]
        node = root
        for part in parts[:-1]:
            node = node.setdefault(part, {})
        node[parts[-1] or str(len(node))] = value
    return root


def _typed(value: Any, schema: Schema) -> Any:
    """The strings of a form as the types that ``schema`` wants, where they can be read as such."""
    while "$ref" in schema:
        schema = schema_at(schema["$ref"])
    for option in schema.get("anyOf", ()):
        candidate = _typed(value, option)
        if not _complaints(option, candidate):
            return candidate
    if "anyOf" in schema:
        return value
    if isinstance(value, dict):
        return _typed_group(value, schema)
    if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", value):
        return int(value)
    if schema.get("type") == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


def _typed_group(value: dict[str, Any], schema: Schema) -> Any:
    if schema.get("type") == "array":
        return [_typed(value[key], schema["items"]) for key in sorted(value, key=int)]
    known, rest = schema.get("properties", {}), schema.get("additionalProperties")
    other = rest if isinstance(rest, dict) else {}
    return {key: _typed(inner, known.get(key, other)) for key, inner in value.items()}
