"""Addresses and names that nobody should have typed, and an archive that is away: a sentence, never a blank."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import is_complaint
from tests.e2e.running import Cycler, RunningLab, until

pytestmark = pytest.mark.browser

MARKUP = "<img src=x onerror=alert(1)>"
LONG = "x" * 200
RIGHT_TO_LEFT = "תא מספר שבע"
FUTURE = 4_102_444_800  # 2100
ADDRESSES = (
    "/channels/nobody",
    f"/channels/{quote(MARKUP, safe='')}",
    f"/channels/{LONG}",
    f"/channels/{quote(RIGHT_TO_LEFT)}",
    "/channels/play-1-01?from=abc&to=x",
    "/channels/play-1-01?window=x",
    "/channels/play-1-01?from=5&to=1",
    "/channels/play-1-01?from=nan&to=inf",
    f"/channels/play-1-01?from={FUTURE}&to={FUTURE + 60}",
    "/alerts?days=-1",
    "/alerts?days=abc&show=zzz&severity=P9&kind=none&channel=nobody",
    f"/alerts?channel={quote(MARKUP)}",
    f"/compare?tests={quote(MARKUP)}",
    f"/compare?tests=nobody,{LONG}",
    "/compare?batch=nobody",
    "/compare?tests=,,,",
    f"/batches/{quote(MARKUP, safe='')}",
    f"/batches/{LONG}",
    f"/tests?find={quote(MARKUP)}",
    "/tests?find=nobody&sort=zzz",
    "/wall?view=zzz&seconds=-1",
    "/?owner=nobody&chamber=zzz",
    "/health?x=1",
    "/?at=2999-01-01T00:00",
    "/no/such/page",
)
OF_THE_ARCHIVE = ("/channels/play-1-01", "/compare?tests=play-one", "/batches/plays", "/alerts?days=13", "/health")


class Reader:
    """One page for all plays here, and what it has to complain of."""

    def __init__(self, page: Page) -> None:
        self.page, self.complaints = page, list[str]()
        page.on("console", lambda said: self.complaints.append(said.text) if is_complaint(said) else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))

    def open(self, path: str) -> None:
        """Goes there, and comes back once something stands in the page."""
        self.complaints.clear()
        self.page.goto(path)
        main = self.page.locator("#main")
        expect(main).to_be_visible()
        expect(self.page.locator("body")).to_have_attribute("data-link", "live")
        expect(main).not_to_have_text("")


@pytest.fixture(scope="module")
def reader(browser: Browser, lab: RunningLab, cycler: Cycler) -> Iterator[Reader]:
    context = browser.new_context(base_url=lab.url, viewport={"width": 1366, "height": 768})
    yield Reader(context.new_page())
    context.close()


@pytest.mark.parametrize("path", ADDRESSES, ids=lambda path: path[:60])
def test_an_address_that_means_nothing_is_a_page_with_a_sentence(reader: Reader, path: str) -> None:
    reader.open(path)
    until(lambda: len(reader.page.locator("#main").inner_text().split()) >= 4, f"a sentence on {path}")
    assert "Traceback" not in reader.page.locator("#main").inner_text()
    assert reader.page.locator("#main img[src=x]").count() == 0
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 1366
    assert reader.complaints == []


def test_a_cell_may_be_called_anything(reader: Reader) -> None:
    cell = f"{MARKUP} {RIGHT_TO_LEFT} {LONG}"[:200]
    put = reader.page.request.put("/api/v1/tests/play-one", data={"cell": cell})
    assert put.ok
    for path in ("/", "/wall", "/tests", "/compare?tests=play-one", "/batches/plays", "/channels/play-1-01"):
        reader.open(path)
        assert reader.page.locator("#main img[src=x]").count() == 0, path
        assert reader.page.evaluate("document.documentElement.scrollWidth") <= 1366, path
        assert reader.complaints == [], path
    assert reader.page.request.put("/api/v1/tests/play-one", data={"cell": "cell-1"}).ok


@contextmanager
def archive_away(lab: RunningLab) -> Iterator[None]:
    """The folder of the archive is renamed under the running lab, and comes back."""
    archive = lab.home / "data" / "archive"
    elsewhere = archive.rename(archive.with_name("archive-elsewhere"))
    try:
        yield
    finally:
        elsewhere.rename(archive)


def test_an_archive_that_is_away_is_said_in_words_on_every_page(reader: Reader, lab: RunningLab) -> None:
    silent = {}
    with archive_away(lab):
        for path in OF_THE_ARCHIVE:
            reader.open(path)
            said = reader.page.locator("#main").get_by_text("archive", exact=False).first
            try:
                expect(said).to_be_attached(timeout=8000)
            except AssertionError:
                silent[path] = reader.page.locator("#main").inner_text()[:400]
            assert "Traceback" not in reader.page.locator("#main").inner_text()
            assert reader.complaints == [], path
    assert silent == {}
