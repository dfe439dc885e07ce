"""Plays on the first page and on the lists of alerts: filters, comments, who has seen what, and a flood."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.running import Cycler, RunningLab, until

pytestmark = pytest.mark.browser
OPEN_WIRE = {"surface_temperature_celsius": 1372.0}
TOO_HOT = {"surface_temperature_celsius": 95.0}
VIEW_TOKEN, OPERATOR_TOKEN = "v" * 40, "o" * 40
TELL = """(facts) => {
    const now = cellwatch.live.now();
    const blank = {
        kind: "frozen", severity: "P3", scope: "channel:play-1-01", channels: ["play-1-01"], test: null,
        opened_at: now - 60, closed_at: null, message: "So it is.", action: "Look.", evidence: {}, members: [],
        incident: null, suppressed: null,
        state: "active", seen_at: now, tell_at: null, announced_at: now, cleared_at: null, settle_at: null, raised: 1,
        acknowledged_at: null, acknowledged_by: null, shelved_until: null, out_of_service_at: null, comments: [],
    };
    for (const one of facts) cellwatch.model.alerts.set(one.id, { ...blank, ...one });
}"""


def card(page: Page, channel: str, kind: str = "thermocouple-open") -> Locator:
    return page.locator(f'.card[data-kind="{kind}"]').filter(has=page.locator(f'[data-channel="{channel}"]'))


def tell(page: Page, *alerts: dict[str, Any]) -> None:
    """The page hears of these alerts as it does from the stream, after its first frame; nobody else does."""
    expect(page.locator("body")).not_to_have_attribute("data-newest", "")
    page.evaluate(f"({TELL})({json.dumps(alerts)})")


@pytest.fixture(scope="module", autouse=True)
def bad_row(lab: RunningLab, cycler: Cycler) -> None:
    """A row that cannot be taken: what needs someone is worked out twice a minute, so it is told a while later."""
    lab.post([{"channel": "play-1-01", "unix_time_second": 1.0, "voltage_volt": "<i>n/a</i>", "current_ampere": 0}])


@pytest.fixture
def phone(browser: Browser, lab: RunningLab) -> Iterator[Page]:
    """A phone beside the wall-sized page."""
    context = browser.new_context(base_url=lab.url, viewport={"width": 390, "height": 844}, has_touch=True)
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    yield opened
    context.close()


def test_a_filter_lives_in_the_url_and_says_what_it_leaves_out(page: Page, cycler: Cycler) -> None:
    cycler.says["play-1-01"] = cycler.says["constructor"] = OPEN_WIRE
    page.goto("/")
    expect(card(page, "constructor")).to_have_count(1)
    page.get_by_label("Batch").select_option("plays")
    expect(page).to_have_url(re.compile(r"/\?batch=plays$"))
    for _ in range(2):  # the URL alone brings it back
        expect(page.locator("#now .how").first).to_contain_text(re.compile(r"^Only batch plays: 1 of [2-9] causes"))
        expect(card(page, "play-1-01")).to_have_count(1)
        expect(card(page, "constructor")).to_have_count(0)
        expect(page.get_by_label("Batch")).to_have_value("plays")
        page.reload()
    page.goto("/alerts?cycler=unlisted")
    expect(card(page, "constructor")).to_have_count(1)
    expect(card(page, "play-1-01")).to_have_count(0)
    expect(page.locator("#alerts [role=status]").first).to_contain_text(
        re.compile(r"Only cycler unlisted: \d+ of \d+ alerts")
    )


def test_a_filter_is_chosen_by_keyboard_and_keeps_the_focus(page: Page) -> None:
    page.goto("/")
    select = page.get_by_label("Cycler")
    expect(select.locator("option")).to_have_count(3)
    select.focus()
    page.keyboard.press("ArrowDown")
    expect(page).to_have_url(re.compile(r"cycler=play-1"))
    until(lambda: page.evaluate("document.activeElement.name") == "cycler", "the focus to be back")


def test_with_a_filter_a_page_never_says_that_all_is_well(page: Page) -> None:
    page.goto("/?batch=plays")
    expect(page.locator("#now h1")).to_have_text("No alert of batch plays")
    expect(page.locator("#now .how").first).to_contain_text("1 of its 1 channel answered")


def test_an_unknown_value_of_a_filter_gets_a_sentence(page: Page) -> None:
    strange = "<img src=x onerror=alert(1)>"
    names = ("batch", "owner", "chamber", "cycler")
    for path in ("/", "/alerts"):
        page.goto(f"{path}?{'&'.join(f'{name}={quote(strange)}' for name in names)}")
        for name in names:
            expect(page.locator("#main")).to_contain_text(re.compile(rf'(no|the) {name} "{re.escape(strange)}"'))
        assert page.locator("#main img").count() == 0
        assert "All is well" not in page.locator("#main").inner_text()


def test_what_a_url_cannot_mean_is_said(page: Page) -> None:
    page.goto("/alerts?show=everything&severity=P9&page=0")
    expect(page.locator("#alerts")).to_contain_text('There is no list "everything"')
    expect(page.locator("#alerts")).to_contain_text('There is no severity "P9"')
    page.goto("/alerts?show=history&page=9999")
    expect(page.locator("#alerts")).to_contain_text("The history does not reach that far back.")


def test_a_comment_appears_in_place_for_everyone(page: Page, phone: Page, cycler: Cycler) -> None:
    cycler.says["play-1-02"] = OPEN_WIRE
    for each in (page, phone):
        each.goto("/")
    said = "Wire is loose.\n<b>Mended</b> tonight?"
    there = card(page, "play-1-02")
    there.get_by_role("button", name="Comment").press("Enter")
    page.keyboard.type("Wire is loose.")
    page.keyboard.press("Enter")
    page.keyboard.type("<b>Mended</b> tonight?")
    page.keyboard.press("Control+Enter")
    expect(there.get_by_text("saved", exact=True)).to_be_visible()
    for each in (page, phone):
        comment = card(each, "play-1-02").locator(".card-comments li")
        expect(comment).to_have_count(1)
        expect(comment).to_contain_text("local, ")
        assert said in comment.inner_text()
        assert comment.locator("b").count() == 0
    assert page.evaluate("document.activeElement.textContent").startswith("Comment")


def test_what_is_acknowledged_on_a_phone_is_seen_on_the_wall(page: Page, phone: Page, cycler: Cycler) -> None:
    page.goto("/wall")
    phone.goto("/")
    cycler.says["play-1-02"] = TOO_HOT
    cause = page.locator('.cause[data-kind="over-temperature"]')
    expect(cause).to_contain_text("nobody")
    button = card(phone, "play-1-02", "over-temperature").get_by_role("button", name="Acknowledge")
    expect(button).to_be_visible()
    box = button.bounding_box()
    assert box
    assert box["height"] >= 44
    button.tap()
    expect(cause).to_contain_text("local")
    expect(cause).not_to_contain_text("nobody")
    expect(card(phone, "play-1-02", "over-temperature")).to_contain_text("acknowledged by local")


def test_every_state_of_an_alert_is_seen_in_its_list(page: Page, cycler: Cycler) -> None:
    def listed(view: str, words: str) -> Locator:
        page.goto(f"/alerts?channel=play-1-01&show={view}")
        there = card(page, "play-1-01", "over-temperature").first
        expect(there).to_contain_text(words)
        return there

    cycler.says["play-1-01"] = TOO_HOT
    listed("open", "nobody has acknowledged it yet").get_by_label("Shelve").select_option("480")
    listed("shelved", "shelved for 7").get_by_role("button", name="Unshelve").click()
    listed("open", "nobody has acknowledged it yet").get_by_label("Shelve").select_option("out-of-service")
    listed("out-of-service", "out of service since").get_by_role("button", name="Back in service").click()
    listed("open", "nobody has acknowledged it yet")
    cycler.says.clear()
    listed("open", "over since")
    listed("open", "stays here until somebody acknowledges it").get_by_role("button", name="Acknowledge").click()
    listed("history", "acknowledged by local")
    expect(card(page, "play-1-01", "over-temperature").first).to_contain_text("lasted")
    cycler.says["play-1-01"] = OPEN_WIRE
    page.goto("/alerts")
    card(page, "play-1-01").get_by_role("button", name="Acknowledge").click()
    expect(card(page, "play-1-01")).to_have_count(0)
    page.goto("/alerts?show=acknowledged")
    expect(card(page, "play-1-01")).to_contain_text("acknowledged by local")


def test_what_is_explained_says_by_what_until_its_cause_is_over(page: Page) -> None:
    page.goto("/alerts?show=suppressed")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    cause = {"id": "cause", "kind": "cycler-silent", "scope": "cycler:play-9", "channels": [], "members": ["member"]}
    member = {"id": "member", "suppressed": "incident", "incident": "cause"}
    planned = {"id": "planned", "suppressed": "maintenance"}
    tell(page, cause, member, planned)
    there = page.locator('[data-alert="member"]')
    expect(there).to_contain_text("not announced: explained by cycler silent of play-9")
    expect(page.locator('[data-alert="planned"]')).to_contain_text("not announced: planned work")
    tell(page, cause | {"closed_at": 1.0, "members": []}, member)
    expect(there).to_have_count(0)  # it calls again, and so is among the active ones


def test_numbers_open_with_their_units(page: Page, cycler: Cycler) -> None:
    cycler.says["play-1-01"] = OPEN_WIRE
    page.goto("/")
    there = card(page, "play-1-01")
    there.get_by_text("Numbers").click()
    row = there.get_by_role("row").filter(has_text="Surface temperature")
    expect(row.get_by_role("cell")).to_have_text("1372 °C")


def test_a_thousand_alerts_leave_the_page_quick(page: Page) -> None:
    page.goto("/alerts")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    alerts = [{"id": f"flood-{n:04d}", "kind": "stalled", "message": f"Number {n}."} for n in range(1000)]
    tell(page, *alerts)
    expect(page.locator(".card")).to_have_count(100)
    more = page.get_by_role("button", name=re.compile(r"^Show 100 more of 10\d\d"))
    more.press("Enter")
    expect(page.locator(".card")).to_have_count(200)
    page.get_by_label("Find").fill("number 77")
    expect(page.locator(".card")).to_have_count(11)
    expect(page).to_have_url(re.compile(r"find=number\+77"))


def test_all_of_a_list_are_acknowledged_with_a_second_press(page: Page, cycler: Cycler) -> None:
    cycler.says["constructor"] = cycler.says["__proto__"] = OPEN_WIRE
    page.goto("/?cycler=unlisted")
    expect(page.locator(".card")).to_have_count(2)
    page.get_by_role("button", name="Acknowledge all 2").click()
    page.get_by_role("button", name="Yes, acknowledge 2 alerts").click()
    expect(page.locator('.card[data-acknowledged="true"]')).to_have_count(2)
    expect(page.locator("#now h1")).to_have_text("Nothing new: all 2 open causes are acknowledged")
    expect(page.get_by_role("button", name=re.compile("^Acknowledge"))).to_have_count(0)


def test_danger_is_never_acknowledged_in_one_go(page: Page) -> None:
    page.goto("/")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    tell(page, *({"id": f"hot-{n}", "severity": "P1", "kind": "over-temperature"} for n in range(3)))
    expect(page.locator(".card")).to_have_count(3)
    expect(page.locator("#now h1")).to_have_text("3 causes need someone now")
    expect(page.get_by_role("button", name=re.compile("^Acknowledge all"))).to_have_count(0)


def test_the_keyboard_stays_on_a_card_that_changes(page: Page, cycler: Cycler) -> None:
    cycler.says["play-1-02"] = OPEN_WIRE
    page.goto("/")
    there = card(page, "play-1-02")
    there.get_by_role("button", name="Acknowledge").press("Enter")
    expect(there).to_contain_text("acknowledged by local")
    until(lambda: page.evaluate("Boolean(document.activeElement.closest('.card'))"), "the focus to be on the card")


@pytest.fixture
def guarded(lab: RunningLab) -> Iterator[str]:
    """The same lab behind a door: open to those who sign in; says where."""
    tokens = {"CELLWATCH_VIEW_TOKEN": VIEW_TOKEN, "CELLWATCH_OPERATOR_TOKEN": OPERATOR_TOKEN}
    with lab.another_web(CELLWATCH_PUBLIC_URL="http://cellwatch.test", **tokens) as url:
        yield url


def test_who_may_only_look_sees_no_control(browser: Browser, guarded: str, cycler: Cycler) -> None:
    cycler.says["play-1-03"] = OPEN_WIRE
    controls = ".card button, .card select, .card textarea, .acknowledge-all button:visible"
    for token, seen in ((VIEW_TOKEN, False), (OPERATOR_TOKEN, True)):
        context = browser.new_context(base_url=guarded)
        page = context.new_page()
        page.goto(f"/sign-in?token={token}")
        for path in ("/", "/alerts"):
            page.goto(path)
            expect(card(page, "play-1-03").first).to_contain_text("Thermocouple open")
            assert (page.locator(controls).count() > 0) is seen, path
        context.close()


def test_rows_that_could_not_be_taken_are_told_below(page: Page, bad_row: None) -> None:
    page.goto("/")
    mend = page.locator("#need-quality")
    expect(mend).to_contain_text(re.compile(r"\d+ rows? ?of .* could not be taken in the last 7 days"), timeout=40_000)
    expect(mend).to_contain_text("No cell or batch or nominal capacity")
    mend.get_by_role("link", name="See Health").click()
    expect(page).to_have_url(re.compile("/health$"))


def evidence_names() -> set[str]:
    """Every name under which the domain puts something into the evidence of an alert."""
    found = set[str]()
    for path in (Path(__file__).resolve().parents[2] / "cycling").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            given = node.value if isinstance(node, ast.keyword) and node.arg == "evidence" else None
            for told in ast.walk(given) if given is not None else ():
                if isinstance(told, ast.Dict):
                    found |= {str(key.value) for key in told.keys if isinstance(key, ast.Constant)}
    return found


def test_every_number_of_an_evidence_has_its_unit(page: Page) -> None:
    page.goto("/")
    names = evidence_names() | {"spent_second", "usual_second", "spent_ah", "usual_ah", "silent_second", "leak_ampere"}
    names |= {"memory_share", "room_second", "disk_free_byte", "test_time_second_before", "charging_capacity_ah_before"}
    assert len(names) > 60
    said = page.evaluate("names => names.map(name => [name, ...cellwatch.evidence.fact(name, 12)])", sorted(names))
    moments = {"last_arrival", "since", "resuming_since", "raised_at"}
    bare = {name for name, _, value in said if re.fullmatch(r"-?[\d.]+", value)}
    no_numbers = {"daylight_saving", "setpoint_learned", "detector", "error", "explains", "channel_status"}
    assert bare - no_numbers <= {
        "cycle_count",
        "cyclers",
        "not_resumed",
        "restarted_channels",
    }  # the last are lists of names
    assert {name for name, _, value in said if "Jan" in value or "1970" in value} == moments
    of = {name: f"{called}: {value}" for name, called, value in said}
    assert of["expected_ampere"] == "Expected: 12\u00a0A"
    assert of["usual_per_cycle"] == "Usual: 1200\u00a0% per cycle"
    assert of["test_time_second_before"] == "Test time, before: 12\u00a0s"
    assert page.evaluate("cellwatch.evidence.fact('expected_ampere', null)") == ["Expected", "–\u00a0A"]
    assert page.evaluate("cellwatch.evidence.fact('silent_second', 5400)")[1] == "5400\u00a0s (1\u00a0h 30\u00a0min)"
    assert page.evaluate("cellwatch.evidence.fact('cells', 1)") == ["Cells", "1 cell"]


def test_no_place_is_named_twice_over(page: Page) -> None:
    page.goto("/alerts")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    said = {
        "chamber:chamber-d": "chamber-d",
        "chamber:Chamber_3": "Chamber_3",
        "chamber:chamberlain": "Chamber chamberlain",
        "chamber:d": "Chamber d",
        "power_circuit:A": "Power circuit A",
        "power_circuit:power-circuit-2": "power-circuit-2",
        "channel:arbin-1-07": "arbin-1-07",
        "lab": "Whole lab",
    }
    assert {scope: page.evaluate("scope => cellwatch.words.scope(scope)", scope) for scope in said} == said
    tell(
        page,
        {
            "id": "air",
            "kind": "chamber-off-setpoint",
            "scope": "chamber:chamber-d",
            "message": "chamber-d: it is warm.",
        },
    )
    there = page.locator('.card[data-alert="air"]')
    expect(there.locator(".card-name")).to_have_text("chamber-d")
    expect(there.locator(".card-what")).to_have_text("It is warm.")


def table_of(page: Page, part: str) -> list[list[str]]:
    rows = page.locator(f"#{part} tbody tr")
    return [[cell.replace("\u00a0", " ") for cell in row.locator("th, td").all_inner_texts()] for row in rows.all()]


def test_when_all_is_well_the_page_says_what_runs(page: Page, lab: RunningLab, complaints: list[str]) -> None:
    page.goto("/")
    expect(page.locator("h1")).to_contain_text("All is well", timeout=60_000)
    expect(page.locator(".runs > .how")).to_contain_text(re.compile(r"^Of \d+ channels"))

    def agree() -> bool:
        channels = lab.get("/api/v1/channels")["channels"]
        own = [one for one in channels if one["channel"].startswith("play-1-") and one["latest"]]
        name, *numbers = table_of(page, "run-cyclers")[0]
        counts = [int(number.removeprefix("◆ ")) for number in numbers]
        return (name, sum(counts[:4]), counts[3], counts[4]) == ("play-1", len(own), 0, 6 - len(own))

    until(agree, "the page and the API to say the same of the cycler")
    expect(page.locator("#run-chambers tbody td").first).to_have_text("25.0 °C")
    chamber = table_of(page, "run-chambers")[0]
    assert chamber[0] == "chamber-a"
    assert chamber[2] == "25 ± 2 °C"
    batches = page.locator("#run-batches tbody tr")
    expect(batches.filter(has_text="plays")).to_contain_text("plays1")  # one test of it
    expect(batches.filter(has_text="<b>batch</b>")).to_have_count(1)
    page.locator("#run-batches").get_by_role("link", name="plays", exact=True).click()
    expect(page).to_have_url(re.compile(r"/batches/plays$"))
    assert complaints == []


def test_what_runs_follows_the_filter_and_the_faults(page: Page, cycler: Cycler) -> None:
    page.goto("/?batch=plays")
    expect(page.locator(".runs > .how")).to_contain_text("Of 1 channel 1 ")
    expect(page.locator("#run-cyclers tbody tr")).to_have_count(1)
    assert table_of(page, "run-cyclers")[0][-1] == "–"  # whose a free slot is nobody knows
    cycler.quiet.add("play-1-01")
    expect(page.locator(".runs > .how")).to_contain_text("1 is silent", timeout=40_000)
    expect(page.locator("#run-cyclers tr[data-off=true]")).to_contain_text("◆ 1")
    expect(page.locator("#run-batches tbody tr")).to_have_count(1)
    cycler.quiet.clear()
    expect(page.locator("#run-cyclers tr[data-off=true]")).to_have_count(0, timeout=40_000)


def test_a_chamber_off_its_setpoint_stands_out_before_it_is_an_alert(page: Page, cycler: Cycler) -> None:
    page.goto("/")
    off = page.locator("#run-chambers tr[data-off=true]")
    expect(page.locator("#run-chambers tbody tr")).to_have_count(1)
    expect(off).to_have_count(0)
    for name in ("play-1-01", "play-1-02", "play-1-03"):
        cycler.says[name] = {"ambient_temperature_celsius": 29.4}
    expect(off).to_contain_text("◆ 29.4 °C, 4.4 K above")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    cycler.says.clear()
    expect(off).to_have_count(0)


def test_what_ended_is_told_newest_first(page: Page) -> None:
    page.goto("/")
    expect(page.locator(".runs")).to_be_visible()
    now = page.evaluate("cellwatch.live.now()")
    over = {"severity": "P2", "kind": "contact-lost", "scope": "channel:play-1-03", "channels": ["play-1-03"]}
    tell(
        page,
        over | {"id": "night", "opened_at": now - 7200, "closed_at": now - 3600, "state": "closed"},
        over | {"id": "old", "opened_at": now - 90_000, "closed_at": now - 87_000},
        over | {"id": "within", "closed_at": now - 100, "suppressed": "incident"},
        {"id": "done", "kind": "finished", "severity": "P4", "test": "t-9", "opened_at": now - 60},
    )
    ended = page.locator("#run-ended tbody tr")
    expect(ended.filter(has_text="contact lost, lasted 1")).to_have_count(1)
    rows = [row[:2] for row in table_of(page, "run-ended")]
    assert rows.index(["play-1-01", "test t-9 finished"]) < rows.index(["play-1-03", "contact lost, lasted 1 h 0 min"])
