"""The sounds as Wyoming's wake word models, and finding them by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from wyoming.event import Event
from wyoming.info import Attribution, Info, WakeModel, WakeProgram

from runtime.services.wyoming.framing import encodable
from wakeword import __version__
from wakeword.errors import LibraryError
from wakeword.records import SoundRecord, clean_name

PROGRAM = "wakesound"
_EMPTY = "No sounds are enrolled yet; run 'wakesound enroll NAME'"
_SHOWN_NAMES = 50
"""Names that a message lists at most."""


@dataclass(frozen=True)
class Catalogue:
    """What the service can detect."""

    sounds: tuple[SoundRecord, ...] = ()
    problem: str = ""
    """Why there are none, when the library cannot be used."""

    @cached_property
    def info(self) -> Event:
        """The answer to ``describe``: one program, also when there are no sounds."""
        program = WakeProgram(
            name=PROGRAM,
            description=encodable(self.hint) or "Wakes on your own sounds",
            attribution=Attribution(name="The Wakesound authors", url=""),
            installed=True,
            version=__version__,
            models=[_model(sound, name) for sound in self.sounds for name in sound.events],
        )
        return Info(wake=[program]).event()

    @property
    def names(self) -> list[str]:
        """What a detection may be called: the sounds, or their patterns where they have some."""
        return [name for sound in self.sounds for name in sound.events]

    @property
    def hint(self) -> str:
        """What to do when there are no sounds; empty when there are."""
        return "" if self.sounds else self.problem or _EMPTY

    def unknown(self, names: Sequence[str]) -> list[str]:
        """Those that no sound has; case does not matter."""
        known = {name.casefold() for name in self.names}
        return [name for name in names if key(name) not in known]

    def refusal(self, unknown: Sequence[str]) -> str:
        """What to answer to somebody who asked for these."""
        asked = ", ".join(repr(name[:_SHOWN_NAMES]) for name in unknown[:3])
        if self.hint:
            return encodable(f"there is no sound {asked}: {self.hint}")
        names = [repr(name) for name in self.names]
        more = ", ..." if len(names) > _SHOWN_NAMES else ""
        return f"there is no sound {asked}; known: {', '.join(names[:_SHOWN_NAMES])}{more}"


def key(name: str) -> str:
    """What two names have in common that mean the same sound; empty for one that cannot be."""
    try:
        return clean_name(name).casefold()
    except LibraryError:
        return ""


def _model(sound: SoundRecord, name: str) -> WakeModel:
    return WakeModel(
        name=name,
        description=name,  # what Home Assistant shows
        phrase=name,
        attribution=Attribution(name="Enrolled by the user", url=""),
        installed=True,
        version=sound.created,
        languages=[],  # a sound is in none
    )
