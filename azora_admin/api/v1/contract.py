"""The contract of this version, for programs."""

from __future__ import annotations

from threading import Lock
from typing import Any, Final

from flask import Blueprint, Response, current_app

from azora_admin.api import answers, bearer
from azora_admin.api.calls import calls_of
from azora_admin.api.contract import document
from azora_admin.api.description import OPERATIONS, Answer, describe
from azora_admin.api.schemas import Schema

_EXTENSION: Final = "azora.contract"
_MAKING: Final = Lock()


def blueprint() -> Blueprint:
    """GET /openapi.json, open to anyone."""
    contract = Blueprint("contract", __name__)
    bearer.open_to_all(contract)

    @contract.get("/openapi.json")
    @describe("get_contract", OPERATIONS, Answer(200, dict[str, Any]))
    def openapi() -> Response:
        """This contract, as OpenAPI 3.1."""
        return answers.json(contract_of_app())

    return contract


def contract_of_app() -> Schema:
    """The contract of the application, made once: nothing in it changes while it runs."""
    with _MAKING:
        known: Schema | None = current_app.extensions.get(_EXTENSION)
        if known is None:
            known = current_app.extensions[_EXTENSION] = document(calls_of(current_app))
    return known
