"""The second encoder's word on what is about to wake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wakeword.audio.frames import FloatArray
from wakeword.encoders.logmel import LogMelEncoder
from wakeword.engine import Engine
from wakeword.events import Match, WakeEvent, Window
from wakeword.library.confirmation import make_confirmation
from wakeword.library.library import SoundLibrary
from wakeword.library.records import PatternRecord
from wakeword.scoring.bank import NegativeBank
from wakeword.scoring.confirmation import (
    Confirmation,
    ResampledEncoder,
    SecondOpinion,
    learned,
)
from wakeword.testing import ToneEncoder, burst, frames, make_library, noise, placed, tone

BELL, HISS = tone(880, 0.4), burst(0.4)


class Gullible(ToneEncoder):
    """To it everything sounds alike."""

    id = "gullible-1"

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """The same for every window."""
        return np.tile(np.eye(1, self.dim, dtype=np.float32), (len(windows), 1))


class Counting(ToneEncoder):
    """Knows how often it was asked, at a rate of its own."""

    id = "counting-1"

    def __init__(self) -> None:
        super().__init__(rate=22050, window_seconds=0.3)
        self.asked = 0

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Count, then embed."""
        self.asked += len(windows)
        assert all(len(window) <= self.window_seconds * self.rate for window in windows)
        return super().embed(windows)


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """A bell, for an encoder that takes everything for it."""
    return make_library(tmp_path / "library", {"bell": BELL}, Gullible(), threshold=0.9)


def hear(
    library: SoundLibrary, samples: FloatArray, confirmation: Confirmation | None
) -> tuple[list[WakeEvent], list[Match]]:
    """The events of a stream, and its matches."""
    matches: list[Match] = []

    def observe(window: Window, match: Match | None) -> None:
        matches.extend([match] if match else [])

    sounds = replace(library.enrolled(Gullible()), confirmation=confirmation)
    engine = Engine(sounds, Gullible(), observer=observe)
    events = [event for frame in frames(samples, 1600) for event in engine.push(frame)]
    return events + engine.flush(), matches


@pytest.mark.parametrize("second", [LogMelEncoder(), Counting()], ids=["logmel", "another rate"])
def test_what_is_not_like_the_takes_is_refused(library: SoundLibrary, second: ToneEncoder) -> None:
    """A hiss would wake, the bell does; the second encoder leaves only the bell."""
    stream = placed(noise(9.0), (1.0, HISS), (4.0, BELL), (7.0, HISS))
    events, _ = hear(library, stream, None)
    assert len(events) == 3
    confirmation = make_confirmation(library, Gullible(), second, "logmel")
    (event,), matches = hear(library, stream, confirmation)
    assert event.start_seconds == pytest.approx(4.0, abs=0.5)
    refused = {match.refused for match in matches if match.refused}
    assert refused == {"not confirmed by logmel"}
    assert not any(match.hit for match in matches if match.refused)


def test_it_is_asked_about_candidates_only(library: SoundLibrary) -> None:
    """Once for a wake; for what goes on and is refused, again after as many windows."""
    second = Counting()
    confirmation = make_confirmation(library, Gullible(), second, "second")
    second.asked = 0
    hear(library, noise(5.0), confirmation)
    assert second.asked == 0
    hear(library, placed(noise(5.0), (2.0, BELL)), confirmation)
    assert second.asked == 1
    second.asked = 0
    _, matches = hear(library, placed(noise(5.0), (2.0, burst(1.5))), confirmation)
    assert 2 <= second.asked <= len(matches) / 2


def test_takes_are_embedded_once(library: SoundLibrary) -> None:
    """They are kept beside the library's own vectors, and made again where they are stale."""
    second = Counting()
    first = make_confirmation(library, Gullible(), second, "second")
    assert second.asked
    before = library.fingerprint()
    second.asked = 0
    assert make_confirmation(library, Gullible(), second, "second").thresholds == first.thresholds
    assert second.asked == 0
    assert library.fingerprint() == before
    make_library(library.folder, {"horn": tone(300, 0.4)}, Gullible())
    assert make_confirmation(library, Gullible(), second, "x").thresholds.keys() == {"bell", "horn"}
    assert second.asked
    (cache,) = library.folder.glob("confirm-*.npz")
    cache.write_bytes(b"nonsense")
    assert make_confirmation(library, Gullible(), second, "x").thresholds["bell"] == (
        pytest.approx(first.thresholds["bell"])
    )


def test_beats_of_patterns_are_confirmed_too(tmp_path: Path) -> None:
    """Two hisses are no two pips."""
    pip = tone(880, 0.06)
    library = make_library(tmp_path / "library", {"pip": pip}, Gullible(), threshold=0.9)
    library.set_patterns("pip", [PatternRecord(beats=2, wait_seconds=0.6)])
    confirmation = make_confirmation(library, Gullible(), LogMelEncoder(), "logmel")
    hiss = burst(0.06)
    stream = placed(noise(8.0), (1.0, hiss), (1.3, hiss), (5.0, pip), (5.3, pip))
    assert len(hear(library, stream, None)[0]) == 2
    (event,), _ = hear(library, stream, confirmation)
    assert event.start_seconds == pytest.approx(5.0, abs=0.05)


def test_the_threshold_is_lenient_and_knows_the_everyday() -> None:
    """Below what the worst take has among the others; a bank raises it, never above that."""
    takes = [_at(0, 0, 0), _at(10, 10, 10), _at(30, 30, 30)]
    alone = learned(takes).threshold
    worst = float(np.cos(np.radians(20)))
    assert alone == pytest.approx(worst - 0.5 * (1 - worst), abs=1e-5)

    def bank(degrees: float) -> NegativeBank:
        return NegativeBank(_at(degrees), np.zeros(1, np.int32), 60.0, 2)

    assert learned(takes, bank(90)).threshold == pytest.approx(alone)
    assert learned(takes, bank(53)).threshold == pytest.approx(np.cos(np.radians(23)), abs=1e-5)
    assert learned(takes, bank(40)).threshold == pytest.approx(worst, abs=1e-5)


def test_one_take_is_enough() -> None:
    """It is held against itself in noise."""
    known = learned([_at(0, 2, 4, 5, 10)])
    assert known.threshold < np.cos(np.radians(10))
    assert known.threshold > 0.9


def test_an_unknown_sound_passes() -> None:
    """The first encoder's word counts where the second has nothing to go by."""
    match = Match("bell", 0.95, 0.9, "a.flac")
    confirmation = Confirmation("x", ResampledEncoder(LogMelEncoder(), ToneEncoder()), {})
    assert confirmation(match, BELL) == match


def test_short_sounds_are_looked_for_in_the_end() -> None:
    """As the first encoder does: what was before a tap does not count."""
    tap = tone(880, 0.2)
    relay = ResampledEncoder(ToneEncoder(), ToneEncoder())
    known = SecondOpinion(relay.embed([tap]), 0.95, seconds=0.2)
    match = Match("tap", 0.95, 0.9, "a.flac")
    window = np.concatenate([tone(3000, 0.3), tap])
    assert Confirmation("x", relay, {"tap": known})(match, window) == match
    whole = SecondOpinion(known.takes, known.threshold)
    assert Confirmation("x", relay, {"tap": whole})(match, window).refused


def _at(*degrees: float) -> FloatArray:
    """Vectors in the plane, ``(n, 2)``."""
    angles = np.radians(np.array(degrees))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
