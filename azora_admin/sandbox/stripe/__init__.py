"""A stateful stand-in for Stripe's API: real HTTP, modern shapes, one SQLite file, signed deliveries.

It serves one API version. What it does not serve it refuses with an error, it never ignores a parameter.
A request runs: ``server`` (sockets) → ``dispatch`` (key, version, fault, idempotency, one transaction)
→ a resource's handler with a ``Book`` → ``expand`` → the answer. Whatever is due later is done by
``clockwork``, whatever is announced is sent by ``deliveries``. A new resource is a new file in
``resources/`` (see its docstring) and touches nothing that stands.
"""

from typing import Final

API_VERSION: Final = "2026-10-28.endive"
ACCOUNT: Final = "acct_1AzoraSandbox0000"
