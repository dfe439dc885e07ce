"""What ingest still knows when Redis has forgotten, was emptied, or died."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
import redis

from cycling.topology import Topology
from data_access import keys
from data_access.attempt import REMEMBERED
from data_access.errors import StoreAway
from data_access.lab import Lab, connect
from monitor import record
from tests.conftest import Server
from tests.data_access.builders import NOW, batch, seconds, send, stored


def forget_fingerprints(lab: Lab) -> None:
    """As two hours later."""
    lab.live.client.delete(*lab.live.client.keys("seen:*"))


def test_rows_too_old_for_redis_are_looked_up_in_the_archive(lab: Lab) -> None:
    old = batch(seconds(3, NOW - REMEMBERED - 100), record_index=range(3), voltage_volt=3.7123456)
    send(lab, old)
    record.flush(lab, NOW)
    forget_fingerprints(lab)
    assert send(lab, old) == (3, [])
    assert send(lab, old.with_columns(voltage_volt=np.array([3.7123456, 3.0, 3.7123456]))) == (2, [1])
    assert len(stored(lab)) == 3


def test_rows_too_old_for_redis_are_looked_up_in_the_stream_while_nobody_records(lab: Lab) -> None:
    old = batch(seconds(3, NOW - REMEMBERED - 100))
    send(lab, old)
    forget_fingerprints(lab)
    assert send(lab, old) == (3, [])
    assert len(stored(lab)) == 3


def test_an_old_row_with_fewer_values_is_another_saying_of_it(lab: Lab) -> None:
    old = batch([NOW - REMEMBERED - 100], record_index=1, surface_temperature_celsius=25.0)
    send(lab, old)
    record.flush(lab, NOW)
    forget_fingerprints(lab)
    assert send(lab, batch([NOW - REMEMBERED - 100], record_index=1)) == (0, [0])


def test_extra_values_are_known_again_wherever_the_archive_put_them(lab: Lab) -> None:
    times = seconds(3, NOW - REMEMBERED - 100)
    said: tuple[dict[str, object], ...] = ({"aux": 1.0, "date": "x"}, {"aux": "text"}, {"aux": 2.0, "Aux": "y"})
    rows = [batch([time], record_index=1, **extras) for time, extras in zip(times, said, strict=True)]
    for row in rows:
        send(lab, row)
    forget_fingerprints(lab)
    for _ in ("in the stream", "in the archive"):
        assert [send(lab, row) for row in rows] == [(1, [])] * 3
        assert send(lab, batch(times[:1], record_index=1, aux=3.0, date="x")) == (0, [0])
        record.flush(lab, NOW)
    assert len(stored(lab)) == 3


def test_fingerprints_expire_after_two_hours(lab: Lab) -> None:
    send(lab, batch([NOW]))
    [name] = lab.live.client.keys("seen:*")
    assert REMEMBERED <= lab.live.client.expiretime(name) - NOW <= REMEMBERED + 700


def test_an_emptied_redis_goes_on_where_the_archive_is(lab: Lab, valkey: Server) -> None:
    send(lab, batch(seconds(2), channel_status="running"))
    send(lab, batch(seconds(2, NOW + 2), channel_status="finished"))
    send(lab, batch(seconds(2, NOW + 4), channel_status="running"))
    record.flush(lab, NOW)
    valkey.flush()
    again = batch(seconds(3, NOW + 5), channel_status="running")
    assert send(lab, again, NOW + 10) == (3, [])
    entries = lab.live.read({"arbin-1": lab.archive.position("arbin-1")}, block_ms=0, most=10)
    assert [n for _, n, _ in entries] == [4]
    assert entries[0][2].numbers("unix_time_second").tolist() == [NOW + 6, NOW + 7]  # NOW + 5 is known
    assert set(entries[0][2].texts("test")) == {"arbin-1-01-002"}


def test_a_restarted_server_that_forgot_entries_does_not_give_their_ids_again(lab: Lab) -> None:
    send(lab, batch([NOW]))
    send(lab, batch([NOW + 1]))
    record.flush(lab, NOW)
    client = lab.live.client  # as if the last entry had not reached the disk before a crash
    client.hset(keys.intake("arbin-1"), mapping={"n": 1, "run": "another server"})
    client.delete(keys.readings("arbin-1"))
    send(lab, batch([NOW + 2]))
    assert lab.live.last("arbin-1") == 3


def test_acknowledged_readings_survive_the_death_of_the_server(
    own_valkey: Server, tmp_path: Path, topology: Topology
) -> None:
    lab = connect(redis_url=own_valkey.url, home=tmp_path, archive_url=str(tmp_path / "archive"), topology=topology)
    acknowledged: list[float] = []
    at = NOW
    for _ in range(3):
        killer = threading.Timer(0.1, own_valkey.kill)
        killer.start()
        try:
            while True:
                send(lab, batch([at]))
                acknowledged.append(at)
                at += 1
        except StoreAway:
            killer.join()
        own_valkey.start()
        send(lab, batch([at]))  # the doubtful one is sent again
        acknowledged.append(at)
        at += 1
    assert stored(lab).numbers("unix_time_second").tolist() == acknowledged


def test_a_server_that_hangs_counts_as_away(
    own_valkey: Server, tmp_path: Path, topology: Topology, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data_access.connection.ANSWER_SECONDS", 0.2)
    lab = connect(redis_url=own_valkey.url, home=tmp_path, archive_url=str(tmp_path), topology=topology)
    assert own_valkey.process is not None
    os.kill(own_valkey.process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(StoreAway, match="does not answer in time"):
            lab.live.last("arbin-1")
    finally:
        os.kill(own_valkey.process.pid, signal.SIGCONT)


def test_a_server_that_may_forget_is_named(lab: Lab, cache_server: Server) -> None:
    assert lab.live.ping().durable
    forgetful = connect(redis_url=cache_server.url, home=lab.home, archive_url=lab.archive.url, topology=lab.topology)
    health = forgetful.live.ping()
    assert health.ok
    assert not health.durable
    assert "appendonly no" in health.detail


def test_a_full_server_says_what_to_do(own_valkey: Server, tmp_path: Path, topology: Topology) -> None:
    lab = connect(redis_url=own_valkey.url, home=tmp_path, archive_url=str(tmp_path), topology=topology)
    with redis.Redis(unix_socket_path=str(own_valkey.socket)) as client:
        client.config_set("maxmemory", 1)
    with pytest.raises(StoreAway, match="full"):
        send(lab, batch([NOW]))


def test_a_redis_that_is_away_is_one_clear_sentence(tmp_path: Path, topology: Topology) -> None:
    nowhere = connect(redis_url=None, home=tmp_path, archive_url=str(tmp_path / "archive"), topology=topology)
    with pytest.raises(StoreAway, match=r"server\.sock is not there .* Start it"):
        send(nowhere, batch([NOW]))
    assert not nowhere.live.ping().ok
