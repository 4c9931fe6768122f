"""Stripe's form encoding: ``a[b]=1``, ``a[0]=x``, ``a[]=x`` become dicts and lists of strings."""

from __future__ import annotations

import re
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


def _place(node: Form, parts: list[str], value: str) -> None:
    for depth, part in enumerate(parts):
        key = part or str(len(node))
        if depth == len(parts) - 1:
            node[key] = value
            return
        inner = node.setdefault(key, {})
        if not isinstance(inner, dict):
            raise refused_parameter("Invalid request: a parameter is both a value and an object.", parts[0])
        node = inner
