"""What each role may do, from the table that the guards ask."""

from __future__ import annotations

from flask import render_template

from azora_admin.identity.rules import Action
from azora_admin.identity.rules.permissions import PERMISSIONS
from azora_admin.pages.admin import blueprint
from azora_admin.web.callers import needs
from azora_admin.web.navigation import roles_text


@blueprint.get("/permissions")
@needs(Action.READ_PEOPLE)
def permissions() -> str:
    """The table of permissions."""
    rows = [(permission, roles_text(permission.roles)) for permission in PERMISSIONS]
    return render_template("admin/permissions.html", rows=rows)
