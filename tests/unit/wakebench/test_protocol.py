"""Which sounds, which takes, which libraries: seeded, and no take on both sides."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from wakebench import classes
from wakebench.manifest import Manifest
from wakebench.material import from_manifest, negative_plans, synthetic
from wakebench.protocol import Protocol, deal, libraries
from wakebench.recording import recorded
from wakebench.sounds import Sound, alike, limited, made_sounds, recorded_sounds, takes_in
from wakebench.synth import RATE, loudest_db
from wakeword.library.recordings import Take
from wakeword.testing import noise, placed, tone


def sound(name: str, takes: int, *, label: str = "bell", made: bool = False) -> Sound:
    found = tuple(Take(noise(0.2, seed=i), RATE, 0, 100 + i) for i in range(takes))
    return Sound(name, label, "other", made, found, ("source", name))


@pytest.mark.parametrize(
    ("takes", "enrolled", "tested"), [(4, 3, 1), (7, 3, 4), (8, 5, 3), (13, 10, 3), (20, 10, 6)]
)
def test_takes_are_dealt_to_enrolling_or_to_hearing_never_to_both(takes, enrolled, tested):
    entry = deal(sound("bell 1", takes), Protocol(test_takes=6))
    assert (len(entry.enroll), len(entry.test)) == (enrolled, tested)
    assert not set(entry.enroll) & set(entry.test)


def test_more_takes_enrolled_are_the_same_ones_and_more():
    library = libraries([sound("bell 1", 12)], Protocol(deals=1))[0]
    one, three, five = (library.enroll(k)["bell 1"] for k in (1, 3, 5))
    assert three[:1] == one
    assert five[:3] == three


def test_deals_differ_and_a_seed_repeats_them():
    bell = sound("bell 1", 12)
    deals = {deal(bell, Protocol(), number).enroll for number in range(4)}
    assert len(deals) == 4
    assert deal(bell, Protocol()).enroll == deal(bell, Protocol()).enroll
    assert deal(bell, Protocol()).enroll != deal(bell, Protocol(seed=1)).enroll


def test_libraries_are_of_equal_size_and_have_a_label_only_once():
    sounds = [sound(f"{label} {i}", 5, label=label) for label in "abcdefghi" for i in (1, 2)]
    shelves = libraries(sounds, Protocol(library_size=9, deals=2))
    assert [len(lib.entries) for lib in shelves] == [9, 9, 9, 9]
    for lib in shelves:
        assert len({entry.sound.label for entry in lib.entries}) == 9
    assert {lib.deal for lib in shelves} == {0, 1}


def test_recorded_and_synthesised_sounds_never_share_a_library():
    sounds = [sound("bell 1", 5), sound("whistle", 5, made=True)]
    assert [lib.made for lib in libraries(sounds, Protocol(deals=1))] == [False, True]


def test_takes_of_very_different_length_are_not_repeats():
    takes = [Take(noise(2.0), RATE, 0, round(s * RATE)) for s in (0.4, 0.5, 0.6, 0.1, 1.9)]
    assert [take.sound_seconds for take in alike(takes)] == pytest.approx([0.4, 0.5, 0.6])


def test_takes_keep_some_of_the_recording_around_them_but_no_other_event():
    samples = placed(noise(3.0), (0.1, tone(900, 0.3)), (0.8, tone(900, 0.3)))
    first, second = takes_in(samples)
    assert len(first.samples) < 0.85 * RATE
    assert second.start <= 0.35 * RATE
    assert loudest_db(second.samples[: second.start - 400]) < -50.0


def test_one_label_of_one_source_gives_two_sounds_at_most():
    sounds = [sound(f"bell {i}", 5) for i in range(5)]
    assert len(limited(sounds, 0)) == 2
    assert limited(sounds, 0) == limited(sounds, 0)


def test_a_recording_for_enrollment_has_a_quiet_room_around_the_sound():
    take = Take(tone(900, 0.3), RATE, 0, round(0.3 * RATE))
    made = recorded({"bell": [take]})["bell"][0]
    assert made.start == RATE // 2
    assert loudest_db(made.samples[: made.start]) < -60.0
    assert loudest_db(made.samples[made.start : made.end]) == pytest.approx(-20.0, abs=9.0)
    assert np.array_equal(recorded({"bell": [take]})["bell"][0].samples, made.samples)


def test_every_kind_of_synthesised_sound_has_takes():
    sounds = made_sounds(0)
    assert all(len(found.takes) == 9 and found.made for found in sounds)
    assert {"whistle", "clap and snap", "tap and knock"} <= {found.family for found in sounds}


@pytest.fixture
def folder(tmp_path):
    """Two bells, a dog with a single bark, a bell in both splits, rain."""
    rows = ["path,label,kind,split,group,source,licence"]
    repeats = placed(noise(6.0), *((0.5 + i, tone(900, 0.3)) for i in range(5)))

    def add(path, samples, *cells):
        soundfile.write(tmp_path / path, samples, RATE)
        rows.append(",".join((path, *cells)))

    add("a.wav", repeats, "bell", "event", "dev", "a", "x", "CC0-1.0")
    add("b.wav", repeats, "bell", "event", "dev", "b", "x", "CC0-1.0")
    add("c.wav", placed(noise(2.0), (0.5, tone(300, 0.2))), "dog", "event", "dev", "c", "x", "")
    add("d.wav", repeats, "gong", "event", "dev", "d", "x", "CC0-1.0")
    add("e.wav", repeats, "gong", "event", "train", "d", "x", "CC0-1.0")
    add("f.wav", noise(5.0, level_db=-30), "rain", "background", "dev", "", "x", "CC0-1.0")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    return Manifest.read(tmp_path)


def test_sounds_come_from_groups_with_repeats_that_nothing_was_fitted_to(folder):
    assert [found.name for found in recorded_sounds(folder, "dev", 0)] == ["bell 1", "bell 2"]


def test_negatives_hold_no_take_of_any_sound(folder):
    material = from_manifest(folder, Protocol(), made=False)
    assert sorted(clip.label for clip, _ in material.negatives) == ["dog", "gong", "rain"]
    plans = negative_plans(material, Protocol())
    assert {kind for kind, _ in plans} == {classes.SOUNDS, classes.NOISE}
    assert material.licences == {"x: CC0-1.0": pytest.approx(23.0), "x: no licence stated": 2.0}


def test_negatives_stop_at_the_hours_that_are_asked_for():
    protocol = Protocol(negative_seconds=120.0, stream_seconds=60.0)
    plans = negative_plans(synthetic(protocol), protocol)
    assert {kind: [k for k, _ in plans].count(kind) for kind, _ in plans} == {
        "music": 2, "noise": 2, "other sounds": 2, "silence": 2, "speech": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("label", "family"),
    [("finger_snap", "clap and snap"), ("knuckle_tap", "tap and knock"), ("dog", "animal"),
     ("wake_word_alexa", "word"), ("whistle_rising", "whistle"), ("zzz", "other")],
)  # fmt: skip
def test_families_go_by_words(label, family):
    assert classes.family(label) == family


def test_textures_and_music_are_no_wake_sounds():
    assert not classes.enrollable("rain")
    assert not classes.enrollable("guitar_riff")
    assert classes.enrollable("doorbell")
    assert classes.category("background", "room_silence") == "silence"
    assert classes.category("speech", "voice_command") == "speech"
