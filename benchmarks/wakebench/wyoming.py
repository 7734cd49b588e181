"""How many satellites can one machine serve? ``python -m wakebench.wyoming``.

The real service, in a process of its own and kept to some processors, hears many clients at
once. Each streams the demo's noisy minute by the clock, in chunks of 64 ms, and none of them
begins at the same moment. Every one must hear what a client that is alone hears; how late is
counted from the moment when the last of the sound was sent.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import click
import numpy as np
import soundfile
from rich.console import Console
from rich.table import Table
from wyoming.audio import AudioChunk, AudioStart
from wyoming.client import AsyncTcpClient

from enroll import enroll_files
from wakeword.embedding.weights import asset
from wakeword.encoders import DEFAULT, create_encoder

CHUNK = 1024
"""Samples; what satellites send at once."""
LAST_SECONDS = 60.0
"""How long the last answers are waited for."""


@dataclass
class Stream:
    """What one client was told."""

    heard: list[tuple[str, int]] = field(default_factory=list)
    """Sound and milliseconds."""
    late_ms: list[float] = field(default_factory=list)


async def play(port: int, pcm: bytes, rate: int, *, wait: float, realtime: bool) -> Stream:
    """Stream a recording and note the answers."""
    stream = Stream()
    await asyncio.sleep(wait)
    async with AsyncTcpClient("127.0.0.1", port) as client:
        await client.write_event(AudioStart(rate, 2, 1).event())
        begin = time.perf_counter()
        listening = asyncio.create_task(_note(client, stream, begin))
        for offset in range(0, len(pcm), 2 * CHUNK):
            at = offset / 2 / rate
            data = pcm[offset : offset + 2 * CHUNK]
            if realtime:  # a chunk is sent when its last sample has been recorded
                end = at + len(data) / 2 / rate
                await asyncio.sleep(max(0.0, begin + end - time.perf_counter()))
            await client.write_event(AudioChunk(rate, 2, 1, data, round(at * 1000)).event())
        assert client._writer is not None
        client._writer.write_eof()
        await asyncio.wait_for(listening, LAST_SECONDS)
    return stream


async def _note(client: AsyncTcpClient, stream: Stream, begin: float) -> None:
    while (event := await client.read_event()) is not None:
        at = int(event.data["timestamp"])
        stream.heard.append((str(event.data["name"]), at))
        stream.late_ms.append((time.perf_counter() - begin) * 1000 - at)


async def play_all(port: int, pcm: bytes, rate: int, streams: int) -> list[Stream]:
    """All clients by the clock, one a little after the other."""
    shift = 0.1 * CHUNK / rate
    return await asyncio.gather(
        *(play(port, pcm, rate, wait=n * shift, realtime=True) for n in range(streams))
    )


def enroll_demo(library: Path, encoder: str) -> None:
    """Enroll the sounds that ship."""
    for name in ("whistle", "double knock"):
        takes = sorted(asset("demo").glob(f"{name.replace(' ', '_')}_*.flac"))
        enroll_files(library, create_encoder(encoder), name, takes, encoder_spec=encoder)


class Service:
    """``wakesound wyoming`` on some processors.

    Args:
        library: with the sounds.
        log: where its warnings go.
        processors: those that it may use.
    """

    def __init__(self, library: Path, log: IO[str], processors: set[int]) -> None:
        serve = ["wyoming", "--uri", "tcp://127.0.0.1:0", "--library", str(library)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "runtime", *serve],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, processors),
        )
        assert self._process.stdout is not None
        found = re.search(r"tcp://127\.0\.0\.1:(\d+)", self._process.stdout.readline())
        if not found:
            raise click.ClickException("the service did not start")
        self.port = int(found[1])

    def cpu_seconds(self) -> float:
        """Processor time so far."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> float:
        """End it; the most memory that it had, in MB."""
        self._process.terminate()
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_maxrss / 1024


@click.command()
@click.option("--streams", default=20, show_default=True, help="Clients at once.")
@click.option("--processors", default=2, show_default=True, help="That the service may use.")
@click.option("--seconds", default=60.0, show_default=True, help="Length of each stream.")
@click.option("--encoder", default=DEFAULT, show_default=True, help="As in 'wakesound enroll'.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the figures as JSON.")
def main(streams: int, processors: int, seconds: float, encoder: str, out: Path | None) -> None:
    """Measure many simultaneous streams over Wyoming."""
    samples, rate = soundfile.read(asset("demo", "noisy_minute.flac"), dtype="float32")
    samples = samples[: round(seconds * rate)]
    seconds = len(samples) / rate
    pcm = np.clip(samples * 32767, -32768, 32767).astype("<i2").tobytes()
    chosen = set(sorted(os.sched_getaffinity(0))[:processors])
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryFile("w+") as log:
        enroll_demo(Path(name), encoder)
        service = Service(Path(name), log, chosen)
        try:
            alone = asyncio.run(play(service.port, pcm, rate, wait=0.0, realtime=False))
            before = service.cpu_seconds()
            together = asyncio.run(play_all(service.port, pcm, rate, streams))
            used = service.cpu_seconds() - before
        finally:
            peak_mb = service.stop()
        log.seek(0)
        dropped = log.read().count("too slow to hear")
    late = np.sort([late for stream in together for late in stream.late_ms] or [np.nan])
    figures = {
        "streams": streams,
        "processors": len(chosen),
        "seconds": seconds,
        "events_of_each": len(alone.heard),
        "streams_that_heard_something_else": sum(s.heard != alone.heard for s in together),
        "times_that_audio_was_dropped": dropped,
        "late_ms_median": round(float(np.median(late)), 1),
        "late_ms_95_percent": round(float(np.percentile(late, 95)), 1),
        "late_ms_most": round(float(late[-1]), 1),
        "share_of_one_processor": round(used / seconds, 3),
        "peak_mb": round(peak_mb, 1),
    }
    _show(figures, out)


def _show(figures: dict[str, float], out: Path | None) -> None:
    table = Table(title="wakesound wyoming, streams by the clock")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), str(value))
    Console().print(table)
    if out:
        out.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
