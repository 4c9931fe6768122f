"""JSON Schema (2020-12) of the types that the code uses: bodies and queries as they are read, answers as built."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

Schema: TypeAlias = dict[str, Any]
Mode: TypeAlias = Literal["validation", "serialization"]

REFERENCE: Final = "#/components/schemas/{model}"
WITHOUT_NUL: Final = "^[^\\u0000]*$"


@dataclass(frozen=True, slots=True)
class _Choice:
    """A text that has to be one of a few: refused otherwise, and told so in the contract."""

    choices: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        return {"type": "string", "enum": list(self.choices)}

    def _checked(self, text: str) -> str:
        if text not in self.choices:
            words = {"choices": ", ".join(self.choices)}
            raise PydanticCustomError("not_a_choice", "Choose one of {choices}.", words)
        return text


def one_of(choices: Collection[str]) -> _Choice:
    """Annotates a ``str`` that is one of ``choices``, which a rule has named already."""
    return _Choice(tuple(choices))


class _OurSchema(GenerateJsonSchema):
    """Pydantic's schema without titles that only repeat names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Schema:
        described = super().default_schema(schema)
        if described.get("default", ...) is None:
            # Makers of clients take a field with a default, even this one, for a field that has to be sent.
            del described["default"]
        return described

    def str_schema(self, schema: core_schema.StringSchema) -> Schema:
        described = super().str_schema(schema)
        if self.mode == "validation":
            described.setdefault("pattern", WITHOUT_NUL)  # what inputs.Input refuses in every text
        return described


class Schemas:
    """The schemas of many types, whose parts refer to one set of definitions."""

    def __init__(self, kinds: Iterable[tuple[Any, Mode]]) -> None:
        wanted = dict.fromkeys(kinds)
        self._found, rest = TypeAdapter.json_schemas(
            [(kind, mode, TypeAdapter(kind)) for kind, mode in wanted],
            ref_template=REFERENCE,
            schema_generator=_OurSchema,
        )
        self.definitions: Schema = rest.get("$defs", {})

    def read(self, kind: Any) -> Schema:
        """How ``kind`` has to be sent."""
        return dict(self._found[kind, "validation"])

    def built(self, kind: Any) -> Schema:
        """How ``kind`` is answered."""
        return dict(self._found[kind, "serialization"])


def parameters_of(kind: Any) -> Iterator[tuple[str, Schema, bool]]:
    """Each parameter of a query: name, schema, and whether it has to be there.

    What isn't sent is None in the code, and can't be sent as null: the contract says neither.
    """
    whole = TypeAdapter(kind).json_schema(schema_generator=_OurSchema)
    needed = whole.get("required", ())
    for name, schema in whole["properties"].items():
        yield name, _without_null(schema), name in needed


def _without_null(schema: Schema) -> Schema:
    kept = dict(schema)
    alternatives = [one for one in kept.pop("anyOf", ()) if one != {"type": "null"}]
    if len(alternatives) == 1:
        return {**alternatives[0], **kept}
    return kept | ({"anyOf": alternatives} if alternatives else {})
