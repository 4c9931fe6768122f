"""Secrets at rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.sealing import SealBroken, mark, seal, unseal

KEY = "a secret key of at least 32 characters"
PLAIN = b"JBSWY3DPEHPK3PXP"


@given(plain=st.binary(max_size=300), about=st.text(max_size=40))
def test_what_was_sealed_can_be_read_again_and_does_not_show(plain: bytes, about: str) -> None:
    sealed = seal(KEY, "totp", plain, about=about)
    assert unseal(KEY, "totp", sealed, about=about) == plain
    assert len(plain) < 8 or plain not in sealed


def test_the_same_secret_never_looks_the_same_twice() -> None:
    assert len({seal(KEY, "totp", PLAIN) for _ in range(100)}) == 100


def test_another_installation_s_key_is_named_as_the_reason() -> None:
    with pytest.raises(SealBroken, match="another AZORA_SECRET_KEY"):
        unseal(KEY + "!", "totp", seal(KEY, "totp", PLAIN))


def test_a_seal_of_one_purpose_is_none_of_another() -> None:
    with pytest.raises(SealBroken):
        unseal(KEY, "replies", seal(KEY, "totp", PLAIN))


def test_a_seal_copied_into_another_row_is_refused() -> None:
    with pytest.raises(SealBroken, match="belongs to something else"):
        unseal(KEY, "totp", seal(KEY, "totp", PLAIN, about="factor 1"), about="factor 2")


def test_every_changed_bit_and_every_missing_byte_is_seen() -> None:
    sealed = seal(KEY, "totp", PLAIN)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(SealBroken):
            unseal(KEY, "totp", bytes(changed))
        with pytest.raises(SealBroken):
            unseal(KEY, "totp", sealed[:place])


@given(message=st.binary(max_size=100))
def test_a_mark_is_the_same_again_and_of_nothing_else(message: bytes) -> None:
    ours = mark(KEY, "audit seal", message)
    assert ours == mark(KEY, "audit seal", message)
    others = {mark(KEY, "audit seal", message + b"x").value, mark(KEY, "other", message).value}
    assert ours.value not in others | {mark(KEY + "!", "audit seal", message).value}


def test_a_mark_names_its_key_without_telling_it() -> None:
    assert mark(KEY, "audit seal", b"a").key_id == mark(KEY, "audit seal", b"b").key_id
    assert mark(KEY, "audit seal", b"a").key_id != mark(KEY + "!", "audit seal", b"a").key_id
