"""Answering a bank: a look at exactly what it will get, and the two final acts, sending it or giving in."""

from __future__ import annotations

from typing import Final

from flask import Response, flash, request, url_for

from azora_admin.core import db
from azora_admin.core.errors import Conflict, DomainError, FieldError, Invalid
from azora_admin.core.ids import DisputeId, new_id, parse_id
from azora_admin.core.money import money_text
from azora_admin.flows import answering
from azora_admin.flows.answering import Evidence
from azora_admin.gateways.pdf.typesetting import render
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.reports.dispute_list import DisputeRow, dispute_line
from azora_admin.reports.evidence import Packet, evidence_packet
from azora_admin.web import downloads, hx, limits
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.forms import problems_of
from azora_admin.web.money import till
from azora_admin.web.once import kept, once

_LAYOUT: Final = "evidence"


@blueprint.get("/disputes/<dispute_id>/answer")
@needs(Action.ANSWER_DISPUTES)
@limits.limit_money
def disputes_answer(dispute_id: str) -> Response:
    """The evidence as it would be sent now, with the forms of both acts."""
    return _show(DisputeId(parse_id(dispute_id)))


@blueprint.get("/disputes/<dispute_id>/packet")
@needs(Action.ANSWER_DISPUTES)
@limits.limit_money
def disputes_packet(dispute_id: str) -> Response:
    """The PDF as it would be sent now."""
    _, evidence = _prepared(DisputeId(parse_id(dispute_id)))
    return downloads.attachment(evidence.packet, name=f"evidence-{dispute_id}.pdf", kind="application/pdf")


@blueprint.post("/disputes/<dispute_id>/answer")
@needs(Action.ANSWER_DISPUTES)
@once
@limits.limit_money
def disputes_submit(dispute_id: str) -> Response:
    """Send the evidence that was looked at to the bank, for good."""
    identity = DisputeId(parse_id(dispute_id))
    done = hx.redirect(url_for("admin.disputes_detail", dispute_id=identity))
    try:
        _, evidence = _prepared(identity)
        answering.submit(
            till().stripe,
            caller(),
            actor(),
            dispute_id=identity,
            evidence=evidence,
            seen=request.form.get("seen", ""),
            ask_after=till().ask_after,
            finish=lambda session, _: kept(session, done),
        )
    except Conflict as refused:
        return _show(identity, refused)
    flash("The evidence is on its way to the bank.")
    return done


@blueprint.post("/disputes/<dispute_id>/accept")
@needs(Action.ANSWER_DISPUTES)
@once
@limits.limit_money
def disputes_accept(dispute_id: str) -> Response:
    """Give in, once the person has said that they mean it."""
    identity = DisputeId(parse_id(dispute_id))
    done = hx.redirect(url_for("admin.disputes_detail", dispute_id=identity))
    try:
        if request.form.get("sure") != "yes":
            raise Invalid(
                [FieldError("sure", "not_sure", "Say that you want to lose this dispute for good.")]
            )
        answering.accept(
            till().stripe,
            caller(),
            actor(),
            dispute_id=identity,
            ask_after=till().ask_after,
            finish=lambda session, _: kept(session, done),
        )
    except (Conflict, Invalid) as refused:
        return _show(identity, refused)
    with db.reading() as session:
        amount = money_text(dispute_line(session, identity).amount)
    flash(f"The dispute of {amount} is accepted.")
    return done


def _prepared(dispute_id: DisputeId) -> tuple[Packet, Evidence]:
    with db.snapshot() as session:
        packet = evidence_packet(session, dispute_id)
    content = render(_LAYOUT, packet.as_json(), at=packet.at)
    return packet, Evidence(packet.fields, content)


def _show(dispute_id: DisputeId, refused: DomainError | None = None) -> Response:
    packet, evidence = _prepared(dispute_id)
    dispute: DisputeRow = packet.dispute
    return hx.respond(
        "admin/answer_dispute.html",
        part="disputes/_answer.html",
        target="answer",
        status=refused.status if refused else 200,
        dispute=dispute,
        packet=packet,
        seen=evidence.digest,
        size=len(evidence.packet),
        problems=problems_of(refused) if refused else (),
        keys=(str(new_id()), str(new_id())),
    )
