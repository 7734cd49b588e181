"""What ``wakesound doctor --room`` tells of a room: how loud, how busy, and what it would wake.

And whether a front end would pay in it: see :mod:`enroll.room_trial`.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from runtime.cli.checks import Finding
from wakeword.audio import SILENCE_DB, AudioFrame, Blocker, FloatArray, level_db
from wakeword.audiofile import AudioClip
from wakeword.errors import WakesoundError

if TYPE_CHECKING:
    from enroll.room_trial import Trial
    from runtime.cli.room import Progress
    from runtime.cli.settings import Settings
    from wakeword.engine import Engine
    from wakeword.library import SoundLibrary
    from wakeword.protocols import Encoder

LISTEN_SECONDS = 60.0
"""A microphone is listened to for so long."""
NOISY_DB = -45.0
"""A background this loud drowns sounds, dBFS; enrolled takes below it are warned about too."""
CLIPPED = 0.99
CLIPPED_SHARE = 0.0001
"""With more of its samples at the end of the scale a recording is distorted."""
QUIET_DB = -60.0
"""With a background below this there is nothing for a front end to take out, dBFS."""
KEPT_SECONDS = 120.0
"""So much of the room is kept in memory, to try front ends in."""
PAYS_FEWER, PAYS_SHARE = 2, 0.8
"""A front end pays if it misses so many fewer takes, and no more than this share of them."""
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
    kept: list[FloatArray] = field(default_factory=list)
    """Its first minutes."""


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
        if heard.samples < KEPT_SECONDS * engine.rate:
            heard.kept.append(block.samples)
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
    from runtime.cli.room import limited, watched
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
    if heard.levels_db and np.percentile(heard.levels_db, 10) > QUIET_DB:
        clip = AudioClip(np.concatenate(heard.kept), encoder.rate)
        yield from judge_front_ends(*trials(library, encoder, clip, progress))


def _unheard(error: WakesoundError) -> Finding:
    return Finding("room", "bad", f"cannot be listened to: {error}")


def _is_microphone(room: str) -> bool:
    return room.partition(":")[0] == "mic"


def trials(
    library: SoundLibrary, encoder: Encoder, room: AudioClip, progress: Progress
) -> tuple[str, dict[str, Trial]]:
    """The front end of the library, and how its takes fare in the room with each."""
    from enroll.room_trial import try_room
    from wakeword import front_ends, plugins
    from wakeword.encoders import create_encoder
    from wakeword.errors import ConfigError, MissingExtra

    spec = str(getattr(encoder, "spec", ""))
    names = [front_ends.NONE, *plugins.names(front_ends.__name__)]
    found: dict[str, Trial] = {}
    for number, name in enumerate(names):
        progress(number, len(names))
        try:
            found[name] = try_room(library, create_encoder(front_ends.joined(spec, name)), room)
        except (ConfigError, MissingExtra):  # not installed, or not for this encoder
            continue
    progress(len(names), len(names))
    return front_ends.name_of(encoder), found


def judge_front_ends(used: str, found: Mapping[str, Trial]) -> Iterator[Finding]:
    """Whether another front end than the one that is used pays in this room."""
    now = found.get(used)
    if now is None or not now.tried or len(found) < 2:
        return
    counts = ", ".join(f"{name} {trial.missed}" for name, trial in found.items())
    detail = f"of {now.tried} takes in this room are missed: {counts}"
    best = min(found, key=lambda name: found[name].missed)
    fewer = now.missed - found[best].missed
    if fewer >= PAYS_FEWER and found[best].missed <= PAYS_SHARE * now.missed:
        advice = f"wakesound reindex --front-end {best}"
        yield Finding("front end", "note", f"{detail}; {best} would pay", advice)
    else:
        yield Finding("front end", "good", f"{detail}; {used} is right")


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
