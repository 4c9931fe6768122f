"""``python -m azora_admin.sandbox.stripe --port P --data DIR``: the stand-in, until it is told to end."""

from __future__ import annotations

import argparse
from pathlib import Path

from azora_admin.sandbox.stripe.server import serve


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m azora_admin.sandbox.stripe", description=__doc__)
    options.add_argument("--port", type=int, required=True, help="0 picks a free one")
    options.add_argument("--data", type=Path, required=True, help="folder of its database")
    options.add_argument("--api-key", default="sk_test_azora")
    options.add_argument("--publishable-key", default="pk_test_azora")
    given = options.parse_args()
    serve(
        host="127.0.0.1",
        port=given.port,
        data=given.data,
        api_key=given.api_key,
        publishable_key=given.publishable_key,
    )


if __name__ == "__main__":
    main()
