"""The pages. An audience is a blueprint, a guard, an address prefix and a folder of templates."""

from __future__ import annotations

from flask import Blueprint

from azora_admin.pages import account, admin, instructor, jump, seeing, sign_in


def blueprints() -> list[Blueprint]:
    """Every blueprint of pages, guarded or declared open."""
    return [
        sign_in.blueprint,
        seeing.blueprint,
        jump.blueprint,
        admin.blueprint,
        instructor.blueprint,
        account.blueprint,
    ]
