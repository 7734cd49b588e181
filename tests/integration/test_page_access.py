"""Who can use the page: with a keyboard, a screen reader, a token, offline."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("playwright")

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.integration.browser import opened
from tests.integration.http_server import WHISTLES, Served, serving
from tests.integration.page_fixtures import Room, library, room, served

__all__ = ["library", "room", "served"]

pytestmark = pytest.mark.slow

VIEWS = ("listen", "enroll", "sounds", "classify", "monitor")
TOKEN = "a-token-that-is-long-enough"
NARROW = {"width": 360, "height": 740}


def _fill(page: Page, view: str) -> None:
    """Something to look at."""
    if view == "enroll":
        page.get_by_label("Name of the sound").fill("bell")
        page.get_by_role("button", name="Begin").click()
        page.get_by_label("Upload recordings").set_input_files(WHISTLES)
        expect(page.locator(".take")).to_have_count(3)
    elif view == "sounds":
        page.locator("summary").first.click()
        expect(page.locator(".take")).to_have_count(3)
        page.get_by_role("button", name="Add an action").first.click()
        page.get_by_label("Address").wait_for()
    elif view == "monitor":
        page.locator("summary").click()
        page.get_by_role("button", name="Start").click()
        page.locator(".watched").first.wait_for()
    elif view == "classify":
        page.get_by_label("A recording: WAV").set_input_files(WHISTLES[0])
        page.get_by_role("button", name="Classify").click()
        page.locator(".result .score").first.wait_for()
    elif view == "listen":
        page.get_by_role("button", name="Listen with this browser").click()
        page.locator(".card.wake").first.wait_for()


def _serious(page: Page) -> list[Any]:
    """What axe finds that bars people."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    return [
        (rule["id"], rule["impact"], [node["html"] for node in rule["nodes"]])
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious(served: Served, room: Room, view: str, scheme: str) -> None:
    """No view bars anybody, light or dark, and none is wider than a phone."""
    room.microphone.hear(6.0, (1.0, WHISTLES[0]))
    with opened(room.browser, served.url, view, color_scheme=scheme) as page:
        _fill(page, view)
        assert _serious(page) == []
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_the_keyboard_is_enough(served: Served, room: Room) -> None:
    """From the address bar to another view and its first field, seen where one is."""
    with opened(room.browser, served.url) as page:
        for name in ("Skip to the content", "Wakesound", "Listen", "Enroll"):
            page.keyboard.press("Tab")
            focused = page.evaluate("document.activeElement.textContent")
            assert focused == name
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Enroll")
        expect(page.get_by_role("link", name="Enroll")).to_have_attribute("aria-current", "page")


def test_language_and_theme_are_kept(served: Served, room: Room) -> None:
    """What was chosen holds after a reload, and no word is missing in either language."""
    with opened(room.browser, served.url) as page:
        page.get_by_role("button", name="Show this page in Chinese").click()
        page.get_by_role("button", name="浅色或深色").click()
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("监听")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_token_is_asked_for_and_kept_in_the_tab(library: Path, room: Room) -> None:
    """Without it nothing is shown; a wrong one is said; the right one serves for all requests."""
    room.microphone.hear(8.0, (1.5, WHISTLES[0]))
    with serving(library, token=TOKEN) as served, opened(room.browser, served.url) as page:
        for token, told in (("wrong-but-long-enough", "started with"), (TOKEN, "is wrong")):
            expect(page.get_by_role("dialog")).to_contain_text(told)
            page.get_by_role("textbox", name="Token").fill(token)
            page.get_by_role("button", name="Use it").click()
        page.get_by_role("meter", name="Score of whistle").wait_for()
        page.get_by_role("button", name="Listen with this browser").click()
        expect(page.locator(".card.wake").first).to_be_visible()
        page.reload()
        page.get_by_role("meter", name="Score of whistle").wait_for()
        assert TOKEN not in page.url
        assert page.evaluate("Object.values(localStorage)").count(TOKEN) == 0
