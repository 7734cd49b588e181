"""What is measured: how many sounds, takes and hours, at which levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wakebench.compose import CLEAN
from wakebench.identity import generator
from wakebench.sounds import Sound
from wakeword.library.recordings import Take


@dataclass(frozen=True)
class Protocol:
    """The volume of a run; everything else is fixed."""

    seed: int = 0
    split: str = "dev"
    enrolled: tuple[int, ...] = (3, 5, 10)
    """How many takes are enrolled, the K of the tables; a sound with fewer enrolls what it has."""
    snrs_db: tuple[float, ...] = (CLEAN, 20.0, 10.0, 5.0, 0.0)
    library_size: int = 8
    """Most sounds that are listened for at once."""
    most_sounds: int = 1000
    test_takes: int = 6
    """Most takes of a sound that are heard, each once at every SNR, in each deal."""
    deals: int = 2
    """How often the takes are dealt anew between enrolling and hearing."""
    negative_seconds: float = 3600.0
    """Most audio of one kind of background."""
    stream_seconds: float = 600.0
    """About the length of one negative stream."""
    uses_per_hour: float = 4.0
    """How often a device's sounds are made, to weigh wrong sounds against false alarms."""


QUICK = Protocol(
    enrolled=(1, 3),
    snrs_db=(CLEAN, 10.0, 0.0),
    most_sounds=16,
    test_takes=3,
    deals=1,
    negative_seconds=240.0,
    stream_seconds=120.0,
)
"""Minutes instead of half an hour: to see that all is well, not to compare."""


@dataclass(frozen=True, eq=False)
class Entry:
    """A sound with its takes dealt out."""

    sound: Sound
    enroll: tuple[int, ...]
    """Takes to enroll, in order: K takes are the first K."""
    test: tuple[int, ...]
    """Takes to hear again; never one that is enrolled, whatever K."""


@dataclass(frozen=True, eq=False)
class Library:
    """Sounds that are listened for together."""

    name: str
    entries: tuple[Entry, ...]
    deal: int = 0
    """Which of the deals its takes were dealt in."""

    @property
    def made(self) -> bool:
        """Whether its sounds are synthesised."""
        return self.entries[0].sound.made

    def enroll(self, count: int) -> dict[str, list[Take]]:
        """Up to ``count`` takes of every sound."""
        return {
            entry.sound.name: [entry.sound.takes[i] for i in entry.enroll[:count]]
            for entry in self.entries
        }

    def without_audio(self) -> Library:
        """The same with sounds that have no takes."""
        entries = (replace(e, sound=replace(e.sound, takes=())) for e in self.entries)
        return replace(self, entries=tuple(entries))

    def heard(self) -> tuple[Sound, ...]:
        """The sounds with nothing but the takes to hear again."""
        return tuple(
            replace(entry.sound, takes=tuple(entry.sound.takes[i] for i in entry.test))
            for entry in self.entries
        )


def deal(sound: Sound, protocol: Protocol, number: int = 0) -> Entry:
    """Divide a sound's takes: as many to enroll as leave three to hear, three at least.

    The choice is random and seeded; each ``number`` is another one.
    """
    rng = generator(protocol.seed, "deal", number, sound.name)
    order = tuple(int(i) for i in rng.permutation(len(sound.takes)))
    fewest = min(3, max(protocol.enrolled), len(order) - 1)
    keep = max([fewest, *(count for count in protocol.enrolled if len(order) >= count + 3)])
    return Entry(sound, order[:keep], order[keep : keep + protocol.test_takes])


def libraries(sounds: Sequence[Sound], protocol: Protocol) -> list[Library]:
    """Divide the sounds among libraries of about equal size, no label twice in one if possible.

    Recorded and synthesised sounds never share a library.
    """
    result = []
    for made in (False, True):
        pool = [sound for sound in sounds if sound.made == made]
        order = generator(protocol.seed, "libraries", made).permutation(len(pool))
        shelves = _shelve([pool[i] for i in order[: protocol.most_sounds]], protocol.library_size)
        for number in range(protocol.deals):
            for i, shelf in enumerate(shelves):
                entries = tuple(deal(sound, protocol, number) for sound in shelf)
                name = f"{'made' if made else 'recorded'}-{i + 1}.{number + 1}"
                result.append(Library(name, entries, number))
    return result


def _shelve(sounds: Sequence[Sound], size: int) -> list[list[Sound]]:
    shelves: list[list[Sound]] = [[] for _ in range(-(-len(sounds) // size))]
    for sound in sounds:
        others = [s for s in shelves if all(known.label != sound.label for known in s)]
        min(others or shelves, key=len).append(sound)
    return [sorted(shelf, key=lambda sound: sound.name) for shelf in shelves]
