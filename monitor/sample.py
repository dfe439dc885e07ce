"""``python -m monitor notify --test``: a sample to every configured target, and a line for each. Needs no store."""

from __future__ import annotations

import time
from collections.abc import Callable

from cycling.telling import message
from cycling.types import Notice, Severity
from monitor.senders import NotTaken, senders
from settings import Settings


def run(settings: Settings, say: Callable[[str], object]) -> int:
    """Sends the sample; the exit code is 0 when every target took it and there is one."""
    told = message(_sample(time.time()), settings.topology.name, settings.address)
    targets = senders(settings.webhook_url, settings.webhook_secret, settings.notify)
    failed = len(settings.notify_unset)
    for target, sender in targets.items():
        try:
            sender.send(told, 0)
        except NotTaken as error:
            failed += 1
            say(f"{target} ({sender.kind}): {error}\n")
        else:
            say(f"{target} ({sender.kind}): ok\n")
    for name in settings.notify_unset:
        say(f"{name}: named in {settings.lab_file.name}, but not set in the environment\n")
    if not targets and not settings.notify_unset:
        say(
            "Nobody is told: set CELLWATCH_WEBHOOK_URL, or name people and routes in lab.toml (docs/notices.md). "
            "Notices are written to the log only.\n"
        )
        return 1
    return 1 if failed else 0


def _sample(now: float) -> Notice:
    return Notice(
        id=f"sample-{now:.0f}",
        sent_at=now,
        alert="",
        severity=Severity.P3,
        reason="opened",
        text="This is a sample from Cellwatch: notices of alerts arrive here. Nothing is wrong.",
        channel_count=0,
    )
