"""What a detector may see: the readings of a batch, each beside its own past.

Every column is one value per row, rows sorted by channel. All of it is the same however the readings were cut
into batches, because whatever reaches back is carried over in the memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.limits import Limits
from cycling.memory import Turn
from cycling.readings import Batch
from cycling.rows import Bools, Floats, Runs
from cycling.throughput import COUNTERS, SECONDS_PER_HOUR, Throughput, throughput

CHARGE, DISCHARGE, REST = 1.0, -1.0, 0.0
UNKNOWN = np.nan
DIRECTION_OF_STEP = {
    "CC_CHG": CHARGE,
    "CV_CHG": CHARGE,
    "CCCV_CHG": CHARGE,
    "CC_DCH": DISCHARGE,
    "REST": REST,
    "OCV": REST,
    "EIS": REST,
}
PLACE_OF_STEP = {word: -1.0 - place for place, word in enumerate(DIRECTION_OF_STEP)}
NOT_RUNNING = frozenset({"paused", "finished", "stopped", "error", "idle"})
UNSEEN_SECONDS = 10.0  # of the largest current, moved between two readings: what counters at rest may jitter
LONGEST_HOLE = 1800.0  # s; in constant voltage Arbin logs on change, up to 1136 s apart (CALCE): not a hole
SETPOINT_READINGS = 9  # the setpoint is the median of the readings 2 to 10 of a step that have a current
ALIKE = 0.3  # share by which such readings may differ where a current is held constant
HIGHEST_VOLT, LOWEST_VOLT = 6.0, -0.5  # beyond is no single lithium-ion cell
LARGEST_C_RATE = 30.0  # beyond what cycling tests of whole cells use
LARGEST_AMPERE = 1e4  # the same where the capacity is not known


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of one pass and their context. Units are those of the columns; times in seconds."""

    runs: Runs
    channel: list[str]  # per run
    test: list[str]  # per run
    limits: Limits
    unix: Floats
    elapsed: Floats  # the data's own time since the test was first seen; never goes back
    dt: Floats  # s of data time since the row before, 0 where there is none
    whole: Bools  # the row before belongs to the same stretch of data: no hole, no restart between
    hole: Bools  # data are missing before this row while current was flowing or charge moved, or the cycler restarted
    seam: Bools  # counters or clocks of the cycler restarted here
    cycler_cycle: Floats
    protocol_step: Floats  # step_id, else minus the place of its step_type; NaN where neither is given
    voltage: Floats
    current: Floats
    readable: Bools  # voltage and current are there, and a cell can have them
    surface: Floats  # cell temperature as reported
    ambient: Floats  # chamber temperature as reported, NaN where not
    resistance: Floats
    direction: Floats  # CHARGE, DISCHARGE or REST by the step, else by the current
    declared: Bools  # the step says so; otherwise the direction is read off the current
    foreign: Bools  # the test names its steps, and this one by no name we know: what flows in it is its own affair
    running: Bools  # the cycler does not say that the channel is paused, finished, stopped, in error or idle
    finished: Bools
    same_step: Bools  # the row before is of the same step
    step_row: Floats  # 1 for the first row of a step
    setpoint: Floats  # A, magnitude learned from the first readings of the step; NaN while learning
    steady: Bools  # the readings it was learned from were alike
    scale: Floats  # the largest |current| of the test so far that two readings in a row had
    held_voltage: Floats  # of the newest readable row, this one included
    held_current: Floats
    before_voltage: Floats  # of the newest readable row before
    before_current: Floats
    throughput: Throughput


def rows_of(turn: Turn, batch: Batch, limits: Limits, time_factor: float) -> Rows:
    """The rows of a batch, sorted by channel and cut into the runs of ``turn``, with their context."""
    runs = turn.runs
    unix = batch.numbers("unix_time_second")
    voltage, current = batch.numbers("voltage_volt"), batch.numbers("current_ampere")
    readable = _readable(limits, runs, voltage, current)
    held_voltage = runs.last_where(readable, voltage, turn.carry("voltage", np.nan))
    held_current = runs.last_where(readable, current, turn.carry("current", np.nan))
    before_voltage = runs.previous(held_voltage, turn.carry("voltage", np.nan))
    before_current = runs.previous(held_current, turn.carry("current", np.nan))
    elapsed, dt, whole, missing, seam = _clock(turn, batch, unix, time_factor)
    direction, declared = _direction(batch)
    # Two readings in a row: one wild sample would otherwise turn every later current into a rest.
    twice = np.fmin(np.abs(held_current), np.abs(before_current))
    scale = runs.running_max(np.nan_to_num(twice), turn.carry("scale", 0.0))
    by_current = np.where(np.abs(held_current) > 0.01 * scale, np.sign(held_current), REST)
    direction = np.where(declared, direction, np.where(np.isnan(held_current), REST, by_current))
    same_step = _same_step(turn, batch, direction, declared) & ~seam
    step_row = runs.count(same_step, turn.carry("step_row", 0.0)) + 1
    setpoint, steady = _setpoint(turn, np.nan_to_num(np.abs(held_current)), scale, same_step)
    running, finished = _status(batch)
    moved = throughput(
        turn,
        {name: batch.numbers(name) for name in COUNTERS},
        voltage=held_voltage,
        current=held_current,
        before_voltage=before_voltage,
        before_current=before_current,
        dt=dt,
        whole=whole,
    )
    # A cell at rest before and after may have gone through whole cycles in between: its counters tell.
    unseen = (moved.steps[COUNTERS[0]] + moved.steps[COUNTERS[1]]) * SECONDS_PER_HOUR > UNSEEN_SECONDS * scale
    turn.keep("voltage", held_voltage)
    turn.keep("current", held_current)
    turn.keep("scale", scale)
    turn.keep("step_row", step_row - 1)
    return Rows(
        runs=runs,
        channel=turn.channels,
        test=turn.tests,
        limits=limits,
        unix=unix,
        elapsed=elapsed,
        dt=dt,
        whole=whole,
        hole=seam | (missing & ((np.abs(before_current) > 0.01 * scale) | unseen)),
        seam=seam,
        cycler_cycle=batch.numbers("cycle_count"),
        protocol_step=_protocol_step(batch),
        voltage=voltage,
        current=current,
        readable=readable,
        surface=batch.numbers("surface_temperature_celsius"),
        ambient=batch.numbers("ambient_temperature_celsius"),
        resistance=batch.numbers("internal_resistance_ohm"),
        direction=direction,
        declared=declared,
        foreign=_foreign(turn, batch, declared),
        running=running,
        finished=finished,
        same_step=same_step,
        step_row=step_row,
        setpoint=setpoint,
        steady=steady,
        scale=scale,
        held_voltage=held_voltage,
        held_current=held_current,
        before_voltage=before_voltage,
        before_current=before_current,
        throughput=moved,
    )


def _readable(limits: Limits, runs: Runs, voltage: Floats, current: Floats) -> Bools:
    """Where voltage and current are numbers that a cell can have."""
    largest = np.fmin(LARGEST_AMPERE, LARGEST_C_RATE * limits.nominal)[runs.of_row]
    return np.asarray((voltage <= HIGHEST_VOLT) & (voltage >= LOWEST_VOLT) & (np.abs(current) <= largest))


def _clock(turn: Turn, batch: Batch, unix: Floats, time_factor: float) -> tuple[Floats, Floats, Bools, Bools, Bools]:
    """Elapsed data time, its steps, and where data hang together (test time where given, else wall time)."""
    runs = turn.runs
    test_time = batch.numbers("test_time_second")
    cycle = batch.numbers("cycle_count")
    record = batch.numbers("record_index")
    wall = (unix - runs.previous(unix, turn.carry("unix", np.nan))) * time_factor
    tested = test_time - runs.previous(test_time, turn.carry("test_time", np.nan))
    seam = (
        (tested < 0)
        | (cycle < runs.previous(cycle, turn.carry("cycle", np.nan)))
        | (record < runs.previous(record, turn.carry("record", np.nan)))
    )
    passed = np.where(np.isnan(tested) | seam, wall, tested)
    passed = np.where(np.isnan(passed), 0.0, np.maximum(passed, 0.0))
    whole = (passed > 0) & (passed <= LONGEST_HOLE) & ~seam
    elapsed = runs.running_sum(passed, turn.carry("elapsed", 0.0))
    turn.keep("elapsed", elapsed)
    turn.keep("unix", unix)
    turn.keep("test_time", test_time)
    turn.keep("cycle", cycle)
    turn.keep("record", record)
    return elapsed, np.where(whole, passed, 0.0), whole, passed > LONGEST_HOLE, seam


def _direction(batch: Batch) -> tuple[Floats, Bools]:
    """What the step says the cell is doing, and where it says so."""
    named = batch.columns.get("step_type")
    if named is None:
        return np.full(len(batch), UNKNOWN), np.zeros(len(batch), dtype=bool)
    direction = np.array([DIRECTION_OF_STEP.get(word, UNKNOWN) for word in named], dtype=np.float64)
    return direction, ~np.isnan(direction)


def _foreign(turn: Turn, batch: Batch, declared: Bools) -> Bools:
    """Rows of pulses, drive cycles and whatever else has a name of its own, or none in a test that names its steps."""
    carried = turn.carry("step.named", 0.0)
    names = turn.runs.last_where(declared, declared.astype(float), carried) > 0
    turn.keep("step.named", names.astype(float))
    words = batch.columns.get("step_type")
    if words is None:
        return np.asarray(names & ~declared)
    own = np.array([bool(word) and word == word for word in words], dtype=bool)  # NaN is no name
    return np.asarray((names | own) & ~declared)


def _status(batch: Batch) -> tuple[Bools, Bools]:
    """Where the channel runs as far as the cycler says, and where it has finished."""
    words = batch.columns.get("channel_status")
    if words is None:
        return np.ones(len(batch), dtype=bool), np.zeros(len(batch), dtype=bool)
    running = np.array([word not in NOT_RUNNING for word in words], dtype=bool)
    return running, np.array([word == "finished" for word in words], dtype=bool)


def _protocol_step(batch: Batch) -> Floats:
    """What tells the steps of a protocol apart, whatever the cycle."""
    numbered, named = batch.numbers("step_id"), batch.columns.get("step_type")
    if named is None or not np.isnan(numbered).any():
        return numbered
    typed = np.array([PLACE_OF_STEP.get(word, UNKNOWN) for word in named], dtype=np.float64)
    return np.where(np.isnan(numbered), typed, numbered)


def _same_step(turn: Turn, batch: Batch, direction: Floats, declared: Bools) -> Bools:
    """Whether a row goes on with the step of the row before: by the step counters, else by the direction."""
    runs = turn.runs
    known = np.zeros(len(batch), dtype=bool)
    same = np.ones(len(batch), dtype=bool)
    for name in ("step_count", "step_id", "cycle_count"):
        values = batch.numbers(name)
        before = runs.previous(values, turn.carry(f"step.{name}", np.nan))
        known |= ~np.isnan(values) if name != "cycle_count" else False
        same &= (values == before) | (np.isnan(values) & np.isnan(before))
        turn.keep(f"step.{name}", values)
    before_direction = runs.previous(direction, turn.carry("step.direction", np.nan))
    turn.keep("step.direction", direction)
    followed = np.ones(len(batch), dtype=bool)
    followed[runs.starts] = turn.continues
    by_direction = declared | ~known  # a counter that stands still while the declared step changes is no step
    return np.asarray(followed & same & (~by_direction | (direction == before_direction)))


def _setpoint(turn: Turn, magnitude: Floats, scale: Floats, same_step: Bools) -> tuple[Floats, Bools]:
    """Median |current| of the first readings of the step after its first, from the second of them on (NaN before),
    and whether they were alike. Readings before the current came (a load that switches on late) do not count."""
    runs = turn.runs
    grown = scale > 4 * runs.previous(scale, turn.carry("setpoint.scale", 0.0))  # what came before was noise
    going = same_step & ~grown
    loaded = magnitude > 0.01 * scale
    place = runs.tally(going, loaded, turn.carry("setpoint.seen", 0.0))
    held = turn.carry("setpoint.readings", np.nan, (SETPOINT_READINGS,))
    setpoint, alike = np.full(runs.length, np.nan), np.zeros(runs.length)
    learning = ~going | (loaded & (place <= SETPOINT_READINGS))
    for row in np.flatnonzero(learning).tolist():
        run = int(runs.of_row[row])
        if not going[row]:
            held[run] = np.nan
            continue
        count = int(place[row])
        held[run, count - 1] = magnitude[row]
        if count >= 2:
            seen = np.sort(held[run, :count])
            setpoint[row] = seen[count // 2]
            alike[row] = seen[-1] - seen[0] < ALIKE * setpoint[row]
    setpoint = runs.last_where(learning, setpoint, turn.carry("setpoint", np.nan))
    alike = runs.last_where(learning, alike, turn.carry("setpoint.alike", 0.0))
    turn.keep("setpoint.scale", scale)
    turn.keep("setpoint.seen", place)
    turn.keep_runs("setpoint.readings", held)
    turn.keep("setpoint", setpoint)
    turn.keep("setpoint.alike", alike)
    return setpoint, alike > 0
