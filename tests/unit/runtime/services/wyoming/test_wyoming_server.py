"""The service on a real port, with an encoder of tones: what it answers, and to how many."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("wyoming", reason="the extra 'wyoming' is not installed")

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping
from wyoming.wake import Detect

from runtime.listening import watch
from runtime.services.wyoming import client as client_module
from runtime.services.wyoming import server as server_module
from runtime.services.wyoming.announce import Address
from runtime.services.wyoming.server import Server
from runtime.services.wyoming.sounds import Sounds
from wakeword.audio.frames import FloatArray
from wakeword.errors import ConfigError, EncoderError, ServiceError
from wakeword.library.library import SoundLibrary
from wakeword.library.records import PatternRecord
from wakeword.testing import RATE, ToneEncoder, make_library, noise, placed, tone

SECONDS = 20.0
"""Nothing takes so long unless it is broken."""
HEARD = placed(noise(3.0), (1.0, tone(440, 0.4)))
"""Three seconds with the sound ``low`` at 1 s."""
QUIET = noise(2.0)

Talk = Callable[[Server, str], Awaitable[None]]


class SlowEncoder(ToneEncoder):
    """An encoder that embeds only when it may, and can fail."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()
        self.error: Exception | None = None

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Wait, then embed."""
        assert self.may.wait(SECONDS)
        if self.error is not None:
            raise self.error
        return super().embed(windows)


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """Two sounds."""
    return make_library(tmp_path / "library", {"low": tone(440, 0.4), "High": tone(2000, 0.4)})


def _serve(
    library: SoundLibrary, talk: Talk, encoder: ToneEncoder | None = None, uri: str = ""
) -> None:
    """Run a service, and a conversation with it."""

    async def run() -> None:
        server = Server(Sounds(library, encoder or ToneEncoder()), threads=2)
        address = await server.start(Address.parse(uri or "tcp://127.0.0.1:0"))
        try:
            await asyncio.wait_for(talk(server, str(address)), SECONDS)
        finally:
            await server.stop()

    asyncio.run(run())


@asynccontextmanager
async def _connected(uri: str) -> AsyncIterator[AsyncClient]:
    client = AsyncClient.from_uri(uri)
    async with client:
        yield client


def _chunks(samples: FloatArray, *, begin: int | None = 0, size: int = 1600) -> list[Event]:
    data = np.clip(samples * 32767, -32768, 32767).astype("<i2")
    return [
        AudioChunk(
            RATE,
            2,
            1,
            data[offset : offset + size].tobytes(),
            None if begin is None else begin + offset * 1000 // RATE,
        ).event()
        for offset in range(0, len(data), size)
    ]


START = AudioStart(RATE, 2, 1).event()
STOP = AudioStop().event()


async def _ask(client: AsyncClient, *events: Event) -> Event:
    """Send these; the next answer."""
    for event in events:
        await client.write_event(event)
    answer = await client.read_event()
    assert answer is not None
    return answer


async def _sounds(client: AsyncClient) -> list[str]:
    """The sounds that the service tells of."""
    event = await _ask(client, Describe().event())
    (program,) = Info.from_event(event).wake
    return [model.name for model in program.models]


# -- what it answers -----------------------------------------------------------------------


def test_sound_is_detected(library: SoundLibrary) -> None:
    """A detection has the name of the sound and the time of the stream, in milliseconds."""

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as client:
            event = await _ask(client, Detect().event(), START, *_chunks(HEARD, begin=5000), STOP)
            assert event.type == "detection"
            assert event.data["name"] == "low"
            assert 6000 < event.data["timestamp"] < 6500
            assert (await _ask(client, Ping("x").event())).data == {"text": "x"}

    _serve(library, talk)


def test_nothing_is_told_when_the_stream_ends(library: SoundLibrary) -> None:
    """``not-detected`` answers ``audio-stop`` when nothing fired, for each stream anew."""

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as client:
            for _ in range(2):
                event = await _ask(client, START, *_chunks(QUIET), STOP)
                assert event.type == "not-detected"
                event = await _ask(client, START, *_chunks(HEARD), STOP)
                assert event.type == "detection"
            assert (await _ask(client, STOP)).type == "not-detected"

    _serve(library, talk)


def test_audio_alone_is_enough(library: SoundLibrary) -> None:
    """Neither ``detect`` nor ``audio-start``, ``audio-stop`` or timestamps are needed."""

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as client:
            event = await _ask(client, *_chunks(HEARD, begin=None))
            assert event.type == "detection"
            assert 1000 < event.data["timestamp"] < 1500

    _serve(library, talk)


def test_only_wanted_sounds_are_told(library: SoundLibrary) -> None:
    """What was not asked for is not detected; case does not matter, an empty list means all."""

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as client:
            for names, told in (
                (["high"], "not-detected"),
                (["LOW"], "detection"),
                (["low", "high"], "detection"),
                ([], "detection"),
                (None, "detection"),
            ):
                event = await _ask(client, Detect(names).event(), START, *_chunks(HEARD), STOP)
                assert event.type == told, names

    _serve(library, talk)


def test_unknown_names_are_an_error_and_no_substitute(library: SoundLibrary) -> None:
    """The error lists the sounds; those that are known are listened for, and only those."""

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as client:
            event = await _ask(client, Detect(["bell", "high"]).event())
            assert event.type == "error"
            assert event.data["code"] == "unknown-sound"
            assert event.data["text"] == "there is no sound 'bell'; known: 'High', 'low'"
            event = await _ask(client, START, *_chunks(HEARD), STOP)
            assert event.type == "not-detected"
            for names in ("low", [5], {"a": 1}):
                event = await _ask(client, Event("detect", {"names": names}))
                assert event.data["code"] == "bad-request"

    _serve(library, talk)


def test_patterns_are_told_by_their_name(library: SoundLibrary) -> None:
    """Two in a row are told as that, in place of the sound."""
    library.set_patterns("low", [PatternRecord(beats=2, wait_seconds=1.0)])
    twice = placed(noise(5.0), (1.0, tone(440, 0.3)), (1.8, tone(440, 0.3)))

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as client:
            assert await _sounds(client) == ["High", "low x2"]
            for samples, told in ((twice, "low x2"), (HEARD, None)):
                event = await _ask(client, Detect(["low x2"]).event(), *_chunks(samples), STOP)
                assert event.data.get("name") == told

    _serve(library, talk)


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
        async with _connected(uri) as client:
            assert (await _ask(client, START, *chunks, STOP)).type == "detection"

    _serve(library, talk)


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
        async with _connected(uri) as client:
            event = await _ask(client, START, bad, bad, bad)
            assert event.type == "error"
            assert event.data["code"] == "bad-audio"
            assert (await _ask(client, START, *_chunks(HEARD), STOP)).type == "detection"

    _serve(library, talk)


def test_half_samples_are_an_error(library: SoundLibrary) -> None:
    """A payload that ends within a sample is refused, instead of shifting what follows."""

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as client:
            event = await _ask(client, AudioChunk(RATE, 2, 1, b"abc").event())
            assert event.type == "error"

    _serve(library, talk)


def test_what_is_not_for_us_is_passed_over(library: SoundLibrary) -> None:
    """Events of other services, and odd values in ours, end nothing."""

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as client:
            odd = [
                Event("transcribe", {"language": "en"}),
                Event("select-program", {"name": "other"}),
                Event("audio-start", {}),
                Event("audio-start", {"timestamp": 10**400}),
                Event("audio-stop", {"timestamp": "x"}),
            ]
            assert (await _ask(client, *odd)).type == "not-detected"
            assert client._writer is not None
            client._writer.write(b'{"type": "ping", "data": {"text": "a\\ud800"}}\n')
            assert (await _ask(client)).data == {"text": "a?"}
            assert (await _ask(client, Event("ping", {"text": [1]}))).data == {"text": None}

    _serve(library, talk)


def test_end_without_audio_stop_is_an_end(library: SoundLibrary) -> None:
    """A client that only closes its side gets what was heard until then, then the end."""

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as client:
            for event in _chunks(HEARD[: round(1.33 * RATE)]):
                await client.write_event(event)
            assert client._writer is not None
            client._writer.write_eof()
            event = await _ask(client)
            assert event.type == "detection"
            assert await client.read_event() is None
        await _until(lambda: server.clients == 0)

    _serve(library, talk)


async def _until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.005)


# -- sounds come and go --------------------------------------------------------------------


def test_sounds_come_and_go_during_a_connection(
    library: SoundLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is enrolled, renamed or removed counts without a restart or a new connection."""
    monkeypatch.setattr(watch, "PERIOD_SECONDS", 0.02)

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as client:
            event = await _ask(client, Detect(["deep"]).event())
            assert event.type == "error"
            assert (await _ask(client, START, *_chunks(HEARD), STOP)).type == "not-detected"
            library.rename("low", "Deep")
            while await _sounds(client) != ["Deep", "High"]:
                await asyncio.sleep(0.01)
            event = await _ask(client, START, *_chunks(HEARD), STOP)  # as it was asked for
            assert event.data["name"] == "Deep"
            library.remove("deep")
            while await _sounds(client) != ["High"]:
                await asyncio.sleep(0.01)
            assert (await _ask(client, START, *_chunks(HEARD), STOP)).type == "not-detected"

    _serve(library, talk)


def test_empty_library_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is an answer with a hint, and the first sound is heard once it is enrolled."""
    monkeypatch.setattr(watch, "PERIOD_SECONDS", 0.02)

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as client:
            event = await _ask(client, Describe().event())
            (program,) = Info.from_event(event).wake
            assert program.models == []
            assert "wakesound enroll" in (program.description or "")
            event = await _ask(client, Detect(["low"]).event())
            assert "wakesound enroll" in event.data["text"]
            assert (await _ask(client, START, *_chunks(HEARD), STOP)).type == "not-detected"
            make_library(tmp_path / "library", {"low": tone(440, 0.4)})
            while await _sounds(client) != ["low"]:
                await asyncio.sleep(0.01)
            assert (await _ask(client, START, *_chunks(HEARD), STOP)).type == "detection"

    _serve(SoundLibrary(tmp_path / "library"), talk)


def test_broken_library_is_served_and_mended(
    library: SoundLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that cannot be used is told of, and used as soon as it can be."""
    monkeypatch.setattr(watch, "PERIOD_SECONDS", 0.02)
    path = library.folder / "library.json"
    whole = path.read_text()
    path.write_text("{")

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as client:
            while await _sounds(client):
                await asyncio.sleep(0.01)
            event = await _ask(client, Detect(["low"]).event())
            assert "library.json" in event.data["text"]
            path.write_text(whole)
            while await _sounds(client) != ["High", "low"]:
                await asyncio.sleep(0.01)
            assert (await _ask(client, *_chunks(HEARD), STOP)).type == "detection"

    _serve(library, talk)


def test_info_does_not_wait_for_the_model(
    library: SoundLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the encoder loads there are answers, and audio waits for it."""
    may = threading.Event()

    def create(spec: str, device: str) -> ToneEncoder:
        assert may.wait(SECONDS)
        return ToneEncoder()

    monkeypatch.setattr("runtime.listening.assembly.create_encoder", create)

    async def run() -> None:
        server = Server(Sounds(library))
        address = await server.start(Address.parse("tcp://127.0.0.1:0"))
        try:
            async with _connected(str(address)) as client:
                assert await _sounds(client) == ["High", "low"]
                event = await _ask(client, Detect(["bell"]).event())
                assert event.type == "error"
                for event in (Detect().event(), START, *_chunks(HEARD), STOP):
                    await client.write_event(event)
                assert await _sounds(client) == ["High", "low"]
                may.set()
                event = await _ask(client)
                assert event.type == "detection"
        finally:
            may.set()
            await server.stop()

    asyncio.run(asyncio.wait_for(run(), SECONDS))


def test_encoder_that_cannot_be_loaded_ends_the_service(library: SoundLibrary) -> None:
    """What no change of the library can mend is raised."""

    async def run() -> None:
        server = Server(Sounds(library, "no such encoder"))
        await server.start(Address.parse("tcp://127.0.0.1:0"))
        try:
            with pytest.raises(ConfigError, match="no such encoder"):
                await server.wait()
        finally:
            await server.stop()

    asyncio.run(asyncio.wait_for(run(), SECONDS))


# -- many clients, and bad ones ------------------------------------------------------------


def test_clients_do_not_mix(library: SoundLibrary) -> None:
    """Each client has a stream of its own: half a sound here and half there is none."""
    high = placed(noise(3.0), (1.0, tone(2000, 0.4)))

    async def hear(uri: str, samples: FloatArray, told: str) -> None:
        async with _connected(uri) as client:
            for event in _chunks(samples):
                await client.write_event(event)
                await asyncio.sleep(0)
            assert (await _ask(client, STOP)).data.get("name") == told

    async def talk(server: Server, uri: str) -> None:
        await asyncio.gather(
            *(hear(uri, samples, told) for samples, told in [(HEARD, "low"), (high, "High")] * 5)
        )

    _serve(library, talk)


def test_garbage_closes_only_its_own_connection(
    library: SoundLibrary, caplog: pytest.LogCaptureFixture
) -> None:
    """It is answered with an error and the end, and logged in one line."""

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as client:
            for garbage in (b"GET / HTTP/1.1\r\n\r\n", b'{"type": "x", "payload_length": 1e18}\n'):
                reader, writer = await asyncio.open_connection(*_peer(uri))
                writer.write(garbage)
                assert b'"protocol"' in await reader.read()
                writer.close()
                await writer.wait_closed()
            assert await _sounds(client) == ["High", "low"]

    _serve(library, talk)
    lines = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(lines) == 1  # the second comes within the same second
    assert "client 2 (127.0.0.1) sent what is not Wyoming" in lines[0]


def _peer(uri: str) -> tuple[str, int]:
    address = Address.parse(uri)
    return address.host, address.port


def test_stalled_reader_is_closed(library: SoundLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that asks and never reads is closed, and no memory is spent on it."""
    monkeypatch.setattr(client_module, "SEND_SECONDS", 0.1)
    monkeypatch.setattr(client_module, "QUESTIONS_PER_SECOND", 10**9)

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as good:
            with socket.create_connection(_peer(uri)) as bad:
                bad.setblocking(False)
                ask, loop = b'{"type": "describe"}\n' * 1000, asyncio.get_running_loop()
                with contextlib.suppress(OSError):  # until it is closed
                    while True:
                        await loop.sock_sendall(bad, ask)
            await _until(lambda: server.clients == 1)
            assert await _sounds(good) == ["High", "low"]

    _serve(library, talk)


def test_vanished_client_is_forgotten(library: SoundLibrary) -> None:
    """A connection that is reset in the middle of an event leaves nothing behind."""

    async def talk(server: Server, uri: str) -> None:
        for data in (b"", b'{"type"', b'{"type": "audio-chunk", "payload_length": 9}\n123'):
            bad = socket.create_connection(_peer(uri))
            bad.sendall(data)
            await _until(lambda: server.clients == 1)
            linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # closing resets the connection
            bad.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            bad.close()
            await _until(lambda: server.clients == 0)

    _serve(library, talk)


def test_slow_engine_keeps_nobody_from_answers(library: SoundLibrary) -> None:
    """A client whose audio takes forever blocks neither the questions nor the memory."""
    encoder = SlowEncoder()

    async def talk(server: Server, uri: str) -> None:
        encoder.may.set()
        async with _connected(uri) as flood, _connected(uri) as other:
            await _ask(flood, *_chunks(HEARD), STOP)  # the sounds are loaded now
            encoder.may.clear()
            chunks = _chunks(np.tile(HEARD, 20))
            sending = asyncio.create_task(_send(flood, chunks * 20))
            assert await _sounds(other) == ["High", "low"]
            await asyncio.sleep(0.05)
            assert not sending.done()  # it has to wait
            assert await _sounds(other) == ["High", "low"]
            encoder.may.set()
            event = await _ask(other, *_chunks(HEARD), STOP)
            assert event.type == "detection"
            sending.cancel()

    async def _send(client: AsyncClient, events: list[Event]) -> None:
        for event in events:
            await client.write_event(event)

    _serve(library, talk, encoder)


def test_too_many_make_room(
    library: SoundLibrary, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Who floods with connections that say nothing pushes out only those."""
    monkeypatch.setattr(server_module, "MAX_CLIENTS", 5)

    async def talk(server: Server, uri: str) -> None:
        silent = [socket.create_connection(_peer(uri)) for _ in range(3)]
        async with _connected(uri) as good:
            for _ in range(20):
                assert await _sounds(good) == ["High", "low"]
                silent.append(socket.create_connection(_peer(uri)))
                await asyncio.sleep(0.001)
            assert await _sounds(good) == ["High", "low"]
            assert server.clients <= 5
        for connection in silent:
            connection.close()

    _serve(library, talk)
    assert "make room" in caplog.text


def test_questions_are_answered_at_a_pace(
    library: SoundLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of questions is slowed down, and all are answered."""
    monkeypatch.setattr(client_module, "QUESTIONS_PER_SECOND", 10)

    async def talk(server: Server, uri: str) -> None:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        async with _connected(uri) as client:
            for _ in range(25):
                await client.write_event(Ping().event())
            for _ in range(25):
                assert (await _ask(client)).type == "pong"
        assert loop.time() - begin > 1.0

    _serve(library, talk)


def test_encoder_that_fails_closes_the_connection(
    library: SoundLibrary, caplog: pytest.LogCaptureFixture
) -> None:
    """Whose audio cannot be heard is told so; the others go on."""
    encoder = SlowEncoder()
    encoder.may.set()

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as client:
            await _ask(client, START, *_chunks(HEARD), STOP)
            encoder.error = EncoderError("the model broke")
            event = await _ask(client, START, *_chunks(HEARD), STOP)
            assert event.type == "error"
            assert event.data["text"] == "the model broke"
            assert await client.read_event() is None
        encoder.error = ZeroDivisionError("a fault of ours")
        async with _connected(uri) as client:
            event = await _ask(client, START, *_chunks(HEARD), STOP)
            assert event.data["code"] == "fault"
        encoder.error = None
        async with _connected(uri) as client:
            assert (await _ask(client, START, *_chunks(HEARD), STOP)).type == "detection"

    _serve(library, talk, encoder)
    assert "the model broke" in caplog.text
    assert "a fault of ours" in caplog.text


# -- addresses -----------------------------------------------------------------------------


def test_unix_socket_is_served_and_removed(library: SoundLibrary, tmp_path: Path) -> None:
    """A stale socket is replaced; one in use, or another file, is left alone."""
    path = tmp_path / "w.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as client:
            assert (await _ask(client, START, *_chunks(HEARD), STOP)).type == "detection"
        second = Server(Sounds(library, ToneEncoder()))
        with pytest.raises(ServiceError, match="another program"):
            await second.start(Address.parse(uri))
        await second.stop()
        async with _connected(uri) as client:
            assert await _sounds(client) == ["High", "low"]

    _serve(library, talk, uri=f"unix://{path}")
    assert not path.exists()
    path.write_text("mine")
    with pytest.raises(ServiceError, match="no socket"):
        _serve(library, talk, uri=f"unix://{path}")
    assert path.read_text() == "mine"


def test_taken_port_is_an_error(library: SoundLibrary) -> None:
    """The message names the address and the reason."""

    async def talk(server: Server, uri: str) -> None:
        pass

    with socket.create_server(("127.0.0.1", 0)) as other:
        uri = f"tcp://127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(ServiceError, match=rf"{uri} cannot be served: .*in use"):
            _serve(library, talk, uri=uri)
    with pytest.raises(ServiceError, match="cannot be served"):
        _serve(library, talk, uri="tcp://no-such-host.invalid:1")


def test_stop_ends_all_connections(library: SoundLibrary) -> None:
    """Stopping works in the middle of a stream, and twice, and leaves nothing open."""

    async def talk(server: Server, uri: str) -> None:
        async with _connected(uri) as client, _connected(uri) as other:
            assert await _sounds(other) == ["High", "low"]
            for event in _chunks(HEARD[:RATE]):
                await client.write_event(event)
            await server.stop()
            assert server.clients == 0
            assert await client.read_event() is None
            assert await other.read_event() is None
        with pytest.raises(OSError, match=r"refused|Connect"):
            await asyncio.open_connection(*_peer(uri))

    _serve(library, talk)
