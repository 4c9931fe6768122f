"""The contract as people read it: chapters of calls, the shapes that they name, and every problem code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

from azora_admin.api import problems
from azora_admin.api.calls import Call
from azora_admin.api.contract import EVERYWHERE
from azora_admin.api.description import JSON, TAGS
from azora_admin.api.examples import example_of
from azora_admin.api.problems import Refusal
from azora_admin.api.schemas import Schema
from azora_admin.api.wording import Part, words_of

# Who can be refused like this: for these a list of calls would say less.
_KINDS: Final = {
    **dict.fromkeys(problems.WITH_TOKEN, "Any call that wants a token"),
    **dict.fromkeys(problems.WITH_BODY, "Any call with a body"),
    **dict.fromkeys(problems.WITH_KEY, "Any call that takes an Idempotency-Key"),
    **dict.fromkeys((*problems.ANY_CALL, problems.NO_SUCH_ADDRESS, problems.METHOD_NOT_ALLOWED), "Any call"),
}


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field or parameter. ``kind`` says what it may be, in parts of which some lead to a shape."""

    name: str
    kind: tuple[Part, ...]
    is_needed: bool
    about: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """A good answer, and an example of its body; no ``kind`` where there is none."""

    status: str
    kind: tuple[Part, ...]
    headers: tuple[FieldRow, ...]
    example: str


@dataclass(frozen=True, slots=True)
class CallEntry:
    """One call. ``own`` are the refusals that are its own, ``common`` those of every call like it."""

    name: str
    method: str
    address: str
    summary: str
    paragraphs: tuple[str, ...]
    wants_token: bool
    is_once: bool
    parameters: tuple[FieldRow, ...]
    body: tuple[FieldRow, ...]
    body_about: str
    request: str
    answers: tuple[AnswerRow, ...]
    own: tuple[Refusal, ...]
    common: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """The calls of one tag."""

    name: str
    about: str
    entries: tuple[CallEntry, ...]


@dataclass(frozen=True, slots=True)
class ShapeEntry:
    """A named shape."""

    name: str
    about: str
    fields: tuple[FieldRow, ...]


@dataclass(frozen=True, slots=True)
class ProblemEntry:
    """A problem code, and where it may come from: ``calls`` by name, or the ``kind`` of call."""

    code: str
    status: int
    when: str
    kind: str
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """All that the page shows."""

    version: str
    about: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    shapes: tuple[ShapeEntry, ...]
    problems: tuple[ProblemEntry, ...]


def reference(calls: Sequence[Call], contract: Schema, *, base: str) -> Reference:
    """What ``contract`` says of ``calls``; in the examples they are made at ``base``."""
    definitions = contract["components"]["schemas"]
    entries = [_entry(call, contract, base) for call in calls]
    by_tag: dict[str, list[CallEntry]] = {}
    for call, entry in zip(calls, entries, strict=True):
        by_tag.setdefault(call.operation.tag.name, []).append(entry)
    return Reference(
        version=contract["info"]["version"],
        about=_paragraphs(contract["info"]["description"]),
        chapters=tuple(
            Chapter(tag.name, tag.about, tuple(by_tag[tag.name])) for tag in TAGS if tag.name in by_tag
        ),
        shapes=tuple(
            _shape(name, schema) for name, schema in definitions.items() if schema.get("properties")
        ),
        problems=tuple(_problems(calls)),
    )


def _entry(call: Call, contract: Schema, base: str) -> CallEntry:
    definitions = contract["components"]["schemas"]
    said = contract["paths"][call.address][call.method.lower()]
    body = said.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema", {})
    own = frozenset(call.operation.refusals)
    return CallEntry(
        name=call.operation.name,
        method=call.method,
        address=call.address,
        summary=call.operation.summary,
        paragraphs=_paragraphs(said["description"]),
        wants_token=call.wants_token,
        is_once=call.is_once,
        parameters=tuple(_parameter(one) for one in said["parameters"]),
        body=tuple(_fields(definitions[body["$ref"].rpartition("/")[2]])) if body else (),
        body_about=said.get("requestBody", {}).get("description", ""),
        request=_request(call, example_of(body, definitions) if body else None, base),
        answers=tuple(_answers(said, definitions)),
        own=tuple(one for one in call.refusals if one in own),
        common=tuple(one for one in call.refusals if one not in own),
    )


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in text.split("\n\n") if part.strip())


def _parameter(said: Schema) -> FieldRow:
    return FieldRow(
        said["name"],
        words_of(said["schema"]),
        said["required"],
        said.get("description", ""),
        where=said["in"],
    )


def _fields(schema: Schema) -> Iterator[FieldRow]:
    needed = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        yield FieldRow(name, words_of(one), name in needed, one.get("description", ""))


def _answers(said: Schema, definitions: Mapping[str, Schema]) -> Iterator[AnswerRow]:
    for status, answer in said["responses"].items():
        content = answer.get("content")
        if content and JSON not in content:
            continue  # a refusal
        headers = [
            FieldRow(name, (), one["required"], one["description"])
            for name, one in answer["headers"].items()
            if name not in EVERYWHERE  # said of all of them once
        ]
        title, schema = f"{status} {HTTPStatus(int(status)).phrase}", content and content[JSON]["schema"]
        example = json.dumps(example_of(schema, definitions), indent=2, ensure_ascii=False) if schema else ""
        yield AnswerRow(title, words_of(schema) if schema else (), tuple(headers), example)


def _request(call: Call, body: Any, base: str) -> str:
    """The call as a command line makes it."""
    lines = [f"curl {base}{call.address}"]
    if call.method != "GET":
        lines[0] = f"curl -X {call.method} {base}{call.address}"
    if call.wants_token:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if call.is_once:
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    if body:
        lines += ["-H 'Content-Type: application/json'", f"-d '{json.dumps(body, ensure_ascii=False)}'"]
    return " \\\n  ".join(lines)


def _shape(name: str, schema: Schema) -> ShapeEntry:
    return ShapeEntry(name, schema.get("description", ""), tuple(_fields(schema)))


def _problems(calls: Sequence[Call]) -> Iterator[ProblemEntry]:
    found = {*_KINDS, *(refusal for call in calls for refusal in call.refusals)}
    for (status, code), same in groupby(sorted(found, key=_place), key=_place):
        refusals = set(same)
        kinds = [_KINDS[one] for one in refusals if one in _KINDS]
        named = [call.operation.name for call in calls if not kinds and refusals.intersection(call.refusals)]
        when = " ".join(sorted(one.when for one in refusals))
        yield ProblemEntry(code, status, when, kinds[0] if kinds else "", tuple(named))


def _place(refusal: Refusal) -> tuple[int, str]:
    return refusal.status, refusal.code
