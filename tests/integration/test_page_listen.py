"""The page's view that watches it listen, in a real browser with a microphone."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("playwright")

import re
import shutil
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Page, expect

from runtime.history.store import History, HistoryConfig
from tests.integration.browser import FakeMicrophone, opened
from tests.integration.http_server import OFFSET, WHISTLES, Served, serving
from tests.integration.page_fixtures import Room, library, room, served
from tests.waiting import wait_until

__all__ = ["library", "room", "served"]

pytestmark = pytest.mark.slow

WATCHED_MS = 60_000
"""How long a page is watched for tasks that block it."""


def _listen(page: Page) -> None:
    page.get_by_role("button", name="Listen with this browser").click()
    page.get_by_role("button", name="Stop this browser").wait_for()


def test_a_wake_is_seen_and_corrected(served: Served, room: Room) -> None:
    """Level, scores and a card with its picture; "not that" is learned, and can be undone."""
    room.microphone.hear(20.0, (2.0, WHISTLES[0]))
    with opened(room.browser, served.url) as page, served.client() as client:
        before = client.get("/sounds/whistle").json()
        page.get_by_role("meter", name="Score of whistle").wait_for()
        page.get_by_role("meter", name="Score of double knock").wait_for()
        _listen(page)
        level = page.get_by_role("meter", name="Level")
        expect(level).not_to_have_attribute("aria-valuenow", "-100")
        card = page.locator(".card.wake").first
        expect(card).to_contain_text("whistle")
        expect(card).to_contain_text("ws:browser")
        assert page.evaluate("document.querySelector('.thumbnail').width") > 5
        page.get_by_role("button", name="Play: whistle").wait_for()  # once it is written down

        card.get_by_role("button", name="Not that! whistle").click()
        expect(card.get_by_role("status")).to_contain_text("Learned.")
        after = client.get("/sounds/whistle").json()
        assert after["rejected"] == before["rejected"] + 1
        mark = page.locator(".scores .score", has_text="whistle").locator(".figure")
        expect(mark).to_contain_text(f"{after['threshold'] + OFFSET:.2f}")

        page.reload()  # what was said is known
        expect(card).to_contain_text("You said: not that.")
        card.get_by_role("button", name="Undo").click()
        expect(card.get_by_role("status")).to_contain_text("Taken back.")
        assert client.get("/sounds/whistle").json()["rejected"] == before["rejected"]


def test_a_near_miss_becomes_a_take(library: Path, tmp_path: Path, room: Room) -> None:
    """What nearly woke is shown with why, and "that was it" learns it.

    Here it is one of the takes again, through a microphone: whether that is new enough to be a
    fourth take is a close call.
    """
    shutil.copytree(library, tmp_path / "library")
    history = History(tmp_path / "history", HistoryConfig(keep_audio=True, keep_speech=True))
    with serving(tmp_path / "library", history=history) as served, served.client() as client:
        client.patch("/sounds/whistle", json={"threshold": 1.0})
        wait_until(lambda: served.service.loaded.sounds.thresholds["whistle"] == 1.0)
        room.microphone.hear(8.0, (2.0, WHISTLES[0]))
        with opened(room.browser, served.url) as page:
            _listen(page)
            card = page.locator(".card.near").first
            expect(card).to_contain_text("near miss")
            card.get_by_role("button", name="That was it whistle").click()
            expect(card.get_by_role("status")).to_contain_text(
                re.compile(r"Learned. whistle now has [34] takes")
            )
        assert client.get("/sounds/whistle").json()["takes"] in (3, 4)


def test_two_tabs_and_a_stop(served: Served, room: Room) -> None:
    """What one tab's microphone hears is told in both, once each; one stops, one goes on."""
    room.microphone.hear(8.0, (2.0, WHISTLES[0]))
    with opened(room.browser, served.url) as first, opened(room.browser, served.url) as second:
        _listen(first)
        expect(first.locator(".card.wake").first).to_be_visible()
        expect(second.locator(".card.wake").first).to_be_visible()
        first.get_by_role("button", name="Stop this browser").click()
        first.get_by_role("button", name="Listen with this browser").wait_for()
        wait_until(lambda: served.service.audio_streams == 0)
        ids = "[...document.querySelectorAll('.card')].map((card) => card.dataset.id)"
        told = second.evaluate(ids)
        assert len(told) == len(set(told))


def test_a_lost_microphone_is_said(served: Served, room: Room) -> None:
    """It says what happened and what to do, and the button starts it again."""
    room.microphone.hear(8.0)
    with opened(room.browser, served.url) as page:
        page.add_init_script(
            """const devices = navigator.mediaDevices;
            const open = devices.getUserMedia.bind(devices);
            devices.getUserMedia = async (wanted) => (window.heard = await open(wanted));"""
        )
        page.reload()
        _listen(page)
        page.evaluate("window.heard.getTracks()[0].dispatchEvent(new Event('ended'))")
        expect(page.get_by_role("alert")).to_contain_text("The microphone is gone")
        _listen(page)
        expect(page.get_by_role("alert").get_by_text("The microphone is gone")).to_have_count(0)


def test_a_restart_of_the_server_is_survived(library: Path, tmp_path: Path, room: Room) -> None:
    """While it is away the page says so; then it goes on, microphone and all."""
    shutil.copytree(library, tmp_path / "library")
    room.microphone.hear(6.0, (2.0, WHISTLES[0]))
    with ExitStack() as stack:
        with serving(tmp_path / "library") as served:
            port = served.port
            page = stack.enter_context(opened(room.browser, served.url))
            _listen(page)
        state = page.get_by_text("No connection to the server")
        expect(state).to_be_visible()
        with serving(tmp_path / "library", port=port):
            expect(state).to_have_count(0)
            page.get_by_role("button", name="Stop this browser").wait_for()
            expect(page.locator(".card.wake").first).to_be_visible()


def test_the_servers_own_microphone_is_shown_and_muted(
    library: Path, tmp_path: Path, room: Room
) -> None:
    """What --listen hears is on the page from the start; a mute is seen in every tab."""
    kitchen = FakeMicrophone(tmp_path / "kitchen.wav")
    kitchen.hear(60.0, (4.0, WHISTLES[0]), (8.0, WHISTLES[0]))
    source = f"file:{kitchen.path}"
    with (
        serving(library, listen=(source,)) as served,
        opened(room.browser, served.url) as page,
        opened(room.browser, served.url) as other,
    ):
        expect(page.get_by_text(f"The server hears {source}")).to_be_visible()
        expect(page.locator(".card.wake").first).to_contain_text("whistle")
        level = page.get_by_role("meter", name="Level")
        expect(level).not_to_have_attribute("aria-valuenow", "-100")
        page.get_by_role("button", name="Mute for 30 s").click()
        expect(other.get_by_text("Muted for")).to_be_visible()
        page.get_by_role("button", name="End the mute").click()
        expect(other.get_by_text("Muted for")).to_have_count(0)


@pytest.mark.skipif(
    "WAKESOUND_TEST_PAGE_SPEED" not in os.environ,
    reason="takes a minute and a quiet machine; set WAKESOUND_TEST_PAGE_SPEED=1",
)
def test_no_long_task_while_it_listens(served: Served, room: Room) -> None:
    """A minute of listening in a row of short tasks, none over 200 ms."""
    room.microphone.hear(10.0, (2.0, WHISTLES[0]))
    with opened(room.browser, served.url) as page:
        page.evaluate(
            """window.long = [];
            new PerformanceObserver((list) => window.long.push(...list.getEntries()
                .map((task) => task.duration))).observe({entryTypes: ["longtask"]})"""
        )
        _listen(page)
        page.wait_for_timeout(WATCHED_MS)
        assert max(page.evaluate("window.long"), default=0) < 200
