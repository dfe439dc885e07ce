"""Debian's Prometheus and Alertmanager as they are set when everything is asked for every second.

The packages are fetched and unpacked into a folder of this run, not installed; both listen on loopback and are
stopped after. An exporter shows 1000 channels with three gauges each.
"""

from __future__ import annotations

import http.client
import json
import random
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.notice_lab import CHANNELS, LOST_VOLT, OVER_VOLT, USUAL_VOLT, circuit_of, free_port

PACKAGES = ("prometheus", "prometheus-alertmanager")
TRIES, SOON = 20, 0.3
FIRST_SCRAPE_SECONDS = 8.0  # Prometheus looks for its targets every five seconds
RULES = """
groups:
- name: lab-{number}
  interval: 1s
  rules:
  - {{alert: OverVoltage, expr: voltage_volt > 4.22}}
  - {{alert: ContactLost, expr: voltage_volt < 0.5}}
"""
PROMETHEUS = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{alertmanager}"]}}]}}]}}
scrape_configs: [{{job_name: lab, static_configs: [{{targets: ["127.0.0.1:{exporter}"]}}]}}]
"""
ALERTMANAGER = """
route:
  receiver: hook
  group_by: [alertname, channel]
  group_wait: 0s
  group_interval: 1s
  routes:
  - {{matchers: [alertname = ContactLost], group_by: [alertname, circuit], group_wait: 1s, group_interval: 1s}}
receivers: [{{name: hook, webhook_configs: [{{url: "http://127.0.0.1:{webhook}/"}}]}}]
"""


def begun(body: Any) -> tuple[Iterable[str], int]:
    """The channels that fire in a body of Alertmanager."""
    firing = [alert["labels"]["channel"] for alert in body["alerts"] if alert["status"] == "firing"]
    return firing, len(firing) + int(body.get("truncatedAlerts", 0))


class Exporter:
    """What the channels show now."""

    def __init__(self) -> None:
        self.volts = dict.fromkeys(CHANNELS, USUAL_VOLT)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = outer.page().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_said: Any) -> None:
                """Says nothing: the answers of the benchmark stand alone."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def page(self) -> str:
        rows = []
        for channel, volt in self.volts.items():
            labels = f'{{channel="{channel}",circuit="{circuit_of(channel)}"}}'
            noise = random.gauss(0, 0.001)
            rows.append(f"voltage_volt{labels} {volt + noise:.4f}")
            rows.append(f"current_ampere{labels} {1.0 + noise:.4f}")
            rows.append(f"surface_temperature_celsius{labels} {26.0 + noise:.3f}")
        return "\n".join(rows) + "\n"


class Peers:
    """Prometheus and Alertmanager, running."""

    name = "Prometheus + Alertmanager, 1 s"

    def __init__(self, package: Path, folder: Path, webhook: int) -> None:
        self.package, self.folder, self.exporter = package, folder, Exporter()
        self.port = free_port()
        ports = {"webhook": webhook, "alertmanager": self.port, "exporter": self.exporter.server.server_address[1]}
        for name, text in (("prometheus", PROMETHEUS), ("alertmanager", ALERTMANAGER)):
            (folder / f"{name}.yml").write_text(text.format(**ports))
        self.processes: list[subprocess.Popen[bytes]] = []

    def begin(self) -> None:
        """Prometheus scrapes and evaluates each at a moment of the second that names decide: its rules are named anew
        until an evaluation soon follows a scrape, else up to a second would come on top of every notice."""
        self.alertmanager = self._start_alertmanager()
        self._name_rules(0)
        port = free_port()
        given = ("--config.file=prometheus.yml", "--storage.tsdb.path=tsdb", f"--web.listen-address=127.0.0.1:{port}")
        prometheus = self._start("prometheus", *given)
        answers(port)
        time.sleep(FIRST_SCRAPE_SECONDS)
        for number in range(1, TRIES):
            if phase_of(port) < SOON:
                return
            self._name_rules(number)
            prometheus.send_signal(signal.SIGHUP)
            time.sleep(2.5)

    def _name_rules(self, number: int) -> None:
        (self.folder / "rules.yml").write_text(RULES.format(number=number))

    def over(self, channels: Sequence[str]) -> float:
        return self._show(channels, OVER_VOLT)

    def lose(self, channels: Sequence[str]) -> float:
        return self._show(channels, LOST_VOLT)

    def heal(self, channels: Sequence[str]) -> None:
        self._show(channels, USUAL_VOLT)

    def kill_notifier(self) -> None:
        self.alertmanager.send_signal(signal.SIGKILL)
        self.alertmanager.wait()

    def restarted(self) -> float:
        began = time.monotonic()
        self.alertmanager = self._start_alertmanager()
        return began

    def end(self) -> None:
        for process in self.processes:
            process.terminate()
            process.wait()
        self.exporter.server.shutdown()

    def _show(self, channels: Sequence[str], volt: float) -> float:
        now = time.monotonic()
        self.exporter.volts.update(dict.fromkeys(channels, volt))
        return now

    def _start_alertmanager(self) -> subprocess.Popen[bytes]:
        told = ("--config.file=alertmanager.yml", "--storage.path=alerts", "--cluster.listen-address=")
        started = self._start("prometheus-alertmanager", *told, f"--web.listen-address=127.0.0.1:{self.port}")
        answers(self.port)
        return started

    def _start(self, name: str, *told: str) -> subprocess.Popen[bytes]:
        """In a namespace where /usr/share is the package's: Debian's build looks for its templates there."""
        inside = ["unshare", "-Urm", "sh", "-c", 'mount --bind "$0" /usr/share && exec "$@"']
        with (self.folder / f"{name}.log").open("ab") as log:
            command = [*inside, self.package / "share", self.package / "bin" / name, *told]
            self.processes.append(subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT))
        return self.processes[-1]


@contextmanager
def peers(folder: Path, webhook: int) -> Iterator[Peers]:
    """Both servers, while the block runs. Raises OSError or CalledProcessError where the packages cannot be had."""
    subprocess.run(["apt-get", "download", "-qq", *PACKAGES], cwd=folder, check=True, capture_output=True)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, folder / "package"], check=True)
    running = Peers(folder / "package" / "usr", folder, webhook)
    try:
        running.begin()
        yield running
    finally:
        running.end()


def phase_of(port: int) -> float:
    """The part of a second from a scrape to the next evaluation."""
    scraped = told(port, "targets")["activeTargets"][0]["lastScrape"]
    evaluated = told(port, "rules")["groups"][0]["lastEvaluation"]
    return (seconds_of(evaluated) - seconds_of(scraped)) % 1.0


def told(port: int, what: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{what}", timeout=5) as answer:
        return json.load(answer)["data"]


def seconds_of(time_text: str) -> float:
    """The seconds of a time such as 2026-11-22T12:00:07.123456789Z."""
    return float(time_text.partition("T")[2].rstrip("Z").rpartition(":")[2])


def answers(port: int) -> None:
    """Until the server on this port says that it is ready."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            line.request("GET", "/-/ready")
            if line.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            line.close()
    raise RuntimeError(f"Nothing is ready on port {port} after 30 s.")
