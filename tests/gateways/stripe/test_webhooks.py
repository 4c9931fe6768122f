"""An event is believed when one of our secrets signed exactly these bytes, now; everything else is Forged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core import clock
from azora_admin.core.clock import FixedClock
from azora_admin.gateways.stripe.webhooks import Forged, VerifiedEvent, verify
from tests.gateways.stripe.forgeries import Forgery, forgeries
from tests.gateways.stripe.signing import SECRET, event_body, header, signature

NOON = 1_782_907_200


@pytest.fixture(autouse=True)
def noon(test_clock: FixedClock) -> int:
    """The seconds since 1970 at which each test begins."""
    assert test_clock.now().timestamp() == NOON
    return NOON


def refused(raw: bytes, signed: str | None, *, secrets: tuple[str, ...] = (SECRET,)) -> bool:
    """Whether the event is refused as forged, with 400: any other error is a failure of the test."""
    try:
        verify(raw, signature=signed, secrets=secrets)
    except Forged as forged:
        return (forged.status, forged.code) == (400, "invalid_webhook")
    return False


def test_a_signed_event_is_believed() -> None:
    raw = event_body()
    event = verify(raw, signature=header(raw, at=NOON), secrets=[SECRET])
    assert event == VerifiedEvent("evt_1", "payment_intent.succeeded", "pi_1", "2026-10-28.endive", NOON)


@pytest.mark.parametrize("forgery", forgeries(NOON), ids=lambda forgery: forgery.name)
def test_everything_else_is_forged(forgery: Forgery) -> None:
    assert refused(forgery.raw, forgery.signature)


@pytest.mark.parametrize("seconds", [-300, -299, -1, 0, 1, 299, 300])
def test_five_minutes_are_allowed_on_either_side(seconds: int) -> None:
    raw = event_body()
    assert not refused(raw, header(raw, at=NOON + seconds))


def test_an_event_that_is_held_back_grows_stale(test_clock: FixedClock) -> None:
    raw = event_body()
    signed = header(raw, at=NOON)
    test_clock.advance(timedelta(seconds=301))
    assert refused(raw, signed)


def test_while_a_secret_is_rolled_either_one_signs() -> None:
    raw = event_body()
    for secret in ("whsec_old", "whsec_new"):
        assert not refused(raw, header(raw, at=NOON, secret=secret), secrets=("whsec_old", "whsec_new"))
    assert refused(raw, header(raw, at=NOON, secret="whsec_third"), secrets=("whsec_old", "whsec_new"))


def test_one_good_signature_among_several_is_enough() -> None:
    raw = event_body()
    good = signature(raw, at=NOON)
    assert not refused(raw, f"t={NOON},v1={'0' * 64},v1={good},v0=x")
    assert refused(raw, f"t={NOON},v1={'0' * 64},v0={good}")


@pytest.mark.parametrize("secrets", [(), ("",), (" ",), ("", SECRET + "x")])
def test_without_a_secret_nothing_is_believed(secrets: tuple[str, ...]) -> None:
    raw = event_body()
    for secret in (*secrets, "", SECRET):
        if secret != SECRET + "x":
            assert refused(raw, header(raw, at=NOON, secret=secret), secrets=secrets)


def test_an_event_without_an_object_id_is_an_event() -> None:
    raw = event_body(type="balance.available", data={"object": {"object": "balance"}}, api_version=None)
    event = verify(raw, signature=header(raw, at=NOON), secrets=[SECRET])
    assert (event.object_id, event.api_version) == ("", "")


@given(st.binary(max_size=200), st.one_of(st.none(), st.text(max_size=100)))
def test_noise_is_forged(raw: bytes, signed: str | None) -> None:
    with clock.use(FixedClock(datetime.fromtimestamp(NOON, UTC))):
        assert refused(raw, signed)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["id", "object", "data", "type", "created"]), inner, max_size=5),
    ),
    max_leaves=12,
)


@given(st.sampled_from(["id", "object", "type", "created", "data", "api_version"]), json_values)
def test_a_signed_event_with_any_field_changed_is_an_event_or_forged(field: str, value: object) -> None:
    raw = event_body(**{field: value})
    with clock.use(FixedClock(datetime.fromtimestamp(NOON, UTC))):
        try:
            event = verify(raw, signature=header(raw, at=NOON), secrets=[SECRET])
        except Forged:
            return
    assert "\0" not in event.id + event.type + event.object_id + event.api_version
    assert datetime.fromtimestamp(event.created, UTC).year < 10_000
