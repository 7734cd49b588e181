"""Front ends: they clean the audio before anything hears it. A module each, with
``create(rate: int) -> FrontEnd``.

An encoder behind a front end is another encoder: its vectors are others, so it has an identity
of its own, ``mini+denoise`` beside ``mini``. Whoever has the encoder knows what to hear through,
and whatever keeps vectors apart by encoder keeps these apart too.
"""

from __future__ import annotations

import copy
from typing import cast

import numpy as np

from wakeword import plugins
from wakeword.audio import AudioFrame, FloatArray
from wakeword.protocols import Encoder, FrontEnd

NONE = "none"
"""Hearing the audio as it is."""
SETTLE_SECONDS = 1.0
"""So long does a front end listen to the background of a recording before it hears it."""
SHORTEST_SECONDS = 0.05
"""Less than this tells nothing of the background."""


def create_front_end(name: str, rate: int) -> FrontEnd:
    """The front end ``name`` for audio at ``rate`` samples per second.

    Raises:
        ConfigError: there is no such front end, or it cannot work at that rate.
        MissingExtra: its package is not installed.
    """
    return cast(FrontEnd, plugins.load(__name__, name).create(rate))


def split(spec: str) -> tuple[str, str]:
    """An encoder and the front end before it: ``"mini+denoise"`` is ``mini`` and ``denoise``."""
    encoder, plus, name = spec.rpartition("+")
    if plus and encoder and name in plugins.names(__name__):
        return encoder, name
    return spec, NONE


def joined(spec: str, name: str) -> str:
    """The encoder ``spec`` behind the front end ``name`` instead of the one it has."""
    encoder, _ = split(spec)
    return encoder if name == NONE else f"{encoder}+{name}"


def behind(encoder: Encoder, name: str) -> Encoder:
    """The encoder as it hears behind the front end ``name``; the encoder itself stays as it is.

    Raises:
        ConfigError: there is no such front end, or it does not fit the encoder.
        MissingExtra: its package is not installed.
    """
    create_front_end(name, encoder.rate)
    heard = copy.copy(encoder)
    spec = getattr(encoder, "spec", None)
    own = {"id": f"{encoder.id}+{name}", "front_end": name}
    vars(heard).update(own if spec is None else {**own, "spec": f"{spec}+{name}"})
    return heard


def plain_id(encoder_id: str) -> str:
    """Identity of the encoder without what is before it."""
    return split(encoder_id)[0]


def name_of(encoder: Encoder) -> str:
    """The front end that an encoder hears through; ``"none"`` without one.

    The identity tells it as well, so a wrapper that has that cannot lose it.
    """
    return str(getattr(encoder, "front_end", None) or split(encoder.id)[1])


def front_end_of(encoder: Encoder) -> FrontEnd | None:
    """A front end for one stream that this encoder is to hear; None without one."""
    name = name_of(encoder)
    return None if name == NONE else create_front_end(name, encoder.rate)


def cleaned(samples: FloatArray, start: int, encoder: Encoder) -> FloatArray:
    """A whole recording as the encoder's front end would make it, ``(n,) float32``.

    It is let to settle on the recording's background first, as on a stream that began long ago.

    Args:
        samples: ``(n,) float32`` at the encoder's rate.
        start: where the sound begins; before it there is only background.
        encoder: whose front end is meant.
    """
    front_end = front_end_of(encoder)
    if front_end is None:
        return samples
    rate, lead = encoder.rate, samples[:start]
    count = round(SETTLE_SECONDS * rate)
    if len(lead) >= SHORTEST_SECONDS * rate:
        there_and_back = np.concatenate([lead, lead[::-1]])
        background = np.resize(there_and_back, count)[::-1]  # ends where the recording begins
    else:
        background = np.zeros(count, np.float32)
    front_end(AudioFrame(np.ascontiguousarray(background), 0, rate))
    return front_end(AudioFrame(samples, count, rate)).samples
