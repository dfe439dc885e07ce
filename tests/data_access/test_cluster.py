"""A lab on a real cluster of three masters: everything works, and one dead node stops its own cyclers only."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from cycling.readings import Batch, concat
from data_access.connection import check_there
from data_access.deliveries import Delivery
from data_access.errors import StoreAway
from data_access.feeder import Feeder
from data_access.lab import Lab
from data_access.leases import Lease
from data_access.live import Published
from monitor import record
from monitor.record import Progress
from monitor.watch import Watcher
from tests.data_access.builders import NOW, alert, batch, cycle, notice, seconds
from tests.data_access.three_masters import CYCLERS, SLOTS, Node, ThreeMasters, lab_on, three_masters


@pytest.fixture(scope="module")
def _cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeMasters]:
    with three_masters(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def cluster(_cluster: ThreeMasters) -> ThreeMasters:
    _cluster.empty()
    return _cluster


@pytest.fixture
def lab(cluster: ThreeMasters, tmp_path: Path) -> Iterator[Lab]:
    lab = lab_on(cluster, tmp_path)
    yield lab
    lab.live.client.close()


@pytest.fixture
def other_node(cluster: ThreeMasters) -> Node:
    """A node that has cyclers, but not what belongs to the whole lab."""
    return next(node for node in cluster.nodes if node is not cluster.node_of("{lab}") and cluster.cyclers_on(node))


def of_all(second: int) -> Batch:
    """A reading of every cycler."""
    return concat(batch([NOW + second], f"{cycler}-01") for cycler in CYCLERS)


def send(lab: Lab, second: int, cyclers: tuple[str, ...] | list[str] = CYCLERS) -> None:
    rows = concat(batch([NOW + second], f"{cycler}-01") for cycler in cyclers)
    lab.live.ingest(rows, received=NOW + second, source="test")


def seconds_of(lab: Lab, cycler: str) -> list[float]:
    """The archived readings of a cycler, in seconds after NOW."""
    _schema, batches = lab.history.readings(channel=f"{cycler}-01", columns=["unix_time_second"])
    return [float(at) - NOW for part in batches for at in part.column(0).to_pylist()]


def archived(lab: Lab) -> dict[str, list[float]]:
    return {cycler: seconds_of(lab, cycler) for cycler in CYCLERS}


def test_the_cyclers_are_spread_over_the_nodes(cluster: ThreeMasters) -> None:
    assert [bool(cluster.cyclers_on(node)) for node in cluster.nodes] == [True] * 3


def test_readings_of_every_node_are_read_recorded_and_joined(lab: Lab) -> None:
    for second in range(3):
        send(lab, second)
    found = lab.live.read(dict.fromkeys(CYCLERS, 0), block_ms=0, most=10)
    assert sorted((cycler, n) for cycler, n, _ in found) == [(c, n) for c in CYCLERS for n in (1, 2, 3)]
    assert record.flush(lab, NOW).rows == 27
    send(lab, 3)
    assert lab.live.lasts(CYCLERS) == dict.fromkeys(CYCLERS, 4)
    assert archived(lab) == {cycler: [0, 1, 2, 3] for cycler in CYCLERS}
    assert record.flush(lab, NOW).rows == 9
    record.trim(lab, NOW + 7200)
    assert lab.live.beginning("cyc-1") == 4


def test_a_reading_sent_twice_is_stored_once(lab: Lab) -> None:
    send(lab, 0)
    send(lab, 0)
    assert lab.live.lasts(CYCLERS) == dict.fromkeys(CYCLERS, 1)


def test_waiting_for_readings_ends_with_the_first(lab: Lab) -> None:
    sender = threading.Timer(0.05, send, (lab, 0, ["cyc-2"]))
    sender.start()
    found = lab.live.read(dict.fromkeys(CYCLERS, 0), block_ms=5000, most=10)
    sender.join()
    assert [cycler for cycler, _, _ in found] == ["cyc-2"]


def test_what_the_watcher_tells_is_published_in_one_step(lab: Lab) -> None:
    told = Published(
        now=NOW,
        frame=b"one",
        full_frame=b"all",
        alerts=[alert()],
        cycles=[cycle()],
        notices=[notice()],
        snapshot=b"memory",
        positions={"cyc-1": 7, "journal": 0},
    )
    first = lab.live.publish(told)
    assert lab.live.full_frame() == (first, b"all")
    assert [one.id for one in lab.live.alerts()] == ["a1"]
    assert [one.id for one in lab.live.take_notices()] == ["n1"]
    lab.live.wait_for_notices(0.1)
    way = Delivery(notice="n1", target="webhook", not_before=NOW, since=NOW)
    assert lab.live.post(notice(), [way])
    assert lab.live.deliveries() == [way]
    lab.live.delivered(way, NOW)
    assert (lab.live.deliveries(), lab.live.take_notices()) == ([], [])
    assert lab.live.watch_positions() == {"cyc-1": 7}
    publisher = threading.Timer(0.05, lab.live.publish, (Published(now=NOW, frame=b"two"),))
    publisher.start()
    assert [body for _, body in lab.live.frames_after(first, 5000)] == [b"two"]
    publisher.join()


def test_journal_tests_quarantine_feeds_and_beats_work(lab: Lab) -> None:
    lab.journal.append("comment", "ada", NOW, alert="a1", text="Look.")
    lab.tests.put("T1", {"channel": "cyc-1-01", "cell": "A1"}, "ada", NOW, "api")
    assert [entry["kind"] for entry in lab.journal.entries()] == ["comment", "test"]
    assert lab.tests.current("cyc-1-01") == "T1"
    send(lab, 0)
    assert lab.live.current_tests("cyc-1")["cyc-1-01"].test == "T1"
    lab.live.beat("notify", {}, NOW)
    lab.live.save_feed("demo", [1])
    assert (list(lab.live.beats()), lab.live.load_feed("demo")) == (["notify"], [1])
    send_bad = Feeder(lab.live, "demo", clock=lambda: NOW).send(
        {"channel": ["cyc-1-01"], "unix_time_second": ["x"], "voltage_volt": [1.0], "current_ampere": [1.0]}
    )
    assert [one.index for one in send_bad.rejected] == [0]
    assert lab.live.quarantine_count() == 1
    record.flush(lab, NOW)
    assert [row["test"] for row in lab.archive.rows("tests")] == ["T1"]


def test_a_lease_has_one_holder(lab: Lab, cluster: ThreeMasters, tmp_path: Path) -> None:
    other = lab_on(cluster, tmp_path)
    mine, theirs = Lease(lab.live, "compact"), Lease(other.live, "compact")
    assert mine.hold() is not None
    assert theirs.hold() is None
    mine.release()
    assert theirs.hold() is not None
    other.live.client.close()


def test_the_health_of_every_node_counts(lab: Lab, cluster: ThreeMasters) -> None:
    assert (lab.live.ping().ok, lab.live.ping().durable, lab.live.ping().whole) == (True, True, True)
    careless = cluster.nodes[2]
    careless.ask("CONFIG", "SET", "appendfsync", "everysec")
    careless.ask("CONFIG", "SET", "maxmemory", 10**9)
    try:
        health = lab.live.ping()
        assert (health.durable, health.max_memory) == (False, 10**9)
        assert f"{careless.name} answers, but may forget" in health.detail
    finally:
        careless.ask("CONFIG", "SET", "appendfsync", "always")
        careless.ask("CONFIG", "SET", "maxmemory", 0)


def test_a_slot_that_no_node_has_is_named(lab: Lab, cluster: ThreeMasters) -> None:
    check_there(cluster.url)
    slot = cluster.nodes[0].ask("CLUSTER KEYSLOT", "{cyc-1}")
    for node in cluster.nodes:
        node.ask("CLUSTER DELSLOTS", slot)
    try:
        with pytest.raises(StoreAway, match=f"no node has the slots {slot}"):
            check_there(cluster.url)
        fresh = lab_on(cluster, lab.home)
        with pytest.raises(StoreAway, match=f"no node has the slots {slot}.*readings of cyc-1"):
            send(fresh, 0)
        assert f"the slots {slot}" in fresh.live.ping().detail
        assert fresh.live.lasts(CYCLERS) == {cycler: 1 for cycler in CYCLERS if cycler != "cyc-1"}
        fresh.live.client.close()
    finally:
        owner = next(node for node, (first, last) in zip(cluster.nodes, SLOTS, strict=True) if first <= slot <= last)
        owner.ask("CLUSTER ADDSLOTS", slot)
        cluster.wait_whole()


def test_one_dead_node_stops_its_own_cyclers_only(lab: Lab, cluster: ThreeMasters, other_node: Node) -> None:
    dead = cluster.cyclers_on(other_node)
    alive = [cycler for cycler in CYCLERS if cycler not in dead]
    send(lab, 0)
    watcher = Watcher(lab, {}, NOW, demo=False)
    watcher.look(NOW)
    feeder = Feeder(lab.live, "feed", clock=lambda: NOW + 1)
    other_node.kill()
    try:
        with pytest.raises(StoreAway, match=rf"{other_node.name}.*readings of {', '.join(dead)}\."):
            send(lab, 1)
        sent = feeder.send(of_all(2))
        assert (sent.accepted, sent.waiting) == (len(alive), len(dead))
        feeder.send(of_all(3))
        assert feeder.waiting == 2 * len(dead)
        progress, _full = record.step(lab, Progress(), NOW + 4)
        assert other_node.name in (progress.away or "")
        record.beat(lab, progress, NOW + 4)
        assert progress.failures == 0
        assert {cycler: n for cycler, n in progress.positions.items() if cycler in alive} == dict.fromkeys(alive, 4)
        watcher.look(NOW + 4)
        assert {cycler: watcher.positions[cycler] for cycler in alive} == dict.fromkeys(alive, 4)
        assert other_node.name in lab.live.beats()["watch"]["away"]
        watcher.look(NOW + 4000)
        assert {a.channels[0][:5] for a in lab.live.alerts(open_only=True) if a.kind == "channel-silent"} <= set(alive)
        health = lab.live.ping()
        assert (health.ok, health.whole) == (True, False)
        assert f"The node {other_node.name}" in health.detail
        assert "Start it again on its folder" in health.detail
    finally:
        other_node.start()
        cluster.wait_whole()
    waited(lambda: feeder.flush() == 0)
    send(lab, 1)
    record.flush(lab, NOW)
    for cycler, found in archived(lab).items():
        assert found == [0, 1, 2, 3], cycler
    watcher.look(NOW + 4001)
    assert {cycler: watcher.positions[cycler] for cycler in CYCLERS} == {
        cycler: lab.live.last(cycler) for cycler in CYCLERS
    }


def test_recording_goes_on_while_the_node_of_the_whole_lab_is_dead(lab: Lab, cluster: ThreeMasters) -> None:
    shared = cluster.node_of("{lab}")
    alive = [cycler for cycler in CYCLERS if cycler not in cluster.cyclers_on(shared)]
    send(lab, 0)
    shared.kill()
    begun = batch([NOW + 9], f"{alive[0]}-02", test="new")
    try:
        send(lab, 1, alive)
        lab.live.ingest(begun, received=NOW, source="test")  # a new test, while nobody can register it
        progress, _full = record.step(lab, Progress(tidied_at=NOW), NOW)
        assert [progress.positions[cycler] for cycler in alive] == [3] + [2] * (len(alive) - 1)
        assert shared.name in (progress.away or "")
    finally:
        shared.start()
        cluster.wait_whole()
    send(lab, 2)
    assert lab.tests.get("new") == {"test": "new", "channel": f"{alive[0]}-02"}


def test_what_a_killed_node_acknowledged_is_archived_exactly_once(
    lab: Lab, cluster: ThreeMasters, other_node: Node
) -> None:
    """Feeders send under load while one master is killed with -9 and started again on its folder."""
    stop = threading.Event()
    sent = dict.fromkeys(CYCLERS, 0)
    feeders = {cycler: Feeder(lab.live, cycler, clock=lambda: NOW) for cycler in CYCLERS}

    def feed(some: tuple[str, ...]) -> None:
        while not stop.is_set():
            for cycler in some:
                feeders[cycler].send(batch(seconds(5, NOW + sent[cycler]), f"{cycler}-01"))
                sent[cycler] += 5

    threads = [threading.Thread(target=feed, args=(CYCLERS[start::3],)) for start in range(3)]
    for thread in threads:
        thread.start()
    random = np.random.default_rng(3)
    going_on = []
    try:
        for _kill in range(2):
            time.sleep(0.2 + 0.2 * float(random.random()))
            before = lab.live.lasts(CYCLERS)
            other_node.kill()
            record.step(lab, Progress(tidied_at=NOW), NOW)
            time.sleep(0.3)
            after = lab.live.lasts(CYCLERS)
            going_on.append(all(after[cycler] > before[cycler] for cycler in after))
            assert len(after) == len(CYCLERS) - len(cluster.cyclers_on(other_node))
            other_node.start()
            cluster.wait_whole()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    waited(lambda: sum(feeder.flush() for feeder in feeders.values()) == 0)
    while record.flush(lab, NOW).rows:
        pass
    assert going_on == [True, True]
    assert sum(feeder.dropped for feeder in feeders.values()) == 0
    assert {cycler: len(found) for cycler, found in archived(lab).items()} == sent
    assert all(found == list(range(sent[cycler])) for cycler, found in archived(lab).items())


def waited(condition: Callable[[], bool], limit: float = 20.0) -> None:
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
