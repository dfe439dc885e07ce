"""How good the alerts of the last days were: one sentence, and behind it every figure beside what it should be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from components.host import attributes, table
from cycling.alarm_figures import ABOVE, GOOD, OVER, Figure
from cycling.alarm_quality import DAY, HOUR, Quality, Source
from cycling.recording import span
from cycling.scope_words import place

SUMMARY, BODY, TICK, DAYS = "quality-summary", "quality-body", "quality-tick", "quality-days"
REFRESH_MILLISECONDS = 60_000
PERIODS = (1, 7, 30)
USUAL, MOST = 7, 366
NO_BREAK = "\u00a0"
MARKS = {GOOD: "✓", ABOVE: "△", OVER: "■"}  # beside the word: nothing here is told by colour

_FIGURES = (
    {"key": "name", "name": "What"},
    {"key": "value", "name": "Is"},
    {"key": "aim", "name": "Should be"},
    {"key": "verdict", "name": "So it is"},
)
_SOURCES = (
    {"key": "kind", "name": "Alert"},
    {"key": "where", "name": "Where"},
    {"key": "alerts", "name": "Alerts"},
    {"key": "share", "name": "Part of all", "unit": "%", "digits": 0},
    {"key": "remark", "name": "Remark"},
)
_DAYS = (
    {"key": "since", "name": "24 h from", "kind": "time"},
    {"key": "alerts", "name": "Alerts"},
    {"key": "stale", "name": "Open for more than a day"},
)
_FLOODS = (
    {"key": "since", "name": "From", "kind": "time"},
    {"key": "until", "name": "To", "kind": "time"},
    {"key": "alerts", "name": "Alerts"},
)
WHY = {
    "incident": "explained by the alert of their cause",
    "maintenance": "in planned maintenance",
    "design": "expected, such as a chamber on its way to a new temperature",
    "shelved": "shelved by a person",
}
REASONS = {
    "opened": "of something new",
    "escalated": "of something that became worse",
    "resolved": "of something that is well again",
    "reminder": "reminders",
    "digest": "morning digests",
}


def days_of(text: str) -> int:
    """The number of days that a URL asks for; what cannot be meant is a week."""
    asked = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    return asked if 1 <= asked <= MOST else USUAL


def panel(query: Mapping[str, str]) -> html.Details:
    """The panel before it is filled. It is open where the URL names days, so that a link shows what it means."""
    summary = html.Summary("How good the alerts themselves are", id=SUMMARY)
    store = dcc.Store(id=DAYS, data=days_of(query.get("days", "")))
    tick = dcc.Interval(id=TICK, interval=REFRESH_MILLISECONDS)
    body = html.Div("reading the log of alerts …", id=BODY, className="section")
    choice = _choice(query)
    return html.Details([summary, choice, body, store, tick], id="quality", className="quality", open="days" in query)


def summary(told: Quality) -> str:
    """The panel in a sentence."""
    judged = [figure for figure in told.figures if figure.verdict in MARKS]
    bad = [figure.name for figure in judged if figure.verdict != GOOD]
    said = f"{_alerts(told.alerts)} in {_days(told)}"
    if not bad:
        return f"{said}: no more than people can answer"
    return f"{said}; {len(bad)} of {len(judged)} figures are not as they should be"


def body(told: Quality) -> list[Any]:
    """Every figure, where the alerts come from, when they flooded, and what nobody was told of."""
    return [
        table(f"Figures of {_days(told)}", _FIGURES, [_row(figure) for figure in told.figures], "quality-figures"),
        html.P(_words(told), className="how"),
        table("Where alerts come from", _SOURCES, _sources(told), "quality-sources"),
        table("Day by day", _DAYS, [asdict(day) for day in reversed(told.days)], "quality-each-day"),
        *_floods(told),
    ]


def _choice(query: Mapping[str, str]) -> html.Nav:
    """Links to other periods; the rest of the URL stays."""
    chosen = days_of(query.get("days", ""))
    links = [
        html.A(
            _of_days(days),
            href=f"/alerts?{urlencode({**query, 'days': days})}",
            className="view",
            **attributes(data_nav="", aria_current="page" if days == chosen else None),
        )
        for days in PERIODS
    ]
    return html.Nav(links, className="views", **attributes(aria_label="Over which time"))


def _row(figure: Figure) -> dict[str, str]:
    mark = MARKS.get(figure.verdict, "")
    return {
        "name": figure.name,
        "value": "–" if figure.value is None else _said(figure.value, figure.unit).replace(" ", NO_BREAK),
        "aim": _aim(figure),
        "verdict": f"{mark} {figure.verdict}".strip(),
    }


def _aim(figure: Figure) -> str:
    if figure.target is None:
        return ""
    if figure.target == 0:
        return "none"
    word = "below" if figure.below else "at most"
    aim = f"{word} {_said(figure.target, figure.unit)}"
    if figure.limit in (None, figure.target):
        return aim
    return f"{aim}, never above {_said(figure.limit, figure.unit)}"


def _said(value: float, unit: str) -> str:
    if unit == "share":
        return f"{100 * value:.1f}".removesuffix(".0") + " %"
    if unit == "second":
        return f"{value:.0f} s" if value < 90 else span(value)
    return f"{value:.1f}" if value < 10 and value != int(value) else f"{value:.0f}"  # its name says of what


def _words(told: Quality) -> str:
    """What the tables leave out, in sentences."""
    sent, untold = sum(told.notices.values()), sum(told.suppressed.values())
    said = [f"{_count(sent, 'message was', 'messages were')} sent{_parts(told.notices, REASONS)}."]
    if untold:
        said.append(f"{_alerts(untold)} nobody was told of{_parts(told.suppressed, WHY)}.")
    if told.alerts:
        said.append(f"{told.unacknowledged} of {_alerts(told.alerts)} nobody has acknowledged.")
    if not told.floods:
        said.append("There was no flood: never more than 10 alerts in 10 minutes.")
    return " ".join(said)


def _parts(counts: Mapping[str, int], words: Mapping[str, str]) -> str:
    parts = [f"{n} {words.get(name, name)}" for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return f": {', '.join(parts)}" if parts else ""


def _sources(told: Quality) -> list[dict[str, Any]]:
    """The busiest, then those that come for nothing."""
    remarks = {source: "comes 3 times in a minute" for source in told.chattering}
    remarks |= {source: "gone within a minute" for source in told.fleeting}
    by_place: dict[tuple[str, str], list[str]] = {}
    for source, remark in remarks.items():
        by_place.setdefault((source.kind, source.scope), []).append(remark)
    listed = {(source.kind, source.scope): source for source in (*told.fleeting, *told.chattering, *told.top)}
    order = sorted(listed.values(), key=lambda source: (-source.alerts, source.kind, source.scope))
    return [_source(source, by_place.get((source.kind, source.scope), ())) for source in order]


def _source(source: Source, remarks: Iterable[str]) -> dict[str, Any]:
    kind = source.kind.replace("-", " ")
    return {
        "kind": kind[:1].upper() + kind[1:],
        "where": _where(source.scope),
        "alerts": source.alerts,
        "share": 100 * source.share,
        "remark": ", ".join(remarks) or " ",
    }


def _where(scope: str) -> str:
    return "Whole lab" if scope == "lab" else place(scope)


def _floods(told: Quality) -> list[Any]:
    rows = [asdict(flood) for flood in reversed(told.floods)]
    return [table("Floods: more than 10 alerts in 10 minutes", _FLOODS, rows, "quality-floods")] if rows else []


def _days(told: Quality) -> str:
    seconds = told.until - told.since
    days = round(seconds / DAY)
    if not days or abs(seconds - days * DAY) > HOUR / 2:
        return f"the {span(seconds)} since the log begins"
    return f"the last {_of_days(days)}"


def _of_days(days: int) -> str:
    return "24 h" if days == 1 else f"{days} days"


def _alerts(count: int) -> str:
    return _count(count, "alert", "alerts")


def _count(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
