"""The loop of the demo lab: every wall second it asks what is reported, sends it, and sometimes saves its state."""

from __future__ import annotations

import logging
import math
import threading
import time
from pathlib import Path
from typing import Any

from data_access.feeder import Feeder
from data_access.lab import Lab, StoreAway
from feeds.demo import Demo, Reported

RECORDINGS = Path(__file__).resolve().parent.parent / "data" / "nasa"
NAME = "demo"
SOURCE = "feed"
SAVE_SECOND = 5.0
LONGEST_STEP_SECOND = 5.0  # after a longer stall the lab stood still meanwhile, instead of leaping

log = logging.getLogger(__name__)


def run_demo(lab: Lab, stop: threading.Event, recordings: Path = RECORDINGS) -> None:
    """Reports the demo lab until ``stop`` is set; goes on where it was when it last ran."""
    saved = _patiently(lab, stop)
    if stop.is_set():
        return
    demo = Demo(lab.topology, recordings, saved)
    feeder = Feeder(lab.live, SOURCE)
    began = last_tick = time.monotonic()
    saved_at, sent_at = began, 0
    while not stop.wait(1.0 - time.time() % 1.0):
        now, monotonic = math.floor(time.time()), time.monotonic()
        if now == sent_at:  # woken a moment early: this second has been told
            continue
        elapsed = min(monotonic - last_tick, LONGEST_STEP_SECOND)
        last_tick, sent_at = monotonic, now
        for reported in demo.tick(monotonic - began, elapsed, float(now)):
            _send(lab, feeder, reported, float(now))
        _try_to(lab, "beat", "feeds", {"waiting": feeder.waiting, "dropped": feeder.dropped}, time.time())
        if monotonic - saved_at >= SAVE_SECOND:
            saved_at = monotonic
            _try_to(lab, "save_feed", NAME, demo.to_json(running=True))
    feeder.flush()
    _try_to(lab, "save_feed", NAME, demo.to_json(running=False))


def _send(lab: Lab, feeder: Feeder, reported: Reported, now: float) -> None:
    try:
        for facts in reported.new_tests:
            lab.tests.state(facts, NAME, now, SOURCE)
    except StoreAway as away:
        log.warning("Could not state the tests %s: %s", [facts.test for facts in reported.new_tests], away)
    sent = feeder.send(reported.columns)
    for rejection in sent.rejected:
        log.error("%s: a reading of the demo lab was rejected: %s", reported.cycler, rejection)


def _try_to(lab: Lab, what: str, *told: Any) -> None:
    """Tells Redis something that can wait: when it is away, the next time will do."""
    try:
        getattr(lab.live, what)(*told)
    except StoreAway as away:
        log.warning("%s: %s", what, away)


def _patiently(lab: Lab, stop: threading.Event) -> dict[str, Any] | None:
    """What was saved of the demo; waits for Redis to answer."""
    warned = False
    while not stop.is_set():
        try:
            saved: dict[str, Any] | None = lab.live.load_feed(NAME)
        except StoreAway as away:
            if not warned:
                log.warning("Waiting: %s", away)
            warned = True
            stop.wait(0.5)
        else:
            return saved
    return None
