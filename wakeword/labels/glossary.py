"""Everyday sounds in Chinese and English: one table, for every encoder.

It lies in ``assets/glossary.json``. Each entry holds the classes of AudioSet that it stands
for (``mini``'s aliases are made of these), its English names, and its Chinese names with the
English words for each.

Everyday sounds that resemble each other, whatever the encoder.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from wakeword.embedding.weights import asset
from wakeword.errors import ConfigError

_NEAREST = 4


@dataclass(frozen=True)
class Entry:
    """A sound of the table."""

    classes: tuple[str, ...]
    """Names of AudioSet's classes that it stands for."""
    en: tuple[str, ...]
    """English names, the most common first."""
    zh: Mapping[str, str]
    """Chinese names, each with its English words."""


@dataclass(frozen=True)
class Glossary:
    """The table, to be asked in Chinese."""

    entries: tuple[Entry, ...]
    """In the order of the file."""
    around: tuple[str, ...]
    """Chinese words around a name that may be left out, e.g. ``"的声音"``; longest first."""

    def english(self, label: str) -> str | None:
        """The English words for a Chinese label; None when it is not in the table.

        What is around a name ("远处的", "声", "的声音") does not matter.
        """
        text = _plain(label)
        while text:
            if text in self.names:
                return self.names[text]
            shorter = (text.removeprefix(part).removesuffix(part) for part in self.around)
            text = next((found for found in shorter if found and found != text), "")
        return None

    def chinese(self, english: str) -> str | None:
        """The Chinese name of an English one; None when it is not in the table."""
        words = english.casefold()
        exact = next((name for name, text in self.names.items() if text == words), None)
        if exact:
            return exact
        same = (entry for entry in self.entries if words in entry.en)
        return next((name for entry in same for name in entry.zh), None)

    def nearest(self, label: str) -> list[str]:
        """Chinese names of the table that look most like the label."""
        plain = _plain(label)

        def likeness(name: str) -> float:
            common = len(set(plain) & set(name)) / len(set(name))
            return common + difflib.SequenceMatcher(None, plain, name).ratio()

        return sorted(self.names, key=likeness, reverse=True)[:_NEAREST]

    @cached_property
    def english_names(self) -> frozenset[str]:
        """Every English name."""
        return frozenset(name for entry in self.entries for name in (*entry.en, *entry.zh.values()))

    @cached_property
    def everyday(self) -> tuple[str, ...]:
        """One English name for each sound, in the order of the file."""
        return tuple(dict.fromkeys(next(iter(entry.zh.values())) for entry in self.entries))

    @cached_property
    def names(self) -> dict[str, str]:
        """Every Chinese name with its English words."""
        return {_plain(name): en for entry in self.entries for name, en in entry.zh.items()}


@lru_cache(maxsize=1)
def glossary() -> Glossary:
    """The glossary that is shipped.

    Raises:
        ConfigError: its file is missing or damaged.
    """
    path = asset("glossary.json")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        entries = tuple(
            Entry(tuple(item["classes"]), tuple(item["en"]), dict(item["zh"]))
            for item in content["entries"]
        )
        idle = [str(part) for part in (*content["frames"], *content["adjectives"])]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is missing or damaged; install Wakesound again") from error
    around = sorted((part for part in idle if not part.isascii()), key=len, reverse=True)
    return Glossary(entries, tuple(around))


def _plain(text: str) -> str:
    """Without punctuation and spaces: Chinese has none between words."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text).casefold())


@dataclass(frozen=True)
class Family:
    """Sounds of one kind."""

    about: str
    """What they have in common, as the end of the sentence "both are ..."."""
    members: tuple[str, ...]
    """English labels."""


FAMILIES = (
    Family(
        "motors that hum and hiss",
        (
            "coffee machine",
            "vacuum cleaner",
            "hair dryer",
            "blender",
            "fan",
            "air conditioner",
            "washing machine",
            "electric razor",
        ),
    ),
    Family(
        "electronic beeps",
        (
            "smoke alarm",
            "alarm clock",
            "microwave beep",
            "fire alarm",
            "car alarm",
            "truck reversing",
            "beeping",
            "busy tone",
        ),
    ),
    Family("bells", ("doorbell", "telephone ringing", "bicycle bell", "church bell", "chime")),
    Family(
        "sirens",
        ("siren", "police siren", "ambulance siren", "fire engine siren", "air raid siren"),
    ),
    Family(
        "steady rushing noise",
        ("rain", "running water", "ocean waves", "wind", "frying food", "waterfall", "white noise"),
    ),
    Family(
        "short knocks",
        ("knocking on door", "door slamming", "footsteps", "hammering", "clapping", "gunshot"),
    ),
    Family("cries of small voices", ("baby crying", "cat meowing", "screaming", "dog whining")),
    Family("bangs", ("gunshot", "fireworks", "explosion", "balloon pop", "door slamming")),
    Family(
        "clinking", ("glass breaking", "clinking glasses", "dishes clattering", "dropping coin")
    ),
    Family("bursts of breath", ("coughing", "sneezing", "dog barking", "laughter")),
    Family("engines", ("chainsaw", "lawn mower", "motorcycle", "electric drill", "helicopter")),
)

VAGUE = frozenset(
    {"noise", "noises", "sound", "sounds", "audio", "something", "anything", "other", "others"}
    | {"unknown", "background", "event", "nothing", "everything", "stuff"}
)
"""Labels that can be anything."""

BARE = {
    "dog": "dog barking",
    "cat": "cat meowing",
    "bird": "birds chirping",
    "birds": "birds chirping",
    "rooster": "rooster crowing",
    "duck": "duck quacking",
    "cow": "cow mooing",
    "sheep": "sheep bleating",
    "horse": "horse neighing",
    "pig": "pig oink",
    "lion": "lion roar",
    "frog": "frog croaking",
    "bee": "bee buzzing",
    "owl": "owl hooting",
    "baby": "baby crying",
    "person": "someone talking",
    "man": "man speaking",
    "woman": "woman speaking",
    "child": "child talking",
    "people": "people talking",
    "glass": "glass breaking",
    "door": "door slamming",
    "window": "window breaking",
    "phone": "phone ringing",
    "telephone": "telephone ringing",
    "clock": "clock ticking",
    "keyboard": "keyboard typing",
    "water": "running water",
    "kettle": "kettle boiling",
    "microwave": "microwave beep",
    "car": "car passing by",
    "train": "train horn",
    "toilet": "toilet flush",
    "keys": "keys jangling",
    "dishes": "dishes clattering",
    "fire": "crackling fire",
    "camera": "camera shutter",
    "ball": "ball bouncing",
    "paper": "tearing paper",
    "leaves": "leaves rustling",
    "coin": "dropping coin",
    "bell": "bell ringing",
    "hand": "hand clap",
    "hands": "hands clapping",
}
"""Names of things, and the sound that is meant most often."""
