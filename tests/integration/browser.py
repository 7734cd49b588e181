"""A real browser without a screen, whose microphone plays a file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from tests.waiting import TIMEOUT_SECONDS
from wakeword.audio.reading import read_audio
from wakeword.audio.resampling import resample
from wakeword.testing import noise, placed

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RATE = 48_000
_PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")


def require() -> None:
    """Skip the test where there is no browser; fail it in CI."""
    if _PROGRAM is None:
        reason = "needs the browser chromium: scripts/system-packages browser"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    pytest.importorskip("playwright")


class FakeMicrophone:
    """What the browser's microphone hears, over and over, from when it is opened.

    Args:
        path: a file for it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.hear(5.0)

    def hear(self, seconds: float, *sounds: tuple[float, Path], gain: float = 1.0) -> None:
        """From the next opening on: a quiet room with recordings in it.

        Args:
            seconds: until it begins again.
            sounds: recordings, and where each begins in seconds.
            gain: of all of it.
        """
        clips = [(at, read_audio(path)) for at, path in sounds]
        room = placed(
            noise(seconds, rate=RATE),
            *((at, resample(clip.samples, clip.rate, RATE)) for at, clip in clips),
            rate=RATE,
        )
        beside = self.path.with_suffix(".new.wav")
        soundfile.write(beside, np.clip(gain * room, -1, 1), RATE, subtype="PCM_16")
        beside.replace(self.path)


@contextmanager
def chromium(
    microphone: Path | None = None, env: dict[str, str] | None = None
) -> Iterator[Browser]:
    """The browser; every page may use the microphone.

    Args:
        microphone: the file it plays; without one the machine's counts, if there is any.
        env: its environment.
    """
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=1000 * TIMEOUT_SECONDS)
    arguments = ["--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required"]
    if microphone is not None:
        arguments += [
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone}",
        ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_PROGRAM,
            args=arguments,
            chromium_sandbox=False,
            env=dict(env or os.environ),
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, url: str, view: str = "listen", **options: Any) -> Iterator[Page]:
    """The page at one of its views, in a profile of its own.

    What the page logs as an error, what it throws and what it asks of other machines fails the
    test, except where the server itself was away or said no.

    Args:
        browser: a running one.
        url: of the server.
        view: the name of the view.
        options: of the profile: ``locale``, ``color_scheme``, ``viewport``...
    """
    options.setdefault("locale", "en-GB")
    context = browser.new_context(**options)
    context.set_default_timeout(1000 * TIMEOUT_SECONDS)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if _is_wrong(line) else None)
    page.on("request", lambda r: None if _is_own(r.url, url) else wrong.append(r.url))
    try:
        page.goto(f"{url}/#/{view}")
        page.get_by_role("heading", level=1).wait_for()
        yield page
        assert wrong == [], wrong
    finally:
        context.close()


def _is_wrong(line: Any) -> bool:
    expected = "Failed to load resource", "WebSocket connection to", "net::ERR_"
    return line.type == "error" and not any(words in line.text for words in expected)


def _is_own(address: str, url: str) -> bool:
    return address.startswith((url, url.replace("http", "ws", 1), "blob:", "data:"))
