"""Takes pictures of every view of the page for the documentation.

python -m tests.integration.page_pictures docs/images
python -m tests.integration.page_pictures docs/images monitor
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from runtime.history.store import History, HistoryConfig
from tests.integration.browser import FakeMicrophone, chromium, opened
from tests.integration.http_server import KNOCKS, WHISTLES, enrolled, serving

COLOURS = 96
"""Of a picture: the spectrograms make it large otherwise."""
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 980, "height": 860}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 980, "height": 860}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 800}},
}
LABELS = {"en-GB": "dog barking, whistling, door knock", "zh-CN": "狗叫, 口哨, 敲门"}


def take(folder: Path, views: Sequence[str] = ()) -> None:
    """All pictures, or those of some views, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        microphone = FakeMicrophone(work / "room.wav")
        history = History(work / "history", HistoryConfig(keep_audio=True, keep_speech=True))
        with (
            serving(enrolled(work / "library"), history=history, hook_file=_hooks(work)) as served,
            chromium(microphone.path) as browser,
        ):
            for look, options in LOOKS.items():
                for view in (listen, enroll, sounds, classify, monitor):
                    if views and view.__name__ not in views:
                        continue
                    locale = "zh-CN" if (look, view) == ("phone", classify) else "en-GB"
                    shot = {"view": view.__name__, "locale": locale, **options}
                    with opened(browser, served.url, **shot) as page:  # type: ignore[arg-type]
                        view(page, microphone, locale)
                        page.evaluate("scrollTo(0, 0)")
                        page.wait_for_timeout(300)
                        _save(page.screenshot(), folder / f"page-{view.__name__}-{look}.png")


def listen(page: Page, microphone: FakeMicrophone, locale: str) -> None:
    """Two wakes and the moving spectrogram."""
    microphone.hear(11.0, (1.0, WHISTLES[0]), (4.5, KNOCKS[0]), (8.0, WHISTLES[1]), gain=1.2)
    page.locator(".own button").click()
    page.wait_for_timeout(7000)
    page.locator(".scores .figure").filter(has_text=re.compile("^0.[4-9]")).first.wait_for()


def enroll(page: Page, microphone: FakeMicrophone, locale: str) -> None:
    """Two good takes and one that is unlike them."""
    page.locator("#name").fill("my whistle")
    page.locator("form button").click()
    for count, path in enumerate((*WHISTLES, KNOCKS[0]), 1):
        page.locator("#takes-file").set_input_files(path)
        page.locator(".take").nth(count - 1).wait_for()
    page.wait_for_timeout(500)


def sounds(page: Page, microphone: FakeMicrophone, locale: str) -> None:
    """One of them opened."""
    page.locator("summary").first.click()
    page.locator(".take canvas").first.wait_for()
    page.wait_for_timeout(800)


def classify(page: Page, microphone: FakeMicrophone, locale: str) -> None:
    """A file with several sounds."""
    microphone.hear(8.0, (0.8, WHISTLES[0]), (3.5, KNOCKS[0]), (6.0, WHISTLES[2]))
    page.locator("#audio").set_input_files(microphone.path)
    page.locator("#labels").fill(LABELS[locale])
    page.locator("form button.main").click()
    page.locator(".result .score").first.wait_for()
    page.wait_for_timeout(1200)


def monitor(page: Page, microphone: FakeMicrophone, locale: str) -> None:
    """Some seconds of watching."""
    microphone.hear(8.0, (0.8, WHISTLES[0]), (3.5, KNOCKS[0]), (6.3, WHISTLES[2]))
    page.locator("#labels").fill(LABELS[locale])
    page.locator(".actions button.main").click()
    page.locator(".alerts li").nth(1).wait_for()
    page.wait_for_timeout(8_000)


def _hooks(folder: Path) -> Path:
    """A configuration file with something to show."""
    path = folder / "wakesound.toml"
    path.write_text(
        '[[hooks]]\nname = "phone"\nsounds = "double knock"\ndo = "https://ntfy.sh/my-door"\n'
        'template = "ntfy"\nmessage = "{name} at {time:%H:%M}"\nquiet_hours = "22:00-07:00"\n',
        encoding="utf-8",
    )
    return path


def _save(png: bytes, path: Path) -> None:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    take(Path(sys.argv[1]), sys.argv[2:])
