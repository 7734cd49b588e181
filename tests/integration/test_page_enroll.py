"""The page's view in which a sound is enrolled, in a real browser with a microphone."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

from tests.integration.browser import opened
from tests.integration.http_server import KNOCKS, WHISTLES, Served
from tests.integration.page_fixtures import Room, empty, library, room, served
from tests.waiting import wait_until

LEAST = 0.02
"""False wakes per hour at the left end of the slider."""

__all__ = ["empty", "library", "room", "served"]

pytestmark = pytest.mark.slow


def _begin(page: Page, name: str) -> None:
    page.get_by_label("Name of the sound").fill(name)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Record a take").wait_for()


def _record(page: Page, takes: int) -> None:
    page.get_by_role("button", name="Record a take").click()
    expect(page.locator(".take")).to_have_count(takes)


def test_a_sound_is_enrolled_by_ear(empty: Served, room: Room) -> None:
    """Three takes, a bad one refused with its reason, tried out, fitted, and heard again."""
    microphone = room.microphone
    with opened(room.browser, empty.url, "enroll") as page:
        _begin(page, "whistle")
        microphone.hear(4.0)  # nobody whistles
        page.get_by_role("button", name="Record a take").click()
        refused = page.get_by_role("alert").filter(has_text="was not used")
        expect(refused).to_contain_text("no sound")
        for number, whistle in enumerate(WHISTLES, 1):
            microphone.hear(5.0, (0.8, whistle))
            _record(page, number)
        expect(refused).to_have_count(0)
        expect(page.get_by_role("img", name="Waveform of Take 3")).to_be_visible()
        expect(page.locator(".take").first).to_contain_text("likeness")

        microphone.hear(4.0, (1.0, WHISTLES[1]))
        page.get_by_role("button", name="Try it").click()
        expect(page.locator(".try")).to_contain_text("It woke")
        page.get_by_role("button", name="Stop trying").click()

        expected = page.locator(".expectation")
        expect(expected).to_contain_text("false wake")
        page.get_by_label("False wakes to allow").fill("0")
        with empty.client() as client:
            wait_until(lambda: client.get("/drafts").json()[0]["budget_per_hour"] == LEAST)

        page.get_by_role("button", name="Enroll it").click()
        expect(page.get_by_text("“whistle” is enrolled")).to_be_visible()
        page.get_by_role("main").get_by_role("link", name="Listen").click()
        microphone.hear(6.0, (1.5, WHISTLES[0]))
        page.get_by_role("button", name="Listen with this browser").click()
        expect(page.locator(".card.wake").first).to_contain_text("whistle")
    with empty.client() as client:
        assert client.get("/sounds/whistle").json()["takes"] == 3
        assert client.get("/drafts").json() == []


def test_takes_are_uploaded_deleted_and_counted_in_patterns(empty: Served, room: Room) -> None:
    """Files become takes, one is deleted, and the sound wakes on two in a row."""
    with opened(room.browser, empty.url, "enroll") as page:
        _begin(page, "knock")
        page.get_by_label("Upload recordings").set_input_files(KNOCKS)
        expect(page.locator(".take")).to_have_count(3)
        page.get_by_role("button", name="Delete: Take 3").click()
        expect(page.locator(".take")).to_have_count(2)
        expect(page.get_by_text("1 more would make it reliable")).to_be_visible()
        page.reload()  # nothing is lost
        expect(page.locator(".take")).to_have_count(2)
        page.get_by_label("Upload recordings").set_input_files(KNOCKS[2])
        page.get_by_label("Wakes on").select_option("2")
        page.get_by_role("button", name="Enroll it").click()
        # Three single beats are too few to be told from all else within one false wake a day.
        page.get_by_role("button", name="Enroll it anyway").click()
        expect(page.get_by_text("“knock” is enrolled")).to_be_visible()
        with empty.client() as client:  # the pattern follows the sound
            wait_until(lambda: bool(client.get("/sounds/knock/patterns").json()))
            (pattern,) = client.get("/sounds/knock/patterns").json()
    assert pattern["beats"] == 2


def test_a_name_that_is_taken_is_said_in_both_languages(served: Served, room: Room) -> None:
    """It says what to do, and doing so works."""
    with opened(room.browser, served.url, "enroll") as page:
        page.get_by_label("Name of the sound").fill("whistle")
        page.get_by_role("button", name="Begin").click()
        expect(page.get_by_role("alert")).to_contain_text("“Redo”")
        page.get_by_role("button", name="Show this page in Chinese").click()
        page.get_by_label("声音的名字").fill("whistle")
        page.get_by_role("button", name="开始").click()
        expect(page.get_by_role("alert")).to_contain_text("已有同名的声音")
        page.get_by_label("重新添加同名的声音").check()
        page.get_by_role("button", name="开始").click()
        page.get_by_role("button", name="录一段").wait_for()


def test_a_missing_microphone_is_said(served: Served, room: Room) -> None:
    """Without the browser's permission it says how to get it, and uploads still work."""
    with opened(room.browser, served.url, "enroll") as page:
        page.add_init_script(
            "navigator.mediaDevices.getUserMedia = () =>"
            " Promise.reject(new DOMException('no', 'NotAllowedError'))"
        )
        page.reload()
        _begin(page, "bell")
        page.get_by_role("button", name="Record a take").click()
        expect(page.get_by_role("alert").filter(has_text="Allow it")).to_be_visible()
        page.get_by_label("Upload recordings").set_input_files(WHISTLES[0])
        expect(page.locator(".take")).to_have_count(1)
