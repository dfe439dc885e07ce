"""E13 hard to parse: rows or whole files of a source that cannot be read, counted over a while.

Whoever reads the source counts; nothing is dropped, it stands in quarantine. Told is what share could not be read, of
which channel or source, and the newest reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cycling.detectors.base import Words
from cycling.detectors.unparseable import Unparseable
from cycling.judge import BEGINS, ENDS, WORSENS, Finding
from cycling.types import Severity

LAB = "lab"


@dataclass(frozen=True, kw_only=True)
class Rejects:
    """What came of one source in the last while. ``scope`` is ``channel:…`` or ``lab``; times are UTC seconds."""

    source: str
    scope: str = LAB
    taken: int = 0
    rejected: int = 0
    files: int = 0  # whole files that could not be read
    since: float | None = None  # of the first that was rejected …
    last_good: float | None = None  # … and when the last row was taken; None: not in this while
    column: str = ""
    reason: str = ""

    @property
    def share(self) -> float:
        return self.rejected / max(self.rejected + self.taken, 1)


@dataclass(frozen=True, kw_only=True)
class Told:
    """An open finding: since when, and how severe."""

    scope: str
    severity: Severity


def judged(
    counts: Sequence[Rejects], now: float, told: Iterable[Told], limits: Unparseable
) -> tuple[list[Finding], list[Told]]:
    """What is to be said now, given what was told before; and what is told from here on."""
    known = {one.scope: one for one in told}
    worst: dict[str, Rejects] = {}
    for one in counts:
        if limits.enabled and _matters(one, limits):
            before = worst.get(one.scope)
            worst[one.scope] = one if before is None else _both(before, one)
    found, after = [], []
    for scope, one in worst.items():
        severity = _severity(one, now, limits)
        open_ = known.pop(scope, None)
        if open_ is None or severity.rank < open_.severity.rank:
            at = one.since if open_ is None and one.since is not None else now
            found.append(_finding(WORSENS if open_ else BEGINS, at, scope, severity, limits, _words(one, now)))
        else:
            severity = open_.severity
        after.append(Told(scope=scope, severity=severity))
    found += [_finding(ENDS, now, scope, one.severity, limits, None) for scope, one in known.items()]
    return found, after


def _matters(one: Rejects, limits: Unparseable) -> bool:
    return one.files >= limits.files or (one.rejected >= limits.rows and one.share > limits.share)


def _severity(one: Rejects, now: float, limits: Unparseable) -> Severity:
    """A test is being lost when nothing of its source could be read for a while."""
    if one.since is None:
        return limits.severity
    last = one.since if one.last_good is None else one.last_good
    lost = now - last >= limits.escalate_seconds and one.rejected + one.files > 0
    return Severity.P2 if lost else limits.severity


def _both(a: Rejects, b: Rejects) -> Rejects:
    """Two sources of one scope."""
    newest = b if (b.since or 0.0) >= (a.since or 0.0) else a
    return replace(
        newest,
        source=f"{a.source}, {b.source}",
        taken=a.taken + b.taken,
        rejected=a.rejected + b.rejected,
        files=a.files + b.files,
        since=min((at for at in (a.since, b.since) if at is not None), default=None),
        last_good=max((at for at in (a.last_good, b.last_good) if at is not None), default=None),
    )


def _words(one: Rejects, now: float) -> Words:
    total = one.rejected + one.taken
    rows = f"{one.rejected} of {total} rows ({one.share:.1%})" if one.rejected else ""
    files = f"{one.files} whole file{'s' if one.files > 1 else ''}" if one.files else ""
    why = f"; the newest: {one.column}: {one.reason}" if one.column else f"; the newest: {one.reason}"
    return Words(
        message=f"Unparseable: {' and '.join(part for part in (rows, files) if part)} of {one.source} could not be "
        f"read{why.rstrip('.') if one.reason else ''}.",
        action="Look at the rejected rows in quarantine: has a column, a unit or the firmware changed?",
        evidence={
            "rejected": one.rejected,
            "taken": one.taken,
            "files": one.files,
            "share": one.share,
            "no_valid_row_second": None if one.since is None else max(now - (one.last_good or one.since), 0.0),
        },
    )


def _finding(what: str, at: float, scope: str, severity: Severity, limits: Unparseable, words: Words | None) -> Finding:
    channel = scope.removeprefix("channel:") if scope.startswith("channel:") else ""
    return Finding(
        at=at,
        what=what,
        kind=limits.kind,
        severity=severity,
        channel=channel,
        test="",
        words=words,
        scope=scope,
        channels=(channel,) if channel else (),
    )
