"""A satellite: the microphone is here, the listening is done elsewhere, over Wyoming.

    wakesound wyoming --uri tcp://0.0.0.0:10400        # on the machine with the sounds
    python examples/satellite.py tcp://that.machine:10400 [SOURCE]

It needs the package ``wyoming``. Recordings are played by the clock, as a microphone would.
"""

from __future__ import annotations

import asyncio
import sys
import threading

import numpy as np
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.wake import Detect, Detection, NotDetected

from runtime.sources import open_source
from wakeword.audio.frames import AudioFrame

RATE, WIDTH, CHANNELS = 16000, 2, 1


async def stream(client: AsyncClient, source: str) -> None:
    """Send what is heard, as it comes."""
    frames: asyncio.Queue[AudioFrame | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            for frame in open_source(source, RATE, realtime=True):
                loop.call_soon_threadsafe(frames.put_nowait, frame)
        finally:
            loop.call_soon_threadsafe(frames.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    await client.write_event(AudioStart(RATE, WIDTH, CHANNELS, timestamp=0).event())
    while (frame := await frames.get()) is not None:
        pcm = np.clip(np.rint(frame.samples * 32767), -32768, 32767).astype("<i2").tobytes()
        milliseconds = frame.start * 1000 // RATE
        chunk = AudioChunk(RATE, WIDTH, CHANNELS, pcm, timestamp=milliseconds)
        await client.write_event(chunk.event())
    await client.write_event(AudioStop().event())


async def answer(client: AsyncClient) -> None:
    """Print the first sound that is heard, or that there was none."""
    while (event := await client.read_event()) is not None:
        if Detection.is_type(event.type):
            detection = Detection.from_event(event)
            print(f"{(detection.timestamp or 0) / 1000:.1f} s: {detection.name}")
            return
        if NotDetected.is_type(event.type):
            print("nothing was heard")
            return
        if Error.is_type(event.type):
            sys.exit(Error.from_event(event).text)


async def main(uri: str, source: str) -> None:
    """Stream until something was heard or the source ends."""
    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Detect().event())
        sending = asyncio.create_task(stream(client, source))
        await answer(client)
        sending.cancel()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "mic"))
