"""The pages about alerts must say what the code does: every kind, every limit, every default."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from cycling.detectors import REGISTRY

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "alerts.md").read_text()


@pytest.mark.parametrize("kind", sorted(REGISTRY))
def test_every_kind_and_limit_is_documented_with_its_default(kind: str) -> None:
    row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{kind}`"))
    detector = REGISTRY[kind]()
    for field in fields(detector):
        if field.name != "enabled":
            assert f"`{field.name}` {getattr(detector, field.name):g}" in row


@pytest.mark.parametrize("kind", sorted({*REGISTRY, "power-outage", "network-outage"}))
def test_every_kind_has_a_page_with_its_figure(kind: str) -> None:
    page = (DOCS / "alerts" / f"{kind}.md").read_text()
    figure = f"images/alerts/{kind}.svg"
    assert f"(../{figure})" in page
    assert (DOCS / figure).is_file()


def test_every_module_stands_in_a_chapter_of_the_architecture() -> None:
    told = (DOCS / "architecture.md").read_text()
    modules = [path.stem for path in (DOCS.parent / "cycling").glob("[a-z]*.py")]
    assert [name for name in modules if f"`{name}`" not in told] == []
