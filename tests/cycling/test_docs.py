"""The pages about alerts must say what the code does: every kind, every limit, every default."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from cycling.detectors import REGISTRY

TEXT = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()


@pytest.mark.parametrize("kind", sorted(REGISTRY))
def test_every_kind_and_limit_is_documented_with_its_default(kind: str) -> None:
    row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{kind}`"))
    detector = REGISTRY[kind]()
    for field in fields(detector):
        if field.name != "enabled":
            assert f"`{field.name}` {getattr(detector, field.name):g}" in row
