"""The feeder keeps what cannot be stored, and sends it later in the order it came."""

from __future__ import annotations

from pathlib import Path

from cycling.topology import Topology
from data_access.feeder import Feeder
from data_access.lab import Lab, connect
from tests.conftest import Server
from tests.data_access.builders import NOW, batch, seconds


def feeder(lab: Lab, **settings: int) -> Feeder:
    return Feeder(lab.live, "demo", clock=lambda: NOW, **settings)


def test_rows_go_straight_through(lab: Lab) -> None:
    sent = feeder(lab).send(batch(seconds(3)))
    assert (sent.accepted, sent.rejected, sent.waiting) == (3, (), 0)
    assert len(lab.live.tail("arbin-1", 0)) == 3


def test_bad_rows_are_named_by_their_place_and_quarantined(lab: Lab) -> None:
    columns = {
        "channel": ["arbin-1-01"] * 3,
        "unix_time_second": [NOW, "soon", NOW + 2],
        "voltage_volt": [3.7] * 3,
        "current_ampere": [1.0] * 3,
        "record_index": [1, 2, 1],
    }
    sent = feeder(lab).send(columns)
    assert (sent.accepted, [rejection.index for rejection in sent.rejected]) == (2, [1])
    [kept] = lab.live.quarantined()
    assert (kept["source"], kept["column"], kept["value"]) == ("demo", "unix_time_second", "soon")


def test_rows_wait_while_redis_is_away_and_follow_in_order(
    own_valkey: Server, tmp_path: Path, topology: Topology
) -> None:
    lab = connect(redis_url=own_valkey.url, home=tmp_path, archive_url=str(tmp_path / "a"), topology=topology)
    source = feeder(lab)
    own_valkey.kill()
    waiting = [source.send(batch([NOW + second])).waiting for second in range(3)]
    assert waiting == [1, 2, 3]
    own_valkey.start()
    assert source.flush() == 0
    assert lab.live.tail("arbin-1", 0).numbers("unix_time_second").tolist() == seconds(3)


def test_the_spool_is_bounded_and_says_what_it_lost(tmp_path: Path, topology: Topology) -> None:
    nowhere = connect(redis_url=None, home=tmp_path, archive_url=str(tmp_path / "a"), topology=topology)
    source = feeder(nowhere, spool_rows=10)
    for second in range(5):
        source.send(batch(seconds(4, NOW + 4 * second)))
    assert (source.waiting, source.dropped) == (8, 12)
