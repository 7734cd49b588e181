"""How fast recordings are read, beside libsndfile alone.

    python -m wakebench.reading_speed

Two minutes of noise and tones are written as WAV, FLAC, MP3 and Opus, with one and two channels,
and read in blocks of a second by turns: by the reader, and by libsndfile as it was used before
(soundfile, the mean of the channels, the same checks). Seconds of processor time, the best of five.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from wakeword.audio.frames import AudioFrame
from wakeword.audio.reading import read_blocks

SECONDS = 120
RUNS = 5
_WRITTEN = {
    "wav": "ffmpeg -v error -y -i in.wav a.wav",
    "flac": "flac -s -f in.wav -o a.flac",
    "mp3": "lame --quiet in.wav a.mp3",
    "opus": "opusenc --quiet in.wav a.opus",
}


class _Unseeking(soundfile.SoundFile):  # type: ignore[misc]  # no types of its own
    def seekable(self) -> bool:
        """Never, so that nothing seeks."""
        return False


def by_libsndfile(path: Path) -> int:
    """Samples of a file, read with soundfile."""
    start = 0
    with _Unseeking(path) as file:
        while len(block := file.read(file.samplerate, dtype="float32", always_2d=True)):
            mean = np.ascontiguousarray(block.mean(axis=1), np.float32)
            if not np.isfinite(mean).all() or np.abs(mean).max() > 64:
                raise ValueError(path)
            start = AudioFrame(mean, start, file.samplerate).end
    return start


def by_reader(path: Path) -> int:
    """Samples of a file, read with the reader."""
    return sum(len(block.samples) for block in read_blocks(path, 1.0))


def best(read: Callable[[Path], int], path: Path) -> float:
    """Processor seconds of one reading."""
    began = time.process_time()
    read(path)
    return time.process_time() - began


def main() -> None:
    """Print the table."""
    print("| format | channels | libsndfile | reader |\n| --- | --- | --- | --- |")  # noqa: T201
    with tempfile.TemporaryDirectory() as folder:
        for channels in (1, 2):
            tone = "0.2*sin(2*PI*(300+3*t)*t)+0.01*(random(0)-0.5)"
            source = "aevalsrc=" + "|".join([tone] * channels) + f":s=44100:d={SECONDS}"
            make = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, "in.wav"]
            subprocess.run(make, cwd=folder, check=True)
            for kind, command in _WRITTEN.items():
                subprocess.run(command.split(), cwd=folder, check=True, stderr=subprocess.DEVNULL)
                path = Path(folder, f"a.{kind}")
                times = np.array(
                    [[best(by_libsndfile, path), best(by_reader, path)] for _ in range(RUNS)]
                )
                old, new = times.min(axis=0)
                print(f"| {kind} | {channels} | {old:.2f} s | {new:.2f} s |")  # noqa: T201


if __name__ == "__main__":
    main()
