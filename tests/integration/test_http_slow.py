"""A service that hears more slowly than its clients send: they wait, and nobody is cut off."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from websockets.sync.client import connect

from runtime.services.http.config import Limits
from tests.integration.http_server import Served, serving
from tests.waiting import wait_until
from wakeword.audio.frames import FloatArray
from wakeword.testing import NamedTones, noise, placed, tone

pytest.importorskip("fastapi")


class SlowTones(NamedTones):
    """An encoder on a machine that is too slow.

    Args:
        seconds: for each batch of windows.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """As the others, later."""
        time.sleep(self._seconds)
        return super().embed(windows)


def _wav(samples: FloatArray) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, 16_000, format="WAV", subtype="PCM_16")
    return file.getvalue()


def _tones(seconds: int) -> bytes:
    """PCM with a tone each second, so that the gate opens again and again."""
    sounds = [(float(at), tone(1000, 0.4)) for at in range(seconds)]
    samples = placed(noise(float(seconds)), *sounds)
    return np.rint(samples * 32767).astype("<i2").tobytes()


def test_who_sends_too_fast_waits_and_is_heard_to_the_end(tmp_path: Path) -> None:
    """Pings go unanswered for several times as long as they come: all is heard, the end is told."""
    limits = Limits(ping_seconds=0.1)
    with serving(tmp_path / "library", limits=limits, encoder=SlowTones(0.02)) as served:
        client = _enrolled(served)
        began = time.monotonic()
        with connect(f"ws://127.0.0.1:{served.port}/ws", ping_interval=None) as websocket:
            pcm = _tones(10)
            for offset in range(0, len(pcm), 3200):
                websocket.send(pcm[offset : offset + 3200])
            websocket.send('{"event": "end"}')
            messages = [json.loads(message) for message in websocket]
        client.close()
    assert messages[-1] == {"event": "end", "seconds": 10.0}
    assert time.monotonic() - began > 5 * limits.ping_seconds, "the server was slow"


def _enrolled(served: Served):
    """Let the server listen for something."""
    from enroll import enroll_files

    folder = served.service.library.folder
    files = []
    for number in range(3):
        path = folder.parent / f"{number}.wav"
        path.write_bytes(_wav(placed(noise(2.0, seed=number), (1.0, tone(1000, 0.4)))))
        files.append(path)
    enroll_files(folder, NamedTones(), "beep", files)
    client = served.client()
    deadline = time.monotonic() + 20
    while not client.get("/sounds").json() and time.monotonic() < deadline:
        time.sleep(0.05)
    return client


def test_short_requests_do_not_wait_for_uploads(tmp_path: Path) -> None:
    """While many recordings wait for being classified, what is quick is answered at once."""
    recording = _wav(tone(1000, 1.0))

    def classify(number: int) -> int:
        form = {"labels": "tone 1000, tone 2000"}
        files = {"audio": (f"{number}.wav", recording, "audio/wav")}
        return client.post("/classify", files=files, data=form).status_code

    with (
        serving(tmp_path / "library", encoder=SlowTones(0.6)) as served,
        ThreadPoolExecutor(12) as pool,
        served.client() as client,
    ):
        done = [pool.submit(classify, number) for number in range(12)]
        wait_until(lambda: served.service.jobs.active + served.service.long_jobs.active >= 6)
        asked = time.monotonic()
        assert client.get("/sounds").status_code == 200
        took = time.monotonic() - asked
        waiting = sum(not one.done() for one in done)
        assert {one.result() for one in done} == {200}
    assert waiting >= 3, "it did not wait for them"
    assert took < 1.0
