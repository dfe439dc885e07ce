"""Recording: every reading once in the archive, whatever dies in between."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from deltalake import DeltaTable

from cycling.readings import COLUMNS
from cycling.topology import Topology
from data_access import begun, codec, keys
from data_access.archive import Part, Wanted
from data_access.errors import Fenced, StoreAway
from data_access.lab import Lab, Published, connect
from data_access.writing import write_rows
from monitor import record
from monitor.record import Progress
from tests.conftest import Server
from tests.data_access.builders import NOW, alert, another, archived, batch, cycle, notice, seconds
from tests.data_access.builders import send_seconds as send


def test_what_came_in_is_archived_in_one_commit_for_all_cyclers(lab: Lab) -> None:
    send(lab, 0, 3)
    send(lab, 1, 2, "arbin-2-01")
    told = record.flush(lab, NOW)
    assert (told.rows, told.commits, told.full) == (5, 1, False)
    assert archived(lab) == [0, 1, 1, 2, 2]
    assert lab.archive.positions(["arbin-1", "arbin-2"]) == {"arbin-1": 1, "arbin-2": 1}


def test_nothing_new_commits_nothing(lab: Lab) -> None:
    send(lab)
    record.flush(lab, NOW)
    assert record.flush(lab, NOW).commits == 0
    assert lab.archive.version("readings") == 1


def test_the_archive_has_the_columns_and_types_of_the_contract(lab: Lab) -> None:
    send(lab, rows=2, surface_temperature_celsius=25.5, cycle_count=[1, np.nan])
    record.flush(lab, NOW)
    table = lab.archive.readings(Wanted())
    kinds = {field.name: str(field.type) for field in table.schema}
    assert set(kinds) == set(COLUMNS)
    assert (kinds["voltage_volt"], kinds["unix_time_second"], kinds["cycle_count"]) == (
        "float",
        "double",
        "int32",
    )
    assert table.column("cycle_count").to_pylist() == [1, None]
    assert table.column("step_count").null_count == 2
    delta = DeltaTable(lab.archive.tables["readings"].url)
    assert delta.metadata().partition_columns == ["date"]


def test_any_delta_reader_reads_it(lab: Lab) -> None:
    send(lab, rows=3)
    record.flush(lab, NOW)
    frame = DeltaTable(lab.archive.tables["readings"].url).to_pandas()
    assert frame["voltage_volt"].tolist() == [np.float32(3.7)] * 3
    assert {str(day) for day in frame["date"]} == {"2027-01-15"}


def test_extra_columns_are_archived_under_their_names(lab: Lab) -> None:
    send(lab, 0, **{"Aux (V), 1": 1.5})
    record.flush(lab, NOW)
    send(lab, 1, operator="Ada")
    record.flush(lab, NOW)
    table = lab.archive.readings(Wanted())
    assert table.column("Aux (V), 1").to_pylist() == [1.5, None]
    assert table.column("operator").to_pylist() == [None, "Ada"]


def test_readings_without_the_extra_columns_of_earlier_ones_are_archived_too(lab: Lab) -> None:
    for second, columns in enumerate([{"note": "x"}, {}, {"operator": "Ada"}, {"note": "y"}]):
        send(lab, second, **columns)
        record.flush(lab, NOW)
    table = lab.archive.readings(Wanted())
    assert table.column("note").to_pylist() == ["x", None, None, "y"]
    assert table.column("operator").to_pylist() == [None, None, "Ada", None]


def test_no_extra_column_can_stop_recording(lab: Lab) -> None:
    awkward = [
        {"note": 1.0},
        {"note": "text now"},
        {"NOTE": 2.0},
        {"Voltage_Volt": 3.0, "date": "soon", "note": "x", "Note": "y"},
        {"quo\"te {curly} '": 4.0, "a.b`c": "dots"},
    ]
    for second, columns in enumerate(awkward):
        send(lab, second, **columns)
        if second % 2:
            record.flush(lab, NOW)
    record.flush(lab, NOW)
    table = lab.archive.readings(Wanted())
    assert table.column("note").to_pylist() == [1.0, None, 2.0, None, None]
    assert table.column("note_text").to_pylist()[1] == "text now"
    assert sorted(set(table.column_names) - set(COLUMNS)) == [
        "Note_text_2",
        "Voltage_Volt_number",
        "a.b`c",
        "date_text",
        "note",
        "note_text",
        "quo\"te {curly} '",
    ]
    assert table.column("quo\"te {curly} '").to_pylist()[4] == 4.0


def test_readings_of_several_days_go_to_the_days_they_were_measured_on(lab: Lab) -> None:
    days = [NOW - 2 * 86_400, NOW - 86_400, NOW]
    for second, day in enumerate(days):
        lab.live.ingest(batch([day, day + 1], cycle_count=[second, np.nan]), received=NOW + second, source="test")
    assert record.flush(lab, NOW).commits == 1
    files = lab.archive.tables["readings"].inventory().files
    assert [(file.rows, file.least["unix_time_second"], file.most["unix_time_second"]) for file in files] == [
        (2, day, day + 1) for day in days
    ]
    assert archived(lab) == [day + second - NOW for day in days for second in (0, 1)]


def test_a_file_that_was_written_when_another_recorder_was_faster_is_not_committed(lab: Lab) -> None:
    send(lab)
    slow = another(lab).archive
    table = slow.tables["readings"]
    table.begin()
    prepared = slow.prepared([Part(cycler="arbin-1", after=0, upto=1, readings=batch([NOW]))])
    files = write_rows(table.url, prepared.rows, "date", table.pruned_by, NOW)
    record.flush(lab, NOW)
    with pytest.raises(Fenced, match="another process committed first"):
        table.add(files, prepared.cursors)
    assert archived(lab) == [0]


def test_more_than_one_commit_takes_is_cut(lab: Lab) -> None:
    for second in range(4):
        send(lab, second)
    told = record.flush(lab, NOW, most_rows=3)
    assert (told.rows, told.commits, told.full) == (4, 2, False)
    assert archived(lab) == [0, 1, 2, 3]


def test_more_than_one_round_takes_is_left_to_the_next(lab: Lab) -> None:
    for second in range(10):
        send(lab, second, 1, f"arbin-{1 + second % 2}-01")
    told = record.flush(lab, NOW, most_rows=2, most_seconds=0.0)
    assert (told.rows, told.commits, told.full) == (2, 1, True)
    assert record.flush(lab, NOW, most_rows=2).rows == 8
    assert archived(lab) == list(range(10))


def test_columns_that_one_commit_brings_are_known_to_the_next_that_is_prepared_meanwhile(lab: Lab) -> None:
    for second, note in enumerate([1.5, "text", 2.5, "more"]):
        send(lab, second, note=note)
    assert record.flush(lab, NOW, most_rows=1).commits == 4
    table = lab.archive.readings(Wanted())
    assert table.column("note").to_pylist() == [1.5, None, 2.5, None]
    assert table.column("note_text").to_pylist() == [None, "text", None, "more"]


def test_a_hole_in_the_stream_is_told_and_recording_goes_on_behind_it(lab: Lab) -> None:
    for second in range(4):
        send(lab, second)
    lab.live.client.xdel(keys.readings("arbin-1"), "2-0", "3-0")
    progress, _ = record.step(lab, Progress(), NOW)
    assert archived(lab) == [0, 3]
    assert lab.archive.position("arbin-1") == 4
    assert "expected entry 2" in progress.gaps[0]
    assert lab.live.quarantined()[0]["value"] == "2…3"


def test_cycles_alerts_tests_and_the_journal_are_archived_once_with_the_newest_values(lab: Lab) -> None:
    live = lab.live
    live.publish(Published(now=NOW, cycles=[cycle(1), cycle(2)], alerts=[alert()], notices=[notice()]))
    live.publish(Published(now=NOW, cycles=[cycle(2, state_of_health=0.9)], alerts=[alert(message="Worse.")]))
    lab.tests.put("cell-a", {"cell": "A1", "colour": "red"}, "ada", NOW, "api")
    lab.journal.append("comment", "ada", NOW + 1, alert="a1", text="Seen.")
    assert record.flush(lab, NOW).commits == 4
    live.publish(Published(now=NOW, alerts=[alert(message="Gone.", closed_at=NOW + 9)]))
    assert record.flush(lab, NOW).commits == 1
    cycles = lab.archive.cycles(test="cell-a")
    assert cycles["state_of_health"].tolist() == [1.0, 0.9]
    [kept] = lab.archive.alerts()
    assert (kept.message, kept.closed_at, kept.channels) == ("Gone.", NOW + 9, ("arbin-1-01",))
    [test] = lab.archive.rows("tests")
    assert (test["cell"], test["extra"], test["stated_by"]) == ("A1", {"colour": "red"}, "ada")
    assert [(row["id"], row["kind"]) for row in lab.archive.rows("journal")] == [(1, "test"), (2, "comment")]


def test_trimming_waits_for_the_watcher_and_for_the_hour(lab: Lab) -> None:
    for second in range(3):
        send(lab, second)
    record.flush(lab, NOW)
    lab.live.save_watch(b"memory", {"arbin-1": 1})
    record.trim(lab, NOW + 100)
    assert lab.live.beginning("arbin-1") == 0
    record.trim(lab, NOW + 7200)
    assert lab.live.beginning("arbin-1") == 1
    lab.live.save_watch(b"memory", {"arbin-1": 3})
    record.trim(lab, NOW + 7200)
    assert lab.live.beginning("arbin-1") == 3


def test_an_archive_that_is_away_is_said_in_the_heartbeat_and_nothing_is_lost(lab: Lab) -> None:
    blocked = Path(lab.archive.url)
    blocked.write_text("a file where the folder should be")
    send(lab)
    progress, _ = record.step(lab, Progress(), NOW)
    record.beat(lab, progress, NOW)
    assert progress.failures == 1
    assert "cannot be reached" in lab.live.beats()["record"]["error"]
    blocked.unlink()
    progress, _ = record.step(lab, progress, NOW)
    assert (progress.failures, progress.error, archived(lab)) == (0, None, [0])


def test_an_archive_that_is_taken_away_is_not_begun_anew_and_goes_on_when_it_is_back(lab: Lab) -> None:
    send(lab, 0)
    progress, _ = record.step(lab, Progress(), NOW)
    archive = Path(lab.archive.url)
    away = archive.rename(archive.with_name("away"))
    send(lab, 1)
    for _ in range(2):
        progress, _ = record.step(lab, progress, NOW)
        assert "is not there any more. Bring its folder back" in str(progress.error)
    with pytest.raises(StoreAway, match="Bring its folder back"):
        lab.archive.version("readings")
    assert not archive.exists()
    away.rename(archive)
    progress, _ = record.step(lab, progress, NOW)
    assert (progress.error, progress.gaps, archived(lab)) == (None, (), [0, 1])


def test_a_recorder_that_starts_while_the_archive_is_away_waits_for_it(lab: Lab) -> None:
    send(lab, 0)
    begun.begin(lab.home, lab.archive.url)
    progress, _ = record.step(another(lab), Progress(), NOW)
    assert "is not there any more" in str(progress.error)
    assert not Path(lab.archive.url).exists()
    Path(lab.archive.url).mkdir()
    assert record.step(another(lab), progress, NOW)[0].error is None
    assert archived(lab) == [0]


def test_a_redis_that_is_away_does_not_end_recording(tmp_path: Path, topology: Topology) -> None:
    nowhere = connect(redis_url=None, home=tmp_path, archive_url=str(tmp_path / "a"), topology=topology)
    progress, full = record.step(nowhere, Progress(), NOW)
    record.beat(nowhere, progress, NOW)
    assert (progress.failures, full) == (1, False)
    assert "is not there" in str(progress.error)


def test_run_flushes_once_more_when_it_is_told_to_stop(lab: Lab) -> None:
    stop = threading.Event()
    recorder = threading.Thread(target=record.run, args=(lab, stop, time.time))
    recorder.start()
    while "record" not in lab.live.beats():
        time.sleep(0.005)
    send(lab, 0, 5)
    stop.set()
    recorder.join(10)
    assert archived(lab) == [0, 1, 2, 3, 4]
    assert lab.live.beats()["record"]["rows"] == 5
    assert lab.live.beats()["record"]["lag_entries"] == 0


def test_what_an_emptied_redis_forgot_is_given_back_from_the_archive(lab: Lab, valkey: Server) -> None:
    lab.tests.put("cell-a", {"cell": "A1", "colour": "red"}, "ada", NOW, "api")
    lab.live.publish(Published(now=NOW, alerts=[alert("open"), alert("closed", closed_at=NOW)]))
    said = lab.journal.append("comment", "ada", NOW, alert="open", text="Seen.")
    record.flush(lab, NOW)
    valkey.flush()
    record.step(lab, Progress(), NOW)
    facts = lab.tests.get("cell-a")
    assert facts is not None
    assert (facts["cell"], facts["colour"]) == ("A1", "red")
    assert [one.id for one in lab.live.alerts()] == ["open"]
    assert [entry["text"] for entry in lab.journal.entries(after="1")] == ["Seen."]
    assert int(lab.journal.append("comment", "ada", NOW, alert="open", text="Again.")) == int(said) + 1


def test_tests_that_only_their_readings_name_are_given_back_too(lab: Lab, valkey: Server) -> None:
    send(lab, 0)
    send(lab, 1, test="run-7", cell="A1")
    record.flush(lab, NOW)
    valkey.flush()
    record.step(lab, Progress(), NOW)
    assert lab.tests.all() == [
        {"test": "arbin-1-01-001", "channel": "arbin-1-01"},
        {"test": "run-7", "channel": "arbin-1-01", "cell": "A1"},
    ]


def test_a_batch_and_arrow_tables_are_archived_alike(lab: Lab) -> None:
    rows = batch(seconds(2), step_type="REST")
    lab.archive.append_readings([Part(cycler="arbin-1", after=0, upto=1, readings=rows)])
    [table] = codec.decode_tables([codec.encode(rows)])
    lab.archive.append_readings([Part(cycler="arbin-1", after=1, upto=2, readings=[table])])
    assert lab.archive.readings(Wanted()).column("step_type").to_pylist() == ["REST"] * 4


def test_an_archive_whose_log_is_damaged_is_one_clear_sentence(lab: Lab) -> None:
    lab.archive.append_readings([Part(cycler="arbin-1", after=0, upto=1, readings=batch([NOW]))])
    log = Path(lab.archive.tables["readings"].url) / "_delta_log" / "00000000000000000001.json"
    log.write_text("{ not json")
    with pytest.raises(
        StoreAway, match=r"version 1 \(file .*0001\.json\) is cut off or overwritten\. Bring the file back"
    ):
        another(lab).archive.version("readings")
