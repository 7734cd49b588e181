"""A service on a real port, and what clients say to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import numpy as np
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.event import Event
from wyoming.info import Describe, Info

from runtime.services.wyoming.announce import Address
from runtime.services.wyoming.client import Limits
from runtime.services.wyoming.server import Server
from runtime.services.wyoming.sounds import Sounds
from tests.waiting import TIMEOUT_SECONDS
from wakeword.audio.frames import FloatArray
from wakeword.library.library import SoundLibrary
from wakeword.testing import RATE, ToneEncoder, noise, placed, tone

HEARD = placed(noise(3.0), (1.0, tone(440, 0.4)))
"""Three seconds with the sound ``low`` at 1 s."""
Talk = Callable[[Server, str], Awaitable[None]]


def serve(
    library: SoundLibrary,
    talk: Talk,
    encoder: ToneEncoder | None = None,
    uri: str = "",
    limits: Limits | None = None,
) -> None:
    """Run a service, and a conversation with it."""

    async def run() -> None:
        server = Server(Sounds(library, encoder or ToneEncoder()), threads=2, limits=limits)
        address = await server.start(Address.parse(uri or "tcp://127.0.0.1:0"))
        try:
            await asyncio.wait_for(talk(server, str(address)), TIMEOUT_SECONDS)
        finally:
            await server.stop()

    asyncio.run(run())


@asynccontextmanager
async def connected(uri: str) -> AsyncIterator[AsyncClient]:
    client = AsyncClient.from_uri(uri)
    async with client:
        yield client


def audio_chunks(samples: FloatArray, *, begin: int | None = 0, size: int = 1600) -> list[Event]:
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


async def ask(client: AsyncClient, *events: Event) -> Event:
    """Send these; the next answer."""
    for event in events:
        await client.write_event(event)
    answer = await client.read_event()
    assert answer is not None
    return answer


async def known_sounds(client: AsyncClient) -> list[str]:
    """The sounds that the service tells of."""
    event = await ask(client, Describe().event())
    (program,) = Info.from_event(event).wake
    return [model.name for model in program.models]


def peer(uri: str) -> tuple[str, int]:
    address = Address.parse(uri)
    return address.host, address.port
