"""Many clients at once, and bad ones among them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Sequence

import numpy as np
import pytest

pytest.importorskip("wyoming", reason="the extra 'wyoming' is not installed")
from wyoming.client import AsyncClient
from wyoming.event import Event
from wyoming.ping import Ping

from runtime.services.wyoming.client import Limits
from runtime.services.wyoming.server import Server
from tests.unit.runtime.services.wyoming.conversation import (
    HEARD,
    START,
    STOP,
    ask,
    audio_chunks,
    connected,
    known_sounds,
    peer,
    serve,
)
from tests.waiting import TIMEOUT_SECONDS, wait_until_async
from wakeword.audio.frames import FloatArray
from wakeword.errors import EncoderError
from wakeword.library.library import SoundLibrary
from wakeword.testing import ToneEncoder, noise, placed, tone


class SlowEncoder(ToneEncoder):
    """An encoder that embeds only when it may, and can fail."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()
        self.error: Exception | None = None

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Wait, then embed."""
        assert self.may.wait(TIMEOUT_SECONDS)
        if self.error is not None:
            raise self.error
        return super().embed(windows)


def test_clients_do_not_mix(library: SoundLibrary) -> None:
    """Each client has a stream of its own: half a sound here and half there is none."""
    high = placed(noise(3.0), (1.0, tone(2000, 0.4)))

    async def hear(uri: str, samples: FloatArray, told: str) -> None:
        async with connected(uri) as client:
            for event in audio_chunks(samples):
                await client.write_event(event)
                await asyncio.sleep(0)
            assert (await ask(client, STOP)).data.get("name") == told

    async def talk(server: Server, uri: str) -> None:
        await asyncio.gather(
            *(hear(uri, samples, told) for samples, told in [(HEARD, "low"), (high, "High")] * 5)
        )

    serve(library, talk)


def test_garbage_closes_only_its_own_connection(
    library: SoundLibrary, caplog: pytest.LogCaptureFixture
) -> None:
    """It is answered with an error and the end, and logged in one line."""

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as client:
            for garbage in (b"GET / HTTP/1.1\r\n\r\n", b'{"type": "x", "payload_length": 1e18}\n'):
                reader, writer = await asyncio.open_connection(*peer(uri))
                writer.write(garbage)
                assert b'"protocol"' in await reader.read()
                writer.close()
                await writer.wait_closed()
            assert await known_sounds(client) == ["High", "low"]

    serve(library, talk, limits=Limits(warning_seconds=3600.0))
    lines = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(lines) == 1  # the second comes too soon after it
    assert "client 2 (127.0.0.1) sent what is not Wyoming" in lines[0]


def test_stalled_reader_is_closed(library: SoundLibrary) -> None:
    """A client that asks and never reads is closed, and no memory is spent on it."""
    limits = Limits(send_seconds=0.1, questions_per_second=10**9)

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as good:
            with socket.create_connection(peer(uri)) as bad:
                bad.setblocking(False)
                questions, loop = b'{"type": "describe"}\n' * 1000, asyncio.get_running_loop()
                with contextlib.suppress(OSError):  # until it is closed
                    while True:
                        await loop.sock_sendall(bad, questions)
            await wait_until_async(lambda: server.clients == 1)
            assert await known_sounds(good) == ["High", "low"]

    serve(library, talk, limits=limits)


def test_vanished_client_is_forgotten(library: SoundLibrary) -> None:
    """A connection that is reset in the middle of an event leaves nothing behind."""

    async def talk(server: Server, uri: str) -> None:
        for data in (b"", b'{"type"', b'{"type": "audio-chunk", "payload_length": 9}\n123'):
            bad = socket.create_connection(peer(uri))
            bad.sendall(data)
            await wait_until_async(lambda: server.clients == 1)
            linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # closing resets the connection
            bad.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            bad.close()
            await wait_until_async(lambda: server.clients == 0)

    serve(library, talk)


def test_slow_engine_keeps_nobody_from_answers(library: SoundLibrary) -> None:
    """A client whose audio takes forever blocks neither the questions nor the memory."""
    encoder = SlowEncoder()
    sent = 0

    async def talk(server: Server, uri: str) -> None:
        encoder.may.set()
        async with connected(uri) as flood, connected(uri) as other:
            await ask(flood, *audio_chunks(HEARD), STOP)  # the sounds are loaded now
            encoder.may.clear()
            chunks = audio_chunks(np.tile(HEARD, 20))
            sending = asyncio.create_task(_send(flood, chunks * 20))
            before = -1
            while before < sent:  # until nothing more is taken
                before = sent
                for _ in range(10):
                    assert await known_sounds(other) == ["High", "low"]
            assert not sending.done()  # it has to wait
            encoder.may.set()
            event = await ask(other, *audio_chunks(HEARD), STOP)
            assert event.type == "detection"
            sending.cancel()

    async def _send(client: AsyncClient, events: list[Event]) -> None:
        nonlocal sent
        for event in events:
            await client.write_event(event)
            sent += 1

    serve(library, talk, encoder)


def test_too_many_make_room(library: SoundLibrary, caplog: pytest.LogCaptureFixture) -> None:
    """Who floods with connections that say nothing pushes out only those."""

    async def talk(server: Server, uri: str) -> None:
        silent = [socket.create_connection(peer(uri)) for _ in range(3)]
        async with connected(uri) as good:
            for _ in range(20):
                assert await known_sounds(good) == ["High", "low"]
                silent.append(socket.create_connection(peer(uri)))
                await asyncio.sleep(0.001)
            assert await known_sounds(good) == ["High", "low"]
            assert server.clients <= 5
        for connection in silent:
            connection.close()

    serve(library, talk, limits=Limits(clients=5))
    assert "make room" in caplog.text


def test_questions_are_answered_at_a_pace(library: SoundLibrary) -> None:
    """A flood of questions is slowed down, and all are answered."""

    async def talk(server: Server, uri: str) -> None:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        async with connected(uri) as client:
            for _ in range(25):
                await client.write_event(Ping().event())
            for _ in range(25):
                assert (await ask(client)).type == "pong"
        assert loop.time() - begin > 1.0

    serve(library, talk, limits=Limits(questions_per_second=10))


def test_encoder_that_fails_closes_the_connection(
    library: SoundLibrary, caplog: pytest.LogCaptureFixture
) -> None:
    """Whose audio cannot be heard is told so; the others go on."""
    encoder = SlowEncoder()
    encoder.may.set()

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as client:
            await ask(client, START, *audio_chunks(HEARD), STOP)
            encoder.error = EncoderError("the model broke")
            event = await ask(client, START, *audio_chunks(HEARD), STOP)
            assert event.type == "error"
            assert event.data["text"] == "the model broke"
            assert await client.read_event() is None
        encoder.error = ZeroDivisionError("a fault of ours")
        async with connected(uri) as client:
            event = await ask(client, START, *audio_chunks(HEARD), STOP)
            assert event.data["code"] == "fault"
        encoder.error = None
        async with connected(uri) as client:
            assert (await ask(client, START, *audio_chunks(HEARD), STOP)).type == "detection"

    serve(library, talk, encoder)
    assert "the model broke" in caplog.text
    assert "a fault of ours" in caplog.text
