"""The keys that sign and verify access tokens, as this process knows them.

They are read again every minute, and at once (though not more often than every few seconds) when a token names a key
that is not among them: so a rotation needs no restart, and whoever sends made-up tokens can't keep the database busy.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from sqlalchemy.exc import OperationalError

from azora_admin.core import clock, db
from azora_admin.identity.actions.signing_keys import ensure_signing_key
from azora_admin.identity.queries.signing_keys import KeysFound, read_signing_keys
from azora_admin.identity.rules import CLOCKWORK
from azora_admin.identity.rules.signing_keys import READ_EVERY, SigningKey, find_signer, verifying
from azora_admin.identity.rules.tokens import Claims, head_of

log = logging.getLogger(__name__)

# An unknown key makes us look again only after this; so does a look that the database did not answer.
_PAUSE: Final = timedelta(seconds=5)
_PATIENCE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys as of ``read_at``. ``verified``: the claims of tokens that these keys were found to have signed."""

    found: KeysFound
    by_head: dict[str, SigningKey]
    read_at: datetime
    next_read_at: datetime
    verified: OrderedDict[str, Claims] = field(default_factory=OrderedDict)


class KeyRing:
    """The keys that ``find_keys`` finds, remembered; any thread may ask."""

    def __init__(self, find_keys: Callable[[], KeysFound]) -> None:
        self._find_keys = find_keys
        self._lock = Lock()
        self._keys: Keys | None = None

    def keys(self) -> Keys:
        """The keys, read within the last minute, or when the database last answered.

        Raises OperationalError when they were never read and can't be now.
        """
        keys = self._keys
        if keys is None:
            with self._lock:
                return self._keys or self._read(None)
        now = clock.now()
        # Whichever way a clock was set, it is not long until the next look.
        if keys.read_at - _PAUSE <= now < keys.next_read_at:
            return keys
        return self._read_again(keys, patience_seconds=0.0)

    def signing_key(self) -> SigningKey:
        """The key that signs now."""
        keys = self.keys()
        signer = find_signer(keys.found.usable, clock.now())
        if signer is None:
            raise RuntimeError("no key signs at this time: the clock was set back to before the first one")
        return signer

    def find(self, head: str) -> tuple[Keys, SigningKey | None]:
        """The key whose tokens begin with ``head``, or None after a second look."""
        keys = self.keys()
        key = keys.by_head.get(head)
        if key is None and clock.now() - keys.read_at >= _PAUSE and _may_be_a_head(head, keys):
            keys = self._read_again(keys, patience_seconds=_PATIENCE_SECONDS)
            key = keys.by_head.get(head)
        return keys, key

    def published(self) -> list[SigningKey]:
        """The keys whose public halves others need: those that verify, and the one that is to sign next."""
        return verifying(self.keys().found.usable, clock.now())

    def _read_again(self, known: Keys, *, patience_seconds: float) -> Keys:
        """Newer keys than ``known``, read by one thread; the others go on with what there is."""
        if not self._lock.acquire(timeout=patience_seconds):
            return self._keys or known
        try:
            if self._keys is not None and self._keys is not known:
                return self._keys
            return self._read(known)
        except OperationalError as error:
            log.warning("the signing keys could not be read again: %s", error.orig)
            now = clock.now()
            self._keys = replace(known, read_at=now, next_read_at=now + _PAUSE)
            return self._keys
        finally:
            self._lock.release()

    def _read(self, known: Keys | None) -> Keys:
        found = self._find_keys()
        now = clock.now()
        keys = Keys(found, {head_of(key): key for key in found.usable}, now, now + READ_EVERY)
        if known is not None and known.by_head.keys() == keys.by_head.keys():
            keys = replace(keys, verified=known.verified)
        if found.foreign and (known is None or known.found.foreign != found.foreign):
            log.warning(
                "signing keys that another AZORA_SECRET_KEY sealed are not used: %s",
                ", ".join(sorted(found.foreign)),
            )
        self._keys = keys
        return keys


def find_keys(secret_key: str) -> KeysFound:
    """What the database has of keys; the first one is made when none signs. Not inside a transaction."""
    with db.reading() as session:
        found = read_signing_keys(session, secret_key=secret_key)
    if find_signer(found.usable, clock.now()) is not None:
        return found
    with db.transaction() as session:
        ensure_signing_key(session, CLOCKWORK, secret_key=secret_key)
        return read_signing_keys(session, secret_key=secret_key)


def _may_be_a_head(head: str, keys: Keys) -> bool:
    """Whether ``head`` is as long as ours are: all thumbprints are."""
    return any(len(one) == len(head) for one in keys.by_head)
