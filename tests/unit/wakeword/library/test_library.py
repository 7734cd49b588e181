"""The sounds on disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from wakeword.audio.segmenter import SegmenterConfig
from wakeword.embedding.variants import embed_take
from wakeword.errors import (
    EncoderMismatch,
    LibraryCorrupt,
    LibraryError,
    SoundExists,
    SoundNotFound,
)
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.testing import RATE, ToneEncoder, make_library, tone

ENCODER = ToneEncoder()


def take(hz: float) -> Take:
    """A take of a tone."""
    return Take(tone(hz, 1.0), RATE, 4800, 11200)


def save(library: SoundLibrary, name: str, *takes: Take, replace: bool = False) -> None:
    """Store takes as a sound."""
    library.save(
        name,
        takes,
        encoder=ENCODER,
        encoder_spec="tone",
        threshold=0.9,
        budget_per_hour=0.5,
        replace=replace,
    )


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """Two sounds."""
    return make_library(tmp_path / "library", {"low": tone(440.0, 0.4), "high": tone(2000.0, 0.4)})


def files(library: SoundLibrary, name: str) -> set[str]:
    """What lies in a sound's folder of takes."""
    (path,) = [
        path
        for path in library.folder.glob("sounds/*/sound.json")
        if json.loads(path.read_text()).get("name") == name
    ]
    return {p.name for p in (path.parent / "takes").iterdir()}


def test_a_library_that_does_not_exist_is_empty(tmp_path):
    """Looking at it does not make it."""
    library = SoundLibrary(tmp_path / "none")
    assert library.sounds() == []
    assert library.record() is None
    assert library.enrolled(ENCODER).sounds == []
    with pytest.raises(SoundNotFound, match="none yet"):
        library.get("bell")
    assert not library.folder.exists()


def test_sounds_are_found_by_name_whatever_the_case(library):
    """An unknown name is an error that lists the known ones, never a substitute."""
    assert library.get("LOW").name == "low"
    with pytest.raises(SoundNotFound, match=r"no sound 'lo'; known: 'high', 'low'"):
        library.get("lo")


def test_takes_come_back(library):
    """With the vectors that they had when they were new."""
    file = library.get("low").takes[0].file
    stored = library.take("low", file)
    vectors = library.vectors(ENCODER)[file]
    assert np.array_equal(vectors, embed_take(stored, ENCODER, library.segmenter))
    with pytest.raises(LibraryCorrupt, match="no take"):
        library.take("low", "0" * 16 + ".flac")


def test_a_name_in_use_is_an_error(library):
    """Nothing is overwritten by accident, not even in another case."""
    before = library.get("low")
    with pytest.raises(SoundExists):
        save(library, "Low", take(500.0))
    assert library.get("low") == before


def test_a_replaced_sound_leaves_no_takes_behind(library):
    """Only the new takes are there afterwards, under the same folder."""
    save(library, "Low", take(500.0), take(510.0), replace=True)
    assert [sound.name for sound in library.sounds()] == ["high", "Low"]
    assert files(library, "Low") == {t.file for t in library.get("low").takes}
    assert len(list(library.folder.glob("sounds/*"))) == 2


def test_names_that_share_a_folder_name_do_not_collide(library):
    """Both sounds are kept."""
    for name in ("my dog", "my-dog", "My (dog)"):
        save(library, name, take(600.0))
    assert len(library.sounds()) == 5
    assert {library.get(n).name for n in ("my dog", "my-dog", "my (dog)")} == {
        "my dog",
        "my-dog",
        "My (dog)",
    }


def test_renaming(library):
    """To a free name, to itself in another case, and not to one in use."""
    library.rename("low", "deep")
    library.rename("deep", "Deep")
    assert [sound.name for sound in library.sounds()] == ["Deep", "high"]
    with pytest.raises(SoundExists):
        library.rename("deep", "HIGH")


def test_removing(library):
    """The sound and its recordings are gone; a second time there is no such sound."""
    library.remove("low")
    assert [path.name for path in (library.folder / "sounds").iterdir()] == ["high"]
    with pytest.raises(SoundNotFound):
        library.remove("low")


def test_removed_sounds_can_be_enrolled_again(library):
    """As if they had never been there."""
    library.remove("low")
    save(library, "low", take(500.0))
    library.remove("low")
    assert [sound.name for sound in library.sounds()] == ["high"]


def test_thresholds_can_be_changed(library):
    """By name, with their budget."""
    library.set_threshold("low", 0.7, 2.0)
    assert (library.get("low").threshold, library.get("low").budget_per_hour) == (0.7, 2.0)


def test_another_encoder_is_refused(library):
    """Both of them are named."""

    class Other(ToneEncoder):
        id = "tone-2"

    with pytest.raises(EncoderMismatch, match=r"tone-1.*tone-2") as told:
        library.enrolled(Other())
    assert told.value.library_encoder == "tone"
    with pytest.raises(EncoderMismatch):
        library.save(
            "new", [take(500.0)], encoder=Other(), encoder_spec="x", threshold=1, budget_per_hour=1
        )


def test_the_fingerprint_changes_with_every_change(library):
    """And with nothing else."""
    seen = [library.fingerprint()]

    def changed() -> bool:
        seen.append(library.fingerprint())
        return seen[-1] not in seen[:-1]

    library.enrolled(ENCODER)
    library.get("low")
    assert not changed()
    save(library, "new", take(700.0))
    assert changed()
    library.set_threshold("new", 0.5, 0.5)
    assert changed()
    library.rename("new", "newer")
    assert changed()
    library.remove("newer")
    assert library.fingerprint() != seen[-1]


def test_the_cache_is_used_and_kept_in_step(library, monkeypatch):
    """Vectors are made once; those of removed sounds do not stay."""
    first = library.vectors(ENCODER)
    with monkeypatch.context() as patch:
        patch.setattr(ToneEncoder, "embed", None)
        assert library.vectors(ENCODER).keys() == first.keys()
    library.remove("low")
    assert len(library.vectors(ENCODER)) == 1
    assert len(np.load(library.folder / "vectors.npz").files) == 2  # one take and the checksum


def test_a_library_that_cannot_be_written_is_listened_with(library, monkeypatch, caplog):
    """A full disk costs the cache, not the wake sound."""
    from wakeword.library import vectors as module

    def full(path, write):
        raise LibraryError("the disk is full")

    monkeypatch.setattr(module, "write_atomically", full)
    assert library.enrolled(ENCODER).sounds == ["high", "low"]
    assert "the embeddings are not cached" in caplog.text


def test_a_damaged_sound_can_be_removed(library):
    """By the name of its folder, since nobody knows its own any more."""
    (library.folder / "sounds" / "low" / "sound.json").write_text("{")
    assert list(library.problems()) == ["low"]
    library.remove("low")
    assert library.problems() == {}
    assert [sound.name for sound in library.sounds()] == ["high"]


def test_where_the_sound_lies_counts(tmp_path):
    """The same recording with other bounds is another take, never the old embeddings."""
    library, samples = SoundLibrary(tmp_path / "library"), tone(440.0, 1.0)
    save(library, "x", Take(samples, RATE, 4000, 10000))
    library.vectors(ENCODER)
    moved = Take(samples, RATE, 6000, 8000)
    save(library, "x", moved, replace=True)
    (vectors,) = library.vectors(ENCODER).values()
    stored = library.take("x", library.get("x").takes[0].file)
    assert np.array_equal(vectors, embed_take(stored, ENCODER, library.segmenter))


def test_other_windows_are_embedded_anew(library):
    """The cache of one configuration is not used for another."""
    library.vectors(ENCODER)
    other = SoundLibrary(library.folder, SegmenterConfig(hop_seconds=0.05, pre_roll_seconds=0.0))
    fresh = other.embed_all(ENCODER)
    assert all(np.array_equal(rows, fresh[file]) for file, rows in other.vectors(ENCODER).items())


def test_sounds_without_a_library_file_are_damage(library):
    """Nobody guesses which encoder made them."""
    (library.folder / "library.json").unlink()
    with pytest.raises(LibraryCorrupt, match="encoder that made the embeddings is unknown"):
        library.enrolled(ENCODER)


def test_a_removal_that_was_killed_is_finished(library):
    """What was being deleted does not stay on the disk."""
    half = library.folder / "sounds" / ".removed-old"
    half.mkdir()
    (half / "take.flac").write_bytes(b"x")
    save(library, "new", take(900.0))
    assert not half.exists()


def test_a_library_that_cannot_be_read_says_so(tmp_path):
    """It is never taken for an empty one."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LibraryError, match="cannot read"):
        SoundLibrary(tmp_path / "file").sounds()
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "sounds").write_text("")
    with pytest.raises(LibraryError, match="cannot read"):
        SoundLibrary(tmp_path / "library").sounds()
