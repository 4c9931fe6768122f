"""A route learns to write its address when an address is first asked of it, not as the application is made.

Werkzeug compiles two functions for each route at the start, 0.4 ms apiece: over our routes two thirds of the time that
making the application takes, and most processes ask for few of them.
"""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.routing import Rule


class UnhurriedRule(Rule):
    """A rule that is matched at once and compiled for writing addresses on its first use."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002  # the library calls it so
        name = "_build_unknown" if append_unknown else "_build"
        compile_now = super()._compile_builder

        def build(rule: Rule, **values: object) -> tuple[str, str]:
            # Two threads at once compile the same twice, and either may stay.
            compiled = compile_now(append_unknown).__get__(rule, None)
            setattr(rule, name, compiled)
            return compiled(**values)  # type: ignore[no-any-return]

        return build
