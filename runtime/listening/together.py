"""Sounds that belong together: ``bark@mic + tap@desk within 1s``."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from wakeword.errors import ConfigError
from wakeword.events import WakeEvent
from wakeword.library.records import clean_name

LONGEST_SECONDS = 60.0
"""Sounds further apart do not belong together."""
REMEMBERED = 64
"""Events of a part that wait for the others."""
EXAMPLE = "bark@mic + tap@desk within 1s"

_WITHIN = re.compile(
    r"(?P<parts>.*)\bwithin\s+(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|s)?\s*$", re.S
)


@dataclass(frozen=True)
class Part:
    """One of the sounds."""

    sound: str
    """Name of a sound, or of a pattern."""
    source: str | None = None
    """Where it must be heard; anywhere if None."""

    def wants(self, event: WakeEvent) -> bool:
        """Whether the event is what this part waits for."""
        heard = (event.sound.casefold(), event.name.casefold())
        return self.sound.casefold() in heard and self.source in (None, event.source)


@dataclass(frozen=True)
class Together:
    """A trigger over several sounds, in any order."""

    name: str
    """What its events are called."""
    parts: tuple[Part, ...]
    """At least two."""
    within_seconds: float
    """From the first to the last of them at most."""

    @classmethod
    def parse(cls, text: str) -> Together:
        """From ``[NAME =] SOUND[@SOURCE] + SOUND[@SOURCE] within SECONDS[s|ms]``.

        Without a name it is called after its sounds: ``bark + tap``.

        Raises:
            ConfigError: the text is something else; the message shows an example.
        """
        name, equals, rest = text.rpartition("=")
        match = _WITHIN.match(rest)
        if match is None:
            raise ConfigError(f"{text!r} does not end with a time; write for example {EXAMPLE!r}")
        parts = tuple(_part(part, text) for part in match["parts"].split("+"))
        if len(parts) < 2:
            raise ConfigError(f"{text!r} names one sound only; write for example {EXAMPLE!r}")
        seconds = float(match["number"]) / (1000.0 if match["unit"] == "ms" else 1.0)
        if not 0.0 < seconds <= LONGEST_SECONDS:
            raise ConfigError(
                f"{text!r}: the time must be above 0 and at most {LONGEST_SECONDS:g} s"
            )
        called = clean_name(name) if equals else " + ".join(part.sound for part in parts)
        return cls(called, parts, seconds)

    def spelled(self, sound: Callable[[str], str]) -> Together:
        """The same with the sounds' own spelling."""
        parts = tuple(replace(part, sound=sound(part.sound)) for part in self.parts)
        return replace(self, parts=parts)


class Gathering:
    """Waits for the parts of one trigger; may be told from several threads.

    Args:
        together: the trigger.
    """

    def __init__(self, together: Together) -> None:
        self.together = together
        self._waiting: list[list[tuple[float, WakeEvent]]] = [[] for _ in together.parts]
        self._lock = threading.Lock()

    def push(self, event: WakeEvent, seconds: float) -> WakeEvent | None:
        """The trigger's event, if this one completes it.

        Args:
            event: what was heard.
            seconds: when, on a clock that all sources share.
        """
        with self._lock:
            wanting = [i for i, part in enumerate(self.together.parts) if part.wants(event)]
            for index in wanting:
                found = self._others(index, seconds)
                if found is not None:
                    for waiting, other in found.items():
                        self._waiting[waiting].remove(other)
                    return self._event([event, *(other for _, other in found.values())])
            if wanting:
                index = min(wanting, key=lambda i: len(self._waiting[i]))
                self._waiting[index] = [*self._waiting[index], (seconds, event)][-REMEMBERED:]
        return None

    def _others(self, index: int, seconds: float) -> Mapping[int, tuple[float, WakeEvent]] | None:
        """For each other part the event that is nearest in time, if all are near enough."""
        found: dict[int, tuple[float, WakeEvent]] = {}
        for other, waiting in enumerate(self._waiting):
            if other == index:
                continue
            if not waiting:
                return None
            found[other] = min(waiting, key=lambda heard: abs(heard[0] - seconds))
        times = [seconds, *(heard for heard, _ in found.values())]
        return found if max(times) - min(times) <= self.together.within_seconds else None

    def _event(self, events: list[WakeEvent]) -> WakeEvent:
        last = events[0]
        return replace(
            last,
            sound=self.together.name,
            pattern="",
            take="",
            score=min(event.score for event in events),
            threshold=max(event.threshold for event in events),
            source=" + ".join(dict.fromkeys(event.source for event in reversed(events))),
        )


def _part(text: str, whole: str) -> Part:
    sound, at, source = text.strip().partition("@")
    if not sound.strip() or (at and not source.strip()):
        raise ConfigError(f"{whole!r} lacks a sound or a source; write for example {EXAMPLE!r}")
    return Part(clean_name(sound), source.strip() or None)
