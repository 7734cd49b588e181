"""Sounds in a file, out and in again."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from enroll.archive import INDEX, ArchiveIndex, export_sounds, import_sounds
from enroll.feedback import reject
from enroll.negatives import hear_ambient
from wakeword.audio.reading import AudioClip
from wakeword.encoders import create_encoder
from wakeword.engine import Engine
from wakeword.errors import (
    EncoderMismatch,
    LibraryCorrupt,
    LibraryError,
    SoundExists,
    SoundNotFound,
)
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Example, Take
from wakeword.library.records import SoundRecord
from wakeword.testing import RATE, ToneEncoder, frames, make_library, noise, placed, tone

ENCODER = ToneEncoder()


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """Two sounds."""
    return make_library(tmp_path / "from", {"low": tone(440.0, 0.4), "high": tone(2000.0, 0.4)})


@pytest.fixture
def archive(library: SoundLibrary, tmp_path: Path) -> Path:
    """Both of them in a file."""
    export_sounds(library, [], tmp_path / "sounds.zip")
    return tmp_path / "sounds.zip"


def altered(path: Path, **changes: bytes | None) -> Path:
    """The archive with some of its parts changed or, for None, left out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = changes.get(name.replace(".", "_"), old.read(name))
            if content is not None:
                new.writestr(name, content)
    path.write_bytes(buffer.getvalue())
    return path


def index_with(path: Path, **changes: object) -> bytes:
    """The archive's index with other values in its first sound."""
    with zipfile.ZipFile(path) as archive:
        index = json.loads(archive.read(INDEX))
    index["sounds"][0].update(changes)
    return json.dumps(index).encode()


def test_what_goes_out_comes_in(library, archive, tmp_path):
    """Names, recordings, thresholds and vectors are the same in another library."""
    other = SoundLibrary(tmp_path / "to")
    imported = import_sounds(other, archive, ENCODER, "tone")
    assert {sound.name for sound in imported} == {"low", "high"}
    for sound in library.sounds():
        copy = other.get(sound.name)
        assert copy.model_copy(update={"created": sound.created}) == sound
    here, there = library.vectors(ENCODER), other.vectors(ENCODER)
    assert all(np.array_equal(here[file], there[file]) for file in here)


def test_the_same_sounds_make_the_same_file(library, archive, tmp_path):
    """Byte for byte; nothing in it depends on the day."""
    export_sounds(library, ["high", "low"], tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()


def test_only_what_was_asked_for(library, tmp_path):
    """A name that there is none of is an error and writes nothing."""
    assert export_sounds(library, ["LOW"], tmp_path / "low.zip") == ["low"]
    assert (
        len(import_sounds(SoundLibrary(tmp_path / "to"), tmp_path / "low.zip", ENCODER, "tone"))
        == 1
    )
    with pytest.raises(SoundNotFound):
        export_sounds(library, ["low", "none"], tmp_path / "none.zip")
    assert not (tmp_path / "none.zip").exists()
    with pytest.raises(LibraryError, match="no sounds"):
        export_sounds(SoundLibrary(tmp_path / "empty"), [], tmp_path / "none.zip")


def test_a_name_in_use_imports_nothing(library, archive):
    """Unless the sounds are to be replaced."""
    library.remove("high")
    with pytest.raises(SoundExists, match="low"):
        import_sounds(library, archive, ENCODER, "tone")
    assert [sound.name for sound in library.sounds()] == ["low"]
    import_sounds(library, archive, ENCODER, "tone", replace=True)
    assert [sound.name for sound in library.sounds()] == ["high", "low"]


def test_thresholds_of_another_encoder_are_fitted_anew(archive, tmp_path):
    """The sounds then belong to the library's encoder like any other."""
    library, encoder = SoundLibrary(tmp_path / "to"), create_encoder("logmel")
    sounds = import_sounds(library, archive, encoder, "logmel")
    assert all(sound.threshold != 0.9 for sound in sounds)
    assert library.enrolled(encoder).sounds == ["high", "low"]


def test_thresholds_of_another_room_are_fitted_anew(archive, tmp_path):
    """Where the room is known, a sound from elsewhere must not wake on it."""
    near = tone(440.0, 0.4) + tone(3000.0, 0.4, level_db=-27.0)
    room = AudioClip(placed(noise(20.0, level_db=-70.0), (5.0, near), (12.0, near)), RATE)
    other = SoundLibrary(tmp_path / "to")
    other.ambient(ENCODER).add(hear_ambient(room, ENCODER))
    import_sounds(other, archive, ENCODER, "tone")
    engine = Engine(other, ENCODER)
    assert [e for frame in frames(room.samples, 1600) for e in engine.push(frame)] == []
    stream = placed(noise(5.0, level_db=-70.0), (2.0, tone(440.0, 0.4)))
    engine = Engine(other, ENCODER)
    found = [e.sound for frame in frames(stream, 1600) for e in engine.push(frame)]
    assert found == ["low"]


def test_a_library_of_another_encoder_is_told(archive, library):
    """Before anything is read."""
    with pytest.raises(EncoderMismatch):
        import_sounds(library, archive, create_encoder("logmel"), "logmel")


@pytest.mark.parametrize("length", [0, 1, 10, 100, 1000, 5000, -1, -30])
def test_a_cut_file_is_one_clear_error(archive, tmp_path, length):
    """However much of it is there."""
    archive.write_bytes(archive.read_bytes()[:length])
    with pytest.raises(LibraryError, match="damaged or not an export of sounds"):
        import_sounds(SoundLibrary(tmp_path / "to"), archive, ENCODER, "tone")
    assert not (tmp_path / "to").exists()


def test_damage_in_a_packed_part_is_one_clear_error(archive, tmp_path):
    """A file that somebody packed again, and that then was damaged, is told as any other."""
    with zipfile.ZipFile(archive) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    damaged = bytearray(packed.read_bytes())
    damaged[30 + len(INDEX)] = 0xFF  # the index's first packed byte: no such block
    packed.write_bytes(damaged)
    with pytest.raises(LibraryError, match="export them again"):
        import_sounds(SoundLibrary(tmp_path / "to"), packed, ENCODER, "tone")


def test_a_flipped_byte_is_found_or_harmless(archive, tmp_path):
    """Anywhere in the file: an error of ours, or the very same sounds."""
    content = archive.read_bytes()
    for position in np.random.default_rng(0).integers(0, len(content), 60):
        bad = bytearray(content)
        bad[position] ^= 0xFF
        archive.write_bytes(bytes(bad))
        library = SoundLibrary(tmp_path / f"to-{position}")
        try:
            sounds = import_sounds(library, archive, ENCODER, "tone")
        except LibraryError:
            assert not library.folder.exists()
        else:
            assert len(sounds) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../../x"},
        {"name": ""},
        {"name": "low"},
        {"threshold": None},
        {"threshold": float("nan")},
        {"takes": []},
        {"takes": [{"file": "../../../etc/passwd"}]},
        {"surprise": 1},
    ],
    ids=str,
)
def test_an_index_that_lies_is_refused(archive, tmp_path, changes):
    """Nothing of it reaches the library or the disk."""
    altered(archive, wakesound_json=index_with(archive, **changes))
    with pytest.raises(LibraryError, match="damaged or not an export"):
        import_sounds(SoundLibrary(tmp_path / "to"), archive, ENCODER, "tone")
    assert not (tmp_path / "to").exists()


def test_recordings_must_be_what_the_index_says(library, archive, tmp_path):
    """Missing or exchanged ones are refused; what else lies in the zip is not looked at."""
    file = library.get("low").takes[0].file
    whole = archive.read_bytes()
    part = f"takes/{file}".replace(".", "_")
    for content in (None, b"", b"fLaC" + bytes(100)):
        archive.write_bytes(whole)
        altered(archive, **{part: content})
        with pytest.raises(LibraryError, match="damaged or not an export"):
            import_sounds(SoundLibrary(tmp_path / "to"), archive, ENCODER, "tone")
    archive.write_bytes(whole)
    with zipfile.ZipFile(archive, "a") as extended:
        extended.writestr("../../evil", "x")
    import_sounds(SoundLibrary(tmp_path / "to"), archive, ENCODER, "tone")
    assert not list(tmp_path.parent.rglob("evil"))


def test_a_bomb_is_not_unpacked(archive, tmp_path):
    """A part that is larger than any recording is not read to its end."""
    altered(archive, wakesound_json=b"[" + b" " * 5_000_000)
    with pytest.raises(LibraryError, match="too large"):
        import_sounds(SoundLibrary(tmp_path / "to"), archive, ENCODER, "tone")


def long_takes(path: Path, seconds: list[float], sound_seconds: float = 1.0) -> Path:
    """An export of as many silent recordings, each a sound of its own; some KB in all."""
    takes = {}
    for number, length in enumerate(seconds):
        samples = np.zeros(round(length * RATE), np.float32)
        samples[:2] = number / 32768.0, 0.5  # no two are the same
        takes[f"sound {number}"] = Take(samples, RATE, 0, round(sound_seconds * RATE))
    with zipfile.ZipFile(path, "w") as archive:
        sounds = []
        for name, take in takes.items():
            record, content = take.encoded()
            archive.writestr(f"takes/{record.file}", content)
            sounds.append(
                SoundRecord(name=name, threshold=0.9, budget_per_hour=0.5, takes=(record,))
            )
        index = ArchiveIndex(encoder_id=ENCODER.id, sounds=tuple(sounds))
        archive.writestr(INDEX, index.model_dump_json())
    return path


def test_silence_is_not_unpacked_without_end(tmp_path):
    """Minutes count, not the bytes that they are packed in."""
    bomb = long_takes(tmp_path / "bomb.zip", [59.0] * 31)
    assert bomb.stat().st_size < 2_000_000
    with pytest.raises(LibraryError, match="more than 30 minutes"):
        import_sounds(SoundLibrary(tmp_path / "to"), bomb, ENCODER, "tone")
    assert not (tmp_path / "to").exists()


def test_one_take_cannot_be_many(archive, tmp_path):
    """A sound that names the same recording again and again is refused."""
    with zipfile.ZipFile(archive) as opened:
        takes = json.loads(opened.read(INDEX))["sounds"][0]["takes"]
    altered(archive, wakesound_json=index_with(archive, takes=takes * 1000))
    with pytest.raises(LibraryError, match="a take comes twice"):
        import_sounds(SoundLibrary(tmp_path / "to"), archive, ENCODER, "tone")


def test_sounds_that_share_a_recording_come_in(tmp_path):
    """Whoever gave one recording two names can take both elsewhere."""
    library = make_library(tmp_path / "from", {"a": tone(440.0, 0.4), "b": tone(440.0, 0.4)})
    export_sounds(library, [], tmp_path / "sounds.zip")
    imported = import_sounds(
        SoundLibrary(tmp_path / "to"), tmp_path / "sounds.zip", ENCODER, "tone"
    )
    assert len(imported) == 2


@pytest.mark.parametrize(("sound", "fits"), [(10.0, True), (10.5, False)])
def test_sounds_are_no_longer_than_enrolled_ones(tmp_path, sound, fits):
    """Ten seconds is the limit, wherever a sound comes from."""
    path = long_takes(tmp_path / "long.zip", [11.0], sound)
    library = SoundLibrary(tmp_path / "to")
    if fits:
        assert len(import_sounds(library, path, ENCODER, "tone")) == 1
    else:
        with pytest.raises(LibraryError, match="10 s at most"):
            import_sounds(library, path, ENCODER, "tone")


@pytest.mark.parametrize("failure", [ValueError("too short"), None], ids=["raises", "nan"])
def test_a_take_that_cannot_be_embedded_stops_all(library, archive, tmp_path, failure):
    """Not even the sounds before it are written; also with the encoder of the export."""

    class Failing(ToneEncoder):
        calls = 0

        def embed(self, windows):
            self.calls += 1
            rows = super().embed(windows)
            if self.calls < 34:
                return rows
            if failure:
                raise failure
            return rows * np.float32(np.nan)

    file = library.get("low").takes[0].file
    with pytest.raises(LibraryCorrupt, match=rf"{file} of 'low' cannot be embedded"):
        import_sounds(SoundLibrary(tmp_path / "to"), archive, Failing(), "tone")
    assert not (tmp_path / "to").exists()


@pytest.mark.slow
def test_thresholds_do_not_depend_on_the_order(library, tmp_path):
    """Sounds that come together are fitted beside each other, the first like the last."""
    fitted = []
    for number, names in enumerate((["low", "high"], ["high", "low"])):
        export_sounds(library, names, tmp_path / "sounds.zip")
        other, encoder = SoundLibrary(tmp_path / f"to-{number}"), create_encoder("logmel")
        import_sounds(other, tmp_path / "sounds.zip", encoder, "logmel")
        fitted.append({sound.name: sound.threshold for sound in other.sounds()})
    assert fitted[0] == fitted[1]


def test_a_file_that_is_not_there_is_told(tmp_path):
    """With the system's reason."""
    with pytest.raises(LibraryError, match="No such file"):
        import_sounds(SoundLibrary(tmp_path / "to"), tmp_path / "none.zip", ENCODER, "tone")


@pytest.mark.parametrize("audio", [True, False])
def test_what_was_rejected_goes_along(library, tmp_path, audio):
    """Rejected examples come out as they went in, with audio or without; feedback stays home."""
    beep = tone(900.0, 0.3)
    example = Example(beep, RATE, 0.2)
    if not audio:
        example = Example(vectors=ENCODER.embed([beep]), encoder_id=ENCODER.id)
    reject(library, ENCODER, "low", example, "0" * 16)
    export_sounds(library, [], tmp_path / "sounds.zip")
    other = SoundLibrary(tmp_path / "to")
    import_sounds(other, tmp_path / "sounds.zip", ENCODER, "tone")
    sound = library.get("low")
    assert other.get("low").rejected == sound.rejected
    assert other.get("low").feedback == ()
    file = sound.rejected[0].file
    assert np.array_equal(other.vectors(ENCODER)[file], library.vectors(ENCODER)[file])


def test_a_damaged_example_is_refused(library, tmp_path):
    """An example that is not what the index says stops the import, in one line."""
    example = Example(vectors=np.eye(2, ENCODER.dim, dtype=np.float32), encoder_id=ENCODER.id)
    reject(library, ENCODER, "low", example)
    export_sounds(library, [], tmp_path / "sounds.zip")
    file = f"rejected/{library.get('low').rejected[0].file}"
    path = altered(tmp_path / "sounds.zip", **{file.replace(".", "_"): b"nonsense"})
    with pytest.raises(LibraryError, match="was changed or damaged"):
        import_sounds(SoundLibrary(tmp_path / "to"), path, ENCODER, "tone")
