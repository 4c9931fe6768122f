"""An access token is one of ours, in its time, or its bearer is nobody; no token is a crash."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from azora_admin.api.access_tokens import AccessTokens
from azora_admin.api.keyring import KeyRing
from azora_admin.core import clock
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import PersonId
from azora_admin.identity.queries.signing_keys import KeysFound
from azora_admin.identity.rules import ACCESS_TOKEN_LIFE, SignedIn
from tests.api.forgeries import (
    KEY,
    LENA,
    NOON,
    claims_of,
    encoded,
    header_of,
    issued,
    nested,
    new_key,
    read,
    refusal,
    refused,
    signed,
    tokens_of,
    unpadded,
)


@given(
    st.builds(
        SignedIn,
        st.none(),
        st.uuids(),
        st.text(st.characters(codec="utf-8"), max_size=120),
        st.emails(),
        st.frozensets(st.sampled_from(["learner", "admin"])),
    )
)
def test_a_token_speaks_for_the_person_it_was_issued_to(person: SignedIn) -> None:
    token = issued(person)
    assert read(token) == person
    assert read(token) == person


def test_every_process_of_an_installation_reads_the_tokens_of_the_others() -> None:
    assert read(issued(by=tokens_of(KEY))) == LENA


def test_a_token_says_who_wrote_it_for_whom_when_and_which_it_is() -> None:
    first, second = claims_of(issued()), claims_of(issued())
    assert header_of(issued()) == {"alg": "ES256", "typ": "JWT", "kid": KEY.pair.thumbprint()}
    assert {name: first[name] for name in ("iss", "aud", "sub", "name", "email", "roles")} == {
        "iss": "azora-admin",
        "aud": "azora-api",
        "sub": str(LENA.person_id),
        "name": LENA.name,
        "email": LENA.email,
        "roles": ["instructor", "learner"],
    }
    assert (first["iat"], first["exp"]) == (int(NOON.timestamp()), int(NOON.timestamp()) + 900)
    assert first["jti"] != second["jti"]


def test_whoever_has_the_longest_name_and_address_can_read_their_own_token() -> None:
    longest = SignedIn(
        None, PersonId(UUID(int=8)), "\U0001f600" * 120, "é" * 250 + "@b.c", frozenset({"learner"})
    )
    assert read(issued(longest)) == longest


def test_a_token_ends_with_its_life_and_half_a_minute_for_clocks_that_differ() -> None:
    end = NOON + ACCESS_TOKEN_LIFE
    assert read(issued(), at=end + timedelta(seconds=29)) == LENA
    assert refusal(issued(), at=end + timedelta(seconds=30)) == "token_expired"
    assert refusal(issued(), at=end + timedelta(days=365)) == "token_expired"


def test_a_token_that_was_read_before_still_expires() -> None:
    token = issued()
    assert read(token) == LENA
    assert refusal(token, at=NOON + timedelta(hours=1)) == "token_expired"


def test_a_token_that_has_just_ended_is_answered_with_both_clocks() -> None:
    end = NOON + ACCESS_TOKEN_LIFE
    assert refused(issued(), at=end + timedelta(seconds=45)).detail == (
        "The access token ended at 2026-07-01T12:15:00Z, and this server's clock says 2026-07-01T12:15:45Z, 45 s "
        "later. If your clock says less, it is behind. Get another token with the refresh token."
    )
    assert "clock" not in refused(issued(), at=end + timedelta(minutes=6)).detail


def test_a_token_from_the_future_is_answered_with_whose_clock_is_ahead() -> None:
    assert read(issued(), at=NOON - timedelta(seconds=30)) == LENA
    early = refused(issued(), at=NOON - timedelta(seconds=31))
    assert early.code == "token_from_the_future"
    assert early.detail == (
        "The server that issued the access token dated it 2026-07-01T12:00:00Z, and this server's clock says "
        "2026-07-01T11:59:29Z: the issuer's clock is 31 s ahead of this one. One of the two servers is wrong; your "
        "clock has no part in it."
    )


def test_a_token_of_another_installation_is_refused() -> None:
    assert refusal(issued(by=tokens_of(new_key()))) == "invalid_token"


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "", None, 5, ["ES256"], {"a": 1}, "RS256", "ES512"]
)
@pytest.mark.parametrize("keeps_signature", ["with its signature", "without a signature"])
def test_a_token_of_another_algorithm_is_refused(algorithm: object, keeps_signature: str) -> None:
    _, payload, signature = issued().split(".")
    end = signature if keeps_signature == "with its signature" else ""
    assert refusal(f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{payload}.{end}") == "invalid_token"


def test_a_token_signed_with_the_public_key_as_a_shared_secret_is_refused() -> None:
    public = KEY.pair.public_key
    assert public is not None
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(KEY.pair.as_dict(private=False)).encode(),
        KEY.kid.encode(),
    ):
        for header in (header_of(issued()), {**header_of(issued()), "alg": "HS256"}, {"alg": "HS256"}):
            text = f"{encoded(header)}.{encoded(claims_of(issued()))}"
            mac = unpadded(hmac.digest(secret, text.encode(), "sha256"))
            assert refusal(f"{text}.{mac}") == "invalid_token"


def test_a_token_that_brings_its_own_key_is_refused() -> None:
    own = ECKey.generate_key("P-256", private=True)
    for header in (
        {},
        {"kid": own.thumbprint()},
        {"jwk": own.as_dict(private=False)},
        {"jku": "https://evil.example/jwks.json"},
        {"x5u": "https://evil.example/own.pem"},
    ):
        assert refusal(signed(claims_of(issued()), by=own, **header)) == "invalid_token"


@pytest.mark.parametrize("kid", ["other", "../../etc/passwd", "' OR 1=1", "", None, 5, ["x"], {"a": 1}, "\0"])
def test_a_key_id_that_is_not_ours_is_refused_whoever_signed(kid: Any) -> None:
    _, payload, signature = issued().split(".")
    assert refusal(f"{encoded({**header_of(issued()), 'kid': kid})}.{payload}.{signature}") == "invalid_token"
    if isinstance(kid, str):
        assert refusal(signed(claims_of(issued()), kid=kid)) == "invalid_token"


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "https://evil.example/jwks.json"},
        {"jwk": {"kty": "EC"}},
        {"crit": ["exp"], "exp": 1},
        {"crit": ["b64"], "b64": False},
        {"crit": 5},
    ],
)
def test_a_header_that_says_more_than_ours_is_refused_whoever_signed(header: dict[str, Any]) -> None:
    assert read(signed(claims_of(issued()))) == LENA
    assert refusal(signed(claims_of(issued()), **header)) == "invalid_token"


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "jti", "name", "email", "roles", "iat", "exp"])
def test_a_token_without_one_of_its_claims_is_refused_though_we_signed_it(claim: str) -> None:
    claims = claims_of(issued())
    del claims[claim]
    assert refusal(signed(claims)) == "invalid_token"


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "somebody-else"),
        ("aud", "somebody-else"),
        ("aud", ["azora-api", "somebody-else"]),
        ("jti", "x"),
        ("sub", "x"),
        ("sub", 5),
        ("sub", None),
        ("sub", ["00000000-0000-0000-0000-000000000007"]),
        ("name", 5),
        ("email", None),
        ("roles", "admin"),
        ("roles", {"admin": 1}),
        ("roles", [["admin"]]),
        ("roles", 5),
        ("iat", True),
        ("iat", "1"),
        ("exp", "later"),
        ("exp", None),
        ("exp", [1]),
        ("exp", 2e10),
        ("exp", True),
    ],
)
def test_a_claim_of_the_wrong_type_is_refused_though_we_signed_it(claim: str, value: object) -> None:
    assert refusal(signed({**claims_of(issued()), claim: value})) == "invalid_token"


def test_times_that_no_calendar_has_are_compared_all_the_same() -> None:
    claims = claims_of(issued())
    assert read(signed({**claims, "exp": 10**18})) == LENA
    assert refusal(signed({**claims, "exp": -(10**18)})) == "token_expired"
    assert refusal(signed({**claims, "iat": 10**18, "exp": 10**19 // 2})) == "token_from_the_future"


@pytest.mark.parametrize("claims", [[], "x", 5, None, [["iss", "azora-admin"]]])
def test_a_payload_that_is_no_object_is_refused(claims: object) -> None:
    header, _, signature = issued().split(".")
    assert refusal(f"{header}.{encoded(claims)}.{signature}") == "invalid_token"


def test_a_payload_made_anew_is_refused() -> None:
    header, _, signature = issued().split(".")
    richer = encoded({**claims_of(issued()), "roles": ["admin"]})
    assert refusal(f"{header}.{richer}.{signature}") == "invalid_token"


@given(st.data())
def test_a_token_with_one_letter_changed_is_refused(data: st.DataObject) -> None:
    token = issued()
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCabc019-_.=é").filter(lambda one: one != token[place]))
    changed = token[:place] + letter + token[place + 1 :]
    # The last letter has four bits that belong to no byte of the signature: such a twin says nothing else.
    if place < len(token) - 1:
        assert refusal(changed) == "invalid_token"


def test_a_token_longer_than_any_of_ours_is_refused_though_we_signed_it() -> None:
    claims = claims_of(issued())
    assert read(signed({**claims, "name": "x" * 2000})).name == "x" * 2000
    assert refusal(signed({**claims, "name": "x" * 4000})) == "invalid_token"


@given(st.one_of(st.text(), st.text("abcdefABCDEF019-_.", max_size=80)))
def test_anything_else_is_refused(text: str) -> None:
    assert refusal(text) == "invalid_token"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "....",
        "\0",
        "\ud800",
        "é.é.é",
        "a" * 100_000,
        nested("[", 2900),
        nested('{"a":', 550),
    ],
    ids=lambda text: f"{text[:6]!a}",
)
def test_what_only_looks_like_a_token_is_refused(text: str) -> None:
    assert refusal(text) == "invalid_token"


def test_what_is_remembered_of_tokens_does_not_grow_for_ever() -> None:
    ring = KeyRing(lambda: KeysFound((KEY,), frozenset()))
    few = AccessTokens(ring)
    with clock.use(FixedClock(NOON)):
        remembered = ring.keys().verified
        few.read(issued())
        (claims,) = remembered.values()
        remembered.update({str(number): claims for number in range(4200)})
        few.read(issued())
        assert len(ring.keys().verified) == 4096
