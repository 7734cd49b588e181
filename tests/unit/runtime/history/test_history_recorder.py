"""What is remembered of a stream."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.history.feedback import reject_event
from runtime.history.recorder import Draft, Recorder
from runtime.history.store import History, HistoryConfig, identified
from wakeword.audio.frames import FloatArray
from wakeword.engine import Engine
from wakeword.library.library import SoundLibrary
from wakeword.library.records import PatternRecord
from wakeword.testing import RATE, ToneEncoder, frames, make_library, noise, placed, tone

LOW, HIGH = tone(440, 0.4), tone(2000, 0.4)
NEARLY = (tone(440, 0.4) + tone(2000, 0.4, level_db=-26.0)).astype(np.float32)
"""Like the low one, but not enough."""


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """A low and a high tone."""
    return make_library(tmp_path / "library", {"low": LOW, "high": HIGH}, threshold=0.95)


def listen(
    library: SoundLibrary,
    stream: FloatArray,
    config: HistoryConfig | None = None,
    size: int = 1600,
) -> list[Draft]:
    """The drafts that a stream gives, in order."""
    drafts: list[Draft] = []
    engine = Engine(library, ToneEncoder())
    recorder = Recorder(engine, config or HistoryConfig(), drafts.append, source="den", session="1")
    engine.observers.append(recorder.window)
    for frame in frames(stream, size):
        for event in engine.push(frame):
            recorder.event(identified(event, "den", "1"))
        recorder.advance(engine.position)
    for event in engine.flush():
        recorder.event(identified(event, "den", "1"))
    recorder.finish()
    return drafts


def last(drafts: list[Draft]) -> dict[str, Draft]:
    """The last draft of each event, by its identifier."""
    return {draft.entry.id: draft for draft in drafts}


def test_a_wake_is_recorded_at_once_and_then_whole(library: SoundLibrary) -> None:
    """The first record comes with the event; the last one holds all windows that matched."""
    drafts = listen(library, placed(noise(6.0), (2.0, LOW)))
    assert {draft.entry.id for draft in drafts} == {drafts[0].entry.id}
    assert len(drafts[-1].entry.scores) > len(drafts[0].entry.scores) >= 2
    entry = drafts[-1].entry
    assert (entry.kind, entry.sound, entry.why) == ("wake", "low", "fired")
    assert (entry.source, entry.gate, entry.encoder_id) == ("den", "band", "tone-1")
    assert entry.embeddings.shape == (len(entry.scores), ToneEncoder.dim)
    assert np.allclose(np.linalg.norm(entry.embeddings, axis=1), 1.0, atol=1e-5)
    assert max(entry.scores) >= entry.score >= entry.threshold
    assert 1.5 < entry.start_seconds < entry.end_seconds < 2.8


def test_a_near_miss_is_one_record(library: SoundLibrary) -> None:
    """However many of its windows came near, a segment that did not fire is one record."""
    (draft,) = listen(library, placed(noise(6.0), (2.0, NEARLY)))
    entry = draft.entry
    assert (entry.kind, entry.sound) == ("near", "low")
    assert entry.threshold - 0.1 <= entry.score < entry.threshold
    assert entry.why.endswith("below the threshold")
    assert entry.score == pytest.approx(max(entry.scores), abs=1e-4)


def test_a_pattern_is_recorded_by_its_name(tmp_path: Path) -> None:
    """What fired is named, and which sound it was."""
    pip = tone(440, 0.06)
    library = make_library(tmp_path / "pips", {"pip": pip})
    library.set_patterns("pip", [PatternRecord(beats=2, wait_seconds=0.6)])
    drafts = listen(library, placed(noise(6.0), (2.0, pip), (2.3, pip)))
    (wake,) = [draft.entry for draft in last(drafts).values() if draft.entry.kind == "wake"]
    assert (wake.sound, wake.pattern, wake.name) == ("pip", "pip x2", "pip x2")


def hidden_row(folder: Path) -> tuple[SoundLibrary, FloatArray]:
    """Pips, and two of them that other tones hide, each another, so that only the mean is one."""
    pip = tone(440, 0.06)
    library = make_library(folder, {"pip": pip, "high": tone(2000, 0.06)})
    library.set_patterns("pip", [PatternRecord(beats=2, wait_seconds=0.6)])
    hidden = [np.asarray(pip + 0.95 * tone(hz, 0.06), np.float32) for hz in (900, 5000)]
    return library, placed(noise(7.0), (3.0, hidden[0]), (3.3, hidden[1]))


def test_a_row_told_by_its_mean_can_be_rejected(tmp_path: Path) -> None:
    """Its windows are far below the threshold; still so much is kept that it can be corrected."""
    library, stream = hidden_row(tmp_path / "library")
    drafts = last(listen(library, stream)).values()
    (entry,) = [draft.entry for draft in drafts if draft.entry.kind == "wake"]
    assert entry.scores
    assert max(entry.scores) < library.get("pip").threshold - 0.1
    history = History(tmp_path / "history", HistoryConfig())
    reject_event(library, ToneEncoder(), history, entry)
    assert not any(draft.entry.kind == "wake" for draft in listen(library, stream))


def test_weak_beats_alone_are_no_record(tmp_path: Path) -> None:
    """What is kept for a row that may come is no near miss when none comes."""
    library, _ = hidden_row(tmp_path / "library")
    hidden = np.asarray(tone(440, 0.06) + 0.95 * tone(900, 0.06), np.float32)
    assert listen(library, placed(noise(5.0), (2.0, hidden))) == []


def test_far_from_everything_is_no_record(library: SoundLibrary) -> None:
    """Neither silence nor another sound is remembered, nor a near miss beyond the margin."""
    assert listen(library, placed(noise(6.0), (2.0, tone(6000, 0.4)))) == []
    assert listen(library, placed(noise(6.0), (2.0, NEARLY)), HistoryConfig(near_margin=0.01)) == []


def test_two_of_them_are_two_records(library: SoundLibrary) -> None:
    """Each occurrence has its own record and identifier, near misses and wakes alike."""
    stream = placed(noise(14.0), (2.0, NEARLY), (5.0, LOW), (8.0, NEARLY), (11.0, HIGH))
    entries = [draft.entry for draft in last(listen(library, stream)).values()]
    told = sorted((entry.start_seconds, entry.kind, entry.sound) for entry in entries)
    assert [row[1:] for row in told] == [
        ("near", "low"),
        ("wake", "low"),
        ("near", "low"),
        ("wake", "high"),
    ]


def test_too_short_to_fire_is_a_near_miss(library: SoundLibrary) -> None:
    """What reached its threshold without firing says so."""
    engine = Engine(library, ToneEncoder())
    drafts: list[Draft] = []
    recorder = Recorder(engine, HistoryConfig(), drafts.append)
    engine.observers.append(recorder.window)
    for frame in frames(placed(noise(4.0), (2.0, LOW)), 1600):
        engine.push(frame)  # as if no event had come of it
        recorder.advance(engine.position)
    recorder.finish()
    (draft,) = drafts
    assert draft.entry.kind == "near"
    assert "not for long enough" in draft.entry.why


def test_a_sound_that_goes_on_is_cut(library: SoundLibrary) -> None:
    """A room that nearly matches for half a minute gives a bounded number of bounded records."""
    going_on = [(2.0 + second / 2, NEARLY) for second in range(60)]
    drafts = listen(library, placed(noise(36.0), *going_on))
    assert 2 <= len(last(drafts)) <= 8
    assert all(len(draft.entry.scores) <= 20 for draft in drafts)


def test_the_size_of_frames_changes_nothing(library: SoundLibrary) -> None:
    """One block or the whole file at a time: the same records."""
    stream = placed(noise(9.0), (2.0, NEARLY), (5.0, LOW))

    def told(size: int) -> list[tuple[str, tuple[float, ...]]]:
        drafts = last(listen(library, stream, size=size)).values()
        return [(draft.entry.id, draft.entry.scores) for draft in drafts]

    assert told(160) == told(1600) == told(4096)


def test_audio_only_on_request(library: SoundLibrary) -> None:
    """Without leave no draft holds audio; with it, exactly what was heard."""
    stream = placed(noise(6.0), (2.0, LOW))
    assert all(draft.clip is None for draft in listen(library, stream))
    draft = listen(library, stream, HistoryConfig(keep_audio=True, keep_speech=True))[-1]
    assert draft.clip is not None
    windows = np.lib.stride_tricks.sliding_window_view(stream, len(draft.clip))
    assert (windows == draft.clip).all(axis=1).any()


def test_the_audio_gives_the_same_embeddings(library: SoundLibrary) -> None:
    """From the clip and where its first window ends, every window can be cut again."""
    config = HistoryConfig(keep_audio=True, keep_speech=True)
    draft = listen(library, placed(noise(6.0), (2.0, LOW)), config)[-1]
    assert draft.clip is not None
    encoder, entry = ToneEncoder(), draft.entry
    first, window = round(entry.clip_from_seconds * RATE), round(encoder.window_seconds * RATE)
    ends = [first + i * RATE // 10 for i in range(len(entry.scores))]
    again = encoder.embed([draft.clip[max(0, end - window) : end] for end in ends])
    assert np.allclose(again, entry.embeddings, atol=1e-6)
