"""The application with the stand-in behind it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.app import create_app
from tests.selling import Shop


@pytest.fixture
def app(shop: Shop) -> Flask:
    """The whole application, selling through the stand-in."""
    return create_app(shop.settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A caller of the application without a session."""
    return app.test_client()
