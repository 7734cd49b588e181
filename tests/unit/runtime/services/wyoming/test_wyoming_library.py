"""Sounds that come, change and go while clients are connected."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

pytest.importorskip("wyoming", reason="the extra 'wyoming' is not installed")
from wyoming.info import Describe, Info
from wyoming.wake import Detect

from runtime.listening import watch
from runtime.services.wyoming.announce import Address
from runtime.services.wyoming.server import Server
from runtime.services.wyoming.sounds import Sounds
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
from tests.waiting import TIMEOUT_SECONDS
from wakeword.errors import ConfigError
from wakeword.library.library import SoundLibrary
from wakeword.testing import ToneEncoder, make_library, tone


def test_sounds_come_and_go_during_a_connection(
    library: SoundLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is enrolled, renamed or removed counts without a restart or a new connection."""
    monkeypatch.setattr(watch, "PERIOD_SECONDS", 0.02)

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as client:
            event = await ask(client, Detect(["deep"]).event())
            assert event.type == "error"
            assert (await ask(client, START, *audio_chunks(HEARD), STOP)).type == "not-detected"
            library.rename("low", "Deep")
            while await known_sounds(client) != ["Deep", "High"]:
                await asyncio.sleep(0.01)
            event = await ask(client, START, *audio_chunks(HEARD), STOP)  # as it was asked for
            assert event.data["name"] == "Deep"
            library.remove("deep")
            while await known_sounds(client) != ["High"]:
                await asyncio.sleep(0.01)
            assert (await ask(client, START, *audio_chunks(HEARD), STOP)).type == "not-detected"

    serve(library, talk)


def test_empty_library_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is an answer with a hint, and the first sound is heard once it is enrolled."""
    monkeypatch.setattr(watch, "PERIOD_SECONDS", 0.02)

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as client:
            event = await ask(client, Describe().event())
            (program,) = Info.from_event(event).wake
            assert program.models == []
            assert "wakesound enroll" in (program.description or "")
            event = await ask(client, Detect(["low"]).event())
            assert "wakesound enroll" in event.data["text"]
            assert (await ask(client, START, *audio_chunks(HEARD), STOP)).type == "not-detected"
            make_library(tmp_path / "library", {"low": tone(440, 0.4)})
            while await known_sounds(client) != ["low"]:
                await asyncio.sleep(0.01)
            assert (await ask(client, START, *audio_chunks(HEARD), STOP)).type == "detection"

    serve(SoundLibrary(tmp_path / "library"), talk)


def test_broken_library_is_served_and_mended(
    library: SoundLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that cannot be used is told of, and used as soon as it can be."""
    monkeypatch.setattr(watch, "PERIOD_SECONDS", 0.02)
    path = library.folder / "library.json"
    whole = path.read_text()
    path.write_text("{")

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as client:
            while await known_sounds(client):
                await asyncio.sleep(0.01)
            event = await ask(client, Detect(["low"]).event())
            assert "library.json" in event.data["text"]
            path.write_text(whole)
            while await known_sounds(client) != ["High", "low"]:
                await asyncio.sleep(0.01)
            assert (await ask(client, *audio_chunks(HEARD), STOP)).type == "detection"

    serve(library, talk)


def test_info_does_not_wait_for_the_model(
    library: SoundLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the encoder loads there are answers, and audio waits for it."""
    may = threading.Event()

    def create(spec: str, device: str) -> ToneEncoder:
        assert may.wait(TIMEOUT_SECONDS)
        return ToneEncoder()

    monkeypatch.setattr("runtime.models.encoder.create_encoder", create)

    async def run() -> None:
        server = Server(Sounds(library))
        address = await server.start(Address.parse("tcp://127.0.0.1:0"))
        try:
            async with connected(str(address)) as client:
                assert await known_sounds(client) == ["High", "low"]
                event = await ask(client, Detect(["bell"]).event())
                assert event.type == "error"
                for event in (Detect().event(), START, *audio_chunks(HEARD), STOP):
                    await client.write_event(event)
                assert await known_sounds(client) == ["High", "low"]
                may.set()
                event = await ask(client)
                assert event.type == "detection"
        finally:
            may.set()
            await server.stop()

    asyncio.run(asyncio.wait_for(run(), TIMEOUT_SECONDS))


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

    asyncio.run(asyncio.wait_for(run(), TIMEOUT_SECONDS))
