"""lab.toml: what it says, and every fault in it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

import settings
from cycling.detectors import PLANNED, REGISTRY
from cycling.lab_keys import REPEATED, SINGLE
from cycling.toml_lines import lines_of
from cycling.topology import Topology

CONTRACT_EXAMPLE = """
[lab]
name = "Example lab"
timezone = "Europe/Zurich"
time_factor = 1.0

[[chambers]]
id = "chamber-a"
setpoint_celsius = 30.0
tolerance_kelvin = 2.0
setpoints = [{ at = 2026-11-22T12:00:00Z, celsius = 45.0 }]

[[chambers]]
id = "chamber-b"
setpoint_celsius = 25

[[cyclers]]
id = "arbin-1"
channels = 48
chamber = "chamber-a"
power_circuit = "A"
poll_seconds = 30

[[channels]]
id = "arbin-1-07"
chamber = "chamber-b"
board = "2"
logger = "daq-1"

[[tests]]
channel = "arbin-1-07"
test = "2017-05-12_CH07"
cell = "A123-0417"
batch = "2017-05-12"
protocol = "5.4C(40%)-3.6C"
chemistry = "LFP/graphite"
nominal_capacity_ah = 1.1
voltage_min_volt = 2.0
voltage_max_volt = 3.6
temperature_max_celsius = 60.0
end_of_life_fraction = 0.80
end_of_life_reference = "initial"
owner = "a.person"

[[maintenance]]
start = 2026-11-22T08:00:00Z
end = 2026-11-22T10:00:00Z
scope = "power_circuit:A"
reason = "UPS service"

[detectors.contact-lost]
enabled = false
"""


def read(tmp_path: Path, text: str) -> Topology:
    (tmp_path / "lab.toml").write_text(text)
    return settings.read_lab(tmp_path / "lab.toml")[0]


def faults(tmp_path: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(settings.SettingsError) as error:
        read(tmp_path, text)
    return error.value.faults


def test_the_documented_example_is_read(tmp_path: Path) -> None:
    lab = read(tmp_path, CONTRACT_EXAMPLE)
    assert (lab.name, lab.timezone, lab.time_factor) == ("Example lab", "Europe/Zurich", 1.0)
    assert len(lab.places) == 48
    place = lab.place("arbin-1-07")
    assert (place.cycler, place.chamber, place.board, place.power_circuit) == (
        "arbin-1",
        "chamber-b",
        "2",
        "A",
    )
    assert lab.chambers[0].setpoint_at(1.8e9) == 45.0
    assert lab.tests[0].cell == "A123-0417"
    assert lab.maintenance[0].end - lab.maintenance[0].start == 7200
    assert settings.read_lab(tmp_path / "lab.toml")[1] == {"contact-lost": {"enabled": False}}


def test_an_empty_file_is_a_lab_without_topology(tmp_path: Path) -> None:
    assert read(tmp_path, "") == Topology()


def test_limits_of_a_planned_detector_are_accepted_and_a_built_one_is_not_planned(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text("[detectors.chamber-off-setpoint]\ndelay_seconds = 600\n")
    detectors = settings.read_lab(tmp_path / "lab.toml")[1]
    assert detectors == {"chamber-off-setpoint": {"delay_seconds": 600}}
    assert not PLANNED & set(REGISTRY)


def test_every_fault_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = """[lab]
nam = "x"
timezone = "Zurichh"
[[chambers]]
id = "a"
setpoint_celsius = "x"
[[cyclers]]
id = "c"
channels = 0
[detectors.contact-lots]
"""
    assert faults(tmp_path, text) == (
        'lab.toml line 2 [lab] nam = "x": no setting "nam"; did you mean "name"?',
        'lab.toml line 3 [lab] timezone = "Zurichh": expected a time zone such as "Europe/Zurich" or "UTC"',
        'lab.toml line 6 [chambers] setpoint_celsius = "x": expected a number in °C',
        "lab.toml line 9 [cyclers] channels = 0: expected a whole number from 1 to 10000",
        'lab.toml line 10 [detectors.contact-lots]: there is no "contact-lots"; did you mean "contact-lost"?',
    )


def test_the_views_of_the_wall_are_read_in_their_order(tmp_path: Path) -> None:
    lab = read(
        tmp_path,
        """
[lab]
wall_night = "22:00-06:00"
[[views]]
show = "grid"
seconds = 60
[[views]]
show = "fade"
batch = "2017-05-12"
""",
    )
    assert [(view.name, view.seconds) for view in lab.views] == [("grid", 60), ("fade:2017-05-12", 30.0)]
    assert lab.wall_night == "22:00-06:00"


CHAMBER = '[[chambers]]\nid = "a"\nsetpoint_celsius = 25\n'
CYCLER = '[[cyclers]]\nid = "c"\nchannels = 2\npower_circuit = "A"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[lab]\ntime_factor = 0", "line 2 [lab] time_factor = 0: expected a number, more than 0"),
        ("[lab]\nname = 3", "line 2 [lab] name = 3: expected text"),
        ('[lab]\ntimezone = "Europe"', "expected a time zone"),
        ('[lab]\ntimezone = "../../etc/passwd"', "expected a time zone"),
        ("[[lab]]", "line 1 [lab]: expected one table [lab]"),
        ("[chambers]\nid = 'a'", "line 1 [chambers]: expected [[chambers]], in double brackets"),
        ("chambers = 3", "[chambers]: expected [[chambers]]"),
        ("[chamber]", 'no such table; did you mean "chambers"?'),
        ("[[viewers]]\nname = 'x'", "line 1 [viewers]: no such table"),
        ("[[chambers]]\nid = 'a'", "line 1 [chambers]: setpoint_celsius is missing: expected a number in °C"),
        (CHAMBER + "tolerance_kelvin = 0", "line 4 [chambers] tolerance_kelvin = 0: expected a number in K"),
        (CHAMBER + "tolerance_kelvin = nan", "tolerance_kelvin = nan"),
        (CHAMBER + CHAMBER, 'line 5 [chambers] id = "a": used a second time'),
        (CHAMBER + "setpoints = [{ at = 2026-11-22T12:00:00, celsius = 4 }]", "add Z for UTC"),
        (CHAMBER + "setpoints = [{ at = 2026-11-22T12:00:00Z }]", "celsius is missing"),
        (CYCLER + CYCLER, 'line 6 [cyclers] id = "c": used a second time'),
        (CYCLER + "chamber = 'b'", 'line 5 [cyclers] chamber = "b": there is no "b"'),
        (CYCLER + "source = 'real'", "expected one of measured, recorded, simulated"),
        (CYCLER + "[[channels]]\nid = 'c-03'", 'line 6 [channels] id = "c-03": no cycler of this file'),
        (CYCLER + "[[channels]]\nid = 'c-01'\n[[channels]]\nid = 'c-01'", "line 8 [channels] id"),
        ("[[cyclers]]\nid = 'unlisted'\nchannels = 1", 'other than "unlisted"'),
        ("[[cyclers]]\nid = 'a/b'\nchannels = 1", 'line 2 [cyclers] id = "a/b": expected a name'),
        ("[[cyclers]]\nid = 'a'\nchannels = true", "channels = true: expected a whole number"),
        ("[[tests]]\ncell = 'x'", "test is missing"),
        ("[[views]]\nshow = 'grd'", 'line 2 [views] show = "grd": expected one of grid, chambers, alerts, fade'),
        ("[[views]]\nseconds = 20", "line 1 [views]: show is missing: expected one of"),
        ("[[views]]\nshow = 'fade'", "line 1 [views]: batch is missing"),
        ("[[views]]\nshow = 'grid'\nbatch = 'b'", 'line 3 [views] batch = "b": expected only together with'),
        ("[[views]]\nshow = 'grid'\nseconds = 1", "line 3 [views] seconds = 1: expected seconds from 5 to 3600"),
        ("[[views]]\nshow = 'grid'\nsecond = 9", 'line 3 [views] second = 9: no setting "second"; did you mean'),
        ("[lab]\nwall_night = '22-6'", 'line 2 [lab] wall_night = "22-6": expected two different local times'),
        ("[[tests]]\ntest = 't'\n[[tests]]\ntest = 't'", 'line 4 [tests] test = "t": used a second time'),
        (
            "[[tests]]\ntest = 't'\nvoltage_min_volt = 4\nvoltage_max_volt = 3",
            "expected less than voltage_max_volt",
        ),
        (
            "[[tests]]\ntest = 't'\nend_of_life_reference = 'first'",
            "expected one of initial, nominal, first-checkup",
        ),
        ("[[tests]]\ntest = 't'\nend_of_life_fraction = 80", "line 3 [tests] end_of_life_fraction = 80"),
        (
            CYCLER + "[[maintenance]]\nstart = 2026-11-22T08:00:00\nend = 2026-11-22T10:00:00Z\nscope = 'lab'",
            "line 6 [maintenance] start = 2026-11-22T08:00:00: expected a time with its zone",
        ),
        (
            CYCLER
            + "[[maintenance]]\nstart = 2026-11-22T08:00:00Z\nend = 2026-11-22T07:00:00Z\n"
            + "scope = 'power_circuit:B'",
            'there is no "B"',
        ),
        ("[[maintenance]]\nscope = 'room:1'", "expected lab, power_circuit:…"),
        ("[detectors]\ncontact-lost = 3", "expected a table [detectors.<kind>]"),
        ("[detectors.contact-lost]\ndely_seconds = 3", 'did you mean "delay_seconds"?'),
        (
            "[detectors.contact-lost]\ndelay_seconds = -3",
            "line 2 [detectors.contact-lost] delay_seconds = -3",
        ),
        ("[detectors.contact-lost]\nenabled = 1", "enabled = 1: expected true or false"),
        ("[lab\n", "not readable as TOML"),
        ("[lab]\nname = 'a'\nname = 'b'", "not readable as TOML"),
    ],
)
def test_a_fault_says_where_it_is_what_stands_there_and_what_was_expected(tmp_path: Path, text: str, said: str) -> None:
    assert said in "\n".join(faults(tmp_path, text))


def test_a_test_without_a_name_is_the_first_of_its_channel(tmp_path: Path) -> None:
    assert read(tmp_path, "[[tests]]\nchannel = 'x-01'\ncell = 'A'").tests[0].test == "x-01-001"


def test_a_test_may_run_on_a_channel_that_no_cycler_lists(tmp_path: Path) -> None:
    assert read(tmp_path, "[[tests]]\nchannel = 'elsewhere'\ntest = 't'").tests[0].channel == "elsewhere"


def test_commanded_setpoints_are_put_in_order_of_time(tmp_path: Path) -> None:
    later, earlier = (
        "{at = 2026-01-02T00:00:00Z, celsius = 2}",
        "{at = 2026-01-01T00:00:00+01:00, celsius = 1}",
    )
    changes = f"setpoints = [{later}, {earlier}]"
    assert [change.celsius for change in read(tmp_path, CHAMBER + changes).chambers[0].setpoints] == [1, 2]


def test_a_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(settings.SettingsError, match="no such file; set CELLWATCH_LAB"):
        settings.read_lab(tmp_path / "none.toml")


def test_a_file_that_is_no_text_is_one_clear_fault(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(settings.SettingsError, match="cannot be read as UTF-8"):
        settings.read_lab(tmp_path / "lab.toml")


def test_lines_are_found_past_comments_quotes_and_long_texts() -> None:
    text = '# x\n[ "a" ] # c\nk = """\n[b]\nz = 1\n"""\n[[c]]\n"k" = 1\n[[c]]\nk = 2\n'
    found = lines_of(text)
    assert (found["a", 0, ""], found["a", 0, "k"]) == (2, 3)
    assert (found["c", 0, "k"], found["c", 1, "k"]) == (8, 10)
    assert ("b", 0, "") not in found


PEOPLE = """
[lab]
timezone = "Europe/Zurich"
digest_at = "06:45"
digest_days = ["mon", "thu"]
remind_p1_minutes = 5
undelivered_hours = 2

[[cyclers]]
id = "arbin-1"
channels = 2

[[people]]
id = "ada"
name = "Ada"
notify = ["CELLWATCH_NOTIFY_ADA", "CELLWATCH_NOTIFY_ADA_PHONE"]
working_hours = "07:00-16:30"
days = ["tue"]

[[routes]]
severities = ["P1"]
to = ["ada", "CELLWATCH_NOTIFY_ROOM"]

[[routes]]
scopes = ["cycler:arbin-1", "batch:2017-05-12"]
owners = ["a.person"]
kinds = ["contact-lost", "cycler-silent"]
to = ["owner", "webhook"]
when = "working-hours"
unattended = ["ada"]
"""


def test_people_and_routes_are_read(tmp_path: Path) -> None:
    routing = read(tmp_path, PEOPLE).routing
    (ada,) = routing.people
    assert (ada.hours.begin.isoformat(), ada.hours.end.isoformat(), ada.hours.days) == (
        "07:00:00",
        "16:30:00",
        ("tue",),
    )
    assert [route.to for route in routing.routes] == [("ada", "CELLWATCH_NOTIFY_ROOM"), ("owner", "webhook")]
    assert (routing.routes[0].severities, routing.routes[0].when) == (("P1",), None)
    assert (routing.routes[1].when, routing.routes[1].unattended) == ("working-hours", ("ada",))
    assert (routing.digest_at.isoformat(), routing.digest_days) == ("06:45:00", ("mon", "thu"))
    assert (routing.remind_p1_minutes, routing.remind_p2_minutes, routing.undelivered_hours) == (5, 240, 2)
    assert routing.variables == ("CELLWATCH_NOTIFY_ADA", "CELLWATCH_NOTIFY_ADA_PHONE", "CELLWATCH_NOTIFY_ROOM")


ADA = "[[people]]\nid = 'ada'\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ADA + ADA, 'line 4 [people] id = "ada": used a second time'),
        ("[[people]]\nid = 'owner'", 'line 2 [people] id = "owner": expected a name'),
        (ADA + "notify = ['ADA']", 'line 3 [people] notify = ["ADA"]: expected a list of names of environment'),
        (ADA + "working_hours = '18:00-08:00'", "the first the earlier one"),
        (ADA + "days = ['monday']", "expected a list of days out of mon, tue"),
        (ADA + "[[routes]]\nto = ['adda']", 'line 4 [routes] to = ["adda"]: there is no "adda"; did you mean "ada"?'),
        ("[[routes]]\nwhen = 'always'", "line 1 [routes]: to is missing"),
        ("[[routes]]\nto = []", "line 2 [routes] to = []: expected a list of ids of people"),
        ("[[routes]]\nto = ['webhook']\nwhen = 'never'", "expected one of always, working-hours, digest"),
        ("[[routes]]\nto = ['webhook']\nseverities = ['P5']", "expected a list out of P1, P2, P3, P4"),
        ("[[routes]]\nto = ['webhook']\nscopes = ['cycler:c']", 'there is no "c"'),
        ("[[routes]]\nto = ['webhook']\nscopes = ['room:c']", "or batch:…"),
        ("[[routes]]\nto = ['webhook']\nkinds = ['contact-lots']", 'did you mean "contact-lost"?'),
        ("[[routes]]\nto = ['webhook']\nunattended = ['webhook']", 'only together with when = "working-hours"'),
        ("[lab]\ndigest_at = '7:30'", 'expected a local time such as "07:30"'),
        ("[lab]\nremind_p1_minutes = -1", "expected minutes, or 0 for never"),
    ],
)
def test_a_fault_in_people_and_routes_says_what_was_expected(tmp_path: Path, text: str, said: str) -> None:
    assert said in "\n".join(faults(tmp_path, text))


def test_an_address_that_was_put_there_by_mistake_is_not_repeated(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, ADA + "notify = ['slack://T0KEN/SECRET/x']")
    assert 'notify = ["slack://…"]' in fault
    assert "SECRET" not in fault


@pytest.mark.parametrize("table", ["lab", "people", "routes"])
def test_every_setting_stands_in_the_documentation(table: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    for key in {**SINGLE, **REPEATED}[table]:
        assert f"| `{key}` |" in text
