"""What the matches of beats, and of rows of them, are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from wakeword.audio.frames import FloatArray
from wakeword.encoders.logmel import LogMelEncoder
from wakeword.events import Match
from wakeword.library.enrolled import EnrolledSounds
from wakeword.scoring.confirmation import Confirmation, ResampledEncoder, SecondOpinion
from wakeword.scoring.matching import ROW_MARGIN, Beat, Matcher
from wakeword.scoring.scorer import Owner, Scorer
from wakeword.scoring.veto import Veto
from wakeword.testing import ToneEncoder, burst, tone

CLAP, BELL, NOISE = np.eye(16, dtype=np.float32)[:2], np.eye(16, dtype=np.float32)[2], slice(3, 16)
PIP, HISS = tone(440, 0.1), burst(0.1)


class TwoViews(ToneEncoder):
    """Hears the end of each window too."""

    short_seconds = 0.1


def sounds(vetoes: dict[str, Veto] | None = None) -> EnrolledSounds:
    """Two takes of a clap, one of a bell; each needs 0.8."""
    owners = [Owner("clap", "1.flac"), Owner("clap", "2.flac"), Owner("bell", "3.flac")]
    vectors = np.concatenate([CLAP, BELL[None]])
    return EnrolledSounds(Scorer(vectors, owners, {"clap": 0.8, "bell": 0.8}, vetoes=vetoes))


def matcher(encoder: ToneEncoder, scorer: Scorer) -> Matcher:
    """One that knows no more than the scorer."""
    return Matcher(encoder, EnrolledSounds(scorer), 0.0)


def judge(offset: float = 0.0, vetoes: dict[str, Veto] | None = None) -> Matcher:
    """Of these sounds."""
    return Matcher(ToneEncoder(), sounds(vetoes), offset)


def noisy(cosine: float, noise: int, sound: FloatArray = CLAP[0]) -> FloatArray:
    """An embedding so like the sound, and for the rest like that noise."""
    rest = np.eye(16, dtype=np.float32)[NOISE][noise]
    return np.asarray(cosine * sound + np.sqrt(1 - cosine**2) * rest, np.float32)


def beats(of: Matcher, embeddings: Sequence[FloatArray], samples: FloatArray = PIP) -> list[Beat]:
    """What is known of each."""
    return [Beat(samples, embedding, of.match(embedding)) for embedding in embeddings]


def test_the_threshold_is_the_one_asked_for() -> None:
    """A stricter engine adds its offset to that of each sound."""
    match = judge(offset=0.15).match(noisy(0.9, 0))
    assert match is not None
    assert match.threshold == pytest.approx(0.95)
    assert not match.hit


def test_noise_that_differs_averages_out() -> None:
    """Two beats at 0.7 have a mean at 0.81: as sure as the threshold asks."""
    one = judge()
    match = one.row("clap", beats(one, [noisy(0.7, 0), noisy(0.7, 1)]))
    assert match is not None
    assert (match.sound, match.take, match.hit) == ("clap", "1.flac", True)
    assert match.score == pytest.approx(0.7 / np.sqrt(0.49 + 0.51 / 2), abs=1e-5)


def test_noise_that_is_the_same_does_not() -> None:
    """A hum under both beats stays."""
    one = judge()
    assert one.row("clap", beats(one, [noisy(0.7, 0), noisy(0.7, 0)])) is None


def test_a_row_needs_a_little_less_and_says_so() -> None:
    """The match carries the threshold that was applied, so that its score reaches it."""
    one = judge()
    match = one.row("clap", beats(one, [noisy(0.75, 0)] * 2))
    assert match is not None
    assert match.score == pytest.approx(0.75)
    assert match.threshold == pytest.approx(0.8 - ROW_MARGIN)
    assert one.row("clap", beats(one, [noisy(0.8 - ROW_MARGIN - 0.01, 0)] * 2)) is None
    stricter = judge(offset=0.1)
    assert stricter.row("clap", beats(stricter, [noisy(0.75, 0)] * 2)) is None


@pytest.mark.parametrize(
    ("threshold", "needed"),
    [(0.8, 0.8 - ROW_MARGIN), (0.05, 0.0), (0.0, 0.0), (-0.2, -0.2 - ROW_MARGIN)],
)
def test_no_ease_makes_everyday_sound_enough(threshold: float, needed: float) -> None:
    """Below a score of 0 everyday sound is as like: a row needs that unless a beat needs less."""
    one = matcher(ToneEncoder(), Scorer(CLAP[:1], [Owner("clap", "1")], {"clap": threshold}))
    match = one.row("clap", beats(one, [noisy(0.9, 0)] * 2))
    assert match is not None
    assert match.threshold == pytest.approx(needed)
    unlike = needed - 0.01
    assert one.row("clap", beats(one, [noisy(unlike, 0)] * 2)) is None


def test_a_beat_of_another_sound_makes_no_row() -> None:
    """One that is recognised as that may be told as that: a row is not told twice."""
    one = judge()
    heard = [noisy(0.9, 0), noisy(0.81, 5, BELL)]
    clap = np.asarray((heard[0] + 0.1 * heard[1]) / np.linalg.norm(heard[0] + 0.1 * heard[1]))
    assert one.row("clap", beats(one, [noisy(0.78, 0), clap])) is not None
    assert one.row("clap", beats(one, [noisy(0.9, 0), clap, heard[1]])) is None
    assert one.row("clap", beats(one, [noisy(0.9, 0), clap, noisy(0.6, 5, BELL)])) is not None


def test_one_beat_is_no_row() -> None:
    """By itself it needs the whole threshold."""
    one = judge()
    assert one.row("clap", beats(one, [noisy(0.79, 0)])) is None


def test_a_mean_that_is_nearer_to_another_sound_is_that() -> None:
    """A row is asked about one sound, and must be that one first."""
    one = judge()
    mixed = np.asarray((0.75 * CLAP[0] + 0.9 * BELL) / np.hypot(0.75, 0.9), np.float32)
    assert one.row("clap", beats(one, [mixed, mixed])) is None
    assert one.row("bell", beats(one, [mixed, mixed])) is not None


def test_each_view_counts_by_itself() -> None:
    """The mean of each view has length 1 again, however the beats agree in the other."""
    encoder = TwoViews()
    takes = np.concatenate([np.zeros(16, np.float32), CLAP[0]])[None]
    one = matcher(encoder, Scorer(takes, [Owner("clap", "1.flac")], {"clap": 0.8}))
    heard = [np.concatenate([noisy(0.1, i), noisy(0.7, i)]) for i in (0, 1)]
    match = one.row("clap", beats(one, heard))
    assert match is not None
    assert match.score == pytest.approx(0.7 / np.sqrt(0.49 + 0.51 / 2), abs=1e-5)


def test_beats_that_cancel_out_are_nothing() -> None:
    """Not even a number."""
    one = judge()
    assert one.row("clap", beats(one, [CLAP[0], -CLAP[0]])) is None


def test_what_is_refused_is_in_no_row() -> None:
    """Neither a beat nor the mean may be nearer to what was rejected."""
    heard = [noisy(0.75, 0), noisy(0.75, 1)]
    assert judge().row("clap", beats(judge(), heard)) is not None
    beat = judge(vetoes={"clap": Veto(rejected=noisy(0.3, 0)[None])})
    assert beat.row("clap", beats(beat, heard)) is None
    between = np.asarray((heard[0] + heard[1]) / np.linalg.norm(heard[0] + heard[1]), np.float32)
    likenesses = [float(between @ embedding) for embedding in heard]
    mean = judge(vetoes={"clap": Veto(labels=("x",), label_vectors=between[None], limits=(0.95,))})
    assert max(likenesses) < 0.95
    assert not any(match.refused for b in beats(mean, heard) if (match := b.match))
    assert mean.row("clap", beats(mean, heard)) is None


class Recording(Confirmation):
    """Keeps what it was asked about."""

    asked: list[FloatArray]

    def __call__(self, match: Match, samples: FloatArray) -> Match:
        """As ever."""
        self.asked = [*getattr(self, "asked", []), samples]
        return super().__call__(match, samples)


@pytest.mark.parametrize(("best", "confirmed"), [(PIP, True), (HISS, False)])
def test_the_second_encoder_hears_the_best_beat(best: FloatArray, confirmed: bool) -> None:
    """Of a row that its mean recognises, it is asked about one beat; others do not matter."""
    first, second = ToneEncoder(), LogMelEncoder()
    relay = ResampledEncoder(second, first)
    confirmation = Recording("logmel", relay, {"clap": SecondOpinion(relay.embed([PIP]), 0.8)})
    one = Matcher(ToneEncoder(), replace(sounds(), confirmation=confirmation), 0.0)
    other = HISS if best is PIP else PIP
    row = [*beats(one, [noisy(0.7, 0)], other), *beats(one, [noisy(0.75, 1)], best)]
    assert (one.row("clap", row) is not None) == confirmed
    assert [asked is best for asked in confirmation.asked] == [True]
    weak = beats(one, [noisy(0.5, 0), noisy(0.5, 0)])
    assert one.row("clap", weak) is None
    assert len(confirmation.asked) == 1


def test_a_beat_is_embedded_and_matched() -> None:
    """Samples in; the embedding with all its views and the match out."""
    encoder = TwoViews()
    takes = np.tile(encoder.embed([PIP]), 2) * np.float32(0.5)
    one = matcher(encoder, Scorer(takes, [Owner("pip", "1.flac")], {"pip": 0.9}))
    beat = one.beat(PIP)
    assert beat.embedding.shape == (32,)
    assert beat.match is not None
    assert beat.match.hit


def test_samples_are_kept_for_the_second_encoder_alone() -> None:
    """Without one they would only take memory; a row from before there was one is not told."""
    one = judge()
    assert one.beat(PIP).samples is None
    weak = [Beat(None, noisy(0.7, i), one.match(noisy(0.7, i))) for i in (0, 1)]
    assert one.row("clap", weak) is not None
    relay = ResampledEncoder(LogMelEncoder(), ToneEncoder())
    confirmation = Confirmation("logmel", relay, {})
    one = Matcher(ToneEncoder(), replace(sounds(), confirmation=confirmation), 0.0)
    assert one.row("clap", weak) is None
    kept = one.beat(PIP).samples
    assert kept is not None
    np.testing.assert_array_equal(kept, PIP)
    assert not np.shares_memory(kept, PIP)
    assert one.row("clap", weak) is None
