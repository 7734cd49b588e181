"""The way of a sound is short: how many files it crosses from a microphone to a callback."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from types import FrameType

import numpy as np

from runtime import WakeListener
from runtime.sources.mic import MicSource
from tests.contract.recipes import _Card
from wakeword.audio.reading import read_audio
from wakeword.audio.resampling import resample
from wakeword.embedding.weights import asset
from wakeword.events import WakeEvent
from wakeword.testing import RATE, noise, placed

ROOT = Path(__file__).parents[2]
RINGS = tuple(str(ROOT / ring) for ring in ("wakeword", "enroll", "runtime"))
MOST_FILES = 31
"""Whoever wants more of them finds a shorter way first."""


def test_from_the_microphone_to_the_callback(tmp_path: Path) -> None:
    """Every file of which a function runs between the first audio and the user's function.

    What the library's thread does beside it is no part of the way.
    """
    shutil.copytree(ROOT / "tests/data/library", tmp_path / "library")
    clip = read_audio(asset("demo", "whistle_1.flac"))
    whistle = np.asarray(resample(clip.samples, clip.rate, RATE)[: round(1.5 * RATE)])
    audio = placed(noise(5.0), (1.5, whistle))
    crossed: set[str] = set()
    hearing, woken = threading.Event(), threading.Event()

    def note(frame: FrameType, event: str, argument: object) -> None:
        name = frame.f_code.co_filename
        on_the_way = threading.current_thread().name != "wakesound-library"
        if event == "call" and hearing.is_set() and on_the_way and name.startswith(RINGS):
            crossed.add(name)

    def act(event: WakeEvent) -> None:
        hearing.clear()
        woken.set()

    source = MicSource(rate=RATE, backend=lambda: _Card(audio, RATE))
    listener = WakeListener(tmp_path / "library", source).on("*", act)
    threading.setprofile(note)
    try:
        listener.start()
        hearing.set()
        assert woken.wait(60)
    finally:
        threading.setprofile(None)
        listener.stop()
    names = sorted(str(Path(name).relative_to(ROOT)) for name in crossed)
    assert {"runtime/sources/mic.py", "wakeword/engine.py", "runtime/hooks/action.py"} <= {*names}
    assert len(names) <= MOST_FILES, names
