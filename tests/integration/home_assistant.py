"""Home Assistant's own wake word provider, for a Python that has Home Assistant installed.

    python home_assistant.py HOST PORT SOUND < RAW_16_KHZ_PCM

Sets the service up as Home Assistant does, streams the audio in chunks of 10 ms and prints a
JSON object: the sounds that it was offered and what was detected.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import MagicMock

from homeassistant.components.wyoming.data import WyomingService  # type: ignore[import-not-found]
from homeassistant.components.wyoming.wake_word import (  # type: ignore[import-not-found]
    WyomingWakeWordProvider,
)
from homeassistant.core import HomeAssistant  # type: ignore[import-not-found]

CHUNK_BYTES = 320


async def chunks(audio: bytes) -> AsyncIterator[tuple[bytes, int]]:
    """The audio as a pipeline hands it on: 10 ms and the milliseconds so far."""
    for offset in range(0, len(audio), CHUNK_BYTES):
        yield audio[offset : offset + CHUNK_BYTES], offset // CHUNK_BYTES * 10
        await asyncio.sleep(0.001)


async def main(host: str, port: str, sound: str) -> dict[str, Any]:
    """Set the service up and listen once."""
    service = await WyomingService.create(host, int(port))
    assert service is not None, "the service did not tell about itself in time"
    with tempfile.TemporaryDirectory() as folder:
        hass = HomeAssistant(folder)
        try:
            entry = MagicMock(entry_id="wakesound")
            provider = WyomingWakeWordProvider(hass, entry, service)
            provider.hass, provider.entity_id = hass, "wake_word.wakesound"  # it stores its state
            offered = await provider.get_supported_wake_words()
            result = await provider.async_process_audio_stream(
                chunks(sys.stdin.buffer.read()), sound
            )
        finally:
            await hass.async_stop(force=True)
    return {
        "name": service.get_name(),
        "offered": [[word.id, word.name, word.phrase] for word in offered],
        "detected": result and [result.wake_word_id, result.wake_word_phrase, result.timestamp],
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))))  # noqa: T201
