"""How recording stands, and the alert when it is held up or short of room.

Readings that cannot go to the archive stay in Redis, and nothing is lost; but only while Redis has room. Whoever
must make room, or bring the archive back, has to know in time, and how long that is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cycling.alerts import alert_id
from cycling.types import Alert, Severity

KIND = "recording-held-up"
SCOPE = "lab"
WAIT_SECONDS = 60.0  # a commit that fails once or twice is nobody's business
SHORT_SECONDS = 6 * 3600.0  # of room: somebody has to come before the night is over
MEMORY_SHARE, DISK_BYTES = 0.75, 2e9  # more than this share used, less than this free: room is short anyway
DEADBAND = 0.05  # of the share, before an alert ends


@dataclass(frozen=True, kw_only=True)
class Recording:
    """As the recorder tells it. What it does not know is None."""

    error: str | None = None  # why it cannot commit now
    since: float | None = None  # UTC seconds; since when it cannot
    memory_share: float | None = None  # of what Redis may use, 0 to 1
    room_second: float | None = None  # until Redis is full, as fast as it fills now
    disk_free_byte: float | None = None  # where the archive lies, if that is a folder


def told_by(beat: Mapping[str, Any], now: float, heard_since: float, back_since: float = 0.0) -> Recording:
    """How recording stands by the recorder's last heartbeat. One that says nothing any more archives nothing either;
    that counts from ``heard_since``, when somebody began to listen. What held it up counts from ``back_since``, when
    Redis came back: nothing could be archived without it, and the recorder says so until its next commit."""
    last = max(float(beat.get("at", 0.0)), heard_since)
    known = {name: beat.get(name) for name in ("memory_share", "room_second", "disk_free_byte")}
    if beat.get("error") is None and now - last >= WAIT_SECONDS:
        return Recording(error="the recorder (`monitor record`) does not answer", since=last, **known)
    since = beat.get("since")
    return Recording(error=beat.get("error"), since=None if since is None else max(float(since), back_since), **known)


def alert_of(recording: Recording, now: float, *, is_open: bool = False) -> Alert | None:
    """The alert there should be now, or None. ``is_open``: there is one, and it ends only when it is clearly better."""
    held = recording.since is not None and (is_open or now - recording.since >= WAIT_SECONDS)
    most = MEMORY_SHARE - (DEADBAND if is_open else 0.0)
    full = (recording.memory_share or 0.0) >= most
    least = DISK_BYTES * (1.0 + (DEADBAND if is_open else 0.0))
    disk = recording.disk_free_byte is not None and recording.disk_free_byte < least
    soon = recording.error is not None and recording.room_second is not None and recording.room_second < SHORT_SECONDS
    if not (held or full or disk):
        return None
    at = recording.since if held and recording.since is not None else now
    return Alert(
        id=alert_id(KIND, SCOPE, at),
        kind=KIND,
        severity=Severity.P2 if full or disk or soon else Severity.P3,
        scope=SCOPE,
        channels=(),
        test=None,
        opened_at=at,
        message=_message(recording, now, full=full, disk=disk),
        action=_action(recording, disk=disk),
        evidence=_evidence(recording),
    )


def held_up(recording: Recording, now: float) -> str | None:
    """Why nothing can be archived, since when, and how long Redis has room; None when recording goes on."""
    if not recording.error or recording.since is None:
        return None
    why = recording.error.partition(". ")[0].rstrip(".")  # what else it says of what to do stands on the health page
    return (
        f"Nothing was archived for {span(now - recording.since)}: {why}. "
        f"Readings stay in Redis, and none is lost while it has room{_room(recording)}."
    )


def span(seconds: float) -> str:
    """A length of time as people say it: "40 min", "14 h", "3 days"."""
    if seconds < 5400:
        return f"{max(seconds / 60, 1):.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 48 * 3600 else f"{seconds / 86_400:.0f} days"


def _message(recording: Recording, now: float, *, full: bool, disk: bool) -> str:
    held = held_up(recording, now)
    said = [held] if held else [f"Redis is filling up{_room(recording)}."] if full else []
    if full and recording.memory_share is not None:
        said.append(f"It uses {recording.memory_share:.0%} of its memory; when that is full, readings are refused.")
    if disk and recording.disk_free_byte is not None:
        said.append(f"The disk of the archive has {recording.disk_free_byte / 1e9:.1f} GB left.")
    return " ".join(said)


def _room(recording: Recording) -> str:
    return "" if recording.room_second is None else f": about {span(recording.room_second)} as fast as it fills now"


def _action(recording: Recording, *, disk: bool) -> str:
    if recording.error:
        return "Bring the archive back (its disk, its network, its permissions); recording then catches up by itself."
    if disk:
        return "Make room on the disk of the archive."
    return "See on the health page that record and watch run, or give Redis more memory (maxmemory)."


def _evidence(recording: Recording) -> Mapping[str, float]:
    return {name: value for name, value in asdict(recording).items() if isinstance(value, int | float)}
