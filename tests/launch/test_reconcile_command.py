"""``azora reconcile``: each difference by its name, and an exit status to build upon."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from azora_admin.core import clock
from tests.selling import Shop


def reconcile(shop: Shop, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As a process of its own: it connects to the database."""
    environment = os.environ | {
        "AZORA_MODE": "demo",
        "AZORA_HOME": str(shop.settings.home),
        "AZORA_DATABASE_URL": shop.settings.database_url,
        "AZORA_SECRET_KEY": shop.settings.secret_key.get_secret_value(),
        "STRIPE_API_KEY": "sk_test_azora",
        "STRIPE_API_BASE": shop.stand_in.base,
        "STRIPE_WEBHOOK_SECRET": "whsec_one",
    }
    command = [sys.executable, "-m", "azora_admin.cli", "reconcile", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_what_agrees_is_said_in_a_word_and_what_differs_by_name(shop: Shop) -> None:
    shop.hold_time()
    shop.sell(shop.person(), shop.course())
    agreed = reconcile(shop)
    assert (agreed.returncode, agreed.stderr) == (0, "")
    assert agreed.stdout.splitlines() == [
        "1 new lines in Stripe's statement, 1 day compared",
        "Stripe's statement and the book agree",
    ]
    then = clock.now() - timedelta(days=2)
    line = {"type": "charge", "source": "ch_foreign", "amount": 100, "currency": "usd"}
    shop.stand_in.control("/balance_transactions", [line | {"created": int(then.timestamp())}])
    differing = reconcile(shop, "--day", f"{then:%Y-%m-%d}")
    assert differing.returncode == 1
    assert differing.stdout.splitlines()[1].startswith(
        f"missing_here: {then:%Y-%m-%d} charge ch_foreign: Stripe moved money for this charge, and the book"
    )
    assert differing.stdout.splitlines()[-1] == "1 differences"
    assert reconcile(shop, "--since", f"{then:%Y-%m-%d}").returncode == 1


@pytest.mark.usefixtures("shop")
def test_a_day_and_since_when_are_two_questions(shop: Shop) -> None:
    both = reconcile(shop, "--day", "2026-01-01", "--since", "2026-01-01")
    assert (both.returncode, both.stdout) == (2, "")
    assert "not both" in both.stderr
