"""Test doubles and small sounds, for our own tests and for those who build on the engine.

Everything here is exact and repeatable: no device, no weights, no randomness without a seed.
"""

from __future__ import annotations

import os
import queue
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.embedding.embedder import checked
from wakeword.events import WakeEvent
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.protocols import Encoder, Source

RATE = 16000
"""Samples per second of everything here, unless something else is asked for."""

# -- sounds --------------------------------------------------------------------------------


def silence(seconds: float, rate: int = RATE) -> FloatArray:
    """Digital silence, ``(n,) float32``."""
    return np.zeros(round(seconds * rate), np.float32)


def tone(hz: float, seconds: float, rate: int = RATE, level_db: float = -20.0) -> FloatArray:
    """A sine, ``(n,) float32``, faded in and out over 5 ms; ``level_db`` is its RMS in dBFS."""
    time = np.arange(round(seconds * rate)) / rate
    fade = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.005)
    wave = np.sin(2 * np.pi * hz * time) * fade
    return np.asarray(np.sqrt(2.0) * 10.0 ** (level_db / 20.0) * wave, np.float32)


def noise(seconds: float, rate: int = RATE, level_db: float = -60.0, seed: int = 0) -> FloatArray:
    """White noise, ``(n,) float32``; ``level_db`` is its RMS in dBFS."""
    samples = np.random.default_rng(seed).standard_normal(round(seconds * rate))
    return np.asarray(10.0 ** (level_db / 20.0) * samples, np.float32)


def burst(seconds: float, rate: int = RATE, level_db: float = -20.0, seed: int = 0) -> FloatArray:
    """A clap: white noise that begins at once and dies away by 40 dB, ``(n,) float32``."""
    samples = noise(seconds, rate, level_db, seed)
    decay = np.exp(-np.arange(len(samples)) / len(samples) * np.log(100.0))
    return np.asarray(samples * decay, np.float32)


def placed(
    background: FloatArray, *sounds: tuple[float, FloatArray], rate: int = RATE
) -> FloatArray:
    """The background with each ``(seconds, samples)`` mixed in at that time."""
    mixed = background.copy()
    for seconds, samples in sounds:
        start = round(seconds * rate)
        mixed[start : start + len(samples)] += samples[: max(0, len(mixed) - start)]
    return mixed


def frames(
    samples: FloatArray, size: int, rate: int = RATE, start: int = 0
) -> Iterator[AudioFrame]:
    """Cut ``(n,) float32`` into frames of ``size`` samples; the last one may be shorter."""
    for offset in range(0, len(samples), size):
        yield AudioFrame(samples[offset : offset + size], start + offset, rate)


# -- doubles -------------------------------------------------------------------------------


class ToneEncoder(Encoder):
    """An encoder that tells tones apart: the amplitude in each of 15 frequency bands.

    Args:
        rate: samples per second of the windows.
        window_seconds: longest window.
    """

    id = "tone-1"
    dim = 16
    low_hz = 100.0

    def __init__(self, rate: int = RATE, window_seconds: float = 0.5) -> None:
        self.rate = rate
        self.window_seconds = window_seconds

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embeddings ``(len(windows), 16) float32``; the last column is silence.

        Raises:
            AudioFormatError: a window is empty, too long, not mono float32 or not finite.
        """
        size = round(self.window_seconds * self.rate)
        rows = [self._embed(window, size) for window in checked(windows, size)]
        return np.stack(rows) if rows else np.zeros((0, self.dim), np.float32)

    def _embed(self, window: FloatArray, size: int) -> FloatArray:
        power = np.abs(np.fft.rfft(window, size)) ** 2
        hz = np.fft.rfftfreq(size, 1.0 / self.rate)
        edges = np.geomspace(self.low_hz, self.rate / 2, self.dim)
        bands = [power[(hz >= a) & (hz < b)].sum() for a, b in pairwise(edges)]
        vector = np.append(np.sqrt(bands), 1e-3)
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


class NamedTones(ToneEncoder):
    """A :class:`ToneEncoder` that reads: a text with a number in it is a tone of so many Hz.

    Any other text is silence to it.
    """

    id = "named-tones-1"
    logit_scale = 20.0

    def __init__(self, rate: int = RATE, window_seconds: float = 0.5) -> None:
        super().__init__(rate, window_seconds)
        self.read: list[str] = []
        """Every text that it was asked for."""

    def embed_text(self, labels: Sequence[str]) -> FloatArray:
        """``(len(labels), 16) float32``, each row of length 1 (L2)."""
        self.read += labels
        numbers = [re.search(r"\d+", label) for label in labels]
        size = self.window_seconds
        sounds = [tone(float(n[0]), size, self.rate) if n else silence(size) for n in numbers]
        return self.embed(sounds)


class ScriptedGate:
    """A gate that says what it is told to, one word for each block, then stays shut.

    Args:
        script: the words; they begin anew after ``reset``.
    """

    def __init__(self, script: Iterable[bool]) -> None:
        self.script = list(script)
        self.asked: list[AudioFrame] = []
        """The blocks it was asked about since the last reset."""

    def __call__(self, frame: AudioFrame) -> bool:
        """The next word of the script."""
        self.asked.append(frame)
        return len(self.asked) <= len(self.script) and self.script[len(self.asked) - 1]

    def reset(self) -> None:
        """Begin anew."""
        self.asked = []


class ArraySource(Source):
    """A source that plays an array, once for each iteration.

    Args:
        samples: ``(n,) float32``.
        rate: samples per second.
        name: what events say they came from.
        size: samples in a frame.
        live: whether it claims to be live; it never waits for a clock.
    """

    def __init__(
        self,
        samples: FloatArray,
        rate: int = RATE,
        *,
        name: str = "array",
        size: int = 1600,
        live: bool = False,
    ) -> None:
        self.samples = samples
        self.rate = rate
        self.name = name
        self.size = size
        self.live = live
        self.closed = threading.Event()
        """Set once it was closed."""

    def __iter__(self) -> Iterator[AudioFrame]:
        """Yield the frames until the end or until it is closed."""
        for frame in frames(self.samples, self.size, self.rate):
            if self.closed.is_set():
                return
            yield frame

    def close(self) -> None:
        """End the iteration before its next frame."""
        self.closed.set()


class FedSource(Source):
    """A source that plays what it is fed, when it is fed, until it is told to end.

    Args:
        rate: samples per second.
        name: what events say they came from.
        live: whether it claims to be live.
    """

    def __init__(self, rate: int = RATE, *, name: str = "fed", live: bool = True) -> None:
        self.rate = rate
        self.name = name
        self.live = live
        self._food: queue.SimpleQueue[FloatArray | int | Exception | None] = queue.SimpleQueue()
        self.closed = threading.Event()
        """Set once it was closed."""

    def feed(self, samples: FloatArray) -> None:
        """Play these, as one frame."""
        self._food.put(samples)

    def lose(self, samples: int) -> None:
        """Leave a gap of so many samples."""
        self._food.put(samples)

    def fail(self, error: Exception) -> None:
        """Raise this once all before it was played."""
        self._food.put(error)

    def end(self) -> None:
        """End once all was played."""
        self._food.put(None)

    def close(self) -> None:
        """End before the next frame."""
        self.closed.set()
        self._food.put(None)

    def __iter__(self) -> Iterator[AudioFrame]:
        """Yield frames as they are fed."""
        start = 0
        while (food := self._food.get()) is not None and not self.closed.is_set():
            if isinstance(food, Exception):
                raise food
            if isinstance(food, int):
                start += food
                continue
            yield AudioFrame(food, start, self.rate)
            start += len(food)


class RecordingSink:
    """A sink that keeps what it gets."""

    def __init__(self) -> None:
        self.events: list[WakeEvent] = []
        """All events, in order."""
        self._changed = threading.Condition()

    def __call__(self, event: WakeEvent) -> None:
        """Keep the event."""
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_for(self, count: int, timeout_seconds: float = 10.0) -> bool:
        """Wait until there are ``count`` events; whether they came in time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.events) >= count, timeout_seconds)


def make_library(
    folder: str | os.PathLike[str],
    sounds: Mapping[str, FloatArray],
    encoder: Encoder | None = None,
    *,
    encoder_spec: str = "tone",
    threshold: float = 0.9,
) -> SoundLibrary:
    """A library with one take of each sound, without the checks of a real enrollment.

    Args:
        folder: where to put it, or add to it.
        sounds: ``(n,) float32`` at ``RATE`` by name; 0.3 s of silence is put around each.
        encoder: what makes the embeddings; a :class:`ToneEncoder` by default.
        encoder_spec: name of the encoder, as ``create_encoder`` takes it.
        threshold: of every sound.
    """
    library = SoundLibrary(folder)
    edge = silence(0.3)
    for name, samples in sounds.items():
        take = Take(
            np.concatenate([edge, samples, edge]), RATE, len(edge), len(edge) + len(samples)
        )
        library.save(
            name,
            [take],
            encoder=encoder or ToneEncoder(),
            encoder_spec=encoder_spec,
            threshold=threshold,
            budget_per_hour=0.5,
            replace=True,
        )
    return library
