"""The page with a real microphone, which goes away while it is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

from tests.integration import browser, virtual_mic
from tests.integration.browser import chromium, opened
from tests.integration.http_server import Served, serving
from tests.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.slow, pytest.mark.alone]


@pytest.fixture(scope="module")
def microphone() -> Iterator[virtual_mic.VirtualMic]:
    browser.require()
    with virtual_mic.virtual_mic() as microphone:
        microphone.show_to_browsers()
        yield microphone


@pytest.fixture(scope="module")
def program(microphone: virtual_mic.VirtualMic) -> Iterator[Browser]:
    with chromium(env=microphone.env) as program:
        yield program


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("microphone") / "library") as served:
        yield served


def _listen(page: Page) -> None:
    page.get_by_role("button", name="Listen with this browser").click()
    page.get_by_role("button", name="Stop this browser").wait_for()


def test_a_microphone_that_is_pulled_out_is_said(
    served: Served, program: Browser, microphone: virtual_mic.VirtualMic
) -> None:
    """It says so and what to do; plugged in again, the button starts it again."""
    with opened(program, served.url) as page:
        _listen(page)
        wait_until(lambda: served.service.audio_streams == 1)
        microphone.pull_out()
        expect(page.get_by_role("alert")).to_contain_text("The microphone is gone")
        page.get_by_role("button", name="Listen with this browser").wait_for()
        wait_until(lambda: served.service.audio_streams == 0)
        microphone.plug_in()
        microphone.show_to_browsers()
        _listen(page)
        expect(page.get_by_role("alert").get_by_text("The microphone is gone")).to_have_count(0)


def test_a_sound_server_that_dies_is_said(
    served: Served, program: Browser, microphone: virtual_mic.VirtualMic
) -> None:
    """Nothing hangs: the watch for words stops and says why."""
    with opened(program, served.url, "monitor") as page:
        page.get_by_label("Labels, with commas").fill("whistling, dog barking")
        page.get_by_role("button", name="Start").click()
        page.get_by_role("button", name="Stop").wait_for()
        wait_until(lambda: served.service.audio_streams == 1)
        microphone.stop()
        expect(page.get_by_role("alert")).to_contain_text("The microphone is gone")
        page.get_by_role("button", name="Start").wait_for()
