"""Coarse classes by the words in a label, for tables that a person can read."""

from __future__ import annotations

FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("word", ("wake_word", "wake_phrase", "keyword", "speech", "voice_command")),
    ("clap and snap", ("clap", "snap")),
    ("whistle", ("whistle", "whistling")),
    ("bird", ("bird", "rooster", "hen", "crow", "duck", "goose", "owl", "pigeon", "seagull",
              "peacock", "turkey", "quail", "grouse", "penguin", "cricket")),
    ("animal", ("dog", "cat_", "goat", "sheep", "cow_", "horse", "wolf", "lion", "pig", "yak",
                "monkey", "gorilla", "gallop")),
    ("voice without words", ("baby", "sneez", "cough", "cry", "laugh", "mouth", "tongue", "scream",
                             "burp", "spit", "breath", "zombie", "voice", "vocal")),
    ("bell and tone", ("bell", "chime", "alarm", "glass", "beep", "microwave", "ring", "gong",
                       "clang", "bottle_tone", "harp", "didgeridoo", "piano")),
    ("squeak and creak", ("squeak", "squeek", "creak", "screech", "balloon")),
    ("tap and knock", ("tap", "knock", "hit", "bang", "slam", "strike", "clonk", "drop", "drum",
                       "conga", "chop", "stairs", "footstep", "locker", "thump", "impact", "door",
                       "plastic_bottle", "barel", "trashcan")),
    ("machine", ("clock", "tick", "can_opening", "tape", "zipper", "spray", "puffer", "blinds",
                 "ratchet", "drill", "cd_", "camera", "click", "switch", "buzz")),
)  # fmt: skip
"""Family of a sound and the words that say so; the first match counts."""

OTHER = "other"

NO_WAKE_SOUND = (
    # Steady or granular: nobody makes the same one again as one short act.
    "rain", "sea_", "wind", "water", "thunder", "fire", "engine", "helicopter", "chainsaw",
    "cereal", "foil", "styrofoam", "rumble", "pebbles", "beads", "eating", "scrabble", "slinky",
    "bricks", "chain", "crackl", "rustl", "spin", "swish", "twirl", "rolling", "cabbage", "lids",
    "rotating", "shaken", "scrap", "straw", "duster", "footsteps", "nails", "pour", "grind",
    # Music and collections of variants: what the takes of a group share is a folder.
    "music", "riff", "beat", "groove", "pad_synth", "string_pad", "drone", "synth", "theremin",
    "game_fx", "electronic", "ui_", "powertool", "decent", "roland", "gliss",
)  # fmt: skip
"""Words in labels of recordings that are not used as enrolled sounds (they are negatives)."""

SPEECH, MUSIC, NOISE, SOUNDS, SILENCE = "speech", "music", "noise", "other sounds", "silence"

CATEGORIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (SOUNDS, ("non_snap", "crockery")),
    (MUSIC, ("music", "synth", "arpeggio", "theremin", "guitar", "piano", "groove", "beat",
             "riff", "singing", "atmosphere", "game_fx", "drone", "instrument")),
    (SPEECH, ("speech", "babble")),
    (SILENCE, ("silence", "quiet")),
)  # fmt: skip
"""Category of a negative clip and the words that say so."""


def family(label: str) -> str:
    """Family of a sound's label, ``OTHER`` when no word is known."""
    return _first(FAMILIES, label) or OTHER


def enrollable(label: str) -> bool:
    """Whether takes with that label can be repeats of one sound."""
    return not any(word in f"{label}_" for word in NO_WAKE_SOUND)


def category(kind: str, label: str) -> str:
    """What a negative clip of that kind and label counts as: the kind of background."""
    if kind == "speech":
        return SPEECH
    known = _first(CATEGORIES, label)
    return known or (SOUNDS if kind == "event" else NOISE)


def _first(table: tuple[tuple[str, tuple[str, ...]], ...], label: str) -> str | None:
    padded = f"{label}_"
    return next((name for name, words in table if any(w in padded for w in words)), None)


AT_HOME: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("street", ("outdoor",)),
    ("appliances", ("dishwasher",)),
    ("talk", ("speech", "babble", "crowd", "laughing", "voice_command", "wake_word", "keyword",
              "children", "vocal_", "talk", "murmur")),
    ("alarms", ("alarm", "notification", "phone_ring", "doorbell", "_ring_", "beep", "siren",
                "bell_", "church_bells", "desktop_chime", "stopwatch", "buzzer", "car_horn",
                "horn_", "microwave")),
    ("animals", ("dog", "cat_", "rooster", "hen_", "bird", "goose", "crow_", "toad", "frog",
                 "cow_", "sheep", "animal", "cricket", "whale", "gorilla", "quack", "duck",
                 "pig", "horse")),
    ("doors", ("door", "footstep", "steps", "stomp", "drawer", "knock", "hinge", "stairs",
               "elevator", "locker", "gate_", "creak")),
    ("kitchen", ("cutlery", "plate", "dish", "sink", "cup", "bowl", "pot_", "pan_", "glass",
                 "can_", "tin", "bottle", "kitchen", "peel", "chop", "drink", "pour", "egg_",
                 "foil", "bag", "paper", "plastic", "keys", "coin", "keyboard", "typing",
                 "mouse", "tape", "zipper", "velcro", "toy", "ball_", "clock", "clap", "snap",
                 "cough", "sneez", "crying_baby", "snor", "breath", "mouth")),
    ("appliances", ("fan", "dryer", "blender", "washing", "vacuum", "fridge", "shaver", "coffee",
                    "copier", "printer", "home_noise", "room_tone", "radiator", "stove",
                    "shower", "water", "exercise_bike", "drill", "dremel", "motor", "machine",
                    "sharpener", "shredder", "noise")),
    ("street", ("car_", "train", "traffic", "street", "engine", "airplane", "helicopter",
                "truck", "outdoor", "rain", "wind", "thunder", "storm", "sea_", "river",
                "stream", "cafe", "grocery", "shop", "underground", "boat", "driving", "forest",
                "jet_", "construction", "chainsaw", "fire")),
    ("music", ("music", "guitar", "piano", "synth", "drum", "cymbal", "kalimba", "tone",
               "chord", "bass", "arpeggio", "groove", "comping", "violin", "organ", "gong",
               "chime", "tabla", "conga", "shaker", "harp", "theremin", "atmosphere", "pad",
               "instrument", "loop", "beat", "brass", "hihat", "snare", "kick_")),
)  # fmt: skip
"""Category of everyday sound at home and the words that say so; the first match counts."""


def at_home(kind: str, label: str) -> str:
    """Which of :data:`wakeword.scoring.bank.CATEGORIES` a clip of that kind and label is."""
    if kind == "speech":
        return "talk"
    return _first(AT_HOME, label) or "other"
