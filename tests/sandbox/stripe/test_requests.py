"""Keys, versions, parameters, addresses: what is refused before anything is done."""

from __future__ import annotations

import base64
import socket
from urllib.parse import urlencode

import pytest
import stripe

from azora_admin.sandbox.stripe.forms import read_form
from tests.sandbox.stripe.recording import Witness
from tests.sandbox.stripe.stand_in import RawAnswer, StandIn

WITH_KEY = {"Authorization": "Bearer sk_test_azora"}


def post(stand_in: StandIn, path: str, **form: str) -> RawAnswer:
    return stand_in.raw("POST", path, body=urlencode(form).encode(), headers=WITH_KEY)


def test_half_a_request_is_none(stand_in: StandIn, client: stripe.StripeClient) -> None:
    before = len(client.v1.customers.list().data)
    head = "POST /v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_azora\r\n"
    with socket.create_connection(("127.0.0.1", stand_in.port), timeout=10) as line:
        line.sendall(f"{head}Content-Length: 30\r\n\r\n".encode())
        line.shutdown(socket.SHUT_WR)
        assert line.recv(1) == b""
    assert len(client.v1.customers.list().data) == before


def test_a_wrong_key_is_401_and_not_shown_in_full(stand_in: StandIn, witness: Witness) -> None:
    stranger = stand_in.client(witness, key="sk_test_1234567890abcdef")
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided: sk_test_") as refused:
        stranger.v1.customers.list()
    assert "1234567890" not in str(refused.value)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic not-base64"}, {"Authorization": "Bearer "}])
def test_no_key_is_401(stand_in: StandIn, headers: dict[str, str]) -> None:
    answer = stand_in.raw("GET", "/v1/customers", headers=headers)
    assert answer.status == 401
    assert answer.json["error"]["type"] == "invalid_request_error"


def test_the_key_may_come_as_basic_authentication(stand_in: StandIn) -> None:
    given = base64.b64encode(b"sk_test_azora:").decode()
    assert stand_in.raw("GET", "/v1/customers", headers={"Authorization": f"Basic {given}"}).status == 200


def test_another_account_and_another_version_are_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.PermissionError) as refused:
        client.v1.customers.list(options={"stripe_account": "acct_other"})
    assert refused.value.error is not None
    assert refused.value.error.code == "account_invalid"
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version"):
        client.v1.customers.list(options={"stripe_version": "2024-06-20"})


def test_every_answer_names_its_request_and_version(client: stripe.StripeClient, witness: Witness) -> None:
    client.v1.customers.list()
    first = witness.last.headers
    client.v1.customers.list()
    assert witness.last.headers["Request-Id"] != first["Request-Id"]
    assert first["Stripe-Version"] == "2026-10-28.endive"


def test_unknown_parameters_are_refused_by_name(stand_in: StandIn) -> None:
    answer = post(stand_in, "/v1/customers", colour="red", size="xl")
    error = answer.json["error"]
    assert answer.status == 400
    assert (error["code"], error["param"]) == ("parameter_unknown", "colour")
    assert error["message"] == "Received unknown parameters: colour, size"
    nested = post(stand_in, "/v1/customers", **{"address[planet]": "Mars"}).json["error"]
    assert nested["param"] == "address[planet]"
    assert stand_in.raw("GET", "/v1/balance?colour=red", headers=WITH_KEY).status == 400


@pytest.mark.parametrize(
    ("path", "form", "param", "code"),
    [
        ("/v1/payment_intents", {"currency": "usd"}, "amount", "parameter_missing"),
        ("/v1/payment_intents", {"amount": "1.5", "currency": "usd"}, "amount", "parameter_invalid_integer"),
        ("/v1/payment_intents", {"amount": "100", "currency": ""}, "currency", "parameter_invalid_empty"),
        ("/v1/payment_intents", {"amount": "100", "currency": "usd", "confirm": "yes"}, "confirm", None),
        (
            "/v1/payment_intents",
            {"amount": "100", "currency": "usd", "capture_method": "x"},
            "capture_method",
            None,
        ),
        (
            "/v1/payment_intents",
            {"amount[a]": "100", "currency": "usd"},
            "amount",
            "parameter_invalid_integer",
        ),
        ("/v1/payment_intents", {"amount": "100", "currency[a]": "usd"}, "currency", None),
        ("/v1/customers", {"address": "1 High Street"}, "address", None),
        ("/v1/customers", {"preferred_locales": "en"}, "preferred_locales", None),
        ("/v1/customers", {"metadata": "note"}, "metadata", None),
        ("/v1/customers", {"metadata[note]": "x" * 501}, "metadata[note]", None),
        ("/v1/customers", {f"metadata[{'k' * 41}]": "x"}, f"metadata[{'k' * 40}]", None),
        ("/v1/customers", {f"metadata[{place}]": "x" for place in range(51)}, "metadata", None),
        ("/v1/customers", {"name": "x" * 257}, "name", None),
        ("/v1/customers", {"shipping[name]": "Ada"}, "shipping[address]", "parameter_missing"),
        ("/v1/customers", {"address": "", "address[city]": "X"}, "address", None),
    ],
)
def test_a_wrong_parameter_is_named(
    stand_in: StandIn, path: str, form: dict[str, str], param: str, code: str | None
) -> None:
    answer = post(stand_in, path, **form)
    assert answer.status == 400
    assert (answer.json["error"]["param"], answer.json["error"].get("code")) == (param, code)
    assert stand_in.control("/state")["objects"] == {}


def test_an_empty_value_unsets_where_that_is_possible(client: stripe.StripeClient) -> None:
    made = client.v1.customers.create({"name": "Ada", "metadata": {"a": "b"}, "address": {"city": "X"}})
    changed = client.v1.customers.update(made.id, {"name": "", "metadata": "", "address": ""})
    assert (changed.name, changed.address) == (None, None)
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {}


def test_what_is_not_there_is_404(client: stripe.StripeClient, stand_in: StandIn) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.retrieve("cus_nobody")
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (
        404,
        "resource_missing",
        "id",
    )
    answer = stand_in.raw("GET", "/v1/nothing", headers=WITH_KEY)
    assert answer.status == 404
    assert "Unrecognized request URL (GET: /v1/nothing)" in answer.json["error"]["message"]
    assert stand_in.raw("GET", "/_sandbox/nothing").status == 404


def test_bodies_that_are_no_form_are_refused(stand_in: StandIn) -> None:
    as_json = stand_in.raw(
        "POST", "/v1/customers", body=b"{}", headers={**WITH_KEY, "Content-Type": "application/json"}
    )
    assert as_json.status == 400
    assert stand_in.raw("POST", "/v1/customers", body=b"name=\xff", headers=WITH_KEY).status == 400
    assert stand_in.raw("POST", "/v1/customers?name=Ada", body=b"", headers=WITH_KEY).status == 400
    assert (
        stand_in.raw("POST", "/v1/customers", body=b"name=" + b"x" * 1_000_001, headers=WITH_KEY).status
        == 413
    )
    assert stand_in.raw("POST", "/_sandbox/clock", body=b"{").status == 400


def test_forms_nest_as_deep_as_their_names() -> None:
    assert read_form("a=1&b[c]=2&b[d][e]=3&f[0]=x&f[1]=y&g[]=p&g[]=q&h=") == {
        "a": "1", "b": {"c": "2", "d": {"e": "3"}}, "f": {"0": "x", "1": "y"}, "g": {"0": "p", "1": "q"}, "h": "",
    }  # fmt: skip
