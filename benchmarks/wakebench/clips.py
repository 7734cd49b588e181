"""Pieces of background: files of the data, or made by the synthesiser."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from wakebench.identity import code_key, generator
from wakebench.synth import RATE, background
from wakeword.audio.frames import FloatArray
from wakeword.audio.reading import read_audio
from wakeword.audio.resampling import resample


class Clip(Protocol):
    """A stretch of audio that holds none of the enrolled sounds."""

    @property
    def label(self) -> str:
        """What it is."""
        ...

    @property
    def category(self) -> str:
        """Kind of background: speech, music, noise, other sounds or silence."""
        ...

    @property
    def key(self) -> str:
        """Changes whenever the audio does."""
        ...

    def load(self) -> FloatArray:
        """``(n,) float32`` at 16 kHz."""
        ...


@dataclass(frozen=True)
class FileClip:
    """A recording."""

    path: Path
    label: str
    category: str

    @property
    def key(self) -> str:
        """Digest of the file's content."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()[:16]

    def load(self) -> FloatArray:
        """Read and resample it.

        Raises:
            AudioDecodeError: it is missing or not readable.
        """
        clip = read_audio(self.path)
        return resample(clip.samples, clip.rate, RATE)


@dataclass(frozen=True)
class MadeClip:
    """A synthesised background."""

    label: str
    """One of ``BACKGROUNDS`` of the synthesiser."""
    category: str
    seconds: float
    seed: int

    @property
    def key(self) -> str:
        """Its parameters and the synthesiser's code."""
        return f"{self.label}-{self.seconds}-{self.seed}-{code_key('synth')}"

    def load(self) -> FloatArray:
        """Make it."""
        return background(self.label, self.seconds, generator(self.seed, "background", self.label))
