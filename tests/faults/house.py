"""A small lab of real processes, supervised as ``run.py`` does it, any of which can be killed or stopped."""

from __future__ import annotations

import http.client
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import run
import settings
from data_access import embedded, processes
from data_access.errors import StoreAway
from data_access.lab import Lab, connect
from supervisor import Child, Command, Supervisor
from tests.e2e.running import free_port
from tests.faults.child import CLOCK
from tests.faults.scale import Scale

LAB = """
[lab]
name = "Lab of faults"
timezone = "Europe/Zurich"
[[chambers]]
id = "chamber-a"
setpoint_celsius = 25.0
"""
CYCLER = """
[[cyclers]]
id = "{cycler}"
channels = 8
chamber = "chamber-a"
"""
TEST = """
[[tests]]
channel = "{channel}"
test = "run-{channel}"
nominal_capacity_ah = 1.0
voltage_min_volt = 2.0
voltage_max_volt = 3.6
"""
CYCLERS = ("cy-1", "cy-2", "cy-3")
REFUSED = ("Another recorder works", "has passed to another", "another process committed first", "stands at ")
WATCHED = ("cy-1-01", "cy-2-01", "cy-3-01")  # their tests say what voltage is too much


class House:
    """The lab of one test, nothing of which runs yet. ``during`` and ``until`` keep it running while they wait.

    ``limits`` are more lines of its lab.toml.
    """

    def __init__(
        self, home: Path, scale: Scale, *, archive: Path | None = None, redis: Path | None = None, limits: str = ""
    ) -> None:
        self.home, self.scale, self.port = home, scale, free_port()
        self.data = redis or home / "data"
        self.archive = archive or home / "archive"
        self.clock = home / "clock"
        self.said: list[str] = []
        self._taken_away: set[str] = set()
        self._write_lab(limits)
        self.settings = settings.load(self._own())
        self.supervisor = Supervisor(self.said.append, lambda children: processes.write(self.home, children))
        self.lab = self.connect()

    def connect(self) -> Lab:
        """The stores, as one more process of the lab sees them."""
        return connect(redis_url=None, home=self.data, archive_url=str(self.archive), topology=self.settings.topology)

    def start(self, *names: str) -> None:
        """Starts processes and waits until they work. ``record-2`` is one more ``record``."""
        for name in names:
            self.supervisor.add(self._command(name))
            if name in ("redis", "cache"):
                path = embedded.socket_path if name == "redis" else embedded.cache_socket
                embedded.wait_ready(path(self.data))
        for name in names:
            self.until(lambda name=name: self._works_or_ends(name), f"{name} to work")

    def child(self, name: str) -> Child:
        (found,) = (child for child in self.supervisor.children if child.command.name == name)
        return found

    def works(self, name: str) -> bool:
        """Whether the process does its work: it answers, or its own heartbeat is there."""
        child = self.child(name)
        if not child.running or child.process is None:
            return False
        try:
            match name.partition("-")[0]:
                case "redis":
                    return self.lab.live.ping().ok
                case "cache":
                    return True
                case "web":
                    return self.get("/healthz") is not None
            return any(beat["pid"] == child.process.pid for beat in self.lab.live.beats().values())
        except StoreAway:
            return False

    def kill(self, name: str) -> None:
        self.child(name).signal(signal.SIGKILL)

    def freeze(self, name: str) -> None:
        self.child(name).signal(signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        self.child(name).signal(signal.SIGCONT)

    def take_away(self, name: str) -> None:
        """Kills a process and does not start it again before ``give_back``."""
        self._taken_away.add(name)
        self.kill(name)

    def give_back(self, name: str) -> None:
        self._taken_away.discard(name)
        self.child(name).due = time.monotonic()

    def look(self) -> None:
        """Starts again what died, as ``run.py`` does ten times a second."""
        self.supervisor.look()
        for child in self.supervisor.children:
            child.pause = min(child.pause, self.scale.longest_pause)
            if child.command.name in self._taken_away:
                child.due = math.inf

    def during(self, seconds: float) -> None:
        """Lets the lab run for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()
            time.sleep(0.02)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Lets the lab run until something is true."""
        end = time.monotonic() + self.scale.slack
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"Waited {self.scale.slack:g} s in vain for {what}.\n{self.logs()}")
            self.during(0.05)

    def set_clock(self, seconds: float) -> None:
        """Sets the clock of every process of the monitor and of the web app wrong by so much."""
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self.clock)

    def get(self, path: str) -> Any:
        """The JSON of a route whatever its status, None while nobody answers."""
        return self.ask("GET", path)[1]

    def ask(self, method: str, path: str, content: Any = None) -> tuple[int, Any]:
        """Status and JSON of an answer; (0, None) while nobody answers."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            body = None if content is None else json.dumps(content)
            line.request(method, path, body, {"Content-Type": "application/json"})
            answer = line.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            return 0, None
        finally:
            line.close()

    def alerts(self) -> list[dict[str, Any]]:
        """Every alert that the API tells of, open or not."""
        found: list[list[dict[str, Any]]] = []

        def told() -> bool:
            status, answer = self.ask("GET", "/api/v1/alerts?state=all")
            found.extend([answer["alerts"]] if status == 200 else [])
            return bool(found)

        self.until(told, "the API to tell the alerts")
        return found[0]

    def alert(self, kind: str, channel: str) -> dict[str, Any]:
        """The alert of a kind on a channel, once there is one."""
        scope, found = f"channel:{channel}", dict[str, Any]()

        def there() -> bool:
            found.update(*(alert for alert in self.alerts() if alert["kind"] == kind and alert["scope"] == scope))
            return bool(found)

        self.until(there, f"{kind} on {channel}")
        return found

    def say(self, alert: str, what: str, **content: str) -> None:
        """What a person does about an alert: acknowledge, comment."""
        self.until(lambda: self.ask("POST", f"/api/v1/alerts/{alert}/{what}", content)[0] == 200, what)

    def refused(self) -> int:
        """How often a process was told that another one had been faster."""
        logs = [path.read_text(errors="replace") for path in self.home.glob("log/*.log")]
        lines = [line for log in logs for line in log.splitlines()]
        return sum(any(words in line for words in REFUSED) for line in lines)

    def logs(self) -> str:
        """What the supervisor and the processes said last."""
        ends = [f"{path.name}: {path.read_text(errors='replace')[-1500:]}" for path in self.home.glob("log/*.log")]
        return "\n".join([*self.said[-20:], *ends])

    def end(self) -> None:
        """Ends every process, also those that are stopped."""
        self.supervisor.end()
        self.lab.live.client.close()

    def _works_or_ends(self, name: str) -> bool:
        """``works``, for a process that nobody has harmed yet."""
        assert not self.child(name).deaths, self.logs()
        return self.works(name)

    def _command(self, name: str) -> Command:
        kind = name.partition("-")[0]
        stage = {"redis": run.STORES, "cache": run.STORES, "web": run.FEEDS}.get(kind, run.MONITOR)
        arguments = [sys.executable, "-m", "tests.faults.child", kind]
        if kind == "redis":
            arguments = embedded.server_command(self.data)
        elif kind == "cache":
            arguments = embedded.cache_command(self.data)
        elif kind == "web":
            arguments = [*run.web_command(self.settings)[:-1], "tests.faults.child:serve()"]
        log = self.home / "log" / f"{name}.log"
        environment = {**self._inherited(), **self._own(), CLOCK: str(self.clock), "PYTHONUNBUFFERED": "1"}
        return Command(
            name=name, arguments=arguments, stage=stage, log=log, folder=run.PROJECT, environment=environment
        )

    def _own(self) -> dict[str, str]:
        return {
            "CELLWATCH_LAB": str(self.home / "lab.toml"),
            "CELLWATCH_HOME": str(self.data),
            "CELLWATCH_ARCHIVE_URL": str(self.archive),
            "CELLWATCH_PORT": str(self.port),
        }

    def _inherited(self) -> Mapping[str, str]:
        return {name: value for name, value in os.environ.items() if not name.startswith("CELLWATCH_")}

    def _write_lab(self, limits: str) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.set_clock(0.0)
        cyclers = "".join(CYCLER.format(cycler=cycler) for cycler in CYCLERS)
        tests = "".join(TEST.format(channel=channel) for channel in WATCHED)
        (self.home / "lab.toml").write_text(LAB + cyclers + tests + limits, "utf-8")
