"""Histories of all tests, fed with cycles as they are told: bounded, saved and restored with the watch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from cycling.history import KINDS, REGULAR, Step, TestHistory
from cycling.lives import Life, packed, unpacked
from cycling.median import median_of
from cycling.topology import TestFacts
from cycling.types import Cycle

ROWS = 44
COLUMNS = (
    "cycle_count",
    "kind",
    "charging_capacity",
    "discharging_capacity",
    "resistance",
    "surface",
    "ambient",
    "rate",
    "idle",
    "charging_unsure",
    "discharging_unsure",
    "seam",
)
HOUR = 3600.0
STEP_FRACTION, STEP_SIGMAS = 0.003, 6.0  # a change of capacity worth remembering
STEP_APART = 6  # cycles between two steps; nearer is the same
STEPS = 4  # remembered per test
PEERS = 48  # of a batch that a cell is held against, the first by name

Cohort = tuple[str, str | None, str | None]  # batch, protocol, chemistry


class Record:
    """What is remembered of one test."""

    def __init__(self, channel: str) -> None:
        self.channel, self.cohort = channel, None  # type: tuple[str, Cohort | None]
        self.rows = np.empty((0, len(COLUMNS)), dtype=np.float32)
        self.end = np.empty(0, dtype=np.float64)
        self.said = np.nan  # the newest cycle number of the cycler itself
        self.dropped = False  # rows that were older are forgotten
        self.reference = np.nan
        self.judged = -np.inf  # the newest cycle that was judged
        self.steps: tuple[Step, ...] = ()
        self.open: dict[str, int] = {}  # kind -> rank of what is open of this test
        self.life = Life()
        self.view: TestHistory | None = None

    def save(self) -> dict[str, Any]:
        return {
            "channel": self.channel,
            "cohort": self.cohort,
            "rows": packed(self.rows),
            "end": packed(self.end),
            "said": _plain(self.said),
            "dropped": self.dropped,
            "reference": _plain(self.reference),
            "judged": None if np.isinf(self.judged) else self.judged,
            "steps": [asdict(step) for step in self.steps],
            "open": self.open,
            "life": self.life.save(),
        }

    @classmethod
    def restore(cls, saved: Mapping[str, Any]) -> Record:
        record = cls(saved["channel"])
        record.cohort = tuple(saved["cohort"]) if saved["cohort"] else None
        record.rows = unpacked(saved["rows"], np.float32).reshape(-1, len(COLUMNS))
        record.end = unpacked(saved["end"], np.float64)
        record.said, record.reference = (
            np.nan if saved[name] is None else saved[name] for name in ("said", "reference")
        )
        record.dropped, record.open = saved["dropped"], dict(saved["open"])
        record.judged = -np.inf if saved["judged"] is None else saved["judged"]
        record.steps = tuple(Step(**step) for step in saved["steps"])
        record.life = Life(saved["life"])
        return record


class Histories:
    """Per test what its cycles were; a cycle told again replaces the earlier one."""

    def __init__(self, saved: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._records = {test: Record.restore(kept) for test, kept in (saved or {}).items()}
        self._cohorts: dict[Cohort, set[str]] = {}
        for test, record in self._records.items():
            if record.cohort:
                self._cohorts.setdefault(record.cohort, set()).add(test)

    def save(self) -> dict[str, Any]:
        return {test: record.save() for test, record in self._records.items()}

    def of(self, test: str, channel: str) -> Record:
        """What is remembered of a test, from now on."""
        if test not in self._records:
            self._records[test] = Record(channel)
        return self._records[test]

    def known(self, test: str) -> Record | None:
        return self._records.get(test)

    def add(self, cycle: Cycle, facts: TestFacts, cycler: str, unsure: tuple[float, float] = (0.0, 0.0)) -> None:
        """Take in a cycle, new or told again; what is ``unsure`` (see Known) is of a new one."""
        record = self.of(cycle.test, cycle.channel)
        self._enrol(cycle.test, record, facts)
        if cycle.state_of_health > 0:
            record.reference = cycle.discharging_capacity_ah / cycle.state_of_health
        place = int(np.searchsorted(record.rows[:, 0], cycle.cycle_count))
        again = place < len(record.rows) and record.rows[place, 0] == cycle.cycle_count
        if again:
            self._again(record, place, cycle)
        elif cycle.kind in KINDS and place == len(record.rows):
            self._append(record, cycle, unsure)
        record.channel = cycle.channel
        record.view = _view(record, facts, cycler)
        if not again:
            _note_step(record)

    def peers(self, test: str) -> list[TestHistory]:
        """The histories of other tests of the same batch, protocol and chemistry; none without a batch."""
        record = self._records[test]
        if record.cohort is None:
            return []
        others = sorted(self._cohorts[record.cohort] - {test})[:PEERS]
        return [view for other in others if (view := self._records[other].view) is not None]

    def refresh(self, facts_of: Any, cycler_of: Any) -> None:
        """Make the views again after a restore."""
        for test, record in self._records.items():
            if len(record.rows):
                facts = facts_of(test) or TestFacts(test=test)
                record.view = _view(record, facts, cycler_of(record.channel))

    def _enrol(self, test: str, record: Record, facts: TestFacts) -> None:
        cohort = (facts.batch, facts.protocol, facts.chemistry) if facts.batch else None
        if cohort != record.cohort:
            if record.cohort:
                self._cohorts[record.cohort].discard(test)
            record.cohort = cohort
        if cohort:
            self._cohorts.setdefault(cohort, set()).add(test)

    def _append(self, record: Record, cycle: Cycle, unsure: tuple[float, float]) -> None:
        last_end = record.end[-1] if len(record.end) else cycle.start_unix_time_second
        seam = record.said > cycle.cycler_cycle_count or (len(record.rows) > 0 and record.channel != cycle.channel)
        record.said = cycle.cycler_cycle_count
        row = np.array([[*_row(cycle, last_end), *unsure, float(seam)]], dtype=np.float32)
        record.dropped |= len(record.rows) == ROWS
        record.rows = np.concatenate([record.rows, row])[-ROWS:]
        record.end = np.append(record.end, cycle.end_unix_time_second)[-ROWS:]
        record.life.add(record.rows)

    def _again(self, record: Record, place: int, cycle: Cycle) -> None:
        before = record.end[place - 1] if place else cycle.start_unix_time_second
        row = np.array([*_row(cycle, before), *record.rows[place, -3:]], dtype=np.float32)
        if np.array_equal(row, record.rows[place], equal_nan=True):
            return
        record.rows, record.end = record.rows.copy(), record.end.copy()
        record.rows[place], record.end[place] = row, cycle.end_unix_time_second
        if not record.dropped:  # else it was told too late to matter for the long memory
            record.life = Life()
            for count in range(1, len(record.rows) + 1):
                record.life.add(record.rows[:count])


def _row(cycle: Cycle, last_end: float) -> Iterable[float]:
    """All columns but those that a cycle does not tell of itself."""
    duration = cycle.end_unix_time_second - cycle.start_unix_time_second
    active = cycle.charge_duration_second + cycle.discharge_duration_second
    idle = max(0.0, cycle.start_unix_time_second - last_end) + max(0.0, duration - active)
    resistance = cycle.internal_resistance_ohm
    return (
        cycle.cycle_count,
        KINDS.get(cycle.kind, 3.0),
        cycle.charging_capacity_ah,
        cycle.discharging_capacity_ah,
        resistance if resistance > 0 else np.nan,
        cycle.surface_temperature_celsius_mean,
        cycle.ambient_temperature_celsius_mean,
        cycle.discharging_capacity_ah / max(cycle.discharge_duration_second / HOUR, 1e-9),
        idle / HOUR,
    )


def _view(record: Record, facts: TestFacts, cycler: str) -> TestHistory:
    columns = dict(zip(COLUMNS, record.rows.T.astype(np.float64), strict=True))
    return TestHistory(
        facts=facts,
        channel=record.channel,
        cycler=cycler,
        **{name: column for name, column in columns.items() if name != "seam"},
        seam=columns["seam"] > 0,
        end=record.end,
        reference=record.reference,
        slopes=np.array(record.life.slopes),
        trail_count=np.array(record.life.counts),
        trail_capacity=np.array(record.life.capacities),
        first_resistance=float(median_of(record.life.resistances)) if record.life.resistances else np.nan,
        first_temperature=float(median_of(record.life.temperatures)) if record.life.temperatures else np.nan,
        checkup_rate=record.life.checkup_rate,
        steps=record.steps,
    )


def _note_step(record: Record) -> None:
    """Remember a sudden change of capacity, so that others of its batch can be held against it."""
    view = record.view
    if view is None or not len(view.kind) or view.kind[-1] != REGULAR or view.shift is None:
        return
    shift = view.shift
    limit = shift.limit(STEP_FRACTION, STEP_SIGMAS)
    if not (shift.sudden and (np.all(shift.recent > limit) or np.all(shift.recent < -limit))):
        return
    if record.steps and shift.cycle_count - record.steps[-1].cycle_count < STEP_APART:
        return
    step = Step(
        cycle_count=shift.cycle_count,
        end=shift.end,
        size=shift.size,
        level=shift.level,
        slope=shift.slope,
        seam=shift.seam,
    )
    record.steps = (*record.steps[1 - STEPS :], step)
    record.view = _view(record, view.facts, view.cycler)


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
