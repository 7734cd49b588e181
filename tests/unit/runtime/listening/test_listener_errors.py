"""Libraries and sources that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import WakeListener, listen
from tests.unit.runtime.listening.tapes import LOW, stream
from wakeword.audio.frames import AudioFrame
from wakeword.errors import (
    AudioDecodeError,
    ConfigError,
    EncoderMismatch,
    LibraryError,
    SourceError,
)
from wakeword.testing import ArraySource, FedSource, ToneEncoder, noise, placed, silence


def test_an_empty_library_says_what_to_do(tmp_path: Path, tape: str) -> None:
    """No sounds yet: enroll one."""
    with pytest.raises(LibraryError, match=r"no sounds are enrolled yet.*wakesound enroll NAME"):
        next(listen(tmp_path / "none", tape))


def test_a_library_of_damage_is_told(folder: Path, tape: str) -> None:
    """Recordings that are gone, or records that cannot be read, are not an empty library."""
    for take in folder.glob("sounds/*/takes/*"):
        take.unlink()
    with pytest.raises(LibraryError, match="missing or damaged; enroll them again"):
        WakeListener(folder, tape).start()
    for record in folder.glob("sounds/*/sound.json"):
        record.write_text("{")
    with pytest.raises(LibraryError, match="is damaged"):
        WakeListener(folder, tape).start()


def test_the_wrong_encoder_is_told(folder: Path, tape: str) -> None:
    """Also when it has a name of its own."""
    with pytest.raises(EncoderMismatch, match="logmel-1, this is tone-1"):
        WakeListener(folder, tape, encoder=ToneEncoder()).start()
    with pytest.raises(ConfigError, match="no encoder 'clop'"):
        WakeListener(folder, tape, encoder="clop").start()


def test_a_source_that_cannot_be_opened_is_told(folder: Path, tmp_path: Path) -> None:
    """At the start; sources that were open already are closed again."""
    good = ArraySource(stream())
    with pytest.raises((SourceError, AudioDecodeError), match=r"missing\.wav"):
        WakeListener(folder, [good, str(tmp_path / "missing.wav")]).start()
    assert good.closed.is_set()
    with pytest.raises(ConfigError, match="at least one source"):
        WakeListener(folder, [])


def test_a_source_that_fails_leaves_the_others_alone(
    folder: Path, tape: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are heard to their end; the error is logged and can be asked for."""
    broken = FedSource(name="hall")
    broken.feed(silence(0.1))
    broken.fail(SourceError("the hall is gone"))
    listener = WakeListener(folder, [broken, tape])
    assert [event.sound for event in listener] == ["low", "high", "low"]
    assert {name: str(error) for name, error in listener.errors.items()} == {
        "hall": "the hall is gone"
    }
    assert [source.state for source in listener.stats.sources] == ["failed", "ended"]
    assert "hall failed: the hall is gone" in caplog.text
    assert "Traceback" not in caplog.text


def test_when_all_sources_fail_it_is_raised(folder: Path) -> None:
    """By run() and by iterating, after the events so far."""
    for _ in range(2):
        source = FedSource()
        source.feed(placed(noise(2.0), (1.0, LOW)))
        source.fail(SourceError("unplugged"))
        sounds: list[str] = []
        with pytest.raises(SourceError, match="unplugged"):
            sounds.extend(event.sound for event in WakeListener(folder, source))
        assert sounds == ["low"]
    source = FedSource()
    source.fail(SourceError("unplugged"))
    with pytest.raises(SourceError, match="unplugged"):
        WakeListener(folder, source).run()


def test_a_fault_in_a_source_is_not_swallowed(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An error of another kind comes out as it is, with its traceback in the log."""

    class Faulty(ArraySource):
        def __iter__(self) -> Iterator[AudioFrame]:
            yield from super().__iter__()
            raise ZeroDivisionError("oops")

    with pytest.raises(ZeroDivisionError, match="oops"):
        WakeListener(folder, Faulty(silence(0.2))).run()
    assert "Traceback" in caplog.text
