"""Whether the house itself is well: stores, processes, and the rows that could not be taken; and what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dash import dcc, html

from components.host import page, table
from cycling.recording import held_up, span, told_by

BODY, TICK = "health-body", "health-tick"
REFRESH_MILLISECONDS = 10_000
QUIET_SECONDS = 10.0  # a process that has not said anything for so long is named
MONITORS = ("record", "watch", "notify")

_BEATS = (
    {"key": "process", "name": "Process"},
    {"key": "state", "name": "State"},
    {"key": "age", "name": "Last heard", "kind": "age"},
    {"key": "lag", "name": "Behind", "unit": "s", "digits": 1},
    {"key": "pid", "name": "pid"},
    {"key": "says", "name": "Says"},
)
_CHILDREN = (
    {"key": "name", "name": "Child"},
    {"key": "state", "name": "State"},
    {"key": "pid", "name": "pid"},
    {"key": "age", "name": "Running for", "kind": "age"},
    {"key": "restarts", "name": "Restarts"},
    {"key": "died", "name": "Last death", "kind": "time"},
    {"key": "how", "name": "How"},
)
_QUARANTINE = (
    {"key": "when", "name": "When", "kind": "time"},
    {"key": "source", "name": "From"},
    {"key": "index", "name": "Row"},
    {"key": "column", "name": "Column"},
    {"key": "value", "name": "Value"},
    {"key": "reason", "name": "Reason"},
    {"key": "raw", "name": "As sent"},
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """Everything the page says, as it was found at ``now``. A store that is away leaves its part empty."""

    now: float
    redis_ok: bool
    redis_detail: str
    used_memory: int = 0
    max_memory: int = 0
    archive_fault: str = ""
    archive_versions: Mapping[str, int] = field(default_factory=dict)
    beats: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    children: Sequence[Mapping[str, Any]] = ()
    quarantined: Sequence[Mapping[str, Any]] = ()
    quarantine_count: int = 0
    redis_whole: bool = True  # False: a node of the cluster is missing


def health_page() -> html.Main:
    """The frame of the page; its body is told anew every ten seconds."""
    return page(
        html.H1("Health"),
        html.Div(id=BODY, className="section"),
        dcc.Interval(id=TICK, interval=REFRESH_MILLISECONDS),
    )


def health_body(told: Told) -> list[Any]:
    """What is wrong in sentences first, then each part in numbers."""
    faults = faults_of(told)
    sentences = [html.Li(sentence, className="card-what") for sentence in faults]
    summary = html.Ul(sentences) if faults else html.P("Every part of the house answers.", className="how")
    return [
        summary,
        _section("Live store", html.P(_redis(told))),
        _section("Archive", html.P(told.archive_fault or _archive(told.archive_versions))),
        _section("Monitor and feeds", table("Heartbeats", _BEATS, _beats(told), "health-beats")),
        _section("Processes", table("Started by make run", _CHILDREN, _children(told), "health-children")),
        _section("Quarantine", html.P(_rows(told)), _quarantine(told)),
    ]


def faults_of(told: Told) -> list[str]:
    """Every fault in one sentence that says what to do."""
    faults = [] if told.redis_ok else [f"Live store: {told.redis_detail}"]
    if told.redis_ok and (not told.redis_whole or ", but " in told.redis_detail):
        faults.append(told.redis_detail)
    if told.archive_fault:
        faults.append(f"Archive: {told.archive_fault}")
    faults += _stuck(told)
    if told.redis_ok:
        faults += [_silence(name, told) for name in MONITORS if _quiet(told.beats.get(name), told.now)]
    for child in told.children:
        recent = [death for death in child.get("deaths", ()) if told.now - float(death["at"]) < 3600]
        if recent:
            faults.append(
                f"{child['name']} died {len(recent)} × in the last hour, last {_how(recent[-1])}; it was started "
                f"again. If that goes on, read the end of its log, log/{child['name']}.log in the data folder."
            )
    return faults


def _stuck(told: Told) -> list[str]:
    """What record, compact and notify say they cannot do."""
    record, compact = told.beats.get("record"), told.beats.get("compact")
    held = None if record is None else held_up(told_by(record, told.now, told.now), told.now)
    left = None if compact is None else compact.get("error")
    untold = told.beats.get("notify", {}).get("error")
    found = {"Recording": held, "Compaction": left, "Notices": untold}
    return [f"{name}: {why}" for name, why in found.items() if why]


def _silence(name: str, told: Told) -> str:
    beat = told.beats.get(name)
    since = "has never answered" if beat is None else f"has not answered for {told.now - beat['at']:.0f} s"
    lost = {
        "record": "readings wait in the live store and are not archived",
        "watch": "nothing is being watched and every value on the pages is old",
        "notify": "nobody is being told of alerts",
    }[name]
    return f"monitor {name} {since}: {lost}. `make run` starts it again; elsewhere run `python -m monitor {name}`."


def _quiet(beat: Mapping[str, Any] | None, now: float) -> bool:
    return beat is None or now - float(beat["at"]) > QUIET_SECONDS


def _redis(told: Told) -> str:
    if not told.redis_ok:
        return "Does not answer."
    of = f" of {told.max_memory / 1e6:.0f} MB" if told.max_memory else ", no limit set"
    return f"{told.redis_detail} It uses {told.used_memory / 1e6:.1f} MB{of}."


def _archive(versions: Mapping[str, int]) -> str:
    if not versions:
        return "Nothing is archived yet."
    written = ", ".join(f"{name} {version}" for name, version in versions.items() if version >= 0)
    return f"Answers. Commits so far: {written or 'none'}."


def _beats(told: Told) -> list[dict[str, Any]]:
    names = dict.fromkeys([*MONITORS, *told.beats])
    return [_beat(name, told.beats.get(name), told.now) for name in names]


def _beat(name: str, beat: Mapping[str, Any] | None, now: float) -> dict[str, Any]:
    if beat is None:
        return {"process": name, "state": "never heard"}
    says = {
        key: value
        for key, value in beat.items()
        if key not in ("at", "pid", "lag_second") and value not in (None, [], "")
    }
    return {
        "process": name,
        "state": "silent" if _quiet(beat, now) else "answers",
        "age": now - float(beat["at"]),
        "lag": beat.get("lag_second"),
        "pid": _text(beat.get("pid")),
        "says": ", ".join(_said(key, value, now) for key, value in says.items()),
    }


def _said(key: str, value: Any, now: float) -> str:
    """A word of a process as people say it: a moment as an age, shares, bytes and lengths of time with their unit."""
    if isinstance(value, Mapping):
        value = ", ".join(f"{name} {count}" for name, count in value.items())
    elif isinstance(value, int | float):
        if key == "since":
            return f"for {span(now - value)}"
        for ending, told in _UNITS.items():
            if key.endswith(ending):
                return f"{key.removesuffix(ending).replace('_', ' ')} {told(value, now)}"
    return f"{key.replace('_', ' ')} {value}"


_UNITS: Mapping[str, Callable[[float, float], str]] = {
    "_at": lambda moment, now: f"{now - moment:.0f} s ago",
    "_share": lambda share, _: f"{share:.0%}",
    "_byte": lambda count, _: f"{count / 1e9:.1f} GB",
    "_second": lambda seconds, _: span(seconds),
}


def _children(told: Told) -> list[dict[str, Any]]:
    return [_child(child, told.now) for child in told.children]


def _child(child: Mapping[str, Any], now: float) -> dict[str, Any]:
    deaths = list(child.get("deaths", ()))
    started = child.get("started")
    return {
        "name": child["name"],
        "state": "running" if child.get("pid") else "down",
        "pid": _text(child.get("pid")),
        "age": now - float(started) if started and child.get("pid") else None,
        "restarts": child.get("restarts", 0),
        "died": float(deaths[-1]["at"]) if deaths else None,
        "how": _how(deaths[-1]) if deaths else None,
    }


def _how(death: Mapping[str, Any]) -> str:
    if death.get("signal"):
        return f"by signal {death['signal']}"
    return f"with exit code {death.get('code')}"


def _rows(told: Told) -> str:
    if not told.quarantine_count:
        return "No row was ever rejected."
    return (
        f"{told.quarantine_count} rows could not be taken; nothing of them is lost. Mend what sends them, "
        "then send them again. The newest:"
    )


def _quarantine(told: Told) -> html.Div:
    keys = ("source", "column", "reason", "raw")
    rows = [
        {key: row.get(key) for key in keys}
        | {"when": row.get("when"), "index": row.get("index"), "value": _text(row.get("value"))}
        for row in told.quarantined
    ]
    return table("Rows that could not be taken", _QUARANTINE, rows, "health-quarantine")


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _section(title: str, *children: Any) -> html.Section:
    return html.Section([html.H2(title), *children], className="section")
