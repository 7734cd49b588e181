"""The page's view of all sounds, in a real browser."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("playwright")

from pathlib import Path

from playwright.sync_api import expect

from enroll import Enrollment
from enroll.words import read_text
from tests.integration.browser import opened
from tests.integration.http_server import Served
from tests.integration.page_fixtures import Room, library, room, served
from wakeword.encoders import create_encoder
from wakeword.labels import Classifier

__all__ = ["library", "room", "served"]

pytestmark = pytest.mark.slow


def test_a_sound_is_changed_exported_deleted_and_imported(
    served: Served, room: Room, tmp_path: Path
) -> None:
    """Everything the library can do with a sound, by hand."""
    with opened(room.browser, served.url, "sounds") as page, served.client() as client:
        card = page.locator('[data-sound="whistle"]')
        card.get_by_label("Threshold").fill("0.6")
        card.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("Saved")
        assert client.get("/sounds/whistle").json()["threshold"] == 0.6

        card.locator("summary").click()
        expect(card.locator(".take")).to_have_count(3)
        card.get_by_role("button", name="Delete: Take 3").click()
        expect(card.locator(".take")).to_have_count(2)
        card.get_by_label("Wakes on: whistle").select_option("3")
        card.get_by_role("button", name="Add", exact=True).click()
        expect(card).to_contain_text("whistle x3")
        card.get_by_role("button", name="Delete: whistle x3").click()
        expect(card).to_contain_text("It wakes each time")

        with page.expect_download() as download:
            card.get_by_role("button", name="Export: whistle").click()
        download.value.save_as(tmp_path / "whistle.zip")
        card.get_by_role("button", name="Delete: whistle", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(card).to_have_count(0)
        page.get_by_label("Import a file").set_input_files(tmp_path / "whistle.zip")
        expect(page.get_by_role("alert")).to_contain_text("Imported: whistle")
        expect(card).to_have_count(1)
        threshold = client.get("/sounds/whistle").json()["threshold"]
        card.get_by_label("Name").fill("low whistle")
        card.get_by_role("button", name="Save").click()
        expect(page.locator('[data-sound="low whistle"]')).to_have_count(1)
        assert client.get("/sounds/low whistle").json()["threshold"] == threshold


def test_a_change_in_one_tab_is_seen_in_the_other(served: Served, room: Room) -> None:
    """Two tabs show the same, within a moment."""
    with (
        opened(room.browser, served.url, "sounds") as first,
        opened(room.browser, served.url, "sounds") as second,
    ):
        first.locator('[data-sound="whistle"]').get_by_label("Threshold").fill("0.7")
        first.locator('[data-sound="whistle"]').get_by_role("button", name="Save").click()
        field = second.locator('[data-sound="whistle"]').get_by_label("Threshold")
        expect(field).to_have_value("0.700")


def test_the_words_of_a_sound_are_shown(served: Served, room: Room) -> None:
    """What stands for it and what that was understood as; nothing where recordings stand alone."""
    library, encoder = served.service.library, create_encoder("mini")
    text = read_text("玻璃破碎", Classifier(encoder))
    Enrollment(library, encoder, "mini", "glass", text=text).finish()
    with opened(room.browser, served.url, "sounds") as page:
        card = page.locator('[data-sound="glass"]')
        expect(card.locator(".words")).to_have_text("In words: 玻璃破碎 → glass breaking")
        expect(page.locator('[data-sound="whistle"] .words')).to_be_hidden()
    with opened(room.browser, served.url, "sounds", locale="zh-CN") as page:
        words = page.locator('[data-sound="glass"] .words')
        expect(words).to_contain_text("文字描述")
