"""English words that make a poor label, and better ones."""

from __future__ import annotations

_VERB_LIST = """
    bark meow crow quack moo howl growl roar neigh bleat chirp sing tweet hoot croak buzz hiss
    purr cry sob laugh giggle scream shout yell whisper talk speak cough sneeze snore breathe
    sigh clap snap whistle hum knock ring chime beep honk tick break shatter smash crash slam
    creak squeak open close drip pour boil flush splash run walk jog fall drop bounce explode
    shoot click rattle rustle crackle burn sizzle fry blow start stop pass rev reverse vibrate
    clatter jingle scratch tear rip
"""
_VERBS = tuple(_VERB_LIST.split())
"""Verbs by which people tell what they hear."""

_NOUNS_TOO = frozenset(
    {
        "crow",
        "ring",
        "rattle",
        "jingle",
        "chirp",
        "blow",
        "click",
        "tick",
        "whistle",
        "squeak",
        "buzz",
        "crash",
        "splash",
        "hum",
        "hiss",
    }
)
"""Verbs that begin good labels too: crow cawing, ring tone, buzz saw."""

_DOUBLED = {"clap", "snap", "hum", "slam", "drip", "run", "jog", "drop", "stop", "rip", "rev"}
"""They double their last letter before -ing."""

_IRREGULAR = {"rang": "ring", "broke": "break", "fell": "fall", "sang": "sing", "ran": "run"}

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


def noun_phrase(label: str) -> str | None:
    """A noun phrase for a label with a verb in it; None when there is none.

    ``"dog barks"`` and ``"the dog is barking"`` become ``"dog barking"``, ``"break glass"``
    becomes ``"glass breaking"``. ``"dog bark"`` is one already.
    """
    words = [word for word in label.split() if word not in ("the", "a", "an", "my", "some")]
    infinitive = words[:1] == ["to"]
    words = words[infinitive:]
    for place, word in enumerate(words):
        before, after = words[:place], words[place + 1 :]
        if word in ("is", "are", "was", "were") and before and after:
            return " ".join([*before, gerund_of(after[0]) or after[0]])
        plural = bool(before) and before[-1].endswith("s") and not before[-1].endswith("ss")
        if _finite(word) or (plural and word in _VERBS and not after):
            return " ".join([*before, gerund_of(word) or word])
    if not words or words[0] not in _VERBS or not (infinitive or len(words) > 1):
        return None
    verb, rest = gerund_of(words[0]) or words[0], words[1:]
    if infinitive or not rest:
        return " ".join([*rest, verb])
    if words[0] in _NOUNS_TOO or rest[0] in ("on", "at", "in", "of"):
        return None
    return None if _base(rest[-1]) else " ".join([*rest, verb])


def gerund_of(word: str) -> str | None:
    """``barks``, ``barked`` and ``bark`` to ``barking``; None for what is no known verb."""
    verb = _base(word)
    if verb is None:
        return None
    if verb in _DOUBLED:
        return verb + verb[-1] + "ing"
    if verb.endswith("e") and not verb.endswith("ee"):
        return verb[:-1] + "ing"
    return verb + "ing"


def _finite(word: str) -> bool:
    """Whether it is a verb in a form that sentences have: barks, barked, rang."""
    return word not in _VERBS and not word.endswith("ing") and _base(word) is not None


def _base(word: str) -> str | None:
    if word.endswith("ing"):
        return next(
            (v for v in _VERBS if word in (v + "ing", v[:-1] + "ing", v + v[-1] + "ing")), None
        )
    if word in _VERBS:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    forms = (word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("ed"))
    more = (
        word[:-3] if word.endswith("ed") and word[-3:-2] == word[-4:-3] else word,
        word.removesuffix("d") if word.endswith("ed") else word,
        word[:-3] + "y" if word.endswith("ies") else word,
    )
    return next((form for form in (*forms, *more) if form in _VERBS), None)
