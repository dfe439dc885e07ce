"""The environment: where things are, and who may come in."""

from __future__ import annotations

from pathlib import Path

import pytest

import settings

VIEW, OPERATOR = "v" * 32, "o" * 32


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "lab.toml").write_text('[lab]\nname = "Mine"\n')
    return tmp_path


def faults(root: Path, **environ: str) -> str:
    with pytest.raises(settings.SettingsError) as error:
        settings.load(environ, root)
    return "\n".join(error.value.faults)


def test_without_an_environment_the_lab_is_local(root: Path) -> None:
    found = settings.load({}, root)
    assert (found.host, found.port, found.login_required) == ("127.0.0.1", 8050, False)
    assert (found.home, found.archive_url) == (root / "var", str(root / "var" / "archive"))
    assert (found.redis_url, found.cache_url, found.demo) == (None, None, False)
    assert found.topology.name == "Mine"
    assert (found.debug, settings.load({"CELLWATCH_DEBUG": "1"}, root).debug) == (False, True)


def test_without_a_lab_of_ones_own_the_demo_runs(tmp_path: Path) -> None:
    assert settings._lab_file({}, tmp_path) == (settings.DEMO_LAB, True)


def test_the_environment_says_where_everything_is(root: Path, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('[lab]\nname = "Other"\n')
    environ = {
        "CELLWATCH_LAB": str(tmp_path / "other.toml"),
        "CELLWATCH_HOME": str(tmp_path / "home"),
        "CELLWATCH_PORT": "9000",
        "CELLWATCH_REDIS_URL": "redis://redis:6379",
        "CELLWATCH_ARCHIVE_URL": "s3://bucket/lab",
    }
    found = settings.load(environ, root)
    assert (found.topology.name, found.home, found.port) == ("Other", tmp_path / "home", 9000)
    assert (found.redis_url, found.archive_url) == ("redis://redis:6379", "s3://bucket/lab")


def test_an_empty_variable_is_as_good_as_none(root: Path) -> None:
    assert settings.load({"CELLWATCH_HOST": " ", "CELLWATCH_VIEW_TOKEN": ""}, root).view_token is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.0.0.2"])
def test_a_loopback_address_needs_no_login(root: Path, host: str) -> None:
    assert not settings.load({"CELLWATCH_HOST": host}, root).login_required


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "lab.example.org"])
def test_any_other_address_is_refused_until_access_is_configured(root: Path, host: str) -> None:
    said = faults(root, CELLWATCH_HOST=host)
    assert said.count("\n") == 0
    assert "can be reached from other machines, and no access is configured" in said
    assert settings.load({"CELLWATCH_HOST": host, "CELLWATCH_VIEW_TOKEN": VIEW}, root).login_required


def test_a_public_name_asks_for_login_even_on_loopback(root: Path) -> None:
    assert "must sign in" in faults(root, CELLWATCH_PUBLIC_URL="https://lab.example.org")
    environ = {"CELLWATCH_PUBLIC_URL": "https://lab.example.org", "CELLWATCH_OPERATOR_TOKEN": OPERATOR}
    assert settings.load(environ, root).login_required


def test_a_short_token_is_refused_without_being_repeated(root: Path) -> None:
    said = faults(root, CELLWATCH_VIEW_TOKEN="secret-but-short")
    assert said == "CELLWATCH_VIEW_TOKEN: has 16 characters; expected at least 32"


def test_one_token_for_both_would_let_viewers_act(root: Path) -> None:
    assert "are the same" in faults(root, CELLWATCH_VIEW_TOKEN=VIEW, CELLWATCH_OPERATOR_TOKEN=VIEW)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CELLWATCH_PORT", "0"),
        ("CELLWATCH_PORT", "65536"),
        ("CELLWATCH_PORT", "web"),
        ("CELLWATCH_PORT", "²"),
        ("CELLWATCH_HOST", "127.0.0.1:8050"),
        ("CELLWATCH_HOST", "300.1.1.1"),
        ("CELLWATCH_HOST", "a b"),
        ("CELLWATCH_REDIS_URL", "redis"),
        ("CELLWATCH_REDIS_URL", "redis://"),
        ("CELLWATCH_REDIS_URL", "redis://host:port"),
        ("CELLWATCH_REDIS_URL", "redis+cluster://"),
        ("CELLWATCH_REDIS_URL", "redis+cluster://one:7000,"),
        ("CELLWATCH_REDIS_URL", "rediss+cluster://one:7000,two:port"),
        ("CELLWATCH_REDIS_URL", "redis+cluster://one:7000/3"),
        ("CELLWATCH_CACHE_URL", "redis+cluster://one:7000"),
        ("CELLWATCH_RECORDERS", "0"),
        ("CELLWATCH_DEBUG", "yes"),
        ("CELLWATCH_WATCHERS", "two"),
        ("CELLWATCH_WATCHERS", "65"),
        ("CELLWATCH_ARCHIVE_URL", "ftp://x"),
        ("CELLWATCH_PUBLIC_URL", "lab.example.org"),
        ("CELLWATCH_PUBLIC_URL", "https://lab.example.org/cellwatch"),
        ("CELLWATCH_PUBLIC_URL", "https://lab.example.org:99999"),
        ("CELLWATCH_LAB", "no-such.toml"),
    ],
)
def test_a_wrong_variable_is_named(root: Path, name: str, value: str) -> None:
    assert ("no-such.toml" if name == "CELLWATCH_LAB" else name) in faults(root, **{name: value})


@pytest.mark.parametrize(
    "url", ["redis+cluster://one:7000", "rediss+cluster://user:p%40ss@one:7000,two,[::1]:7002", "redis+cluster://one/0"]
)
def test_a_cluster_is_named_by_its_hosts(root: Path, url: str) -> None:
    assert settings.load({"CELLWATCH_REDIS_URL": url}, root).redis_url == url


def test_more_processes_than_cyclers_would_have_nothing_to_do(root: Path) -> None:
    (root / "lab.toml").write_text('[[cyclers]]\nid = "a"\nchannels = 1\n\n[[cyclers]]\nid = "b"\nchannels = 1\n')
    found = settings.load({"CELLWATCH_RECORDERS": "2", "CELLWATCH_WATCHERS": "9"}, root)
    assert (found.recorders, found.watchers) == (2, 3)  # and one for channels that lab.toml does not name
    assert (settings.load({}, root).recorders, settings.load({}, root).watchers) == (1, 1)


def test_a_home_that_is_a_file_is_named(root: Path) -> None:
    assert "is a file; expected a folder" in faults(root, CELLWATCH_HOME="lab.toml")


def test_faults_of_the_file_and_of_the_environment_come_together(root: Path) -> None:
    (root / "lab.toml").write_text("[lab]\nname = 1\n")
    said = faults(root, CELLWATCH_PORT="x", CELLWATCH_HOST="0.0.0.0")
    assert len(said.splitlines()) == 3


def test_the_addresses_of_notices_come_from_the_environment(root: Path) -> None:
    (root / "lab.toml").write_text(
        '[[people]]\nid = "ada"\nnotify = ["CELLWATCH_NOTIFY_ADA", "CELLWATCH_NOTIFY_PHONE"]\n'
        '[[routes]]\nto = ["ada", "CELLWATCH_NOTIFY_ROOM"]\n'
    )
    found = settings.load(
        {
            "CELLWATCH_NOTIFY_ADA": "mailto://u:p@example.org?to=a@b.c,d@e.f, slack://a/b/c\nntfy://x",
            "CELLWATCH_NOTIFY_ROOM": "json://room",
            "CELLWATCH_NOTIFY_OTHER": "json://nobody-names-it",
            "CELLWATCH_WEBHOOK_URL": "https://hooks.example.org/cellwatch",
            "CELLWATCH_WEBHOOK_SECRET": "secret",
            "CELLWATCH_HEARTBEAT_URL": "https://beats.example.org/uuid",
        },
        root,
    )
    assert found.notify == {
        "CELLWATCH_NOTIFY_ADA": ("mailto://u:p@example.org?to=a@b.c,d@e.f", "slack://a/b/c", "ntfy://x"),
        "CELLWATCH_NOTIFY_ROOM": ("json://room",),
    }
    assert found.notify_unset == ("CELLWATCH_NOTIFY_PHONE",)
    assert "hooks.example.org" not in repr(found)
    assert "slack" not in repr(found)


@pytest.mark.parametrize(
    "url",
    ["ftp://x/y", "hooks.example.org", "https:///x", "https://u:p@host/x", "http://h:99999/", "file:///etc/passwd"],
)
@pytest.mark.parametrize("name", ["CELLWATCH_WEBHOOK_URL", "CELLWATCH_HEARTBEAT_URL"])
def test_a_wrong_address_is_a_fault_that_does_not_repeat_it(root: Path, name: str, url: str) -> None:
    said = faults(root, **{name: url})
    assert f"{name}: expected http://host/… or https://host/…" in said
    assert url not in said


def test_the_pages_have_one_address(root: Path) -> None:
    assert settings.load({}, root).address == "http://127.0.0.1:8050"
    assert settings.load({"CELLWATCH_HOST": "::1", "CELLWATCH_PORT": "9000"}, root).address == "http://[::1]:9000"
    public = {"CELLWATCH_PUBLIC_URL": "https://lab.example.org", "CELLWATCH_OPERATOR_TOKEN": OPERATOR}
    assert settings.load(public, root).address == "https://lab.example.org"
