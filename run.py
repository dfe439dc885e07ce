"""``make run``: starts the processes of a one-machine lab and restarts what dies. Ctrl-C ends everything."""

from __future__ import annotations

import fcntl
import http.client
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import settings
from cycling.detectors import PLANNED
from data_access import begun, connection, embedded, processes
from data_access.broken import reaching_table
from data_access.errors import Misconfigured, StoreAway
from data_access.object_store import is_remote
from settings import Settings
from supervisor import Command, Supervisor, end_left_overs, wait_until

PROJECT = Path(__file__).resolve().parent
WEB_THREADS = 416  # 2 × MOST_VIEWERS of api/stream.py and 16
FREE_BYTES = 200_000_000  # what the disk must have left to begin with
LOOK_SECOND = 0.1
HINT_SECOND = 30.0
STORE_SECOND = 3.0  # how long a configured Redis is waited for before the lab refuses to start
FEEDS, MONITOR, STORES = 1, 2, 3  # the order in which they end: first those who send, last those who keep


class CannotStart(Exception):
    """Why the lab does not start: one sentence that says what to do."""


def say(text: str) -> None:
    """Tells the person at the terminal."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except OSError:  # the terminal is gone; nobody can be told, and the lab must still be ended in order
        return


class Ending:
    """Whether the lab was told to end: by a signal, or by ``make`` being told to."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)
        self._make = os.getppid() if "MAKELEVEL" in os.environ else None
        self._catches = self._make is not None and _catches_interrupt(self._make)

    def __bool__(self) -> bool:
        return self.asked or self._make_ends()

    def _ask(self, number: int, frame: object) -> None:
        self.asked = True

    def _make_ends(self) -> bool:
        """An interrupt sent to ``make`` alone is not passed on: it just waits for us and stops catching it."""
        if self._make is None:
            return False
        return os.getppid() != self._make or (self._catches and not _catches_interrupt(self._make))


def main() -> int:
    try:
        chosen = settings.load(os.environ)
    except settings.SettingsError as error:
        sys.stderr.write("".join(fault + "\n" for fault in error.faults))
        return 2
    for kind in sorted(PLANNED & set(chosen.detectors)):
        say(f"{chosen.lab_file.name} [detectors.{kind}]: this detector is not built yet; its settings have no effect.")
    ending = Ending()
    supervisor = Supervisor(say, lambda children: record(chosen.home, children))
    try:
        with locked(chosen.home):
            check(chosen)
            end_left_overs(processes.read(chosen.home), say)
            try:
                start(chosen, supervisor, ending)
                keep(chosen, supervisor, ending)
            finally:
                if supervisor.children:
                    say("Ending …")
                supervisor.end()
                record(chosen.home, {})
    except (CannotStart, StoreAway) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:  # a full disk, a folder taken away: the sentence of the system, and where
        sys.stderr.write(f"Cellwatch cannot go on: {error}. Its data folder is {chosen.home}.\n")
        return 2
    say("Ended. Nothing is lost; `make run` goes on where this stopped.")
    return 0


def start(chosen: Settings, supervisor: Supervisor, ending: Ending) -> None:
    """Starts the stores, then the monitor, the web app and the feeds."""
    if chosen.redis_url is None:
        say("Starting Redis …")
        server(supervisor, command(chosen, "redis", embedded.server_command(chosen.home), STORES), ending)
    if chosen.cache_url is None:
        server(supervisor, command(chosen, "cache", embedded.cache_command(chosen.home), STORES), ending)
    if ending:
        return
    say(
        "Starting the monitor, the web app and the feeds …" if chosen.demo else "Starting the monitor and the web app …"
    )
    python = sys.executable
    for kind, count in (("record", chosen.recorders), ("watch", chosen.watchers), ("compact", 1), ("notify", 1)):
        for name in numbered(kind, count):
            supervisor.add(command(chosen, name, [python, "-m", "monitor", kind], MONITOR))
    supervisor.add(command(chosen, "web", web_command(chosen), FEEDS))
    if chosen.demo:
        supervisor.add(command(chosen, "feeds", [python, "-m", "feeds", "demo"], FEEDS))


def numbered(kind: str, count: int) -> list[str]:
    """The names of so many processes of a kind."""
    return [kind] if count == 1 else [f"{kind}-{number}" for number in range(1, count + 1)]


def server(supervisor: Supervisor, command: Command, ending: Ending) -> None:
    """Starts a store and waits until it answers; one that dies instead is a reason not to start."""
    path = embedded.socket_path if command.name == "redis" else embedded.cache_socket
    where = path(Path(command.environment["CELLWATCH_HOME"]))
    end_left_server(where)
    child = supervisor.add(command)
    while not ending:
        if not child.running:
            raise CannotStart(f"{command.name} does not start: {child.last_line()} More is in {command.log}.")
        try:
            embedded.wait_ready(where, seconds=0.5)
        except StoreAway:  # still reading its file; as long as it lives it is worth waiting for
            continue
        return


def web_command(chosen: Settings) -> list[str]:
    """One worker with threads enough for the viewers that api/stream.py takes and as many other requests; streams end
    at once when it is told to."""
    bind = f"[{chosen.host}]:{chosen.port}" if ":" in chosen.host else f"{chosen.host}:{chosen.port}"
    options = ["-w", "1", "-k", "gthread", "--threads", str(WEB_THREADS), "--timeout", "60", "--graceful-timeout", "1"]
    return [sys.executable, "-m", "gunicorn", *options, "--no-control-socket", "--bind", bind, "app:serve()"]


def command(chosen: Settings, name: str, arguments: list[str], stage: int) -> Command:
    """A child of this lab: it runs in the project's folder and knows the same lab."""
    own = {
        "CELLWATCH_HOME": str(chosen.home),
        "CELLWATCH_ARCHIVE_URL": chosen.archive_url,
        "PYTHONUNBUFFERED": "1",
    }
    if not chosen.demo:
        own["CELLWATCH_LAB"] = str(chosen.lab_file)
    log = chosen.home / "log" / f"{name}.log"
    environment = {**os.environ, **own}
    return Command(name=name, arguments=arguments, stage=stage, log=log, folder=PROJECT, environment=environment)


def keep(chosen: Settings, supervisor: Supervisor, ending: Ending) -> None:
    """Restarts what dies until told to end; says once that the lab is ready."""
    ready, hint = False, time.monotonic() + HINT_SECOND
    while not ending:
        supervisor.look()
        if not ready and answers(chosen):
            ready = True
            say(f"Cellwatch is ready: {address(chosen)}")
        elif not ready and time.monotonic() >= hint:
            hint += HINT_SECOND
            say(f"Still starting; the logs are in {chosen.home / 'log'}.")
        time.sleep(LOOK_SECOND)


def answers(chosen: Settings) -> bool:
    """Whether the web app says that the lab is ready."""
    line = http.client.HTTPConnection(_reachable(chosen.host), chosen.port, timeout=1)
    token = chosen.view_token or chosen.operator_token
    try:
        line.request("GET", "/readyz", headers={"Authorization": f"Bearer {token}"} if token else {})
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def address(chosen: Settings) -> str:
    """Where to point a browser."""
    return chosen.address


def locked(home: Path) -> TextIO:
    """The lock of the data folder, held until the file is closed; raises CannotStart."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "supervisor.lock").open("a+")
    except OSError as error:
        raise CannotStart(
            f"Cannot write in the data folder {home}: {error.strerror}. Set CELLWATCH_HOME to a folder of yours."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise CannotStart(
            f"Cellwatch already runs on the data folder {home} (process {holder}). "
            "End that one first, or set CELLWATCH_HOME to another folder."
        ) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def check(chosen: Settings) -> None:
    """What must be so before anything is started; raises CannotStart."""
    free = shutil.disk_usage(chosen.home).free
    if free < FREE_BYTES:
        raise CannotStart(
            f"The disk of {chosen.home} has {free // 1_000_000} MB left and Cellwatch needs "
            f"{FREE_BYTES // 1_000_000} MB to start. Make room, or set CELLWATCH_HOME to another disk."
        )
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((chosen.host, chosen.port))
        except OSError as error:
            raise CannotStart(
                f"Cannot listen on {chosen.host} port {chosen.port}: {error.strerror}. Set CELLWATCH_PORT "
                "(and CELLWATCH_HOST) to one that is free on this machine."
            ) from error
    check_archive(chosen)
    if chosen.redis_url is not None:
        check_redis(chosen.redis_url)


def check_archive(chosen: Settings) -> None:
    """The archive must take files, and one that was begun must still be there; raises CannotStart."""
    if is_remote(chosen.archive_url):
        return check_object_store(chosen)
    folder = Path(chosen.archive_url)
    if begun.is_gone(chosen.home, chosen.archive_url):
        raise CannotStart(
            f"The archive folder {folder} is not there any more. Bring it back (is its disk mounted?), or delete "
            f"{chosen.home / begun.NAME} to begin an empty archive."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise CannotStart(
            f"Cannot write in the archive folder {folder}: {error.strerror}. "
            "Set CELLWATCH_ARCHIVE_URL to a folder of yours."
        ) from error
    begun.begin(chosen.home, chosen.archive_url)


def check_object_store(chosen: Settings) -> None:
    """A bucket or a key that is refused must be put right first; raises CannotStart. A store that only does not
    answer is no reason not to take readings: they wait in Redis."""
    try:
        with reaching_table(chosen.archive_url):
            if begun.is_gone(chosen.home, chosen.archive_url):
                raise CannotStart(
                    f"The archive {chosen.archive_url} is not there any more. Bring its objects back, or delete "
                    f"{chosen.home / begun.NAME} to begin an empty archive."
                )
            begun.begin(chosen.home, chosen.archive_url)
    except Misconfigured as wrong:
        raise CannotStart(str(wrong)) from wrong
    except StoreAway as away:
        say(str(away))


def check_redis(url: str) -> None:
    """A Redis that is not ours must answer; raises StoreAway."""
    end = time.monotonic() + STORE_SECOND
    while True:
        try:
            return connection.check_there(url)
        except StoreAway:
            if time.monotonic() >= end:
                raise
        time.sleep(LOOK_SECOND)


def end_left_server(where: Path) -> None:
    """Ends a server that still serves this folder though its supervisor is gone (we hold the lock)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(2)
        try:
            line.connect(str(where))
            line.sendall(b"SHUTDOWN\r\n")
            line.recv(64)
        except OSError:  # nobody is there, as it should be
            return
    say(f"Ended a server left over on {where}.")
    wait_until(lambda: not where.exists(), 5)


def record(home: Path, children: Mapping[str, Any]) -> None:
    """Keeps for /health and for the next start who runs."""
    processes.write(home, children)


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _catches_interrupt(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return False
    caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) & 1 << (signal.SIGINT - 1))


if __name__ == "__main__":
    raise SystemExit(main())
