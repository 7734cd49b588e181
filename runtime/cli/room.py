"""Hearing the user's room: from a file, or from a microphone for a while.

What ``wakesound doctor --room`` tells of a room: how loud, how busy, and what it would wake.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from runtime.cli.advice import explained
from runtime.cli.checks import Finding
from wakeword.audio.frames import (
    SILENCE_DB,
    AudioFrame,
    Blocker,
    level_db,
)
from wakeword.errors import ConfigError, SourceError, WakesoundError

if TYPE_CHECKING:
    from runtime.cli.options import Settings
    from wakeword.audio.segmenter import SegmenterConfig
    from wakeword.engine import Engine
    from wakeword.library.ambient import Ambient
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
    from wakeword.engine import EngineConfig

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


LISTEN_SECONDS = 60.0
"""A microphone is listened to for so long."""
NOISY_DB = -45.0
"""A background this loud drowns sounds, dBFS; enrolled takes below it are warned about too."""
CLIPPED = 0.99
CLIPPED_SHARE = 0.0001
"""With more of its samples at the end of the scale a recording is distorted."""
BUSY_SHARE = 0.5
"""With the gate open for longer, most of what is listened to is the room."""


@dataclass
class Heard:
    """What was measured of a room."""

    seconds: float = 0.0
    """How long it was listened to."""
    levels_db: list[float] = field(default_factory=list)
    """Level of each hop."""
    open_hops: int = 0
    """Hops for which the gate was open or held open."""
    clipped_samples: int = 0
    samples: int = 0
    wakes: Counter[str] = field(default_factory=Counter)
    """Events by name."""


def measure(frames: Iterable[AudioFrame], engine: Engine) -> Heard:
    """Listen to all frames, at the engine's rate."""
    from wakeword.gates import create_gate

    heard = Heard()
    gate = create_gate(engine.config.gate, engine.rate)
    blocker = Blocker(round(engine.config.segmenter.hop_seconds * engine.rate))

    def blocks() -> Iterator[AudioFrame]:
        for frame in frames:
            yield from blocker.push(frame)
        yield from blocker.flush(engine.rate)

    config = engine.config.segmenter
    hangover = round(config.hangover_seconds / config.hop_seconds)
    idle = hangover + 1
    for block in blocks():
        heard.samples += len(block.samples)
        heard.levels_db.append(level_db(block.samples))
        heard.clipped_samples += int(np.count_nonzero(np.abs(block.samples) >= CLIPPED))
        idle = 0 if gate(block) else idle + 1
        heard.open_hops += idle <= hangover
        heard.wakes.update(event.name for event in engine.push(block))
    heard.wakes.update(event.name for event in engine.flush())
    heard.seconds = heard.samples / engine.rate
    return heard


def check_room(settings: Settings, room: str, progress: Progress) -> Iterator[Finding]:
    """What is to be said of a room.

    Args:
        settings: which library and encoder.
        room: a source or a recording; a microphone is listened to for a minute.
        progress: told how far that is.

    Raises:
        WakesoundError: there is no such source, or the recording cannot be read. A microphone that
            cannot be heard is a finding, as is a library that cannot be used.
    """
    from runtime.sources import open_source
    from wakeword.engine import Engine

    try:
        library = settings.open_library()
        encoder, _ = settings.open_encoder(library)
        engine = Engine(library, encoder)
    except WakesoundError as error:
        yield _unheard(error)
        return
    try:
        with contextlib.closing(open_source(room, encoder.rate)) as source:
            frames: Iterable[AudioFrame] = source
            if source.live:
                limit = limited(source, LISTEN_SECONDS)
                frames = watched(limit, room, LISTEN_SECONDS, progress)
            heard = measure(frames, engine)
    except WakesoundError as error:
        if not _is_microphone(room):
            raise
        yield _unheard(error)
        return
    yield from judge(heard, room)


def _unheard(error: WakesoundError) -> Finding:
    return Finding("room", "bad", f"cannot be listened to: {explained(error)}")


def _is_microphone(room: str) -> bool:
    return room.partition(":")[0] == "mic"


def judge(heard: Heard, room: str) -> Iterator[Finding]:
    """Level, gate and false wakes, with what to do about them."""
    if not heard.levels_db or max(heard.levels_db) <= SILENCE_DB:
        advice = "check that the microphone is not muted: wakesound devices"
        yield Finding("room", "bad", "nothing but digital silence", advice)
        return
    quiet, loud = (float(np.percentile(heard.levels_db, q)) for q in (10, 99))
    level = f"background {quiet:.0f} dBFS, loudest {loud:.0f} dBFS, in {heard.seconds:.0f} s"
    if heard.clipped_samples > CLIPPED_SHARE * heard.samples:
        yield Finding("room", "note", f"{level}, clipped", "turn the microphone's gain down")
    elif quiet > NOISY_DB:
        advice = "move the microphone away from the noise, or its gain down; enroll takes there"
        yield Finding("room", "note", f"{level}: noisy", advice)
    else:
        yield Finding("room", "good", level)
    share = heard.open_hops / len(heard.levels_db)
    if share > BUSY_SHARE:
        advice = "a quieter place for the microphone costs less and wakes less by mistake"
        yield Finding("gate", "note", f"open {share:.0%} of the time", advice)
    else:
        yield Finding("gate", "good", f"open {share:.0%} of the time")
    if not heard.wakes:
        yield Finding("false wakes", "good", f"none in {heard.seconds:.0f} s")
        return
    counts = ", ".join(f"{name} {count}" for name, count in sorted(heard.wakes.items()))
    known = "10m" if _is_microphone(room) else room.removeprefix("file:")
    advice = f"if none of your sounds was in it: wakesound calibrate --ambient '{known}'"
    yield Finding("false wakes", "note", f"{counts} in {heard.seconds:.0f} s", advice)
