"""What a route accepts: unknown names are refused, missing ones named, values read into Python types.

``''`` unsets a parameter where Stripe allows that (``clearable``); such a value is read as ``None``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from azora_admin.sandbox.stripe.errors import refused_parameter
from azora_admin.sandbox.stripe.json_types import Form, Json

_INTEGER = re.compile(r"-?[0-9]{1,18}")


class Field(Protocol):
    """One parameter's reader: gives the value or raises ApiError 400 naming ``name``."""

    def read(self, raw: Any, name: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Text:
    choices: tuple[str, ...] = ()
    clearable: bool = False
    longest: int = 5000

    def read(self, raw: Any, name: str) -> str | None:
        if not isinstance(raw, str):
            raise refused_parameter("Invalid string: value must be a string", name)
        if not raw:
            if self.clearable:
                return None
            raise refused_parameter(
                f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a "
                f"parameter; however '{name}' cannot be unset. You should remove '{name}' from your request or "
                "supply a non-empty value.",
                name,
                "parameter_invalid_empty",
            )
        if self.choices and raw not in self.choices:
            raise refused_parameter(f"Invalid {name}: must be one of {_or(self.choices)}", name)
        if len(raw) > self.longest:
            raise refused_parameter(
                f"Invalid string: {raw[:10]}...{raw[-10:]}; must be at most {self.longest} characters",
                name,
                "parameter_invalid_string_length" if name == "metadata" else None,
            )
        return raw


@dataclass(frozen=True, slots=True)
class Integer:
    least: int | None = None
    clearable: bool = False

    def read(self, raw: Any, name: str) -> int | None:
        if raw == "" and self.clearable:
            return None
        if not isinstance(raw, str) or not _INTEGER.fullmatch(raw):
            raise refused_parameter(f"Invalid integer: {raw}", name, "parameter_invalid_integer")
        value = int(raw)
        if self.least is not None and value < self.least:
            message = (
                "Invalid positive integer"
                if self.least == 1
                else f"This value must be greater than or equal to {self.least}."
            )
            raise refused_parameter(message, name, "parameter_invalid_integer")
        return value


@dataclass(frozen=True, slots=True)
class Boolean:
    def read(self, raw: Any, name: str) -> bool:
        if raw not in ("true", "false"):
            raise refused_parameter(f"Invalid boolean: {raw}", name)
        return bool(raw == "true")


@dataclass(frozen=True, slots=True)
class Upload:
    """A part of a multipart form that carries a file: its name and its bytes."""

    def read(self, raw: Any, name: str) -> tuple[str, bytes]:
        if not isinstance(raw, dict) or raw.keys() != {"filename", "content"}:
            raise refused_parameter("Invalid file: upload it as multipart/form-data.", name)
        return raw["filename"], base64.b64decode(raw["content"])


@dataclass(frozen=True, slots=True)
class ListOf:
    item: Field
    clearable: bool = False

    def read(self, raw: Any, name: str) -> list[Any]:
        if raw == "" and self.clearable:
            return []
        if not isinstance(raw, dict) or not all(key.isdigit() for key in raw):
            raise refused_parameter("Invalid array", name)
        ordered = sorted(raw, key=int)
        return [self.item.read(raw[key], f"{name}[{place}]") for place, key in enumerate(ordered)]


@dataclass(frozen=True, slots=True)
class Group:
    """A nested object, or with an empty ``name`` the whole request."""

    fields: Mapping[str, Field]
    required: tuple[str, ...] = ()
    clearable: bool = False
    removed: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def read(self, raw: Any, name: str) -> Json | None:
        if raw == "" and self.clearable:
            return None
        if not isinstance(raw, dict):
            raise refused_parameter("Invalid object", name)
        self._refuse_strangers(raw, name)
        for wanted in self.required:
            if wanted not in raw:
                full = _inside(name, wanted)
                raise refused_parameter(f"Missing required param: {full}.", full, "parameter_missing")
        return {key: self.fields[key].read(value, _inside(name, key)) for key, value in raw.items()}

    def _refuse_strangers(self, raw: Form, name: str) -> None:
        for key, (code, message) in self.removed.items():
            if key in raw:
                raise refused_parameter(message, key, code)
        strangers = [_inside(name, key) for key in raw if key not in self.fields]
        if strangers:
            plural = "s" if len(strangers) > 1 else ""
            raise refused_parameter(
                f"Received unknown parameter{plural}: {', '.join(strangers)}",
                strangers[0],
                "parameter_unknown",
            )


@dataclass(frozen=True, slots=True)
class Either:
    """A single value, or an object: ``created=…`` and ``created[gte]=…``."""

    single: Field
    group: Field

    def read(self, raw: Any, name: str) -> Any:
        return (self.group if isinstance(raw, dict) else self.single).read(raw, name)


@dataclass(frozen=True, slots=True)
class Metadata:
    """≤ 50 keys of ≤ 40 characters, values of ≤ 500; ``''`` as a value removes the key, ``''`` as a whole all."""

    def read(self, raw: Any, name: str) -> dict[str, str | None] | None:
        if raw == "":
            return None
        if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
            raise refused_parameter("Invalid metadata: metadata must be a set of key-value pairs", name)
        if len(raw) > 50:
            raise refused_parameter("Metadata can have at most 50 keys.", name)
        for key, value in raw.items():
            if len(key) > 40 or len(value) > 500:
                raise refused_parameter(
                    f"Metadata keys can be up to 40 characters, values up to 500 characters long: {key[:40]}",
                    _inside(name, key[:40]),
                )
        return {key: value or None for key, value in raw.items()}


_RANGE = Group({name: Integer() for name in ("gt", "gte", "lt", "lte")})
EXPAND: Mapping[str, Field] = {"expand": ListOf(Text(longest=500))}
METADATA: Mapping[str, Field] = {"metadata": Metadata()}
CREATED: Mapping[str, Field] = {"created": Either(Integer(), _RANGE)}
PAGE: Mapping[str, Field] = {
    **EXPAND,
    "limit": Integer(),
    "starting_after": Text(),
    "ending_before": Text(),
}


def accepts(*parts: Mapping[str, Field], required: tuple[str, ...] = (), **fields: Field) -> Group:
    """The parameters of a route: shared parts, ``expand[]``, and the route's own fields."""
    merged: dict[str, Field] = dict(EXPAND)
    for part in parts:
        merged.update(part)
    return Group(merged | fields, required)


def merge_metadata(held: dict[str, str], given: dict[str, str | None] | None) -> dict[str, str]:
    """Stripe's rule: given keys are set, keys given as ``''`` removed, ``metadata=''`` clears all."""
    if given is None:
        return {}
    merged = held | given
    return {key: value for key, value in merged.items() if value is not None}


def _inside(group: str, key: str) -> str:
    return f"{group}[{key}]" if group else key


def _or(choices: tuple[str, ...]) -> str:
    if len(choices) < 3:
        return " or ".join(choices)
    return f"{', '.join(choices[:-1])}, or {choices[-1]}"
