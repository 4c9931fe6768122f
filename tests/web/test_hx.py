"""Who gets the page and who the part of it."""

from __future__ import annotations

import pytest
from flask import Flask, Response, make_response
from flask.testing import FlaskClient
from jinja2 import DictLoader

from azora_admin.web import hx

TEMPLATES = {
    "page.html": "<main>page of {{ name }} in {{ layout }}{% include 'part.html' %}</main>",
    "part.html": '<div id="results">part of {{ name }}</div>',
    "beside.html": '<nav id="tabs"{% if oob %} hx-swap-oob="true"{% endif %}></nav>',
    "components/_toast.html": '<div hx-swap-oob="beforeend:#toasts">{{ kind }}: {{ message }}</div>',
}


@pytest.fixture
def small() -> FlaskClient:
    """An application of nothing but htmx."""
    app = Flask(__name__)
    app.jinja_loader = DictLoader(TEMPLATES)
    hx.install(app)

    @app.get("/")
    def page() -> Response:
        return hx.respond(
            "page.html",
            part="part.html",
            target="results",
            beside=("beside.html",),
            push_url="/?q=x",
            name="<us>",
        )

    @app.post("/away")
    def away() -> Response:
        return hx.redirect("/elsewhere")

    @app.post("/far")
    def far() -> Response:
        return hx.redirect("/日本?q=é")

    @app.post("/done")
    def done() -> Response:
        return hx.close_dialog(make_response(hx.toast("Kept <it>")))

    @app.get("/where")
    def where() -> str:
        return str(hx.current_path())

    return app.test_client()


def ask(client: FlaskClient, **headers: str) -> Response:
    names = {f"HX-{name.replace('_', '-')}": value for name, value in headers.items()}
    return client.get("/", headers=names)  # type: ignore[return-value]


def test_a_plain_request_gets_the_page(small: FlaskClient) -> None:
    response = small.get("/")
    assert response.text.startswith("<main>page of &lt;us&gt; in layouts/base.html")
    assert "HX-Push-Url" not in response.headers


def test_htmx_gets_the_part_that_it_will_swap_what_changes_beside_it_and_its_address(
    small: FlaskClient,
) -> None:
    response = ask(small, Request="true", Target="results")
    assert response.get_data(as_text=True) == (
        '<div id="results">part of &lt;us&gt;</div><nav id="tabs" hx-swap-oob="true"></nav>'
    )
    assert response.headers["HX-Push-Url"] == "/?q=x"


def test_htmx_with_another_target_gets_the_page_without_its_frame(small: FlaskClient) -> None:
    assert "in layouts/fragment.html" in ask(small, Request="true", Target="dialog").get_data(as_text=True)


@pytest.mark.parametrize("header", ["Boosted", "History_Restore_Request"])
def test_a_boosted_or_history_restoring_request_gets_the_whole_page(small: FlaskClient, header: str) -> None:
    response = ask(small, Request="true", Target="results", **{header: "true"})
    assert "in layouts/base.html" in response.get_data(as_text=True)


def test_a_cache_is_told_what_the_answer_depends_on(small: FlaskClient) -> None:
    assert {"HX-Request", "HX-Boosted", "HX-History-Restore-Request"} <= set(small.get("/").vary)


def test_a_form_is_led_on_by_303_and_htmx_by_its_header(small: FlaskClient) -> None:
    plain = small.post("/away")
    assert (plain.status_code, plain.location) == (303, "/elsewhere")
    led = small.post("/away", headers={"HX-Request": "true"})
    assert (led.status_code, led.headers["HX-Redirect"]) == (204, "/elsewhere")


def test_an_address_in_other_letters_is_a_header_all_the_same(small: FlaskClient) -> None:
    led = small.post("/far", headers={"HX-Request": "true"})
    assert led.headers["HX-Redirect"] == small.post("/far").location == "/%E6%97%A5%E6%9C%AC?q=%C3%A9"


def test_a_finished_dialog_is_closed_and_a_toast_is_said(small: FlaskClient) -> None:
    response = small.post("/done", headers={"HX-Request": "true"})
    assert response.headers["HX-Trigger"] == '{"azora:close-dialog": {}}'
    assert response.headers["HX-Reswap"] == "none"
    assert "good: Kept &lt;it&gt;" in response.text


def test_the_page_in_the_browser_is_known_by_its_path(small: FlaskClient) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://azora.test/admin/payments?q=a%20b"}
    assert small.get("/where", headers=headers).text == "/admin/payments?q=a%20b"
    assert small.get("/where").text == "None"
