"""The page's view of all sounds, in a real browser."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("playwright")

from pathlib import Path

from playwright.sync_api import expect

from tests.integration.browser import opened
from tests.integration.http_server import Served
from tests.integration.page_fixtures import Room, library, room, served

__all__ = ["library", "room", "served"]


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
        card.get_by_label("Name").fill("low whistle")
        card.get_by_role("button", name="Save").click()
        expect(page.locator('[data-sound="low whistle"]')).to_have_count(1)


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
