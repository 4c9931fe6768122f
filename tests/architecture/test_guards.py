"""A page can't forget its permission: every blueprint is guarded, or open to all for a reason named here."""

from __future__ import annotations

from typing import Final

from flask import Flask

from azora_admin.identity.rules import Action

# Blueprint → why anybody may call its routes.
OPEN: Final = {
    "sign_in": "one signs in there",
    "sign_up": "one opens an account there",
    "forgotten": "one can't sign in without the password that one forgot; the link is the permission",
    "confirming": "the link is the permission",
    "mailbox": "the demo's alone, in which everybody may be anybody",
    "seeing": "it asks for the session by itself, and only ever ends a look",
    "second_step": "whoever gave the right password goes on there",
    "operations": "whoever runs this asks it; it tells nothing of anybody",
    "well_known": "public keys are for everybody",
    "webhooks": "the signature is the permission",
    "api_v1.auth": "one gets a token there",
    "api_v1.users": "one signs up there",
    "api_v1.links": "the mailed token is the permission",
    "api_v1.courses": "the shelf is public",
    "reference": "the same, for people",
    "api_v1.contract": "one reads there how to call, before one has a token",
}

# Route → why it needs no idempotency key.
REPEATABLE: Final = {
    "webhooks.receive": "the event's id is its key",
    "api_v1.auth.token": "a second token does no harm, and the first is in nobody's hands",
    "api_v1.auth.refresh": "the same token leads to the same successor, or is refused",
    "api_v1.auth.revoke": "twice is once",
    "api_v1.links.forgot": "a second link takes the place of the first, and mails are counted",
    "api_v1.links.reset": "the link can be used once",
    "api_v1.links.confirm": "the link can be used once",
    "api_v1.credentials.email": "a second link takes the place of the first, and mails are counted",
    "api_v1.credentials.confirmation": "a second link takes the place of the first, and mails are counted",
    "api_v1.credentials.password": "the second time the current password is another one",
    "admin.people_sign_out": "twice is once",
    "admin.people_sign_out_everywhere": "twice is once",
    "sign_up.submit": "an address has one account",
    "forgotten.ask": "a second link takes the place of the first, and mails are counted",
    "forgotten.choose": "the link can be used once",
    "confirming.submit": "the link can be used once",
    "account.confirmation": "a second link takes the place of the first, and mails are counted",
    "account.change_email": "a second link takes the place of the first, and mails are counted",
    "account.change_password": "the second time the current password is another one",
    "api_v1.refunds.preview": "it changes nothing",
    "admin.refund_policy_simulate": "it changes nothing",
    "api_v1.refund_requests.preview": "it changes nothing",
    "admin.payments_refund_preview": "it changes nothing",
    "sign_in.submit": "a second session replaces the first",
    "sign_in.ask_passkey": "a question that nobody answers is forgotten",
    "sign_in.submit_passkey": "a question is answered once",
    "sign_in.sign_out": "twice is once",
    "sign_in.theme": "twice is once",
    "seeing.stop": "twice is once",
    "admin.events_rehearse": "it changes nothing: what it does is rolled back",
    "admin.audit_export": "it changes nothing; the log says that it was made twice",
    "admin.payment_exports_download": "it sends a file, and each sending is noted",
    "jump.set_keys": "twice is once",
    "second_step.submit": "half a sign-in becomes a whole one once",
    "second_step.ask_second": "a question that nobody answers is forgotten",
    "second_step.second_passkey": "a question is answered once",
    "proof.submit": "twice is once",
    "proof.ask": "a question that nobody answers is forgotten",
    "proof.submit_passkey": "a question is answered once",
    "security.end_session": "twice is once",
    "security.end_app": "twice is once",
    "security.revoke_key": "twice is once",
    "security.make_key": "one key more does no harm, and the last one made is the one that is shown",
    "security.end_other_sessions": "twice is once",
    "factors.add_app": "an offered secret is kept once",
    "factors.ask_passkey": "a question that nobody answers is forgotten",
    "factors.add_passkey": "a question is answered once",
    "factors.remove": "twice is once",
    "factors.renew_recovery_codes": "the last codes count, and they are the ones that are shown",
}


def test_every_blueprint_with_a_route_has_a_guard_or_is_declared_open(app: Flask) -> None:
    assert [name for name in _with_routes(app) if not hasattr(app.blueprints[name], "guard_roles")] == []


def test_the_blueprints_open_to_all_are_the_ones_with_a_reason(app: Flask) -> None:
    open_to_all = {
        name for name in _with_routes(app) if not getattr(app.blueprints[name], "guard_roles", None)
    }
    assert open_to_all == set(OPEN)


def test_every_guarded_view_names_the_action_that_it_needs(app: Flask) -> None:
    guarded = {name for name in _with_routes(app) if app.blueprints[name].guard_roles}  # type: ignore[attr-defined]
    views = {
        endpoint: view for endpoint, view in app.view_functions.items() if _blueprint(endpoint) in guarded
    }
    assert len(views) > 10
    assert [endpoint for endpoint, view in views.items() if not isinstance(_action(view), Action)] == []


def test_every_route_that_changes_something_does_it_once_for_each_key(app: Flask) -> None:
    changing = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
    }
    once = {endpoint for endpoint in changing if getattr(app.view_functions[endpoint], "is_once", False)}
    assert once
    assert changing - once == set(REPEATABLE)


def test_every_route_belongs_to_a_blueprint(app: Flask) -> None:
    assert [rule.endpoint for rule in app.url_map.iter_rules() if "." not in rule.endpoint] == ["static"]


def _blueprint(endpoint: str) -> str:
    return endpoint.rpartition(".")[0]


def _action(view: object) -> object:
    return getattr(view, "action", None)


def _with_routes(app: Flask) -> list[str]:
    """The blueprints that routes stand in: the innermost, which is the one that must guard them."""
    rules = [rule.endpoint for rule in app.url_map.iter_rules() if "." in rule.endpoint]
    return sorted({_blueprint(endpoint) for endpoint in rules})
