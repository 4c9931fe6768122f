"""An access token is one of ours, in its time, or its bearer is nobody; no token is a crash."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey

from azora_admin.core.errors import Unauthenticated
from azora_admin.core.ids import PersonId
from azora_admin.identity.rules import ACCESS_TOKEN_LIFE, SignedIn
from azora_admin.identity.rules.tokens import ALGORITHM, AccessTokens

SECRET = "a secret key for tests, thirty-two characters"
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
LENA = SignedIn(
    None, PersonId(UUID(int=7)), "Lena Süß", "lena@example.com", frozenset({"learner", "instructor"})
)

tokens = AccessTokens(SECRET)


def issued(person: SignedIn = LENA) -> str:
    return tokens.issue(person, now=NOON, life=ACCESS_TOKEN_LIFE)


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(decoded(token.split(".")[1]))
    return claims


def header_of(token: str) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(decoded(token.split(".", maxsplit=1)[0]))
    return header


def signed(claims: Any, **header: Any) -> str:
    """A token of any claims, signed with the installation's own key: what a stolen or older key could write."""
    whole = {**header_of(issued()), **header}
    return jwt.encode(whole, claims, tokens._key, [ALGORITHM])


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def nested(text: str, depth: int) -> str:
    """A header that opens ``depth`` brackets: a parser that recurses runs out of stack."""
    return base64.urlsafe_b64encode(text.encode() * depth).decode().rstrip("=") + ".e30.x"


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def refusal(token: str, *, at: datetime = NOON) -> str:
    """The code with which ``token`` is refused."""
    with pytest.raises(Unauthenticated) as refused:
        tokens.read(token, now=at)
    assert refused.value.status == 401
    return refused.value.code


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
    assert tokens.read(token, now=NOON) == person
    assert tokens.read(token, now=NOON) == person


def test_every_process_of_an_installation_reads_the_tokens_of_the_others() -> None:
    assert AccessTokens(SECRET).read(issued(), now=NOON) == LENA


def test_a_token_ends_with_its_life_and_half_a_minute_for_clocks_that_differ() -> None:
    end = NOON + ACCESS_TOKEN_LIFE
    assert tokens.read(issued(), now=end + timedelta(seconds=29)) == LENA
    assert refusal(issued(), at=end + timedelta(seconds=30)) == "token_expired"
    assert refusal(issued(), at=end + timedelta(days=365)) == "token_expired"


def test_a_token_that_was_read_before_still_expires() -> None:
    token = issued()
    assert tokens.read(token, now=NOON) == LENA
    assert refusal(token, at=NOON + timedelta(hours=1)) == "token_expired"


def test_a_token_from_the_future_is_refused() -> None:
    assert tokens.read(issued(), now=NOON - timedelta(seconds=30)) == LENA
    assert refusal(issued(), at=NOON - timedelta(seconds=31)) == "invalid_token"


def test_a_token_of_another_installation_is_refused() -> None:
    other = AccessTokens("another secret key, thirty-two characters long")
    assert refusal(other.issue(LENA, now=NOON, life=ACCESS_TOKEN_LIFE)) == "invalid_token"


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "", None, 5, ["ES256"], {"a": 1}, "RS256", "ES512"]
)
@pytest.mark.parametrize("keeps_signature", ["with its signature", "without a signature"])
def test_a_token_of_another_algorithm_is_refused(algorithm: object, keeps_signature: str) -> None:
    _, payload, signature = issued().split(".")
    end = signature if keeps_signature == "with its signature" else ""
    assert refusal(f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{payload}.{end}") == "invalid_token"


def test_a_token_signed_with_the_public_key_as_a_shared_secret_is_refused() -> None:
    public = tokens._key.public_key
    assert public is not None
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(tokens._key.as_dict(private=False)).encode(),
        SECRET.encode(),
    ):
        for header in (header_of(issued()), {**header_of(issued()), "alg": "HS256"}, {"alg": "HS256"}):
            text = f"{encoded(header)}.{encoded(claims_of(issued()))}"
            mac = base64.urlsafe_b64encode(hmac.digest(secret, text.encode(), "sha256")).decode().rstrip("=")
            assert refusal(f"{text}.{mac}") == "invalid_token"


def test_a_token_that_brings_its_own_key_is_refused() -> None:
    own = ECKey.generate_key("P-256", private=True)
    for header in (
        {"jwk": own.as_dict(private=False)},
        {"kid": own.thumbprint()},
        header_of(issued()),
        {"jwk": own.as_dict(private=False), "kid": header_of(issued())["kid"]},
    ):
        forged = jwt.encode({"alg": ALGORITHM, "typ": "JWT", **header}, claims_of(issued()), own, [ALGORITHM])
        assert refusal(forged) == "invalid_token"


@pytest.mark.parametrize("kid", ["other", "../../etc/passwd", "' OR 1=1", "", None, 5, ["x"], {"a": 1}, "\0"])
def test_a_key_id_that_is_not_ours_is_refused_whoever_signed(kid: Any) -> None:
    _, payload, signature = issued().split(".")
    assert refusal(f"{encoded({**header_of(issued()), 'kid': kid})}.{payload}.{signature}") == "invalid_token"
    if isinstance(kid, str):
        assert refusal(signed(claims_of(issued()), kid=kid)) == "invalid_token"


@pytest.mark.parametrize(
    "header", [{"crit": ["exp"], "exp": 1}, {"crit": ["b64"], "b64": False}, {"crit": 5}]
)
def test_a_header_that_demands_what_we_do_not_know_is_refused(header: dict[str, Any]) -> None:
    _, payload, signature = issued().split(".")
    assert refusal(f"{encoded({**header_of(issued()), **header})}.{payload}.{signature}") == "invalid_token"


@pytest.mark.parametrize("claim", ["iss", "sub", "name", "email", "roles", "iat", "exp"])
def test_a_token_without_one_of_its_claims_is_refused_though_we_signed_it(claim: str) -> None:
    claims = claims_of(issued())
    del claims[claim]
    assert refusal(signed(claims)) == "invalid_token"


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "somebody-else"),
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
    assert tokens.read(signed({**claims, "exp": 10**18}), now=NOON) == LENA
    assert refusal(signed({**claims, "exp": -(10**18)})) == "token_expired"
    assert refusal(signed({**claims, "iat": 10**18, "exp": 10**19 // 2})) == "invalid_token"


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
    few = AccessTokens(SECRET)
    for number in range(4200):
        few._read[str(number)] = few._claims(issued())
    few._claims(issued(SignedIn(None, PersonId(UUID(int=8)), "x", "x@example.com", frozenset({"learner"}))))
    assert len(few._read) <= 4096
