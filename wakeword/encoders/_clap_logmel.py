"""Log-mel levels as CLAP's published checkpoints were shown them, for clips that are repeated.

A clip shorter than what the model hears is repeated until that is full. Most of its frames
then are copies of each other, so each is computed once: for a clip of two seconds 204 frames
instead of 1,001. Equal to transformers' ``ClapFeatureExtractor`` within 1e-3 dB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from wakeword.audio.frames import FloatArray
from wakeword.audio.logmel import hz_to_mel, mel_to_hz

_FLOOR = 1e-10
"""Power below which everything is -100 dB."""

_Real = NDArray[np.float64]


@dataclass(frozen=True)
class ClapLogMel:
    """The front end of a checkpoint.

    Raises:
        ValueError: a setting makes no sense, or is one that transformers does not know.
    """

    rate: int = 48_000
    """Samples per second."""
    frame: int = 1024
    """Samples of a frame, also the length of the transform."""
    hop: int = 480
    """Samples from one frame to the next."""
    bands: int = 64
    """Mel bands."""
    low_hz: float = 0.0
    """Lower edge of the first band; 50 in the published checkpoints."""
    high_hz: float = 14_000.0
    """Upper edge of the last band."""
    seconds: float = 10.0
    """What the model hears at once."""
    padding: str = "repeatpad"
    """What follows a short clip: ``repeatpad`` (whole repeats, then silence), ``repeat`` (the
    last one is cut) or ``pad`` (silence)."""
    fused: bool = False
    """Whether the bands are those of models that fuse (HTK's scale) or the others (Slaney's)."""

    def __post_init__(self) -> None:
        if self.padding not in ("repeatpad", "repeat", "pad"):
            raise ValueError(f"padding {self.padding!r} is not repeatpad, repeat or pad")
        if min(self.rate, self.frame, self.hop, self.bands, self.seconds) <= 0:
            raise ValueError("rate, frame, hop, bands and seconds must be above 0")
        if not 0 <= self.low_hz < self.high_hz:
            raise ValueError(f"no bands lie between {self.low_hz:g} and {self.high_hz:g} Hz")

    @classmethod
    def of(cls, extractor: Any) -> ClapLogMel:
        """The same as a ``ClapFeatureExtractor``, which knows ``preprocessor_config.json``."""
        return cls(
            rate=int(extractor.sampling_rate),
            frame=int(extractor.fft_window_size),
            hop=int(extractor.hop_length),
            bands=int(extractor.feature_size),
            low_hz=float(extractor.frequency_min),
            high_hz=float(extractor.frequency_max),
            seconds=float(extractor.max_length_s),
            padding=str(extractor.padding),
            fused=extractor.truncation == "fusion",
        )

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> ClapLogMel:
        """The one that :meth:`to_dict` told of.

        Raises:
            TypeError, ValueError: it tells of something else.
        """
        return cls(**settings)

    def to_dict(self) -> dict[str, Any]:
        """The settings, for JSON."""
        return asdict(self)

    @property
    def samples(self) -> int:
        """How many the model hears at once."""
        return round(self.seconds * self.rate)

    @property
    def frames(self) -> int:
        """How many there always are."""
        return 1 + self.samples // self.hop

    def __call__(self, window: FloatArray) -> FloatArray:
        """Levels in dB, ``(frames, bands) float32``, of ``(n,) float32`` with n <= samples."""
        first, where = self._distinct(len(window))
        half = self.frame // 2
        padded = np.pad(self._filled(window), half, mode="reflect")
        frames = sliding_window_view(padded, self.frame)[:: self.hop][first]
        return self._levels(frames)[where]

    def _filled(self, window: FloatArray) -> FloatArray:
        """``(samples,)``: the clip and what follows it."""
        content = np.tile(window, -(-self._content(len(window)) // len(window)))
        filled = np.zeros(self.samples, np.float32)
        filled[: self._content(len(window))] = content[: self._content(len(window))]
        return filled

    def _content(self, count: int) -> int:
        """How many samples are not padded with silence, of a clip of ``count``."""
        return {"repeat": self.samples, "pad": count}.get(
            self.padding, self.samples // count * count
        )

    def _distinct(self, count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Which frames differ, and where each frame's equal is among those.

        A frame inside the repeats is known by where in the clip it begins, one inside the
        silence is like all others there, and one at an edge is like no other.
        """
        begin = np.arange(self.frames) * self.hop - self.frame // 2
        end = begin + self.frame
        content = self._content(count)
        kind = -2 - np.arange(self.frames)
        kind[(begin >= content) & (end <= self.samples)] = -1
        inside = (begin >= 0) & (end <= content)
        kind[inside] = begin[inside] % count
        _, first, where = np.unique(kind, return_index=True, return_inverse=True)
        return first, where

    def _levels(self, frames: NDArray[Any]) -> FloatArray:
        """``(k, bands) float32`` dB of ``(k, frame)``; in double precision.

        In single precision the noise of the transform would show below a loud tone.
        """
        spectrum = np.fft.rfft(frames * self._taper)[:, : len(self._filters)]
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        levels = 10.0 * np.log10(np.maximum(power @ self._filters, _FLOOR))
        return cast(FloatArray, levels.astype(np.float32))

    @cached_property
    def _taper(self) -> _Real:
        """Hann window, ``(frame,)``, periodic."""
        return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.frame) / self.frame)

    @cached_property
    def _filters(self) -> _Real:
        """Triangles over mel bands, ``(bins, bands)``; bins above the last band are left out."""
        to_mel, to_hz = (hz_to_mel, mel_to_hz) if self.fused else (_slaney_mel, _slaney_hz)
        low, high = to_mel(np.array([self.low_hz, self.high_hz]))
        edges = to_hz(np.linspace(low, high, self.bands + 2))
        hz = np.linspace(0, self.rate // 2, self.frame // 2 + 1)[:, None]
        rising = (hz - edges[:-2]) / (edges[1:-1] - edges[:-2])
        falling = (edges[2:] - hz) / (edges[2:] - edges[1:-1])
        filters = np.maximum(0.0, np.minimum(rising, falling))
        if not self.fused:  # each triangle of area 1
            filters *= 2.0 / (edges[2:] - edges[:-2])
        return filters[: 1 + int(np.flatnonzero(filters.any(axis=1)).max(initial=0))]


_KNEE_HZ = 1000.0
"""Up to here Slaney's scale is linear, 15 mel to 1,000 Hz; above, 27 mel are a factor of 6.4."""


def _slaney_mel(hz: _Real) -> _Real:
    octaves = np.log(np.maximum(hz, _KNEE_HZ) / _KNEE_HZ) / np.log(6.4)
    return np.asarray(15.0 * np.minimum(hz, _KNEE_HZ) / _KNEE_HZ + 27.0 * octaves)


def _slaney_hz(mel: _Real) -> _Real:
    above = 6.4 ** (np.maximum(mel - 15.0, 0.0) / 27.0)
    return np.asarray(_KNEE_HZ * np.minimum(mel, 15.0) / 15.0 * above)
