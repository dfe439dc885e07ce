"""What the air around a channel usually does, learned from means over five minutes and from whole hours of them.

Where no setpoint is told, the level that the air held for three hours is taken for it; it follows slow drift as a
room has it, and a lasting new level, as a chamber that was set anew.
"""

from __future__ import annotations

from math import fsum
from statistics import median

BLOCK = 300.0  # s; the mean over one is a reading without its noise
BLOCKS = 12  # of the level: an hour, more than twice the slowest compressor cycle seen (25 min)
HOUR = 12  # blocks
HOURS = 6  # newest hours from which the usual is learned …
LEARNED_FROM = 3  # … and how many of them there must be
RECENT_BLOCKS = 3
HOLE = 6  # blocks without readings, after which the past hour is not known
SECONDS_PER_KELVIN = 60.0  # a chamber makes 1 °C/min after a command …
SETTLES = 1800.0  # … and needs so many s more
STEADY_SPAN = 1.0  # K between the hours of air that is held at a setpoint
COMMANDED = 3.0  # K in a block: only a command or a door is as fast, where commands are not told
TAKEN, RIPPLE = 2.0, 2.5  # K about the setpoint, and between the blocks, of an hour that counts as usual
NEAR = 0.8  # K: such hours are usual whatever the hours before were
ANEW, LASTING = 0.7, 3  # K between hours at a new level, and how many there must be until it is the setpoint

# What is remembered: first what the rows are told …
LEARNED, MASKED_UNTIL, LEVEL, RECENT, LAST, USUAL, LOW, HIGH, SPAN = range(9)
TOLD = 9
# … then sums at the begin of the block, a change under way, a level apart, blocks of this hour; blocks; hours.
TOTAL, COUNT, MOVED, OTHER, OTHERS, IN_HOUR = range(TOLD, TOLD + 6)
FIRST_BLOCK = TOLD + 6
FIRST_HOUR = FIRST_BLOCK + HOUR
SIZE = FIRST_HOUR + 3 * HOURS
NAN = float("nan")


class Habit:
    """The memory of one channel's air as numbers in a list, NaN where nothing is known; °C and s of data time."""

    def __init__(self, held: list[float]) -> None:
        self.held = held

    def end_block(self, total: float, count: float, passed: float, at: float, setpoint: float) -> None:
        """Take in the block that ended before ``at``, given the running sum and count of the air's readings;
        ``passed`` is how many blocks of time have begun since, NaN for the first of all."""
        held = self.held
        readings = count - held[COUNT]
        mean = (total - held[TOTAL]) / readings if readings > 0 else NAN
        held[TOTAL], held[COUNT] = total, count
        if passed != passed or mean != mean:
            return
        told = setpoint == setpoint
        if not told and abs(mean - held[LAST]) >= COMMANDED:
            held[MASKED_UNTIL], held[MOVED] = at + SETTLES, 1.0
        held[LAST] = mean
        if at < held[MASKED_UNTIL] or passed > HOLE:
            self._forget_blocks(mean)
            return
        if held[MOVED] == 1.0:
            held[MOVED] = NAN
            if abs(mean - held[LEARNED]) > NEAR:
                self._forget_hours()
        self._note_block(mean)
        if held[IN_HOUR] >= HOUR:
            held[IN_HOUR] = 0.0
            self._end_hour(setpoint if told else held[LEARNED], told=told)

    def command(self, before: float, setpoint: float, air: float, at: float) -> None:
        """The chamber was told another setpoint, or a test began in it: give it the time to come there."""
        held = self.held
        change = abs(setpoint - before) if before == before else abs(air - setpoint)
        if before != before and change <= TAKEN:
            return
        wait = SETTLES + SECONDS_PER_KELVIN * (change if change == change else 0.0)
        held[MASKED_UNTIL] = max(at + wait, held[MASKED_UNTIL] if held[MASKED_UNTIL] == held[MASKED_UNTIL] else at)
        self._forget_blocks(held[LAST])
        self._forget_hours()

    def _note_block(self, mean: float) -> None:
        held = self.held
        blocks = [mean, *held[FIRST_BLOCK : FIRST_HOUR - 1]]
        held[FIRST_BLOCK:FIRST_HOUR] = blocks
        known = [block for block in blocks[:BLOCKS] if block == block]
        held[LEVEL] = fsum(known) / BLOCKS if len(known) == BLOCKS else NAN
        recent = known[:RECENT_BLOCKS]
        held[RECENT] = fsum(recent) / len(recent)
        held[IN_HOUR] = 1.0 + (held[IN_HOUR] if held[IN_HOUR] == held[IN_HOUR] else 0.0)

    def _end_hour(self, reference: float, *, told: bool) -> None:
        held = self.held
        blocks = held[FIRST_BLOCK:FIRST_HOUR]
        hour = fsum(blocks) / HOUR, min(blocks), max(blocks)
        if hour[2] - hour[1] > RIPPLE:
            return
        if abs(hour[0] - reference) > TAKEN:
            if not told:
                self._note_other(hour)
            return
        held[OTHERS] = 0.0
        if not told or abs(hour[0] - reference) <= NEAR or not abs(hour[0] - held[USUAL]) > ANEW:
            self._note_hour(hour, told=told)

    def _note_other(self, hour: tuple[float, float, float]) -> None:
        """An hour apart from the learned setpoint: when it lasts, that was a new one."""
        held = self.held
        same = abs(hour[0] - held[OTHER]) <= ANEW
        held[OTHER], held[OTHERS] = hour[0], 1.0 + (held[OTHERS] if same else 0.0)
        if held[OTHERS] >= LASTING:
            self._forget_hours()
            self._note_hour(hour, told=False)

    def _note_hour(self, hour: tuple[float, float, float], *, told: bool) -> None:
        held = self.held
        held[FIRST_HOUR:SIZE] = [*hour, *held[FIRST_HOUR : SIZE - 3]]
        means, lows, highs = ([v for v in held[FIRST_HOUR + n : SIZE : 3] if v == v] for n in range(3))
        if len(means) < LEARNED_FROM:
            return
        held[USUAL], held[LOW], held[HIGH] = median(means), min(lows), max(highs)
        held[SPAN] = max(means) - min(means)
        held[LEARNED] = held[USUAL] if not told and held[SPAN] <= STEADY_SPAN else NAN

    def _forget_blocks(self, recent: float) -> None:
        held = self.held
        held[FIRST_BLOCK:FIRST_HOUR] = [NAN] * HOUR
        held[LEVEL], held[RECENT], held[IN_HOUR] = NAN, recent, 0.0

    def _forget_hours(self) -> None:
        held = self.held
        held[FIRST_HOUR:SIZE] = [NAN] * (3 * HOURS)
        for name in (LEARNED, USUAL, LOW, HIGH, SPAN, OTHERS):
            held[name] = NAN
