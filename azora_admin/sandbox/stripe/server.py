"""The sockets: HTTP/1.1 with keep-alive on 127.0.0.1, one thread a connection, every answer in one write.

One write and TCP_NODELAY matter: header and body in two small packets cost a client 40 ms a call.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import Any, Final
from urllib.parse import urlsplit

from azora_admin.sandbox.stripe import controls, hosted
from azora_admin.sandbox.stripe.clockwork import Clockwork
from azora_admin.sandbox.stripe.deliveries import Deliveries
from azora_admin.sandbox.stripe.dispatch import Incoming, Outgoing, respond
from azora_admin.sandbox.stripe.store import StoreClosed
from azora_admin.sandbox.stripe.world import World

LARGEST_BODY: Final = 1_000_000
_LARGEST_UPLOAD: Final = 6_000_000


def serve(*, host: str, port: int, data: Path, api_key: str, publishable_key: str) -> None:
    """Serves until SIGTERM or SIGINT; port 0 picks a free one. The first line printed tells the address."""
    world = World(data, api_key=api_key, publishable_key=publishable_key)
    Clockwork(world, Deliveries(world)).start()
    server = Server((host, port), world)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"listening http://{host}:{server.server_address[1]}", flush=True)  # noqa: T201 - the promise
    server.serve_forever(poll_interval=0.1)
    world.end()
    server.server_close()


class Server(ThreadingHTTPServer):
    """Threads end with the process; nothing is waited for but the transaction under way."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], world: World) -> None:
        self.world = world
        super().__init__(address, Connection)

    def server_bind(self) -> None:
        # Without HTTPServer's look-up of the host's name, which can take seconds where there is no resolver.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is printed by the base class."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError, StoreClosed)):
            super().handle_error(request, client_address)


class Connection(BaseHTTPRequestHandler):
    """Reads requests, lets the world answer, and breaks the connection where a fault wants it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 300
    server: Server

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        is_upload = self.path == "/v1/files"
        if length > (_LARGEST_UPLOAD if is_upload else LARGEST_BODY):
            self.close_connection = True
            self._discard(length)
            self._send(
                Outgoing(413, b'{"error": {"message": "Too large.", "type": "invalid_request_error"}}')
            )
            return
        body = self.rfile.read(length) if length else b""
        if len(body) < length:
            # Its sender died while sending: half a request is none.
            self.close_connection = True
            return
        target = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        port = self.server.server_port
        base_url = f"http://{headers.get('host') or f'127.0.0.1:{port}'}"
        incoming = Incoming(self.command, target.path, target.query, headers, body, base_url)
        self._send(self._answer(incoming))

    def _discard(self, length: int) -> None:
        """Reads what is too large, within reason: a client that is still writing would not read the answer."""
        left = min(length, 16 * LARGEST_BODY)
        while left > 0 and (chunk := self.rfile.read(min(left, 65_536))):
            left -= len(chunk)

    def _answer(self, incoming: Incoming) -> Outgoing:
        world = self.server.world
        if incoming.path.startswith("/_sandbox/"):
            return controls.respond(world, incoming)
        if incoming.path.startswith("/hosted/"):
            return hosted.respond(world, incoming)
        return respond(world, incoming)

    do_GET = do_POST = do_DELETE = handle_any  # noqa: N815 - the base class finds them by these names

    def _send(self, outgoing: Outgoing) -> None:
        if outgoing.ending == "reset":
            self._reset()
            return
        if outgoing.ending == "silence":
            self._say_nothing()
            return
        headers = {"Content-Type": "application/json", "Server": "azora-sandbox"} | outgoing.headers
        headers["Content-Length"] = str(len(outgoing.body))
        if self.close_connection:
            headers["Connection"] = "close"
        phrase = self.responses.get(outgoing.status, ("",))[0]
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        status_line = f"HTTP/1.1 {outgoing.status} {phrase}\r\n"
        self.wfile.write(f"{status_line}{head}\r\n".encode("latin-1", "replace") + outgoing.body)

    def _reset(self) -> None:
        """Ends with RST instead of FIN, as when a server's machine dies."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
        self.close_connection = True

    def _say_nothing(self) -> None:
        """Keeps the client waiting until it gives up or this process ends."""
        self.close_connection = True
        while not self.server.world.ending.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.2)
            if readable and not self.connection.recv(4096):
                return

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Requests are not logged."""
