"""Listens to the microphone in a process of its own: ``microphone_recorder.py BACKEND OUT.npz``.

Prints ``listening`` when the source is open, then how many samples it has heard, a line a frame.
Ends when standard input does, and then writes the
samples, where each frame began, and what was lost. Warnings go to stderr, one a line.
"""

from __future__ import annotations

import logging
import sys
import threading

import numpy as np

from runtime.sources._devices import open_backend
from runtime.sources._portaudio import Backend
from runtime.sources._resampled import Resampled
from runtime.sources._sounddevice import SoundDeviceBackend
from runtime.sources.mic import MicSource

RATE = 48_000


def backend(name: str) -> Backend:
    """PyAudio as the runtime finds it, or sounddevice though PyAudio is there."""
    return SoundDeviceBackend() if name == "sounddevice" else open_backend()


def main(name: str, out: str) -> None:
    """Record until standard input ends."""
    logging.basicConfig(format="%(message)s")
    mic = MicSource(rate=RATE, backend=lambda: backend(name))
    source = Resampled(mic, RATE)

    def close_at_end() -> None:
        sys.stdin.read()
        source.close()

    threading.Thread(target=close_at_end, daemon=True).start()
    sys.stdout.write(f"listening {mic.device.name}\n")
    sys.stdout.flush()
    frames = []
    heard = 0
    for frame in source:
        frames.append(frame)
        heard += len(frame.samples)
        sys.stdout.write(f"{heard}\n")
        sys.stdout.flush()
    np.savez(
        out,
        samples=np.concatenate([f.samples for f in frames]),
        starts=[f.start for f in frames],
        lengths=[len(f.samples) for f in frames],
        lost=source.samples_lost,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
