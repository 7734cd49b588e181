"""Listening in three lines: ``listen()`` and ``on()``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from runtime.assembly import SourceSpec
from runtime.function import Function
from runtime.listener import WakeListener
from wakeword.events import WakeEvent
from wakeword.library import SoundLibrary
from wakeword.protocols import Sink


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
