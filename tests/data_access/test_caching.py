"""The cache works things out once, and is never missed when it is away."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from flask import Flask

from data_access import caching
from data_access.caching import cached
from data_access.lab import Lab, install
from data_access.lab import lab as lab_of_app
from tests.conftest import Server


def app_with(url: str) -> Flask:
    app = Flask("test")
    caching.install(app, url)
    return app


def ask(app: Flask, calls: list[int], *parts: object) -> int:
    def compute() -> int:
        calls.append(1)
        return len(calls)

    with app.app_context():
        return cached(*parts, compute=compute)


def test_the_same_question_is_worked_out_once(cache_server: Server) -> None:
    app, calls = app_with(cache_server.url), list[int]()
    assert [ask(app, calls, "trace", "arbin-1-01", 7) for _ in range(3)] == [1, 1, 1]


def test_another_version_is_another_question(cache_server: Server) -> None:
    app, calls = app_with(cache_server.url), list[int]()
    assert [ask(app, calls, "cycles", version) for version in (1, 2, 1)] == [1, 2, 1]


def test_none_is_an_answer_too(cache_server: Server) -> None:
    app, calls = app_with(cache_server.url), list[int]()
    with app.app_context():
        for _ in range(2):
            assert cached("nothing", compute=lambda: calls.append(1)) is None
    assert calls == [1]


@pytest.mark.parametrize("workers", [1, 2])
def test_twenty_who_ask_at_once_are_answered_by_one_computation(cache_server: Server, workers: int) -> None:
    apps = [app_with(cache_server.url) for _ in range(workers)]  # each with its own locks, as processes have
    calls, gate = list[int](), threading.Event()

    def compute() -> str:
        calls.append(1)
        gate.wait(5)
        return "found"

    answers = []

    def work(app: Flask) -> None:
        with app.app_context():
            answers.append(cached("slow", compute=compute))

    threads = [threading.Thread(target=work, args=(apps[number % workers],)) for number in range(20)]
    for thread in threads:
        thread.start()
    while not calls:
        pass
    gate.set()
    for thread in threads:
        thread.join()
    assert (answers, calls) == (["found"] * 20, [1])


def test_a_computation_that_fails_holds_up_nobody(cache_server: Server) -> None:
    app, calls = app_with(cache_server.url), list[int]()
    with app.app_context(), pytest.raises(ZeroDivisionError):
        cached("broken", compute=lambda: 1 // 0)
    assert ask(app, calls, "broken") == 1


def test_without_its_server_everything_is_worked_out(tmp_path: Path) -> None:
    app, calls = app_with(f"unix://{tmp_path}/nobody.sock"), list[int]()
    assert [ask(app, calls, "x") for _ in range(2)] == [1, 2]


def test_the_app_finds_its_lab(lab: Lab, cache_server: Server) -> None:
    app = Flask("test")
    install(app, lab, cache_server.url)
    with app.app_context():
        assert lab_of_app() is lab
