"""Who sells is changed at the machine, noted, and named by the next document."""

from __future__ import annotations

import pytest

from azora_admin.launch import seller_commands
from tests.audited import audited

pytestmark = pytest.mark.usefixtures("database")


def test_what_is_given_changes_and_the_rest_stays() -> None:
    assert seller_commands.show().name == "Azora"
    seller_commands.change(name="Azora GmbH", address="Weg 1\nBerlin", tax_id=None, email=None)
    seller_commands.change(name=None, address=None, tax_id="DE123", email=None)
    words = seller_commands.show()
    assert (words.name, words.address, words.tax_id) == ("Azora GmbH", "Weg 1\nBerlin", "DE123")


def test_the_change_is_noted() -> None:
    seller_commands.change(name="Azora GmbH")
    (entry,) = audited("seller.renamed")
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["name"], entry.after["name"]) == ("Azora", "Azora GmbH")
