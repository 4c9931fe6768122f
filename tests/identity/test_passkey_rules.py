"""Passkeys without a database: what we ask, and what is refused of the answers."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.rules.passkeys import (
    KnownPasskey,
    PasskeyRefused,
    clean_name,
    creation_options,
    credential_id,
    new_sign_count,
    read_new,
    request_options,
)
from azora_admin.identity.rules.relying_party import RelyingParty, relying_party
from tests.identity.devices import Device, packed, unpacked

HERE = RelyingParty("localhost", "http://localhost:8000")
LENA = PersonId(new_id())


def asked_new(challenge: bytes, *known: KnownPasskey) -> dict[str, Any]:
    return creation_options(
        HERE, person_id=LENA, email="lena@example.com", name="Lena Süß", challenge=challenge, known=known
    )


def registered(device: Device) -> KnownPasskey:
    challenge = os.urandom(32)
    new = read_new(HERE, device.create(asked_new(challenge)), challenge=challenge)
    return KnownPasskey(new.credential_id, new.public_key, new.sign_count, new.transports)


def test_a_passkey_that_was_made_answers_later_and_its_count_grows() -> None:
    device = Device()
    known, challenge = registered(device), os.urandom(32)
    answer = device.get(request_options(HERE, challenge=challenge, known=[known]))
    assert credential_id(answer) == known.credential_id
    assert new_sign_count(HERE, answer, challenge=challenge, known=known, person_id=LENA) == 1


def test_a_device_that_does_not_count_is_as_good() -> None:
    device, challenge = Device(counts=False), os.urandom(32)
    known = registered(device)
    answer = device.get(request_options(HERE, challenge=challenge, known=[]))
    assert new_sign_count(HERE, answer, challenge=challenge, known=known, person_id=LENA) == 0


def test_a_browser_is_asked_for_a_passkey_that_the_device_keeps_and_verifies_its_person_for() -> None:
    known = KnownPasskey(b"known", b"", 0, ("internal",))
    options = asked_new(b"c" * 32, known)
    assert options["rp"] == {"id": "localhost", "name": "Azora"}
    assert unpacked(options["user"]["id"]) == LENA.bytes
    assert options["excludeCredentials"] == [
        {"id": packed(b"known"), "type": "public-key", "transports": ["internal"]}
    ]
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert options["attestation"] == "none"
    asked = request_options(HERE, challenge=b"c" * 32, known=[])
    assert (asked["userVerification"], asked["rpId"], asked["timeout"]) == ("required", "localhost", 300_000)


def test_transports_that_we_do_not_know_are_left_out() -> None:
    assert registered(Device()).transports == ("internal", "hybrid")


def refusal_of(
    device: Device,
    known: KnownPasskey,
    *,
    signed: bytes | None = None,
    party: RelyingParty = HERE,
    person_id: PersonId = LENA,
) -> PasskeyRefused:
    challenge = os.urandom(32)
    answer = device.get(request_options(HERE, challenge=signed or challenge, known=[]))
    with pytest.raises(PasskeyRefused) as refused:
        new_sign_count(party, answer, challenge=challenge, known=known, person_id=person_id)
    return refused.value


@pytest.mark.parametrize(
    "changes",
    [
        {"signed": b"another question, 32 bytes long.."},
        {"party": RelyingParty("azora.example", HERE.origin)},
        {"party": RelyingParty("localhost", "http://localhost:8001")},
        {"party": RelyingParty("localhost", "https://localhost:8000")},
        {"person_id": PersonId(new_id())},
    ],
    ids=["another question", "another site", "another port", "another scheme", "somebody else"],
)
def test_an_answer_to_something_else_is_refused(changes: dict[str, Any]) -> None:
    device = Device()
    assert refusal_of(device, registered(device), **changes).code == "passkey_refused"


def test_a_device_that_did_not_verify_its_person_is_refused() -> None:
    device = Device()
    known = registered(device)
    device.verifies = False
    refusal_of(device, known)
    with pytest.raises(PasskeyRefused):
        registered(Device(verifies=False))


def test_a_count_that_does_not_grow_is_the_mark_of_a_copy() -> None:
    device = Device()
    known = registered(device)
    refusal_of(device, replace(known, sign_count=1))
    refusal_of(device, replace(known, sign_count=99))


def test_a_passkey_of_another_key_is_refused() -> None:
    device = Device()
    known = registered(device)
    refusal_of(device, replace(known, public_key=registered(Device()).public_key))
    refusal_of(device, replace(known, public_key=b"\xa1\x01\x02"))


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "x", '{"id": 5}', "[" * 100_000, "\ud800", "1e999"])
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(PasskeyRefused):
        credential_id(text)
    with pytest.raises(PasskeyRefused):
        read_new(HERE, text, challenge=b"")


@dataclass(frozen=True)
class Bend:
    """How some bytes are changed: the same for any bytes, whatever their number."""

    way: str
    place: int
    bits: int
    noise: bytes

    def __call__(self, text: str) -> str:
        raw = bytearray(unpacked(text))
        place = self.place % len(raw)
        match self.way:
            case "changed":
                raw[place] ^= self.bits
            case "cut":
                raw = raw[:place]
            case "longer":
                raw += self.noise
            case _:
                raw = bytearray(self.noise)
        return packed(bytes(raw))


BENDS = st.builds(
    Bend,
    st.sampled_from(["changed", "cut", "longer", "replaced"]),
    st.integers(0, 10_000),
    st.integers(1, 255),
    st.binary(min_size=1, max_size=80),
)


@given(st.sampled_from(["clientDataJSON", "attestationObject"]), BENDS)
def test_no_new_passkey_makes_us_stumble_however_it_is_bent(where: str, bend: Bend) -> None:
    challenge = os.urandom(32)
    credential = json.loads(Device().create(asked_new(challenge)))
    credential["response"][where] = bend(credential["response"][where])
    with suppress(PasskeyRefused):  # nothing is signed here: some bytes have no meaning
        read_new(HERE, json.dumps(credential), challenge=challenge)


@given(st.sampled_from(["clientDataJSON", "authenticatorData", "signature", "userHandle"]), BENDS)
def test_no_answer_is_accepted_that_was_bent(where: str, bend: Bend) -> None:
    device, challenge = Device(), os.urandom(32)
    known = registered(device)
    credential = json.loads(device.get(request_options(HERE, challenge=challenge, known=[])))
    credential["response"][where] = bend(credential["response"][where])
    with pytest.raises(PasskeyRefused):
        new_sign_count(HERE, json.dumps(credential), challenge=challenge, known=known, person_id=LENA)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://azora.example", ("azora.example", "https://azora.example")),
        ("https://Azora.Example:443/", ("azora.example", "https://azora.example")),
        ("https://azora.example:8443", ("azora.example", "https://azora.example:8443")),
        ("http://127.0.0.1:8000", ("localhost", "http://localhost:8000")),
        ("http://[::1]:8000", ("localhost", "http://localhost:8000")),
        ("http://localhost", ("localhost", "http://localhost")),
        ("http://azora.example", None),
        ("https://192.0.2.7", None),
        ("https://[2001:db8::1]:8000", None),
        ("", None),
    ],
)
def test_a_site_has_a_name_for_passkeys_where_browsers_allow_one(
    url: str, found: tuple[str, str] | None
) -> None:
    assert relying_party(url) == (RelyingParty(*found) if found else None)


@given(st.text(max_size=200))
def test_a_name_is_one_line_that_can_be_kept(text: str) -> None:
    name = clean_name(text, otherwise="Passkey")
    assert 1 <= len(name) <= 60
    assert name.isprintable() or all(sign not in name for sign in "\0\n\r\u2028")
    assert name == name.strip()
    name.encode()


def test_a_name_that_was_left_out_is_made_up() -> None:
    assert clean_name(" \n ", otherwise="Chrome on Mac") == "Chrome on Mac"
    assert clean_name("  my\tphone ", otherwise="x") == "my phone"
