"""Tables that an earlier version wrote go on under this one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from cycling.types import Alert, Severity, Was
from data_access import facts
from data_access.archive import Archive

SINCE_LIFE = (
    *("announced_at", "cleared_at", "raised", "out_of_service_at"),
    *("state", "seen_at", "tell_at", "settle_at", "was"),
)


def alert(number: int) -> Alert:
    return Alert(
        id=f"a{number}",
        kind="contact-lost",
        severity=Severity.P2,
        scope="channel:sim-1-01",
        channels=("sim-1-01",),
        test="T1",
        opened_at=1.0 * number,
        message="sim-1-01: Contact lost.",
        announced_at=1.5 * number,
        seen_at=1.0 * number,
        raised=2,
    )


def test_a_table_of_alerts_without_the_newer_columns_gets_them(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path))
    older = pa.schema([field for field in facts.ALERTS if field.name not in SINCE_LIFE])
    DeltaTable.create(archive.tables["alerts"].url, older)
    archive.merge_alerts([alert(1)], 0, 1)
    archive.merge_alerts([alert(1), alert(2)], 1, 2)
    assert archive.alerts() == [alert(2), alert(1)]


@pytest.mark.parametrize(
    "stands",
    [
        {"state": "pending", "tell_at": 2.5},
        {"state": "active", "announced_at": 2.5},
        {"state": "acknowledged", "acknowledged_at": 3.0, "acknowledged_by": "ada"},
        {"state": "clearing", "cleared_at": 3.0, "settle_at": 60.0, "severity": Severity.P1},
        {"state": "returned", "cleared_at": 3.0, "severity": Severity.P1},
        {"state": "closed", "cleared_at": 3.0, "closed_at": 3.0},
        {"was": (Was(until=2.0, severity=Severity.P3, message="milder", action="Wait."),)},
        {"shelved_until": 99.0, "suppressed": "shelved", "members": ("x",), "incident": "y"},
    ],
)
def test_where_an_alert_stands_comes_back_from_the_archive(tmp_path: Path, stands: dict[str, Any]) -> None:
    archive = Archive(str(tmp_path))
    kept = alert(1).but(announced_at=None).but(**stands)
    archive.merge_alerts([kept], 0, 1)
    assert archive.alerts() == [kept]
    told = kept.to_json()
    if kept.state != "pending":
        del told["state"]
    assert Alert.from_json(told) == kept


@pytest.mark.parametrize("missing", SINCE_LIFE)
def test_an_alert_of_an_earlier_version_is_read(missing: str) -> None:
    told = alert(1).to_json()
    del told[missing]
    assert Alert.from_json(told).id == "a1"
