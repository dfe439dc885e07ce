"""How far every test has come: archived cycles and those that wait for it, in one answer."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.fades import POINTS, WALL_POINTS
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


def test_the_fade_of_a_batch_that_nobody_belongs_to_is_refused(client: FlaskClient) -> None:
    answer = client.get("/api/v1/batches/no-such/fade")
    assert (answer.status_code, answer.json) == (404, {"error": 'No test belongs to a batch "no-such".'})


def test_a_batch_without_cycles_has_no_lines(client: FlaskClient) -> None:
    assert client.put("/api/v1/tests/t-1", json={"batch": "b/1"}).status_code == 200
    assert client.get("/api/v1/batches/b/1/fade").json == {"batch": "b/1", "tests": []}


def test_the_line_of_a_test_is_of_its_regular_cycles_thinned_with_the_newest(client: FlaskClient, lab: Lab) -> None:
    health = [1.0 - n / 10_000 for n in range(1, 1001)]
    rows = [cycle(n, 2.0 * one, state_of_health=one) for n, one in enumerate(health, 1)]
    rows[499] = replace(rows[499], kind="checkup", state_of_health=1.2)
    rows[699] = replace(rows[699], state_of_health=math.nan)
    archived(lab, *rows)
    lab.tests.put("T1", {"batch": "b", "cell": "x"}, "ada", START, "api")
    [line] = json.loads(client.get("/api/v1/batches/b/fade").data)["tests"]
    assert 100 < len(line["cycle_count"]) <= WALL_POINTS
    assert (line["cycle_count"][-1], line["state_of_health"][-1]) == (1000, 0.9)
    assert max(line["state_of_health"]) == line["state_of_health"][0] == 0.9999
    assert (line["test"], line["cell"], line["end_of_life_fraction"]) == ("T1", "x", 0.80)
    [spark] = json.loads(client.get("/api/v1/fades").data)["fade"]
    assert max(spark) == 100.0


def test_the_line_of_a_test_of_check_ups_is_theirs(client: FlaskClient, lab: Lab) -> None:
    archived(lab, *(cycle(n, 2.0, kind="checkup", state_of_health=1.0 - 0.01 * n) for n in (1, 2)))
    lab.tests.put("T1", {"batch": "b"}, "ada", START, "api")
    [line] = json.loads(client.get("/api/v1/batches/b/fade").data)["tests"]
    assert line["state_of_health"] == [0.99, 0.98]
