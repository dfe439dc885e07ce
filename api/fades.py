"""GET /fades: how far every test has come, in one answer for a list of them all."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from api.answers import answer
from cycling.cohort import Lives, last_known, thinned
from data_access.caching import cached
from data_access.lab import lab
from data_access.lives import lives

fades = Blueprint("fades", __name__)

POINTS = 32  # of one test: as many as a drawing of a hundred pixels can show
FRESH_SECONDS = 30  # cycles that are not archived yet appear after at most so long
NAMES = ("cycle_count", "start_unix_time_second", "end_unix_time_second", "discharging_capacity_ah")


@fades.get("/fades")
def get_fades() -> Response:
    """Columns of one length, a row per test with a finished cycle; ``fade`` is its state of health in % in few points,
    the lowest and the highest of every stretch among them."""
    version = lab().archive.version("cycles")
    return answer(cached("fades", version, compute=lambda: _columns(lives(lab())), seconds=FRESH_SECONDS))


def _columns(found: Lives) -> dict[str, list[Any]]:
    rows = [_row(found, number) for number in range(len(found.tests))]
    names = (*NAMES, "coulombic_efficiency", "state_of_health", "fade")
    columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in names}
    return {"test": list(found.tests), **columns}


def _row(found: Lives, number: int) -> dict[str, Any]:
    efficiency, health = (last_known(found.of(number, name)) for name in ("efficiency", "health"))
    fade = thinned(found.of(number, "cycle"), found.of(number, "health"), POINTS)[1]
    return {
        "cycle_count": int(found.of(number, "cycle")[-1]),
        "start_unix_time_second": last_known(found.of(number, "start")[:1]),
        "end_unix_time_second": last_known(found.of(number, "end")),
        "discharging_capacity_ah": _rounded(last_known(found.of(number, "capacity")), 5),
        "coulombic_efficiency": _rounded(efficiency, 6, 0.01),
        "state_of_health": _rounded(health, 5, 0.01),
        "fade": [round(float(value), 1) for value in fade],
    }


def _rounded(value: float | None, digits: int, factor: float = 1.0) -> float | None:
    return None if value is None else round(value * factor, digits)
