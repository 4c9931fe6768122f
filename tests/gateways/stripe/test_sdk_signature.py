"""We check signatures ourselves: what Stripe's own library signs has to pass, and what it refuses has not."""

from __future__ import annotations

import pytest
import stripe

from azora_admin.core import clock
from azora_admin.gateways.stripe.webhooks import Forged, verify
from tests.gateways.stripe.signing import SECRET, event_body


def signed_by_the_sdk(raw: bytes, secret: str) -> str:
    now = int(clock.now().timestamp())
    return str(stripe.WebhookSignature.generate_signature_header(raw.decode(), secret, now))


def test_what_the_sdk_signs_is_believed() -> None:
    raw = event_body()
    assert verify(raw, signature=signed_by_the_sdk(raw, SECRET), secrets=[SECRET]).object_id == "pi_1"


def test_what_the_sdk_signs_with_another_secret_is_forged() -> None:
    raw = event_body()
    with pytest.raises(Forged):
        verify(raw, signature=signed_by_the_sdk(raw, "whsec_another"), secrets=[SECRET])


def test_a_second_signature_in_the_header_is_looked_at_too() -> None:
    raw = event_body()
    stamp, _, good = signed_by_the_sdk(raw, SECRET).partition(",v1=")
    both = f"{stamp},v1={'0' * 64},v1={good}"
    assert verify(raw, signature=both, secrets=["whsec_another", SECRET]).id == "evt_1"
