"""Silence of a cycler, of a power circuit or of the whole lab, and who comes back from it how.

While everything is silent nobody can tell a power cut from a network that is down. Who comes back tells: readings that
fill the gap, or a test clock that ran on, were only cut off; a clock that stood still lost its power.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cycling.alerts import alert_id
from cycling.announcing import named
from cycling.incidents import LAB
from cycling.recording import span
from cycling.silence import Silenced
from cycling.topology import Place
from cycling.types import Alert, Severity

CHANNEL, CYCLER, POWER, NETWORK = "channel-silent", "cycler-silent", "power-outage", "network-outage"
SILENCES = frozenset({CHANNEL, CYCLER, POWER, NETWORK})
TOGETHER_SECONDS = 120.0  # between the last readings of cyclers that one outage took


class How(StrEnum):
    """How a channel came back."""

    FILLED = "filled"  # the readings of the gap came later
    RAN_ON = "ran_on"  # the test went on meanwhile, its readings are missing
    PAUSED = "paused"  # the test stood still and goes on
    RESTARTED = "restarted"  # its counters or its test begin anew


@dataclass(frozen=True, kw_only=True)
class Return:
    """A silent channel is heard again."""

    channel: str
    at: float  # UTC seconds of the arrival
    how: How


def channel_silent(silenced: Silenced, channel: str, test: str | None) -> Alert:
    wait = silenced.at - silenced.last
    return _silence(
        CHANNEL,
        Severity.P3,
        f"channel:{channel}",
        (channel,),
        silenced,
        message=f"{channel}: no reading for {wait:.0f} s.",
        action="Check this channel on its cycler: has it stopped, or has its logging?",
    ).but(test=test)


def cycler_silent(silenced: Silenced) -> Alert:
    wait, count = silenced.at - silenced.last, len(silenced.channels)
    return _silence(
        CYCLER,
        Severity.P3,
        f"cycler:{silenced.cycler}",
        silenced.channels,
        silenced,
        message=f"{silenced.cycler}: none of its {count} channels has sent a reading for {wait:.0f} s.",
        action="Check the cycler's PC and its network, then restart the collector.",
    )


def outage(cyclers: Sequence[Alert], places: Mapping[str, Place]) -> Alert:
    """The outage that explains cyclers which fell silent together; ``places`` are those of their channels."""
    channels = tuple(channel for alert in cyclers for channel in alert.channels)
    circuits = {places[channel].power_circuit for channel in channels}
    [circuit] = circuits if len(circuits) == 1 else [None]
    where = LAB if circuit is None else f"power_circuit:{circuit}"
    part = "The lab" if circuit is None else f"Power circuit {circuit}"
    names = [alert.scope.partition(":")[2] for alert in cyclers]
    last = min(alert.evidence["last_arrival"] for alert in cyclers)
    newest = max(alert.seen_at for alert in cyclers)
    return Alert(
        id=alert_id(POWER, where, newest),
        kind=POWER,
        severity=Severity.P2,
        scope=where,
        channels=channels,
        test=None,
        opened_at=newest,
        seen_at=newest,
        tell_at=max(alert.tell_at or newest for alert in cyclers),
        message=f"{part} is silent: {len(names)} cyclers ({named(names)}) with {len(channels)} channels stopped "
        f"within {TOGETHER_SECONDS / 60:.0f} min, {newest - last:.0f} s ago. Power or network is gone.",
        action="Is there power in the lab? If so, check the network and the server.",
        evidence={"cyclers": names, "channels": len(channels), "last_arrival": last},
    )


def belongs(cycler: Alert, other: Alert) -> bool:
    """Whether a cycler fell silent together with another one, or with those of an outage."""
    return abs(float(cycler.evidence["last_arrival"]) - float(other.evidence["last_arrival"])) <= TOGETHER_SECONDS


def came_back(incident: Alert, back: Return, away: Sequence[str]) -> Alert:
    """The incident after a channel of it was heard again; ``away`` are those that are still silent."""
    said = incident.evidence
    counts = {how.value: int(said.get(how.value, 0)) + (how is back.how) for how in How}
    restarted = [*said.get("restarted_channels", []), *([back.channel] if back.how is How.RESTARTED else [])]
    return incident.but(
        evidence={
            "resuming_since": back.at,  # stays as it was first said
            **said,
            **counts,
            "resumed": sum(counts.values()),
            "not_resumed": list(away),
            "restarted_channels": restarted,
            "lasted_second": said.get("lasted_second", back.at - said["last_arrival"]),
        }
    )


def understood(incident: Alert) -> Alert:
    """The incident with the name that those who came back give it."""
    said = incident.evidence
    cut_off = int(said.get(How.FILLED, 0)) + int(said.get(How.RAN_ON, 0))
    if incident.kind == POWER and 2 * cut_off > int(said.get("resumed", 0)):
        return incident.but(kind=NETWORK)
    return incident


def harmless(incident: Alert) -> bool:
    """Whether everything is back and no reading is missing."""
    said = incident.evidence
    return not said.get("not_resumed") and int(said.get(How.FILLED, 0)) == int(said.get("resumed", -1))


def told_by_cause(alert: Alert, cause: Alert | None) -> bool:
    """Whether the notices of its cause say all there is to say: whose test stood still, and who restarted as new."""
    return cause is not None and cause.kind in SILENCES and alert.kind in ("counters-reset", "clock-shift")


def summary(incident: Alert) -> str:
    """How it went: how long it lasted, who resumed, who did not, who restarted as new."""
    said = incident.evidence
    away, restarted = said.get("not_resumed", []), said.get("restarted_channels", [])
    what = {
        CYCLER: f"{incident.scope.partition(':')[2]} was silent",
        POWER: "The power was gone" if said.get(How.PAUSED) or restarted else "Power or network was gone",
        NETWORK: "The network was cut",
    }[incident.kind]
    total = int(said.get("resumed", 0)) + len(away)
    parts = [f"{what} for {span(float(said.get('lasted_second', 0.0)))}; {said.get('resumed', 0)} of {total} resumed"]
    if said.get(How.FILLED):
        parts.append(f"the readings of {said[How.FILLED]} were filled in later")
    if restarted:
        parts.append(f"{len(restarted)} restarted as new: {named(restarted)}")
    if away:
        parts.append(f"{len(away)} did not resume: {named(away)}")
    return "; ".join(parts) + "."


def advice(incident: Alert) -> str:
    said = incident.evidence
    if said.get("not_resumed"):
        return (
            "Resume the channels that did not come back, and check the capacity of the others against the last cycle."
        )
    if said.get("restarted_channels"):
        return "Check the restarted channels: their counters begin anew, the test goes on as a new segment."
    return "" if harmless(incident) else "Check one capacity of each test against the cycle before."


def _silence(
    kind: str,
    severity: Severity,
    scope: str,
    channels: tuple[str, ...],
    silenced: Silenced,
    *,
    message: str,
    action: str,
) -> Alert:
    evidence: dict[str, Any] = {"silent_second": silenced.at - silenced.last, "last_arrival": silenced.last}
    if len(channels) > 1:
        evidence["channels"] = len(channels)
    return Alert(
        id=alert_id(kind, scope, silenced.at),
        kind=kind,
        severity=severity,
        scope=scope,
        channels=channels,
        test=None,
        opened_at=silenced.at,
        seen_at=silenced.at,
        tell_at=silenced.at + silenced.window,
        message=message,
        action=action,
        evidence=evidence,
    )
