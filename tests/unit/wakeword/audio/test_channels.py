"""Several channels as one: what is in any of them is in the mix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from wakeword.audio.channels import Mixer, parse_choice
from wakeword.audio.frames import FloatArray
from wakeword.audio.reading import Recording, read_audio
from wakeword.errors import AudioDecodeError, AudioFormatError
from wakeword.testing import noise

RATE = 16_000


def mixed(channels: FloatArray, cut: list[int] | None = None) -> FloatArray:
    """The mix of ``(channels, n)``, pushed in pieces of the sizes in ``cut``."""
    mixer = Mixer(len(channels), RATE)
    pieces, at = [], 0
    for size in [*(cut or []), channels.shape[1]]:
        pieces.append(mixer.push(channels[:, at : at + size]))
        at = min(channels.shape[1], at + size)
    return np.concatenate([*pieces, mixer.flush()])


def power(samples: FloatArray) -> float:
    """Mean square."""
    return float(np.mean(np.square(samples, dtype=np.float64)))


def whistle(hertz: float = 1900.0, delay_seconds: float = 0.0) -> FloatArray:
    """One second."""
    t = np.arange(RATE) / RATE - delay_seconds
    return (0.3 * np.sin(2 * np.pi * hertz * t)).astype(np.float32)


def test_channels_that_agree_become_their_mean() -> None:
    """Bit for bit."""
    both = np.stack([whistle(), 0.5 * whistle()])
    np.testing.assert_array_equal(mixed(both), (both[0] + both[1]) * np.float32(0.5))
    assert len(mixed(both)) == RATE


def test_a_channel_that_is_turned_round_does_not_cancel() -> None:
    """But for the first 5 ms, in which the sign changes, nothing is lost."""
    tone = whistle()
    found = mixed(np.stack([tone, -tone]))
    np.testing.assert_allclose(found[100:], tone[100:], atol=1e-6)


@pytest.mark.parametrize("delay", [0.0001, 0.00026, 0.0005, 0.001])
def test_a_whistle_that_comes_later_to_one_microphone(delay: float) -> None:
    """Half a wave apart the mean is silence; the mix never loses more than 5 dB."""
    both = np.stack([whistle(), whistle(delay_seconds=delay)])
    assert power(mixed(both)) > 0.3 * power(both[0])


@given(
    angles=st.lists(st.floats(0, 2 * np.pi), min_size=1, max_size=7),
    gains=st.lists(st.floats(0.01, 1.0), min_size=8, max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_no_mix_cancels(angles: list[float], gains: list[float]) -> None:
    """Whatever the phases: at least 0.7 / n of the channels' mean power is in the mix of n."""
    t = 2 * np.pi * 1000 * np.arange(RATE // 4) / RATE
    phases = [0.0, *angles]
    waves = [g * np.sin(t + a) for g, a in zip(gains, phases, strict=False)]
    channels = np.stack(waves).astype(np.float32)
    steady = mixed(channels)[RATE // 20 :]
    mean = np.mean([power(channel) for channel in channels])
    assert power(steady) > 0.69 / len(channels) * mean


@given(cut=st.lists(st.integers(0, 3000), max_size=12))
@settings(max_examples=40, deadline=None)
def test_how_the_stream_is_cut_does_not_matter(cut: list[int]) -> None:
    """The same mix, though signs change on its way."""
    turning = np.concatenate([whistle()[:7000], -whistle()[7000:]])
    both = np.stack([whistle(), turning, noise(1.0)[:RATE]])
    np.testing.assert_allclose(mixed(both, cut), mixed(both), atol=1e-6)


def said(*channels: FloatArray) -> str | None:
    """What is said of channels."""
    mixer = Mixer(len(channels), RATE)
    mixer.push(np.stack(channels))
    mixer.flush()
    return mixer.disagreement()


def test_channels_that_disagree_are_named() -> None:
    """Turned round, alone among others, all different; silent ones are not spoken of."""
    tone, quiet = whistle(), np.zeros(RATE, np.float32)
    one, two = noise(1.0, seed=1), noise(1.0, seed=2)
    assert said(tone, 0.8 * tone) is None
    assert said(tone, quiet) is None
    assert "channels 0 and 1 are turned round" in str(said(tone, -tone))
    assert "channel 2 holds another sound" in str(said(tone, tone, 0.3 * one / one.std()))
    assert "channels 0 and 1 hold different sound" in str(said(one, two))


def test_a_channel_is_chosen(tmp_path: Path) -> None:
    """By its number, or as the one in which most stands out; the warning says how."""
    other = noise(1.0, seed=3)
    other = 0.2 * other / other.std()
    short = np.where(np.arange(RATE) < 2000, whistle(), 0.002 * other[::-1])
    soundfile.write(tmp_path / "a.wav", np.stack([other, short], axis=1), RATE, "FLOAT")
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav", channel=1).samples, short, atol=1e-6)
    best = read_audio(tmp_path / "a.wav", channel="best").samples
    np.testing.assert_allclose(best, short, atol=1e-6)
    mix = read_audio(tmp_path / "a.wav")
    assert mix.account is not None
    assert "choose one with channel=N" in mix.account.warnings[0]
    for channel, says in ((2, "channels are 0 to 1"), (-1, "channels are 0 to 1")):
        with pytest.raises(AudioDecodeError, match=says):
            Recording(tmp_path / "a.wav", channel=channel)


@pytest.mark.parametrize(
    ("text", "choice"), [("0", 0), ("12", 12), ("MIX", "mix"), ("best", "best")]
)
def test_choices(text: str, choice: object) -> None:
    """As they are written."""
    assert parse_choice(text) == choice


@pytest.mark.parametrize("text", ["", "-1", "left", "1.5", "²"])
def test_no_choices(text: str) -> None:
    """Anything else is an error that says what can be written."""
    with pytest.raises(AudioFormatError, match="'mix' or 'best'"):
        parse_choice(text)
