"""A dispute's life: opened by the payer's bank, answered by us, decided by the bank; money moves on the way.

Money: a chargeback takes its amount and a fee at once (one balance transaction, reporting category ``dispute``), a won
one brings the amount back (``dispute_reversal``). The fee stays with Stripe unless the setting
``dispute_fee_is_returned`` says otherwise: what Stripe does depends on country and contract. An inquiry
(``warning_…``) moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.dispute_shapes import dispute_shape
from azora_admin.sandbox.stripe.errors import ApiError
from azora_admin.sandbox.stripe.fraud_warnings import close_warnings
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.movements import move

OPEN_TASK: Final = "dispute.open"
DECIDE_TASK: Final = "dispute.decide"
ANSWERABLE: Final = ("needs_response", "warning_needs_response")
# Stripe's test evidence: what is written in uncategorized_text decides. Source: docs.stripe.com/testing.
_DECIDING_TEXT: Final = {
    "winning_evidence": "win",
    "losing_evidence": "lose",
    "escalate_inquiry_evidence": "escalate",
}
_CHARGEBACK: Final = ("needs_response", "under_review", "appeal_needs_response", "appeal_under_review")
_INQUIRY: Final = ("warning_needs_response", "warning_under_review")
_MAY: Final = {
    "withdraw": _CHARGEBACK,
    "win": (*_CHARGEBACK, "lost"),
    "win_without_money": (*_CHARGEBACK, "lost"),
    "lose": (*_CHARGEBACK, "won"),
    "reinstate": ("won", "prevented"),
    "appeal": ("won", "lost"),
    "review_appeal": ("appeal_needs_response",),
    "escalate": _INQUIRY,
    "close_inquiry": _INQUIRY,
    "prevent": (*_INQUIRY, "needs_response"),
}


def open_dispute(
    book: Book,
    charge: Json,
    *,
    amount: int | None = None,
    reason: str = "fraudulent",
    is_inquiry: bool = False,
    withdraws: bool = True,
) -> Json:
    """The payer's bank asks for ``amount`` (all of it when None). Raises ApiError 400 for a charge that wasn't paid."""
    if not charge["paid"] or not charge["captured"]:
        raise ApiError(400, f"Charge {charge['id']} did not succeed: there is nothing to dispute.")
    wanted = charge["amount"] if amount is None else amount
    if not 0 < wanted <= charge["amount"]:
        raise ApiError(400, f"A dispute is of 1 to {charge['amount']} minor units.", param="amount")
    due_by = int(book.now + book.settings.dispute_response_time)
    shape = dispute_shape(charge, amount=wanted, reason=reason, is_inquiry=is_inquiry, due_by=due_by)
    dispute = book.create("dispute", shape)
    charge["disputed"] = True
    book.save(charge)
    if withdraws and not is_inquiry:
        _take(book, dispute)
    book.emit("charge.dispute.created", dispute)
    if dispute["balance_transactions"]:
        book.emit("charge.dispute.funds_withdrawn", dispute)
    close_warnings(book, charge["id"])
    return dispute


def answer(book: Book, dispute: Json, before: Json) -> None:
    """Evidence goes to the bank: once. Stripe's test words decide at once; otherwise the bank takes its time."""
    dispute["status"] = (
        "warning_under_review" if dispute["status"] == "warning_needs_response" else "under_review"
    )
    details = dispute["evidence_details"]
    dispute["evidence_details"] = details | {"submission_count": 1, "submission_method": "manual"}
    _tell(book, dispute, before)
    if dispute["evidence"]["uncategorized_text"] in _DECIDING_TEXT:
        book.later(DECIDE_TASK, dispute["id"], book.settings.dispute_delay)


def accept(book: Book, dispute: Json) -> None:
    """We give in: it is lost, whatever evidence there was; an inquiry is closed."""
    if dispute["status"] in _INQUIRY:
        decide(book, dispute, "close_inquiry")
    elif dispute["status"] in _CHARGEBACK:
        decide(book, dispute, "lose")
    else:
        raise ApiError(400, "This dispute is already closed.")


def decide(book: Book, dispute: Json, outcome: str) -> None:
    """Brings the dispute to ``outcome`` (see ``_MAY``). Raises ApiError 400 from a status that can't lead there."""
    if dispute["status"] not in _MAY[outcome]:
        raise ApiError(400, f"A dispute that is {dispute['status']} can't {outcome.replace('_', ' ')}.")
    _OUTCOMES[outcome](book, dispute)
    close_warnings(book, dispute["charge"])


def open_by_card(book: Book, charge_id: str) -> None:
    """What the test card stands for."""
    charge = book.get("charge", charge_id, "charge")
    how = charge["_dispute"]
    open_dispute(
        book,
        charge,
        reason="product_not_received" if how == "not_received" else "fraudulent",
        is_inquiry=how == "inquiry",
    )


def decide_by_text(book: Book, dispute_id: str) -> None:
    dispute = book.get("dispute", dispute_id, "dispute")
    outcome = _DECIDING_TEXT[dispute["evidence"]["uncategorized_text"]]
    if dispute["status"] == "warning_under_review" and outcome != "escalate":
        outcome = "close_inquiry" if outcome == "win" else "escalate"
    if dispute["status"] in _MAY[outcome]:
        decide(book, dispute, outcome)


def disputes_of(book: Book, charge_id: str) -> list[Json]:
    """Every dispute of the charge, oldest first."""
    rows = book.store.rows(
        "SELECT id FROM object WHERE kind = 'dispute' AND json_extract(body, '$.charge') = ? ORDER BY seq",
        (charge_id,),
    )
    return [book.get("dispute", row[0], "dispute") for row in rows]


def refuse_refund_while_disputed(book: Book, charge: Json) -> None:
    """Raises ApiError 400 ``charge_disputed`` once a bank asks for the charge's money; inquiries don't hinder."""
    if any(not one["is_charge_refundable"] for one in disputes_of(book, charge["id"])):
        raise ApiError(
            400,
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
            param="charge",
        )


def _withdraw(book: Book, dispute: Json) -> None:
    if _is_held(book, dispute):
        raise ApiError(400, "The money of this dispute is withdrawn already.")
    _take(book, dispute)
    book.emit("charge.dispute.funds_withdrawn", dispute)


def _win(book: Book, dispute: Json) -> None:
    _close(book, dispute, "won", gives_back=True)


def _win_without_money(book: Book, dispute: Json) -> None:
    _close(book, dispute, "won")


def _lose(book: Book, dispute: Json) -> None:
    if not _is_held(book, dispute):
        _take(book, dispute)
        book.emit("charge.dispute.funds_withdrawn", dispute)
    _close(book, dispute, "lost")


def _reinstate(book: Book, dispute: Json) -> None:
    if not _is_held(book, dispute):
        raise ApiError(400, "Nothing of this dispute is withdrawn.")
    _give_back(book, dispute)
    book.emit("charge.dispute.funds_reinstated", dispute)


def _appeal(book: Book, dispute: Json) -> None:
    _change(book, dispute, "appeal_needs_response", is_charge_refundable=False)


def _review_appeal(book: Book, dispute: Json) -> None:
    _change(book, dispute, "appeal_under_review")


def _escalate(book: Book, dispute: Json) -> None:
    charge = book.get("charge", dispute["charge"], "charge")
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise ApiError(400, "The charge is refunded in full: nothing is left to ask for.")
    dispute["payment_method_details"]["card"]["case_type"] = "chargeback"
    dispute["amount"] = min(dispute["amount"], left)
    _change(book, dispute, "needs_response", is_charge_refundable=False)
    _withdraw(book, dispute)


def _close_inquiry(book: Book, dispute: Json) -> None:
    _close(book, dispute, "warning_closed")


def _prevent(book: Book, dispute: Json) -> None:
    """Settled by rule before it became a chargeback: the payer gets the money, without a fee."""
    if not _is_held(book, dispute):
        _take(book, dispute, fee=0)
        book.emit("charge.dispute.funds_withdrawn", dispute)
    _close(book, dispute, "prevented")


_OUTCOMES: Final[dict[str, Callable[[Book, Json], None]]] = {
    "withdraw": _withdraw,
    "win": _win,
    "win_without_money": _win_without_money,
    "lose": _lose,
    "reinstate": _reinstate,
    "appeal": _appeal,
    "review_appeal": _review_appeal,
    "escalate": _escalate,
    "close_inquiry": _close_inquiry,
    "prevent": _prevent,
}
OUTCOMES: Final = tuple(_OUTCOMES)


def _close(book: Book, dispute: Json, status: str, *, gives_back: bool = False) -> None:
    previous = {"status": dispute["status"]}
    dispute["status"] = status
    dispute["is_charge_refundable"] = status in ("won", "warning_closed")
    if gives_back and _is_held(book, dispute):
        _give_back(book, dispute)
        book.emit("charge.dispute.funds_reinstated", dispute)
    book.save(dispute)
    book.emit("charge.dispute.closed", dispute, previous)


def _change(book: Book, dispute: Json, status: str, **more: bool) -> None:
    before = {name: dispute[name] for name in ("status", *more)}
    dispute |= {"status": status, **more}
    _tell(book, dispute, before)


def _tell(book: Book, dispute: Json, before: Json) -> None:
    book.save(dispute)
    previous = {name: value for name, value in before.items() if dispute.get(name) != value}
    book.emit("charge.dispute.updated", dispute, previous)


def _take(book: Book, dispute: Json, *, fee: int | None = None) -> None:
    _move(
        book, dispute, -dispute["amount"], book.settings.dispute_fee_minor if fee is None else fee, "dispute"
    )


def _give_back(book: Book, dispute: Json) -> None:
    fee = _fees(book, dispute) if book.settings.dispute_fee_is_returned else 0
    # In the currency of the charge: it is exchanged back at the rate of this moment.
    held = dispute["amount"] if _is_held(book, dispute) else 0
    _move(book, dispute, held, -fee, "dispute_reversal")


def _move(book: Book, dispute: Json, amount: int, fee: int, category: str) -> None:
    what = "withdrawal" if amount < 0 else "reversal"
    moved = move(
        book,
        "adjustment",
        category=category,
        source=dispute["id"],
        amount=amount,
        fee=fee,
        fee_description="Dispute fee",
        currency=dispute["currency"],
        description=f"Chargeback {what} for {dispute['charge']}",
        is_available_at_once=True,
    )
    dispute["balance_transactions"] = [*dispute["balance_transactions"], moved["id"]]
    book.save(dispute)


def _is_held(book: Book, dispute: Json) -> bool:
    """Whether the last thing that moved was money taken."""
    moves = _moves(book, dispute)
    return bool(moves) and moves[-1]["amount"] < 0


def _fees(book: Book, dispute: Json) -> int:
    return sum(int(one["fee"]) for one in _moves(book, dispute))


def _moves(book: Book, dispute: Json) -> list[Json]:
    return [book.get("balance_transaction", one, "id") for one in dispute["balance_transactions"]]
