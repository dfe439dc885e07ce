"""What the API answers about channels, alerts and tests, and to what it does not have."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from cycling.types import Alert, ChannelState, Severity
from data_access.archive import Part
from data_access.lab import Lab, Published
from tests.api.conftest import row
from tests.cycling.build import cell

NAN = float("nan")


def alert(alert_id: str = "a1", **facts: Any) -> Alert:
    given: dict[str, Any] = {
        "kind": "contact-lost",
        "severity": Severity.P2,
        "scope": "channel:arbin-1-01",
        "channels": ("arbin-1-01",),
        "test": "t",
        "opened_at": time.time() - 60,
        "message": "The current is gone.",
    }
    return Alert(**{"id": alert_id, **given, **facts})


def state(channel: str = "arbin-1-01", **facts: Any) -> ChannelState:
    now = time.time()
    given: dict[str, Any] = {
        "cycler": "arbin-1",
        "chamber": "a",
        "phase": "charging",
        "unix_time_second": now - 2,
        "arrival_time_second": now - 1,
        "cadence_second": 1.0,
        "latest": {"voltage_volt": 3.7, "surface_temperature_celsius": NAN},
        "test": "t",
        "cycle_count": 3,
        "state_of_health": NAN,
    }
    return ChannelState(**{"channel": channel, **given, **facts})


def publish(lab: Lab, *alerts: Alert, states: tuple[ChannelState, ...] = ()) -> None:
    lab.live.publish(Published(now=time.time(), states=states, alerts=alerts))


def channels(client: FlaskClient) -> dict[str, dict[str, Any]]:
    answer = client.get("/api/v1/channels").json
    assert answer is not None
    return {told["channel"]: told for told in answer["channels"]}


def test_a_channel_tells_its_state_its_age_and_its_cell(client: FlaskClient, lab: Lab) -> None:
    lab.tests.put("t", {"cell": "A123", "batch": "b"}, "me", 0.0, "api")
    publish(lab, states=(state(alerts=1, severity="P2"),))
    told = channels(client)["arbin-1-01"]
    assert (told["state"], told["alerts"], told["severity"]) == ("charging", 1, "P2")
    assert (told["test"], told["cell"], told["batch"], told["cycle_count"]) == ("t", "A123", "b", 3)
    assert 1 <= told["age_second"] < 5
    assert told["latest"] == {"voltage_volt": 3.7, "surface_temperature_celsius": None}
    assert told["state_of_health"] is None


def test_a_channel_that_stopped_sending_or_never_sent_is_silent(client: FlaskClient, lab: Lab) -> None:
    publish(lab, states=(state(arrival_time_second=time.time() - 8), state("elsewhere", cycler="unlisted")))
    told = channels(client)
    assert list(told) == ["arbin-1-01", "arbin-1-02", "arbin-1-03", "elsewhere"]
    assert [one["state"] for one in told.values()] == ["silent", "silent", "silent", "charging"]
    assert (told["arbin-1-02"]["latest"], told["arbin-1-02"]["age_second"]) == (None, None)


def test_alerts_come_newest_first_open_ones_unless_all_are_asked_for(client: FlaskClient, lab: Lab) -> None:
    now = time.time()
    publish(
        lab,
        alert("old", opened_at=now - 100, closed_at=now - 50),
        alert("mid", opened_at=now - 80, channels=("arbin-1-02",)),
        alert("new", opened_at=now - 10),
    )

    def ids(query: str) -> list[str]:
        answer = client.get(f"/api/v1/alerts{query}").json
        assert answer is not None
        return [told["id"] for told in answer["alerts"]]

    assert ids("") == ids("?state=open") == ["new", "mid"]
    assert ids("?state=all") == ["new", "mid", "old"]
    assert ids("?channel=arbin-1-02") == ["mid"]
    assert ids(f"?state=all&since={now - 20}") == ["new"]


def test_alerts_are_searched_by_words_and_by_whom_they_concern_and_paged(client: FlaskClient, lab: Lab) -> None:
    now = time.time()
    lab.tests.put("t", {"batch": "b", "owner": "Åsa"}, "me", 0.0, "api")
    lab.tests.put("u", {"batch": "other"}, "me", 0.0, "api")
    alerts = (
        alert("one", opened_at=now - 10),
        alert("two", opened_at=now - 10, test="u", channels=("arbin-1-02",), kind="knee", message="It fades 3 times."),
        alert("three", opened_at=now - 20, test=None, scope="cycler:arbin-1", channels=("arbin-1-01", "arbin-1-02")),
        alert("four", opened_at=now - 30, test=None, scope="chamber:z", channels=()),
        alert("five", opened_at=now - 40, test=None, scope="lab", channels=()),
    )
    publish(lab, *alerts, states=(state(), state("arbin-1-02", test="u")))

    def ids(query: str) -> list[str]:
        answer = client.get(f"/api/v1/alerts?{query}").json
        assert answer is not None
        return [told["id"] for told in answer["alerts"]]

    assert ids("batch=b") == ["one", "three", "five"]
    assert ids("batch=other") == ["two", "three", "five"]
    assert ids(f"owner={quote('Åsa')}&batch=other") == ["five"]
    assert ids("chamber=z") == ["four", "five"]
    assert ids("cycler=arbin-1&chamber=a") == ["one", "two", "three", "five"]
    assert ids("cycler=arbin-1&chamber=z") == ["five"]
    assert ids("find=FADES") == ids("kind=knee") == ["two"]
    assert ids("find=contact+lost&severity=P2&channel=arbin-1-01") == ["one", "three"]
    assert ids("severity=P1") == ids("find=nothing") == []
    first, rest = client.get("/api/v1/alerts?limit=2").json, client.get("/api/v1/alerts?limit=9&skip=2").json
    assert first is not None
    assert rest is not None
    assert [told["id"] for told in first["alerts"] + rest["alerts"]] == ["one", "two", "three", "four", "five"]
    assert (first["more"], rest["more"]) == (3, 0)


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("", list("fghedcba")),
        ("kind=knee", list("hdb")),
        ("severity=P1", list("gc")),
        ("channel=arbin-1-01", list("fgedca")),
        ("channel=arbin-1-0", []),
        ("channel=arbin-1-01%22,%20%22arbin-1-02", []),
        ("find=FADES", list("hdb")),
        ("find=%C3%A5ngstr%C3%B6m", list("ec")),
        ("find=contact+lost&severity=P1", list("gc")),
        ("cycler=arbin-1&kind=knee", list("hdb")),
        ("since=1000000003", list("fghed")),
    ],
)
def test_a_page_of_the_whole_log_is_cut_from_archive_and_live_store_together(
    client: FlaskClient, lab: Lab, query: str, fits: list[str]
) -> None:
    knee = {"kind": "knee", "message": "It fades 3 times.", "channels": ("arbin-1-02",), "scope": "channel:arbin-1-02"}
    told: list[dict[str, Any]] = [
        {},
        knee,
        {"severity": Severity.P1, "message": "ÅNGSTRÖM"},
        knee,
        {"message": "Ångström"},
    ]
    old = [
        alert(name, opened_at=1e9 + n, closed_at=1e9 + 9, **{"channels": ("arbin-1-01",), **one})
        for n, (name, one) in enumerate(zip("abcde", told, strict=True))
    ]
    old[3] = replace(old[3], channels=("arbin-1-01", "arbin-1-02"))
    now = time.time()
    young = [alert("g", opened_at=now, severity=Severity.P1), alert("h", opened_at=now - 1, **knee)]
    young.append(alert("f", opened_at=now))
    lab.archive.merge_alerts([*old, replace(young[0], kind="knee")], 0, 1)  # the live store knows better
    publish(lab, *young)
    whole = client.get(f"/api/v1/alerts?state=all&{query}").json
    assert whole is not None
    assert ([one["id"] for one in whole["alerts"]], whole["more"]) == (fits, 0)
    for skip in (0, 1, len(fits)):
        page = client.get(f"/api/v1/alerts?state=all&{query}&limit=2&skip={skip}").json
        assert page is not None
        assert page["alerts"] == whole["alerts"][skip : skip + 2]
        assert page["more"] == max(len(fits) - skip - 2, 0)


def test_alerts_that_only_the_archive_has_are_among_all(client: FlaskClient, lab: Lab) -> None:
    lab.archive.merge_alerts([alert("ancient", opened_at=1e9, closed_at=1e9 + 1)], 0, 1)
    publish(lab, alert("new"))
    answer = client.get("/api/v1/alerts?state=all").json
    assert answer is not None
    assert [told["id"] for told in answer["alerts"]] == ["new", "ancient"]


@pytest.mark.parametrize("query", ["state=closed", "since=yesterday", "since=nan", "limit=0", "skip=-1"])
def test_a_query_that_cannot_be_meant_is_refused(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/v1/alerts?{query}")
    assert answer.status_code == 400
    assert query.split("=")[0] in answer.json["error"]  # type: ignore[index]


def test_what_people_say_of_an_alert_is_journalled_and_seen_at_once(client: FlaskClient, lab: Lab) -> None:
    publish(lab, alert())
    said = client.post("/api/v1/alerts/a1/acknowledge", headers={"X-Cellwatch-User": "Åsa".encode().decode("latin-1")})
    assert said.status_code == 200
    assert said.json is not None
    assert said.json["acknowledged_by"] == "Åsa"
    said = client.post("/api/v1/alerts/a1/comment", json={"text": " Seen it. ", "who": "Bo"})
    assert said.json is not None
    assert [(one["who"], one["text"]) for one in said.json["comments"]] == [("Bo", "Seen it.")]
    said = client.post("/api/v1/alerts/a1/shelve", json={"minutes": 30})
    assert said.json is not None
    assert said.json["suppressed"] == "shelved"
    assert said.json["shelved_until"] == pytest.approx(time.time() + 1800, abs=60)
    told = [(entry["kind"], entry["who"], entry["alert"]) for entry in lab.journal.entries()]
    assert told == [("acknowledge", "Åsa", "a1"), ("comment", "Bo", "a1"), ("shelve", "local", "a1")]


@pytest.mark.parametrize(
    ("verb", "body", "kept"),
    [
        ("unshelve", {}, {}),
        ("out-of-service", {}, {}),
        (
            "out-of-service",
            {"reason": " Its thermocouple waits for a spare. "},
            {"reason": "Its thermocouple waits for a spare."},
        ),
        ("return-to-service", {}, {}),
    ],
)
def test_what_is_put_aside_and_taken_back_is_journalled_with_who_and_when(
    client: FlaskClient, lab: Lab, verb: str, body: dict[str, str], kept: dict[str, str]
) -> None:
    publish(lab, alert())
    said = client.post(f"/api/v1/alerts/a1/{verb}", json={**body, "who": "Bo"})
    assert said.status_code == 200
    [entry] = lab.journal.entries()
    assert entry.pop("at") == pytest.approx(time.time(), abs=60)
    assert entry == {"id": "1", "kind": verb, "who": "Bo", "alert": "a1", **kept}


def begin(lab: Lab, at: float) -> None:
    """The first reading of the lab was taken then."""
    batch = cell(1, channel="arbin-1-01")
    times = batch.numbers("unix_time_second")
    readings = batch.with_columns(unix_time_second=times - times[0] + at)
    lab.archive.append_readings([Part(cycler="arbin-1", after=0, upto=1, readings=readings)])


def test_a_lab_that_just_began_says_nothing_of_last_week(client: FlaskClient, lab: Lab) -> None:
    told = client.get("/api/v1/alerts/quality").json
    assert told is not None
    assert told["until"] - told["since"] == pytest.approx(600)
    publish(lab, alert(opened_at=time.time() - 1800))
    told = client.get("/api/v1/alerts/quality").json
    assert told is not None
    assert told["until"] - told["since"] == pytest.approx(1800, abs=5)


def test_how_good_the_alerts_are_is_told_from_archive_and_live_store(client: FlaskClient, lab: Lab) -> None:
    now = time.time()
    begin(lab, now - 8 * 86_400)
    archived = alert("archived", opened_at=now - 2 * 86_400, closed_at=now - 2 * 86_400 + 600)
    lab.archive.merge_alerts([archived, alert("live", opened_at=now - 90)], 0, 1)
    publish(lab, alert("live", opened_at=now - 90, acknowledged_at=now - 30), alert("long", opened_at=now - 30 * 3600))
    told = client.get("/api/v1/alerts/quality").json
    assert told is not None
    assert (told["alerts"], told["until"] - told["since"]) == (3, pytest.approx(7 * 86_400))
    assert told["stale"] == ["long"]
    figures = {figure["key"]: figure for figure in told["figures"]}
    assert (figures["standing"]["value"], figures["standing"]["verdict"]) == (2, "good")
    assert figures["acknowledged-half"]["value"] == pytest.approx(60)
    today = client.get("/api/v1/alerts/quality?days=1").json
    assert today is not None
    assert today["alerts"] == 1


def test_a_lab_of_a_few_hours_is_not_averaged_over_a_week(client: FlaskClient, lab: Lab) -> None:
    now = time.time()
    publish(lab, *(alert(f"a{n}", opened_at=now - 600 * n) for n in range(1, 13)))
    begin(lab, now - 3 * 3600)
    told = client.get("/api/v1/alerts/quality").json
    assert told is not None
    assert told["since"] == pytest.approx(now - 3 * 3600, abs=1)
    assert next(one for one in told["figures"] if one["key"] == "a-day")["value"] == pytest.approx(96, rel=0.01)


@pytest.mark.parametrize("days", ["0", "367", "1.5", "week", "-1"])
def test_a_number_of_days_that_cannot_be_meant_is_refused(client: FlaskClient, days: str) -> None:
    answer = client.get(f"/api/v1/alerts/quality?days={days}")
    assert answer.status_code == 400
    assert "expected a whole number from 1 to 366" in answer.json["error"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("out-of-service", {"reason": ""}),
        ("out-of-service", {"reason": 3}),
        ("unshelve", {"who": 3}),
        ("return-to-service", []),
        ("shelve", {}),
        ("shelve", {"minutes": 0}),
        ("shelve", {"minutes": 10_081}),
        ("shelve", {"minutes": "30"}),
        ("shelve", {"minutes": True}),
        ("comment", {}),
        ("comment", {"text": "  "}),
        ("comment", {"text": 3}),
        ("comment", {"text": "x" * 5000}),
        ("acknowledge", {"who": "x" * 101}),
        ("acknowledge", {"who": 3}),
        ("acknowledge", []),
    ],
)
def test_a_saying_without_sense_is_refused_and_not_journalled(
    client: FlaskClient, lab: Lab, verb: str, body: object
) -> None:
    publish(lab, alert())
    assert client.post(f"/api/v1/alerts/a1/{verb}", json=body).status_code == 400
    assert lab.journal.entries() == []


def test_an_alert_that_is_not_there_cannot_be_acknowledged(client: FlaskClient, lab: Lab) -> None:
    answer = client.post("/api/v1/alerts/none/acknowledge")
    assert answer.status_code == 404
    assert lab.journal.entries() == []


@pytest.mark.parametrize("test", ["t", "2017-05-12_CH07", "a b", "Prüfling 5.4C(40%)-3.6C", "a/b", "<b>", "x?y#z"])
def test_a_test_is_described_before_its_first_reading(client: FlaskClient, test: str) -> None:
    url = f"/api/v1/tests/{quote(test)}"
    assert client.get(url).status_code == 404
    answer = client.put(url, json={"cell": "A", "nominal_capacity_ah": 1.1, "our project": "x", "n": 3})
    assert answer.status_code == 200
    for told in (answer.json, client.get(url).json):
        assert told is not None
        assert (told["test"], told["cell"], told["nominal_capacity_ah"]) == (test, "A", 1.1)
        assert (told["our project"], told["n"]) == ("x", 3)
    listed = client.get("/api/v1/tests").json
    assert listed is not None
    assert [told["test"] for told in listed["tests"]] == [test]


def test_a_test_tells_by_which_end_of_life_it_is_judged(client: FlaskClient) -> None:
    told = client.put("/api/v1/tests/t", json={"end_of_life_fraction": 0.7}).json
    assert (told["end_of_life_fraction"], told["end_of_life_reference"]) == (0.7, "initial")  # type: ignore[index]
    client.put("/api/v1/tests/t", json={"end_of_life_fraction": None})
    assert client.get("/api/v1/tests/t").json["end_of_life_fraction"] == 0.8  # type: ignore[index]


def test_the_newest_statement_wins_and_null_takes_one_back(client: FlaskClient, lab: Lab) -> None:
    client.put("/api/v1/tests/t", json={"cell": "A", "owner": "x"})
    told = client.put("/api/v1/tests/t", json={"cell": "B", "owner": None}).json
    assert told is not None
    assert told["cell"] == "B"
    assert "owner" not in told
    assert [entry["kind"] for entry in lab.journal.entries()] == ["test", "test"]


@pytest.mark.parametrize(
    "body",
    [
        {"test": "another"},
        {"cell": 3},
        {"nominal_capacity_ah": "1.1"},
        {"nominal_capacity_ah": 0},
        {"end_of_life_fraction": 80},
        {"end_of_life_reference": "first"},
        {"voltage_min_volt": 4.0, "voltage_max_volt": 3.0},
        {"extra": {"a": 1}},
        {"a list": [1]},
        {"long": "x" * 2001},
        {"": 1},
        {"x" * 65: 1},
        {"source": "me"},
        [],
        {str(n): n for n in range(101)},
    ],
)
def test_facts_that_cannot_be_are_refused(client: FlaskClient, body: object) -> None:
    assert client.put("/api/v1/tests/t", json=body).status_code == 400
    assert client.get("/api/v1/tests/t").status_code == 404


def test_a_body_that_is_no_json_is_refused(client: FlaskClient) -> None:
    assert client.put("/api/v1/tests/t", data="cell=A", content_type="text/plain").status_code == 415
    assert client.put("/api/v1/tests/t", data="{", content_type="application/json").status_code == 400


def test_a_test_that_has_readings_is_listed(client: FlaskClient) -> None:
    client.post("/api/v1/readings", json={"readings": [row(test="run 1"), row("arbin-1-02")]})
    listed = client.get("/api/v1/tests").json
    assert listed is not None
    assert [told["test"] for told in listed["tests"]] == ["arbin-1-02-001", "run 1"]


@pytest.mark.parametrize(
    "path", ["/api", "/api/v1", "/api/v1/nothing", "/api/v2/channels", "/api/v1/channels/x/forecast"]
)
def test_what_is_not_there_says_so_in_json(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json is not None
    assert path in answer.json["error"]


def test_what_cannot_be_done_to_a_route_says_what_can(client: FlaskClient) -> None:
    answer = client.post("/api/v1/channels")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert client.get("/api/v1/readings").headers["Allow"] == "POST"
    assert client.delete("/healthz").json is not None


def test_a_quarantine_is_as_long_as_is_asked_for(client: FlaskClient) -> None:
    client.post("/api/v1/readings", json={"readings": [1, 2, 3]})
    answer = client.get("/api/v1/quarantine?limit=2").json
    assert answer is not None
    assert [one["index"] for one in answer["quarantine"]] == [2, 1]
    assert client.get("/api/v1/quarantine?limit=0").status_code == 400
