"""The result as tables: on the screen while it is computed, and as a page of Markdown at the end."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.alerts.clean import KEPT_BACK, TUNED
from benchmarks.alerts.groups import GroupScore
from benchmarks.alerts.inject import Fault
from benchmarks.alerts.lives import CycleScore
from benchmarks.alerts.notes import NoteScore
from benchmarks.alerts.reading_level import Bench, Usual
from benchmarks.alerts.score import Rate, Score
from cycling.types import Alert


class Report:
    """Lines of Markdown; every line is printed as it comes."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def say(self, line: str = "") -> None:
        self._lines.append(line)
        print(line, flush=True)

    def heading(self, text: str, *columns: str) -> None:
        """A heading and, under it, the head of a table."""
        self.say()
        self.say(f"## {text}")
        self.say()
        if columns:
            self.row(*columns)
            self.row(*("---" for _ in columns))

    def row(self, *cells: str) -> None:
        self.say(f"| {' | '.join(cells)} |")

    def write(self, path: Path) -> None:
        path.write_text("\n".join(self._lines) + "\n")


def cells(report: Report, bench: Bench) -> None:
    names = [trace.cell for trace in bench.traces]
    report.say("# The alerts' benchmark")
    report.say()
    report.say(
        f"{len(names)} cells, {bench.months:.2f} channel-months, {bench.rows} readings "
        f"every {bench.traces[0].poll:g} s, judged at {bench.rows / bench.seconds:,.0f} readings/s "
        f"({bench.seconds / bench.rows * 1e6:.1f} µs each)."
    )
    for text, which in (("Rules were tuned on", TUNED), ("Kept back: they decide", KEPT_BACK)):
        here = [name for name in names if name in which]
        report.say(f"{text}: {', '.join(here) or 'none of those below'}.")


def false_alarms(report: Report, rates: dict[str, Rate], clean: Iterable[Alert], show: bool) -> None:
    report.heading("False alarms on clean traces", "kind", "per channel-month", "95 % bound", "episodes")
    for kind, rate in rates.items():
        report.row(kind, f"{rate.per_month:.2f}", f"{rate.bound:.2f}", f"{rate.episodes}")
    for alert in sorted(clean, key=lambda alert: alert.opened_at) if show else ():
        print(f"  {alert.scope} {alert.opened_at:.0f} {alert.severity} {alert.kind}: {alert.message}")


def fault_heading(report: Report) -> None:
    columns = (
        "n",
        "recall",
        "of those visible",
        "median min",
        "95 % min",
        "95 % readings",
        "right name",
        "other kinds",
    )
    report.heading("Injected faults", "fault", *columns)


def fault_row(report: Report, fault: Fault, level: float, score: Score) -> None:
    others = ", ".join(f"{kind} {count}" for kind, count in score.wrong.most_common()) or "–"
    name = fault.label(level)
    if not fault.right:
        report.row(name, f"{score.count}", "must be silent", "", "", "", "", "", others)
        return
    visible = f"{_two(score.visible_recall)} of {score.visible}"
    delays = (_one(score.delay_median), _one(score.delay_95), _one(score.readings_95))
    report.row(name, f"{score.count}", _two(score.recall), visible, *delays, _two(score.named), others)


def usual(report: Report, found: Sequence[Usual]) -> None:
    report.heading("The usual, on the same readings (recall / median minutes)", "fault", *(one.name for one in found))
    for name in found[0].found:
        report.row(name, *(f"{_two(one.found[name][0])} / {_one(one.found[name][1])}" for one in found))
    report.row("**false alarms per channel-month**", *(f"{one.false_per_month:.1f}" for one in found))


def group_heading(report: Report) -> None:
    columns = ("notices", "channels named", "as", "other kinds", "as asked", "CPU s")
    report.heading("Faults of many channels", "play", *columns)


def group_row(report: Report, score: GroupScore) -> None:
    others = ", ".join(f"{kind} {count}" for kind, count in score.wrong.most_common()) or "–"
    passed = "yes" if score.passed else "no"
    report.row(
        score.play,
        f"{score.notices}",
        f"{score.share:.0%}",
        score.severities or "–",
        others,
        passed,
        f"{score.seconds:.0f}",
    )


def notes(report: Report, scores: Sequence[NoteScore], unexplained: Sequence[Alert]) -> None:
    report.heading("The notes of a real batch", "note", "channels named", "as", "severity", "all")
    for score in scores:
        named = f"{min(score.named, score.of)} of {score.of}"
        report.row(score.text, named, ", ".join(score.by) or "–", " ".join(score.severities), _yes(score.passed))
    report.say()
    report.say(f"Alerts shown that no note explains: {len(unexplained)}.")
    for alert in unexplained[:10]:
        report.say(f"- {alert.severity} {alert.kind}: {alert.message}")


def ordinary(report: Report, found: Iterable[tuple[str, float, list[Alert]]]) -> None:
    report.heading("What is ordinary and must stay silent", "play", "hours", "P1 and P2", "all shown")
    for name, hours, alerts in found:
        shown = [alert for alert in alerts if alert.severity.rank <= 3]
        kinds = ", ".join(sorted({f"{alert.kind} {alert.severity}" for alert in shown})) or "–"
        report.row(name, f"{hours:.0f}", f"{sum(alert.severity.rank <= 2 for alert in shown)}", kinds)


def cycle_heading(report: Report) -> None:
    report.heading("Faults of whole cycles", "fault", "n", "recall", "within 3 cycles", "median cycles", "other kinds")


def cycle_row(report: Report, score: CycleScore) -> None:
    others = ", ".join(f"{kind} {count}" for kind, count in score.wrong.most_common()) or "–"
    report.row(score.fault, f"{score.count}", _two(score.recall), _two(score.in_three), _one(score.delay), others)


def _yes(passed: bool) -> str:
    return "yes" if passed else "no"


def _two(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def _one(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1f}"
