"""Notes on the time axis of a channel: written by people, journalled, kept when only the archive has them."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.access import Access
from data_access.lab import Lab
from tests.api.conftest import row

PATH = "/api/v1/channels/arbin-1-01/annotations"
TOKEN = "v" * 40
OPERATOR = "o" * 40


def test_a_note_is_journalled_with_who_and_when_and_stands_in_the_list(client: FlaskClient, lab: Lab) -> None:
    client.post("/api/v1/readings", json={"readings": [row(test="one")]})
    body = {"text": " Changed the fixture. ", "from": 1000.0, "to": 1060.0, "who": "Åsa"}
    answer = client.post(PATH, json=body)
    assert answer.status_code == 200
    said = answer.get_json()
    assert said.pop("at") == pytest.approx(time.time(), abs=60)
    assert said == {
        "id": "1",
        "channel": "arbin-1-01",
        "test": "one",
        "from": 1000.0,
        "to": 1060.0,
        "text": "Changed the fixture.",
        "who": "Åsa",
    }
    [entry] = [entry for entry in lab.journal.entries() if entry["kind"] == "annotation"]
    assert (entry["who"], entry["channel"], entry["text"]) == ("Åsa", "arbin-1-01", "Changed the fixture.")
    listed = client.get(PATH).json
    assert listed is not None
    assert [(note["text"], note["from"], note["to"]) for note in listed["annotations"]] == [
        ("Changed the fixture.", 1000.0, 1060.0)
    ]
    assert client.get("/api/v1/channels/arbin-1-02/annotations").json == {"annotations": []}


def test_a_note_without_a_time_is_of_now_and_one_moment_long(client: FlaskClient) -> None:
    said = client.post(PATH, json={"text": "here"}).json
    assert said is not None
    assert said["from"] == said["to"] == pytest.approx(time.time(), abs=60)


def test_notes_are_found_by_time(client: FlaskClient) -> None:
    for start, end in ((100.0, 100.0), (200.0, 300.0), (400.0, 400.0)):
        client.post(PATH, json={"text": f"at {start:g}", "from": start, "to": end})
    found = client.get(f"{PATH}?from=250&to=399").json
    assert found is not None
    assert [note["text"] for note in found["annotations"]] == ["at 200"]
    assert client.get(f"{PATH}?from=soon").status_code == 400


def test_notes_that_only_the_archive_has_are_told_once(client: FlaskClient, lab: Lab) -> None:
    client.post(PATH, json={"text": "kept", "from": 5.0})
    entry = lab.journal.entries()[0]
    data = {name: value for name, value in entry.items() if name not in ("id", "kind", "who", "at")}
    row_of_it = {"id": 1, "at": entry["at"], "kind": "annotation", "who": entry["who"], "data": data}
    lab.archive.append_journal([row_of_it], 0, 1)
    assert [note.text for note in lab.journal.annotations("arbin-1-01")] == ["kept"]
    lab.live.client.flushall()
    assert [note.text for note in lab.journal.annotations("arbin-1-01")] == ["kept"]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "text"),
        ({"text": "  "}, "text"),
        ({"text": "x" * 1001}, "text"),
        ({"text": 7}, "text"),
        ({"text": "x", "from": "yesterday"}, "from=yesterday"),
        ({"text": "x", "from": -1}, "from=-1"),
        ({"text": "x", "from": 4e9}, "from="),
        ({"text": "x", "from": True}, "from=True"),
        ({"text": "x", "from": 10, "to": 5}, "to (5) is before from (10)"),
    ],
)
def test_a_note_that_cannot_be_meant_is_refused(
    client: FlaskClient, lab: Lab, body: dict[str, object], word: str
) -> None:
    said = client.post(PATH, json=body)
    assert said.status_code == 400
    assert said.json is not None
    assert word in said.json["error"]
    assert lab.journal.entries() == []


def test_a_channel_nobody_knows_has_no_notes(client: FlaskClient) -> None:
    for answer in (
        client.get("/api/v1/channels/nobody/annotations"),
        client.post("/api/v1/channels/nobody/annotations", json={"text": "x"}),
    ):
        assert answer.status_code == 404
        assert answer.json is not None
        assert 'no channel "nobody"' in answer.json["error"]


def test_who_may_only_look_cannot_note(serve: Callable[[Access], Flask], lab: Lab) -> None:
    access = Access(host="0.0.0.0", view_token=TOKEN, operator_token=OPERATOR, login_required=True)
    guest = serve(access).test_client()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert guest.post(PATH, json={"text": "x"}, headers=headers).status_code == 403
    assert guest.get(PATH, headers=headers).status_code == 200
    assert lab.journal.entries() == []
