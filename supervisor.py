"""Starts processes, restarts what dies, and ends everything in order. Knows nothing of what they are.

Every child leads a session of its own, so that Ctrl-C reaches only the supervisor, which then ends them in the
right order. On Linux a child dies with its supervisor, however that ends.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

SHORTEST_PAUSE = 0.5  # seconds before the first restart; doubled with every further one
LONGEST_PAUSE = 5.0  # and a few seconds to start: what dies again and again is still back within ten
STEADY_SECOND = 60.0  # a child that lived this long starts again without having to wait longer
STAGE_SECOND = 2.5  # what each stage gets to end; three stages stay below the promised ten seconds
LOG_BYTES = 5_000_000
DEATHS_KEPT = 20
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, kw_only=True)
class Command:
    """One process to keep running. Children of a lower ``stage`` are ended first."""

    name: str
    arguments: Sequence[str]
    stage: int
    log: Path
    folder: Path
    environment: Mapping[str, str]


@dataclass(kw_only=True)
class Child:
    """A command and what became of it so far."""

    command: Command
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restarts: int = 0
    pause: float = SHORTEST_PAUSE
    due: float = 0.0  # monotonic time of the next start
    deaths: list[dict[str, Any]] = field(default_factory=list)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Starts the process, its output going to its log."""
        self.command.log.parent.mkdir(parents=True, exist_ok=True)
        with self.command.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command.arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.command.folder,
                env=dict(self.command.environment),
                start_new_session=True,
                preexec_fn=_die_with_parent(),
            )
        self.started = time.time()

    def signal(self, number: int) -> None:
        """Tells the process and everything it started."""
        if self.process is not None and self.running:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:  # it ended in this very moment, which is what was wanted
                return

    def last_line(self) -> str:
        """The last thing it said."""
        if not self.command.log.exists():
            return ""
        with self.command.log.open("rb") as log:
            log.seek(max(0, self.command.log.stat().st_size - 4096))
            lines = log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip() if lines else ""

    def to_json(self) -> dict[str, Any]:
        """What /health shows of it."""
        process = self.process
        return {
            "pid": process.pid if process else None,
            "identity": identity(process.pid) if process and self.running else None,
            "started": self.started,
            "restarts": self.restarts,
            "deaths": self.deaths,
            "state": "running" if self.running else "waiting to start again",
        }


class Supervisor:
    """Keeps children running. ``say`` tells people, ``record`` keeps what /health shows."""

    def __init__(self, say: Callable[[str], None], record: Callable[[Mapping[str, Any]], None]) -> None:
        self.children: list[Child] = []
        self._say, self._record = say, record
        self._unrecorded = False

    def add(self, command: Command) -> Child:
        """Starts a child, to be kept running from now on."""
        rotate(command.log)
        child = Child(command=command)
        child.start()
        self.children.append(child)
        self.record()
        return child

    def look(self) -> None:
        """Notices who died and starts again whose pause is over."""
        changed = False
        for child in self.children:
            if child.running:
                continue
            changed = True
            if child.process is not None:
                self._bury(child)
            elif time.monotonic() >= child.due:
                self._start_again(child)
        if changed:
            self.record()

    def record(self) -> None:
        """Keeps who runs; a full disk costs this record, never the children."""
        try:
            self._record({child.command.name: child.to_json() for child in self.children})
        except OSError as error:
            if not self._unrecorded:
                self._say(f"Cannot keep the record of the processes: {error}. Make room; the lab runs on.")
            self._unrecorded = True
        else:
            self._unrecorded = False

    def end(self) -> None:
        """Ends all children, stage by stage; whoever does not end in time is killed."""
        for stage in sorted({child.command.stage for child in self.children}):
            group = [child for child in self.children if child.command.stage == stage]
            for child in group:
                child.signal(signal.SIGTERM)
                child.signal(signal.SIGCONT)  # one that was stopped must wake up to end
            _wait_for_end(group)
            for child in group:
                if child.running:
                    self._say(f"{child.command.name} does not end; killing it.")
                    child.signal(signal.SIGKILL)
            for child in group:
                if child.process is not None:
                    child.process.wait()

    def _start_again(self, child: Child) -> None:
        try:
            child.start()
        except OSError as error:  # no room for its log, too many processes: later may do
            child.due = time.monotonic() + LONGEST_PAUSE
            self._say(f"{child.command.name} cannot be started: {error}. Trying again in {LONGEST_PAUSE:g} s.")
        else:
            child.restarts += 1

    def _bury(self, child: Child) -> None:
        process = child.process
        assert process is not None
        code, child.process = process.returncode, None
        killed = signal.Signals(-code).name if code < 0 else None
        child.deaths = [*child.deaths, {"at": time.time(), "code": code, "signal": killed}][-DEATHS_KEPT:]
        if time.time() - child.started > STEADY_SECOND:
            child.pause = SHORTEST_PAUSE
        child.due = time.monotonic() + child.pause
        how = f"killed by {killed}" if killed else f"exit code {code}: {child.last_line()}"
        self._say(f"{child.command.name} died ({how}); starting it again in {child.pause:g} s.")
        child.pause = min(child.pause * 2, LONGEST_PAUSE)


def end_left_overs(recorded: Mapping[str, Mapping[str, Any]], say: Callable[[str], None]) -> None:
    """Ends children that a supervisor left behind when it was killed, told by what it recorded."""
    left = {
        name: int(told["pid"])
        for name, told in recorded.items()
        if told.get("pid") and told.get("identity") and identity(int(told["pid"])) == told["identity"]
    }
    for name, pid in left.items():
        say(f"Ending {name}, left over from an earlier run (process {pid}).")
    for number in (signal.SIGTERM, signal.SIGCONT, signal.SIGKILL):
        alive = [pid for name, pid in left.items() if identity(pid) == recorded[name]["identity"]]
        for pid in alive:
            os.killpg(pid, number)
        if number != signal.SIGTERM:
            wait_until(partial(_all_gone, alive), STAGE_SECOND)


def _all_gone(pids: Sequence[int]) -> bool:
    return all(identity(pid) is None for pid in pids)


def _wait_for_end(group: Sequence[Child]) -> bool:
    return wait_until(lambda: not any(child.running for child in group), STAGE_SECOND)


def identity(pid: int) -> str | None:
    """What tells a process from a later one that got the same number; None when it is gone."""
    stat = Path(f"/proc/{pid}/stat")
    if sys.platform == "linux":
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] == "Z" else f"{pid}@{fields[19]}"
    told = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return f"{pid}@{told.stdout.strip()}" if told.stdout.strip() else None


def rotate(log: Path) -> None:
    """Puts a log that has grown large aside, once."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Whether something came true within some seconds."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= end:
            return False
        time.sleep(0.02)
    return True


def _die_with_parent() -> Callable[[], None] | None:
    """What a child does before it becomes its command: asks Linux for a SIGTERM when its parent ends."""
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before it could be asked for
            os._exit(1)

    return ask
