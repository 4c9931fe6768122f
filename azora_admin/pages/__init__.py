"""The pages. An audience is a blueprint, a guard, an address prefix and a folder of templates."""

from __future__ import annotations

from flask import Blueprint

from azora_admin.core.config import Settings
from azora_admin.pages import (
    account,
    admin,
    api_keys,  # noqa: F401  it adds its routes to those of security
    confirming,
    credentials,  # noqa: F401  it adds its routes to the account's
    documents,  # noqa: F401  so does it
    factors,
    forgotten,
    instructor,
    jump,
    mailbox,
    own_payment,  # noqa: F401  it adds its routes to the account's
    own_refund,  # noqa: F401  it adds its routes to the account's
    proof,
    second_step,
    security,
    seeing,
    sign_in,
    sign_up,
)


def blueprints(settings: Settings) -> list[Blueprint]:
    """Every blueprint of pages, guarded or declared open."""
    demo = [mailbox.blueprint(settings)] if settings.mode == "demo" else []
    return [
        *demo,
        sign_in.blueprint,
        sign_up.blueprint,
        forgotten.blueprint,
        confirming.blueprint,
        second_step.blueprint,
        proof.blueprint,
        seeing.blueprint,
        jump.blueprint,
        admin.blueprint,
        instructor.blueprint,
        account.blueprint,
        security.blueprint,
        factors.blueprint,
    ]
