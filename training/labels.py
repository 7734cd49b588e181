"""From the labels of recordings to the names of AudioSet's classes."""

from __future__ import annotations

CLASSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("dog", ("Bark", "Dog")),
    ("rooster", ("Crowing, cock-a-doodle-doo", "Chicken, rooster")),
    ("crow", ("Crow", "Caw")),
    ("hen", ("Chicken, rooster", "Cluck")),
    ("rain", ("Rain", "Rain on surface")),
    ("sea_waves", ("Waves, surf", "Ocean")),
    ("crying_baby", ("Baby cry, infant cry", "Crying, sobbing")),
    ("clock_tick", ("Tick-tock", "Tick", "Clock")),
    ("clock_alarm", ("Alarm clock", "Alarm")),
    ("sneezing", ("Sneeze",)),
    ("coughing", ("Cough",)),
    ("helicopter", ("Helicopter",)),
    ("chainsaw", ("Chainsaw",)),
    ("crackling_fire", ("Fire", "Crackle")),
    ("door_slam", ("Slam", "Door")),
    ("door_wood_knock", ("Knock", "Door")),
    ("door_wood_creaks", ("Creak", "Door")),
    ("triple_knock", ("Knock",)),
    ("double_knock", ("Knock",)),
    ("knock", ("Knock",)),
    ("glass_breaking", ("Shatter", "Glass")),
    ("glass", ("Glass",)),
    ("car_horn", ("Vehicle horn, car horn, honking",)),
    ("siren", ("Siren",)),
    ("slide_whistle", ("Whistle",)),
    ("toy_whistle", ("Whistle",)),
    ("whistle", ("Whistling",)),
    ("whistling", ("Whistling",)),
    ("clapping", ("Clapping", "Hands")),
    ("double_clap", ("Clapping", "Hands")),
    ("clap", ("Clapping", "Hands")),
    ("finger_snap", ("Finger snapping", "Hands")),
    ("footsteps", ("Walk, footsteps",)),
    ("doorbell", ("Doorbell", "Ding-dong")),
    ("bicycle_bell", ("Bicycle bell",)),
    ("bell", ("Bell",)),
    ("chime", ("Chime",)),
    ("gong", ("Gong",)),
    ("phone_ring", ("Telephone bell ringing", "Ringtone")),
    ("notification", ("Ping", "Beep, bleep")),
    ("beep", ("Beep, bleep",)),
    ("microwave", ("Beep, bleep", "Microwave oven")),
    ("smoke_alarm", ("Smoke detector, smoke alarm", "Beep, bleep")),
    ("cow", ("Moo", "Cattle, bovinae")),
    ("sheep", ("Sheep", "Bleat")),
    ("cat", ("Meow", "Cat")),
    ("laughing", ("Laughter",)),
    ("screaming", ("Screaming",)),
    ("keys", ("Keys jangling",)),
    ("drill", ("Drill",)),
    ("camera", ("Camera", "Single-lens reflex camera")),
    ("thunderstorm", ("Thunder", "Thunderstorm")),
    ("chirping_birds", ("Bird", "Chirp, tweet", "Bird vocalization, bird call, bird song")),
    ("bird", ("Bird", "Chirp, tweet", "Bird vocalization, bird call, bird song")),
    ("explosion", ("Explosion",)),
    ("hihat", ("Hi-hat",)),
    ("cymbal", ("Cymbal",)),
    ("snare_drum", ("Snare drum",)),
    ("kick_drum", ("Bass drum",)),
    ("tabla", ("Tabla",)),
    ("drum", ("Drum",)),
    ("guitar", ("Guitar",)),
    ("piano", ("Piano",)),
    ("snoring", ("Snoring",)),
    ("zipper", ("Zipper (clothing)",)),
    ("typing", ("Typing", "Computer keyboard")),
    ("ping_pong", ("Basketball bounce",)),
    ("tambourine", ("Tambourine",)),
    ("harmonica", ("Harmonica",)),
    ("flute", ("Flute",)),
    ("vacuum_cleaner", ("Vacuum cleaner",)),
    ("chewing", ("Chewing, mastication",)),
    ("burp", ("Burping, eructation",)),
    ("pistol_fire", ("Gunshot, gunfire",)),
    ("rifle_fire", ("Gunshot, gunfire",)),
    ("music", ("Music",)),
    ("tearing", ("Tearing",)),
    ("coins", ("Coin (dropping)",)),
    ("droppingcoins", ("Coin (dropping)",)),
    ("squeak", ("Squeak",)),
)
"""A word that a label begins with, and the classes it stands for; the first match counts."""


def class_names(label: str, kind: str) -> tuple[str, ...]:
    """Names of the classes of a clip; none where nothing is known.

    Args:
        label: the clip's label in the manifest.
        kind: ``event``, ``background`` or ``speech``.
    """
    if kind == "speech":
        return ("Speech",)
    padded = f"{label}_"
    return next((names for word, names in CLASSES if padded.startswith(f"{word}_")), ())
