"""One request of the API, from its headers to its answer."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from azora_admin.sandbox.stripe import ACCOUNT, API_VERSION, faults, idempotency
from azora_admin.sandbox.stripe.book import Book, Cause
from azora_admin.sandbox.stripe.errors import ApiError, refused_parameter
from azora_admin.sandbox.stripe.expand import expand
from azora_admin.sandbox.stripe.forms import read_form, read_multipart
from azora_admin.sandbox.stripe.idempotency import Kept
from azora_admin.sandbox.stripe.identifiers import new_identifier
from azora_admin.sandbox.stripe.json_types import Form, Json
from azora_admin.sandbox.stripe.registry import Answer, Call, Route
from azora_admin.sandbox.stripe.store import dumps
from azora_admin.sandbox.stripe.world import World

Ending = Literal["answer", "reset", "silence"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """What came over the wire; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    base_url: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What goes back; ``ending`` other than "answer" leaves the client without one."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    ending: Ending = "answer"


def respond(world: World, incoming: Incoming) -> Outgoing:
    """The answer to one request; every change it made is committed when this returns."""
    request_id = new_identifier("req", 14)
    fault = world.faults.take(incoming.method, incoming.path)
    try:
        if fault == "reset_before":
            return Outgoing(0, b"", ending="reset")
        if fault in faults.BEFORE:
            raise faults.refusal_before(fault)
        outgoing = _executed(world, incoming, request_id, fault)
    except ApiError as error:
        outgoing = _refusal(error)
    outgoing.headers.update({"Request-Id": outgoing.headers.get("Request-Id", request_id)})
    outgoing.headers.setdefault("Stripe-Version", API_VERSION)
    if "idempotency-key" in incoming.headers:
        outgoing.headers["Idempotency-Key"] = incoming.headers["idempotency-key"]
    return _broken_off(outgoing, fault)


def _executed(world: World, incoming: Incoming, request_id: str, fault: str | None) -> Outgoing:
    has_secret_key = _check_key(world, incoming.headers)
    _check_version(incoming.headers)
    found = world.registry.find_route(incoming.method, incoming.path)
    if found is None:
        raise _unrecognized(incoming)
    route, names = found
    if not has_secret_key and not route.takes_publishable_key:
        raise ApiError(
            403,
            "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a "
            "list of your API keys at https://dashboard.stripe.com/account/apikeys.",
            code="secret_key_required",
            kept=False,
        )
    form = _read_form(incoming)
    request = _Request(world, incoming, route, names, form, has_secret_key, request_id, fault)
    key = incoming.headers.get("idempotency-key", "")
    if incoming.method != "POST" or not key:
        return request.run(None)
    idempotency.check_length(key)
    with _in_flight(world, key):
        return request.run(key)


@dataclass(frozen=True, slots=True)
class _Request:
    world: World
    incoming: Incoming
    route: Route
    names: Mapping[str, str]
    form: Form
    has_secret_key: bool
    request_id: str
    fault: str | None

    def run(self, key: str | None) -> Outgoing:
        if self.fault == "stall":
            self.world.faults.stall()
        cause = Cause(self.request_id, key)
        try:
            with self.world.transaction(cause) as book:
                kept = idempotency.find_kept(book, key, self.incoming.path, self.form) if key else None
                return _replayed(kept) if kept else self._first_time(book, key)
        except ApiError as error:
            if key and error.kept:
                with self.world.transaction(cause) as book:
                    self._keep(book, key, error.status, dumps(error.body).encode())
            raise

    def _first_time(self, book: Book, key: str | None) -> Outgoing:
        params = self.route.accepted.read(self.form, "") or {}
        asked = params.pop("expand", [])
        call = Call(params, self.names, self.has_secret_key, self.incoming.base_url)
        result = self.route.handler(call, book)
        status, body = (result.status, result.body) if isinstance(result, Answer) else (200, result)
        if status == 200:
            expand(book, body, asked)
        if self.fault == "500_after":
            status, body = 500, faults.server_error().body
        encoded = dumps(body).encode()
        headers = {}
        if key:
            self._keep(book, key, status, encoded)
            headers = {"Original-Request": self.request_id}
        if status != 200:
            headers["Stripe-Should-Retry"] = "false" if status < 500 else "true"
        return Outgoing(status, encoded, headers)

    def _keep(self, book: Book, key: str, status: int, body: bytes) -> None:
        idempotency.keep(book, key, self.incoming.path, self.form, Kept(self.request_id, status, body))


@contextmanager
def _in_flight(world: World, key: str) -> Iterator[None]:
    place = (ACCOUNT, key)
    with world.in_flight_lock:
        if place in world.in_flight:
            raise idempotency.in_use(key)
        world.in_flight.add(place)
    try:
        yield
    finally:
        with world.in_flight_lock:
            world.in_flight.discard(place)


def _replayed(kept: Kept) -> Outgoing:
    headers = {"Idempotent-Replayed": "true", "Original-Request": kept.request_id}
    return Outgoing(kept.status, kept.body, headers)


def _refusal(error: ApiError) -> Outgoing:
    headers = {"Stripe-Should-Retry": "false"} if error.status in (400, 402, 404) else {}
    return Outgoing(error.status, json.dumps(error.body, indent=2).encode(), headers | error.headers)


def _broken_off(outgoing: Outgoing, fault: str | None) -> Outgoing:
    endings: dict[str | None, Ending] = {"timeout_after": "silence", "reset_after": "reset"}
    return Outgoing(outgoing.status, outgoing.body, outgoing.headers, endings.get(fault, outgoing.ending))


def _check_key(world: World, headers: Mapping[str, str]) -> bool:
    """True for the secret key, False for the publishable one. Raises ApiError 401 for anything else."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            given = ""
    if not given:
        raise ApiError(
            401,
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api "
            "for details, or we can help at https://support.stripe.com/.",
            kept=False,
        )
    if given not in (world.api_key, world.publishable_key):
        shown = given[:8] + "*" * max(4, len(given) - 12) + given[-4:]
        raise ApiError(401, f"Invalid API Key provided: {shown}", kept=False)
    account = headers.get("stripe-account", ACCOUNT)
    if account != ACCOUNT:
        raise ApiError(
            403,
            f"The provided key does not have access to account '{account}' (or that account does not exist). "
            "Application access may have been revoked.",
            code="account_invalid",
            kept=False,
        )
    return given == world.api_key


def _check_version(headers: Mapping[str, str]) -> None:
    version = headers.get("stripe-version", API_VERSION)
    if version != API_VERSION:
        raise ApiError(
            400,
            f"Invalid Stripe API version: {version}. This stand-in speaks {API_VERSION} alone.",
            kept=False,
        )


def _read_form(incoming: Incoming) -> Form:
    if incoming.method != "POST":
        return read_form(incoming.query)
    if incoming.query:
        raise refused_parameter("Parameters of a POST belong in its body.", None)
    content_type = incoming.headers.get("content-type", "application/x-www-form-urlencoded")
    kind = content_type.partition(";")[0].strip()
    if incoming.path == "/v1/files" and kind == "multipart/form-data":
        return read_multipart(incoming.body, content_type)
    if incoming.body and kind != "application/x-www-form-urlencoded":
        raise refused_parameter(
            f"Invalid request (check that your POST content type is application/x-www-form-urlencoded): {kind}",
            None,
        )
    try:
        return read_form(incoming.body.decode())
    except UnicodeDecodeError:
        raise refused_parameter("Invalid request: the body is not UTF-8.", None) from None


def _unrecognized(incoming: Incoming) -> ApiError:
    return ApiError(
        404,
        f"Unrecognized request URL ({incoming.method}: {incoming.path}). Please see https://stripe.com/docs or we can "
        "help at https://support.stripe.com/.",
        kept=False,
    )


def json_answer(body: Json, status: int = 200) -> Outgoing:
    """An answer of the controls."""
    return Outgoing(status, json.dumps(body, indent=2).encode())
