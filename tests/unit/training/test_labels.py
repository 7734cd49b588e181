from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from training.labels import CLASSES, class_names
from wakeword.embedding.weights import asset

FOLDER = Path(__file__).parents[3] / "training"
AUDIOSET = json.loads((FOLDER / "audioset.json").read_text(encoding="utf-8"))
GLOSSARY = json.loads(asset("glossary.json").read_text(encoding="utf-8"))


def test_the_classes_are_audiosets():
    """527 names, each once."""
    assert len(AUDIOSET) == len(set(AUDIOSET)) == 527


def test_labels_stand_for_known_classes():
    """Every class that a label of the data is mapped to exists."""
    assert {name for _, names in CLASSES for name in names} <= set(AUDIOSET)


def test_the_first_word_that_fits_counts():
    """Longer words come before their beginnings."""
    assert class_names("door_slam", "event")[0] == "Slam"
    assert class_names("slide_whistle", "event") == ("Whistle",)
    assert class_names("whistle_rising", "made") == ("Whistling",)
    assert class_names("doghouse", "event") == ()


def test_speech_is_speech_whatever_is_said():
    """A spoken word is no sound of what it means."""
    assert class_names("speech_command_cat", "speech") == ("Speech",)


def test_aliases_are_known_and_unambiguous():
    """Each alias occurs once and stands for classes that exist; every sound has both languages."""
    names = Counter(n for entry in GLOSSARY["entries"] for n in (*entry["en"], *entry["zh"]))
    assert not [name for name, count in names.items() if count > 1]
    assert {c for entry in GLOSSARY["entries"] for c in entry["classes"]} <= set(AUDIOSET)
    assert all(entry["en"] and entry["zh"] for entry in GLOSSARY["entries"])
