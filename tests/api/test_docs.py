"""The contract as a page: everything is on it, every link leads somewhere, and it needs no script."""

from __future__ import annotations

import re
from http import HTTPStatus

from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape

from azora_admin.api.calls import calls_of
from azora_admin.api.contract import document
from azora_admin.web.security import POLICY


def test_the_page_shows_every_call_with_all_that_it_takes_and_answers(
    app: Flask, client: FlaskClient
) -> None:
    page = client.get("/api/docs").text
    contract = document(calls_of(app))
    for address, methods in contract["paths"].items():
        assert f"<code>{address}</code>" in page
        for said in methods.values():
            section = _section(page, said["operationId"])
            assert escape(said["summary"]) in section
            for parameter in said["parameters"]:
                assert f'<code class="strong">{parameter["name"]}</code>' in section
            for status, answer in said["responses"].items():
                if "application/json" in answer.get("content", ["application/json"]):
                    assert f"{status} {HTTPStatus(int(status)).phrase}" in section
    for name, schema in contract["components"]["schemas"].items():
        for field in schema.get("properties", {}):
            assert f'<code class="strong">{field}</code>' in _section(page, name)


def test_the_page_has_an_anchor_for_every_problem_code(app: Flask, client: FlaskClient) -> None:
    page = client.get("/api/docs").text
    for call in calls_of(app):
        for refusal in call.refusals:
            assert f'id="problem-{refusal.status}-{refusal.code}"' in page


def test_every_link_within_the_page_leads_somewhere_and_every_id_is_there_once(client: FlaskClient) -> None:
    page = client.get("/api/docs").text
    ids = re.findall(r'\sid="([^"]+)"', page)
    links = re.findall(r'href="#([^"]+)"', page)
    assert len(links) > 100
    assert sorted(set(links) - set(ids)) == []
    assert len(set(ids)) == len(ids)


def test_the_page_keeps_to_the_policy_and_has_no_script(client: FlaskClient) -> None:
    answer = client.get("/api/docs")
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert "<script" not in answer.text
    assert "style=" not in answer.text


def _section(page: str, name: str) -> str:
    found = re.search(rf'<section class="panel" id="{name}".*?</section>', page, re.DOTALL)
    return found[0] if found else ""
