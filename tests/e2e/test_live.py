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
from data_access.lab import Lab, connect
from data_access.live import Live
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
MOMENTS = """([frames, name]) => {
  const seen = [];
  for (const frame of frames) {
    window.cellwatch.model.apply(JSON.parse(frame));
    const channel = window.cellwatch.model.channels.get(name);
    if (channel && seen.at(-1) !== channel.unix_time_second) seen.push(channel.unix_time_second);
  }
  return seen;
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


def stores_of(lab: RunningLab) -> Lab:
    """The lab's stores, for what does not need the web server."""
    return connect(
        redis_url=None,
        home=lab.home / "data",
        archive_url=str(lab.home / "data" / "archive"),
        topology=settings.load(lab.environment).topology,
    )


def store_readings(live: Live, seconds: float) -> float:
    """Readings of a channel, two a second; says the moment of the last."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        now = time.time()
        row = {"unix_time_second": now, "voltage_volt": 3.3, "current_ampere": 1.1}
        columns = {name: np.array([value]) for name, value in row.items()}
        batch = Batch(columns | {"channel": np.array(["play-1-03"], dtype=object)})
        live.ingest(batch, received=now, source="play")
        time.sleep(0.5)
    return now


def listening(page: Page, path: str) -> None:
    """Open the page and let it note from now on what it is told of the channel."""
    page.goto(path)
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    page.wait_for_function("window.cellwatch.model.loaded")  # the link lives a moment earlier
    page.evaluate(LISTEN, "play-1-03")


def told_since(live: Live, full: tuple[str, bytes], until_moment: float, model: Page) -> list[float]:
    """The moments of readings of the channel that the watcher told after a full frame, up to the one of a moment. Two
    readings that it took at once are told as the later one."""
    told, moments = [full], list[float]()

    def complete() -> bool:
        told.extend(live.frames_after(told[-1][0], 0))
        moments[:] = model.evaluate(MOMENTS, [[body.decode() for _, body in told], "play-1-03"])
        return until_moment in moments

    until(complete, "the watcher to tell of the last reading")
    return moments[: moments.index(until_moment) + 1]


def knows(page: Page, moments: list[float]) -> bool:
    return set(moments) <= set(page.evaluate("window.seen"))


def test_nothing_is_missed_while_the_server_stands_still(
    page: Page, lab: RunningLab, cycler: Cycler, model: Page
) -> None:
    cycler.quiet.add("play-1-03")
    listening(page, "/wall")
    live = stores_of(lab).live
    full = live.full_frame()
    assert full
    begin = time.time()
    lab.freeze_web()
    try:
        last = store_readings(live, 15)
        expect(page.locator("body")).to_have_attribute("data-link", "lost")
    finally:
        lab.go_on_web()
    expect(page.locator("body")).to_have_attribute("data-link", "live", timeout=10_000)
    moments = [moment for moment in told_since(live, full, last, model) if moment >= begin]
    assert len(moments) > 5
    until(lambda: knows(page, moments), "the page to know every reading", 20)
    until(lambda: agrees(page, lab), "the page to show what the API tells", 20)


def test_nothing_is_missed_when_the_server_is_started_again(
    page: Page, lab: RunningLab, cycler: Cycler, model: Page
) -> None:
    cycler.quiet.add("play-1-03")
    listening(page, "/channels/play-1-01")
    live = stores_of(lab).live
    full = live.full_frame()
    assert full
    begin = time.time()
    lab.end_web()
    last = store_readings(live, 2)
    lab.start_web()
    moments = [moment for moment in told_since(live, full, last, model) if moment >= begin]
    until(lambda: knows(page, moments), "the page to know every reading", 20)
    until(lambda: agrees(page, lab), "the page to show what the API tells", 20)
    expect(page.locator("body")).to_have_attribute("data-link", "live")


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
