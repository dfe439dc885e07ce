"""dry-run: other limits laid beside those of now, over a real archive."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from cycling.topology import Chamber, Topology
from cycling.types import Alert, Severity
from monitor.dry_run import Place
from monitor.overrides import with_tolerance
from monitor.times import asked_time
from tests.cycling.build import START
from tests.monitor.fleet import LAB, Done, archived, called, contents, readings, reprocessed


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a lab with the fleet's readings in its archive."""
    home = tmp_path_factory.mktemp("fleet")
    (home / "lab.toml").write_text(LAB)
    archived(home / "archive", readings())
    return home


def tried(home: Path, *options: object) -> Done:
    return called(home, [sys.executable, "-m", "monitor", "dry-run", *map(str, options)])


def told(path: Path) -> dict[str, dict[str, Any]]:
    return {kind["kind"]: kind for kind in json.loads(path.read_text())["kinds"]}


def test_a_limit_nothing_reaches_takes_the_alert_away_and_says_where(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "dry.json"
    done = tried(home, "--set", "detectors.contact-lost.samples=1000", "--out", out)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0] == "Tried: detectors.contact-lost.samples=1000."
    assert said[1].startswith("Looked at 29184 readings of 10 channels, 0.332 channel-months, from 2023-11-14 22:13")
    assert said[2] == "contact-lost would have fired 0 times (now: 1); a channel and month: 0 (now: 3)."
    assert said[3] == "  sim-1-01: 0 (now: 1), -2023-11-15 03:31"
    assert len(said) == 5
    [place] = told(out)["contact-lost"]["places"]
    assert (place["scope"], place["would"], place["now"][0]["gone"]) == ("channel:sim-1-01", [], True)


def test_a_tighter_limit_counts_what_would_have_come(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "dry.json"
    option = "detectors.over-temperature.limit_celsius=30"
    done = tried(home, "--set", option, "--channel", "sim-1-01", "--out", out)
    assert "over-temperature would have fired 9 times (now: 0); a channel and month: 239 (now: 0)." in done.stdout
    assert "Looked at 3312 readings of 1 channel," in done.stdout
    counts = told(out)["over-temperature"]
    assert (counts["would"], counts["now"], counts["new"], counts["gone"]) == (9, 0, 9, 0)
    full = tmp_path / "full"
    reprocessed(home, full, "--set", option)
    alerts = json.loads(contents(full)["alerts.json"])
    opened = [a["opened_at"] for a in alerts if a["kind"] == "over-temperature" and a["channels"] == ["sim-1-01"]]
    assert [alert["opened_at"] for alert in counts["places"][0]["would"]] == opened


def test_what_the_changed_limit_sets_free_is_told_too(home: Path) -> None:
    done = tried(home, "--set", "detectors.cycler-silent.enabled=false")
    assert "cycler-silent would have fired 0 times (now: 2)" in done.stdout
    assert "channel-silent would have fired 9 times (now: 3)" in done.stdout


def test_only_the_asked_kinds_and_time_are_told(home: Path) -> None:
    begin = START + 3000
    option = ("--set", "detectors.frozen.repeats=12", "--since", begin, "--until", begin + 600)
    done = tried(home, *option, "--kind", "contact-lost")
    assert done.stdout.splitlines()[2].startswith("contact-lost would have fired 0 times (now: 0)")
    assert "from 2023-11-14 23:03 to 2023-11-14 23:13." in done.stdout
    assert "frozen would" not in done.stdout


def test_the_answer_changes_nothing_in_the_lab(home: Path) -> None:
    before = sorted(path for path in home.rglob("*"))
    assert tried(home, "--set", "detectors.frozen.repeats=5", "--until", START + 3600).returncode == 0
    assert sorted(path for path in home.rglob("*")) == before


def test_every_fault_is_told_at_once_and_nothing_is_done(home: Path) -> None:
    wrong = ("--set", "detectors.over-temperature.limit_kelvin=30", "--set", "detectors.frozen.repeats=x")
    done = tried(home, *wrong, "--kind", "frzen", "--since", "yesterday", "--out", home)
    assert done.returncode == 2
    said = done.stderr.splitlines()
    assert said[0].endswith('limit_kelvin = 30: no setting "limit_kelvin"; did you mean "limit_celsius"?')
    assert said[1] == '--set detectors.frozen.repeats = "x": expected a whole number'
    assert '--kind "frzen": there is no such kind of alert; did you mean "frozen"?' in said
    assert f'--out "{home}": expected a file in a folder that is there' in said
    assert any(line.startswith('--since "yesterday": expected') for line in said)
    assert len(said) == 5


def test_a_channel_without_readings_is_named(home: Path) -> None:
    done = tried(home, "--set", "detectors.frozen.repeats=5", "--channel", "sim-1-1")
    assert done.returncode == 1
    assert done.stderr == (
        '--channel "sim-1-1": the archive has no readings of it in that time; did you mean "sim-1-01"?\n'
    )


def test_a_time_without_readings_is_told(home: Path) -> None:
    done = tried(home, "--set", "detectors.frozen.repeats=5", "--since", "1h")
    assert done.returncode == 1
    assert done.stderr.endswith("has no readings of that time.\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30d", 1e9 - 30 * 86_400),
        ("12h", 1e9 - 12 * 3600),
        ("1.5h", 1e9 - 5400),
        ("2w", 1e9 - 14 * 86_400),
        ("90s", 1e9 - 90),
        ("10m", 1e9 - 600),
        ("5", 5.0),
        ("1970-01-01T01:00:00+01:00", 0.0),
    ],
)
def test_a_time_may_be_how_long_ago(text: str, expected: float) -> None:
    assert asked_time("--since", text, 1e9) == expected


@pytest.mark.parametrize("text", ["", "30", "-3d", "d", "3 days", "nan", "inf", "2026-11-22"])
def test_a_time_that_cannot_be_meant_is_said(text: str) -> None:
    found = asked_time("--since", text, 1e9)
    assert found == 30.0 if text == "30" else isinstance(found, str)


def test_a_tolerance_that_is_tried_goes_before_what_a_chamber_states() -> None:
    lab = Topology(chambers=(Chamber(id="a", setpoint_celsius=25.0, tolerance_kelvin=3.0),))
    detectors = {"chamber-off-setpoint": {"tolerance_kelvin": 1.0}}
    tried = with_tolerance(lab, detectors, ["detectors.chamber-off-setpoint.tolerance_kelvin = 1"])
    assert [chamber.tolerance_kelvin for chamber in tried.chambers] == [1.0]
    assert with_tolerance(lab, detectors, ["detectors.chamber-off-setpoint.delay_seconds=60"]) is lab


def alert(begin: float, end: float | None) -> Alert:
    return Alert(
        id=f"{begin}",
        kind="frozen",
        severity=Severity.P2,
        scope="channel:a",
        channels=("a",),
        test=None,
        opened_at=begin,
        closed_at=end,
        message="",
    )


def test_an_alert_that_only_comes_earlier_is_not_new() -> None:
    place = Place(
        kind="frozen", scope="channel:a", would=(alert(0, 10), alert(20, 30)), now=(alert(5, 10), alert(40, None))
    )
    assert [one.opened_at for one in place.new] == [20]
    assert [one.opened_at for one in place.gone] == [40]
