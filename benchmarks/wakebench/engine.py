"""The engine under test: enrolled as a user enrolls, heard through the real runtime."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

import wakeword
from enroll.finder import find_takes
from enroll.session import Enrollment
from wakebench.identity import code_key, digest
from wakebench.synth import RATE
from wakebench.trace import Firing, Trace
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.reading import AudioClip
from wakeword.audio.resampling import resample
from wakeword.encoders import create_encoder
from wakeword.engine import Engine, EngineConfig
from wakeword.errors import TakeRejected
from wakeword.events import Match, WakeEvent, Window
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.protocols import Encoder, EncoderWrapper
from wakeword.scoring.bank import bank_path

REFUSED = -9.0
"""Below every score."""
FRAME = 4096
"""Samples per frame; the events don't depend on it."""


class RememberingEncoder(EncoderWrapper):
    """An encoder that embeds a window once however many libraries ask for it."""

    changes = frozenset({"frame_samples", "frame_hop"})

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self._known: dict[bytes, FloatArray] = {}
        self.frame_samples = self.frame_hop = 0  # windows are remembered, not frames

    def forget(self) -> None:
        """Start afresh: with the next stream."""
        self._known.clear()

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """As the encoder does."""
        rows = []
        for window in windows:
            content = hashlib.blake2b(window.tobytes(), digest_size=16).digest()
            if content not in self._known:
                self._known[content] = self.wrapped.embed([window])[0]
            rows.append(self._known[content])
        return np.stack(rows) if rows else np.zeros((0, self.dim), np.float32)


class EngineSystem:
    """Wakesound as it is.

    Args:
        spec: the encoder, as for ``--encoder``.
        config: settings of the engine; the defaults are what users get.
    """

    calibrates = True

    def __init__(self, spec: str, config: EngineConfig | None = None) -> None:
        self.spec = spec
        self.config = config or EngineConfig()
        self._encoder = RememberingEncoder(create_encoder(spec))
        self.name = f"wakesound ({spec})"

    @property
    def key(self) -> str:
        """Changes with the product's code, the encoder and the settings."""
        root = Path(wakeword.__file__).parent.parent
        bank = bank_path(self._encoder.id)
        return digest(
            code_key("wakeword", "enroll", root=root),
            code_key("engine", "recording"),
            self._encoder.id,
            self.config,
            bank.read_bytes() if bank.is_file() else b"",
        )

    def enroll(self, takes: Mapping[str, Sequence[Take]], folder: Path) -> list[str]:
        """Enroll each sound as ``wakesound enroll --force`` does with a file for each take.

        The product finds the sound in each recording itself.
        """
        library = SoundLibrary(folder)
        refused = []
        for name, recordings in takes.items():
            enrollment = Enrollment(library, self._encoder, self.spec, name, force=True)
            for recording in recordings:
                clip = AudioClip(recording.samples, recording.rate)
                try:
                    findings = [f for t in find_takes(clip) for f in enrollment.add(t)]
                    refused += [f"{name}: {f.message}" for f in findings if f.refused]
                except TakeRejected as error:
                    refused.append(f"{name}: {error}")
            if enrollment.takes:
                enrollment.finish()
        return refused

    def hear(self, samples: FloatArray, folders: Sequence[Path]) -> list[Trace]:
        """Run one engine per library over the stream, frame by frame."""
        self._encoder.forget()
        audio = resample(samples, RATE, self._encoder.rate)
        return [self._listen(audio, SoundLibrary(folder)) for folder in folders]

    def _listen(self, audio: FloatArray, library: SoundLibrary) -> Trace:
        heard: list[tuple[Window, Match]] = []

        def observe(window: Window, match: Match | None) -> None:
            if match is not None:
                heard.append((window, match))

        engine = Engine(library, self._encoder, self.config, observer=observe)
        events: list[WakeEvent] = []
        for start in range(0, len(audio), FRAME):
            events += engine.push(AudioFrame(audio[start : start + FRAME], start, engine.rate))
        events += engine.flush()
        names = tuple(sorted({match.sound for _, match in heard}))
        trace = Trace(
            names=names,
            ends=np.array([window.end for window, _ in heard], np.int64),
            sounds=np.array([names.index(match.sound) for _, match in heard], np.int64),
            scores=np.array([_score(match) for _, match in heard], np.float64),
            thresholds=np.array([match.threshold for _, match in heard], np.float64),
            hop=round(self.config.segmenter.hop_seconds * engine.rate),
            length=len(audio),
            rate=engine.rate,
            trigger=self.config.trigger,
        )
        # The sweep rests on this: the recorded matches give the engine's events. They may give
        # more, as nobody tells them that a sound goes on while the gate has adapted to it.
        given = trace.firings()
        if any(Firing(event.end_seconds, event.sound) not in given for event in events):
            raise AssertionError("the trace does not give the engine's own events")
        return trace


def _score(match: Match) -> float:
    """What counts at some threshold; what was refused does at none."""
    return REFUSED if match.refused else match.score
