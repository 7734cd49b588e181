"""Fitting vetoes in words: how like a label may a sound be before it is that?

The takes say it: none of their windows, clean or in noise, is ever refused, with some room for
takes that are still to come. The room is what the takes differ by among themselves, and at
least a part of what everyday sound differs by.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from wakeword.audio import FloatArray
from wakeword.bank import NegativeBank
from wakeword.errors import ConfigError, EncoderError
from wakeword.protocols import Encoder
from wakeword.records import VetoRecord
from wakeword.veto import label_vectors

_log = logging.getLogger(__name__)

ROOM_SHARE = 0.5
"""Part of the spread of everyday sound that is left above the takes."""
MOST_LABELS = 20
NO_LIMIT = 1.0
"""No likeness is above it."""


def parse_labels(text: str) -> list[str]:
    """The labels of a comma-separated list, each once, in order.

    Raises:
        ConfigError: there are too many.
    """
    labels = list(dict.fromkeys(" ".join(part.split()) for part in text.split(",")))
    labels = [label for label in labels if label]
    if len(labels) > MOST_LABELS:
        raise ConfigError(f"a sound takes {MOST_LABELS} vetoes at most, not {len(labels)}")
    return labels


def fit_vetoes(
    labels: Sequence[str],
    takes: Sequence[FloatArray],
    encoder: Encoder,
    bank: NegativeBank | None,
) -> tuple[VetoRecord, ...]:
    """The labels with limits that no window of the takes reaches.

    Without takes no window reaches them: then labels only compete with the sound's words.

    Args:
        labels: what the sound is not.
        takes: embeddings of each take, ``(n, dim)``.
        encoder: one that knows words.
        bank: what everyday sound is like; None where nobody knows.

    Raises:
        ConfigError: the encoder knows no words.
        EncoderError: it does not know one of these.
    """
    if not labels:
        return ()
    words = label_vectors(labels, encoder)
    if not len(takes):
        return tuple(VetoRecord(label=label, limit=NO_LIMIT) for label in labels)
    likeness = np.concatenate(list(takes))[:, : encoder.dim] @ words.T
    room = likeness.std(axis=0)
    if bank is not None and len(bank.vectors):
        room = np.maximum(room, ROOM_SHARE * (bank.vectors[:, : encoder.dim] @ words.T).std(axis=0))
    limits = likeness.max(axis=0) + room
    return tuple(
        VetoRecord(label=label, limit=round(float(limit), 4))
        for label, limit in zip(labels, limits, strict=True)
    )


def refitted(
    vetoes: Sequence[VetoRecord],
    takes: Sequence[FloatArray],
    encoder: Encoder,
    bank: NegativeBank | None,
) -> tuple[VetoRecord, ...]:
    """The same labels, fitted to other takes or another encoder.

    Where the encoder knows no words, or not these, they stay as they are and do not count.
    """
    fitted: list[VetoRecord] = []
    for veto in vetoes:
        try:
            fitted += fit_vetoes([veto.label], takes, encoder, bank)
        except (ConfigError, EncoderError) as error:
            _log.warning("the veto %r does not count: %s", veto.label, error)
            fitted.append(veto)
    return tuple(fitted)
