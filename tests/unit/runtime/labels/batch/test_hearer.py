from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from runtime.labels.batch.hearer import Hearer
from runtime.labels.batch.job import Recording, find_recordings, parcels
from runtime.labels.batch.results import slice_row
from wakeword.audio.reading import read_audio
from wakeword.audio.resampling import resample
from wakeword.errors import ConfigError, EncoderError
from wakeword.labels.timeline import as_json
from wakeword.testing import RATE, noise


@pytest.mark.parametrize("closed", [False, True])
def test_rows_say_what_classify_says(make_job, folder: Path, closed: bool) -> None:
    """Scores, likenesses, peaks and slices are those of the recording classified alone."""
    job = make_job(closed=closed, keep_slices=True)
    recordings = find_recordings(folder)
    hear = Hearer(job)
    rows = [row for parcel in parcels(recordings) for row in hear(parcel)]
    assert [row["path"] for row in rows] == [recording.path for recording in recordings]
    classifier = job.classifier()
    for row in rows:
        if row["error"] is not None:
            continue
        clip = read_audio(folder / row["path"])
        samples = resample(clip.samples, clip.rate, classifier.encoder.rate)
        expected = classifier.classify(samples, job.question)
        told = as_json(expected)
        assert row["seconds"] == round(clip.seconds, 3)
        assert row["slices"] == len(expected.windows)
        assert row["top"] == (told["top"] or "none of these")
        assert row["none"] == (None if closed else pytest.approx(told["none"], abs=2e-6))
        assert row["scores"] == pytest.approx(told["scores"], abs=2e-6)
        assert row["similarity"] == pytest.approx(told["similarity"], abs=2e-6)
        for label, part in expected.peaks.items():
            assert row["peaks"][label]["start"] == round(part.start, 3)
            assert row["peaks"][label]["score"] == pytest.approx(part.scores[label], abs=2e-6)
        slices = [slice_row(row["path"], values, job.labels) for values in row["timeline"]]
        assert [(s["start"], s["end"], s["top"]) for s in slices] == [
            (w["start"], w["end"], w["top"] or "none of these") for w in told["windows"]
        ]
        assert slices[0]["scores"] == pytest.approx(told["windows"][0]["scores"], abs=2e-6)


def test_bad_recordings_have_a_reason_and_harm_no_other(
    make_job, folder: Path, damaged: Path
) -> None:
    """Not audio, empty, of a foreign kind, damaged, gone: each is a row with its reason."""
    hear = Hearer(make_job())
    found = find_recordings(folder)
    rows = {row["path"]: row for row in hear((*found, Recording("gone.wav", 1, 1)))}
    bad = {path: row["error"] for path, row in rows.items() if row["error"]}
    assert set(bad) == {
        "05-not-audio.wav",
        "06-empty.ogg",
        "07-phone.m4a",
        "gone.wav",
    }
    assert bad["gone.wav"] == "no such file"
    assert "cut off before it was finished" in bad["07-phone.m4a"]
    assert not rows[damaged.name]["complete"]
    assert "looks cut off" in rows[damaged.name]["warnings"][0]
    good = {path: row for path, row in rows.items() if not row["error"]}
    alone = {r.path: hear((r,))[0] for r in found if r.path in good}
    for path, row in good.items():
        assert row["scores"] == pytest.approx(alone[path]["scores"], abs=2e-6)


def test_memory_does_not_grow_with_the_length(make_job, folder: Path) -> None:
    """Ten minutes take no more than one does, though they are 38 MB of samples."""
    minute = noise(60.0, level_db=-40.0)
    with soundfile.SoundFile(folder / "long.wav", "w", RATE, 1) as file:
        for _ in range(10):
            file.write(minute)
    hear = Hearer(make_job())
    tracemalloc.start()
    try:
        (row,) = hear((Recording("long.wav", 1, 1),))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert row["seconds"] == 600.0
    assert row["slices"] == 1199
    assert peak < 12e6


def test_another_encoder_or_no_folder_is_refused(make_job, folder: Path) -> None:
    """On a machine with other weights, or without the recordings, nothing is heard wrongly."""
    job = make_job()
    with pytest.raises(EncoderError, match="must have the same weights"):
        Hearer(replace(job, encoder_id="mini-1-other"))
    with pytest.raises(ConfigError, match="at the same place"):
        Hearer(replace(job, folder=folder / "elsewhere"))
