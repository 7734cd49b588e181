"""What a sound is not, though it may come near it: the last word before something matches."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.embedding.embedder import focused, view_dim
from wakeword.errors import ConfigError, EncoderError
from wakeword.library.records import VetoRecord
from wakeword.protocols import Encoder

_log = logging.getLogger(__name__)

SPEECH = "speech"
"""The label of the speech guard: a veto like any other."""


def _nothing() -> FloatArray:
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True, eq=False)
class Veto:
    """Refuses windows for one sound.

    A window that is nearer to a rejected example than to any take is that example again,
    whatever the threshold. One that is more like a label than any take is, is that.
    """

    rejected: FloatArray = field(default_factory=_nothing)
    """Embeddings of what was rejected, ``(n, dim) float32``."""
    labels: tuple[str, ...] = ()
    """What it is not, in words."""
    label_vectors: FloatArray = field(default_factory=_nothing)
    """``(len(labels), dim) float32``, each row of length 1."""
    limits: tuple[float, ...] = ()
    """Likeness to each label from which on a window is that."""

    def __call__(self, embedding: FloatArray, likeness: float) -> str:
        """Why the window is refused; empty when it is not.

        Args:
            embedding: ``(view_dim,) float32``.
            likeness: cosine of the nearest take of the sound.
        """
        if len(self.rejected) and float((self.rejected @ embedding).max()) > likeness:
            return "nearer to a rejected example"
        if self.labels:
            whole = embedding[: self.label_vectors.shape[1]]
            over = self.label_vectors @ whole - np.asarray(self.limits)
            most = int(over.argmax())
            if over[most] > 0:
                return f"like {self.labels[most]}"
        return ""


def make_veto(
    rejected: Sequence[FloatArray],
    vetoes: Sequence[VetoRecord],
    encoder: Encoder,
    short: bool = False,
) -> Veto | None:
    """The veto of a sound; None when nothing speaks against it.

    Args:
        rejected: embeddings of each example, ``(n, dim)``.
        vetoes: labels with their limits; those that the encoder does not know are logged.
        encoder: the one that hears.
        short: whether the sound is looked for in the end of the window.
    """
    known: list[tuple[VetoRecord, FloatArray]] = []
    for veto in vetoes:
        try:
            known.append((veto, label_vectors([veto.label], encoder)))
        except (ConfigError, EncoderError) as error:
            _log.warning("the veto %r does not count: %s", veto.label, error)
    if not rejected and not known:
        return None
    none = np.zeros((0, view_dim(encoder)), np.float32)
    return Veto(
        rejected=np.concatenate([none, *(focused(rows, encoder.dim, short) for rows in rejected)]),
        labels=tuple(veto.label for veto, _ in known),
        label_vectors=np.concatenate([none[:, : encoder.dim], *(vector for _, vector in known)]),
        limits=tuple(veto.limit for veto, _ in known),
    )


def label_vectors(labels: Sequence[str], encoder: Encoder) -> FloatArray:
    """``(len(labels), dim) float32``, each row of length 1.

    Raises:
        ConfigError: the encoder knows no words.
        EncoderError: it does not know one of these.
    """
    if not encoder.reads_text:
        raise ConfigError(
            f"the encoder {encoder.id} knows no words, so it cannot tell {', '.join(labels)} by "
            "name; use mini or clap"
        )
    return encoder.embed_text(list(labels))


def refused(run: FloatArray, takes: FloatArray, rejected: FloatArray) -> np.ndarray:
    """Which windows of a run are nearer to a rejected example than to any take.

    Args:
        run: embeddings of successive windows, ``(n, dim)``.
        takes: embeddings of a sound, ``(m, dim)``.
        rejected: of what was rejected, ``(k, dim)``.

    Returns:
        ``(n,) bool``.
    """
    if not len(rejected) or not len(takes):
        return np.zeros(len(run), bool)
    return np.asarray((run @ rejected.T).max(axis=1) > (run @ takes.T).max(axis=1))
