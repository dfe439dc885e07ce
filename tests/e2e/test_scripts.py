"""Every script of ours is one that the browser itself can read."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
SCRIPTS = sorted(path for path in (Path(__file__).parents[2] / "assets").glob("*.js") if ".min." not in path.name)
READ = "source => { try { new Function(source); return ''; } catch (error) { return String(error); } }"


def test_there_are_scripts() -> None:
    assert len(SCRIPTS) > 5


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_well_formed(browser: Browser, path: Path) -> None:
    page = browser.new_page()
    try:
        assert page.evaluate(READ, path.read_text("utf-8")) == ""
    finally:
        page.close()


def test_a_broken_script_would_be_found(browser: Browser) -> None:
    page = browser.new_page()
    try:
        assert "SyntaxError" in page.evaluate(READ, "const = 1;")
    finally:
        page.close()
