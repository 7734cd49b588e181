"""Many clients of the HTTP service at once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.integration.http_server import WHISTLES, Served, enrolled, serving, upload
from tests.waiting import wait_until_async
from wakeword.audio.reading import read_audio
from wakeword.audio.resampling import resample

pytest.importorskip("fastapi")

pytestmark = pytest.mark.slow

CLIENTS = 200
SECONDS = 120.0
"""How long a client waits; two slow cores have to serve all of them."""


def test_two_hundred_clients_at_once(tmp_path: Path) -> None:
    """200 readers of events and 200 classifications together: no error, every reader gets
    every event, and nothing is left behind."""
    with serving(enrolled(tmp_path / "library")) as served:
        answers, events = asyncio.run(_crowd(served))
        assert answers == Counter({200: CLIENTS})
        assert events == Counter({"whistle": CLIENTS})
        with served.client() as client:
            metrics = client.get("/metrics").text
        assert f'route="/classify",status="200"}} {float(CLIENTS)}' in metrics
        assert 'wakesound_streams{kind="events"} 0.0' in metrics


async def _crowd(served: Served) -> tuple[Counter[int], Counter[str]]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=served.url, limits=limits, timeout=SECONDS) as client:
        readers = [asyncio.create_task(_first_event(client)) for _ in range(CLIENTS)]
        await wait_until_async(lambda: served.service.feed.readers >= CLIENTS)
        asked = [_classify(client) for _ in range(CLIENTS)]
        answers, _ = await asyncio.gather(asyncio.gather(*asked), _whistle(served))
        events = await asyncio.wait_for(asyncio.gather(*readers), SECONDS)
    await wait_until_async(lambda: not served.service.feed.readers)
    return Counter(answers), Counter(events)


async def _classify(client: httpx.AsyncClient) -> int:
    form = {"labels": "whistling, dog barking, glass breaking"}
    answer = await client.post("/classify", files=upload(WHISTLES[0]), data=form)
    return answer.status_code


async def _first_event(client: httpx.AsyncClient) -> str:
    async with client.stream("GET", "/events") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                return str(json.loads(line[6:])["sound"])
    raise AssertionError("the stream ended")


async def _whistle(served: Served) -> None:
    clip = read_audio(WHISTLES[0])
    samples = resample(clip.samples, clip.rate, 16_000)
    async with connect(f"ws://127.0.0.1:{served.port}/ws") as websocket:
        await websocket.send((samples * 32767).astype("<i2").tobytes())
        await websocket.send('{"event": "end"}')
        async for _ in websocket:
            pass
