"""What is ordinary and must stay silent, built of a simple cell: formation, check-ups, rate tests, pulses, a chamber
told to change, a test held for hours. In the form of the readings that the project ships with: one a minute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from benchmarks.alerts.clean import CHAMBER, CYCLER, RIPPLE_KELVIN, RIPPLE_SECONDS, SENSOR_KELVIN, START, Trace
from cycling.readings import Batch
from cycling.topology import Chamber, Cycler, Place, Setpoint, TestFacts, Topology
from cycling.types import Alert
from cycling.watch import Watch
from monitor.findings import Findings

NOMINAL_AH = 2.0
OHM, SLOW_OHM, SLOW_SECONDS = 0.05, 0.03, 600.0  # at once, and the part of the resistance that comes with time
THERMAL_SECONDS, KELVIN_PER_WATT = 900.0, 12.0
FULL_VOLT, EMPTY_VOLT, CUTOFF_AMPERE = 4.2, 2.7, 0.1
CHANNEL = "benign-1"
STEP_SECONDS = 5.0  # in which the cell is computed: a cycler ends a step at once, whenever it is read


@dataclass(kw_only=True)
class Cell:
    """A cell and the log of what was done to it. ``soc`` 0 to 1; ``slow`` the slow overpotential in V."""

    poll: float
    noise: np.random.Generator
    soc: float = 0.0
    slow: float = 0.0
    kelvin: float = 0.0  # above the chamber
    clock: float = 0.0
    next_read: float = 0.0
    cycle: int = 1
    step: int = 0
    capacity: float = NOMINAL_AH
    setpoints: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 25.0)])
    chamber: float = 25.0
    log: list[tuple[float, float, float, float, float, float, float, str]] = field(default_factory=list)

    def open_circuit(self) -> float:
        z = min(max(self.soc, -0.1), 1.0)
        return 3.35 + 0.65 * z + 0.2 * z**6 - 0.35 * float(np.exp(-z * 25))

    def step_on(self, kind: str, ampere: float, *, seconds: float = 1e9) -> None:
        """One step: until its time is over, its voltage reached, or (charging) its current small."""
        self.step += 1
        began, at_limit = self.clock, False
        while self.clock - began < seconds:
            current = ampere
            room = FULL_VOLT - self.open_circuit() - self.slow
            if ampere > 0 and (at_limit or room < ampere * OHM):
                at_limit, current = True, max(room / OHM, 0.0)
            volt = self.open_circuit() + self.slow + current * OHM
            done = (at_limit and current < CUTOFF_AMPERE) or (ampere < 0 and volt < EMPTY_VOLT)
            if done:
                return
            if self.clock >= self.next_read:
                self._read(volt, current, "CV_CHG" if at_limit else kind)
                self.next_read += self.poll
            self._pass(current)

    def cycle_on(self, charge: float, discharge: float, *, rest: float = 600.0) -> None:
        """A charge with its constant-voltage part, a rest, a discharge, a rest; currents in C."""
        self.step_on("CC_CHG", charge * NOMINAL_AH)
        self.step_on("REST", 0.0, seconds=rest)
        self.step_on("CC_DCH", -discharge * NOMINAL_AH)
        self.step_on("REST", 0.0, seconds=rest)
        self.cycle += 1
        self.capacity *= 0.9997

    def told(self, celsius: float) -> None:
        """The chamber is told another temperature."""
        self.setpoints.append((self.clock, celsius))

    def _pass(self, current: float) -> None:
        dt = STEP_SECONDS
        self.soc += current * dt / 3600 / self.capacity
        self.slow += (current * SLOW_OHM - self.slow) * (1 - float(np.exp(-dt / SLOW_SECONDS)))
        heat = current**2 * OHM + current * self.slow
        self.kelvin += (heat * KELVIN_PER_WATT - self.kelvin) * (1 - float(np.exp(-dt / THERMAL_SECONDS)))
        asked = self.setpoints[-1][1]
        self.chamber += float(np.clip(asked - self.chamber, -dt / 60, dt / 60))
        self.clock += dt

    def _read(self, volt: float, current: float, kind: str) -> None:
        v, i = volt + self.noise.normal(0, 3e-4), current + self.noise.normal(0, 5e-4)
        ripple = RIPPLE_KELVIN * np.sin(2 * np.pi * self.clock / RIPPLE_SECONDS)
        ambient = self.chamber + ripple + self.noise.normal(0, SENSOR_KELVIN)
        surface = self.chamber + self.kelvin + self.noise.normal(0, 0.05)
        self.log.append((self.clock, v, i, surface, ambient, self.cycle, self.step, kind))

    def batch(self) -> Batch:
        rows = len(self.log)
        columns = list(zip(*self.log, strict=True))
        numbers = [np.array(values, dtype=float) for values in columns[:7]]
        steps = np.array(columns[7], dtype=object)
        changes = np.cumsum(np.append(True, (steps[1:] != steps[:-1]) | (np.diff(numbers[6]) != 0)))
        return Batch(
            {
                "channel": np.full(rows, CHANNEL, dtype=object),
                "test": np.full(rows, "benign", dtype=object),
                "unix_time_second": START + numbers[0],
                "test_time_second": numbers[0],
                "voltage_volt": numbers[1],
                "current_ampere": numbers[2],
                "surface_temperature_celsius": numbers[3],
                "ambient_temperature_celsius": numbers[4],
                "cycle_count": numbers[5],
                "step_count": changes.astype(float),
                "step_type": steps,
                "record_index": np.arange(rows, dtype=float),
            }
        )

    def lab(self) -> Topology:
        first, *later = self.setpoints
        chamber = Chamber(
            id=CHAMBER,
            setpoint_celsius=first[1],
            setpoints=tuple(Setpoint(at=START + at, celsius=celsius) for at, celsius in later),
        )
        facts = TestFacts(
            test="benign", channel=CHANNEL, nominal_capacity_ah=NOMINAL_AH, voltage_min_volt=2.7, voltage_max_volt=4.2
        )
        return Topology(
            chambers=(chamber,),
            cyclers=(Cycler(id=CYCLER, channels=1, chamber=CHAMBER),),
            places={CHANNEL: Place(channel=CHANNEL, cycler=CYCLER, chamber=CHAMBER)},
            tests=(facts,),
        )


def plays(poll: float) -> Iterator[tuple[str, Cell]]:
    """Each ordinary thing, after and before some ordinary cycles."""
    yield "formation: 3 cycles of C/10", _formation(_cell(poll))
    yield "check-up of C/3 every 50 cycles", _check_ups(_cell(poll))
    yield "rate test C/5 to 3C", _rates(_cell(poll))
    yield "pulses (HPPC)", _pulses(_cell(poll))
    yield "chamber told 45 instead of 25 °C", _warmer(_cell(poll))
    yield "held by an operator for 12 h", _held(_cell(poll))


def run_benign(poll: float) -> Iterator[tuple[str, float, list[Alert]]]:
    """What is raised of each, with its length in hours."""
    for name, cell in plays(poll):
        watch, findings = Watch(cell.lab()), Findings()
        batch = cell.batch()
        findings.take(watch.fold(batch, float(batch.numbers("unix_time_second")[-1])))
        yield name, cell.clock / 3600, findings.alerts_by_time()


def resting(poll: float) -> Trace:
    """A cell that rests for six hours after every charge and every discharge: where a leak can be put."""
    cell = _cell(poll)
    for _ in range(14):
        cell.cycle_on(0.75, 1.0, rest=6 * 3600)
    return Trace(cell=CHANNEL, poll=poll, setpoint=25.0, batch=cell.batch())


def _cell(poll: float) -> Cell:
    return Cell(poll=poll, noise=np.random.default_rng([sum(map(ord, "benign")), int(poll)]))


def _formation(cell: Cell) -> Cell:
    for _ in range(3):
        cell.cycle_on(0.1, 0.1, rest=3600)
    for _ in range(12):
        cell.cycle_on(0.75, 1.0)
    return cell


def _check_ups(cell: Cell) -> Cell:
    for number in range(1, 113):
        if number % 50 == 0:
            cell.capacity *= 1.05  # a cell gives more to a slow discharge after its rest
            cell.cycle_on(1 / 3, 1 / 3, rest=3600)
            cell.capacity /= 1.05
        else:
            cell.cycle_on(0.75, 1.0)
    return cell


def _rates(cell: Cell) -> Cell:
    for _ in range(6):
        cell.cycle_on(0.5, 1.0)
    for rate in (0.2, 0.5, 1.0, 2.0, 3.0):
        for _ in range(3):
            cell.cycle_on(0.5, rate)
    for _ in range(6):
        cell.cycle_on(0.5, 1.0)
    return cell


def _pulses(cell: Cell) -> Cell:
    for _ in range(6):
        cell.cycle_on(0.5, 1.0)
    cell.step_on("CC_CHG", 1.0)
    cell.step_on("REST", 0.0, seconds=3600)
    for _ in range(8):
        cell.step_on("CC_DCH", -2.0, seconds=max(cell.poll, 30))
        cell.step_on("REST", 0.0, seconds=max(cell.poll, 40))
        cell.step_on("CC_CHG", 1.5, seconds=max(cell.poll, 30))
        cell.step_on("CC_DCH", -2.0, seconds=360)
        cell.step_on("REST", 0.0, seconds=3600)
    cell.step_on("CC_DCH", -2.0)
    cell.step_on("REST", 0.0, seconds=600)
    cell.cycle += 1
    for _ in range(6):
        cell.cycle_on(0.5, 1.0)
    return cell


def _warmer(cell: Cell) -> Cell:
    for _ in range(8):
        cell.cycle_on(0.75, 1.0)
    cell.told(45.0)
    for _ in range(8):
        cell.cycle_on(0.75, 1.0)
    return cell


def _held(cell: Cell) -> Cell:
    for _ in range(8):
        cell.cycle_on(0.75, 1.0)
    cell.step_on("CC_CHG", 1.5, seconds=2400)
    cell.step_on("REST", 0.0, seconds=12 * 3600)
    for _ in range(8):
        cell.cycle_on(0.75, 1.0)
    return cell
