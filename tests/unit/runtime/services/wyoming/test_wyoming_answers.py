"""What the service answers, on a real port, with an encoder of tones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("wyoming", reason="the extra 'wyoming' is not installed")
from wyoming.audio import AudioChunk
from wyoming.event import Event
from wyoming.ping import Ping
from wyoming.wake import Detect

from runtime.services.wyoming.server import Server
from tests.unit.runtime.services.wyoming.conversation import (
    HEARD,
    START,
    STOP,
    ask,
    audio_chunks,
    connected,
    known_sounds,
    serve,
)
from tests.waiting import wait_until_async
from wakeword.library.library import SoundLibrary
from wakeword.library.records import PatternRecord
from wakeword.testing import RATE, noise, placed, tone

QUIET = noise(2.0)


def test_sound_is_detected(library: SoundLibrary) -> None:
    """A detection has the name of the sound and the time of the stream, in milliseconds."""

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as client:
            event = await ask(
                client, Detect().event(), START, *audio_chunks(HEARD, begin=5000), STOP
            )
            assert event.type == "detection"
            assert event.data["name"] == "low"
            assert 6000 < event.data["timestamp"] < 6500
            assert (await ask(client, Ping("x").event())).data == {"text": "x"}

    serve(library, talk)


def test_nothing_is_told_when_the_stream_ends(library: SoundLibrary) -> None:
    """``not-detected`` answers ``audio-stop`` when nothing fired, for each stream anew."""

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as client:
            for _ in range(2):
                event = await ask(client, START, *audio_chunks(QUIET), STOP)
                assert event.type == "not-detected"
                event = await ask(client, START, *audio_chunks(HEARD), STOP)
                assert event.type == "detection"
            assert (await ask(client, STOP)).type == "not-detected"

    serve(library, talk)


def test_audio_alone_is_enough(library: SoundLibrary) -> None:
    """Neither ``detect`` nor ``audio-start``, ``audio-stop`` or timestamps are needed."""

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as client:
            event = await ask(client, *audio_chunks(HEARD, begin=None))
            assert event.type == "detection"
            assert 1000 < event.data["timestamp"] < 1500

    serve(library, talk)


def test_only_wanted_sounds_are_told(library: SoundLibrary) -> None:
    """What was not asked for is not detected; case does not matter, an empty list means all."""

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as client:
            for names, told in (
                (["high"], "not-detected"),
                (["LOW"], "detection"),
                (["low", "high"], "detection"),
                ([], "detection"),
                (None, "detection"),
            ):
                event = await ask(client, Detect(names).event(), START, *audio_chunks(HEARD), STOP)
                assert event.type == told, names

    serve(library, talk)


def test_unknown_names_are_an_error_and_no_substitute(library: SoundLibrary) -> None:
    """The error lists the sounds; those that are known are listened for, and only those."""

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as client:
            event = await ask(client, Detect(["bell", "high"]).event())
            assert event.type == "error"
            assert event.data["code"] == "unknown-sound"
            assert event.data["text"] == "there is no sound 'bell'; known: 'High', 'low'"
            event = await ask(client, START, *audio_chunks(HEARD), STOP)
            assert event.type == "not-detected"
            for names in ("low", [5], {"a": 1}):
                event = await ask(client, Event("detect", {"names": names}))
                assert event.data["code"] == "bad-request"

    serve(library, talk)


def test_patterns_are_told_by_their_name(library: SoundLibrary) -> None:
    """Two in a row are told as that, in place of the sound."""
    library.set_patterns("low", [PatternRecord(beats=2, wait_seconds=1.0)])
    twice = placed(noise(5.0), (1.0, tone(440, 0.3)), (1.8, tone(440, 0.3)))

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as client:
            assert await known_sounds(client) == ["High", "low x2"]
            for samples, told in ((twice, "low x2"), (HEARD, None)):
                event = await ask(client, Detect(["low x2"]).event(), *audio_chunks(samples), STOP)
                assert event.data.get("name") == told

    serve(library, talk)


@pytest.mark.parametrize(("width", "channels"), [(1, 1), (2, 2), (3, 1), (4, 6)])
def test_any_format_is_converted(library: SoundLibrary, width: int, channels: int) -> None:
    """Rates, widths and channels are the client's choice."""
    samples = np.repeat(np.repeat(HEARD, 3), channels)  # at three times the rate
    raw = samples.astype(np.float64)
    if width == 1:
        data = (raw * 127 + 128).round().astype(np.uint8).tobytes()
    else:
        whole = (raw * (2 ** (8 * width - 1) - 1)).round().astype("<i4")
        data = whole.view(np.uint8).reshape(-1, 4)[:, :width].tobytes()

    async def talk(server: Server, uri: str) -> None:
        size = 4800 * width * channels
        chunks = [
            AudioChunk(3 * RATE, width, channels, data[i : i + size]).event()
            for i in range(0, len(data), size)
        ]
        async with connected(uri) as client:
            assert (await ask(client, START, *chunks, STOP)).type == "detection"

    serve(library, talk)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate": 10},
        {"rate": 10**9},
        {"rate": "x"},
        {"width": 7},
        {"channels": 0},
        {"channels": None},
    ],
)
def test_absurd_audio_is_an_error_and_harms_nothing(
    library: SoundLibrary, wrong: dict[str, Any]
) -> None:
    """It is told once, not for each chunk, and the connection goes on."""

    async def talk(server: Server, uri: str) -> None:
        bad = Event("audio-chunk", {"rate": RATE, "width": 2, "channels": 1, **wrong}, b"abcd")
        async with connected(uri) as client:
            event = await ask(client, START, bad, bad, bad)
            assert event.type == "error"
            assert event.data["code"] == "bad-audio"
            assert (await ask(client, START, *audio_chunks(HEARD), STOP)).type == "detection"

    serve(library, talk)


def test_half_samples_are_an_error(library: SoundLibrary) -> None:
    """A payload that ends within a sample is refused, instead of shifting what follows."""

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as client:
            event = await ask(client, AudioChunk(RATE, 2, 1, b"abc").event())
            assert event.type == "error"

    serve(library, talk)


def test_what_is_not_for_us_is_passed_over(library: SoundLibrary) -> None:
    """Events of other services, and odd values in ours, end nothing."""

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as client:
            odd = [
                Event("transcribe", {"language": "en"}),
                Event("select-program", {"name": "other"}),
                Event("audio-start", {}),
                Event("audio-start", {"timestamp": 10**400}),
                Event("audio-stop", {"timestamp": "x"}),
            ]
            assert (await ask(client, *odd)).type == "not-detected"
            assert client._writer is not None
            client._writer.write(b'{"type": "ping", "data": {"text": "a\\ud800"}}\n')
            assert (await ask(client)).data == {"text": "a?"}
            assert (await ask(client, Event("ping", {"text": [1]}))).data == {"text": None}

    serve(library, talk)


def test_end_without_audio_stop_is_an_end(library: SoundLibrary) -> None:
    """A client that only closes its side gets what was heard until then, then the end."""

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as client:
            for event in audio_chunks(HEARD[: round(1.33 * RATE)]):
                await client.write_event(event)
            assert client._writer is not None
            client._writer.write_eof()
            event = await ask(client)
            assert event.type == "detection"
            assert await client.read_event() is None
        await wait_until_async(lambda: server.clients == 0)

    serve(library, talk)
