"""The :class:`WakeListener`: sources, sounds and actions of one program, brought together.

Listening in three lines: ``listen()`` and ``on()``.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from runtime.configuration.paths import default_library
from runtime.history.store import History
from runtime.hooks.conditions import ALWAYS, Conditions
from runtime.listening.assembly import (
    ActionEntry,
    ActionSpec,
    Assembly,
    SourceSpec,
)
from runtime.listening.loop import SourceLoop
from runtime.listening.running import Running
from runtime.listening.session import Observe, Session
from runtime.listening.together import Together
from runtime.sinks import TIMEOUT_SECONDS
from runtime.sinks._function import Function
from wakeword.audio.frames import FloatArray
from wakeword.engine import EngineConfig
from wakeword.errors import ConfigError
from wakeword.events import WakeEvent
from wakeword.library.library import SoundLibrary
from wakeword.protocols import Encoder, Sink


class WakeListener(Running[WakeEvent]):
    """Listens to one or more sources for the sounds of a library.

    Events go to the actions given with :meth:`on` and to whoever iterates; how it begins and
    ends is in :class:`~runtime.listening.running.Running`.

    Args:
        library: folder of the sounds; by default
            :func:`runtime.configuration.paths.default_library`.
        sources: what to hear, one or several: see :func:`runtime.sources.open_source`.
        encoder: its name, or one of your own; by default the library's. With several
            sources it is called from several threads at once.
        config: settings of the engine.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``, for encoders that can use it.
        realtime: play recordings by the clock.
        action_timeout_seconds: how long one call of an action may take.
        history: where wakes and near misses are remembered, for feedback; None remembers none.
        observe: sees each source's windows and their best matches, in the engines' threads.
        confirm: a second encoder or its name, as ``encoder``; it is asked about what is about to
            wake, and refuses what is not like the takes to it either.
        drift: whether the sounds slowly follow the room of live sources, where the user let it
            be heard; see :mod:`runtime.listening.drift`.
    """

    def __init__(
        self,
        library: str | os.PathLike[str] | SoundLibrary | None = None,
        sources: SourceSpec | Sequence[SourceSpec] = "mic",
        *,
        encoder: str | Encoder | None = None,
        config: EngineConfig | None = None,
        device: str = "cpu",
        realtime: bool = False,
        action_timeout_seconds: float = TIMEOUT_SECONDS,
        history: History | None = None,
        observe: Observe | None = None,
        confirm: str | Encoder | None = None,
        drift: bool = False,
    ) -> None:
        super().__init__()
        self.config = config or EngineConfig()
        if not isinstance(library, SoundLibrary):
            library = SoundLibrary(library or default_library(), self.config.segmenter)
        self.library = library
        self._assembly = Assembly(
            library,
            sources,
            encoder,
            self.config,
            device=device,
            realtime=realtime,
            history=history,
            observe=observe,
            confirm=confirm,
            drift=drift,
        )
        self._action_timeout = action_timeout_seconds
        self._together: list[Together] = []
        self._actions: list[ActionEntry] = []

    def on(
        self,
        sound: str | Collection[str],
        action: ActionSpec,
        *,
        timeout_seconds: float | None = None,
        conditions: Conditions = ALWAYS,
        concurrency: int = 1,
    ) -> WakeListener:
        """Do this when that sound is heard; also while listening.

        Args:
            sound: its name, the names of several, or ``"*"`` for all.
            action: a function or coroutine function that takes the event or nothing, or a
                URI: ``"exec:COMMAND"``, ``"https://..."``; see :mod:`runtime.sinks`.
            timeout_seconds: how long one call may take; the listener's own by default.
            conditions: what else must hold: a score, a source, not at night.
            concurrency: how many calls may run at once; above 1 they keep no order.

        Returns:
            The listener, for another ``on`` or for ``start``.

        Raises:
            SoundNotFound: only while listening: there is no such sound.
            ConfigError: only while listening: the action makes no sense.
        """
        sounds = (sound,) if isinstance(sound, str) else tuple(sound)
        timeout_seconds = timeout_seconds or self._action_timeout
        entry = ActionEntry(sounds, action, timeout_seconds, conditions, concurrency)
        with self._lock:
            if self._session is not None and not self._session.done:
                self._assembly.add(self._session, entry)
            self._actions.append(entry)
        return self

    def when(self, trigger: Together | str) -> WakeListener:
        """Make an event also when several sounds are heard together; also while listening.

        Args:
            trigger: ``"bark@mic + tap@desk within 1s"``: a sound, or a sound at a source, and
                others, in any order; ``"NAME = ..."`` gives it a name for :meth:`on`, which
                otherwise is ``"bark + tap"``.

        Raises:
            ConfigError: the text is something else, or while listening: no such source.
            SoundNotFound: only while listening: there is no such sound.
        """
        parsed = trigger if isinstance(trigger, Together) else Together.parse(trigger)
        with self._lock:
            if self._session is not None and not self._session.done:
                self._assembly.add_together(self._session, parsed)
            self._together.append(parsed)
        return self

    # -- being deaf on purpose -------------------------------------------------------------

    def mute(self, seconds: float = math.inf, *, source: str | None = None) -> None:
        """Hear nothing from now on for so long: while a chime or a voice of ours is played.

        What is muted never reaches the engine, so nothing of it can be part of a later event.
        Does nothing while not listening.

        Args:
            seconds: how long; until :meth:`unmute` by default.
            source: name of the source; all by default.

        Raises:
            ConfigError: the time is not positive, or there is no such source.
        """
        if not seconds > 0.0:
            raise ConfigError(f"a time to be muted is above 0 seconds, not {seconds}")
        for loop in self._loops(source):
            loop.mute(seconds)

    def unmute(self, *, source: str | None = None) -> None:
        """Hear again from now on.

        Args:
            source: name of the source; all by default.

        Raises:
            ConfigError: there is no such source.
        """
        for loop in self._loops(source):
            loop.unmute()

    def reference(self, samples: FloatArray, rate: int, *, source: str | None = None) -> None:
        """Say that this is being played from now on, so that it does not wake anything.

        Other sounds still do. Say it when playing begins; several may play at once. Does
        nothing while not listening.

        Args:
            samples: ``(n,) float32``, what goes to the loudspeaker.
            rate: samples per second.
            source: name of the source that may hear it; all by default.

        Raises:
            AudioFormatError: the samples are not finite mono float32.
            ConfigError: there is no such source.
        """
        for loop in self._loops(source):
            loop.play(samples, rate)

    def _loops(self, source: str | None) -> list[SourceLoop]:
        session = self._session
        return [] if session is None or session.done else session.loops(source)

    def _new_session(self, loop: asyncio.AbstractEventLoop | None) -> Session:
        return self._assembly.session(loop, self._actions, self._together)


def listen(
    library: str | os.PathLike[str] | SoundLibrary | None = None,
    source: SourceSpec | Sequence[SourceSpec] = "mic",
    **options: Any,
) -> Iterator[WakeEvent]:
    """Yield an event whenever a sound of the library is heard, until the source ends.

    Args:
        library: folder of the sounds; by default the platform's data folder.
        source: what to hear, one or several: ``"mic"``, ``"mic:NAME"``, the path of a
            recording, ``"-"`` for standard input.
        options: see :class:`WakeListener`.

    Raises:
        WakesoundError: as :meth:`WakeListener.run`, at the first step.
    """
    return iter(WakeListener(library, source, **options))


def on(
    sound: str,
    action: Function | Sink | str,
    library: str | os.PathLike[str] | SoundLibrary | None = None,
    source: SourceSpec | Sequence[SourceSpec] = "mic",
    **options: Any,
) -> WakeListener:
    """Do this when that sound is heard, in the background, from now on.

    Args:
        sound: its name, or ``"*"`` for all.
        action: a function, a coroutine function or a URI: see :meth:`WakeListener.on`.
        library: as for :func:`listen`.
        source: as for :func:`listen`.
        options: see :class:`WakeListener`.

    Returns:
        The listener, already started: ``.on()`` adds further actions, ``.wait()`` waits for
        its end, ``.stop()`` ends it. It ends with the program.

    Raises:
        WakesoundError: as :meth:`WakeListener.start`.
    """
    return WakeListener(library, source, **options).on(sound, action).start()
