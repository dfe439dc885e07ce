"""How far tests have come: GET /fades for a list of all, GET /batches/{batch}/fade for the lines of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

from api.answers import Refused, answer
from cycling.cohort import Lives, fade, last_known
from data_access.caching import cached
from data_access.lab import lab
from data_access.lives import lives

fades = Blueprint("fades", __name__)

POINTS = 32  # of one test in the list: as many as a drawing of a hundred pixels can show
WALL_POINTS = 200  # of one test on a wall: as many as its lines can show
FRESH_SECONDS = 30  # cycles that are not archived yet appear after at most so long
NAMES = ("cycle_count", "start_unix_time_second", "end_unix_time_second", "discharging_capacity_ah")


@fades.get("/fades")
def get_fades() -> Response:
    """Columns of one length, a row per test with a finished cycle; ``fade`` is its state of health in % in few points,
    the lowest and the highest of every stretch among them."""
    version = lab().archive.version("cycles")
    return answer(cached("fades", version, compute=lambda: _columns(lives(lab())), seconds=FRESH_SECONDS))


@fades.get("/batches/<path:batch>/fade")
def get_fade(batch: str) -> Response:
    """The state of health of every test of a batch over its cycles (1 = the reference)."""
    facts = {str(told["test"]): told for told in lab().tests.all() if told.get("batch") == batch}
    if not facts:
        raise Refused(404, f'No test belongs to a batch "{batch[:100]}".')

    def read() -> list[dict[str, Any]]:
        return _lines(lives(lab(), tuple(facts)), facts)

    version = lab().archive.version("cycles")
    return answer({"batch": batch, "tests": cached("fade", tuple(facts), version, compute=read, seconds=FRESH_SECONDS)})


def _lines(found: Lives, facts: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A line for each test of which a state of health is known."""
    lines = []
    for number, test in enumerate(found.tests):
        cycle, health = fade(found, number, WALL_POINTS)
        if len(cycle):
            lines.append(
                {
                    "test": test,
                    "cell": facts[test].get("cell"),
                    "channel": facts[test].get("channel"),
                    "end_of_life_fraction": facts[test].get("end_of_life_fraction") or 0.80,
                    "cycle_count": [int(one) for one in cycle],
                    "state_of_health": [round(0.01 * float(one), 4) for one in health],
                }
            )
    return lines


def _columns(found: Lives) -> dict[str, list[Any]]:
    rows = [_row(found, number) for number in range(len(found.tests))]
    names = (*NAMES, "coulombic_efficiency", "state_of_health", "fade")
    columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in names}
    return {"test": list(found.tests), **columns}


def _row(found: Lives, number: int) -> dict[str, Any]:
    efficiency, health = (last_known(found.of(number, name)) for name in ("efficiency", "health"))
    return {
        "cycle_count": int(found.of(number, "cycle")[-1]),
        "start_unix_time_second": last_known(found.of(number, "start")[:1]),
        "end_unix_time_second": last_known(found.of(number, "end")),
        "discharging_capacity_ah": _rounded(last_known(found.of(number, "capacity")), 5),
        "coulombic_efficiency": _rounded(efficiency, 6, 0.01),
        "state_of_health": _rounded(health, 5, 0.01),
        "fade": [round(float(value), 1) for value in fade(found, number, POINTS)[1]],
    }


def _rounded(value: float | None, digits: int, factor: float = 1.0) -> float | None:
    return None if value is None else round(value * factor, digits)
