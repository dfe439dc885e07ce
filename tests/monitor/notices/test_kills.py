"""The notifier as a process of its own: killed at any moment, told nothing of secrets, and its sample."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from api.health import readiness
from data_access.lab import Lab
from tests.monitor.notices.conftest import ROOT, SECRET, Process, notice, publish, waited
from tests.monitor.notices.receiver import Receiver

KILLS = 20 if "CELLWATCH_SOAK" in os.environ else 5


@pytest.mark.timeout(240)
def test_kill_9_at_random_points_loses_nothing(
    lab: Lab, receiver: Receiver, processes: Callable[..., Process], tmp_path: Path
) -> None:
    draw, log = random.Random(7), tmp_path / "log"
    receiver.wait = 0.05  # kills also meet it between sending and marking
    sent = 0
    for _round in range(KILLS):
        process = processes(log, CELLWATCH_WEBHOOK_URL=receiver.url)
        began = time.time()
        assert waited(lambda began=began: lab.live.beats().get("notify", {}).get("at", 0.0) > began, 20)
        assert waited(lambda sent=sent: len(set(receiver.ids)) == sent, 20)  # whatever was left to it
        for _ in range(3):
            publish(lab, notice(f"n{sent}"))
            sent += 1
        time.sleep(draw.uniform(0.0, 0.3))
        process.kill()
        process.wait()
        publish(lab, notice(f"n{sent}"))  # while nobody is there
        sent += 1
    processes(log, CELLWATCH_WEBHOOK_URL=receiver.url)
    assert waited(lambda: len(set(receiver.ids)) == sent, 20)
    counts = Counter(receiver.ids)
    assert set(counts) == {f"n{one}" for one in range(sent)}
    assert sum(count - 1 for count in counts.values()) <= KILLS  # at most one of those under way
    assert max(counts.values()) <= 2
    assert waited(lambda: not lab.live.deliveries())


def test_no_secret_is_said_anywhere(
    lab: Lab, receiver: Receiver, processes: Callable[..., Process], tmp_path: Path
) -> None:
    file = tmp_path / "lab.toml"
    receiver.status = 500
    process = processes(tmp_path / "none")
    process.kill()
    process.wait()
    with file.open("a") as more:
        more.write(
            '[[people]]\nid = "ada"\nnotify = ["CELLWATCH_NOTIFY_ADA", "CELLWATCH_NOTIFY_UNSET"]\n'
            '[[routes]]\nto = ["ada", "webhook"]\n'
        )
    secrets = {
        "CELLWATCH_WEBHOOK_URL": receiver.url,
        "CELLWATCH_WEBHOOK_SECRET": SECRET,
        "CELLWATCH_NOTIFY_ADA": f"json://user:p4ssw0rd@127.0.0.1:{receiver.port}/t0ken-of-ada "
        "tgram://123456789:abcdefg_hijklmnop/12315544/ nonsense://t0ken-that-nobody-knows",
        "CELLWATCH_HEARTBEAT_URL": "http://127.0.0.1:9/ping/t0ken-of-heart",
        "https_proxy": "http://127.0.0.1:9",  # nothing leaves this machine
    }
    log = tmp_path / "log"
    process = processes(log, **secrets)
    publish(lab, notice())
    failing = "CELLWATCH_NOTIFY_ADA:3 (nonsense) apprise does not understand this address"
    assert waited(lambda: failing in log.read_text() and receiver.tried, 20)
    assert waited(lambda: "answered 500" in str(lab.live.beats()))
    time.sleep(1.5)
    said = (
        log.read_text()
        + str(readiness(lab, time.time()))
        + str(lab.live.beats())
        + str(lab.live.deliveries())
        + str(lab.live.told_of())
    )
    assert "CELLWATCH_NOTIFY_UNSET is named in lab.toml and not set" in lab.live.beats()["notify"]["error"]
    for secret in ("s3cr3t-p4th", SECRET, "p4ssw0rd", "t0ken", "abcdefg_hijklmnop", "123456789", "12315544"):
        assert secret not in said, secret


def test_of_two_notifiers_one_is_at_work_and_the_other_takes_over(
    lab: Lab, receiver: Receiver, processes: Callable[..., Process], tmp_path: Path
) -> None:
    logs = tmp_path / "first", tmp_path / "second"
    first = processes(logs[0], CELLWATCH_WEBHOOK_URL=receiver.url)
    assert waited(lambda: lab.live.beats().get("notify", {}).get("pid") == first.pid, 20)
    second = processes(logs[1], CELLWATCH_WEBHOOK_URL=receiver.url)
    assert waited(lambda: "waits for its turn" in logs[1].read_text(), 20)
    receiver.wait = 0.2
    publish(lab, *(notice(f"n{number}") for number in range(5)))
    assert waited(lambda: len(receiver.took) == 5)
    assert waited(lambda: not lab.live.deliveries())
    first.kill()
    first.wait()
    publish(lab, notice("last"))
    assert waited(lambda: "last" in receiver.ids)
    assert len(receiver.ids) == 6
    assert waited(lambda: lab.live.beats()["notify"]["pid"] == second.pid)


def _test(tmp_path: Path, text: str, **environment: str) -> tuple[int, str]:
    (tmp_path / "lab.toml").write_text(text)
    told = {**os.environ, "CELLWATCH_LAB": str(tmp_path / "lab.toml"), "CELLWATCH_HOME": str(tmp_path), **environment}
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "notify", "--test"],
        cwd=ROOT,
        env=told,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_sample_goes_to_every_target_and_each_has_its_line(receivers: Callable[[], Receiver], tmp_path: Path) -> None:
    hook, ada = receivers(), receivers()
    text = (
        '[[people]]\nid = "ada"\nnotify = ["CELLWATCH_NOTIFY_ADA"]\n[[routes]]\nto = ["ada", "CELLWATCH_NOTIFY_BOB"]\n'
    )
    urls = {"CELLWATCH_WEBHOOK_URL": hook.url, "CELLWATCH_NOTIFY_ADA": ada.url.replace("http://", "json://")}
    code, said = _test(tmp_path, text, **urls)
    assert said.splitlines() == [
        "webhook (webhook): ok",
        "CELLWATCH_NOTIFY_ADA (json): ok",
        "CELLWATCH_NOTIFY_BOB: named in lab.toml, but not set in the environment",
    ]
    assert code == 1
    assert "This is a sample from Cellwatch" in hook.took[0].json["text"]
    hook.status = 404
    code, said = _test(tmp_path, "", **urls)
    assert (code, said) == (1, "webhook (webhook): answered 404\n")
    hook.status = 200
    assert _test(tmp_path, "", **urls) == (0, "webhook (webhook): ok\n")


def test_a_sample_to_nobody_says_what_to_do(tmp_path: Path) -> None:
    code, said = _test(tmp_path, "")
    assert code == 1
    assert "set CELLWATCH_WEBHOOK_URL" in said
