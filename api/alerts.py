"""GET /alerts, how good they are, and what people say about one: acknowledge, shelve, out of service, comment."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Response, request

from api.answers import Refused, answer
from api.arguments import number, one_of, who, whole_number
from api.bodies import json_object
from cycling.alert_search import Asked, Surroundings, search
from cycling.types import Alert
from data_access.alert_log import page_of_log, quality_of
from data_access.lab import lab

alerts = Blueprint("alerts", __name__)

MOST_MINUTES = 10_080  # a week
MOST_CHARACTERS = 4000
DAYS, MOST_DAYS = 7, 366
MOST_ALERTS = 1_000_000
ASKED = ("find", "kind", "severity", "channel", "cycler", "chamber", "batch", "owner")


@alerts.get("/alerts")
def get_alerts() -> Response:
    """``more`` says how many older ones fit besides, for those who page with ``limit`` and ``skip``."""
    state = one_of("state", ("open", "all"), "open")
    since, asked = number("since"), _asked()
    limit = whole_number("limit", None, least=1, most=MOST_ALERTS)
    skip = whole_number("skip", 0, least=0, most=MOST_ALERTS)
    around = _surroundings(asked)
    if state == "all":
        shown, more = page_of_log(lab(), since, asked, around, skip, limit)
    else:
        known = lab().live.alerts(open_only=True, since=since, channel=asked.channel or None)
        found = search(known, asked, around)[skip:]
        shown, more = found[:limit], len(found[limit:]) if limit is not None else 0
    return answer({"alerts": [alert.to_json() for alert in shown], "more": more})


@alerts.get("/alerts/quality")
def get_quality() -> Response:
    days = whole_number("days", DAYS, least=1, most=MOST_DAYS)
    return answer(quality_of(lab(), days, time.time()).to_json())


@alerts.post("/alerts/<alert_id>/acknowledge")
def acknowledge(alert_id: str) -> Response:
    return _say("acknowledge", alert_id, json_object())


@alerts.post("/alerts/<alert_id>/shelve")
def shelve(alert_id: str) -> Response:
    content = json_object()
    minutes = content.get("minutes")
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes <= MOST_MINUTES:
        raise Refused(400, f"minutes: expected a number, more than 0 and at most {MOST_MINUTES} (a week).")
    return _say("shelve", alert_id, content, minutes=minutes)


@alerts.post("/alerts/<alert_id>/unshelve")
def unshelve(alert_id: str) -> Response:
    return _say("unshelve", alert_id, json_object())


@alerts.post("/alerts/<alert_id>/out-of-service")
def out_of_service(alert_id: str) -> Response:
    content = json_object()
    reason = {"reason": _words(content, "reason")} if "reason" in content else {}
    return _say("out-of-service", alert_id, content, **reason)


@alerts.post("/alerts/<alert_id>/return-to-service")
def return_to_service(alert_id: str) -> Response:
    return _say("return-to-service", alert_id, json_object())


@alerts.post("/alerts/<alert_id>/comment")
def comment(alert_id: str) -> Response:
    content = json_object()
    return _say("comment", alert_id, content, text=_words(content, "text"))


def _asked() -> Asked:
    return Asked(**{name: request.args.get(name, "") for name in ASKED})


def _surroundings(asked: Asked) -> Surroundings:
    """Whose alerts they are is looked up only for those who ask."""
    if not (asked.batch or asked.owner):
        return Surroundings(topology=lab().topology, facts={}, running={})
    facts = {told["test"]: told for told in lab().tests.all()}
    running = {state.channel: state.test for state in lab().live.states()}
    return Surroundings(topology=lab().topology, facts=facts, running=running)


def _words(content: dict[str, Any], name: str) -> str:
    """What a person has to say."""
    text = content.get(name)
    if not isinstance(text, str) or not text.strip() or len(text) > MOST_CHARACTERS:
        raise Refused(400, f"{name}: expected what there is to say, 1 to {MOST_CHARACTERS} characters.")
    return text.strip().encode("utf-8", "replace").decode()


def _say(kind: str, alert_id: str, content: dict[str, Any], **said: Any) -> Response:
    """Journal what was said and answer with the alert as it is then."""
    _find(alert_id)
    lab().journal.append(kind, who(content), time.time(), alert=alert_id, **said)
    return answer(_find(alert_id).to_json())


def _find(alert_id: str) -> Alert:
    found = next((alert for alert in lab().live.alerts() if alert.id == alert_id), None)
    if found is None:
        raise Refused(404, f'There is no alert "{alert_id[:80]}" that is open or was closed in the last days.')
    return found
