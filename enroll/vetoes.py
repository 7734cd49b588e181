"""Vetoes: labels of what a sound is not, with the likeness from which on a window is that instead.

The limits are fitted to the takes: none of their windows, clean or in noise, is refused, with a
margin for takes that are still to come. The margin is the spread of the takes among themselves,
and at least a part of the spread of everyday sound.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.errors import ConfigError, EncoderError
from wakeword.labels.wording import split_labels
from wakeword.library.records import VetoRecord
from wakeword.protocols import Encoder
from wakeword.scoring.bank import NegativeBank
from wakeword.scoring.veto import label_vectors

_log = logging.getLogger(__name__)

MARGIN = 0.5
"""Smallest margin above the takes, as a part of the spread of everyday sound."""
MOST_LABELS = 20
"""A sound has at most this many vetoes."""
NO_LIMIT = 1.0
"""No likeness is above it."""


def parse_labels(text: str) -> list[str]:
    """The labels of a list, each once, in order; see ``split_labels`` for the separators.

    Raises:
        ConfigError: there are too many.
    """
    labels = list(dict.fromkeys(" ".join(part.split()) for part in split_labels(text)))
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

    Without takes there is no limit: the labels only compete with the sound's words.

    Args:
        labels: texts for what the sound is not.
        takes: embeddings of each take, ``(n, dim)``.
        encoder: one that knows words.
        bank: the encoder's negative bank, if it has one.

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
    margin = likeness.std(axis=0)
    if bank is not None and len(bank.vectors):
        margin = np.maximum(margin, MARGIN * (bank.vectors[:, : encoder.dim] @ words.T).std(axis=0))
    limits = likeness.max(axis=0) + margin
    return tuple(
        VetoRecord(label=label, limit=round(float(limit), 4))
        for label, limit in zip(labels, limits, strict=True)
    )


def refit_vetoes(
    vetoes: Sequence[VetoRecord],
    takes: Sequence[FloatArray],
    encoder: Encoder,
    bank: NegativeBank | None,
) -> tuple[VetoRecord, ...]:
    """The same labels, fitted to other takes or another encoder.

    A label that the encoder does not know stays as it is and does not count.
    """
    fitted: list[VetoRecord] = []
    for veto in vetoes:
        try:
            fitted += fit_vetoes([veto.label], takes, encoder, bank)
        except (ConfigError, EncoderError) as error:
            _log.warning("the veto %r does not count: %s", veto.label, error)
            fitted.append(veto)
    return tuple(fitted)
