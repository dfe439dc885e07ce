"""The figures are small, are SVG, and show the mark."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from benchmarks.alerts.svg import Figure, Line, Panel, drawn

IMAGES = Path(__file__).parents[2] / "docs" / "images" / "alerts"


def test_no_spike_is_lost_and_the_mark_is_there() -> None:
    y = np.zeros(5000)
    y[1234] = 5.0
    panel = Panel(label="V < 5 & more", lines=(Line(x=np.arange(5000.0), y=y),))
    text = drawn(Figure(title="a", axis="b", panels=(panel,), span=(1000, 2000), found=1300))
    assert ET.fromstring(text).tag.endswith("svg")
    assert len(text) < 20_000
    assert "found" in text
    top = min(float(point.split()[1]) for point in text.split('class="l a" d="M')[1].split('"')[0].split("L"))
    assert top < 45


@pytest.mark.parametrize("path", sorted(IMAGES.glob("*.svg")), ids=lambda path: path.stem)
def test_shipped_figures_are_small_and_read_in_the_dark(path: Path) -> None:
    text = path.read_text()
    assert len(text.encode()) <= 20_000
    assert "prefers-color-scheme:dark" in text
    assert ET.fromstring(text).tag.endswith("svg")
