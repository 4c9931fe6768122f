"""The contract of this version, for programs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app

from azora_admin.api import bearer, conditional
from azora_admin.api.contract import contract_of
from azora_admin.api.description import OPERATIONS, Answer, describe


def blueprint() -> Blueprint:
    """GET /openapi.json, open to anyone."""
    contract = Blueprint("contract", __name__)
    bearer.open_to_all(contract)

    @contract.get("/openapi.json")
    @describe("get_contract", OPERATIONS, Answer(200, dict[str, Any]))
    def openapi() -> Response:
        """Get the contract.

        As OpenAPI 3.1. For people it is at `/api/docs`.
        """
        # Made of the code alone, and so is every tag.
        return conditional.public_answer(lambda: contract_of(current_app), key="contract")

    return contract
