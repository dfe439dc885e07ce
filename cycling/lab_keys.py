"""The settings a lab.toml may have: for each key, what is expected of its value."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cycling.routing import DAYS, OWNER, VARIABLE, WEBHOOK, WHENS
from cycling.topology import UNLISTED
from cycling.types import Severity

NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
CYCLER_NAME = re.compile(r"[A-Za-z0-9._-]{1,56}")  # leaves room for the number of a channel
MOST_CHANNELS = 10_000  # of one cycler
VARIABLE_NAME = re.compile(VARIABLE + r"[A-Z0-9_]{1,64}")
CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
SCOPES = ("lab", "power_circuit", "cycler", "chamber", "channel")
SOURCES = ("measured", "recorded", "simulated")
VIEWS = ("grid", "chambers", "alerts", "fade")  # of the wall
REFERENCES = ("initial", "nominal", "first-checkup")


@dataclass(frozen=True)
class Key:
    """One setting: whether a value fits, what is expected when it does not, and whether it must be there."""

    fits: Callable[[Any], bool]
    expected: str
    required: bool = False


def is_number(value: Any) -> bool:
    """A finite number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_positive(value: Any) -> bool:
    return is_number(value) and value > 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 500


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and NAME.fullmatch(value) is not None


def _is_cycler_name(value: Any) -> bool:
    return isinstance(value, str) and CYCLER_NAME.fullmatch(value) is not None and value != UNLISTED


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_CHANNELS


def _is_fraction(value: Any) -> bool:
    return is_number(value) and 0 < value <= 1


def _is_time(value: Any) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None


def _is_timezone(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder, such as "Europe"
        return False
    return True


def _is_scope(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    kind, _, name = value.partition(":")
    return kind in SCOPES and bool(name) == (kind != "lab") and (":" in value) == (kind != "lab")


def _is_list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and len(value) > 0 and all(fits(one) for one in value)


def _is_person(value: Any) -> bool:
    return _is_name(value) and value not in (OWNER, WEBHOOK) and not value.startswith(VARIABLE)


def _is_variable(value: Any) -> bool:
    return isinstance(value, str) and VARIABLE_NAME.fullmatch(value) is not None


def _is_addressee(value: Any) -> bool:
    return _is_name(value)


def _is_route_scope(value: Any) -> bool:
    return _is_scope(value) or (isinstance(value, str) and value.startswith("batch:") and len(value) > len("batch:"))


def _is_clock(value: Any) -> bool:
    return isinstance(value, str) and CLOCK.fullmatch(value) is not None


def _is_hours(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    begin, _, end = value.partition("-")
    return _is_clock(begin) and _is_clock(end) and begin < end


def _is_night(value: Any) -> bool:
    """As hours, but a night may go past midnight."""
    if not isinstance(value, str):
        return False
    begin, _, end = value.partition("-")
    return _is_clock(begin) and _is_clock(end) and begin != end


def _is_stay(value: Any) -> bool:
    return is_number(value) and 5 <= value <= 3600


def _is_amount(value: Any) -> bool:
    return is_number(value) and value >= 0


def _is_list_of_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _one_of(words: tuple[str, ...]) -> Key:
    return Key(lambda value: value in words, f"expected one of {', '.join(words)}")


TEXT = Key(_is_text, "expected text of 1 to 500 characters")
NAMED = Key(_is_name, "expected a name of 1 to 64 of the characters A-Z a-z 0-9 . _ -")
SECONDS = Key(_is_positive, "expected seconds, more than 0")
CELSIUS = Key(is_number, "expected a number in °C")
VOLT = Key(is_number, "expected a number in V")
TIME = Key(_is_time, "expected a time with its zone, such as 2026-11-22T12:00:00Z; add Z for UTC", required=True)
NAME_OF_CYCLER = f'expected a name of 1 to 56 of the characters A-Z a-z 0-9 . _ -, other than "{UNLISTED}"'

SETPOINT: Mapping[str, Key] = {
    "at": TIME,
    "celsius": Key(is_number, "expected a number in °C", required=True),
}

TEST: Mapping[str, Key] = {
    "channel": NAMED,
    "test": Key(lambda value: _is_text(value) and len(value) <= 200, "expected text of 1 to 200 characters"),
    "cell": TEXT,
    "batch": TEXT,
    "protocol": TEXT,
    "chemistry": TEXT,
    "nominal_capacity_ah": Key(_is_positive, "expected a number in Ah, more than 0"),
    "voltage_min_volt": VOLT,
    "voltage_max_volt": VOLT,
    "temperature_max_celsius": CELSIUS,
    "end_of_life_fraction": Key(_is_fraction, "expected a fraction, more than 0 and at most 1"),
    "end_of_life_reference": _one_of(REFERENCES),
    "owner": TEXT,
}

WEEK_DAYS = Key(_is_list_of(lambda value: value in DAYS), f"expected a list of days out of {', '.join(DAYS)}")
ADDRESSEES = f'expected a list of ids of people, "{OWNER}", "{WEBHOOK}" or names of environment variables {VARIABLE}…'
MINUTES = Key(_is_amount, "expected minutes, or 0 for never")

# Tables that stand once, [name], and tables that may be repeated, [[name]].
SINGLE: Mapping[str, Mapping[str, Key]] = {
    "lab": {
        "name": TEXT,
        "timezone": Key(_is_timezone, 'expected a time zone such as "Europe/Zurich" or "UTC"'),
        "time_factor": Key(_is_positive, "expected a number, more than 0"),
        "digest_at": Key(_is_clock, 'expected a local time such as "07:30"'),
        "digest_days": WEEK_DAYS,
        "remind_p1_minutes": MINUTES,
        "remind_p2_minutes": MINUTES,
        "undelivered_hours": Key(_is_positive, "expected hours, more than 0"),
        "wall_night": Key(_is_night, 'expected two different local times such as "22:00-06:00"'),
    },
}
REPEATED: Mapping[str, Mapping[str, Key]] = {
    "chambers": {
        "id": Key(_is_name, NAMED.expected, required=True),
        "setpoint_celsius": Key(is_number, "expected a number in °C", required=True),
        "tolerance_kelvin": Key(_is_positive, "expected a number in K, more than 0"),
        "setpoints": Key(_is_list_of_tables, "expected a list of { at = TIME, celsius = NUMBER }"),
    },
    "cyclers": {
        "id": Key(_is_cycler_name, NAME_OF_CYCLER, required=True),
        "channels": Key(_is_count, f"expected a whole number from 1 to {MOST_CHANNELS}", required=True),
        "chamber": NAMED,
        "power_circuit": TEXT,
        "poll_seconds": SECONDS,
        "source": _one_of(SOURCES),
    },
    "channels": {
        "id": Key(_is_name, NAMED.expected, required=True),
        "chamber": NAMED,
        "power_circuit": TEXT,
        "board": TEXT,
        "logger": TEXT,
        "poll_seconds": SECONDS,
        "source": _one_of(SOURCES),
    },
    "tests": TEST,
    "maintenance": {
        "start": TIME,
        "end": TIME,
        "scope": Key(_is_scope, "expected lab, power_circuit:…, cycler:…, chamber:… or channel:…", required=True),
        "reason": TEXT,
    },
    "people": {
        "id": Key(_is_person, f'{NAMED.expected}, other than "{OWNER}", "{WEBHOOK}" and {VARIABLE}…', required=True),
        "name": TEXT,
        "notify": Key(
            _is_list_of(_is_variable),
            f"expected a list of names of environment variables such as {VARIABLE}ADA; they hold the addresses",
        ),
        "working_hours": Key(_is_hours, 'expected local times such as "08:00-18:00", the first the earlier one'),
        "days": WEEK_DAYS,
    },
    "routes": {
        "to": Key(_is_list_of(_is_addressee), ADDRESSEES, required=True),
        "severities": Key(
            _is_list_of(lambda value: value in list(Severity)), f"expected a list out of {', '.join(Severity)}"
        ),
        "scopes": Key(
            _is_list_of(_is_route_scope),
            "expected a list of lab, power_circuit:…, cycler:…, chamber:…, channel:… or batch:…",
        ),
        "owners": Key(_is_list_of(_is_text), "expected a list of owners of tests"),
        "kinds": Key(_is_list_of(_is_text), "expected a list of kinds of alerts"),
        "when": _one_of(WHENS),
        "unattended": Key(_is_list_of(_is_addressee), ADDRESSEES),
    },
    "views": {
        "show": Key(lambda value: value in VIEWS, f"expected one of {', '.join(VIEWS)}", required=True),
        "batch": TEXT,
        "seconds": Key(_is_stay, "expected seconds from 5 to 3600"),
    },
}
