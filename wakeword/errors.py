"""Every error that Wakesound raises on purpose.

    WakesoundError
    ├── AudioError              audio that cannot be used
    │   ├── AudioDecodeError    a file that is not readable audio
    │   └── AudioFormatError    wrong rate, shape, dtype or value
    ├── TakeRejected            a recording that cannot serve as a take
    ├── LibraryError            the sounds on disk
    │   ├── SoundNotFound
    │   ├── SoundExists
    │   ├── EncoderMismatch     vectors of another encoder
    │   └── LibraryCorrupt      a file that is damaged
    ├── HistoryError            no such event, or it does not know enough
    ├── EncoderError            a model that cannot be loaded or run
    ├── SourceError             a microphone, file or stream that cannot be heard
    ├── SinkError               an action that cannot be taken
    ├── ServiceError            a service that cannot be offered
    ├── ConfigError             a setting that makes no sense
    └── MissingExtra            an optional dependency is not installed

Messages are for the person at the keyboard: what is wrong and what to do next.
"""

from __future__ import annotations

import math


class WakesoundError(Exception):
    """Base of all of them; the command line prints it as one line and exits with 2."""


class AudioError(WakesoundError):
    """Audio that cannot be used."""


class AudioDecodeError(AudioError):
    """A file that is not readable audio."""


class AudioFormatError(AudioError):
    """Wrong rate, shape, dtype or value."""


class TakeRejected(WakesoundError):
    """A recording that cannot serve as a take."""


class LibraryError(WakesoundError):
    """Something about the sounds on disk."""


class SoundNotFound(LibraryError):
    """No sound of that name."""


class SoundExists(LibraryError):
    """There already is a sound of that name."""


class EncoderMismatch(LibraryError):
    """The library's vectors were made by another encoder."""


class LibraryCorrupt(LibraryError):
    """A file of the library is damaged."""


class HistoryError(WakesoundError):
    """An event that the history does not know, or not well enough."""


class EncoderError(WakesoundError):
    """A model that cannot be loaded or run."""


class SourceError(WakesoundError):
    """A microphone, file or stream that cannot be heard."""


class SinkError(WakesoundError):
    """An action that cannot be taken."""


class ServiceError(WakesoundError):
    """A service that cannot be offered, for instance as its address is taken."""


class ConfigError(WakesoundError):
    """A setting that makes no sense."""


class MissingExtra(WakesoundError):
    """An optional dependency is not installed.

    Args:
        what: what needs it, e.g. ``"the clap encoder"``.
        extra: the extra to install, e.g. ``"clap"``.
    """

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs more packages: pip install 'wakesound[{extra}]'")
        self.extra = extra


def require_positive(owner: object, *names: str) -> None:
    """Check settings that must be above 0 and finite.

    Raises:
        ConfigError: one of the attributes ``names`` of ``owner`` is not.
    """
    for name in names:
        if not 0 < getattr(owner, name) < math.inf:
            raise ConfigError(f"{name} must be positive, not {getattr(owner, name)}")


def require_not_negative(owner: object, *names: str) -> None:
    """Check settings that must be 0 or more and finite.

    Raises:
        ConfigError: one of the attributes ``names`` of ``owner`` is not.
    """
    for name in names:
        if not 0 <= getattr(owner, name) < math.inf:
            raise ConfigError(f"{name} must be 0 or more, not {getattr(owner, name)}")
