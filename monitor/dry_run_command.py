"""`python -m monitor dry-run`: what was asked for, and what to say when it cannot be done."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cycling.detectors import PLANNED, REGISTRY
from cycling.detectors.detector_failed import KIND as DETECTOR_FAILED
from data_access.errors import StoreAway
from monitor.dry_run import NoSuchChannel, dry_run
from monitor.dry_run_report import lines, to_json
from monitor.executors import ClusterTrouble
from monitor.findings import write_json
from monitor.reprocess import NothingArchived
from monitor.reprocess_command import archive_of, place_of, wish_of
from settings import Settings

KINDS = frozenset([*REGISTRY, *PLANNED, DETECTOR_FAILED])


def run(given: argparse.Namespace, settings: Settings) -> int:
    """Does it; returns the exit code. Raises SettingsError for faults in what was given, OSError for the file."""
    tried = wish_of(given, settings, [*_unknown_kinds(given.kind), *_unwritable(given.out)])
    wish = replace(tried, detectors=settings.detectors, topology=settings.topology)
    try:
        with place_of(given) as executor:
            found = dry_run(archive_of(settings), wish, tried, given.channel, executor, _say)
    except (StoreAway, NothingArchived, NoSuchChannel, ClusterTrouble) as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1
    if given.out:
        write_json(given.out, to_json(found, given.set, given.kind))
    for line in lines(found, given.set, given.kind, settings.topology.timezone):
        sys.stdout.write(f"{line}\n")
    return 0


def _unknown_kinds(kinds: Sequence[str]) -> list[str]:
    faults = []
    for kind in kinds:
        if kind not in KINDS:
            close = difflib.get_close_matches(kind, sorted(KINDS), n=1)
            hint = f'; did you mean "{close[0]}"?' if close else "; docs/alerts.md lists them"
            faults.append(f'--kind "{kind}": there is no such kind of alert{hint}')
    return faults


def _unwritable(out: Path | None) -> list[str]:
    """Whether the file can be written is better known before the work."""
    if out is None or (out.parent.is_dir() and not out.is_dir()):
        return []
    return [f'--out "{out}": expected a file in a folder that is there']


def _say(line: str) -> None:
    """How far it is, apart from the answer."""
    sys.stderr.write(f"{line}\n")
