"""The demo lab second by second: what time it is there, what is wrong, and what every cycler reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from cycling.topology import Cycler, TestFacts, Topology
from feeds import faults
from feeds.cell_model import Numbers
from feeds.chambers import ROOM_CELSIUS, model_of
from feeds.recorded_cycler import RecordedCycler
from feeds.simulator import SimulatedCycler
from feeds.trouble import Trouble, struck, trouble_of

SENSOR_KELVIN = 0.05  # the noise of a chamber's thermometer
LEASE_SECOND = 10  # wall time left out on resuming after a crash: more than passes between two savings
ORIGINS: Mapping[str, Mapping[str, str]] = {
    "recorded": {
        "origin": "recorded by NASA Ames (Saha and Goebel 2007), replayed",
        "chamber_temperature": "simulated",
    },
    "simulated": {"origin": "simulated", "chamber_temperature": "simulated"},
}


@dataclass(frozen=True)
class Reported:
    """The readings of one cycler in one second, and the tests among them that nobody has stated yet."""

    cycler: str
    columns: Mapping[str, Any]
    new_tests: tuple[TestFacts, ...]


class DemoCycler(Protocol):
    """What a recorded and a simulated cycler have in common."""

    channels: tuple[str, ...]

    def report(self, seconds: float, air_celsius: Numbers, trouble: Trouble) -> dict[str, Any]:
        """Lets test time pass, then tells the rows of this moment."""

    def facts(self) -> tuple[TestFacts, ...]:
        """What is known of the tests that run now."""

    def to_json(self) -> dict[str, Any]:
        """Everything needed to go on."""


class Demo:
    """All cyclers and chambers of the demo lab. ``saved`` is what ``to_json`` told before a restart."""

    def __init__(self, topology: Topology, recordings: Path, saved: Mapping[str, Any] | None = None) -> None:
        saved = saved or {}
        self.topology = topology
        self.test_second = float(saved.get("test_second", 0.0))
        self._stated = set(saved.get("stated", ()))
        air = saved.get("chambers", {})
        self._chambers = {chamber.id: model_of(chamber, air.get(chamber.id)) for chamber in topology.chambers}
        parts = saved.get("cyclers", {})
        self._cyclers = {
            cycler.id: _model_of(cycler, tests, recordings, parts.get(cycler.id))
            for cycler in topology.cyclers
            if cycler.source != "measured" and (tests := _tests_on(cycler, topology))
        }
        if saved.get("running"):
            self._leave_out(LEASE_SECOND)

    def tick(self, second: float, elapsed: float, now: float) -> list[Reported]:
        """What every cycler reports at a wall second since the start, ``elapsed`` wall seconds after the last."""
        wrong = faults.active(second)
        seconds = elapsed * self.topology.time_factor
        self.test_second += seconds
        air = self._air(seconds, second, wrong)
        shown = self._measured(air)
        found = []
        for cycler in self.topology.cyclers:
            if cycler.id not in self._cyclers:
                continue
            model = self._cyclers[cycler.id]
            trouble = trouble_of(wrong, cycler.power_circuit, second)
            around = self._around(model.channels, air, ROOM_CELSIUS)
            columns = model.report(seconds, around, trouble)
            if not trouble.powered or struck(wrong, faults.CYCLER_SILENT, cycler.id):
                continue
            rows = len(columns["channel"])
            columns["ambient_temperature_celsius"] = self._around(columns["channel"], shown, np.nan).round(2)
            columns["unix_time_second"] = np.full(rows, now)
            found.append(Reported(cycler.id, columns, self._unstated(model.facts(), cycler.source)))
        return [reported for reported in found if reported.columns["channel"]]

    def to_json(self, running: bool) -> dict[str, Any]:
        """Everything needed to go on here. ``running``: more may be sent before the next saving."""
        return {
            "running": running,
            "test_second": self.test_second,
            "stated": sorted(self._stated),
            "chambers": {name: {"away_kelvin": model.away_kelvin} for name, model in self._chambers.items()},
            "cyclers": {name: cycler.to_json() for name, cycler in self._cyclers.items()},
        }

    def _air(self, seconds: float, second: float, wrong: tuple[faults.Fault, ...]) -> dict[str, float]:
        """The air in every chamber, some seconds of test time later."""
        dark = {c.chamber for c in self.topology.cyclers if struck(wrong, faults.POWER_CUT, c.power_circuit)}
        self._chambers = {
            name: model.after(seconds, powered=name not in dark) for name, model in self._chambers.items()
        }
        drifts = {
            fault.target: faults.drift_kelvin(fault, second) for fault in wrong if fault.kind == faults.CHAMBER_DRIFT
        }
        return {
            name: model.air_celsius(self.test_second, drifts.get(name, 0.0)) for name, model in self._chambers.items()
        }

    def _measured(self, air: Mapping[str, float]) -> dict[str, float]:
        """What the chambers' thermometers show; the same second always shows the same."""
        noise = np.random.default_rng(int(self.test_second)).standard_normal(len(air))
        return {name: celsius + SENSOR_KELVIN * noise[k] for k, (name, celsius) in enumerate(air.items())}

    def _around(self, channels: Sequence[str], air: Mapping[str, float], nowhere: float) -> Numbers:
        """The air around each channel's cell; ``nowhere`` for one that stands in no chamber."""
        return np.array([air.get(str(self.topology.place(name).chamber), nowhere) for name in channels])

    def _unstated(self, tests: Sequence[TestFacts], source: str) -> tuple[TestFacts, ...]:
        """What nobody was told yet: of a test of lab.toml only where its readings come from."""
        known = {test.test for test in self.topology.tests}
        new = [test for test in tests if test.test not in self._stated]
        self._stated |= {test.test for test in new}
        return tuple(
            replace(TestFacts(test=test.test) if test.test in known else test, extra=ORIGINS[source]) for test in new
        )

    def _leave_out(self, wall_seconds: int) -> None:
        """Lets the time pass that may have been reported between the last saving and a crash."""
        stated = set(self._stated)
        for second in range(wall_seconds):
            self.tick(float(second), 1.0, 0.0)
        self._stated = stated  # nobody was told of tests that began in this time


def _tests_on(cycler: Cycler, topology: Topology) -> list[TestFacts]:
    """The first tests of a cycler, in the order of its channels; a channel without one reports nothing."""
    tests = {test.channel: test for test in topology.tests}
    return [tests[channel] for channel in cycler.channel_ids if channel in tests]


def _model_of(
    cycler: Cycler, tests: Sequence[TestFacts], recordings: Path, saved: Mapping[str, Any] | None
) -> DemoCycler:
    if cycler.source == "recorded":
        return RecordedCycler(cycler.id, tests, recordings, saved)
    return SimulatedCycler(cycler.id, tests, saved)
