"""JSON Schema (2020-12) of the types that the code uses: bodies and queries as they are read, answers as built."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, Literal, TypeAlias

from annotated_types import GroupedMetadata
from pydantic import AfterValidator, TypeAdapter, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import PydanticCustomError, core_schema

Schema: TypeAlias = dict[str, Any]
Mode: TypeAlias = Literal["validation", "serialization"]

REFERENCE: Final = "#/components/schemas/{model}"
WITHOUT_NUL: Final = "^[^\\u0000]*$"


class _Choice(GroupedMetadata):
    """A text that has to be one of a few: refused otherwise, and told so in the contract."""

    def __init__(self, choices: Collection[str]) -> None:
        self._choices = tuple(choices)

    def __iter__(self) -> Any:
        yield AfterValidator(self._checked)
        yield WithJsonSchema({"type": "string", "enum": list(self._choices)})

    def _checked(self, text: str) -> str:
        if text not in self._choices:
            raise PydanticCustomError("not_a_choice", "Choose one of {choices}", {"choices": self._words})
        return text

    @property
    def _words(self) -> str:
        return ", ".join(self._choices)


def one_of(choices: Collection[str]) -> _Choice:
    """Annotates a ``str`` that is one of ``choices``, which a rule has named already."""
    return _Choice(choices)


class _OurSchema(GenerateJsonSchema):
    """Pydantic's schema without titles that only repeat names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def str_schema(self, schema: core_schema.StringSchema) -> Schema:
        described = super().str_schema(schema)
        if self.mode == "validation":
            described.setdefault("pattern", WITHOUT_NUL)  # what bodies.Input refuses in every text
        return described


def schemas_of(kinds: Iterable[tuple[Any, Mode]]) -> tuple[Mapping[tuple[Any, Mode], Schema], Schema]:
    """The schema of each type in its mode, and the definitions that they refer to, by name."""
    wanted = dict.fromkeys(kinds)
    found, definitions = TypeAdapter.json_schemas(
        [(kind, mode, TypeAdapter(kind)) for kind, mode in wanted],
        ref_template=REFERENCE,
        schema_generator=_OurSchema,
    )
    return found, definitions.get("$defs", {})
