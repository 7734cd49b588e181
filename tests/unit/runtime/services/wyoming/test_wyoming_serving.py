"""Addresses that are served, and the end of the service."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

pytest.importorskip("wyoming", reason="the extra 'wyoming' is not installed")
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
    peer,
    serve,
)
from wakeword.errors import ServiceError
from wakeword.library.library import SoundLibrary
from wakeword.testing import RATE, ToneEncoder


def test_unix_socket_is_served_and_removed(library: SoundLibrary, tmp_path: Path) -> None:
    """A stale socket is replaced; one in use, or another file, is left alone."""
    path = tmp_path / "w.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as client:
            assert (await ask(client, START, *audio_chunks(HEARD), STOP)).type == "detection"
        second = Server(Sounds(library, ToneEncoder()))
        with pytest.raises(ServiceError, match="another program"):
            await second.start(Address.parse(uri))
        await second.stop()
        async with connected(uri) as client:
            assert await known_sounds(client) == ["High", "low"]

    serve(library, talk, uri=f"unix://{path}")
    assert not path.exists()
    path.write_text("mine")
    with pytest.raises(ServiceError, match="no socket"):
        serve(library, talk, uri=f"unix://{path}")
    assert path.read_text() == "mine"


def test_taken_port_is_an_error(library: SoundLibrary) -> None:
    """The message names the address and the reason."""

    async def talk(server: Server, uri: str) -> None:
        pass

    with socket.create_server(("127.0.0.1", 0)) as other:
        uri = f"tcp://127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(ServiceError, match=rf"{uri} cannot be served: .*in use"):
            serve(library, talk, uri=uri)
    with pytest.raises(ServiceError, match="cannot be served"):
        serve(library, talk, uri="tcp://no-such-host.invalid:1")


def test_stop_ends_all_connections(library: SoundLibrary) -> None:
    """Stopping works in the middle of a stream, and twice, and leaves nothing open."""

    async def talk(server: Server, uri: str) -> None:
        async with connected(uri) as client, connected(uri) as other:
            assert await known_sounds(other) == ["High", "low"]
            for event in audio_chunks(HEARD[:RATE]):
                await client.write_event(event)
            await server.stop()
            assert server.clients == 0
            assert await client.read_event() is None
            assert await other.read_event() is None
        with pytest.raises(OSError, match=r"refused|Connect"):
            await asyncio.open_connection(*peer(uri))

    serve(library, talk)
