"""What the web server writes about requests: never a token."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import run
import settings as lab_settings
from data_access import embedded
from tests.api.test_security import OPERATE, VIEW

PROJECT = Path(__file__).resolve().parents[2]


def ask(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def ready(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        with socket.socket() as caller:
            if caller.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("The web server does not listen.")


def test_the_servers_log_has_no_token_in_it(redis_home: Path, tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    (tmp_path / "lab.toml").write_text('[lab]\nname = "Log lab"\n', "utf-8")
    environment = os.environ | {
        "CELLWATCH_LAB": str(tmp_path / "lab.toml"),
        "CELLWATCH_HOME": str(redis_home),
        "CELLWATCH_ARCHIVE_URL": str(tmp_path / "archive"),
        "CELLWATCH_CACHE_URL": embedded.url(embedded.socket_path(redis_home)),
        "CELLWATCH_PORT": str(port),
        "CELLWATCH_VIEW_TOKEN": VIEW,
        "CELLWATCH_OPERATOR_TOKEN": OPERATE,
    }
    command = run.web_command(lab_settings.load(environment))
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            ready(port, server)
            home = f"http://127.0.0.1:{port}"
            statuses = [ask(f"{home}{path}?token={VIEW}") for path in ("/sign-in", "/wall", "/api/v1/none")]
            assert ask(f"{home}/sign-in?token={OPERATE}&next=/no%0D%0Awhere") in (200, 401)
        finally:
            server.terminate()
            server.wait(timeout=20)
    assert statuses[1:] == [200, 401]  # the form; a program without a token
    told = (tmp_path / "log").read_text("utf-8")
    assert "Listening at" in told
    assert [token for token in (VIEW, OPERATE) if token in told] == []
