"""Pages of instructors: their studio."""

from __future__ import annotations

from flask import Blueprint

from azora_admin.web import guards

blueprint = Blueprint("instructor", __name__, url_prefix="/instructor")
guards.guard(blueprint, roles=frozenset({"instructor"}))

from azora_admin.pages.instructor import earnings, home, statements  # noqa: E402, F401  # they add their routes
