"""What a person noted at a moment or a stretch of time of a channel: "changed the fixture"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

KIND = "annotation"  # in the journal


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """A note on the time axis of a channel. Times are UTC seconds; ``start`` equals ``end`` for a moment."""

    id: str
    channel: str
    start: float
    end: float
    text: str
    who: str
    at: float  # when it was written
    test: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As the API tells it, with ``from`` and ``to``."""
        told = asdict(self)
        return {"id": told.pop("id"), "from": told.pop("start"), "to": told.pop("end"), **told}


def of_entry(entry: Mapping[str, Any]) -> Annotation:
    """The note that an entry of the journal holds."""
    return Annotation(
        id=str(entry["id"]),
        channel=str(entry["channel"]),
        start=float(entry["start"]),
        end=float(entry["end"]),
        text=str(entry["text"]),
        who=str(entry["who"]),
        at=float(entry["at"]),
        test=entry.get("test"),
    )
