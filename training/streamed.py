"""The streaming encoder at work: NumPy and ONNX Runtime, no torch.

A :class:`FrameStream` takes log-mel frames as they come and gives :class:`Blocks`, features of
40 ms each; any window of these is pooled into a vector by :meth:`StreamedEncoder.pool`. How the
frames are cut into calls changes nothing. A window that is asked for by itself starts from
nothing, with its own quietest moment for the floor that it cannot have heard.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeword.audio.frames import FloatArray
from wakeword.audio.logmel import LogMel
from wakeword.embedding.embedder import checked
from wakeword.encoders._mini_labels import LabelTable, table
from wakeword.encoders._onnx import open_session
from wakeword.encoders.mini import RATE, WINDOW_SECONDS, prolonged, window_levels
from wakeword.errors import ConfigError, EncoderError
from wakeword.protocols import Encoder

BLOCK, AHEAD = 4, 4
HISTORY = 62
FLOOR_BIAS_DB = np.float32(2.0)
FALL_DB = np.float32(0.8)
LEAST_PEAK_DB = np.float32(15.0)
"""These and the like are explained, and kept the same, in ``streaming_net``."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """Features of some blocks in a row."""

    mass: FloatArray
    """``(blocks, masses)``."""
    sums: FloatArray
    """``(blocks, sums)``."""
    tops: FloatArray
    """``(blocks, tops)``."""

    def __len__(self) -> int:
        return len(self.mass)

    def __getitem__(self, part: slice) -> Blocks:
        return Blocks(self.mass[part], self.sums[part], self.tops[part])

    @classmethod
    def joined(cls, parts: Sequence[Blocks]) -> Blocks:
        """One after the other."""
        return cls(
            np.concatenate([part.mass for part in parts]),
            np.concatenate([part.sums for part in parts]),
            np.concatenate([part.tops for part in parts]),
        )


class Ground:
    """The running floor of each band and the running peak.

    Args:
        past: ``(bands,)`` dBFS that serve as the quietest moment before the first block; None
            for the start of a stream.
        bands: how many.
    """

    def __init__(self, past: FloatArray | None, bands: int) -> None:
        self._lows = np.full((HISTORY - 1, bands), np.inf, np.float32)
        if past is not None:
            self._lows[:] = past
        self._mean: FloatArray | None = None
        self._held = np.float32(-np.inf)

    def follow(self, blocks: FloatArray, ahead: float) -> tuple[FloatArray, FloatArray]:
        """Peak ``(n,)`` and floor ``(n, bands)`` of each of the next blocks, in dBFS.

        Args:
            blocks: ``(n, BLOCK, bands)`` dBFS.
            ahead: the loudest level of the block after them; minus infinity where none comes.
        """
        mean = blocks.mean(axis=1)
        before = mean[:1] if self._mean is None else self._mean[None]
        smooth = np.float32(0.5) * (mean + np.concatenate([before, mean[:-1]]))
        self._mean = mean[-1]
        lows = np.concatenate([self._lows, smooth])
        if len(blocks) > HISTORY:
            seen = np.lib.stride_tricks.sliding_window_view(lows, HISTORY, axis=0)
            floor = seen.min(axis=2)
        else:
            floor = np.stack([lows[i : i + HISTORY].min(axis=0) for i in range(len(blocks))])
        floor = FLOOR_BIAS_DB + floor
        self._lows = lows[len(blocks) :]
        peaks = blocks.max(axis=(1, 2))
        fall = FALL_DB * np.arange(1, len(blocks) + 1, dtype=np.float32)
        risen = np.concatenate([[self._held], peaks + fall]).astype(np.float32)
        held = np.maximum.accumulate(risen)[1:] - fall
        self._held = held[-1]
        following = np.append(peaks[1:], np.float32(ahead))
        peak = np.maximum(np.maximum(held, following), floor.max(axis=1) + LEAST_PEAK_DB)
        return peak.astype(np.float32), floor.astype(np.float32)


class FrameStream:
    """Frames in, blocks of features out.

    Args:
        encoder: whose features.
        past: see :class:`Ground`.
    """

    def __init__(self, encoder: StreamedEncoder, past: FloatArray | None = None) -> None:
        self._encoder = encoder
        self._ground = Ground(past, encoder.bands)
        self._left = np.zeros((0, encoder.bands), np.float32)
        self._past = encoder.start()

    def push(self, levels: FloatArray) -> Blocks:
        """Features of the blocks that are complete with these frames, ``AHEAD`` included.

        Args:
            levels: ``(frames, bands)`` dBFS; any number, none included.
        """
        left = np.concatenate([self._left, levels])
        ready = max(0, (len(left) - AHEAD) // BLOCK)
        self._left = left[ready * BLOCK :]
        ahead = float(self._left[:AHEAD].max(initial=-np.inf))
        return self._run(left[: ready * BLOCK], ahead)

    def flush(self) -> Blocks:
        """Features of what is left, nothing being known of what follows; the stream is over."""
        ready = len(self._left) // BLOCK
        blocks = self._run(self._left[: ready * BLOCK], -np.inf)
        self._left = self._left[:0]
        return blocks

    def _run(self, levels: FloatArray, ahead: float) -> Blocks:
        if not len(levels):
            return self._encoder.nothing
        blocks = levels.reshape(-1, BLOCK, levels.shape[1])
        peak, floor = self._ground.follow(blocks, ahead)
        found, self._past = self._encoder.run(blocks, peak, floor, self._past)
        return found


class StreamedEncoder(Encoder):
    """The encoder; see :class:`wakeword.protocols.Encoder`.

    Args:
        folder: what :func:`training.streaming_export.export_streaming` wrote.
        threads: of ONNX Runtime.

    Raises:
        EncoderError: a file is missing or damaged.
    """

    rate = RATE
    window_seconds = WINDOW_SECONDS
    short_seconds = 0.5

    def __init__(self, folder: Path, threads: int = 1) -> None:
        try:
            self._about = json.loads((folder / "mini.json").read_text(encoding="utf-8"))
            content = (folder / "trunk.onnx").read_bytes()
            with np.load(folder / "pool.npz") as file:
                pool = {name: file[name] for name in file.files}
            labels = np.frombuffer((folder / "labels.f32").read_bytes(), "<f4")
            names = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
            self._session: Any = open_session(folder / "trunk.onnx", threads)
        except (OSError, ValueError) as error:
            raise EncoderError(f"{folder} holds no streaming encoder: {error}") from error
        self.bands = int(self._about["bands"])
        self._weight, self._bias = pool["weight"], pool["bias"]
        self._text_dim, self._text_weight = int(self._about["text_dim"]), float(pool["text_weight"])
        self._shares = pool["shares"]
        self.dim = self._weight.shape[1]
        digest = hashlib.sha256(content + self._weight.tobytes() + self._bias.tobytes())
        self.id = f"mini-4-{digest.hexdigest()[:8]}"
        self.logit_scale = float(self._about["logit_scale"])
        self._logmel = LogMel(RATE, self.bands)
        self.frame_samples, self.frame_hop = self._logmel.frame, self._logmel.hop
        self._labels: LabelTable = table(names)
        self.vocabulary = (*self._labels.classes, *self._labels.aliases)
        self._label_vectors = labels.reshape(len(self._labels.classes), -1)
        self._inputs = [i.name for i in self._session.get_inputs()]
        self._start = [
            np.zeros(i.shape, np.float32)
            for i in self._session.get_inputs()
            if i.name.startswith("past")
        ]
        sums, tops = int(self._shares.sum()), len(self._weight) - int(self._shares.sum())
        self.nothing = Blocks(
            np.zeros((0, len(self._shares)), np.float32),
            np.zeros((0, sums), np.float32),
            np.zeros((0, tops), np.float32),
        )

    def start(self) -> list[FloatArray]:
        """What the trunk remembers before a stream begins."""
        return list(self._start)

    def run(
        self, blocks: FloatArray, peak: FloatArray, floor: FloatArray, past: list[FloatArray]
    ) -> tuple[Blocks, list[FloatArray]]:
        """The trunk: features of ``(n, BLOCK, bands)`` dBFS, and what it remembers after them."""
        given = dict(zip(self._inputs, [blocks[None], peak[None], floor[None], *past], strict=True))
        try:
            mass, sums, tops, *after = self._session.run(None, given)
        except Exception as error:  # the runtime's errors share no public base
            raise EncoderError(f"the trunk failed: {error}") from error
        return Blocks(mass[0], sums[0], tops[0]), after

    def pool(self, windows: Sequence[Blocks]) -> FloatArray:
        """Vectors of windows of one block or more each, ``(len(windows), dim) float32``."""
        return self.vectors(self.pooled(windows))

    def pooled(self, windows: Sequence[Blocks]) -> FloatArray:
        """What is in windows, ``(len(windows), any) float32``: means, then maxima."""
        if not windows:
            return np.zeros((0, len(self._weight)), np.float32)
        return np.stack([self._pooled(window) for window in windows])

    def vectors(self, pooled: FloatArray) -> FloatArray:
        """Vectors ``(n, dim) float32`` of what :meth:`pooled` gave."""
        both = pooled @ self._weight + self._bias
        cut = self.dim - self._text_dim
        likeness, meaning = both[:, :cut], both[:, cut:]
        likeness = likeness / np.maximum(np.linalg.norm(likeness, axis=1, keepdims=True), 1e-12)
        meaning = meaning / np.maximum(np.linalg.norm(meaning, axis=1, keepdims=True), 1e-12)
        both = np.concatenate([likeness, self._text_weight * meaning], axis=1)
        return np.asarray(both / np.sqrt(1.0 + self._text_weight**2), np.float32)

    def _pooled(self, window: Blocks) -> FloatArray:
        mass = np.repeat(np.maximum(window.mass.sum(axis=0), 1e-9), self._shares)
        return np.concatenate([window.sums.sum(axis=0) / mass, window.tops.max(axis=0)])

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embeddings of windows by themselves, ``(len(windows), dim) float32``.

        Raises:
            AudioFormatError: a window is empty, too long, not mono float32 or not finite.
            EncoderError: the network fails.
        """
        found = checked(windows, round(WINDOW_SECONDS * RATE))
        return self.embed_frames([window_levels(self._logmel, window) for window in found])

    def frames(self, samples: FloatArray) -> FloatArray:
        """Log-mel levels; see :class:`wakeword.protocols.Encoder`."""
        return self._logmel(samples)

    def embed_frames(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embeddings of windows by themselves whose levels are known."""
        return self.pool([self._alone(prolonged(levels)) for levels in windows])

    def _alone(self, levels: FloatArray) -> Blocks:
        levels = levels[len(levels) % BLOCK :]
        blocks = levels.reshape(-1, BLOCK, levels.shape[1])
        mean = blocks.mean(axis=1)
        smooth = np.float32(0.5) * (mean + np.concatenate([mean[:1], mean[:-1]]))
        peak, floor = Ground(smooth.min(axis=0), self.bands).follow(blocks, -np.inf)
        return self.run(blocks, peak, floor, self.start())[0]

    def embed_spans(self, samples: FloatArray, spans: NDArray[np.int64]) -> FloatArray:
        """Vectors of windows of a whole stream, ``(len(spans), dim)``.

        Args:
            samples: the stream.
            spans: ``(n, 2)``: first sample and end of each window.
        """
        blocks = self.blocks(samples)
        return self.pool([self.window(blocks, int(a), int(b)) for a, b in spans])

    def blocks(self, samples: FloatArray) -> Blocks:
        """Features of a whole stream."""
        stream, levels = FrameStream(self), self._logmel(samples)
        parts = [stream.push(levels[at : at + 3000]) for at in range(0, len(levels), 3000)]
        return Blocks.joined([*parts, stream.flush()])

    def window(self, blocks: Blocks, first: int, end: int) -> Blocks:
        """Of a stream's blocks from its start, those that are known when sample ``end`` is there
        and that lie in the window from sample ``first`` on."""
        known = (1 + (end - self.frame_samples) // self.frame_hop - AHEAD) // BLOCK
        known = min(max(known, 1), len(blocks))
        count = max(1, round((end - first) / self.frame_hop / BLOCK))
        return blocks[max(0, known - count) : known]

    def embed_text(self, labels: Sequence[str]) -> FloatArray:
        """``(len(labels), dim) float32``, each row of length 1 (L2).

        Raises:
            ConfigError: a label is empty.
            EncoderError: a label has no place among those that are known.
        """
        vectors = np.zeros((len(labels), self.dim), np.float32)
        for row, label in enumerate(labels):
            mean = self._label_vectors[self._labels.rows(label)].mean(axis=0)
            vectors[row, self.dim - len(mean) :] = mean / np.linalg.norm(mean)
        return vectors


def load() -> StreamedEncoder:
    """The encoder of the folder that ``STREAMED`` names, ``training.streamed:load`` to others.

    Raises:
        ConfigError: it is not set.
        EncoderError: a file is missing or damaged.
    """
    folder = os.environ.get("STREAMED", "")
    if not folder:
        raise ConfigError("set STREAMED to the folder of an exported streaming encoder")
    return StreamedEncoder(Path(folder))
