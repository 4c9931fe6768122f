"""Passkeys (WebAuthn): what we ask a browser for, and whether what it brings is what we asked for. Pure.

The device always verifies its person (finger, face, PIN), so that a passkey is two factors in one. py_webauthn does the
cryptography; whatever it dislikes leaves here as ``passkey_refused``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

import webauthn
from cryptography.exceptions import UnsupportedAlgorithm
from webauthn.helpers import (
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from azora_admin.core.errors import Unauthenticated
from azora_admin.core.ids import PersonId
from azora_admin.identity.rules.relying_party import NAME, RelyingParty

CHALLENGE_LIFE: Final = timedelta(minutes=5)
CHALLENGE_BYTES: Final = 32
_TIMEOUT: Final = int(CHALLENGE_LIFE.total_seconds()) * 1000
# What py_webauthn and the libraries under it raise for bytes that make no sense.
_REFUSALS: Final = (
    WebAuthnException,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)

Purpose = Literal["register", "second", "sign_in", "prove"]


class PasskeyRefused(Unauthenticated):
    """The passkey is unknown, or its answer is not to the question that we asked."""

    def __init__(self, detail: str = "This passkey was not accepted. Try again, or use another way.") -> None:
        super().__init__("passkey_refused", detail)


@dataclass(frozen=True, slots=True)
class KnownPasskey:
    """What has to be known of a passkey to check its next answer."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey as it was registered. ``is_synced``: its owner's devices share it."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    is_synced: bool


def creation_options(
    party: RelyingParty,
    *,
    person_id: PersonId,
    email: str,
    name: str,
    challenge: bytes,
    known: Sequence[KnownPasskey],
) -> dict[str, Any]:
    """What ``navigator.credentials.create`` wants: a passkey that its device keeps, on a device without one of ours."""
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=NAME,
        user_id=person_id.bytes,
        user_name=email,
        user_display_name=name,
        challenge=challenge,
        timeout=_TIMEOUT,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(known),
    )
    return options_to_json_dict(options)


def request_options(
    party: RelyingParty, *, challenge: bytes, known: Sequence[KnownPasskey]
) -> dict[str, Any]:
    """What ``navigator.credentials.get`` wants; without ``known`` any passkey for this site will do."""
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=_TIMEOUT,
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def read_new(party: RelyingParty, credential: str, *, challenge: bytes) -> NewPasskey:
    """The passkey that a browser made (``credential``: its JSON). Raises PasskeyRefused."""
    with _refusing():
        parsed = parse_registration_credential_json(credential)
        verified = webauthn.verify_registration_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    return NewPasskey(
        verified.credential_id,
        verified.credential_public_key,
        verified.sign_count,
        tuple(transport.value for transport in parsed.response.transports or ()),
        verified.credential_backed_up,
    )


def credential_id(credential: str) -> bytes:
    """Which passkey a browser answers with. Raises PasskeyRefused."""
    with _refusing():
        return parse_authentication_credential_json(credential).raw_id


def new_sign_count(
    party: RelyingParty, credential: str, *, challenge: bytes, known: KnownPasskey, person_id: PersonId
) -> int:
    """Check the answer of a known passkey of ``person_id``; returns how often it has been used by its own count.

    Raises PasskeyRefused; also for a count that did not grow, which is the mark of a copied key.
    """
    with _refusing():
        parsed = parse_authentication_credential_json(credential)
        if parsed.response.user_handle not in (None, person_id.bytes):
            raise PasskeyRefused
        verified = webauthn.verify_authentication_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        )
    return verified.new_sign_count


def clean_name(text: str, *, otherwise: str) -> str:
    """What a person calls a factor: one line of up to 60 characters; ``otherwise`` when they left it empty."""
    line = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\s]+", " ", text).strip()
    return line[:60].rstrip() or otherwise


def _descriptors(known: Sequence[KnownPasskey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            one.credential_id, transports=[AuthenticatorTransport(name) for name in one.transports]
        )
        for one in known
    ]


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except _REFUSALS as error:
        raise PasskeyRefused from error
