"""The real Wyoming service in a process of its own, and a client of the real package."""

from __future__ import annotations

import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import numpy as np
import soundfile
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.event import Event
from wyoming.info import Describe, Info, WakeProgram
from wyoming.wake import Detect

from enroll import enroll_files
from tests.integration.cli_process import running
from tests.waiting import TIMEOUT_SECONDS
from wakeword.audio.frames import FloatArray
from wakeword.encoders import create_encoder

DEMO = Path(__file__).parents[2] / "assets" / "demo"
RATE, WIDTH = 16000, 2


def enroll_demo(library: Path, *names: str) -> None:
    """Enroll some of the shipped sounds, ``whistle`` and ``double knock``."""
    for name in names:
        takes = sorted(DEMO.glob(f"{name.replace(' ', '_')}_*.flac"))
        enroll_files(library, create_encoder(), name, takes, budget_per_hour=5.0)


def noisy_minute(begin: float = 0.0, end: float = 60.0) -> FloatArray:
    """A part of the shipped recording, 16 kHz."""
    samples, rate = soundfile.read(DEMO / "noisy_minute.flac", dtype="float32")
    assert rate == RATE
    return np.asarray(samples[round(begin * rate) : round(end * rate)], np.float32)


def pcm(samples: FloatArray) -> bytes:
    """16-bit little-endian."""
    return np.clip(samples * 32767, -32768, 32767).astype("<i2").tobytes()


@contextmanager
def service(library: Path, *options: str, uri: str = "tcp://127.0.0.1:0") -> Iterator[Service]:
    """``wakesound wyoming`` on a free port."""
    with running("wyoming", "--uri", uri, "--library", library, *options) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"Serving (\S+) (.*)", line)
        assert found, (line, process.stderr and process.stderr.read())
        try:
            yield Service(process, found[1], found[2])
        finally:
            process.terminate()


class Service:
    """A running service."""

    def __init__(self, process: subprocess.Popen[str], uri: str, says: str) -> None:
        self.process = process
        self.uri = uri
        self.says = says

    def stop(self) -> tuple[int, str]:
        """Ask it to end; its exit status and what it logged."""
        self.process.terminate()
        _, errors = self.process.communicate(timeout=TIMEOUT_SECONDS)
        return self.process.returncode, errors


class Talk:
    """A conversation with the service."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client

    async def detect(self, *names: str) -> None:
        """Say which sounds are wanted."""
        await self.client.write_event(Detect(names=list(names) or None).event())

    async def stream(
        self,
        samples: FloatArray,
        *,
        chunk_seconds: float = 0.1,
        begin: float | None = 0.0,
        start: bool = True,
        stop: bool = True,
    ) -> None:
        """Send audio as fast as it is taken, with timestamps from ``begin`` seconds on."""
        if start:
            await self.client.write_event(AudioStart(RATE, WIDTH, 1).event())
        size = round(chunk_seconds * RATE)
        for offset in range(0, len(samples), size):
            time = None if begin is None else round((begin + offset / RATE) * 1000)
            data = pcm(samples[offset : offset + size])
            await self.client.write_event(AudioChunk(RATE, WIDTH, 1, data, time).event())
        if stop:
            await self.client.write_event(AudioStop().event())

    async def answer(self) -> Event:
        """The next event from the service."""
        event = await self.client.read_event()
        assert event is not None, "the service closed the connection"
        return event

    async def answers(self, *last: str) -> list[Event]:
        """All events until one of these types."""
        events = [await self.answer()]
        while events[-1].type not in last:
            events.append(await self.answer())
        return events

    async def program(self) -> WakeProgram:
        """What the service says of itself."""
        await self.client.write_event(Describe().event())
        event = await self.answer()
        (program,) = Info.from_event(event).wake
        return program


@asynccontextmanager
async def talking(uri: str) -> AsyncIterator[Talk]:
    """Connect; every answer must come within ``TIMEOUT_SECONDS``."""
    client = AsyncClient.from_uri(
        uri, connect_timeout=TIMEOUT_SECONDS, read_timeout=TIMEOUT_SECONDS
    )
    async with client:
        yield Talk(client)
