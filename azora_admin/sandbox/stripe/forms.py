"""Stripe's form encoding: ``a[b]=1``, ``a[0]=x``, ``a[]=x`` become dicts and lists of strings.

Uploads come as multipart/form-data: a file's part becomes its name and its content (base64, so that an idempotency key
can be compared).
"""

from __future__ import annotations

import base64
import re
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

from azora_admin.sandbox.stripe.errors import refused_parameter
from azora_admin.sandbox.stripe.json_types import Form

_PARTS = re.compile(r"\[([^\]]*)\]")


def read_form(text: str) -> Form:
    """The nested parameters in ``text``. Raises ApiError 400 where a name is used as value and as group."""
    root: Form = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head = name.split("[", 1)[0]
        _place(root, [head, *_PARTS.findall(name)], value)
    return root


def read_multipart(body: bytes, content_type: str) -> Form:
    """The parts of an upload. Raises ApiError 400 where ``body`` is none."""
    message = BytesParser(policy=HTTP).parsebytes(
        f"Content-Type: {content_type}\r\n\r\n".encode("latin-1") + body
    )
    if not message.is_multipart():
        raise refused_parameter("Invalid request: the body is no multipart/form-data.", None)
    root: Form = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            raise refused_parameter("Invalid request: a part of the form has no name.", None)
        filename = part.get_filename()
        value: Form | str = (
            {"filename": filename, "content": base64.b64encode(content).decode()}
            if filename is not None
            else content.decode()
        )
        _place(root, [name.split("[", 1)[0], *_PARTS.findall(name)], value)
    return root


def _place(node: Form, parts: list[str], value: str | Form) -> None:
    for depth, part in enumerate(parts):
        key = part or str(len(node))
        if depth == len(parts) - 1:
            node[key] = value
            return
        inner = node.setdefault(key, {})
        if not isinstance(inner, dict):
            raise refused_parameter("Invalid request: a parameter is both a value and an object.", parts[0])
        node = inner
