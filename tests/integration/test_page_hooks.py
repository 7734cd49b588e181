"""What happens when a sound is heard, set on the page, in a real browser."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("playwright")

from pathlib import Path

from playwright.sync_api import expect

from runtime.configuration import load
from tests.integration.browser import opened
from tests.integration.http_server import WHISTLES, Served
from tests.integration.page_fixtures import Room, empty, library, room, served
from tests.integration.test_http_hooks import Receiver, receiver

__all__ = ["empty", "library", "receiver", "room", "served"]

pytestmark = pytest.mark.slow


def test_an_action_is_added_tried_changed_and_deleted(
    served: Served, room: Room, receiver: Receiver, tmp_path: Path
) -> None:
    """Its address is not shown again; what is wrong with it is said."""
    file = tmp_path / "wakesound.toml"
    with opened(room.browser, served.url, "sounds") as page:
        card = page.locator('[data-sound="whistle"]')
        card.locator("summary").first.click()
        expect(card).to_contain_text("Nothing yet, besides")
        card.get_by_role("button", name="Add an action").click()
        card.get_by_label("Address").fill("nonsense")
        card.get_by_role("button", name="Save").nth(1).click()
        expect(page.get_by_role("alert")).to_contain_text("clients may set http:")
        card.get_by_label("Address").fill(f"{receiver.url}/secret")
        card.get_by_role("button", name="Save").nth(1).click()
        hook = card.locator(".hook")
        expect(hook).to_contain_text(receiver.url)
        expect(hook).not_to_contain_text("secret")
        hook.get_by_role("button", name="Try").click()
        expect(hook).to_contain_text("It worked.")
        assert receiver.posts[0][0] == "/secret"

        hook.get_by_role("button", name="Change").click()
        card.get_by_label("Address").fill(f"{receiver.url}/broken")
        card.get_by_role("button", name="Save").nth(1).click()
        expect(card.locator("form.panel")).to_have_count(0)
        hook.get_by_role("button", name="Try").click()
        expect(hook).to_contain_text("It failed")

        hook.get_by_role("button", name="Change").click()
        card.get_by_label("What happens").select_option("ntfy")
        card.get_by_label("Message").fill("{name} at {time:%H:%M}")
        card.get_by_text("Conditions").click()
        card.get_by_label("Not at these hours").fill("22:00-07:00")
        card.get_by_role("button", name="Save").nth(1).click()
        expect(hook).to_contain_text("not 22:00-07:00")
        (table,) = load(file).table.hooks
        assert (table.template, table.message) == ("ntfy", "{name} at {time:%H:%M}")
        hook.get_by_role("button", name="Turn off").click()
        hook.get_by_role("button", name="Turn on").wait_for()
        assert not load(file).table.hooks[0].enabled
        hook.get_by_role("button", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(hook).to_have_count(0)
    assert load(file).table.hooks == []


def test_an_action_is_chosen_while_enrolling(
    empty: Served, room: Room, receiver: Receiver, tmp_path: Path
) -> None:
    """It is stored with the sound; without an address there is no going on."""
    with opened(room.browser, empty.url, "enroll") as page:
        page.get_by_label("Name of the sound").fill("bell")
        page.get_by_role("button", name="Begin").click()
        page.get_by_label("Upload recordings").set_input_files(WHISTLES)
        expect(page.locator(".take")).to_have_count(3)
        page.get_by_label("What happens").select_option("web")
        page.get_by_role("button", name="Enroll it").click()
        expect(page.get_by_role("button", name="Enroll it")).to_be_visible()
        page.get_by_label("Address").fill(f"{receiver.url}/bell")
        page.get_by_role("button", name="Enroll it").click()
        expect(page.get_by_text("“bell” is enrolled")).to_be_visible()
        page.get_by_role("link", name="Sounds").last.click()
        page.locator("summary").first.click()
        expect(page.locator(".hook")).to_contain_text(receiver.url)
    (table,) = load(tmp_path / "wakesound.toml").table.hooks
    assert (table.sounds, table.do) == (["bell"], f"{receiver.url}/bell")
