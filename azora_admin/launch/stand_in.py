"""Stripe's stand-in beside the demo: started, found by the port it tells, and told where to send its events."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from azora_admin.core.config import Settings
from azora_admin.launch import home as homes
from azora_admin.launch import processes
from azora_admin.launch.home import Home
from azora_admin.launch.port import any_free_port, is_free
from azora_admin.launch.problem import LaunchError


def start(home: Home, log: Path, *, port: int) -> subprocess.Popen[bytes]:
    """Start the stand-in on ``port`` with this home's book and keys."""
    command = [
        sys.executable,
        "-m",
        "azora_admin.sandbox.stripe",
        "--port",
        str(port),
        "--data",
        str(home.stripe),
    ]
    command += ["--api-key", api_key(home)]
    return processes.start(command, log=log)


def api_key(home: Home) -> str:
    """The key that this home's stand-in accepts."""
    return homes.kept_secret(home, "stripe_api_key", "sk_test_")


def usable_port(home: Home) -> int:
    """The port of the last start if it is free, else another; kept, so that addresses stay the same."""
    file = home.stripe / "port"
    before = int(file.read_text()) if file.exists() else 0
    port = before if before and is_free("127.0.0.1", before) else any_free_port()
    file.write_text(str(port))
    return port


def wait_until_listening(
    process: subprocess.Popen[bytes], log: Path, *, port: int, within: float = 20
) -> str:
    """The stand-in's address once it answers. Raises LaunchError when it ends or is too slow."""
    deadline = time.monotonic() + within
    while True:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            if not processes.has_ended(process):
                return f"http://127.0.0.1:{port}"
        if processes.has_ended(process) or time.monotonic() > deadline:
            raise LaunchError(
                f"Stripe's stand-in did not start. The end of {log}:\n{processes.last_lines(log)}"
            )
        time.sleep(0.05)


def register_webhooks(home: Home, settings: Settings) -> str:
    """Have Stripe's stand-in send its events to us; the secret that signs them, kept in the home."""
    from azora_admin.gateways.stripe.client import StripeConnection
    from azora_admin.gateways.stripe.webhooks import ensure_endpoint
    from azora_admin.jobs.stripe_events import FLOWS

    url = f"{settings.public_url}/webhooks/stripe"
    kept = homes.find_secret(home, "stripe_webhook_secret")
    secret = ensure_endpoint(StripeConnection(settings), url=url, events=sorted(FLOWS), secret=kept)
    homes.keep_secret(home, "stripe_webhook_secret", secret)
    _forget_former_addresses(settings, url)
    return secret


def _forget_former_addresses(settings: Settings, url: str) -> None:
    """The book is this home's alone: another address is where an earlier start listened."""
    listed = _call(settings, "GET", "/v1/webhook_endpoints?limit=100")
    for endpoint in listed["data"]:
        if endpoint["url"] != url:
            _call(settings, "DELETE", f"/v1/webhook_endpoints/{endpoint['id']}")


def _call(settings: Settings, method: str, path: str) -> dict[str, Any]:
    """One call to the stand-in (http, and on this machine)."""
    key = settings.stripe_api_key.get_secret_value()
    request = urllib.request.Request(  # noqa: S310
        settings.stripe_api_base + path, method=method, headers={"Authorization": f"Bearer {key}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        body: dict[str, Any] = json.load(answer)
    return body
