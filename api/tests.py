"""GET and PUT /tests: what is known of the program runs besides their readings."""

from __future__ import annotations

import math
import time
from typing import Any

from flask import Blueprint, Response

from api.answers import Refused, answer
from api.arguments import who
from api.bodies import json_object
from cycling.lab_keys import TEST
from cycling.topology import TestFacts
from data_access.lab import lab

tests = Blueprint("tests", __name__)

MOST_EXTRAS = 100
MOST_NAME = 64  # characters of the name of an extra fact
MOST_TEXT = 2000
DEFAULTS = TestFacts(test="")
END_OF_LIFE = {name: getattr(DEFAULTS, name) for name in ("end_of_life_fraction", "end_of_life_reference")}
OUR_OWN = ("stated_at", "stated_by", "source", "statements", "extra", "who")  # not for others to say


@tests.get("/tests")
def get_tests() -> Response:
    return answer({"tests": [_with_defaults(facts) for facts in lab().tests.all()]})


@tests.get("/tests/<path:test>")
def get_test(test: str) -> Response:
    return answer(_with_defaults(known_test(test)))


@tests.put("/tests/<path:test>")
def put_test(test: str) -> Response:
    content = json_object()
    if content.get("test", test) != test:
        raise Refused(400, f'test="{str(content["test"])[:80]}": the URL names another test, "{test[:80]}".')
    if not TEST["test"].fits(test) or not test.isprintable():
        raise Refused(400, f"The name of a test: {TEST['test'].expected}, without control characters.")
    facts = {name: value for name, value in content.items() if name not in ("test", "who")}
    for name, value in facts.items():
        _check(name, value)
    if len(facts) > MOST_EXTRAS:
        raise Refused(400, f"{len(facts)} facts of one test; expected at most {MOST_EXTRAS}.")
    _check_limits({**(lab().tests.get(test) or {}), **facts})
    return answer(_with_defaults(lab().tests.put(test, facts, who(content), time.time(), "api")))


def known_test(test: str) -> dict[str, Any]:
    """What is known of a test; a test that nobody ever named is refused."""
    facts = lab().tests.get(test)
    if facts is None:
        raise Refused(404, f'There is no test "{test[:200]}".')
    return facts


def _with_defaults(facts: dict[str, Any]) -> dict[str, Any]:
    """What is known of a test, and by which end of life it is judged when nobody said."""
    return {"test": facts["test"], **END_OF_LIFE, **facts}


def _check(name: str, value: Any) -> None:
    """Null takes a fact back. A name outside the known ones is an extra fact: a text or a number."""
    if value is None and name not in OUR_OWN:
        return
    if name in TEST:
        if not TEST[name].fits(value):
            raise Refused(400, f"{name}: {TEST[name].expected}.")
    elif name in OUR_OWN or not 0 < len(name) <= MOST_NAME or not name.isprintable():
        raise Refused(400, f'"{name[:80]}" cannot be the name of a fact.')
    elif isinstance(value, float) and not math.isfinite(value):
        raise Refused(400, f"{name}: expected a finite number.")
    elif not isinstance(value, str | int | float) or len(str(value)) > MOST_TEXT:
        raise Refused(400, f"{name}: expected a text of at most {MOST_TEXT} characters, or a number.")


def _check_limits(facts: dict[str, Any]) -> None:
    low, high = facts.get("voltage_min_volt"), facts.get("voltage_max_volt")
    if low is not None and high is not None and low >= high:
        raise Refused(400, f"voltage_min_volt ({low} V): expected less than voltage_max_volt ({high} V).")
