"""Readings get in once, durably, in order, whoever sends them and however often."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from cycling.readings import Batch, concat
from cycling.topology import UNLISTED, Topology
from data_access import attempt, ingest, keys
from data_access.errors import Gap
from data_access.lab import Lab, connect
from tests.conftest import Server
from tests.data_access.builders import NOW, batch, seconds, send, stored


def test_what_is_sent_lies_in_the_stream_with_its_arrival_and_its_test(lab: Lab) -> None:
    assert send(lab, batch(seconds(3))) == (3, [])
    [(cycler, n, rows)] = lab.live.read({"arbin-1": 0}, block_ms=0, most=10)
    assert (cycler, n, len(rows)) == ("arbin-1", 1, 3)
    assert set(rows.numbers("arrival_time_second")) == {NOW}
    assert set(rows.texts("test")) == {"arbin-1-01-001"}


def test_nothing_sent_stores_nothing(lab: Lab) -> None:
    assert send(lab, Batch({})) == (0, [])
    assert lab.live.last("arbin-1") == 0


def test_a_batch_of_several_cyclers_is_parted(lab: Lab) -> None:
    rows = concat([batch(seconds(2), channel) for channel in ("arbin-1-01", "arbin-2-01", "stranger")])
    assert send(lab, rows) == (6, [])
    assert [len(stored(lab, cycler)) for cycler in ("arbin-1", "arbin-2", UNLISTED)] == [2, 2, 2]


def test_a_batch_sent_twice_is_stored_once_and_accepted_twice(lab: Lab) -> None:
    rows = batch(seconds(100), record_index=range(100))
    assert send(lab, rows) == (100, [])
    assert send(lab, rows) == (100, [])
    assert len(stored(lab)) == 100


def test_a_batch_that_is_partly_known_stores_the_rest(lab: Lab) -> None:
    send(lab, batch(seconds(5)))
    assert send(lab, batch(seconds(8))) == (8, [])
    assert stored(lab).numbers("unix_time_second").tolist() == seconds(8)


def test_a_large_batch_is_searched_by_index_with_the_same_result(lab: Lab) -> None:
    times = np.linspace(NOW, NOW + 50, 3000).tolist()
    send(lab, batch(times[:2000]))
    assert send(lab, batch(times)) == (3000, [])
    assert len(stored(lab)) == 3000


def test_batches_larger_than_one_call_takes_are_cut(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "MOST_ROWS", 10)
    assert send(lab, batch(seconds(25), voltage_volt=3.7)) == (25, [])
    assert lab.live.last("arbin-1") == 3
    assert stored(lab).numbers("unix_time_second").tolist() == seconds(25)


def test_the_same_reading_with_other_values_goes_to_quarantine(lab: Lab) -> None:
    send(lab, batch(seconds(2), record_index=[1, 2]))
    told = lab.live.ingest(
        batch(seconds(3), record_index=[1, 2, 3], voltage_volt=[3.7, 9.9, 3.7]),
        received=NOW + 1,
        source="arbin",
        raw=["row one", "row two", "row three"],
        index=[10, 11, 12],
    )
    [rejection] = told.rejected
    assert (told.accepted, rejection.index, rejection.column, rejection.value) == (2, 11, "record_index", 2)
    [kept] = lab.live.quarantined()
    assert (kept["index"], kept["source"], kept["when"], kept["raw"]) == (11, "arbin", NOW + 1, "row two")
    assert stored(lab).numbers("voltage_volt").tolist() == [3.7, 3.7, 3.7]


def test_a_conflict_inside_one_batch_keeps_the_first(lab: Lab) -> None:
    rows = batch([NOW, NOW], record_index=1, voltage_volt=[3.0, 3.1])
    assert send(lab, rows) == (1, [1])
    assert stored(lab).numbers("voltage_volt").tolist() == [3.0]
    assert "voltage" in lab.live.quarantined()[0]["raw"]


def test_extra_columns_are_kept(lab: Lab) -> None:
    send(lab, batch(seconds(2), **{"Aux (V), 1": 1.5, "operator": "Ada"}))
    rows = stored(lab)
    assert rows.numbers("Aux (V), 1").tolist() == [1.5, 1.5]
    assert list(rows.texts("operator")) == ["Ada", "Ada"]


def test_a_row_without_test_that_is_sent_again_after_a_new_test_began_is_known(lab: Lab) -> None:
    send(lab, batch([NOW]))
    send(lab, batch([NOW + 1], test="new"))
    assert send(lab, batch([NOW])) == (1, [])
    assert len(stored(lab)) == 2


def test_the_test_counts_up_once_when_a_finished_channel_runs_again(lab: Lab) -> None:
    send(lab, batch(seconds(3), channel_status=["running", "finished", "running"]))
    assert list(stored(lab).texts("test")) == ["arbin-1-01-001", "arbin-1-01-001", "arbin-1-01-002"]
    assert lab.tests.current("arbin-1-01") == "arbin-1-01-002"
    assert [test["test"] for test in lab.tests.all()] == ["arbin-1-01-001", "arbin-1-01-002"]


def test_two_processes_agree_on_the_current_test(lab: Lab, valkey: Server, topology: Topology) -> None:
    other = connect(redis_url=valkey.url, home=lab.home, archive_url=lab.archive.url, topology=topology)
    send(lab, batch([NOW], channel_status="finished"))
    send(other, batch([NOW + 1], channel_status="running"))
    send(lab, batch([NOW + 2], channel_status="running"))
    assert list(stored(lab).texts("test")) == ["arbin-1-01-001", "arbin-1-01-002", "arbin-1-01-002"]


def test_many_threads_store_everything_once_with_ids_without_holes(lab: Lab) -> None:
    parts = [batch(seconds(50, NOW + 50 * part), channel_status="running") for part in range(8)]

    def work() -> None:
        for part in parts:
            send(lab, part)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = stored(lab)
    assert sorted(rows.numbers("unix_time_second")) == seconds(400)
    entries = lab.live.read({"arbin-1": 0}, block_ms=0, most=1000)
    assert [n for _, n, _ in entries] == list(range(1, len(entries) + 1))


def test_strangers_may_not_name_channels_without_end(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "MOST_UNLISTED", 3)
    rows = concat([batch([NOW], f"stranger-{number}") for number in range(5)])
    assert send(lab, rows) == (3, [3, 4])
    assert send(lab, batch([NOW + 1], "stranger-1")) == (1, [])
    assert "lab.toml" in lab.live.quarantined()[0]["reason"]


def test_a_hole_in_the_stream_is_an_alarm(lab: Lab) -> None:
    for second in range(3):
        send(lab, batch([NOW + second]))
    lab.live.client.xdel(keys.readings("arbin-1"), "2-0")
    with pytest.raises(Gap, match="expected entry 2 of its stream, found 3") as gap:
        lab.live.read({"arbin-1": 0}, block_ms=0, most=10)
    assert (gap.value.cycler, gap.value.expected, gap.value.found) == ("arbin-1", 2, 3)


def test_a_reader_ahead_of_the_stream_is_told(lab: Lab) -> None:
    send(lab, batch([NOW]))
    with pytest.raises(Gap):
        lab.live.read({"arbin-1": 7}, block_ms=0, most=10)


def test_reading_waits_for_the_first_entry(lab: Lab) -> None:
    sender = threading.Timer(0.05, send, (lab, batch([NOW])))
    sender.start()
    found = lab.live.read({"arbin-1": 0, "arbin-2": 0}, block_ms=5000, most=10)
    sender.join()
    assert [cycler for cycler, _, _ in found] == ["arbin-1"]


def test_trimming_keeps_the_last_hour_and_what_is_not_archived(lab: Lab) -> None:
    for age in (7300, 7200, 7100, 10):
        send(lab, batch([NOW - age]), NOW - age)
    assert lab.live.trim("arbin-1", 2, NOW) == 2
    assert lab.live.beginning("arbin-1") == 2
    assert lab.live.trim("arbin-1", 4, NOW) == 1
    assert lab.live.trim("arbin-1", 4, NOW) == 0
    assert [n for _, n, _ in lab.live.read({"arbin-1": 3}, block_ms=0, most=9)] == [4]


SENDER = """
import sys
from pathlib import Path
from cycling.topology import Cycler, Topology, places_of
from data_access.lab import connect
from tests.data_access.builders import NOW, batch, seconds, send, stored
cyclers = (Cycler(id="arbin-1", channels=2), Cycler(id="arbin-2", channels=2))
topology = Topology(cyclers=cyclers, places=places_of(cyclers, {}))
lab = connect(redis_url=sys.argv[1], home=Path(sys.argv[2]), archive_url=sys.argv[2], topology=topology)
for part in range(40):
    lab.live.ingest(batch(seconds(20, NOW + 20 * part)), received=NOW, source="p")
"""


def test_processes_that_send_the_same_store_it_once(lab: Lab, valkey: Server) -> None:
    command = [sys.executable, "-c", SENDER, valkey.url, lab.archive.url]
    senders = [subprocess.Popen(command, cwd=Path(__file__).parents[2]) for _ in range(2)]
    assert [sender.wait(60) for sender in senders] == [0, 0]
    assert sorted(stored(lab).numbers("unix_time_second")) == seconds(800)
