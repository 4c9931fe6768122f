"""Letters put into words: one text each, from which the HTML form is made, so that the two say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from azora_admin.core.letters import Message
from azora_admin.core.places import asset_root

_FOLDER: Final = "templates"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a letter; one that is nothing but an address of our site is shown as a button."""

    text: str
    is_link: bool


def message(mail_id: UUID, kind: str, values: Mapping[str, str], *, to: str, site: str) -> Message:
    """The letter ``kind`` in words. ``site`` is the public address from the settings: links lead there and only there.

    Raises jinja2's TemplateNotFound or UndefinedError when the letter and its text don't fit together.
    """
    text = _environment().get_template(f"emails/{kind}.txt").render(values, site=site)
    subject, _, body = text.strip().partition("\n")
    parts = paragraphs(body, site=site)
    html = (
        _environment()
        .get_template("emails/letter.html")
        .render(subject=subject, paragraphs=parts, site=site, host=urlsplit(site).netloc)
    )
    return Message(mail_id, to, subject, "\n\n".join(one.text for one in parts) + "\n", html)


def paragraphs(body: str, *, site: str) -> list[Paragraph]:
    """The paragraphs of a letter's text."""
    return [_paragraph(block, site) for block in body.strip().split("\n\n")]


def _paragraph(block: str, site: str) -> Paragraph:
    text = " ".join(block.split())
    return Paragraph(text, is_link=text.startswith(f"{site}/") and " " not in text)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(asset_root(_FOLDER)),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
