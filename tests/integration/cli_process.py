"""The real command line in a process of its own, and sounds to enroll with it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile

from wakebench.synth.kinds import make_source
from wakeword.testing import RATE, noise, placed

TIMEOUT_SECONDS = 180
"""After this a command hangs; none takes a tenth of it on an idle machine."""
LENIENT = "--threshold-offset=-0.05"
"""The thresholds of three takes are strict; these tests are about other things."""


def command(*arguments: str | Path) -> list[str]:
    """The words that call ``wakesound`` with these arguments."""
    return [sys.executable, "-m", "runtime", *map(str, arguments)]


def wakesound(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    """Call it and wait for its end."""
    done = subprocess.run(
        command(*arguments), input=stdin, capture_output=True, timeout=TIMEOUT_SECONDS
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


@contextmanager
def running(
    *arguments: str | Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Call it and look on; it is killed when it takes too long."""
    process = subprocess.Popen(
        command(*arguments),
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    killer = threading.Timer(TIMEOUT_SECONDS, process.kill)
    killer.start()
    try:
        with process:
            yield process
    finally:
        process.kill()
        killer.cancel()


def write_recordings(folder: Path) -> None:
    """``whistle1.wav`` to ``3``, ``knock1.wav`` to ``3``, ``stream.wav`` and ``live.wav``.

    In the stream, of 17 seconds, the whistle is at 3 and 14 seconds and the knock at 8. The
    other one, to be played by the clock, has a knock at 0.7 and a whistle at 4, 7, 10 and 13.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    whistle, knock = make_source("whistle_rising", rng), make_source("double_knock", rng)
    for name, source in (("whistle", whistle), ("knock", knock)):
        for number in range(1, 4):
            samples = placed(noise(1.8, seed=number), (0.5, source.take(rng)))
            soundfile.write(folder / f"{name}{number}.wav", samples, RATE)
    for name, sounds in (
        ("stream", [(3.0, whistle), (8.0, knock), (14.0, whistle)]),
        ("live", [(0.7, knock), *((second, whistle) for second in (4.0, 7.0, 10.0, 13.0))]),
    ):
        heard = [(second, source.take(rng)) for second, source in sounds]
        soundfile.write(folder / f"{name}.wav", placed(noise(17.0), *heard), RATE)
