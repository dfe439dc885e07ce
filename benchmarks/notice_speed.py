"""How soon people are told, beside Prometheus and Alertmanager: ``python -m benchmarks.notice_speed``.

1000 channels at 1 Hz, one after the other on one machine, each in the best form it has for this:

(a) one channel passes a limit, 100 times at moments of its own: seconds until the webhook has it. Theirs count from
    the moment the exporter shows the value, ours from the POST of the reading, which is when each can know of it.
(b) 500 channels of one power circuit lose their contact at once: how many notices, do they name all, when is the last.
(c) the receiver of webhooks is away for 20 s: how often it is told of what happened meanwhile, and how soon.
(d) the notifier is killed before it could send: seconds from its restart to the notice.

A monitor that is asked for less often adds that to everything; the readings of a cycler that is polled every 30 s are
15 s old on average before either can begin.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from benchmarks import notice_lab, notice_peers
from benchmarks.notice_lab import CHANNELS, circuit_of
from benchmarks.notice_receiver import Receiver

STEP_SECONDS = 10.0  # a step that nobody was told of by then is lost
PATIENCE = 120.0
AWAY_SECONDS = 20.0
TRIES_AWAY = 3
AGAIN_SECONDS = 10.0  # so long a second delivery of the same is waited for
SETTLE_SECONDS = 5.0
ONE_CAUSE = tuple(channel for channel in CHANNELS if circuit_of(channel) == "A")


class Side(Protocol):
    """A monitor that is held against the other one. Moments are monotonic seconds."""

    name: str

    def over(self, channels: Sequence[str]) -> float:
        """Their voltage passes its limit; says when."""

    def lose(self, channels: Sequence[str]) -> float:
        """They lose their contact; says when."""

    def heal(self, channels: Sequence[str]) -> None:
        """All is well with them again."""

    def kill_notifier(self) -> None: ...

    def restarted(self) -> float:
        """When the notifier was started again."""


Start = Callable[[Path, int], AbstractContextManager[Side]]
SIDES: tuple[tuple[str, Start, Callable[[Any], tuple[Iterable[str], int]]], ...] = (
    ("peers", notice_peers.peers, notice_peers.begun),
    ("ours", notice_lab.our_lab, notice_lab.begun),
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.notice_speed")
    parser.add_argument("--steps", type=int, default=100, help="of (a)")
    parser.add_argument("--only", choices=[name for name, _, _ in SIDES], help="one side of the comparison")
    given = parser.parse_args(arguments)
    for name, start, begun in SIDES:
        if given.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    measured(start, Path(folder), Receiver(begun), given.steps)
                except (OSError, subprocess.CalledProcessError) as error:
                    print(f"  {name}: cannot be had here ({error}); Prometheus needs Debian's apt-get.")
    return 0


def measured(start: Start, folder: Path, receiver: Receiver, steps: int) -> None:
    with start(folder, receiver.port) as side:
        print(f"{side.name}, {len(CHANNELS)} channels:", flush=True)
        for measure in (lambda: of_steps(side, receiver, steps), lambda: of_one_cause(side, receiver)):
            print(f"  {measure()}", flush=True)
            time.sleep(SETTLE_SECONDS)
        for away in (of_receiver_away, of_killed_notifier):
            print(f"  {away(side, receiver)}", flush=True)
            time.sleep(SETTLE_SECONDS)
    receiver.close()


def of_steps(side: Side, receiver: Receiver, steps: int) -> str:
    """(a), each on a channel of its own, spread over the cyclers."""
    took = []
    for step in range(steps):
        channel = CHANNELS[(step * 53) % len(CHANNELS)]
        time.sleep(random.uniform(0.3, 1.3))  # whatever beats every second is met at any of its moments
        began = side.over([channel])
        found = receiver.naming([channel], began, STEP_SECONDS)
        took += [found[0].at - began] if found else []
        side.heal([channel])
    if not took:
        return f"(a) step to webhook: none of {steps} steps was told within {STEP_SECONDS:g} s"
    ordered = sorted(took)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return (
        f"(a) step to webhook: p50 {statistics.median(took):.2f} s, p95 {p95:.2f} s, "
        f"{ordered[0]:.2f} to {ordered[-1]:.2f} s; {len(took)} of {steps} told"
    )


def of_one_cause(side: Side, receiver: Receiver) -> str:
    """(b)."""
    began = side.lose(ONE_CAUSE)
    receiver.naming(ONE_CAUSE, began, STEP_SECONDS)
    time.sleep(SETTLE_SECONDS)  # for what comes late
    found = receiver.naming(ONE_CAUSE, began, 0.0)
    side.heal(ONE_CAUSE)
    if not found:
        return f"(b) {len(ONE_CAUSE)} channels of one cause: nobody was told"
    named = len(set(ONE_CAUSE) & frozenset[str]().union(*(one.channels for one in found)))
    counts = ", ".join(str(one.count) for one in found[:5]) + (" …" if len(found) > 5 else "")
    return (
        f"(b) {len(ONE_CAUSE)} channels of one cause: {len(found)} notices (of {counts} channels), "
        f"{named} named, first {found[0].at - began:.2f} s, last {found[-1].at - began:.2f} s"
    )


def of_receiver_away(side: Side, receiver: Receiver) -> str:
    """(c), a few times, since who tries again does so at times of his own."""
    found = []
    for channel in CHANNELS[-TRIES_AWAY:]:
        receiver.close()
        began = side.over([channel])
        time.sleep(AWAY_SECONDS)
        receiver.open()
        found.append(_delivered(side, receiver, channel, began, time.monotonic()))
    return f"(c) receiver away {AWAY_SECONDS:g} s, then delivered: {'; '.join(found)}"


def of_killed_notifier(side: Side, receiver: Receiver) -> str:
    """(d). Nobody listens until the notifier is dead, so that it cannot have sent."""
    channel = CHANNELS[-TRIES_AWAY - 1]
    receiver.close()
    began = side.over([channel])
    time.sleep(2.0)
    side.kill_notifier()
    receiver.open()
    found = _delivered(side, receiver, channel, began, side.restarted())
    return f"(d) notifier killed before it sent, then, from its restart, delivered: {found}"


def _delivered(side: Side, receiver: Receiver, channel: str, began: float, again: float) -> str:
    found = receiver.naming([channel], began, PATIENCE)
    time.sleep(AGAIN_SECONDS)
    times = len(receiver.naming([channel], began, 0.0))
    side.heal([channel])
    time.sleep(SETTLE_SECONDS)
    if not found:
        return f"not within {PATIENCE:g} s"
    return f"{'once' if times == 1 else f'{times} times'} after {max(0.0, found[0].at - again):.1f} s"


if __name__ == "__main__":
    sys.exit(main())
