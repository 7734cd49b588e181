from __future__ import annotations

import pytest

from wakeword.encoders import create_encoder
from wakeword.labels.families import FAMILIES
from wakeword.labels.words import BARE, gerund_of, noun_phrase


@pytest.mark.parametrize(
    ("label", "phrase"),
    [
        ("dog barks", "dog barking"),
        ("dogs bark", "dogs barking"),
        ("the dog is barking", "dog barking"),
        ("a baby cries", "baby crying"),
        ("break glass", "glass breaking"),
        ("glass broke", "glass breaking"),
        ("phone rings", "phone ringing"),
        ("to knock on a door", "on door knocking"),
        ("flush toilet", "toilet flushing"),
        ("door slammed", "door slamming"),
    ],
)
def test_verbs_become_noun_phrases(label, phrase):
    """Sentences are turned round."""
    assert noun_phrase(label) == phrase


NOUN_PHRASES = (
    "dog bark|glass break|knocking on door|ocean waves|footsteps|keys jangling|fire alarm|whistle"
    "|alarm clock|knock knock|crow cawing|church bells|running water|toilet flush|glass|crowd"
    "|tick tock|hair dryer|car alarms|jingle bell|rain|"
)


@pytest.mark.parametrize("label", NOUN_PHRASES.split("|"))
def test_noun_phrases_are_left_alone(label):
    """What names a sound already is not touched."""
    assert noun_phrase(label) is None


def test_gerunds():
    """Letters are doubled or dropped as English does."""
    assert [gerund_of(w) for w in ("claps", "closes", "cries", "rang", "beeped", "table")] == [
        "clapping",
        "closing",
        "crying",
        "ringing",
        "beeping",
        None,
    ]


def test_advice_can_be_followed():
    """What is advised is known to mini, and needs no further advice."""
    mini = create_encoder("mini")
    advised = [*BARE.values(), *(m for f in FAMILIES for m in f.members)]
    mini.embed_text([label for label in advised if label != "coffee machine"])  # type: ignore[attr-defined]
    assert not [label for label in advised if label in BARE or noun_phrase(label)]
