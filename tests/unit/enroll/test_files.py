"""Enrolling from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

import enroll
from enroll.files import enroll_files, takes_of_file
from wakeword.errors import AudioDecodeError, SoundExists, TakeRejected
from wakeword.library.library import SoundLibrary
from wakeword.testing import ToneEncoder, noise, placed, silence, tone

ENCODER = ToneEncoder()


def write(path: Path, *beeps: tuple[float, float], rate: int = 16000, channels: int = 1) -> Path:
    """A recording with beeps, ``(seconds, hz)``, in a room; a silent one without any."""
    length = max([seconds for seconds, _ in beeps], default=0.0) + 1.0
    sounds = [(seconds, tone(hz, 0.3, rate)) for seconds, hz in beeps]
    room = noise(length, rate, level_db=-70.0, seed=len(path.name)) if beeps else silence(1.0)
    samples = placed(room, *sounds, rate=rate)
    soundfile.write(path, np.repeat(samples[:, None], channels, axis=1), rate)
    return path


def test_any_rate_and_channel_count(tmp_path):
    """Files of a phone, a studio and a toy together make one sound."""
    paths = [
        write(tmp_path / "phone.wav", (0.5, 900.0), rate=44100, channels=2),
        write(tmp_path / "studio.flac", (0.5, 900.0), rate=96000, channels=6),
        write(tmp_path / "to.wav", (0.5, 900.0), rate=8000),
    ]
    result = enroll_files(tmp_path / "library", ENCODER, "beep", paths)
    assert len(result.sound.takes) == 3
    assert result.calibration.missed == []


def test_each_sound_in_a_file_is_a_take(tmp_path):
    """Four beeps in a recording are four takes."""
    path = write(tmp_path / "beeps.wav", *((t, 900.0) for t in (0.5, 1.5, 2.5, 3.5)))
    assert len(takes_of_file(path)) == 4
    assert len(enroll_files(tmp_path / "library", ENCODER, "beep", [path]).sound.takes) == 4


def test_an_odd_sound_among_several_is_left_out(tmp_path):
    """A door in a recording of beeps is not enrolled and is reported."""
    path = write(tmp_path / "beeps.wav", (0.5, 900.0), (1.5, 900.0), (2.5, 5000.0), (3.5, 900.0))
    result = enroll_files(tmp_path / "library", ENCODER, "beep", [path])
    assert len(result.sound.takes) == 3
    (finding,) = result.findings
    assert finding.message.startswith("beeps.wav (sound 3) does not sound like the others")
    assert not finding.stops


def test_an_odd_file_stops(tmp_path):
    """A file that was named on purpose is not silently left out."""
    paths = [write(tmp_path / f"{hz}.wav", (0.5, hz)) for hz in (900.0, 905.0, 5000.0)]
    with pytest.raises(TakeRejected, match=r"5000\.0\.wav does not sound like the others"):
        enroll_files(tmp_path / "library", ENCODER, "beep", paths)


def test_a_file_given_twice_counts_once(tmp_path):
    """It is told, and the sound is enrolled from what is left."""
    path = write(tmp_path / "beep.wav", (0.5, 900.0))
    other = write(tmp_path / "another.wav", (0.5, 900.0))
    result = enroll_files(tmp_path / "library", ENCODER, "beep", [path, other, path])
    assert len(result.sound.takes) == 2
    assert "beep.wav is the same recording as beep.wav" in result.findings[0].message


def test_a_file_without_a_sound_is_named(tmp_path):
    """The message says which file and what is wrong with it; nothing is stored."""
    paths = [write(tmp_path / "beep.wav", (0.5, 900.0)), write(tmp_path / "nothing.wav")]
    with pytest.raises(TakeRejected, match=r"nothing\.wav: the recording is silent"):
        enroll_files(tmp_path / "library", ENCODER, "beep", paths)
    assert not (tmp_path / "library").exists()


def test_a_file_that_is_no_audio_is_named(tmp_path):
    """As is one that cannot be read."""
    (tmp_path / "letter.wav").write_text("Dear Sir or Madam")
    with pytest.raises(AudioDecodeError, match=r"letter\.wav"):
        enroll_files(tmp_path / "library", ENCODER, "beep", [tmp_path / "letter.wav"])


def test_a_name_in_use_fails_before_a_file_is_read(tmp_path):
    """Even where the files do not exist."""
    path = write(tmp_path / "beep.wav", (0.5, 900.0))
    enroll_files(tmp_path / "library", ENCODER, "beep", [path])
    with pytest.raises(SoundExists, match="already"):
        enroll_files(tmp_path / "library", ENCODER, "beep", [tmp_path / "missing.wav"])


def test_a_failed_replacement_keeps_the_old_sound(tmp_path):
    """The sound that is there stays until the new one is stored."""
    path = write(tmp_path / "beep.wav", (0.5, 900.0))
    library = SoundLibrary(tmp_path / "library")
    before = enroll_files(library, ENCODER, "beep", [path]).sound
    with pytest.raises(TakeRejected):
        enroll_files(library, ENCODER, "beep", [write(tmp_path / "no.wav")], replace=True)
    assert library.get("beep") == before


def test_no_files_is_an_error(tmp_path):
    """Not an empty sound."""
    with pytest.raises(TakeRejected, match="no recordings"):
        enroll_files(tmp_path / "library", ENCODER, "beep", [])


def test_the_package_offers_its_names():
    """All public names can be imported from ``enroll``; others are an AttributeError."""
    assert all(getattr(enroll, name) for name in enroll.__all__)
    with pytest.raises(AttributeError):
        _ = enroll.nothing
