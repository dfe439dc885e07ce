"""A damaged archive: one sentence tells what is wrong, recording waits, and after the repair nothing is missing."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from flask import Flask
from pyarrow import parquet

import api.routes
from data_access import broken
from data_access.errors import Fenced, StoreAway
from data_access.lab import Lab, connect, install
from data_access.positions import log_file
from monitor import record
from monitor.record import Progress
from tests.conftest import Server
from tests.data_access.builders import NOW, another, archived
from tests.data_access.builders import send_seconds as send

Damage = Callable[[Path], None]
VERSIONS = 4  # of the table ``readings`` before it is damaged; each but the first brings a second


@contextmanager
def damaged(table: Path, damage: Damage) -> Iterator[None]:
    """The folder of a table, damaged while the block runs, then brought back as from a backup."""
    backup = table.with_name("backup")
    shutil.copytree(table, backup)
    damage(table)
    yield
    shutil.rmtree(table, ignore_errors=True)
    backup.rename(table)


def log(version: int, content: bytes | None) -> Damage:
    """Overwrites the log of a version, or takes it away."""

    def damage(table: Path) -> None:
        file = log_file(table, version)
        file.unlink() if content is None else file.write_bytes(content)

    return damage


def cut(version: int) -> Damage:
    def damage(table: Path) -> None:
        file = log_file(table, version)
        file.write_bytes(file.read_bytes()[:-40])

    return damage


def without_log(table: Path) -> None:
    shutil.rmtree(table / "_delta_log")


def checkpointed(then: Damage) -> Damage:
    def damage(table: Path) -> None:
        DeltaTable(table).create_checkpoint()
        then(table)

    return damage


def half_a_checkpoint(table: Path) -> None:
    [file] = (table / "_delta_log").glob("*.checkpoint.parquet")
    file.write_bytes(file.read_bytes()[:100])


def wrong_hint(table: Path) -> None:
    (table / "_delta_log" / "_last_checkpoint").write_text('{"version":99,"size":3}')


def protocol(reader: int, writer: int, **features: list[str]) -> Damage:
    """Another program made a version in a form of Delta that this one may not know."""

    def damage(table: Path) -> None:
        told = {"minReaderVersion": reader, "minWriterVersion": writer, **features}
        log_file(table, VERSIONS).write_text(json.dumps({"protocol": told}) + "\n")

    return damage


UNREADABLE: dict[str, tuple[Damage, str]] = {
    "garbage": (log(2, b"{ not json"), r"version 2 \(file \S+/_delta_log/0{19}2\.json\) is cut off or overwritten"),
    "not even text": (log(2, b"\xff\x00\xfe"), r"version 2 \(file \S+0{19}2\.json\) is cut off or overwritten"),
    "half written": (cut(3), r"version 3 \(file \S+0{19}3\.json\) is cut off .* or move it away when there is none"),
    "empty": (log(2, b""), r"version 2 \(file \S+0{19}2\.json\) is empty\. Bring the file back from a backup\."),
    "newest empty": (log(3, b""), r"version 3 \(file \S+0{19}3\.json\) is empty.* or move it away"),
    "a version missing": (log(1, None), r"version 1 is missing \(file \S+0{19}1\.json\)"),
    "the first missing": (log(0, None), r"version 0 is missing \(file \S+0{20}\.json\)"),
    "no log": (without_log, r"is no Delta table: there is date=2027-01-15 and no log"),
    "half a checkpoint": (
        checkpointed(half_a_checkpoint),
        r"the checkpoint of version 3 \(file \S+\) is damaged .* Move",
    ),
    "hint to nothing": (checkpointed(wrong_hint), r"_last_checkpoint names version 99, whose checkpoint is missing"),
    "newer reader": (protocol(99, 99), r"newer form of Delta .*reader version 99.*install a Cellwatch that knows it"),
    "unknown feature": (
        protocol(3, 7, readerFeatures=["someFuture"], writerFeatures=["someFuture"]),
        r"newer form of Delta .*someFuture",
    ),
}


@pytest.fixture
def table(lab: Lab) -> Path:
    """The folder of the readings of a lab: a version and a second in each of three commits."""
    for second in range(VERSIONS - 1):
        send(lab, second)
        record.flush(lab, NOW)
    return Path(lab.archive.url) / "readings"


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_damaged_log_is_named_and_recording_waits_until_it_is_mended(lab: Lab, table: Path, what: str) -> None:
    damage, sentence = UNREADABLE[what]
    with damaged(table, damage):
        fresh = another(lab)
        send(lab, 3)
        progress, _ = record.step(fresh, Progress(), NOW)
        record.beat(fresh, progress, NOW)
        told = fresh.live.beats()["record"]["error"]
        assert re.search(sentence, told), told
        assert str(table) in told
        assert "new readings stay in Redis" in told
        assert len(told) < 700
        assert "\n" not in told
    progress, _ = record.step(fresh, progress, NOW)
    assert (progress.error, progress.gaps, archived(lab)) == (None, (), [0, 1, 2, 3])


def test_a_table_that_may_be_read_but_not_written_is_no_rival(lab: Lab, table: Path) -> None:
    with damaged(table, protocol(1, 7, writerFeatures=["someFuture"])):
        send(lab, 3)
        fresh = another(lab)
        progress, _ = record.step(fresh, Progress(), NOW)
        assert progress.failures == 1
        assert re.search(r"newer form of Delta .*someFuture", str(progress.error))
        assert archived(fresh) == [0, 1, 2]
    progress, _ = record.step(fresh, progress, NOW)
    assert "its newest versions are missing" in str(progress.error), "that it went back is told once"
    assert record.step(fresh, progress, NOW)[0].error is None
    assert archived(lab) == [0, 1, 2, 3]


def test_a_last_checkpoint_of_garbage_harms_nobody(lab: Lab, table: Path) -> None:
    DeltaTable(table).create_checkpoint()
    (table / "_delta_log" / "_last_checkpoint").write_bytes(b"garbage")
    send(lab, 3)
    assert record.step(another(lab), Progress(), NOW)[0].error is None
    assert archived(another(lab)) == [0, 1, 2, 3]


def test_a_half_written_file_that_no_commit_names_harms_nobody(lab: Lab, table: Path) -> None:
    [whole, *_] = sorted(table.rglob("*.parquet"))
    whole.with_name("part-orphan.parquet").write_bytes(whole.read_bytes()[:50])
    send(lab, 3)
    assert record.step(another(lab), Progress(), NOW)[0].error is None
    assert archived(another(lab)) == [0, 1, 2, 3]


def test_the_newest_version_half_written_at_a_power_cut_may_be_moved_away(lab: Lab, table: Path) -> None:
    """What the sentence advises: Redis still has what that version brought, and it is committed again."""
    cut(3)(table)
    fresh = another(lab)
    progress, _ = record.step(fresh, Progress(), NOW)
    assert "move it away" in str(progress.error)
    log_file(table, 3).rename(table.parent / "moved")
    assert record.step(fresh, progress, NOW)[0].error is None
    assert archived(another(lab)) == [0, 1, 2]


def first_bytes(count: int) -> Callable[[Path], None]:
    return lambda file: file.write_bytes(file.read_bytes()[:count])


def overwritten(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4:400] = os.urandom(396)
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "how"),
    [
        (first_bytes(100), "is damaged or was only half written"),
        (first_bytes(0), "is empty"),
        (Path.unlink, "is missing"),
        (overwritten, "is damaged or was only half written"),
        (lambda file: file.write_bytes(b"no parquet at all " * 40), "is damaged or was only half written"),
    ],
    ids=["half written", "empty", "missing", "overwritten", "something else"],
)
def test_no_answer_is_given_that_misses_the_rows_of_a_damaged_file(
    lab: Lab, table: Path, damage: Callable[[Path], None], how: str
) -> None:
    file = sorted(table.rglob("*.parquet"))[1]
    kept = file.read_bytes()
    damage(file)
    with pytest.raises(StoreAway, match=how) as told:
        archived(lab)
    assert str(file) in str(told.value)
    with pytest.raises(StoreAway, match=re.escape(file.name)):
        list(lab.history.readings()[1])
    send(lab, 3)
    progress, _ = record.step(lab, Progress(tidied_at=NOW), NOW)
    assert progress.error is None, "what is whole goes on being recorded"
    file.write_bytes(kept)
    assert archived(lab) == [0, 1, 2, 3]


def client_of(lab: Lab, valkey: Server) -> Flask:
    server = Flask("test")
    install(server, lab, valkey.url)
    api.routes.register(server, lab, "1.2.3")
    return server


def test_a_web_app_answers_with_the_sentence_and_stays_ready_for_live_data(
    lab: Lab, table: Path, valkey: Server
) -> None:
    client = client_of(another(lab), valkey).test_client()
    test = str(lab.tests.current("arbin-1-01"))
    with damaged(table, log(1, b"{ not json")):
        for path in ("readings", "readings?format=parquet", "readings?points=100"):
            answer = client.get(f"/api/v1/tests/{test}/{path}")
            assert answer.status_code == 503
            assert "version 1 (file" in answer.json["error"]  # type: ignore[index]
            assert "Retry-After" in answer.headers
        ready = client.get("/readyz").json
        assert ready is not None
        assert (ready["ready"], ready["archive"]["ok"]) == (False, False)
        assert "version 1 (file" in ready["archive"]["detail"]
        assert client.get("/api/v1/channels").status_code == 200
        row = {"channel": "arbin-1-01", "unix_time_second": time.time(), "voltage_volt": 3.7, "current_ampere": 1.0}
        assert client.post("/api/v1/readings", json={"readings": [row]}).status_code == 202
    assert client.get(f"/api/v1/tests/{test}/readings").status_code == 200


def test_an_archive_that_takes_nothing_does_not_stop_readings_after_a_restart_of_everything(
    own_valkey: Server, tmp_path: Path, lab: Lab
) -> None:
    """Redis itself knows where its streams stand; the archive is asked only by a Redis that may have forgotten."""
    mine = connect(redis_url=own_valkey.url, home=tmp_path, archive_url=lab.archive.url, topology=lab.topology)
    send(mine, 0)
    record.flush(mine, NOW)
    table = Path(lab.archive.url) / "readings"
    with damaged(table, log(0, b"")):
        own_valkey.kill()
        own_valkey.start()
        restarted = connect(redis_url=own_valkey.url, home=tmp_path, archive_url=lab.archive.url, topology=lab.topology)
        with pytest.raises(StoreAway):
            restarted.archive.position("arbin-1")
        restarted.live.client.config_set("appendfsync", "everysec")
        with pytest.raises(StoreAway):  # it may have forgotten ids that the archive has
            send(restarted, 1)
        restarted.live.client.config_set("appendfsync", "always")
        send(restarted, 1)
        own_valkey.flush()
        with pytest.raises(StoreAway):  # emptied: only the archive knows which ids were given
            send(restarted, 2)
    send(restarted, 2)
    record.flush(restarted, NOW)
    assert archived(restarted) == [0, 2]


def test_a_full_disk_is_told_and_recording_goes_on_when_there_is_room(lab: Lab, table: Path) -> None:
    """The limit on the size of files stands for the disk: data files and log hit it alike."""
    send(lab, 3, 400)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, before[1]))
    try:
        progress, _ = record.step(lab, Progress(tidied_at=NOW), NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "there is no space left" in str(progress.error)
    assert progress.failures == 1
    assert record.step(lab, progress, NOW)[0].error is None
    assert archived(lab) == list(range(403))


@contextmanager
def forbidden(folder: Path) -> Iterator[None]:
    """A folder in which this process may do nothing while the block runs, root or not."""
    nobody, before = 65_534, folder.stat().st_mode
    folder.chmod(0o000)
    if os.geteuid() == 0:
        os.seteuid(nobody)
    try:
        yield
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        folder.chmod(before)


def test_a_folder_that_may_not_be_written_is_told(lab: Lab, table: Path) -> None:
    send(lab, 3)
    with forbidden(table):
        progress, _ = record.step(lab, Progress(tidied_at=NOW), NOW)
    assert "this user may not write or read there" in str(progress.error)
    assert str(table) in str(progress.error)
    assert record.step(lab, progress, NOW)[0].error is None
    assert archived(lab) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "error",
    [
        OSError("anything"),
        RuntimeError("anything"),
        ValueError("anything"),
        MemoryError("anything"),
        Exception("anything"),
        duckdb.Error("anything"),
        duckdb.InternalException("anything"),
        pa.ArrowInvalid("anything"),
        pa.ArrowNotImplementedError("anything"),
        DeltaError("anything"),
        type("PanicException", (BaseException,), {})("anything"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_library_raises_is_no_reason_to_die(error: BaseException, tmp_path: Path) -> None:
    with pytest.raises(StoreAway, match="anything"), broken.reaching_table(str(tmp_path)):
        raise error
    whole = str(tmp_path / "a.parquet")
    parquet.write_table(pa.table({"a": [1]}), whole)
    with pytest.raises(StoreAway, match="anything"), broken.reaching_files([whole]):
        raise error


@pytest.mark.parametrize(
    "error", [KeyError("x"), TypeError("x"), AttributeError("x"), KeyboardInterrupt(), Fenced("x")]
)
def test_our_own_mistakes_are_not_blamed_on_the_archive(error: BaseException, tmp_path: Path) -> None:
    with pytest.raises(type(error)), broken.reaching_table(str(tmp_path)):
        raise error
