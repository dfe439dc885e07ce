"""Tables that an earlier version wrote go on under this one."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from cycling.types import Alert, Severity
from data_access import facts
from data_access.archive import Archive

SINCE_LIFE = ("announced_at", "cleared_at", "raised", "out_of_service_at")


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
        raised=2,
    )


def test_a_table_of_alerts_without_the_newer_columns_gets_them(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path))
    older = pa.schema([field for field in facts.ALERTS if field.name not in SINCE_LIFE])
    DeltaTable.create(archive.tables["alerts"].url, older)
    archive.merge_alerts([alert(1)], 0, 1)
    archive.merge_alerts([alert(1), alert(2)], 1, 2)
    assert archive.alerts() == [alert(2), alert(1)]


@pytest.mark.parametrize("missing", SINCE_LIFE)
def test_an_alert_of_an_earlier_version_is_read(missing: str) -> None:
    told = alert(1).to_json()
    del told[missing]
    assert Alert.from_json(told).id == "a1"
