"""Which microphones there are, and which one is meant."""

from __future__ import annotations

import re
from collections.abc import Sequence

from runtime.sources._portaudio import Microphone, open_backend
from wakeword.errors import SourceError

_HARDWARE_NUMBER = re.compile(r"\s*\(hw:\d+,\d+\)$")
"""What ALSA adds to a name; it may be another one when the device is plugged in again."""

__all__ = ["Microphone", "find_microphone", "list_microphones"]


def list_microphones() -> list[Microphone]:
    """The input devices of this machine as they are now; may be empty.

    Raises:
        MissingExtra: no audio package is installed.
        SourceError: the PortAudio library is missing, or the sound system does not answer.
    """
    backend = open_backend()
    try:
        return backend.microphones()
    finally:
        backend.close()


def find_microphone(microphones: Sequence[Microphone], wanted: str = "") -> Microphone:
    """Choose one.

    Args:
        microphones: those there are.
        wanted: an index, a name, or a part of one in any case; empty for the default one.

    Raises:
        SourceError: there is none, or none that is meant, or more than one could be meant.
    """
    if not microphones:
        raise SourceError("there is no microphone: connect one and see 'wakesound devices'")
    if not wanted:
        return next((m for m in microphones if m.default), microphones[0])
    name = wanted.casefold()
    exact = [m for m in microphones if name in (m.name.casefold(), str(m.index))]
    found = exact
    for part in (name, _HARDWARE_NUMBER.sub("", name)):
        found = found or [m for m in microphones if part in m.name.casefold()]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{m.index}: {m.name}" for m in found or microphones)
    if found:
        raise SourceError(f"{wanted!r} could be several microphones, say which one: {listed}")
    raise SourceError(f"there is no microphone {wanted!r}; there are: {listed}")
