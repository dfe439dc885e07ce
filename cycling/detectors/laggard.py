"""C15 laggard: a cell that fades faster than its replicates at the same cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import SILENT, Verdict, Words
from cycling.history import TestHistory
from cycling.rows import Floats
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class Laggard:
    """Fires when the fade of this cell is above the median of at least ``cells`` others of its batch, protocol and
    chemistry by more than ``z`` robust deviations (at least ``floor``) at each of the last ``cycles`` cycles, at equal
    cycle numbers; ends when it is within half of that at all of them."""

    kind: ClassVar[str] = "laggard"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    z: float = 3.5
    floor: float = 0.003
    cells: int = 5
    cycles: int = 20

    def check(self, history: TestHistory, peers: Sequence[TestHistory]) -> Verdict:
        others = [peer for peer in peers if len(peer.trail_count)]
        if len(others) < self.cells or not history.regular[-1]:
            return SILENT
        reached = sorted((peer.cycle_count[-1] for peer in others), reverse=True)[self.cells - 1]
        rows = np.flatnonzero(history.regular & (history.cycle_count <= reached))[-self.cycles :]
        if len(rows) < self.cycles:
            return SILENT
        count = history.cycle_count[rows]
        known = [_fade_at(peer, count) for peer in others if peer.cycle_count[-1] >= count[-1]]
        fades = np.array([fade for fade in known if np.isfinite(fade).all()])
        if len(fades) < self.cells:
            return SILENT
        middle = np.median(fades, axis=0)
        scale = np.maximum(self.floor, 1.4826 * np.median(np.abs(fades - middle), axis=0))
        own = 1 - history.discharging_capacity[rows] / history.first_capacity
        z = (own - middle) / (scale + history.unsure_capacity[rows] / self.z)
        if not np.all(z > self.z):
            return Verdict(off=bool(np.all(z < 0.5 * self.z)))
        lost, usual = float(own[-1]), float(middle[-1])
        return Verdict(
            on=True,
            words=Words(
                message=f"Laggard: at cycle {count[-1]:.0f} this cell has lost {100 * lost:.1f} % of its first "
                f"capacity, the {len(fades)} others of its batch {100 * usual:.1f} %.",
                action="Compare it with its replicates: contact, channel and chamber place first, then the cell.",
                evidence={
                    "fade": lost,
                    "fade_of_others": usual,
                    "z": float(z[-1]),
                    "cells": len(fades),
                    "excess": float(z[-1]) / self.z,
                },
            ),
        )


def _fade_at(peer: TestHistory, count: Floats) -> Floats:
    """The fade of a peer at these cycles, NaN where it has not been."""
    since = peer.regular & (peer.cycle_count > peer.trail_count[-1])
    counts = np.concatenate([peer.trail_count, peer.cycle_count[since]])
    capacities = np.concatenate([peer.trail_capacity, peer.discharging_capacity[since]])
    fade: Floats = 1 - np.interp(count, counts, capacities, left=np.nan, right=np.nan) / peer.first_capacity
    return fade
