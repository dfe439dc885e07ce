"""Plays on the live path: nothing is missed while a server stands still or is started again, and the browser reads
every frame as it was meant."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Request, expect

import settings
from cycling.frames import CHANNEL_FIELDS, Teller, together
from cycling.readings import Batch
from data_access.lab import connect
from tests.cycling.test_frames import LAB, NOW, state
from tests.e2e.running import Cycler, RunningLab, until

pytestmark = pytest.mark.browser
MODEL = Path(__file__).parents[2] / "assets" / "model.js"
APPLY = """frames => frames.map((frame) => {
  const changed = window.cellwatch.model.apply(JSON.parse(frame));
  return changed && changed.channels.length;
})"""
KNOWN = "Object.fromEntries(window.cellwatch.model.channels)"
LISTEN = """name => {
  window.seen = [];
  window.cellwatch.live.listen((kind) => {
    const channel = kind === "frame" && window.cellwatch.model.channels.get(name);
    if (channel && window.seen.at(-1) !== channel.unix_time_second) window.seen.push(channel.unix_time_second);
  });
}"""


@pytest.fixture
def model(browser: Browser) -> Any:
    """A blank page that knows how to read frames and nothing else."""
    opened = browser.new_page()
    opened.add_script_tag(path=MODEL)
    yield opened
    opened.close()


def drawn(seed: int) -> tuple[list[bytes], list[bytes]]:
    """The frames of changes of a lab that does all kinds of things, and the full frame beside each."""
    chance, teller, changes, fulls = random.Random(seed), Teller("run"), [], []
    for second in range(30):
        names = chance.sample([f"c-{n}" for n in range(40)], chance.choice([0, 1, 3, 20, 40]))
        states = [
            state(
                name,
                NOW + second + chance.choice([0.0, chance.random()]),
                voltage_volt=chance.choice([None, 3.7, chance.gauss(3.7, 0.1), -1e6, 1e300]),
                current_ampere=chance.gauss(0, 5),
                surface_temperature_celsius=chance.choice([None, chance.gauss(25, 9), 1370.0]),
                test_time_second=chance.choice([None, float(second)]),
                phase=chance.choice(["charging", "resting"]),
                test=chance.choice([None, "Ä <b>", '"\\', "t"]),
            )
            for name in names
        ]
        lab = chance.choice([None, LAB | {"chambers": [{"id": "a", "measured": chance.random()}]}])
        changes.append(teller.changes(NOW + second, states, (), {"t": {"cell": "cell-1"}}, lab, {"a": 25.0}))
        fulls.append(teller.everything(NOW + second, ()))
    return changes, fulls


@pytest.mark.parametrize("seed", range(3))
def test_the_browser_comes_to_the_same_from_wherever_it_begins(model: Page, seed: int) -> None:
    changes, fulls = drawn(seed)
    model.evaluate(APPLY, [fulls[-1].decode()])
    last, lab = model.evaluate(KNOWN), model.evaluate("window.cellwatch.model.lab")
    assert len(last) > 30
    assert all(set(CHANNEL_FIELDS) <= set(channel) for channel in last.values())
    for begin in (0, 7, 28):
        told = [fulls[begin].decode(), *(body.decode() for body in changes[begin + 1 :])]
        assert None not in model.evaluate(APPLY, told)
        assert (model.evaluate(KNOWN), model.evaluate("window.cellwatch.model.lab")) == (last, lab)


def test_a_frame_that_stands_on_one_that_is_missing_is_not_taken(model: Page) -> None:
    changes, fulls = drawn(5)
    assert model.evaluate(APPLY, [fulls[3].decode(), changes[5].decode()])[1] is None
    assert model.evaluate(APPLY, [fulls[3].decode(), changes[2].decode()])[1] == 0  # told already
    other = Teller("another run")
    other.changes(NOW, [state("x")], (), {}, LAB, {})
    strange = other.changes(NOW + 90, [state("x", phase="resting")], (), {})
    assert model.evaluate(APPLY, [fulls[3].decode(), strange.decode()])[1] is None


def test_the_browser_reads_several_watchers_beside_each_other(model: Page) -> None:
    tellers = [Teller(f"run {n}", f"{n}-of-2") for n in (1, 2)]
    fulls = []
    for n, teller in enumerate(tellers):
        teller.changes(NOW, [state(f"part{n}-1")], (), {}, LAB, {})
        fulls.append(teller.everything(NOW + n, ()))
    news = tellers[1].changes(NOW + 9, [state("part1-1", phase="resting"), state("part1-2")], (), {})
    assert model.evaluate(APPLY, [together(fulls).decode(), news.decode()]) == [2, 2]
    phases = {name: channel["phase"] for name, channel in model.evaluate(KNOWN).items()}
    assert phases == {"part0-1": "charging", "part1-1": "resting", "part1-2": "charging"}


def agrees(page: Page, lab: RunningLab) -> bool:
    """Whether the page shows what the API tells, of every channel; both move on meanwhile."""
    shown = dict(page.evaluate("[...window.cellwatch.model.channels].map(([name, c]) => [name, c.unix_time_second])"))
    answer = lab.get("/api/v1/channels") or {"channels": []}  # a server that was frozen has much to do at first
    told = {one["channel"]: one["latest"]["unix_time_second"] for one in answer["channels"] if one["latest"]}
    return shown.keys() == told.keys() and all(abs(shown[name] - told[name]) < 3 for name in told)


def store_readings(lab: RunningLab, seconds: float) -> list[float]:
    """Readings of a channel that do not need the web server, two a second; says their moments."""
    stores = connect(
        redis_url=None,
        home=lab.home / "data",
        archive_url=str(lab.home / "data" / "archive"),
        topology=settings.load(lab.environment).topology,
    )
    moments = []
    while len(moments) < 2 * seconds:
        moments.append(time.time())
        row = {"unix_time_second": moments[-1], "voltage_volt": 3.3, "current_ampere": 1.1}
        columns = {name: np.array([value]) for name, value in row.items()}
        batch = Batch(columns | {"channel": np.array(["play-1-03"], dtype=object)})
        stores.live.ingest(batch, received=moments[-1], source="play")
        time.sleep(0.5)
    return moments


def missed(page: Page, moments: list[float]) -> list[float]:
    return sorted(set(moments) - set(page.evaluate("window.seen")))


def test_nothing_is_missed_while_the_server_stands_still(page: Page, lab: RunningLab, cycler: Cycler) -> None:
    cycler.quiet.add("play-1-03")
    page.goto("/wall")
    body = page.locator("body")
    expect(body).to_have_attribute("data-link", "live")
    page.evaluate(LISTEN, "play-1-03")
    lab.freeze_web()
    try:
        moments = store_readings(lab, 15)
        expect(body).to_have_attribute("data-link", "lost")
    finally:
        lab.go_on_web()
    expect(body).to_have_attribute("data-link", "live", timeout=10_000)
    until(lambda: missed(page, moments) == [], "the page to know every reading", 20)
    until(lambda: agrees(page, lab), "the page to show what the API tells", 20)


def test_nothing_is_missed_when_the_server_is_started_again(page: Page, lab: RunningLab, cycler: Cycler) -> None:
    cycler.quiet.add("play-1-03")
    page.goto("/channels/play-1-01")
    body = page.locator("body")
    expect(body).to_have_attribute("data-link", "live")
    page.evaluate(LISTEN, "play-1-03")
    lab.end_web()
    moments = store_readings(lab, 2)
    lab.start_web()
    until(lambda: missed(page, moments) == [], "the page to know every reading", 20)
    until(lambda: agrees(page, lab), "the page to show what the API tells", 20)
    expect(body).to_have_attribute("data-link", "live")


def test_a_stream_goes_on_where_a_new_page_says(lab: RunningLab, page: Page) -> None:
    page.goto("/")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    kinds = page.evaluate("""async () => {
      const first = (path) => new Promise((done) => {
        const source = new EventSource(path);
        source.addEventListener("frame", (event) => {
          source.close();
          done([event.lastEventId, JSON.parse(event.data).full]);
        });
      });
      const [id, full] = await first("/api/v1/stream");
      const [, again] = await first(`/api/v1/stream?after=${id}`);
      const [, strange] = await first("/api/v1/stream?after=1-0");
      return [full, again, strange];
    }""")
    assert kinds == [True, False, True]


def test_a_browser_with_twelve_tabs_holds_one_stream(page: Page) -> None:
    streams: list[Request] = []
    page.context.on("request", lambda sent: streams.append(sent) if "/api/v1/stream" in sent.url else None)
    page.context.on("requestfailed", lambda sent: streams.remove(sent) if sent in streams else None)
    page.goto("/wall")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    tabs = [page.context.new_page() for _ in range(11)]
    for tab in tabs:
        tab.goto("/alerts", wait_until="commit")
    for tab in tabs:
        expect(tab.locator("body")).to_have_attribute("data-link", "live")
        expect(tab.locator("body")).to_have_attribute("data-newest", re.compile(r"\d+"))
    end = time.monotonic() + 20
    while len(streams) > 1 and time.monotonic() < end:  # one that was slow to begin gives its own back
        page.wait_for_timeout(200)
    assert len(streams) == 1


def test_a_hidden_tab_shows_what_is_new_once_it_is_seen(page: Page, cycler: Cycler) -> None:
    page.goto("/wall")
    tile = page.locator('.tile[data-channel="play-1-01"]')
    expect(tile).to_have_attribute("data-state", "charging")
    before = tile.get_attribute("data-unix-time") or ""
    page.evaluate("window.requestAnimationFrame = () => 0")  # as a browser does with what nobody sees
    expect(tile).not_to_have_attribute("data-unix-time", before)
