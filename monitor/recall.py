"""Recall: what a watcher of a part of the lab begins with, from what the watchers before it kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from cycling.division import joined
from cycling.types import Alert
from cycling.watch import OtherSnapshot, Watch
from data_access.lab import Lab
from data_access.snapshots import Snapshot
from monitor.parts import Share, whole_lab

log = logging.getLogger("cellwatch.watch")


def recall(lab: Lab, watch: Watch, share: Share) -> tuple[dict[str, int], int]:
    """Restores a watch of the share's cyclers; says where it stands in their streams and in the journal.

    Of every cycler the snapshot counts that stands furthest in its stream, whoever kept it; so a lab may be divided
    anew and no cycle is counted from 1 again. What nobody kept is begun with what Redis still has.
    """
    cyclers = share.cyclers(lab.topology.cycler_ids)
    furthest = _furthest(lab.live.load_watches(), cyclers)
    used = list({kept.part: kept for kept in furthest.values()}.values())
    try:
        if len(used) == 1 and set(used[0].positions) <= set(cyclers):
            watch.restore(used[0].memory)
        elif used:
            watch.restore(joined([(kept.memory, _wanted(lab, furthest, kept)) for kept in used], whole_lab(share)))
    except OtherSnapshot as other:
        log.warning("%s It looks anew at what Redis still has.", other)
        furthest, used = {}, []
    if not used:
        watch.adopt(alert for alert in lab.live.alerts() if _belongs(lab, alert, share, cyclers))
    positions = {
        cycler: furthest[cycler].positions[cycler] if cycler in furthest else lab.live.beginning(cycler)
        for cycler in cyclers
    }
    return positions, min((kept.journal for kept in used), default=0)


def _furthest(snapshots: Sequence[Snapshot], cyclers: Sequence[str]) -> dict[str, Snapshot]:
    found: dict[str, Snapshot] = {}
    for kept in snapshots:
        for cycler in set(cyclers) & set(kept.positions):
            if cycler not in found or kept.positions[cycler] > found[cycler].positions[cycler]:
                found[cycler] = kept
    return found


def _wanted(lab: Lab, furthest: Mapping[str, Snapshot], kept: Snapshot) -> Callable[[str], bool]:
    return lambda channel: furthest.get(lab.topology.place(channel).cycler) is kept


def _belongs(lab: Lab, alert: Alert, share: Share, cyclers: Sequence[str]) -> bool:
    if not alert.channels:
        return whole_lab(share)
    return lab.topology.place(alert.channels[0]).cycler in cyclers  # as a division of snapshots has it
