"""Of readings that pile up, those that are folded next: of every cycler up to the same moment, and not too many.

Cyclers send at different paces, so as many entries of each reach to different times. Folded like that, whoever reaches
less far would look silent. And a fold that takes long keeps the monitor from saying that it lives.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cycling.readings import Batch

ROWS_AT_ONCE = 50_000  # folded in a second or two
FIRST, MOST = 16, 500  # entries per cycler

Entry = tuple[str, int, Batch]  # the cycler, the entry's number in its stream, its readings


@dataclass(frozen=True)
class Turn:
    """The entries whose turn it is, and how things stand: ``behind`` when more is known to lie there, ``cut`` when
    some of what was read must be read again."""

    entries: list[Entry]
    behind: bool
    cut: bool


class Backlog:
    """How many entries per cycler are worth reading: as many as one fold takes."""

    def __init__(self) -> None:
        self.most = FIRST

    def turn(self, found: Sequence[Entry]) -> Turn:
        """Whose turn it is, of up to ``most`` entries per cycler; the next reading is for more, or for fewer."""
        turn = turn_of(found, self.most)
        if turn.cut:
            self.most = max(self.most // 2, 1)
        elif turn.behind:
            self.most = min(self.most * 2, MOST)
        return turn


def turn_of(found: Sequence[Entry], most: int, rows: int = ROWS_AT_ONCE) -> Turn:
    """The entries that arrived up to the moment to which all of them are there, oldest first, at least one; no more
    after so many rows. A cycler with ``most`` entries has more, later than the last of them."""
    counts = Counter(cycler for cycler, _n, _batch in found)
    clock: dict[str, float] = {}
    arrived = []
    for cycler, _n, batch in found:
        last = float(batch.numbers("arrival_time_second").max()) if len(batch) else -math.inf
        clock[cycler] = max(last, clock.get(cycler, last))  # a clock may be set back; an entry never overtakes another
        arrived.append(clock[cycler])
    full = [cycler for cycler, count in counts.items() if count >= most]
    horizon = min((clock[cycler] for cycler in full), default=math.inf)
    taken: list[Entry] = []
    left, cut = rows, False
    for place in sorted(range(len(found)), key=arrived.__getitem__):
        if arrived[place] > horizon:
            break
        cut = bool(taken) and left <= 0
        if cut:
            break
        taken.append(found[place])
        left -= len(found[place][2])
    return Turn(entries=taken, behind=bool(full) or cut, cut=cut)
