"""POST /readings: good rows are stored, bad ones are named and kept."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from data_access.lab import Lab
from tests.api.conftest import row

URL = "/api/v1/readings"
CSV = "text/csv"


def post(client: FlaskClient, body: bytes | str, kind: str = "application/json", **headers: str) -> Any:
    return client.post(URL, data=body, content_type=kind, headers=headers)


def stored(lab: Lab, cycler: str = "arbin-1") -> list[dict[str, Any]]:
    batch = lab.live.tail(cycler, 0)
    return [{name: values[place] for name, values in batch.columns.items()} for place in range(len(batch))]


def test_good_rows_are_stored_before_the_answer(client: FlaskClient, lab: Lab) -> None:
    before = time.time()
    answer = client.post(URL, json={"readings": [row(vendor="x"), row("arbin-1-02", cycle_count=3)]})
    assert (answer.status_code, answer.json) == (202, {"accepted": 2, "rejected": []})
    first, second = stored(lab)
    assert (first["channel"], first["test"], first["vendor"]) == ("arbin-1-01", "arbin-1-01-001", "x")
    assert second["cycle_count"] == 3
    assert before <= first["arrival_time_second"] <= time.time()


def test_bad_rows_never_block_good_ones_and_are_kept(client: FlaskClient, lab: Lab) -> None:
    rows = [
        row(voltage_volt="3.7"),
        row(),
        row(channel="a/b"),
        "no row",
        row(unix_time_second=time.time() + 90_000),
        row(unix_time_second=-1),
        row("arbin-1-02"),
        row(current_ampere=None),
        None,
    ]
    answer = client.post(URL, json={"readings": rows})
    assert answer.status_code == 202
    assert answer.json is not None
    assert answer.json["accepted"] == 2
    told = {(one["index"], one["column"]) for one in answer.json["rejected"]}
    assert told == {
        (0, "voltage_volt"),
        (2, "channel"),
        (3, ""),
        (4, "unix_time_second"),
        (5, "unix_time_second"),
        (7, "current_ampere"),
        (8, ""),
    }
    assert answer.json["rejected"][0]["value"] == "3.7"
    kept = client.get("/api/v1/quarantine").json
    assert kept is not None
    assert len(kept["quarantine"]) == 7
    by_index = {one["index"]: one for one in kept["quarantine"]}
    assert json.loads(by_index[2]["raw"])["channel"] == "a/b"
    assert by_index[3]["raw"] == "no row"
    assert by_index[2]["source"].startswith("http ")
    assert by_index[2]["when"] == pytest.approx(time.time(), abs=60)


def test_an_endless_number_rejects_its_row_only(client: FlaskClient) -> None:
    good = json.dumps(row())
    bad = json.dumps(row()).replace("3.7", "1e400")
    huge = json.dumps(row("arbin-1-02", cycle_count=7)).replace("7}", "7" * 5000 + "}")
    answer = post(client, f'{{"readings": [{bad}, {good}, {huge}]}}')
    assert answer.status_code == 202
    assert answer.json["accepted"] == 1
    assert [(one["index"], one["value"]) for one in answer.json["rejected"]] == [(0, "Infinity"), (2, "Infinity")]


def test_a_row_sent_again_is_accepted_but_stored_once(client: FlaskClient, lab: Lab) -> None:
    body = {"readings": [row(record_index=1, unix_time_second=time.time())]}
    for _ in range(2):
        assert client.post(URL, json=body).json == {"accepted": 1, "rejected": []}
    assert len(stored(lab)) == 1


def test_the_same_key_with_other_values_is_refused_under_its_own_index(client: FlaskClient, lab: Lab) -> None:
    now = time.time()
    client.post(URL, json={"readings": [row(record_index=1, unix_time_second=now)]})
    other = row(record_index=1, unix_time_second=now, voltage_volt=2.0)
    answer = client.post(URL, json={"readings": [row(channel="?"), row("arbin-1-02"), other]}).json
    assert answer is not None
    assert answer["accepted"] == 1
    assert [one["index"] for one in answer["rejected"]] == [0, 2]
    assert stored(lab)[0]["voltage_volt"] == 3.7
    assert {one["index"] for one in lab.live.quarantined()} == {0, 2}


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_word_that_json_does_not_have_is_refused_with_its_place(client: FlaskClient, word: str) -> None:
    body = json.dumps({"readings": [row(test='a NaN in a "text')]})
    body = body.replace("3.7", word)
    place = body.index(word, body.index("voltage_volt"))
    answer = post(client, body)
    assert answer.status_code == 400
    assert f"line 1 column {place + 1} (char {place})" in answer.json["error"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b'{"readings": [', "line 1 column"),
        (b"[]", "Expected one JSON object"),
        (b'{"readings": {}}', "Expected one JSON object"),
        (b'{"reading": []}', "Expected one JSON object"),
        (b'{"readings": [], "readings": []}', "Expected one JSON object"),
        (b'{"readings": ["\xff"]}', "not UTF-8 at byte 15"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_not_readings_is_refused(client: FlaskClient, body: bytes, said: str) -> None:
    answer = post(client, body)
    assert answer.status_code == 400
    assert said in answer.json["error"]


def test_no_rows_are_fine(client: FlaskClient) -> None:
    assert client.post(URL, json={"readings": []}).json == {"accepted": 0, "rejected": []}


def test_a_key_given_twice_rejects_its_row(client: FlaskClient) -> None:
    twice = json.dumps(row())[:-1] + ', "voltage_volt": 4.0}'
    answer = post(client, f'{{"readings": [{twice}, {json.dumps(row("arbin-1-02"))}]}}')
    assert answer.json["accepted"] == 1
    assert [(one["index"], one["column"]) for one in answer.json["rejected"]] == [(0, "voltage_volt")]


def test_rows_cannot_bring_columns_without_end(client: FlaskClient) -> None:
    rows = [row(f"c-{place}", **{f"extra {place}": 1}) for place in range(300)]
    answer = client.post(URL, json={"readings": rows}).json
    assert answer is not None
    assert answer["accepted"] == 252
    assert "more than 256 different columns" in answer["rejected"][0]["reason"]


def test_csv_rows_are_read_from_text(client: FlaskClient, lab: Lab) -> None:
    now = time.time()
    body = (
        "channel,unix_time_second,voltage_volt,current_ampere,cycle_count,note\r\n"
        f'arbin-1-01,{now},3.7,-1,,"a, b"\r\n\r\narbin-1-02,{now},x,1,2,\narbin-1-03,{now},3.6,1,2\n'
    )
    answer = post(client, body, CSV)
    assert answer.status_code == 202
    assert answer.json["accepted"] == 1
    assert [(one["index"], one["column"], one["value"]) for one in answer.json["rejected"]] == [
        (1, "voltage_volt", "x"),
        (2, "note", None),
    ]
    (first,) = stored(lab)
    assert (first["current_ampere"], first["note"]) == (-1.0, "a, b")
    assert lab.live.quarantined()[0]["raw"].startswith("arbin-1-03,")


def test_a_quote_that_is_never_closed_costs_its_own_row_only(client: FlaskClient) -> None:
    now = time.time()
    good = "".join(f"arbin-1-0{place},{now},3.7,1,\n" for place in (1, 2, 3))
    body = f'channel,unix_time_second,voltage_volt,current_ampere,note\n"broken,{now},3.7,1,\n{good}'
    answer = post(client, body, CSV)
    assert answer.json["accepted"] == 3
    assert [one["index"] for one in answer.json["rejected"]] == [0]


def test_a_header_that_names_a_column_twice_leaves_no_row_clear(client: FlaskClient) -> None:
    answer = post(client, "channel,voltage_volt,voltage_volt\na,1,2\nb,1,2\n", CSV)
    assert answer.json["accepted"] == 0
    assert [one["column"] for one in answer.json["rejected"]] == ["voltage_volt"] * 2


def test_a_csv_column_without_a_name_is_kept_under_its_place(client: FlaskClient, lab: Lab) -> None:
    body = f",channel,unix_time_second,voltage_volt,current_ampere\n0,arbin-1-01,{time.time()},3.7,1\n"
    assert post(client, body, CSV).json["accepted"] == 1
    assert stored(lab)[0]["column_1"] == 0.0


def test_a_packed_body_is_unpacked(client: FlaskClient) -> None:
    body = gzip.compress(json.dumps({"readings": [row()]}).encode())
    answer = post(client, body, **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json["accepted"]) == (202, 1)


def test_a_broken_or_cut_packing_is_refused(client: FlaskClient) -> None:
    packed = gzip.compress(json.dumps({"readings": [row()]}).encode())
    for body in (b"not gzip", packed[:-4]):
        assert post(client, body, **{"Content-Encoding": "gzip"}).status_code == 400


def test_a_body_of_more_than_16_mib_is_refused_packed_or_not(client: FlaskClient) -> None:
    large = b'{"readings": [' + b" " * (16 * 1024 * 1024) + b"]}"
    assert post(client, large).status_code == 413
    assert post(client, gzip.compress(large), **{"Content-Encoding": "gzip"}).status_code == 413


@pytest.mark.parametrize(
    ("kind", "encoding"),
    [
        ("application/xml", "identity"),
        ("", "identity"),
        ("application/json", "br"),
        ("text/csv; charset=latin-1", "identity"),
    ],
)
def test_an_unknown_type_or_encoding_is_refused(client: FlaskClient, kind: str, encoding: str) -> None:
    answer = post(client, b"{}", kind, **{"Content-Encoding": encoding})
    assert answer.status_code == 415
    assert "expected" in answer.json["error"]


def test_a_content_type_may_say_its_charset(client: FlaskClient) -> None:
    answer = post(client, json.dumps({"readings": []}), "application/json; charset=UTF-8")
    assert answer.status_code == 202


def test_channels_that_lab_toml_does_not_name_appear_by_themselves(client: FlaskClient, lab: Lab) -> None:
    assert client.post(URL, json={"readings": [row("elsewhere")]}).json == {"accepted": 1, "rejected": []}
    assert stored(lab, "unlisted")[0]["channel"] == "elsewhere"
