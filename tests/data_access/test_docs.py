"""The map of this room is complete."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_module_stands_in_a_chapter_of_the_architecture() -> None:
    told = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    modules = [path.stem for path in (ROOT / "data_access").glob("[a-z]*.py")]
    assert [name for name in modules if f"`{name}`" not in told] == []
