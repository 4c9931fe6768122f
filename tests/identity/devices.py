"""A device that keeps passkeys, as far as a site can tell: real keys, real signatures, faults on demand."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

USER_PRESENT, USER_VERIFIED, HAS_CREDENTIAL = 0x01, 0x04, 0x40


@dataclass
class Kept:
    """One passkey of the device."""

    party: str
    user: bytes
    private: ec.EllipticCurvePrivateKey


@dataclass
class Device:
    """Makes passkeys and answers with them. ``counts``: it counts its signatures, as security keys do."""

    origin: str = "http://localhost:8000"
    verifies: bool = True
    counts: bool = True
    used: int = 0
    kept: dict[bytes, Kept] = field(default_factory=dict)

    def create(self, options: dict[str, Any]) -> str:
        """What ``navigator.credentials.create`` brings for ``options``, as JSON."""
        identity, private = os.urandom(32), ec.generate_private_key(ec.SECP256R1())
        self.kept[identity] = Kept(options["rp"]["id"], unpacked(options["user"]["id"]), private)
        numbers = private.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        credential = bytes(16) + len(identity).to_bytes(2) + identity + cbor2.dumps(cose)
        data = self._data(options["rp"]["id"], HAS_CREDENTIAL) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        response = {
            "clientDataJSON": packed(client),
            "attestationObject": packed(attestation),
            "transports": ["internal", "hybrid", "x-new"],
        }
        return self._credential(identity, response)

    def get(self, options: dict[str, Any], *, identity: bytes | None = None) -> str:
        """What ``navigator.credentials.get`` brings for ``options``, as JSON."""
        allowed = [unpacked(one["id"]) for one in options.get("allowCredentials", [])]
        identity = identity or next(one for one in self.kept if not allowed or one in allowed)
        key = self.kept[identity]
        self.used += 1
        data = self._data(options["rpId"], 0)
        client = self._client("webauthn.get", options["challenge"])
        signed = key.private.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": packed(client),
            "authenticatorData": packed(data),
            "signature": packed(signed),
            "userHandle": packed(key.user),
        }
        return self._credential(identity, response)

    def _data(self, party: str, flags: int) -> bytes:
        flags |= USER_PRESENT | (USER_VERIFIED if self.verifies else 0)
        count = self.used if self.counts else 0
        return hashlib.sha256(party.encode()).digest() + bytes([flags]) + count.to_bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _credential(self, identity: bytes, response: dict[str, Any]) -> str:
        whole = {
            "id": packed(identity),
            "rawId": packed(identity),
            "type": "public-key",
            "response": response,
        }
        return json.dumps(whole | {"clientExtensionResults": {}, "authenticatorAttachment": "platform"})


def packed(raw: bytes) -> str:
    """Base64url without padding, as browsers write it."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unpacked(text: str) -> bytes:
    """The bytes of a base64url text."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
