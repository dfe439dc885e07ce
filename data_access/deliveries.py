"""What is still to be told to whom, and what was told: durable for each notice and target by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from cycling.reminders import ToldOf
from cycling.types import Notice
from data_access import keys
from data_access.connection import LONGEST_BLOCK_MS, Part, at_redis, text

BELL = "outbox-bell"  # a list of at most one; the publish that puts a notice into the outbox rings it


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A notice on its way to one target: the webhook, or the name of an environment variable with an address."""

    notice: str
    target: str
    not_before: float  # UTC seconds
    since: float  # when it was decided

    @property
    def field(self) -> str:
        return f"{self.notice}|{self.target}"


class Deliveries(Part):
    """From the outbox to the targets."""

    @at_redis
    def wait_for_notices(self, seconds: float) -> None:
        """Returns as soon as something is put into the outbox, at the latest after so many seconds."""
        self.client.blpop([keys.lab(BELL)], timeout=min(seconds, LONGEST_BLOCK_MS / 1000))

    @at_redis
    def post(
        self, notice: Notice, deliveries: Sequence[Delivery], told: ToldOf | None = None, forget: str | None = None
    ) -> bool:
        """Says to whom a notice goes, whether it lies in the outbox or is new; all of it or nothing, and once.

        ``told`` is kept for the notices that follow of the same alert, ``forget`` is an alert of which none will.
        Says False when this notice was posted before.
        """
        args = [part for one in deliveries for part in (one.field, json.dumps(asdict(one)))]
        kept = "" if told is None else json.dumps(asdict(told))
        return bool(
            self.script("post")(
                keys=[keys.lab(name) for name in ("notices", "outbox", "deliveries", "told")],
                args=[
                    notice.id,
                    json.dumps(notice.to_json()),
                    told.alert if told is not None else forget or "",
                    *(kept, *args),
                ],
            )
        )

    @at_redis
    def deliveries(self) -> list[Delivery]:
        """All that is still to be delivered."""
        return [Delivery(**json.loads(found)) for found in self.client.hvals(keys.lab("deliveries"))]

    @at_redis
    def delivered(self, delivery: Delivery, at: float) -> None:
        """The notice has reached the target."""
        self.script("delivered")(
            keys=[keys.lab("deliveries"), keys.lab("delivered")], args=[delivery.field, json.dumps(at)]
        )

    @at_redis
    def delivered_at(self) -> dict[tuple[str, str], float]:
        """When which notice reached which target, of all notices that are still kept."""
        found = self.client.hgetall(keys.lab("delivered"))
        return {_parts(text(field)): float(at) for field, at in found.items()}

    @at_redis
    def told_of(self) -> dict[str, ToldOf]:
        """To whom which alerts were announced that are not resolved yet."""
        found = [json.loads(told) for told in self.client.hvals(keys.lab("told"))]
        return {one["alert"]: ToldOf(**{**one, "alerts": tuple(one["alerts"])}) for one in found}

    @at_redis
    def forget_told(self, alerts: Iterable[str]) -> None:
        """Nothing more will be said of these alerts."""
        gone = list(alerts)
        if gone:
            self.client.hdel(keys.lab("told"), *gone)

    @at_redis
    def notice(self, notice_id: str) -> Notice | None:
        """One notice, None when it is not kept any more."""
        found = self.client.hget(keys.lab("notices"), notice_id)
        return None if found is None else Notice.from_json(json.loads(found))

    @at_redis
    def last_digest(self) -> tuple[str, float] | None:
        """The day of the last digest, and when it was made; None before the first."""
        found = self.client.hget(keys.lab("digest"), "last")
        if found is None:
            return None
        day, at = json.loads(found)
        return day, at

    @at_redis
    def digest_made(self, day: str, at: float) -> None:
        """The digest of the day was made, or there was nothing to tell."""
        self.client.hset(keys.lab("digest"), "last", json.dumps([day, at]))


def _parts(field: str) -> tuple[str, str]:
    notice, _, target = field.rpartition("|")
    return notice, target
