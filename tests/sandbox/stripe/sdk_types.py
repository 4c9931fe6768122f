"""The installed SDK's annotations read as JSON schemas: the SDK says what Stripe sends and takes.

Its generated classes are parsed, not imported. A class is looked up by ``sdk:<module>:<Class.Inner>``, and only
when a document refers to it, so that the description costs what is used of it.
"""

from __future__ import annotations

import ast
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import stripe

Schema = dict[str, Any]
Mode = Literal["answer", "request"]
ANYTHING: Final[Schema] = {}
_PLAIN: Final[dict[str, Schema]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "Decimal": {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
    "Any": ANYTHING,
    "object": ANYTHING,
    "StripeObject": ANYTHING,
    "UntypedStripeObject": {"type": "object"},
}
_LISTS: Final = ("List", "Sequence")
_MAPS: Final = ("Dict", "Mapping", "UntypedStripeObject")
_OPTIONS: Final = "RequestOptions"


class SdkModule:
    """One module of the SDK: its classes, and where the names that it imports come from."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.tree = ast.parse(_source_of(name).read_text("utf-8"))
        self.classes = {node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef)}
        self.imports: dict[str, tuple[str, str]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stripe"):
                for alias in node.names:
                    self.imports[alias.asname or alias.name] = (str(node.module), alias.name)

    def find_class(self, dotted: str) -> tuple[str, str] | None:
        """The module and dotted name of a class known here, through the packages that only pass it on."""
        head, _, rest = dotted.partition(".")
        if head in self.classes:
            return self.name, dotted
        if head not in self.imports:
            return None
        module, original = self.imports[head]
        return sdk_module(module).find_class(f"{original}.{rest}" if rest else original)


@cache
def sdk_module(name: str) -> SdkModule:
    return SdkModule(name)


def _source_of(module: str) -> Path:
    found = importlib.util.find_spec(module)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin)


class _Reader:
    """Turns the annotations of one class's body into schemas; ``outer`` are the classes around it."""

    def __init__(self, module: SdkModule, outer: tuple[str, ...], mode: Mode) -> None:
        self._module = module
        self._outer = outer
        self._mode = mode

    def read(self, node: ast.expr) -> Schema:
        if isinstance(node, ast.Constant):
            return self._constant(node.value)
        if isinstance(node, ast.BinOp):
            return self._union([node.left, node.right])
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        return self._named(ast.unparse(node))

    def _constant(self, value: object) -> Schema:
        return {"type": "null"} if value is None else self.read(ast.parse(str(value), mode="eval").body)

    def _subscript(self, node: ast.Subscript) -> Schema:
        outer = ast.unparse(node.value).strip("\"'")
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if outer == "Literal":
            return {"enum": [ast.literal_eval(one) for one in inner]}
        if outer == "Optional":
            return _any_of([self.read(inner[0]), {"type": "null"}])
        if outer == "Union":
            return self._union(inner)
        if outer == "ExpandableField":
            return _any_of([{"type": "string"}, self.read(inner[0])])
        if outer == "NotRequired":
            return self.read(inner[0])
        if outer in _LISTS:
            return {"type": "array", "items": self.read(inner[0])}
        if outer in _MAPS:
            return {"type": "object", "additionalProperties": self.read(inner[-1])}
        if outer == "ListObject":
            return list_of(self.read(inner[0]))
        raise LookupError(f"{self._module.name}: what is {outer}[…]?")

    def _union(self, members: list[ast.expr]) -> Schema:
        read = [self.read(one) for one in members]
        known = [one for one in read if set(one) == {"enum"} and one["enum"] != [""]]
        if known and {"type": "string"} in read:  # an open set of names: what we write must be a known one
            read = [one for one in read if one != {"type": "string"}]
        return _any_of(read)

    def _named(self, name: str) -> Schema:
        if name in _PLAIN:
            return _PLAIN[name]
        for depth in range(len(self._outer), -1, -1):
            dotted = ".".join((*self._outer[:depth], name))
            if depth and _class_node(self._module, dotted):
                return {"$ref": _uri(self._module.name, dotted, self._mode)}
        found = self._module.find_class(name)
        if found is None:
            raise LookupError(f"{self._module.name}: what is {name}?")
        return {"$ref": _uri(*found, self._mode)}


def _any_of(schemas: list[Schema]) -> Schema:
    return ANYTHING if ANYTHING in schemas else {"anyOf": schemas}


def list_of(item: Schema) -> Schema:
    """A page of a cursor list."""
    return {
        "type": "object",
        "properties": {
            "object": {"enum": ["list"]},
            "data": {"type": "array", "items": item},
            "has_more": {"type": "boolean"},
            "url": {"type": "string", "pattern": "^/v1/"},
        },
        "required": ["object", "data", "has_more", "url"],
        "additionalProperties": False,
    }


def _class_node(module: SdkModule, dotted: str) -> ast.ClassDef | None:
    first, *rest = dotted.split(".")
    node = module.classes.get(first)
    for name in rest:
        inner = (
            [one for one in node.body if isinstance(one, ast.ClassDef) and one.name == name] if node else []
        )
        node = inner[0] if inner else None
    return node


def class_schema(module_name: str, dotted: str, mode: Mode) -> Schema:
    """The schema of one class: every property known, the required ones required, nothing invented."""
    module = sdk_module(module_name)
    node = _class_node(module, dotted)
    assert node is not None, f"{module_name} has no {dotted}"
    reader = _Reader(module, tuple(dotted.split(".")), mode)
    properties: Schema = {}
    required: list[str] = []
    for base in node.bases:
        found = module.find_class(ast.unparse(base))
        if mode == "request" and found and found[1] != _OPTIONS:
            inherited = class_schema(*found, mode)
            properties |= inherited.get("properties", {})
            required += inherited.get("required", [])
    for statement in node.body:
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        name, annotation = statement.target.id, _unquoted(statement.annotation)
        outer = ast.unparse(annotation.value) if isinstance(annotation, ast.Subscript) else ""
        if name.startswith("_") or outer == "ClassVar":
            continue
        properties[name] = reader.read(annotation)
        if outer != ("Optional" if mode == "answer" else "NotRequired"):
            required.append(name)
    if not properties:
        return {"type": "object"}
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _unquoted(annotation: ast.expr) -> ast.expr:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return ast.parse(annotation.value, mode="eval").body
    return annotation


def _uri(module: str, dotted: str, mode: Mode) -> str:
    return f"sdk:{mode}:{module}:{dotted}"


@cache
def schema_at(uri: str) -> Schema:
    """The schema that a ``$ref`` names."""
    _, mode, module, dotted = uri.split(":")
    return class_schema(module, dotted, "answer" if mode == "answer" else "request")


def reference(annotation: str, module: SdkModule, mode: Mode) -> Schema:
    """The schema of an annotation that stands at the top of ``module``."""
    return _Reader(module, (), mode).read(ast.parse(annotation, mode="eval").body)


SDK_FOLDER: Final = Path(str(stripe.__file__)).parent
