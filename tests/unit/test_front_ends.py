"""Encoders behind front ends, and libraries that hear through one."""

from __future__ import annotations

import numpy as np
import pytest

from enroll.negatives import hear_ambient
from enroll.reindex import reindex
from wakeword.audio import AudioFrame, FloatArray
from wakeword.audiofile import AudioClip
from wakeword.bank import load_bank
from wakeword.encoders import create_encoder
from wakeword.engine import Engine
from wakeword.errors import ConfigError, EncoderMismatch
from wakeword.front_ends import NONE, behind, cleaned, joined, name_of, plain_id, split
from wakeword.library import SoundLibrary
from wakeword.testing import RATE, ToneEncoder, frames, make_library, noise, placed, tone
from wakeword.variants import as_heard

pytest.importorskip("webrtc_noise_gain", reason="needs the denoise extra")
BEEP = tone(1000.0, 0.4)


@pytest.fixture
def plain():
    """The encoder as it is."""
    return create_encoder("logmel")


@pytest.fixture
def library(tmp_path, plain) -> SoundLibrary:
    """A beep, made with the encoder as it is."""
    return make_library(tmp_path, {"beep": BEEP}, encoder=plain, threshold=0.6)


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("mini", ("mini", NONE)),
        ("mini+denoise", ("mini", "denoise")),
        ("clap:/a+b/c", ("clap:/a+b/c", NONE)),
        ("clap:/a+b/c+dereverb", ("clap:/a+b/c", "dereverb")),
        ("+denoise", ("+denoise", NONE)),
    ],
)
def test_a_front_end_is_the_end_of_the_name(spec, parts):
    """A plus sign elsewhere is part of a folder's name."""
    assert split(spec) == parts
    assert joined(*parts) == spec


def test_behind_a_front_end_it_is_another_encoder(plain):
    """With an identity and a name of its own; the one before stays as it is."""
    heard = create_encoder("logmel+denoise")
    assert (heard.id, heard.spec) == ("logmel-1+denoise", "logmel+denoise")  # type: ignore[attr-defined]
    assert (name_of(heard), name_of(plain)) == ("denoise", NONE)
    assert plain_id(heard.id) == plain.id == "logmel-1"
    assert np.array_equal(heard.embed([BEEP]), plain.embed([BEEP]))


def test_a_wrapper_cannot_lose_it():
    """Whoever passes the identity on hears through the front end as well."""

    class Wrapped(ToneEncoder):
        id = "tone-1+denoise"

    assert name_of(Wrapped()) == "denoise"
    assert name_of(ToneEncoder()) == NONE


def test_the_bank_is_the_encoders_own(plain):
    """Everyday sound is the same; a front end has none of its own."""
    bank = load_bank(plain.id)
    assert load_bank("logmel-1+denoise") is bank


def test_a_front_end_that_does_not_fit_is_an_error():
    """It is said when the encoder is made, not when the first sound comes."""
    with pytest.raises(ConfigError, match="hears 16000 Hz, this encoder needs 48000 Hz"):
        behind(ToneEncoder(rate=48000), "denoise")
    with pytest.raises(ConfigError, match="there is no front end 'ears'"):
        behind(ToneEncoder(), "ears")


def test_a_library_remembers_what_it_hears_through(library, plain):
    """The other way is an error that names the next step, in both directions."""
    heard = create_encoder("logmel+denoise")
    with pytest.raises(EncoderMismatch, match="reindex"):
        library.scorer(heard)
    before = library.vectors(plain)
    reindex(library, heard, "logmel+denoise")
    record = library.record()
    assert record is not None
    assert (record.encoder, record.encoder_id) == ("logmel+denoise", "logmel-1+denoise")
    after = library.vectors(heard)
    assert after.keys() == before.keys()
    assert not any(np.array_equal(after[file], before[file]) for file in after)
    with pytest.raises(EncoderMismatch, match="logmel"):
        Engine(library, plain)
    reindex(library, plain, "logmel")
    assert all(np.array_equal(library.vectors(plain)[file], before[file]) for file in before)


def test_the_room_of_one_is_not_that_of_the_other(library, plain):
    """What was heard through a front end serves nobody who hears without."""
    clip = AudioClip(placed(noise(6.0), (2.0, tone(400.0, 0.4))), RATE)
    heard = create_encoder("logmel+denoise")
    library.ambient(heard).add(hear_ambient(clip, heard))
    assert library.ambient(heard).read().runs
    assert not library.ambient(plain).read().runs


def windows(samples: FloatArray) -> list[FloatArray]:
    """What the engine hands to the encoder behind a front end."""
    seen: list[FloatArray] = []
    encoder = behind(ToneEncoder(), "denoise")
    library = SoundLibrary("nowhere")
    engine = Engine(library, encoder, observer=lambda window, _: seen.append(window.samples))
    for frame in frames(samples, 4096):
        engine.push(frame)
    engine.flush()
    return seen


def test_the_engine_hears_the_cleaned_stream():
    """Windows hold less noise than the stream does, and the tone is still there."""
    stream = placed(noise(4.0, level_db=-40.0), (2.0, tone(1000.0, 0.4)))
    seen = windows(stream)
    loud = max(seen, key=lambda window: float(np.mean(np.square(window))))
    spectrum = np.abs(np.fft.rfft(loud * np.hanning(len(loud))))
    assert abs(np.argmax(spectrum) * RATE / len(loud) - 1000.0) < 10.0
    first = np.square(seen[0][: RATE // 10])  # the pre-roll: nothing but noise
    assert 10 * np.log10(np.mean(first)) < -43.0


def test_the_end_of_the_stream_comes_out_too():
    """What is still inside a front end when the stream ends is heard before the segment ends."""
    seen = windows(placed(noise(3.0, level_db=-70.0), (2.6, tone(1000.0, 0.4))))
    lengths = {len(window) for window in seen}
    assert max(lengths) == 8000
    assert np.abs(seen[-1]).max() > 0.01


def test_a_take_is_heard_as_in_a_stream(library):
    """The front end knows the take's background, and what comes out is as the stream's."""
    encoder = behind(ToneEncoder(), "denoise")
    steady = placed(noise(6.0, level_db=-45.0), (4.0, BEEP))
    cut = steady[round(3.7 * RATE) : round(4.6 * RATE)]
    whole = cleaned(steady, 4 * RATE, encoder)[round(3.7 * RATE) : round(4.6 * RATE)]
    alone = cleaned(cut, round(0.3 * RATE), encoder)
    level = np.sqrt(np.mean(np.square(whole - alone))) / np.sqrt(np.mean(np.square(whole)))
    assert level < 0.2


def test_without_a_front_end_nothing_is_touched(library, plain):
    """The very take, not a copy."""
    (record,) = library.get("beep").takes[:1]
    take = library.take("beep", record.file)
    assert as_heard(take, plain) is take
    frame = AudioFrame(BEEP, 0, RATE)
    assert Engine(library, plain)._cleaned(frame) is frame
