"""The two shapes of data that cross the stand-in: an object of the API, and a form before it was read."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
Form: TypeAlias = dict[str, Any]
