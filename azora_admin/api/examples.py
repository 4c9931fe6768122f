"""Examples made of schemas: the value that a field names, else one that its schema allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from azora_admin.api.schemas import Schema

_FORMATS: Final = {
    "uuid": "01890a5d-ac96-774b-bcce-b302099a8057",
    "date-time": "2026-07-01T12:00:00Z",
    "idn-email": "lena@example.com",
}
_TYPES: Final = {"string": "…", "integer": 1, "boolean": True, "null": None, "object": {}}


def example_of(schema: Schema, definitions: Mapping[str, Schema]) -> Any:
    """A value that ``schema`` allows, as JSON would write it."""
    if "$ref" in schema:
        return example_of(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "examples" in schema:
        return schema["examples"][0]
    if "properties" in schema:
        return {name: example_of(one, definitions) for name, one in schema["properties"].items()}
    for word in ("anyOf", "allOf"):
        if word in schema:
            return example_of(schema[word][0], definitions)
    if schema.get("type") == "array":
        return [example_of(schema["items"], definitions)]
    return _plain(schema)


def _plain(schema: Schema) -> Any:
    for word in ("default", "const"):
        if schema.get(word) is not None:
            return schema[word]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    return _TYPES[schema.get("type", "object")]
