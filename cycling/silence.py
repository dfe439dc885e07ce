"""Who has stopped reporting? Judged from arrivals, by timers that fall due at exact times.

A channel alone is channel-silent. When every channel of a cycler stopped together its PC did: one incident,
whose members are the channels. A channel that falls due while its whole cycler has gone quiet waits for the
cycler's own verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cycling.detectors.channel_silent import ChannelSilent
from cycling.detectors.cycler_silent import CyclerSilent
from cycling.memory import Memory
from cycling.rows import Floats, Ints
from cycling.topology import UNLISTED, Topology

INTERVALS = 16  # newest intervals between arrivals kept per channel; their median is the cadence
USUAL_CADENCE = 30.0  # s, until a channel has shown its own
# A cycler that logs on change is quiet for long in every constant-voltage step: Arbin up to 1136 s (CALCE). Pauses up
# to this length that a channel makes by itself, twice, are its way; longer ones never are.
LONGEST_PAUSE = 1800.0
ALONE, WITH_CYCLER = 1.0, 2.0  # how a channel fell silent


@dataclass(frozen=True, kw_only=True)
class Silenced:
    """A channel, or a whole cycler, fell silent: the timer was due ``at``; ``last`` is the newest arrival. People are
    told ``window`` s later, if it is still silent then: most silences are short restarts."""

    at: float
    cycler: str | None  # None: the channel alone
    channels: tuple[str, ...]
    last: float
    window: float = 0.0


class Silence:
    """Arrivals of every channel and the timers that follow from them."""

    def __init__(self, memory: Memory, topology: Topology, channel: ChannelSilent, cycler: CyclerSilent) -> None:
        self.memory, self.topology = memory, topology
        self.channel, self.cycler = channel, cycler
        self._cyclers: dict[str, list[int]] = {}  # cycler -> places of its channels
        self._known = 0

    @property
    def shortest(self) -> float:
        """No silence is shorter than this, in seconds of arrival."""
        return min(self.channel.delay_seconds, self.cycler.delay_seconds)

    def shortest_of(self, count: int) -> Floats:
        """The same for each of the first ``count`` channels: what they have shown can only make it longer."""
        self._learn_places()
        return np.maximum(self.shortest, self._usual_pause(self.memory.array("silence.pause", 0.0)[:count]))

    def arrived(self, place: Ints, clock: Floats) -> list[int]:
        """Take in arrivals (rows sorted by channel and clock); returns the places that were silent before."""
        self._learn_places()
        ends = np.flatnonzero(np.append(np.diff(place) != 0, True))
        starts = np.append(0, ends[:-1] + 1)
        channels = place[starts]
        last = self.memory.array("silence.last", np.nan)
        ring = self.memory.array("silence.ring", np.nan, (INTERVALS,))
        position = self.memory.array("silence.position", 0.0)
        before = np.empty_like(clock)
        before[1:] = clock[:-1]
        before[starts] = last[channels]
        interval = clock - before
        rank = np.arange(len(clock)) - np.repeat(starts, ends - starts + 1)
        tail = np.repeat(ends, ends - starts + 1) - np.arange(len(clock)) < INTERVALS
        # Rows that arrive together are not apart; a silence is no cadence, except for a channel so slow that
        # all its first intervals look like one.
        silent = self.memory.array("silence.silent", 0.0)
        unlearned = (~np.isnan(ring[place])).sum(axis=1) < 3
        self._learn_pauses(place, interval, silent[place])
        kept = tail & (interval > 0) & (unlearned | (silent[place] == 0))
        slot = (position[place] + rank).astype(int) % INTERVALS
        ring[place[kept], slot[kept]] = interval[kept]
        position[channels] = (position[channels] + ends - starts + 1) % INTERVALS
        last[channels] = clock[ends]
        back: list[int] = channels[silent[channels] > 0].tolist()
        silent[channels] = 0.0
        return back

    def cadence(self) -> Floats:
        """The cadence of every channel in s: as lab.toml says, else the median of its newest intervals."""
        self._learn_places()
        said = self.memory.array("silence.poll", np.nan)
        ring = self.memory.array("silence.ring", np.nan, (INTERVALS,))[: len(self.memory.index)]
        learned = np.full(len(ring), USUAL_CADENCE)
        known = np.flatnonzero((~np.isnan(ring)).sum(axis=1) >= 3)
        learned[known] = np.nanmedian(ring[known], axis=1) if len(known) else learned[known]
        said = said[: len(ring)]
        return np.where(np.isnan(said), learned, said)

    def tick(
        self, now: float, heard_since: float = -np.inf, heard_cyclers: Mapping[str, float] = MappingProxyType({})
    ) -> tuple[list[Silenced], float]:
        """Every timer due at or before ``now``, in order, and when the next of those counting down is due
        (infinity where nothing has been quiet for long enough to count). Before ``heard_since`` nothing could
        arrive, of single cyclers before their time in ``heard_cyclers``, so silence counts from then."""
        self._learn_places()
        count = len(self.memory.index)
        last = np.maximum(self.memory.array("silence.last", np.nan)[:count], heard_since)
        for cycler, since in heard_cyclers.items():
            places = self._cyclers.get(cycler, [])
            last[places] = np.maximum(last[places], since)
        silent = self.memory.array("silence.silent", 0.0)[:count]
        ended = self.memory.array("silence.ended", 0.0)[:count] > 0
        quiet = ~np.isnan(last) & (last + self.shortest <= now) & ~ended & (silent == 0)
        if not quiet.any():
            return [], np.inf
        cadence = self.cadence()
        found: list[Silenced] = []
        upcoming = np.inf
        waits = (self._wait(self.channel, cadence), self._wait(self.cycler, cadence))
        due = last + waits[0]
        names = self.memory.channels
        waiting: set[str] = set()  # cyclers whose own timer is still counting: so it is for all of their channels
        for place in np.flatnonzero(quiet)[np.argsort(due[quiet], kind="stable")].tolist():
            if silent[place] or self.topology.place(names[place]).cycler in waiting:
                continue  # its cycler was judged meanwhile
            verdict, at = self._verdict(place, last, cadence, ended, float(due[place]), waits)
            if at > now:
                upcoming = min(upcoming, at)
                if verdict.cycler is not None:
                    waiting.add(verdict.cycler)
                continue
            how = ALONE if verdict.cycler is None else WITH_CYCLER
            silent[[self.memory.index[channel] for channel in verdict.channels]] = how
            found.append(verdict)
        return sorted(found, key=lambda silenced: silenced.at), upcoming

    def _verdict(
        self, place: int, last: Floats, cadence: Floats, ended: np.ndarray, due: float, waits: tuple[Floats, Floats]
    ) -> tuple[Silenced, float]:
        """What the silence of a channel amounts to, and when: the channel's own at ``due``, or its cycler's."""
        names = self.memory.channels
        cycler = self.topology.place(names[place]).cycler
        alone = Silenced(
            at=due,
            cycler=None,
            channels=(names[place],),
            last=float(last[place]),
            window=self.channel.wait_seconds + 2 * float(cadence[place]),
        )
        fellows = [p for p in self._cyclers.get(cycler, []) if not ended[p] and not np.isnan(last[p])]
        if cycler == UNLISTED or not self.cycler.enabled or len(fellows) < self.cycler.channels:
            return alone, due
        newest = max(fellows, key=lambda p: last[p])
        heard = float(last[newest])
        all_quiet = all(due - last[p] > 2 * cadence[p] + 5 for p in fellows) or all(
            last[p] + waits[0][p] <= due + 2 * cadence[p] + 5 for p in fellows
        )
        at = heard + float(max(waits[1][p] for p in fellows))
        if not all_quiet:
            return alone, due
        whole = Silenced(
            at=at,
            cycler=cycler,
            channels=tuple(names[p] for p in fellows),
            last=heard,
            window=self.cycler.wait_seconds + 2 * float(max(cadence[p] for p in fellows)),
        )
        return whole, at

    def _wait(self, limits: ChannelSilent | CyclerSilent, cadence: Floats) -> Floats:
        ring = self.memory.array("silence.ring", np.nan, (INTERVALS,))[: len(cadence)]
        longest = np.max(np.where(np.isnan(ring), 0.0, ring), axis=1)
        irregular = longest > 3 * cadence  # a cycler that logs on change leaves long intervals
        margin = min(limits.margin_seconds, 0.2 * limits.delay_seconds)
        wait = np.maximum(limits.delay_seconds, limits.cadences * cadence)
        pause = self.memory.array("silence.pause", 0.0)[: len(cadence)]
        longest = np.maximum(np.where(irregular, longest, 0.0), self._usual_pause(pause))
        return np.where(longest > 0, np.maximum(wait, longest + margin), wait)

    def _learn_pauses(self, place: Ints, interval: Floats, silent: Floats) -> None:
        """Note the longest pause a channel has made by itself, and how many there were."""
        long = (interval > 0.5 * self.shortest) & (interval <= LONGEST_PAUSE) & (silent != WITH_CYCLER)
        np.maximum.at(self.memory.array("silence.pause", 0.0), place[long], interval[long])
        np.add.at(self.memory.array("silence.pauses", 0.0), place[long], 1.0)

    def _usual_pause(self, pause: Floats) -> Floats:
        often = self.memory.array("silence.pauses", 0.0)[: len(pause)] >= 2
        return np.where(often, pause, 0.0)

    def _learn_places(self) -> None:
        """Channels met since the last call: which cycler they are of, and their stated cadence."""
        names = self.memory.channels
        for place in range(self._known, len(names)):
            where = self.topology.place(names[place])
            self._cyclers.setdefault(where.cycler, []).append(place)
            self.memory.array("silence.poll", np.nan)[place] = (
                np.nan if where.poll_seconds is None else where.poll_seconds
            )
        self._known = len(names)
