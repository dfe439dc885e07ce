"""The whole lab on an S3 server: recorded exactly once, read again, and told clearly when it cannot be reached."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from flask import Flask
from pyarrow import parquet

import api.routes
import run
import settings
from cycling.topology import Topology
from data_access import begun, object_store
from data_access.archive import Part
from data_access.errors import Fenced, Misconfigured, StoreAway, Vanished
from data_access.lab import Lab, Published, connect, install
from data_access.writing import write_rows
from monitor import record
from monitor.record import Progress
from tests.conftest import Server
from tests.data_access.builders import NOW, RECORDER, alert, another, archived, batch, cycle
from tests.data_access.builders import send_seconds as send
from tests.data_access.compacting import append, compact, contents, minutes, rows
from tests.data_access.object_stores import KEYS, NOBODY, ObjectStore


@pytest.fixture(scope="session")
def _object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    store = ObjectStore(tmp_path_factory.mktemp("s3"))
    store.start()
    yield store
    store.stop()


@pytest.fixture
def s3(_object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """A running S3 server with a bucket ``lab``; this process has its keys."""
    for name, value in _object_store.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_TIMEOUT", "1s")
    _object_store.make_bucket("lab")
    yield _object_store
    _object_store.believe(NOBODY)


@pytest.fixture
def lab(s3: ObjectStore, valkey: Server, tmp_path: Path, topology: Topology) -> Lab:
    """A lab whose archive is a folder of its own in the bucket."""
    url = f"s3://lab/{uuid.uuid4()}"
    return connect(redis_url=valkey.url, home=tmp_path, archive_url=url, topology=topology)


def settings_of(lab: Lab, **environ: str) -> settings.Settings:
    given = {"CELLWATCH_HOME": str(lab.home), "CELLWATCH_ARCHIVE_URL": lab.archive.url, **os.environ, **environ}
    return settings.load(given)


def test_everything_a_lab_keeps_is_on_the_object_store_and_read_again(lab: Lab) -> None:
    send(lab, 0, 3)
    send(lab, 0, 2, "arbin-2-01", operator="Ada")
    lab.live.publish(Published(now=NOW, cycles=[cycle(1), cycle(2)], alerts=[alert()]))
    lab.tests.put("cell-a", {"cell": "A1"}, "ada", NOW, "api")
    lab.journal.append("comment", "ada", NOW + 1, alert="a1", text="Seen.")
    assert record.flush(lab, NOW).rows == 5
    lab.live.publish(Published(now=NOW, cycles=[cycle(2, state_of_health=0.9)], alerts=[alert(message="Worse.")]))
    record.flush(lab, NOW)
    seen = another(lab)
    assert archived(seen) == [0, 0, 1, 1, 2]
    assert seen.archive.positions(["arbin-1", "arbin-2"]) == {"arbin-1": 1, "arbin-2": 1}
    assert seen.archive.cycles(test="cell-a")["state_of_health"].tolist() == [1.0, 0.9]
    assert [one.message for one in seen.archive.alerts()] == ["Worse."]
    assert [row["cell"] for row in seen.archive.rows("tests") if row["test"] == "cell-a"] == ["A1"]
    assert [row["kind"] for row in seen.archive.rows("journal")] == ["test", "comment"]
    assert not list(lab.home.iterdir()), "nothing of it is on this machine"


def test_archive_and_live_tail_are_joined_whatever_columns_a_file_has(lab: Lab) -> None:
    send(lab, 0, note="x")
    record.flush(lab, NOW)
    send(lab, 1)
    record.flush(lab, NOW)
    send(lab, 2, operator="Ada")
    record.flush(lab, NOW)
    send(lab, 3, note="y")
    schema, batches = another(lab).history.readings(channel="arbin-1-01")
    found = pa.Table.from_batches(list(batches), schema)
    assert [second - NOW for second in found.column("unix_time_second").to_pylist()] == [0, 1, 2, 3]
    assert found.column("note").to_pylist() == ["x", None, None, "y"]
    assert found.column("operator").to_pylist() == [None, None, "Ada", None]
    trace = lab.history.trace("arbin-1-01", None, None, 1000)
    assert len(trace["voltage_volt"]) == 4


def test_an_export_comes_from_the_object_store(lab: Lab, valkey: Server) -> None:
    send(lab, 0, 3, test="run-7")
    record.flush(lab, NOW)
    send(lab, 3, 2, test="run-7")
    server = Flask("test")
    install(server, lab, valkey.url)
    api.routes.register(server, lab, "1.2.3")
    answer = server.test_client().get("/api/v1/tests/run-7/readings?format=parquet")
    assert answer.status_code == 200
    times = parquet.read_table(pa.BufferReader(answer.data)).column("unix_time_second").to_pylist()
    assert [second - NOW for second in times] == [0, 1, 2, 3, 4]


def test_a_rival_that_does_not_know_of_a_commit_is_refused(lab: Lab) -> None:
    send(lab)
    record.flush(lab, NOW)
    part = Part(cycler="arbin-1", after=1, upto=2, readings=batch([NOW + 1]))
    first, second = another(lab), another(lab)
    for one in (first, second):
        assert one.archive.position("arbin-1") == 1
    first.archive.append_readings([part])
    with pytest.raises(Fenced):
        second.archive.append_readings([part])
    assert second.archive.position("arbin-1") == 2
    assert archived(lab) == [0, 1]


def test_nothing_is_lost_or_doubled_when_recorders_are_killed(lab: Lab, s3: ObjectStore, valkey: Server) -> None:
    command = [sys.executable, "-c", RECORDER, valkey.url, str(lab.home), lab.archive.url]
    root, sent = Path(__file__).parents[2], 0
    running = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for kill in range(2):
            victim = running[kill]
            assert victim.stdout is not None
            assert victim.stdout.readline() == b"ready\n"
            for _ in range(15):
                send(lab, sent, 20, f"arbin-{1 + kill}-01")
                sent += 20
            os.kill(victim.pid, signal.SIGKILL)
    finally:
        for process in running:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
    record.flush(lab, NOW)
    assert archived(lab) == list(range(sent))


def test_a_closed_day_is_sorted_on_the_object_store_and_two_compactors_never_double_it(
    lab: Lab, tmp_path: Path
) -> None:
    append(lab.archive, *(rows([NOW + second], f"arbin-1-0{1 + second % 2}") for second in range(4)))
    before = contents(lab.archive)
    rival = another(lab).archive
    stale = rival.tables["readings"].inventory()
    assert len(compact(lab.archive, tmp_path)) == 1
    [file] = lab.archive.tables["readings"].inventory().files
    assert file.name.startswith("sorted-")
    with pytest.raises(Fenced):
        rival.tables["readings"].exchange(stale.files, [file], stale.cursors)
    assert contents(another(lab).archive) == before
    assert len(minutes(lab.archive)) == 2
    assert len(lab.history.trace("arbin-1-01", None, None, 1000)["voltage_volt"]) == 2


def test_a_data_file_that_is_gone_is_named(lab: Lab) -> None:
    for second in range(2):
        send(lab, second)
        record.flush(lab, NOW)
    assert archived(lab) == [0, 1]  # so the columns of every file are known already
    gone = lab.archive.tables["readings"].snapshot(files=True).files[0]
    store, path = object_store.filesystem_of(gone)
    kept = object_store.read(gone)
    store.delete_file(path)
    with pytest.raises(Vanished, match="is missing") as told:
        archived(lab)
    assert gone in str(told.value)
    object_store.put(gone, kept[:100])
    with pytest.raises(StoreAway, match="is damaged or was only half written") as told:
        archived(lab)
    assert gone in str(told.value)
    object_store.put(gone, kept)
    assert archived(lab) == [0, 1]


def test_a_commit_asks_the_store_as_often_however_many_came_before(lab: Lab, s3: ObjectStore) -> None:
    counts = []
    for n in range(6):
        before = len(s3.asked())
        append(lab.archive, rows([NOW + n]))
        counts.append(len(s3.asked()) - before)
    assert counts[-1] == counts[2], counts


def test_a_commit_of_readings_is_six_requests(lab: Lab, s3: ObjectStore) -> None:
    append(lab.archive, rows([NOW]), rows([NOW + 1]))
    part = Part(cycler="arbin-1", after=lab.archive.position("arbin-1"), upto=3, readings=[rows([NOW + 2])])
    before = len(s3.asked())
    lab.archive.append_readings([part])
    asked = [line.partition('"')[2] for line in s3.asked()[before:]]
    assert [line.partition(" ")[0] for line in asked] == ["PUT", "GET", "PUT", "GET", "GET", "GET"], asked
    assert archived(lab) == [0, 1, 2]


def test_a_small_file_is_put_in_one_request(lab: Lab, s3: ObjectStore) -> None:
    append(lab.archive, rows([NOW]))
    table = lab.archive.tables["readings"]
    before = len(s3.asked())
    [file] = write_rows(table.url, rows([NOW + 1, NOW + 2], date="2027-01-15"), "date", table.pruned_by, NOW)
    assert [line.partition('"')[2].partition(" ")[0] for line in s3.asked()[before:]] == ["PUT"]
    assert object_store.sizes([f"{table.url}/{file.path}"]) == {file.name: file.size}


def test_the_log_of_an_own_commit_is_not_read_again(lab: Lab, s3: ObjectStore) -> None:
    append(lab.archive, rows([NOW]))
    before = len(s3.asked())
    assert lab.archive.position("arbin-1") == 1
    later = s3.asked()[before:]
    assert later, "the newest version is asked for"
    assert not [line for line in later if ".json" in line]


def test_a_store_that_falls_silent_is_told_and_waited_for(lab: Lab, s3: ObjectStore) -> None:
    send(lab, 0)
    progress, _ = record.step(lab, Progress(), NOW)
    with s3.silent():
        send(lab, 1)
        progress, _ = record.step(lab, progress, NOW)
        record.beat(lab, progress, NOW)
        assert "the store does not answer in time" in lab.live.beats()["record"]["error"]
        assert "AWS_TIMEOUT" in str(progress.error)
        with pytest.raises(StoreAway, match="does not answer in time"):
            lab.archive.version("readings")
    later = another(lab)
    progress, _ = record.step(later, progress, NOW)
    assert (progress.error, progress.gaps, archived(later)) == (None, (), [0, 1])


def test_whoever_comes_while_a_store_is_silent_does_not_wait_again(lab: Lab, s3: ObjectStore) -> None:
    send(lab)
    record.flush(lab, NOW)
    with s3.silent(), pytest.raises(StoreAway):
        lab.archive.version("readings")
    with pytest.raises(StoreAway, match="does not answer in time"):  # although it would answer by now
        lab.archive.version("readings")


def test_keys_that_are_refused_are_told_without_being_shown_and_recording_goes_on_afterwards(
    lab: Lab, s3: ObjectStore
) -> None:
    send(lab, 0)
    progress, _ = record.step(lab, Progress(), NOW)
    s3.believe(0)
    send(lab, 1)
    for stores in (lab, another(lab)):
        progress, _ = record.step(stores, progress, NOW)
        assert "the store refuses the credentials" in str(progress.error)
        assert "Check AWS_ACCESS_KEY_ID" in str(progress.error)
        assert KEYS["AWS_SECRET_ACCESS_KEY"] not in str(progress.error)
    with pytest.raises(Misconfigured):
        lab.archive.version("readings")
    s3.believe(NOBODY)
    progress, _ = record.step(lab, progress, NOW)
    assert (progress.error, progress.gaps, archived(lab)) == (None, (), [0, 1])


def test_a_bucket_that_is_missing_is_told(lab: Lab) -> None:
    nowhere = connect(
        redis_url=f"unix://{lab.live.where}", home=lab.home, archive_url="s3://nobody-s/x", topology=lab.topology
    )
    progress, _ = record.step(nowhere, Progress(), NOW)
    assert "there is no such bucket" in str(progress.error)
    assert "CELLWATCH_ARCHIVE_URL" in str(progress.error)


def test_a_lab_starts_on_a_store_that_takes_files_and_not_on_one_that_refuses(lab: Lab, s3: ObjectStore) -> None:
    run.check_archive(settings_of(lab))
    assert (lab.home / begun.NAME).read_text() == f"{lab.archive.url}\n"
    run.check_archive(settings_of(lab))
    with pytest.raises(run.CannotStart, match="there is no such bucket"):
        run.check_archive(settings_of(lab, CELLWATCH_ARCHIVE_URL="s3://nobody-s/x"))
    s3.believe(0)
    with pytest.raises(run.CannotStart, match="refuses the credentials"):
        run.check_archive(settings_of(lab))


def test_a_lab_starts_while_its_store_is_away_and_says_so(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    run.check_archive(settings_of(lab))
    assert "the store cannot be reached" in capsys.readouterr().out


def test_an_archive_that_was_emptied_is_not_begun_anew(lab: Lab) -> None:
    run.check_archive(settings_of(lab))
    send(lab)
    record.flush(lab, NOW)
    store, path = object_store.filesystem_of(lab.archive.url)
    store.delete_dir_contents(path)
    with pytest.raises(run.CannotStart, match=r"is not there any more\. Bring its objects back"):
        run.check_archive(settings_of(lab))
    progress, _ = record.step(another(lab), Progress(), NOW)
    assert "is not there any more" in str(progress.error)
    assert object_store.names(lab.archive.url) == []


def test_a_folder_of_other_things_is_not_made_a_table(lab: Lab) -> None:
    object_store.put(f"{lab.archive.url}/readings/date=2027-01-15/part.parquet", b"PAR1")
    progress, _ = record.step(lab, Progress(), NOW)
    assert "is no Delta table: there is date=2027-01-15 and no log" in str(progress.error)


@pytest.mark.parametrize(
    ("environ", "fault"),
    [
        ({"AWS_ALLOW_HTTP": ""}, "AWS_ENDPOINT_URL .*: is not encrypted; expected https://"),
        ({"AWS_ENDPOINT_URL": "127.0.0.1:9000"}, "AWS_ENDPOINT_URL .*: expected https://host"),
        ({"CELLWATCH_ARCHIVE_URL": "s3:///folder"}, "expected a folder or s3://bucket/folder"),
        ({"CELLWATCH_ARCHIVE_URL": "gs://bucket/folder"}, "expected a folder or s3://bucket/folder"),
    ],
)
def test_an_address_that_cannot_work_is_a_fault_of_the_settings(lab: Lab, environ: dict[str, str], fault: str) -> None:
    with pytest.raises(settings.SettingsError, match=fault):
        settings_of(lab, **environ)
