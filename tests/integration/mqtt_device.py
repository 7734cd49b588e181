"""A bridge that runs in this process, and a room for it to hear."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from runtime.listening.listener import WakeListener
from runtime.services.mqtt.bridge import Bridge
from runtime.services.mqtt.device import Device
from runtime.sinks._broker import parse
from tests.integration.mosquitto import Mosquitto
from tests.waiting import TIMEOUT_SECONDS
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.library.library import SoundLibrary
from wakeword.protocols import Source
from wakeword.testing import RATE, FedSource, ToneEncoder, make_library, noise, placed, tone

LOW, HIGH = tone(440, 0.4), tone(2000, 0.4)
WHISTLE = "口哨"
"""The name of the high tone."""


class Room(Source):
    """A live source that can be opened again, as a microphone can."""

    rate = RATE
    live = True

    def __init__(self, name: str = "mic") -> None:
        self.name = name
        self.heard = threading.Event()
        """Set while somebody hears it."""
        self._fed = FedSource(name=name)

    def play(self, sound: FloatArray) -> None:
        """A moment of quiet, the sound, a moment of quiet; nobody may be there to hear it."""
        if self.heard.is_set():
            self._fed.feed(placed(noise(2.0), (0.8, sound)))

    def __iter__(self) -> Iterator[AudioFrame]:
        self._fed = FedSource(name=self.name)
        self.heard.set()
        yield from self._fed

    def close(self) -> None:
        self.heard.clear()
        self._fed.close()


class Running:
    """A bridge in a thread of its own. A context manager.

    Args:
        broker: where it connects to.
        library: its sounds; 'door bell', which is low, and one with a Chinese name, high.
        sources: what it hears.
        uri: another way to the broker.
        ca: for an encrypted one.
        options: of ``Bridge``; by default it looks often and answers Home Assistant soon.
    """

    def __init__(
        self,
        broker: Mosquitto,
        library: SoundLibrary,
        sources: Sequence[Source],
        *,
        uri: str = "",
        ca: Path | None = None,
        **options: Any,
    ) -> None:
        self.listener = WakeListener(library, list(sources), encoder=ToneEncoder())
        self.device = Device("kitchen", "Kitchen")
        address, _ = parse(uri or broker.uri, ca)
        self.bridge = Bridge(
            self.listener,
            address,
            self.device,
            rng=random.Random(1),
            **{"period_seconds": 0.1, "latest_answer_seconds": 0.01, **options},
        )
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Running:
        self._thread.start()
        assert self._ready.wait(TIMEOUT_SECONDS)
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Tell it to end, and wait for that."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self.wait()

    def wait(self) -> None:
        """Wait until it has ended."""
        self._thread.join(TIMEOUT_SECONDS)
        assert not self._thread.is_alive()
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # noqa: BLE001 - carried to the test
            self.error = error

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        await self.bridge.run(self._stop)


def two_sounds(folder: Path) -> SoundLibrary:
    """A library of 'door bell', which is low, and one with a Chinese name, which is high."""
    return make_library(folder, {"door bell": LOW, WHISTLE: HIGH})


def tape(count: int) -> FloatArray:
    """So many low tones, two seconds from each other."""
    background = noise(2.0 * count + 1.0)
    return placed(background, *[(2.0 * number + 1.0, LOW) for number in range(count)])
