"""Which encoder hears a library: the one that was asked for, or the one that made it.

From a library, sources and actions to a session that can be started.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from runtime.history.store import History
from runtime.hooks.action import ANY
from runtime.hooks.conditions import Conditions
from runtime.listening.drift import Drift
from runtime.listening.session import Observe, Session
from runtime.listening.together import Together
from runtime.listening.watch import LibraryWatch
from runtime.models.encoder import LibraryEncoder
from runtime.sinks import SinkSpec
from runtime.sinks._function import Function
from runtime.sources import open_source
from runtime.sources._resampled import Resampled
from wakeword.engine import Engine, EngineConfig
from wakeword.errors import ConfigError, LibraryError
from wakeword.library.confirmation import make_confirmation
from wakeword.library.enrolled import EnrolledSounds
from wakeword.library.library import SoundLibrary
from wakeword.library.records import clean_name
from wakeword.protocols import Encoder, Sink, Source

_log = logging.getLogger(__name__)

SourceSpec = str | os.PathLike[str] | Source
"""A URI, the path of a recording, or a source of one's own."""
ActionSpec = Function | Sink | SinkSpec | str
"""A function, a coroutine function, or a sink by its URI."""


@dataclass(frozen=True)
class ActionEntry:
    """An action as it was asked for."""

    sounds: tuple[str, ...]
    action: ActionSpec
    timeout_seconds: float
    conditions: Conditions
    concurrency: int


class Assembly:
    """What a listener needs each time it starts.

    Args:
        library: the sounds.
        sources: what to hear; each may have a name of its own in front, ``"desk=mic:USB"``.
        encoder: its name, or one of your own; None is the library's.
        config: settings of the engines.
        device: where the encoder runs.
        realtime: play recordings by the clock.
        history: where wakes and near misses are remembered.
        observe: sees each source's windows and their best matches.
        confirm: a second encoder, or its name, that is asked about what is about to wake.
        drift: whether the sounds follow the room, where the user let it be heard.
    """

    def __init__(
        self,
        library: SoundLibrary,
        sources: SourceSpec | Sequence[SourceSpec],
        encoder: str | Encoder | None,
        config: EngineConfig,
        *,
        device: str,
        realtime: bool,
        history: History | None,
        observe: Observe | None,
        confirm: str | Encoder | None = None,
        drift: bool = False,
    ) -> None:
        self._library = library
        self._sources = _listed(sources)
        self._config = config
        self._encoder = LibraryEncoder(library, encoder, device)
        self._realtime = realtime
        self._history = history
        self._observe = observe
        self._drift = Drift(library) if drift else None
        self._second = LibraryEncoder(library, confirm, device) if confirm is not None else None
        self._second_name = confirm.partition(":")[0] if isinstance(confirm, str) else ""

    def session(
        self,
        loop: asyncio.AbstractEventLoop | None,
        actions: Sequence[ActionEntry],
        together: Sequence[Together] = (),
    ) -> Session:
        """A session that is ready to start.

        Raises:
            LibraryError: there are no sounds, or they cannot be used.
            SourceError: a source cannot be heard.
            WakesoundError: the encoder or an action cannot be set up.
        """
        self._require_sounds()
        encoder = self._encoder()
        watch = LibraryWatch(
            self._library,
            encoder,
            lambda sounds: _reload(session, sounds),
            None if self._drift is None else self._drift.tick,
            self._read,
        )
        sounds = watch.read()
        if not sounds.sounds:
            raise LibraryError(
                f"no sound in {self._library.folder} can be used, since their recordings are "
                "missing or damaged; enroll them again"
            )
        session = Session(loop, self._history)
        with contextlib.ExitStack() as undo:
            undo.callback(session.dispatcher.close)
            for name, source in open_sources(self._sources, encoder.rate, realtime=self._realtime):
                undo.callback(source.close)
                engine = Engine(sounds, encoder, self._config)
                drift = self._drift if source.live else None
                observers = [] if drift is None else [drift.collector(engine)]
                session.add(source, engine, self._observe, name, observers)
            for trigger in together:
                self.add_together(session, trigger)
            for entry in actions:
                self.add(session, entry)
            undo.pop_all()
        session.watch = watch
        return session

    def add(self, session: Session, entry: ActionEntry) -> None:
        """Add an action to a session, under the sounds' own spelling.

        Raises:
            SoundNotFound: there is no such sound; the message lists those there are.
            ConfigError: the action makes no sense.
        """
        session.dispatcher.add(
            [self._spelled(name, session) for name in entry.sounds],
            entry.action,
            entry.timeout_seconds,
            conditions=entry.conditions,
            concurrency=entry.concurrency,
        )

    def add_together(self, session: Session, trigger: Together) -> None:
        """Add a trigger over several sounds, under their own spelling.

        Raises:
            SoundNotFound: there is no such sound.
            ConfigError: there is no such source.
        """
        for part in trigger.parts:
            if part.source is not None:
                session.loops(part.source)
        session.add_together(
            trigger.spelled(lambda name: self._library.event_name(clean_name(name)))
        )

    def _read(self, encoder: Encoder) -> EnrolledSounds:
        """The sounds as they are, with what a second encoder knows of them, if there is one."""
        sounds = self._library.enrolled(encoder)
        if self._second is None:
            return sounds
        second = self._second()
        name = self._second_name or second.id
        confirmation = make_confirmation(self._library, encoder, second, name)
        return replace(sounds, confirmation=confirmation)

    def _spelled(self, name: str, session: Session) -> str:
        """How the sound, pattern or trigger is spelled."""
        if name == ANY:
            return name
        for trigger in session.together:
            if trigger.name.casefold() == name.casefold():
                return trigger.name
        return self._library.event_name(clean_name(name))

    def _require_sounds(self) -> None:
        if self._library.sounds():
            return
        for problem in self._library.problems().values():
            raise problem
        raise LibraryError(
            f"no sounds are enrolled yet in {self._library.folder}; run 'wakesound enroll NAME'"
        )


def open_sources(
    specs: SourceSpec | Sequence[SourceSpec], rate: int, *, realtime: bool = False
) -> Iterator[tuple[str | None, Source]]:
    """Open one source after the other; each with the name that was given to it.

    Raises:
        ConfigError: there is none.
        SourceError: one cannot be heard.
    """
    for spec in _listed(specs):
        if isinstance(spec, Source):
            yield None, Resampled(spec, rate)
            continue
        if not isinstance(spec, (str, os.PathLike)):
            raise ConfigError(
                f"{spec!r} is no source: derive its class from wakeword.protocols.Source"
            )
        name, uri = named_source(os.fspath(spec))
        yield name, open_source(uri, rate, realtime=realtime)


def named_source(spec: str) -> tuple[str | None, str]:
    """The name of a source and its URI: ``"desk=mic:USB"``; without a name it is its own."""
    name, equals, uri = spec.partition("=")
    if equals and uri and all(c.isalnum() or c in "-_" for c in name) and name:
        return name, uri
    return None, spec


def _reload(session: Session, sounds: EnrolledSounds) -> None:
    known = {name.casefold() for name in (*sounds.sounds, *sounds.events)}
    known |= {trigger.name.casefold() for trigger in session.together}
    for sound, action in session.dispatcher.missing(known):
        _log.warning("there is no sound %r any more; %s waits for it", sound, action)
    session.load(sounds)


def _listed(sources: SourceSpec | Sequence[SourceSpec]) -> tuple[SourceSpec, ...]:
    if isinstance(sources, str) or not isinstance(sources, Sequence):
        return (sources,)
    if not sources:
        raise ConfigError("name at least one source, e.g. 'mic'")
    return tuple(sources)
