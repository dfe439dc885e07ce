"""Frames: what changed on the wall, as compact JSON bytes that every viewer gets alike.

A teller remembers what it told of every channel. A full frame holds all of that; the frames between hold what is new,
as it now is and never as a difference, so that they may follow any full frame that is not newer. A channel is its
place in ``names``, which belong to a run of a teller: a watcher that begins anew, or does not know whether it was
heard, begins a new run and tells everything again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from cycling.packed import Column, Floats, in_words, packed, width_of
from cycling.types import Alert, ChannelState

SCHEMA = 2
CHANNEL_FIELDS = (
    "channel",
    "phase",
    "severity",
    "alerts",
    "unix_time_second",
    "arrival_time_second",
    "cadence_second",
    "voltage_volt",
    "current_ampere",
    "surface_temperature_celsius",
    "ambient_temperature_celsius",
    "cycle_count",
    "state_of_health",
    "test",
    "setpoint_celsius",
    "cycler",
    "chamber",
    "source",
    "cell",
    "batch",
    "test_time_second",
    "learning",
)
TICKS = 2.0**22  # a second: moments of these decades are whole numbers of them, so that none is rounded
# What is a number, and how many of the whole numbers told are one of its unit. ``test_clock`` is the test time less
# the moment × the lab's time factor, which stays the same while a test runs.
SCALES = {
    "unix_time_second": TICKS,
    "arrival_time_second": TICKS,
    "cadence_second": 1e3,
    "voltage_volt": 1e4,
    "current_ampere": 1e4,
    "surface_temperature_celsius": 1e2,
    "ambient_temperature_celsius": 1e2,
    "cycle_count": 1.0,
    "state_of_health": 1e4,
    "alerts": 1.0,
    "test_clock": 1e1,
}
WORDS = ("phase", "severity", "test", "setpoint_celsius", "cycler", "chamber", "source", "cell", "batch", "learning")
LISTS = ("chambers", "cyclers")  # of the lab's facts, each entry with an id

Frame = dict[str, Any]
Places = npt.NDArray[np.int64]


class Teller:
    """What was told of a part of the lab. ``run`` is a name that no other teller has."""

    def __init__(self, run: str, part: str = "", time_factor: float = 1.0) -> None:
        self.run, self.part, self.time_factor = run, part, time_factor
        self.names: list[str] = []
        self._places: dict[str, int] = {}
        self._numbers = np.full((len(SCALES), 0), np.nan)
        self._words: list[tuple[Any, ...]] = []
        self._lab: dict[str, Any] = {}
        self._n = 0

    def changes(
        self,
        now: float,
        states: Sequence[ChannelState],
        alerts: Iterable[Alert],
        facts: Mapping[str, Mapping[str, Any]],
        lab: Mapping[str, Any] | None = None,
        setpoints: Mapping[str, float] | None = None,
    ) -> bytes:
        """The frame of what is new of some or all channels.

        ``facts`` maps a test to its metadata, ``setpoints`` a chamber to °C; ``lab`` is what ``lab_facts`` says,
        None when it was not looked at.
        """
        known = len(self.names)
        placed = sorted([(self._place(state.channel), i) for i, state in enumerate(states)])
        states = [states[i] for _, i in placed]
        places = np.array([place for place, _ in placed], dtype=np.int64)
        self._n += 1
        frame = self._begun(now, full=False, alerts=alerts)
        if len(self.names) > known:
            frame["names"] = {"from": known, "list": self.names[known:]}
        frame |= self._changed(states, places, facts, setpoints or {})
        if lab is not None:
            frame |= lab_changes(self._lab, lab)
            self._lab = dict(lab)
        return orjson.dumps(frame, default=str)

    def everything(self, now: float, alerts: Iterable[Alert]) -> bytes:
        """The full frame: all that was told so far."""
        frame = self._begun(now, full=True, alerts=alerts)
        frame |= {"names": {"from": 0, "list": self.names}, "lab": self._lab}
        if self.names:
            numbers = self._numbers[:, : len(self.names)]
            columns = {name: packed(numbers[i], scale) for i, (name, scale) in enumerate(SCALES.items())}
            words = zip(WORDS, zip(*self._words, strict=True), strict=True)
            frame["columns"] = columns | {name: in_words(told) for name, told in words}
        return orjson.dumps(frame, default=str)

    def _begun(self, now: float, *, full: bool, alerts: Iterable[Alert]) -> Frame:
        frame = {"schema": SCHEMA, "t": round(now, 3), "full": full, "run": self.run, "n": self._n}
        told = [{name: value for name, value in alert.to_json().items() if name != "was"} for alert in alerts]
        return frame | ({"alerts": told} if told else {}) | ({"part": self.part} if self.part else {})

    def _place(self, channel: str) -> int:
        place = self._places.get(channel)
        if place is None:
            place = self._places[channel] = len(self.names)
            self.names.append(channel)
            self._words.append(())
            if place == self._numbers.shape[1]:
                more = np.full((len(SCALES), max(64, place)), np.nan)
                self._numbers = np.concatenate([self._numbers, more], axis=1)
        return place

    def _changed(
        self,
        states: Sequence[ChannelState],
        places: Places,
        facts: Mapping[str, Mapping[str, Any]],
        setpoints: Mapping[str, float],
    ) -> Frame:
        """The rows and columns of what is not as it was told, and from now on it was told."""
        numbers = _numbers(states, self.time_factor)
        before = self._numbers[:, places]
        differs = (numbers != before) & ~(np.isnan(numbers) & np.isnan(before))
        self._numbers[:, places] = numbers
        words, reworded = self._reworded(states, places, facts, setpoints)
        rows = np.flatnonzero(differs.any(axis=0) | reworded.any(axis=0))
        if not len(rows):
            return {}
        every = len(rows) == len(self.names) and bool((places[rows] == np.arange(len(rows))).all())
        aim = _Aim(places, rows, 0 if every else width_of(float(len(self.names))))
        columns: dict[str, Column] = {}
        for i, (name, scale) in enumerate(SCALES.items()):
            if differs[i].any():
                at = aim.at(differs[i])
                columns[name] = aim.told(packed(numbers[i, at], scale), at)
        for i, name in enumerate(WORDS):
            if reworded[i].any():
                at = aim.at(reworded[i])
                columns[name] = aim.told(in_words([words[row][i] for row in at.tolist()]), at)
        return {"columns": columns} | ({} if every else {"rows": packed(places[rows].astype(np.float64), 1.0)})

    def _reworded(
        self,
        states: Sequence[ChannelState],
        places: Places,
        facts: Mapping[str, Mapping[str, Any]],
        setpoints: Mapping[str, float],
    ) -> tuple[list[tuple[Any, ...]], npt.NDArray[np.bool_]]:
        """What is said of every channel in words, and for every word whose it is not as it was told."""
        found, differs = [], np.zeros((len(WORDS), len(states)), dtype=bool)
        for row, (state, place) in enumerate(zip(states, places.tolist(), strict=True)):
            words = _words(state, facts.get(state.test or "", {}), setpoints)
            before = self._words[place]
            if words != before:
                differs[:, row] = [word != was for word, was in zip(words, before, strict=True)] if before else True
                self._words[place] = words
            found.append(words)
        return found, differs


class _Aim:
    """Which rows a column is about: those of the frame, or fewer of its own where that takes fewer characters."""

    def __init__(self, places: Places, rows: Places, row_width: int) -> None:
        self.places, self.rows, self.row_width = places, rows, max(row_width, 1)

    def at(self, differs: npt.NDArray[np.bool_]) -> Places:
        """The rows of a column."""
        own = np.flatnonzero(differs)
        return own if len(own) * (2 + self.row_width) < 2 * len(self.rows) else self.rows  # a value: two characters

    def told(self, column: Column, at: Places) -> Column:
        return column if at is self.rows else [*column, packed(self.places[at].astype(np.float64), 1.0)]


def together(frames: Sequence[bytes]) -> bytes:
    """The full frames of all parts of a lab as one."""
    bodies = sorted((orjson.loads(one) for one in frames), key=lambda body: float(body["t"]))
    return orjson.dumps({"schema": SCHEMA, "t": bodies[-1]["t"], "full": True, "parts": bodies})


def lab_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Frame:
    """What of the lab's facts is new: whole facts under ``lab``, and where a list has the same entries as before only
    what is new of some of them, under ``lab_parts``."""
    whole: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    for name, value in after.items():
        was = before.get(name)
        if value == was:
            continue
        if name in LISTS and was and [one["id"] for one in was] == [one["id"] for one in value]:
            parts[name] = [
                {"id": one["id"]} | {key: new for key, new in one.items() if new != old[key]}
                for one, old in zip(value, was, strict=True)
                if one != old
            ]
        else:
            whole[name] = value
    return ({"lab": whole} if whole else {}) | ({"lab_parts": parts} if parts else {})


def _numbers(states: Sequence[ChannelState], time_factor: float) -> Floats:
    """The numbers of SCALES of every state, as the whole numbers that are told."""
    latest = [state.latest for state in states]

    def newest(name: str) -> list[Any]:
        return [values.get(name) for values in latest]

    found = np.array(
        [
            [state.unix_time_second for state in states],
            [state.arrival_time_second for state in states],
            [state.cadence_second for state in states],
            newest("voltage_volt"),
            newest("current_ampere"),
            newest("surface_temperature_celsius"),
            newest("ambient_temperature_celsius"),
            [state.cycle_count for state in states],
            [state.state_of_health for state in states],
            [state.alerts for state in states],
            newest("test_time_second"),
        ],
        dtype=np.float64,  # None becomes NaN
    )
    found[-1] -= found[0] * time_factor
    with np.errstate(over="ignore"):
        rounded: Floats = np.rint(found * np.array(list(SCALES.values()))[:, None])
    rounded[~np.isfinite(rounded)] = np.nan
    return rounded


def _words(state: ChannelState, facts: Mapping[str, Any], setpoints: Mapping[str, float]) -> tuple[Any, ...]:
    """The words of WORDS."""
    return (
        state.phase,
        state.severity,
        state.test,
        setpoints.get(state.chamber or ""),
        state.cycler,
        state.chamber,
        state.source,
        facts.get("cell"),
        facts.get("batch"),
        state.learning,
    )
