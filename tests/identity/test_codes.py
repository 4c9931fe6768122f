"""Codes that a person types."""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.identity.rules.codes import (
    RECOVERY_BYTES,
    code_at,
    matching_step,
    recovery_code,
    recovery_hash,
    setup_address,
    setup_key,
)

# RFC 6238, appendix B: the secret for SHA-1, and seconds with the last six of the eight digits told there.
SECRET = b"12345678901234567890"
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]
NOW = datetime(2026, 7, 1, 12, 0, 10, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(SECRET, code, now=at, last_step=None) == seconds // 30


@pytest.mark.parametrize(
    ("early", "found"),
    [(-90, None), (-30, STEP), (0, STEP), (30, STEP), (60, None)],
)
def test_a_clock_may_be_half_a_minute_off_and_no_more(early: int, found: int | None) -> None:
    code = code_at(SECRET, STEP)
    assert matching_step(SECRET, code, now=NOW + timedelta(seconds=early), last_step=None) == found


def test_no_code_is_good_twice_nor_is_one_from_before_it() -> None:
    before, present, after = (code_at(SECRET, STEP + offset) for offset in (-1, 0, 1))
    assert matching_step(SECRET, present, now=NOW, last_step=STEP - 1) == STEP
    assert matching_step(SECRET, present, now=NOW, last_step=STEP) is None
    assert matching_step(SECRET, before, now=NOW, last_step=STEP) is None
    assert matching_step(SECRET, after, now=NOW, last_step=STEP) == STEP + 1


@pytest.mark.parametrize("form", ["{} {}", " {}{}\n", "{}\u00a0{}"])
def test_a_code_is_read_however_it_is_spaced(form: str) -> None:
    code = code_at(SECRET, STEP)
    assert matching_step(SECRET, form.format(code[:3], code[3:]), now=NOW, last_step=None) == STEP


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345", "12345\0", "9" * 999]
)
def test_what_is_no_code_matches_nothing(code: str) -> None:
    assert matching_step(SECRET, code, now=NOW, last_step=None) is None


def test_an_app_is_told_issuer_account_and_secret() -> None:
    url = urlsplit(setup_address(SECRET, email="lena+süß@example.com"))
    assert (url.scheme, url.netloc, url.path) == (
        "otpauth",
        "totp",
        "/Azora:lena%2Bs%C3%BC%C3%9F%40example.com",
    )
    fields = {name: value for name, (value,) in parse_qs(url.query).items()}
    assert base64.b32decode(fields.pop("secret")) == SECRET
    assert fields == {"digits": "6", "period": "30", "algorithm": "SHA1", "issuer": "Azora"}


def test_the_key_to_type_is_the_secret_in_fours() -> None:
    assert setup_key(SECRET) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"


@given(st.binary(min_size=RECOVERY_BYTES, max_size=RECOVERY_BYTES), st.sampled_from(["-", "", " ", " - "]))
def test_a_recovery_code_is_known_however_it_is_typed(randomness: bytes, between: str) -> None:
    code = recovery_code(randomness)
    assert len(code) == 19
    typed = code.replace("-", between).upper().replace("O", "0").replace("L", "1").replace("B", "8")
    assert recovery_hash(typed) == recovery_hash(code) is not None


def test_recovery_codes_differ_in_every_bit() -> None:
    made = {recovery_code(os.urandom(RECOVERY_BYTES)) for _ in range(1000)}
    assert len(made) == len({recovery_hash(code) for code in made}) == 1000


@pytest.mark.parametrize(
    "code", ["", "abcd", "abcd-efgh-ijkl-mno9", "abcd-efgh-ijkl-mnop-q", "123456", "é" * 16]
)
def test_what_is_no_recovery_code_has_no_hash(code: str) -> None:
    assert recovery_hash(code) is None
