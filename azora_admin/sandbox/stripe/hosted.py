"""The page a customer sees for 3-D Secure: two plain buttons, then back to the shop's return_url."""

from __future__ import annotations

import html
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from azora_admin.core.money import from_stripe, money_text
from azora_admin.sandbox.stripe.confirming import authenticate
from azora_admin.sandbox.stripe.dispatch import Incoming, Outgoing
from azora_admin.sandbox.stripe.errors import ApiError
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.setting_up import authenticate_setup
from azora_admin.sandbox.stripe.world import World

_PREFIX = "/hosted/authenticate/"
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "no-store",
}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:12vh auto;padding:0 1rem;color:#1a1f36}"
    "button{font:inherit;padding:.6rem 1.2rem;border-radius:.5rem;border:1px solid #697386;background:#fff;"
    "margin-right:.6rem}button[value=approve]{background:#0a5bd3;color:#fff;border-color:#0a5bd3}"
    "@media(prefers-color-scheme:dark){body{background:#1a1f36;color:#f7fafc}}"
)


def respond(world: World, incoming: Incoming) -> Outgoing:
    """GET shows the question; POST with ``outcome`` answers it and sends the customer on (303)."""
    if not incoming.path.startswith(_PREFIX):
        return _page("Not found", "<p>There is no such page.</p>", 404)
    secret = parse_qs(incoming.query).get("client_secret", [""])[0]
    outcome = parse_qs(incoming.body.decode("utf-8", "replace")).get("outcome", [""])[0]
    try:
        with world.transaction() as book:
            intent_id = incoming.path.removeprefix(_PREFIX)
            intent = book.find("payment_intent", intent_id) or book.find("setup_intent", intent_id)
            if intent is None or intent["client_secret"] != secret:
                return _page("Not found", "<p>There is no such payment.</p>", 404)
            if incoming.method == "POST" and outcome in ("approve", "fail"):
                ask = authenticate if intent["object"] == "payment_intent" else authenticate_setup
                ask(book, intent, outcome)
    except ApiError as error:
        return _page("Nothing to do", f"<p>{html.escape(str(error))}</p>", 400)
    if incoming.method == "POST":
        return _sent_on(intent)
    return _question(intent)


def _question(intent: Json) -> Outgoing:
    what = "saving of this card"
    if intent["object"] == "payment_intent":
        amount = money_text(from_stripe(intent["amount"], intent["currency"]))
        what = f"payment of <strong>{html.escape(amount)}</strong>"
    if intent["status"] != "requires_action":
        return _page("Nothing to do", f"<p>This {what} needs no authentication.</p>", 200)
    return _page(
        "3-D Secure",
        f"<p>Your bank asks: is this {what} yours? (A test: no bank is asked.)</p><form method='post'>"
        "<button name='outcome' value='approve'>Approve</button>"
        "<button name='outcome' value='fail'>Fail</button></form>",
        200,
    )


def _sent_on(intent: Json) -> Outgoing:
    if not intent["_return_url"]:
        return _page("Done", "<p>You can close this page.</p>", 200)
    target = urlsplit(intent["_return_url"])
    went_well = intent["status"] in ("succeeded", "requires_capture")
    kind = intent["object"]
    more = urlencode(
        {
            kind: intent["id"],
            f"{kind}_client_secret": intent["client_secret"],
            "redirect_status": "succeeded" if went_well else "failed",
        }
    )
    location = urlunsplit(target._replace(query=f"{target.query}&{more}" if target.query else more))
    return Outgoing(303, b"", _HEADERS | {"Location": location})


def _page(title: str, inside: str, status: int) -> Outgoing:
    text = (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>{title}</title><style>{_STYLE}</style><main><h1>{title}</h1>{inside}</main></html>"
    )
    return Outgoing(status, text.encode(), dict(_HEADERS))
