"""A test that somebody puts on a channel is the channel's current one: rows that name no test belong to it."""

from __future__ import annotations

from cycling.topology import TestFacts
from data_access.lab import Lab
from monitor import record
from tests.conftest import Server
from tests.data_access.builders import NOW, another, batch, send, stored

CHANNEL = "arbin-1-01"


def rows_tests(lab: Lab) -> list[str]:
    return [str(test) for test in stored(lab).texts("test")]


def state(lab: Lab, test: str = "run-7", cell: str | None = "A1") -> None:
    """As the watcher does with every [[tests]] of lab.toml, at every start."""
    lab.tests.state(TestFacts(test=test, channel=CHANNEL, cell=cell), "lab.toml", NOW, "lab.toml")


def test_rows_without_test_belong_to_the_test_that_lab_toml_puts_on_their_channel(lab: Lab) -> None:
    state(lab)
    send(lab, batch([NOW]))
    send(lab, batch([NOW]), NOW)
    assert rows_tests(lab) == ["run-7"]
    assert lab.tests.current(CHANNEL) == "run-7"


def test_a_process_that_already_stored_readings_hears_of_it(lab: Lab) -> None:
    other = another(lab)
    send(other, batch([NOW]))
    lab.tests.put("run-8", {"channel": CHANNEL}, "ada", NOW, "api")
    send(other, batch([NOW + 1]))
    assert rows_tests(lab) == [f"{CHANNEL}-001", "run-8"]


def test_another_cell_than_the_stated_one_begins_a_new_test(lab: Lab) -> None:
    state(lab)
    send(lab, batch([NOW, NOW + 1], cell=["A1", "B2"]))
    assert rows_tests(lab) == ["run-7", f"{CHANNEL}-001"]


def test_what_is_said_later_of_an_earlier_test_does_not_bring_it_back(lab: Lab) -> None:
    state(lab)
    send(lab, batch([NOW, NOW + 1], channel_status=["finished", "running"]))
    state(lab)
    lab.tests.put("run-7", {"channel": CHANNEL, "owner": "ada"}, "ada", NOW, "api")
    send(lab, batch([NOW + 2]))
    assert rows_tests(lab) == ["run-7", f"{CHANNEL}-001", f"{CHANNEL}-001"]


def test_in_an_emptied_redis_lab_toml_does_not_undo_what_ran_last(lab: Lab, valkey: Server) -> None:
    state(lab)
    send(lab, batch([NOW], test="run-8"))
    record.flush(lab, NOW)
    valkey.flush()
    state(another(lab))
    send(lab, batch([NOW + 1]))
    assert rows_tests(lab) == ["run-8"]
