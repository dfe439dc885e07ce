"""/healthz, /readyz and /metrics: for supervisors and for those who watch the watcher."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, current_app
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import InfoMetricFamily as Info
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from api.answers import answer
from api.hub import monitor_state
from api.stream import VERSION, hub
from data_access.lab import Lab, StoreAway, lab

health = Blueprint("health", __name__)

NEEDED = ("record", "watch")  # without the others readings are still kept and shown
PROCESSES = (*NEEDED, "compact", "notify")


@health.get("/healthz")
def healthz() -> Response:
    return answer({"alive": True, "version": current_app.extensions[VERSION]})


@health.get("/readyz")
def readyz() -> Response:
    found = readiness(lab(), time.time())
    return answer(found, 200 if found["ready"] else 503)


@health.get("/metrics")
def metrics() -> Response:
    registry = CollectorRegistry()
    registry.register(_Metrics(lab(), hub().viewers, current_app.extensions[VERSION], time.time()))
    return Response(generate_latest(registry), mimetype="text/plain", content_type=METRICS_TYPE)


METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def readiness(stores: Lab, now: float) -> dict[str, Any]:
    """The state and the lag of Redis, the archive and every process of the monitor."""
    began = time.perf_counter()
    redis = stores.live.ping()
    redis_lag = round(time.perf_counter() - began, 4)
    monitor = _monitor(stores, now) if redis.ok else {name: _process({}, now) for name in PROCESSES}
    archive = _archive(stores, monitor["record"].get("error"))
    ready = redis.ok and archive["ok"] and all(monitor[name]["state"] != "dead" for name in NEEDED)
    return {
        "ready": ready,
        "redis": {
            "ok": redis.ok,
            "detail": redis.detail,
            "durable": redis.durable,
            "whole": redis.whole,
            "lag_second": redis_lag if redis.ok else None,
        },
        "archive": archive,
        "monitor": monitor,
    }


def _archive(stores: Lab, refused: str | None) -> dict[str, Any]:
    """Whether the archive can be read and written, and how many batches are still on their way to it.

    ``refused`` is why ``record`` could not write it when it tried last.
    """
    cyclers = stores.topology.cycler_ids
    try:
        positions = stores.archive.positions(cyclers)
    except (StoreAway, OSError) as error:
        return {"ok": False, "detail": str(error), "lag_batches": None}
    found = {"ok": refused is None, "detail": refused or "The archive can be read.", "lag_batches": None}
    try:
        lasts = stores.live.lasts(cyclers)
    except StoreAway:
        return found
    return {**found, "lag_batches": sum(max(0, last - positions[cycler]) for cycler, last in lasts.items())}


def _monitor(stores: Lab, now: float) -> dict[str, Any]:
    try:
        beats = stores.live.beats()
    except StoreAway:
        beats = {}
    return {name: _process(beats.get(name, {}), now) for name in dict.fromkeys((*PROCESSES, *beats))}


def _process(beat: dict[str, Any], now: float) -> dict[str, Any]:
    age = None if "at" not in beat else max(0.0, round(now - beat["at"], 1))
    said = {name: value for name, value in beat.items() if name != "at"}
    return {"state": monitor_state(age), "age_second": age, **said}


class _Metrics(Collector):
    """What Prometheus is told, gathered when it asks."""

    def __init__(self, stores: Lab, viewers: int, version: str, now: float) -> None:
        self.stores, self.viewers, self.version, self.now = stores, viewers, version, now

    def collect(self) -> Iterable[Metric]:
        found = readiness(self.stores, self.now)
        yield Info("cellwatch", "The server.", {"version": self.version})
        yield Gauge("cellwatch_ready", "Whether everything that must work works.", int(found["ready"]))
        yield Gauge("cellwatch_viewers", "Streams that are open to this web worker.", self.viewers)
        yield from self._of_stores(found)
        yield from self._of_processes(found["monitor"])
        if found["redis"]["ok"]:
            yield from self._of_the_lab()

    def _of_stores(self, found: dict[str, Any]) -> Iterable[Metric]:
        redis = self.stores.live.ping()
        yield Gauge("cellwatch_redis_up", "Whether Redis answers.", int(redis.ok))
        yield Gauge("cellwatch_redis_durable", "Whether Redis keeps what it acknowledged.", int(redis.durable))
        yield Gauge("cellwatch_redis_memory_bytes", "Memory that Redis uses.", redis.used_memory)
        yield Gauge("cellwatch_archive_up", "Whether the archive can be read.", int(found["archive"]["ok"]))
        lag = found["archive"]["lag_batches"]
        if lag is not None:
            yield Gauge("cellwatch_archive_lag_batches", "Batches not archived yet.", lag)

    def _of_processes(self, monitor: dict[str, Any]) -> Iterable[Metric]:
        up = Gauge("cellwatch_process_up", "Whether a process lives.", labels=["process"])
        age = Gauge("cellwatch_process_age_seconds", "Since it last said so.", labels=["process"])
        lag = Gauge("cellwatch_process_lag_seconds", "How far it is behind in time.", labels=["process"])
        left = Gauge("cellwatch_process_lag_entries", "What it has still to do.", labels=["process"])
        for name, said in monitor.items():
            up.add_metric([name], int(said["state"] != "dead"))
            if said["age_second"] is not None:
                age.add_metric([name], said["age_second"])
            for gauge, fact in ((lag, "lag_second"), (left, "lag_entries"), (left, "waiting")):
                if isinstance(said.get(fact), int | float):
                    gauge.add_metric([name], said[fact])
        return [up, age, lag, left]

    def _of_the_lab(self) -> Iterable[Metric]:
        try:
            live = self.stores.live
            states = Counter(state.state_at(self.now) for state in live.states())
            severities = Counter(alert.severity.value for alert in live.alerts(open_only=True))
            rejected = live.quarantine_count()
        except StoreAway:
            return []
        channels = Gauge("cellwatch_channels", "Channels by what they do.", labels=["state"])
        alerts = Gauge("cellwatch_alerts_open", "Open alerts.", labels=["severity"])
        for state in ("charging", "discharging", "resting", "finished", "idle", "silent"):
            channels.add_metric([state], states[state])
        for severity in ("P1", "P2", "P3", "P4"):
            alerts.add_metric([severity], severities[severity])
        quarantined = Gauge("cellwatch_quarantined_rows", "Rows ever rejected.", rejected)
        return [channels, alerts, quarantined]
