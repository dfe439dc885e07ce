"""How a notice is put: a chat-sized text with the worst channels and a link, and JSON for programs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from cycling.types import Notice

MOST_CHARACTERS = 1500  # of a text: what a chat shows whole
WORST = 5  # channels that are named


@dataclass(frozen=True, kw_only=True)
class Message:
    """A notice as it goes out. ``id`` is the same however often it is sent."""

    id: str
    severity: str
    reason: str
    title: str
    text: str  # with the link, at most MOST_CHARACTERS
    facts: dict[str, Any]  # for programs


def message(notice: Notice, lab: str, address: str) -> Message:
    """The notice of a lab whose pages are at ``address``."""
    link = link_of(notice, address)
    text = chat_text(notice, link)
    facts = {
        "id": notice.id,
        "reason": notice.reason,
        "severity": notice.severity.value,
        "kind": notice.kind,
        "scope": notice.scope,
        "text": text,
        "channel_count": notice.channel_count,
        "channels": list(notice.channels),
        "alert": notice.alert,
        "alerts": list(notice.alerts or ([notice.alert] if notice.alert else [])),
        "opened_at": notice.opened_at,
        "sent_at": notice.sent_at,
        "link": link,
        "lab": lab,
    }
    return Message(
        id=notice.id,
        severity=notice.severity.value,
        reason=notice.reason,
        title=_title(notice, lab),
        text=text,
        facts=facts,
    )


def chat_text(notice: Notice, link: str) -> str:
    """What the notice says, the worst five channels by name where there are several, and the link."""
    names = "" if notice.reason == "digest" else named(notice.channels, notice.channel_count)  # it names them itself
    tail = "\n".join(part for part in (names, link) if part)
    room = MOST_CHARACTERS - len(tail) - 1
    said = "".join(one if one.isprintable() or one == "\n" else " " for one in notice.text)
    if len(said) > room:
        said = said[: room - 1].rstrip() + "…"
    return f"{said}\n{tail}" if tail else said


def named(channels: tuple[str, ...], count: int) -> str:
    """The worst channels by name and how many more there are; "" for a single one, which the text names itself."""
    if count <= 1 or not channels:
        return ""
    shown = channels[:WORST]
    more = count - len(shown)
    return f"Channels: {', '.join(shown)}{f' and {more} more' if more > 0 else ''}."


def link_of(notice: Notice, address: str) -> str:
    """The page to open: that of the channel, or the list of these alerts."""
    base = address.rstrip("/")
    if notice.reason == "digest" or not notice.kind:
        return f"{base}/alerts?show=history" if notice.reason == "digest" else f"{base}/alerts"
    if notice.channel_count == 1 and len(notice.channels) == 1:
        return f"{base}/channels/{quote(notice.channels[0], safe='')}"
    query = {"show": "history"} if notice.reason == "resolved" else {}
    return f"{base}/alerts?{urlencode({**query, 'kind': notice.kind})}"


def _title(notice: Notice, lab: str) -> str:
    if notice.reason == "digest":
        return f"Morning digest · {lab}"
    what = {"resolved": "resolved", "reminder": "still open", "escalated": "worse now"}.get(notice.reason, "")
    kind = f"{notice.kind}{f' {what}' if what else ''}" if notice.kind else what or "notice"
    return f"{notice.severity.value} {kind} · {lab}"
