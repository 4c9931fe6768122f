"""For whoever verifies our access tokens with a library of their own: the public keys (RFC 7517)."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from azora_admin.api import answers, bearer, conditional, shapes
from azora_admin.api.description import TOKENS, Answer, Header, describe
from azora_admin.api.keyring import KeyRing
from azora_admin.identity.rules.signing_keys import KEPT_BY_OTHERS

_KEPT: Final = Header("Cache-Control", "For how many seconds it is good.")


def blueprint(ring: KeyRing) -> Blueprint:
    """GET /.well-known/jwks.json, open to anyone."""
    well_known = Blueprint("well_known", __name__, url_prefix="/.well-known")
    bearer.open_to_all(well_known)

    @well_known.get("/jwks.json")
    @describe("list_public_keys", TOKENS, Answer(200, shapes.PublicKeys, [_KEPT]))
    def jwks() -> Response:
        """Get the public keys.

        They verify access tokens, for whoever does so with a library of their own. Keep them for as long as
        `Cache-Control` says, and ask again when a token names another key. A new key stands here before it signs.
        """
        keys = ring.published()
        return conditional.public_answer(
            lambda: {"keys": [answers.public_key(key) for key in keys]},
            key=" ".join(key.kid for key in keys),
            kept_for=KEPT_BY_OTHERS,
        )

    return well_known
