"""Everyday sounds that resemble each other, whatever the encoder."""

from __future__ import annotations

from dataclasses import dataclass


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
