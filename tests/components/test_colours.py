"""The palette by machine: every pair that must be told apart, on both grounds, and for colour-blind eyes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.components.colours import MACHADO, ciede2000, contrast, distance
from tests.components.test_assets import tokens

SEVERITIES = ("p1", "p2", "p3", "p4")
GROUNDS = ("ground", "panel", "raised", "tile", "free")
PLAINLY = 15.0  # CIEDE2000
SEEN = 3.0  # WCAG 2.2, 1.4.11: what is not text
READ = 4.5  # WCAG 2.2, 1.4.3: text

both = pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
every_eye = pytest.mark.parametrize("sight", list(MACHADO))


@pytest.mark.parametrize(
    ("one", "two", "known"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_distance_is_that_of_the_published_test_data(one: object, two: object, known: float) -> None:
    assert ciede2000(np.array(one), np.array(two)) == pytest.approx(known, abs=5e-5)


def test_colour_blind_eyes_confuse_what_they_are_known_to_confuse() -> None:
    red, green = "#b04a4a", "#6b7a2f"
    assert distance(red, green) > 2 * min(distance(red, green, sight) for sight in ("protan", "deutan"))
    assert distance("#808080", "#808080", "tritan") == 0
    assert {round(contrast("#000000", "#ffffff"), 2), contrast("#777777", "#777777")} == {21.0, 1.0}


@both
@every_eye
def test_severities_are_plainly_different_colours_and_none_is_that_of_a_quiet_tile(light: bool, sight: str) -> None:
    css = tokens(light)
    pairs = [*itertools.combinations(SEVERITIES, 2), *((severity, "tile") for severity in SEVERITIES)]
    near = {pair: found for pair in pairs if (found := distance(css[pair[0]], css[pair[1]], sight)) < PLAINLY}
    assert near == {}


@both
def test_a_glyph_stands_out_by_its_fill_or_its_edge(light: bool) -> None:
    css = tokens(light)

    def seen(severity: str, ground: str) -> float:
        return max(contrast(css[severity], css[ground]), contrast(css["edge"], css[ground]))

    assert {(s, g): seen(s, g) for s in SEVERITIES for g in GROUNDS if seen(s, g) < SEEN} == {}


@both
def test_a_hatch_is_seen_on_a_tile(light: bool) -> None:
    css = tokens(light)
    assert contrast(css["hatch"], css["tile"]) >= SEEN
    assert contrast(css["hatch"], css["raised"]) >= SEEN  # chips


@both
def test_every_ink_is_read_on_every_ground_and_the_focus_is_seen(light: bool) -> None:
    css = tokens(light)
    inks = ("ink", "ink-soft", "ink-faint", "link")
    faint = {(i, g): found for i in inks for g in GROUNDS if (found := contrast(css[i], css[g])) < READ}
    assert faint == {}
    assert [g for g in GROUNDS if contrast(css["focus"], css[g]) < SEEN] == []
    assert contrast(css["on-banner"], css["banner"]) >= READ
    assert contrast(css["on-hover"], css["hover"]) >= READ
    assert [s for s in SEVERITIES if contrast(css["on-colour"], css[s]) < READ] == []
