"""The page's views that hold sounds against words, in a real browser."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

from tests.integration.browser import opened
from tests.integration.http_server import WHISTLES, Served
from tests.integration.page_fixtures import Room, empty, room

__all__ = ["empty", "room"]

pytestmark = pytest.mark.slow


def _score(page: Page, label: str) -> float:
    figure = page.locator(f'.score[data-label="{label}"] .figure')
    return float(figure.inner_text())


def test_a_file_is_classified(empty: Served, room: Room) -> None:
    """Scores of each label, none of these, a spectrogram and a row for each label over time."""
    with opened(room.browser, empty.url, "classify") as page:
        page.get_by_role("button", name="Classify").click()
        expect(page.get_by_role("alert")).to_contain_text("Choose a file or record")
        page.get_by_label("A recording: WAV").set_input_files(WHISTLES[0])
        page.get_by_label("Labels, with commas").fill("dog barking, whistling, glass breaking")
        page.get_by_role("button", name="Classify").click()
        page.locator(".result .score").first.wait_for()
        assert _score(page, "whistling") > 0.5 > _score(page, "dog barking")
        expect(page.locator(".result")).to_contain_text("none of these")
        expect(page.locator(".result .timeline canvas")).to_have_count(4)
        expect(page.get_by_role("img", name="whistling: best")).to_be_visible()


def test_labels_may_be_chinese(empty: Served, room: Room) -> None:
    """With a Chinese browser the page is Chinese, and says how it understood the labels."""
    with opened(room.browser, empty.url, "classify", locale="zh-CN") as page:
        assert page.title() == "分类 · Wakesound"
        assert page.evaluate("document.documentElement.lang") == "zh-CN"
        page.get_by_label("录音文件").set_input_files(WHISTLES[0])
        page.get_by_label("用逗号分隔").fill("狗叫、口哨、玻璃破碎")
        page.get_by_role("button", name="分类").click()
        page.locator(".result .score").first.wait_for()
        assert _score(page, "口哨") > 0.5 > _score(page, "狗叫")
        expect(page.locator('.score[data-label="狗叫"]')).to_contain_text("理解为“dog")


def test_hints_say_what_to_write_instead(empty: Served, room: Room) -> None:
    """The linter's advice appears while one writes, and is taken with a click."""
    with opened(room.browser, empty.url, "classify") as page:
        labels = page.get_by_label("Labels, with commas")
        labels.fill("glass, whistling, zzgrmpf")
        hints = page.locator(".hints")
        expect(hints).to_contain_text("glass breaking")
        expect(hints).to_contain_text("zzgrmpf")
        page.get_by_role("button", name="Use “glass breaking").click()
        expect(labels).to_have_value("glass breaking, whistling, zzgrmpf")


def test_a_recording_is_classified_and_bad_files_are_refused(empty: Served, room: Room) -> None:
    """Five seconds of the microphone; what is not audio is said."""
    room.microphone.hear(6.0, (1.0, WHISTLES[0]))
    with opened(room.browser, empty.url, "classify") as page:
        text = {"name": "notes.wav", "mimeType": "audio/wav", "buffer": b"no audio"}
        page.get_by_label("A recording: WAV").set_input_files(text)  # type: ignore[arg-type]
        page.get_by_role("button", name="Classify").click()
        expect(page.get_by_role("alert")).to_contain_text("notes.wav")
        page.get_by_role("button", name="Record five seconds").click()
        expect(page.locator(".chosen")).to_contain_text("recording.wav")
        page.get_by_label("Labels, with commas").fill("dog barking, whistling, glass breaking")
        page.get_by_role("button", name="Classify").click()
        page.locator(".result .score").first.wait_for()
        assert _score(page, "whistling") > 0.3
