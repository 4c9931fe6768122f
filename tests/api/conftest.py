"""The application with the stand-in behind it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.app import create_app
from tests.api.contract import ContractClient, closed_contract
from tests.selling import Shop


@pytest.fixture
def app(shop: Shop) -> Flask:
    """The whole application, selling through the stand-in; its answers are held against the contract."""
    made = create_app(shop.settings)
    made.test_client_class = ContractClient
    closed_contract(made)  # once, before any test's threads
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A caller of the application without a session."""
    return app.test_client()
