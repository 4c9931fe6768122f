"""Dead links are found, living ones are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.links import anchors, dead_links


@pytest.mark.parametrize(
    ("link", "is_dead"),
    [
        ("other.md", False),
        ("other.md#trouble", False),
        ("other.md#no-such-heading", True),
        ("nowhere.md", True),
        ("https://example.com/nowhere", False),
    ],
)
def test_a_link_is_dead_when_its_file_or_heading_is_not_there(
    link: str, is_dead: bool, tmp_path: Path
) -> None:
    (tmp_path / "other.md").write_text("# Other\n\n## Trouble\n", encoding="utf-8")
    document = tmp_path / "document.md"
    document.write_text(f"[somewhere]({link}) and `[code](nowhere.md)`\n", encoding="utf-8")
    assert bool(list(dead_links(document))) is is_dead


def test_a_heading_is_reached_by_its_words_in_lower_case() -> None:
    assert anchors("# Death of a child, by `kill -9`\n") == {"death-of-a-child-by-kill--9"}
