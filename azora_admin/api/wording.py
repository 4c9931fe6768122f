"""A schema in words: ``list of Course``, ``whole number, 1 to 100, 20 if not sent``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from azora_admin.api.schemas import Schema

_FORMATS: Final = {"uuid": "id (UUID)", "date-time": "time (RFC 3339, UTC)", "idn-email": "e-mail address"}
_TYPES: Final = {"integer": "whole number", "boolean": "true or false", "object": "object", "null": "null"}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the words: a plain one, a value as it is written (``is_code``), or the name of a ``shape``."""

    text: str
    shape: str = ""
    is_code: bool = False


def words_of(schema: Schema) -> tuple[Part, ...]:
    """What may stand where ``schema`` does."""
    parts = list(_parts(schema))
    if "default" in schema:
        parts += [Part(", "), Part(str(schema["default"]), is_code=True), Part(" if not sent")]
    return tuple(parts)


def _parts(schema: Schema) -> Iterator[Part]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield Part(name, shape=name)
    elif "anyOf" in schema:
        for number, one in enumerate(schema["anyOf"]):
            if number:
                yield Part(" or ")
            yield from _parts(one)
    elif "enum" in schema or "const" in schema:
        yield from _choices(schema)
    elif schema.get("type") == "array":
        yield Part("list of ")
        yield from _parts(schema["items"])
    else:
        yield Part(_plain(schema))


def _choices(schema: Schema) -> Iterator[Part]:
    for number, value in enumerate(schema.get("enum", [schema.get("const")])):
        if number:
            yield Part(", ")
        yield Part(str(value), is_code=True)


def _plain(schema: Schema) -> str:
    kind = str(schema.get("type", "anything"))
    words: str = (
        _FORMATS.get(schema.get("format", ""), "text") if kind == "string" else _TYPES.get(kind, kind)
    )
    least, most = schema.get("minLength"), schema.get("maxLength")
    if least and most:
        words += f", {least} to {most} characters"
    elif most:
        words += f", at most {most} characters"
    if "minimum" in schema:
        words += f", {schema['minimum']} to {schema['maximum']}"
    return words
