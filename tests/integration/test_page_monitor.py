"""The page's view that watches for labels, in a real browser with a microphone."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("playwright")

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.integration.browser import FakeMicrophone, opened
from tests.integration.http_server import WHISTLES, Served, serving
from tests.integration.page_fixtures import Room, empty, library, room
from tests.waiting import wait_until

__all__ = ["empty", "library", "room"]

pytestmark = pytest.mark.slow

LABELS = "whistling, dog barking, glass breaking"


def _start(page: Page, labels: str = LABELS) -> None:
    page.get_by_label("Labels, with commas").fill(labels)
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Stop").wait_for()


def test_an_alert_begins_and_ends(empty: Served, room: Room) -> None:
    """One for one sound, with its rise on the timeline; the pause before its end is chosen."""
    room.microphone.hear(9.0, (2.0, WHISTLES[0]))
    with opened(room.browser, empty.url, "monitor") as page:
        page.locator("summary").click()
        page.get_by_label("Over after a pause").fill("1")
        _start(page)
        alerts = page.get_by_role("log", name="Alerts")
        expect(alerts.locator("li.on")).to_contain_text("whistling")
        row = page.locator('.watched[data-label="whistling"]')
        expect(row.locator(".chip.alert")).to_be_visible()
        expect(page.locator(".timeline canvas")).to_have_count(3)
        expect(page.get_by_role("meter", name="Level")).not_to_have_attribute(
            "aria-valuenow", "-100"
        )
        expect(alerts.locator("li").first).to_contain_text("highest score")
        expect(row.locator(".chip.alert")).to_be_hidden()
        page.get_by_role("button", name="Stop").click()
        page.get_by_role("button", name="Start").wait_for()
        wait_until(lambda: empty.service.audio_streams == 0)


def test_a_threshold_is_moved_and_kept(empty: Served, room: Room) -> None:
    """While it watches, for that label alone; the next watch begins with it."""
    room.microphone.hear(4.0, (1.0, WHISTLES[0]))
    with opened(room.browser, empty.url, "monitor") as page:
        page.evaluate("""localStorage.setItem("wakesound.thresholds", '{"whistling": 1}')""")
        _start(page)
        slider = page.get_by_label("Threshold of whistling")
        expect(slider).to_have_value("1")
        fitted = float(page.get_by_label("Threshold of dog barking").input_value())
        assert 0.2 <= fitted < 1.0
        page.wait_for_timeout(5000)
        alerts = page.get_by_role("log", name="Alerts")
        expect(alerts.locator("li")).to_have_count(0)
        slider.fill("0.4")
        expect(alerts.locator("li").first).to_contain_text("whistling")
        page.get_by_role("button", name="Stop").click()
        _start(page)
        expect(page.get_by_label("Threshold of whistling")).to_have_value("0.4")


def test_labels_that_make_no_sense_are_said(empty: Served, room: Room) -> None:
    """In the user's language, and nothing runs on."""
    room.microphone.hear(4.0)
    with opened(room.browser, empty.url, "monitor", locale="zh-CN") as page:
        page.get_by_label("用逗号分隔").fill("狗叫, 狗叫")
        page.get_by_role("button", name="开始").click()
        expect(page.get_by_role("alert")).to_contain_text("标签“狗叫”出现了两次")
        page.get_by_role("button", name="开始").wait_for()


def test_the_servers_microphone_is_watched(library: Path, tmp_path: Path, room: Room) -> None:
    """Where the server listens itself, no microphone of the browser is needed."""
    kitchen = FakeMicrophone(tmp_path / "kitchen.wav")
    kitchen.hear(90.0, *((float(at), WHISTLES[0]) for at in range(3, 80, 6)))
    source = f"file:{kitchen.path}"
    with (
        serving(library, listen=(source,)) as served,
        opened(room.browser, served.url, "monitor") as page,
    ):
        page.get_by_label("Microphone", exact=True).select_option("server")
        _start(page)
        expect(page.get_by_role("log", name="Alerts")).to_contain_text(f"heard by {source}")
