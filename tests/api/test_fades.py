"""How far every test has come: archived cycles and those that wait for it, in one answer."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.fades import POINTS
from data_access.lab import Lab, Published
from data_access.lives import lives
from tests.cycling.build_cycles import START, cycle


def archived(lab: Lab, *rows: Any) -> None:
    lab.archive.merge_cycles([asdict(row) for row in rows], 0, 1)


def test_a_test_is_told_by_its_newest_numbers_and_a_few_points(client: FlaskClient, lab: Lab) -> None:
    archived(lab, *(cycle(n, 2.0 - 0.002 * (n - 1)) for n in range(1, 201)))
    told = json.loads(client.get("/api/v1/fades").data)
    assert {name: len(values) for name, values in told.items()} == dict.fromkeys(told, 1)
    assert told["test"] == ["T1"]
    assert told["cycle_count"] == [200]
    assert told["discharging_capacity_ah"] == [1.602]
    assert told["state_of_health"] == [0.801]
    assert told["start_unix_time_second"] == [START + 7200.0]
    [fade] = told["fade"]
    assert len(fade) <= POINTS
    assert (fade[0], fade[-1]) == (100.0, 80.1)


def test_a_lab_without_cycles_has_none_to_tell(client: FlaskClient) -> None:
    assert json.loads(client.get("/api/v1/fades").data)["test"] == []


def test_a_number_that_is_not_known_is_null(client: FlaskClient, lab: Lab) -> None:
    archived(lab, cycle(1, 2.0, state_of_health=math.nan))
    told = json.loads(client.get("/api/v1/fades").data)
    assert (told["state_of_health"], told["fade"]) == ([None], [[]])


def test_lives_are_in_order_and_the_bad_cycles_tell_no_capacity(lab: Lab) -> None:
    archived(lab, cycle(2, 1.9), cycle(1, 2.0), cycle(3, 0.4, kind="incomplete"), cycle(1, 1.0, test="A"))
    found = lives(lab)
    assert found.tests == ("A", "T1")
    assert list(found.of(1, "cycle")) == [1.0, 2.0, 3.0]
    assert list(found.of(1, "capacity"))[:2] == [2.0, 1.9]
    assert math.isnan(found.of(1, "capacity")[2])
    assert list(found.of(1, "throughput")) == pytest.approx([1.0, 1.95, 2.15])
    assert found.of(1, "time")[0] == pytest.approx(6500 / 86_400)


def test_lives_end_at_a_moment_and_count_by_the_nominal_capacity(lab: Lab) -> None:
    archived(lab, cycle(1, 2.0), cycle(2, 1.9))
    first_end = START + 7200.0 + 6500.0
    found = lives(lab, ["T1", "nobody"], first_end, {"T1": 4.0})
    assert (found.tests, list(found.of(0, "throughput"))) == (("T1",), [0.5])


def test_a_cycle_that_waits_for_the_archive_is_newer_than_what_is_there(lab: Lab) -> None:
    lab.live.publish(Published(now=START, cycles=[cycle(1, 2.0), cycle(2, 1.9)]))
    archived(lab, cycle(1, 2.0), cycle(2, 1.9))
    lab.live.publish(Published(now=START, cycles=[cycle(2, 1.5), cycle(3, 1.4)]))
    assert list(lives(lab).of(0, "capacity")) == [2.0, 1.5, 1.4]
