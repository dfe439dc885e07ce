"""What a cycler does with its cells: charge, rest, discharge, rest, again, until a cell has faded enough."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from feeds.cell_model import Cells, CellState, Look, Numbers, look, step

Flags = npt.NDArray[np.bool_]

CHARGE, HOLD, REST_FULL, DISCHARGE, REST_EMPTY, DONE = range(6)
STEP_TYPES = ("CC_CHG", "CV_CHG", "REST", "CC_DCH", "REST", "REST")


@dataclass(frozen=True, kw_only=True)
class Program:
    """The limits of every channel's program."""

    charge_ampere: Numbers
    discharge_ampere: Numbers
    cutoff_ampere: Numbers
    volt_min: Numbers
    volt_max: Numbers
    rest_second: Numbers
    finish_health: float = 0.65  # a test ends when its cell holds less than this of what it held new


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far every channel is, and what it has counted since its test began."""

    phase: Numbers
    phase_second: Numbers
    test_time_second: Numbers
    cycle_count: Numbers
    step_count: Numbers
    charging_capacity_ah: Numbers
    discharging_capacity_ah: Numbers
    charging_energy_wh: Numbers
    discharging_energy_wh: Numbers
    internal_resistance_ohm: Numbers  # of the last discharge's first moment; NaN before one


def at_start(count: int) -> Progress:
    """Channels that are about to charge for the first time."""
    zeros, ones = np.zeros(count), np.ones(count)
    return Progress(
        phase=np.full(count, float(CHARGE)),
        phase_second=zeros,
        test_time_second=zeros,
        cycle_count=ones,
        step_count=ones,
        charging_capacity_ah=zeros,
        discharging_capacity_ah=zeros,
        charging_energy_wh=zeros,
        discharging_energy_wh=zeros,
        internal_resistance_ohm=np.full(count, np.nan),
    )


def current_of(program: Program, seen: Look, phase: Numbers, held: Flags) -> Numbers:
    """The current that flows in a phase; a cell that has lost contact (``held``) gets none."""
    at_limit = np.minimum(np.maximum(_limit_ampere(program, seen), 0.0), program.charge_ampere)
    current = np.where(phase == HOLD, at_limit, 0.0)
    current = np.where(phase == CHARGE, program.charge_ampere, current)
    current = np.where(phase == DISCHARGE, -program.discharge_ampere, current)
    return np.where(held, 0.0, current)


def advanced(
    cells: Cells,
    program: Program,
    state: CellState,
    progress: Progress,
    ambient: Numbers,
    seconds: float,
    held: Flags,
) -> tuple[CellState, Progress]:
    """All channels some seconds (at most about ten) later."""
    seen = look(cells, state)
    current = current_of(program, seen, progress.phase, held)
    before = seen.terminal_volt(current)
    later = step(cells, state, seen, current, ambient, seconds)
    afterwards = look(cells, later)
    after = afterwards.terminal_volt(current)
    empty = (progress.phase == DISCHARGE) & ~held & (after < program.volt_min)
    if empty.any():  # stop within the step, where the voltage crosses: else capacity would be noisy
        part = np.clip((before - program.volt_min) / np.maximum(before - after, 1e-9), 0, 1)
        current = np.where(empty, current * part, current)
        later = step(cells, state, seen, current, ambient, seconds)
        afterwards = look(cells, later)
    progress = _counted(progress, current, (before + after) / 2, seconds)
    progress = _entered(progress, np.where(empty, REST_EMPTY, progress.phase))
    return later, _turned(program, afterwards, progress, held)


def rested(cells: Cells, state: CellState, ambient: Numbers, seconds: float) -> CellState:
    """The cells after some seconds without power: nothing flows, nothing is counted."""
    return step(cells, state, look(cells, state), np.zeros(len(cells)), ambient, seconds)


def _limit_ampere(program: Program, seen: Look) -> Numbers:
    """The current at which the voltage stands at the charge limit."""
    return (program.volt_max - seen.inner_volt) / seen.ohmic_ohm


def _turned(program: Program, seen: Look, progress: Progress, held: Flags) -> Progress:
    """The channels after their program has looked whether a step is over."""
    phase, limit = progress.phase, _limit_ampere(program, seen)
    charging = (phase == CHARGE) & ~held
    full = (charging | (phase == HOLD) & ~held) & (limit < program.cutoff_ampere)
    waited = progress.phase_second >= program.rest_second
    again = (phase == REST_EMPTY) & waited
    following = np.where(charging & (limit < program.charge_ampere), HOLD, phase)
    following = np.where(full, REST_FULL, following)
    following = np.where((phase == REST_FULL) & waited, DISCHARGE, following)
    following = np.where(again, np.where(seen.health < program.finish_health, DONE, CHARGE), following)
    if (following == phase).all():
        return progress
    begins = (phase == REST_EMPTY) & (following == CHARGE)
    loads = (phase == REST_FULL) & (following == DISCHARGE)
    measured = np.where(loads, seen.ohmic_ohm, progress.internal_resistance_ohm)
    progress = replace(progress, cycle_count=progress.cycle_count + begins, internal_resistance_ohm=measured)
    return _entered(progress, following)


def _entered(progress: Progress, phase: Numbers) -> Progress:
    changed = phase != progress.phase
    if not changed.any():
        return progress
    return replace(
        progress,
        phase=phase,
        phase_second=np.where(changed, 0.0, progress.phase_second),
        step_count=progress.step_count + changed,
    )


def _counted(progress: Progress, current: Numbers, voltage: Numbers, seconds: float) -> Progress:
    into, out = np.maximum(current, 0) * seconds / 3600, np.maximum(-current, 0) * seconds / 3600
    return replace(
        progress,
        phase_second=progress.phase_second + seconds,
        test_time_second=progress.test_time_second + seconds,
        charging_capacity_ah=progress.charging_capacity_ah + into,
        discharging_capacity_ah=progress.discharging_capacity_ah + out,
        charging_energy_wh=progress.charging_energy_wh + into * voltage,
        discharging_energy_wh=progress.discharging_energy_wh + out * voltage,
    )
