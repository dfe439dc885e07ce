"""Tests that are over, with cycles to show: sent as a program sends what it kept, in one piece."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

from tests.e2e.running import RunningLab, until

CYCLES = 6
STEP = 300.0  # seconds between two rows
ROWS = 8  # of a half cycle
AMPERE = 1.0


def facts(lab: RunningLab, test: str, **told: Any) -> None:
    """What is known of a test, as PUT says it."""
    body = json.dumps(told).encode()
    url = f"{lab.url}/api/v1/tests/{urllib.request.quote(test, safe='')}"  # type: ignore[attr-defined]
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers, method="PUT")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def faded(lab: RunningLab, channel: str, test: str, loss: float, **told: Any) -> None:
    """Sends a test of a few cycles, each of which gives back ``loss`` (a share) less than the one before; it ends."""
    facts(lab, test, channel=channel, **told)
    start = time.time() - (CYCLES + 1) * 2 * ROWS * STEP
    rows = [_row(channel, test, start, n, loss) for n in range(CYCLES * 2 * ROWS + 2)]
    lab.post([*rows[:-1], {**rows[-1], "channel_status": "finished"}])


def cycles_of(lab: RunningLab, test: str) -> list[dict[str, Any]]:
    """The cycles of a test that are finished by now."""
    told = lab.get(f"/api/v1/tests/{test}/cycles?format=json")
    return list(told["cycles"]) if isinstance(told, dict) else []


def have_faded(lab: RunningLab, *tests: str) -> None:
    """Waits until all cycles of these tests are known."""
    until(lambda: all(len(cycles_of(lab, test)) >= CYCLES for test in tests), "the cycles", seconds=100)


def _row(channel: str, test: str, start: float, n: int, loss: float) -> dict[str, Any]:
    cycle, within = divmod(n, 2 * ROWS)
    charging = within < ROWS
    ampere = AMPERE * (1 - loss * cycle) * (1 if charging else -1)
    return {
        "channel": channel,
        "test": test,
        "unix_time_second": start + n * STEP,
        "test_time_second": n * STEP,
        "voltage_volt": 3.2 + 0.02 * (within % ROWS) * (1 if charging else -1),
        "current_ampere": ampere,
        "cycle_count": cycle + 1,
        "step_count": 2 * cycle + (1 if charging else 2),
        "step_type": "CC_CHG" if charging else "CC_DCH",
        "surface_temperature_celsius": 26.0,
        "ambient_temperature_celsius": 25.0,
        "record_index": n + 1,
    }
