"""What a wall asks for besides the stream: lines of the chambers, and its code for a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.access import Access
from cycling.topology import Chamber, Setpoint, Topology
from cycling.types import ChannelState
from data_access.climate import WITNESSES, chamber_lines

LAN = Access(host="0.0.0.0", view_token="v" * 32, operator_token="o" * 32, login_required=True)
BEARER = {"Authorization": f"Bearer {'v' * 32}"}


class Sensors:
    """The means of an archive: every channel at one temperature, one of them broken, nothing in the third minute."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def means(self, channels: list[str], start: float, end: float) -> Any:
        import pyarrow as pa

        self.asked = list(channels)
        rows = [(name, start + 60.0 * n) for name in channels for n in (0, 1)]
        values = [1372.0 if name == "c-00" else 25.0 + 0.5 * ((begin - start) // 60) for name, begin in rows]
        return pa.table(
            {
                "channel": [name for name, _ in rows],
                "unix_time_second": [begin for _, begin in rows],
                "ambient_temperature_celsius_mean": pa.array(values, pa.float32()),
            }
        )


def state(channel: str) -> ChannelState:
    return ChannelState(
        channel=channel,
        cycler="c",
        chamber="a",
        source="measured",
        phase="resting",
        unix_time_second=0.0,
        arrival_time_second=0.0,
        cadence_second=1.0,
        latest={"ambient_temperature_celsius": 25.0},
        test=None,
        cycle_count=None,
        state_of_health=None,
    )


def test_a_chambers_line_is_what_most_sensors_say_with_gaps_and_its_setpoint_at_the_time() -> None:
    chambers = (
        Chamber(id="a", setpoint_celsius=25.0, setpoints=(Setpoint(at=660.0, celsius=45.0),)),
        Chamber(id="empty", setpoint_celsius=5.0, tolerance_kelvin=1.0),
    )
    sensors = Sensors()
    states = [state(f"c-{n:02d}") for n in range(48)]
    lines = chamber_lines(sensors, Topology(chambers=chambers), states, 605.0, 725.0)  # type: ignore[arg-type]
    assert lines[0] == {
        "chamber": "a",
        "tolerance_kelvin": 2.0,
        "unix_time_second": [600.0, 660.0, 720.0],
        "celsius": [25.0, 25.5, None],
        "setpoint_celsius": [25.0, 45.0, 45.0],
    }
    assert lines[1]["celsius"] == [None] * 3
    assert len(sensors.asked) == WITNESSES


def test_the_lines_of_a_lab_without_chambers_are_none(client: FlaskClient) -> None:
    assert client.get("/api/v1/chambers/history?hours=6").json == {"chambers": []}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("hours=0", "expected a whole number from 1 to 48"),
        ("hours=x", "expected a whole number from 1 to 48"),
        ("to=abc", "expected a number"),
        ("to=9e12", "not in the future"),
    ],
)
def test_a_faulty_time_gets_one_sentence(client: FlaskClient, query: str, said: str) -> None:
    answer = client.get(f"/api/v1/chambers/history?{query}")
    assert answer.status_code == 400
    assert said in answer.json["error"]  # type: ignore[index]


def test_a_lab_of_its_own_machine_has_no_code(client: FlaskClient) -> None:
    answer = client.get("/api/v1/code.svg?path=/wall")
    assert (answer.status_code, answer.data) == (204, b"")


def test_a_page_that_others_reach_has_a_code_of_its_own_address(serve: Callable[[Access], Flask]) -> None:
    viewer = serve(LAN).test_client()
    here = {"path": "/wall?view=chambers", "base_url": "http://192.168.1.5:8050"}
    first = viewer.get(
        "/api/v1/code.svg", query_string={"path": here["path"]}, base_url=here["base_url"], headers=BEARER
    )
    other = viewer.get("/api/v1/code.svg", query_string={"path": "/wall"}, base_url=here["base_url"], headers=BEARER)
    assert (first.status_code, first.mimetype) == (200, "image/svg+xml")
    assert first.data.startswith(b"<svg")
    assert first.data != other.data


@pytest.mark.parametrize("path", ["", "wall", "//evil.example/x", "/\\evil.example", "/a\nb", "/" + "x" * 1000])
def test_a_code_leads_nowhere_else(client: FlaskClient, path: str) -> None:
    answer = client.get("/api/v1/code.svg", query_string={"path": path})
    assert answer.status_code == 400
    assert "expected a path of this lab" in answer.json["error"]  # type: ignore[index]
