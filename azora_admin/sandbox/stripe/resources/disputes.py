"""Disputes: retrieve, list, update (evidence, metadata, submit), close. How one goes on is in disputing.py."""

from __future__ import annotations

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.dispute_shapes import EVIDENCE, FILES, LONGEST_IN_ALL
from azora_admin.sandbox.stripe.disputing import (
    ANSWERABLE,
    DECIDE_TASK,
    OPEN_TASK,
    accept,
    answer,
    decide_by_text,
    open_by_card,
)
from azora_admin.sandbox.stripe.errors import ApiError, refused_parameter
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.listing import list_objects
from azora_admin.sandbox.stripe.params import CREATED, METADATA, PAGE, Boolean, Text, accepts, merge_metadata
from azora_admin.sandbox.stripe.registry import Call, Kind, Routes
from azora_admin.sandbox.stripe.shared_shapes import changes


def present(book: Book, shown: Json) -> Json:
    """Its balance transactions whole, and by the clock whether the time to answer is over."""
    moved = [
        book.present(book.get("balance_transaction", one, "id")) for one in shown["balance_transactions"]
    ]
    details = shown["evidence_details"]
    past_due = details["due_by"] is not None and details["due_by"] < book.now
    return shown | {
        "balance_transactions": moved,
        "evidence_details": details | {"past_due": past_due and details["submission_count"] == 0},
    }


KINDS = (
    Kind(
        "dispute",
        "dp",
        expandable=frozenset({"charge", "payment_intent", *(f"evidence.{name}" for name in FILES)}),
        filters=("charge", "payment_intent"),
        present=present,
    ),
)
ROUTES = Routes()
LATER = {OPEN_TASK: open_by_card, DECIDE_TASK: decide_by_text}

_METHODS = ("manual", "prefer_manual", "prefer_smart_disputes", "smart_disputes")
_UPDATE = accepts(
    METADATA,
    evidence=EVIDENCE,
    submit=Boolean(),
    intended_submission_method=Text(choices=_METHODS),
)
_LIST = accepts(PAGE, CREATED, charge=Text(), payment_intent=Text())


@ROUTES.get("/v1/disputes/{dispute}", accepts())
def retrieve(call: Call, book: Book) -> Json:
    return book.present(book.get("dispute", call.path["dispute"], "dispute"))


@ROUTES.get("/v1/disputes", _LIST)
def list_all(call: Call, book: Book) -> Json:
    return list_objects(book, "dispute", call.params, url="/v1/disputes")


@ROUTES.post("/v1/disputes/{dispute}", _UPDATE)
def update(call: Call, book: Book) -> Json:
    """Evidence that is given is submitted unless ``submit`` is false; once it is with the bank, that was it."""
    dispute = book.get("dispute", call.path["dispute"], "dispute")
    before = book.present(dispute)
    given = call.params
    if "metadata" in given:
        dispute["metadata"] = merge_metadata(dispute["metadata"], given["metadata"])
    if "intended_submission_method" in given:
        dispute["intended_submission_method"] = given["intended_submission_method"]
    if "evidence" in given or "submit" in given:
        _check_answerable(book, dispute)
        _stage(book, dispute, given.get("evidence") or {})
    if given.get("submit", "evidence" in given):
        answer(book, dispute, {name: before[name] for name in ("evidence", "evidence_details", "status")})
    else:
        book.save(dispute)
        if previous := changes(before, book.present(dispute)):
            book.emit("charge.dispute.updated", dispute, previous)
    return book.present(dispute)


@ROUTES.post("/v1/disputes/{dispute}/close", accepts())
def close(call: Call, book: Book) -> Json:
    dispute = book.get("dispute", call.path["dispute"], "dispute")
    accept(book, dispute)
    return book.present(dispute)


def _check_answerable(book: Book, dispute: Json) -> None:
    if dispute["status"] not in ANSWERABLE:
        raise ApiError(
            400,
            f"This dispute's evidence can't be changed: its status is {dispute['status']}.",
            param="evidence",
        )
    if dispute["evidence_details"]["due_by"] < book.now:
        raise ApiError(400, "The time to answer this dispute is over.", param="evidence")


def _stage(book: Book, dispute: Json, given: Json) -> None:
    for name in FILES:
        if given.get(name):
            held = book.get("file", given[name], f"evidence[{name}]")
            if held["purpose"] != "dispute_evidence":
                raise refused_parameter(
                    f"The file {held['id']} has the purpose {held['purpose']}, not dispute_evidence.",
                    f"evidence[{name}]",
                )
    evidence = dispute["evidence"] | given
    if sum(len(value) for value in evidence.values() if isinstance(value, str)) > LONGEST_IN_ALL:
        raise refused_parameter(f"Evidence is limited to {LONGEST_IN_ALL} characters in all.", "evidence")
    dispute["evidence"] = evidence
    has_any = any(isinstance(value, str) for value in evidence.values())
    dispute["evidence_details"] = dispute["evidence_details"] | {"has_evidence": has_any}
