"""The nouns of the house: what an alert, a cycle, a notice and a rejected row are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How soon someone must act. P1 is the most severe."""

    P1 = "P1"  # danger, call now
    P2 = "P2"  # a test is being lost, call
    P3 = "P3"  # daily digest
    P4 = "P4"  # log only

    @property
    def rank(self) -> int:
        """1 for the most severe to 4 for the least."""
        return int(self.value[1])


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """A row that could not be taken: which, where in it, what stood there, and why that will not do."""

    index: int
    column: str
    value: Any
    reason: str


@dataclass(frozen=True, kw_only=True)
class Comment:
    """What a person said about an alert."""

    at: float
    who: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Was:
    """What an alert said up to a time (UTC s), before it got worse or was said anew."""

    until: float
    severity: Severity
    message: str
    action: str


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One thing that is or was wrong, from its opening to its end. The id is the same in every replay.

    ``scope`` is ``channel:…``, ``cycler:…``, ``chamber:…`` or ``lab``; an alert whose scope is wider than a
    channel is an incident and names in ``members`` the ids of the alerts it explains. Times are UTC seconds.
    """

    id: str
    kind: str
    severity: Severity
    scope: str
    channels: tuple[str, ...]
    test: str | None
    opened_at: float
    closed_at: float | None = None
    message: str
    action: str = ""  # the first thing to do
    evidence: Mapping[str, Any] = field(default_factory=dict)
    incident: str | None = None
    suppressed: str | None = None  # maintenance | incident | design | shelved
    members: tuple[str, ...] = ()
    state: str = "active"  # pending | active | acknowledged | clearing | returned | closed, see cycling.life
    seen_at: float = 0.0  # the watch's clock when it was found
    tell_at: float | None = None  # when people are told, unless it has gone or is explained by then
    announced_at: float | None = None  # when people were told
    cleared_at: float | None = None  # when the condition went away; the alert may stay open (latched) or come back
    settle_at: float | None = None  # when it counts as gone
    raised: int = 1  # how often the condition came since the alert opened
    acknowledged_at: float | None = None
    acknowledged_by: str | None = None
    shelved_until: float | None = None
    out_of_service_at: float | None = None
    comments: tuple[Comment, ...] = ()
    was: tuple[Was, ...] = ()  # oldest first

    @property
    def open(self) -> bool:
        return self.closed_at is None

    @property
    def ended(self) -> bool:
        """Whether it is over for good: what has just closed may open again."""
        return self.closed_at is not None and self.settle_at is None

    @property
    def burning(self) -> bool:
        """Whether the condition is there now."""
        return self.closed_at is None and self.cleared_at is None

    def to_json(self) -> dict[str, Any]:
        """The alert as plain JSON values, under the names of the API."""
        return vars(self) | {
            "severity": self.severity.value,
            "channels": list(self.channels),
            "evidence": dict(self.evidence),
            "members": list(self.members),
            "comments": [asdict(comment) for comment in self.comments],
            "was": [asdict(was) | {"severity": was.severity.value} for was in self.was],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Alert:
        """The alert that ``to_json`` wrote, also that of an earlier version, which did not say where it stands."""
        gone = "clearing" if data.get("settle_at") is not None else "closed" if data.get("closed_at") else "returned"
        seen = "acknowledged" if data.get("acknowledged_at") is not None else "active"
        return cls(
            **{
                "state": gone if data.get("closed_at") or data.get("cleared_at") else seen,
                "seen_at": data["opened_at"],
                **data,
                "severity": Severity(data["severity"]),
                "channels": tuple(data["channels"]),
                "members": tuple(data["members"]),
                "comments": tuple(Comment(**comment) for comment in data["comments"]),
                "was": tuple(Was(**{**was, "severity": Severity(was["severity"])}) for was in data.get("was", ())),
            }
        )

    def but(self, **changes: Any) -> Alert:
        """The same alert with some fields changed."""
        return replace(self, **changes)


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What a person is told about an alert. The id is stable, so that it is told once."""

    id: str
    sent_at: float
    alert: str
    severity: Severity
    reason: str  # opened | escalated | resolved | reminder | digest
    text: str
    channel_count: int
    kind: str = ""  # of the alert; "" for a digest
    scope: str = "lab"
    channels: tuple[str, ...] = ()  # all that it is about, the worst first
    alerts: tuple[str, ...] = ()  # ids of all the alerts that it tells of
    opened_at: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The notice as plain JSON values."""
        return asdict(self) | {"severity": self.severity.value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Notice:
        """The notice that ``to_json`` wrote."""
        tuples = {name: tuple(data.get(name, ())) for name in ("channels", "alerts")}
        return cls(**{**data, **tuples, "severity": Severity(data["severity"])})


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """A charge followed by its discharge, and what it tells. Missing numbers are NaN.

    ``cycle_count`` runs on over restarts; ``cycler_cycle_count`` is what the cycler said. ``kind`` is one of
    formation, regular, checkup, incomplete, faulty. Key: (test, cycle_count).
    """

    channel: str
    test: str
    cycle_count: int
    cycler_cycle_count: float
    kind: str
    start_unix_time_second: float
    end_unix_time_second: float
    charging_capacity_ah: float
    discharging_capacity_ah: float
    coulombic_efficiency: float
    charging_energy_wh: float
    discharging_energy_wh: float
    energy_efficiency: float
    internal_resistance_ohm: float
    surface_temperature_celsius_min: float
    surface_temperature_celsius_mean: float
    surface_temperature_celsius_max: float
    ambient_temperature_celsius_mean: float
    charge_duration_second: float
    discharge_duration_second: float
    state_of_health: float


@dataclass(frozen=True, kw_only=True)
class ChannelState:
    """The newest that is known of a channel. ``phase`` is what the cell is doing; whether the channel is
    silent follows from ``arrival_time_second`` and the age it has when it is looked at (``state_at``)."""

    channel: str
    cycler: str
    chamber: str | None
    phase: str  # charging | discharging | resting | finished | idle
    unix_time_second: float
    arrival_time_second: float
    cadence_second: float
    latest: Mapping[str, Any]  # the newest reading, columns of COLUMNS; missing is None
    test: str | None
    cycle_count: int | None
    state_of_health: float | None
    alerts: int = 0
    severity: str = ""  # the worst open alert of the channel, "" when there is none
    source: str = "measured"  # measured | recorded | simulated
    learning: bool = False  # what temperature is usual for the cell is not known yet, so nothing is judged by it

    def to_json(self) -> dict[str, Any]:
        """The state as plain JSON values; made once a second for every channel, so nothing is copied deeply."""
        return {name: getattr(self, name) for name in CHANNEL_STATE_FIELDS}

    def state_at(self, now: float) -> str:
        """The state to show at ``now``: the phase, or silent once nothing has arrived for 2 × cadence + 5 s."""
        if self.phase == "finished":
            return "finished"
        return "silent" if now - self.arrival_time_second > 2 * self.cadence_second + 5 else self.phase


CHANNEL_STATE_FIELDS = tuple(field.name for field in fields(ChannelState))
