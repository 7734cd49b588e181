"""Hearing the user's room: from a file, or from a microphone for a while."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wakeword.audio import AudioFrame
from wakeword.errors import ConfigError, SourceError

if TYPE_CHECKING:
    from wakeword.ambient import Ambient
    from wakeword.config import SegmenterConfig
    from wakeword.protocols import Encoder

UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
LONGEST_SECONDS = 24 * 3600.0

Progress = Callable[[int, int], object]
"""Called with how many seconds were heard and how many there will be."""


def parse_duration(text: str) -> float | None:
    """``90``, ``90s``, ``10m`` or ``1.5h`` in seconds; None for what is no duration.

    Raises:
        ConfigError: it is one, but nothing or more than a day.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if not found:
        return None
    seconds = float(found[1]) * UNITS[found[2]]
    if not 1.0 <= seconds <= LONGEST_SECONDS:
        raise ConfigError(f"the room can be listened to for 1s to 24h, not {text}")
    return seconds


def hear_room(
    what: str, source: str, encoder: Encoder, segmenter: SegmenterConfig, progress: Progress
) -> Ambient:
    """What the engine hears of a room.

    Args:
        what: how long to listen, as in ``10m``, or a recording.
        source: URI of what is listened to.
        encoder: makes the embeddings.
        segmenter: the windows.
        progress: told how far it is.

    Raises:
        AudioDecodeError: the recording cannot be read.
        SourceError: the source cannot be heard, or delivers nothing but digital silence.
        ConfigError: the duration makes no sense.
    """
    from enroll.negatives import hear_ambient
    from runtime.sources import open_source
    from wakeword.config import EngineConfig

    config = EngineConfig(segmenter=segmenter)
    seconds = parse_duration(what)
    if seconds is None:
        ambient = hear_ambient(Path(what).expanduser(), encoder, config)
        if not ambient.runs:
            raise SourceError(f"there is no sound in {what}")
        return ambient
    with contextlib.closing(open_source(source, encoder.rate)) as opened:
        heard = watched(limited(opened, seconds), source, seconds, progress)
        return hear_ambient(heard, encoder, config)


def limited(frames: Iterable[AudioFrame], seconds: float) -> Iterator[AudioFrame]:
    """The first so many seconds."""
    heard = 0
    for frame in frames:
        left = round(seconds * frame.rate) - heard
        yield (
            frame
            if len(frame.samples) <= left
            else AudioFrame(frame.samples[:left], frame.start, frame.rate)
        )
        heard += len(frame.samples)
        if heard >= round(seconds * frame.rate):
            return


def watched(
    frames: Iterable[AudioFrame], source: str, seconds: float, progress: Progress
) -> Iterator[AudioFrame]:
    """The frames, with word of how far it is.

    Raises:
        SourceError: at the end, when there was nothing but digital silence.
    """
    heard, loud = 0.0, False
    for frame in frames:
        heard += frame.seconds
        loud = loud or bool(np.any(frame.samples))
        progress(round(heard), round(seconds))
        yield frame
    if not loud:
        raise SourceError(
            f"{source} delivered nothing but digital silence; see 'wakesound devices' and check "
            "that the microphone is not muted"
        )
