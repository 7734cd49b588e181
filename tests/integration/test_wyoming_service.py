"""``wakesound wyoming`` as people run it: a process, real recordings, the real client."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import soundfile

pytest.importorskip("wyoming", reason="the extra 'wyoming' is not installed")

from wyoming.audio import AudioChunk
from wyoming.event import Event, read_event, write_event
from wyoming.info import Describe

from tests.integration.cli_process import command, wakesound
from tests.integration.wyoming_service import (
    RATE,
    Talk,
    enroll_demo,
    noisy_minute,
    pcm,
    service,
    talking,
)
from tests.waiting import TIMEOUT_SECONDS, wait_until
from wakeword.library.library import SoundLibrary

pytestmark = pytest.mark.slow

HEARD = noisy_minute(12.0, 17.0)
"""A whistle at 13.9 s."""
INPUTS = int(os.environ.get("WAKESOUND_FUZZ", "2000"))
"""Malformed inputs that one test sends."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped sounds, enrolled with the encoder that ships."""
    folder = tmp_path_factory.mktemp("wyoming") / "library"
    enroll_demo(folder, "whistle", "double knock")
    return folder


def _run(*talks: object) -> None:
    async def run() -> None:
        await asyncio.wait_for(asyncio.gather(*talks), 2 * TIMEOUT_SECONDS)  # type: ignore[call-overload]

    asyncio.run(run())


def _quiet(ended: tuple[int, str]) -> None:
    """It ended well and had nothing to say."""
    assert ended == (0, "")


async def _hear(uri: str) -> None:
    """Hear the whistle, as one who says everything that the protocol has."""
    async with talking(uri) as talk:
        program = await talk.program()
        assert [model.name for model in program.models] == ["double knock", "whistle"]
        await talk.detect("whistle")
        await talk.stream(HEARD, begin=12.0)
        event = await talk.answer()
        assert event.type == "detection"
        assert event.data["name"] == "whistle"
        assert 13_899 < event.data["timestamp"] < 15_000


async def _hear_like_home_assistant(uri: str) -> None:
    """Hear the whistle on a new connection that just ends, without ``audio-stop``."""
    async with talking(uri) as talk:
        await talk.stream(HEARD, begin=12.0, chunk_seconds=0.01, stop=False)
        event = await talk.answer()
        assert event.type == "detection"
        assert event.data["name"] == "whistle"


def test_tcp(library: Path) -> None:
    """Two clients at once over TCP; SIGTERM ends the service cleanly."""
    with service(library) as served:
        assert served.says == "with double knock, whistle. Ctrl-C ends."
        _run(_hear(served.uri), _hear_like_home_assistant(served.uri))
        _quiet(served.stop())


def test_wakes_are_remembered(library: Path, tmp_path: Path) -> None:
    """'wakesound history' shows what a client's stream set off, and with --no-history nothing."""
    for number, options in enumerate([(), ("--no-history",)]):
        folder = tmp_path / str(number)
        with service(library, "--history", str(folder), *options) as served:
            _run(_hear(served.uri))
            _quiet(served.stop())
        shown = wakesound("history", "--json", "--history", folder, "--library", library)
        wakes = [entry for entry in json.loads(shown.stdout) if entry["kind"] == "wake"]
        expected = [] if options else [("whistle", "wyoming:127.0.0.1")]
        assert [(wake["sound"], wake["source"]) for wake in wakes] == expected


def test_unix(library: Path, tmp_path: Path) -> None:
    """The same over a Unix socket, which is gone afterwards; Ctrl-C ends it as well."""
    path = tmp_path / "w.sock"
    with service(library, uri=f"unix://{path}") as served:
        _run(_hear(served.uri), _hear(served.uri))
        served.process.send_signal(signal.SIGINT)
        _, errors = served.process.communicate(timeout=TIMEOUT_SECONDS)
        assert (served.process.returncode, errors) == (0, "")
        assert not path.exists()


def test_stdio(library: Path) -> None:
    """The same through pipes, and the service ends when its peer does."""
    audio = AudioChunk(RATE, 2, 1, pcm(HEARD), 12_000).event()
    sent = io.BytesIO()
    for event in (Describe().event(), audio):
        write_event(event, sent)
    done = subprocess.run(
        command("wyoming", "--uri", "stdio://", "--library", library),
        input=sent.getvalue(),
        capture_output=True,
        timeout=2 * TIMEOUT_SECONDS,
    )
    told = io.BytesIO(done.stdout)
    info, detection = read_event(told), read_event(told)
    assert info is not None
    assert info.type == "info"
    assert detection is not None
    assert detection.data["name"] == "whistle"
    assert 13_899 < detection.data["timestamp"] < 15_000
    assert read_event(told) is None
    assert done.returncode == 0
    assert done.stderr.startswith(b"Serving stdio:// with double knock, whistle.")


def test_whole_recording_is_heard_in_order(library: Path, tmp_path: Path) -> None:
    """What the service finds in a recording is what 'wakesound listen' finds in it."""
    recording, path = noisy_minute(12.0, 36.0), tmp_path / "recording.wav"
    soundfile.write(path, recording, RATE)
    lines = wakesound("listen", "--library", library, "--source", path, "--json").stdout
    events = [json.loads(line) for line in lines.splitlines()[:-1]]
    wanted = [(event["sound"], int(event["end"] * 1000)) for event in events]
    assert {name for name, _ in wanted} == {"whistle", "double knock"}

    async def talk(uri: str) -> None:
        async with talking(uri) as talk:
            sending = asyncio.create_task(_send_all(talk))
            heard = []
            while (event := await talk.client.read_event()) is not None:
                heard.append((event.data["name"], event.data["timestamp"]))
            await sending
            assert [name for name, _ in heard] == [name for name, _ in wanted]
            for (_, got), (_, true) in zip(heard, wanted, strict=True):
                assert abs(got - true) <= 1

    async def _send_all(talk: Talk) -> None:
        await talk.stream(recording, chunk_seconds=1024 / RATE, stop=False)
        assert talk.client._writer is not None
        talk.client._writer.write_eof()

    with service(library) as served:
        _run(talk(served.uri))
        _quiet(served.stop())


def test_enrolled_during_a_connection(tmp_path: Path) -> None:
    """The service begins without sounds, and hears the first one without a restart."""
    library = tmp_path / "library"

    async def talk(uri: str) -> None:
        async with talking(uri) as talk:
            program = await talk.program()
            assert program.models == []
            assert "wakesound enroll" in (program.description or "")
            await talk.detect("whistle")
            assert (await talk.answer()).type == "error"
            await asyncio.to_thread(enroll_demo, library, "whistle")
            while not (await talk.program()).models:
                await asyncio.sleep(0.05)
            await talk.stream(HEARD)
            assert (await talk.answer()).data["name"] == "whistle"
            SoundLibrary(library).remove("whistle")
            while (await talk.program()).models:
                await asyncio.sleep(0.05)
            await talk.stream(HEARD)
            assert (await talk.answer()).type == "not-detected"

    with service(library) as served:
        assert "no sounds are enrolled yet" in served.says.lower()
        _run(talk(served.uri))
        _quiet(served.stop())


def test_answers_while_clients_flood_stall_and_send_garbage(library: Path) -> None:
    """Thousands of malformed inputs, floods and half-open connections: the others go on.

    The process neither ends nor grows, and its log stays readable.
    """

    async def garbage(uri: str, count: int) -> None:
        host, port = uri.removeprefix("tcp://").split(":")
        rng = random.Random(count)
        for _ in range(count):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(malformed(rng))
            writer.write_eof()
            with contextlib.suppress(OSError):
                await reader.read()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def flood(uri: str) -> None:
        async with talking(uri) as talk:
            with contextlib.suppress(OSError):
                while True:
                    await talk.stream(HEARD, chunk_seconds=1.0, start=False, stop=False)

    async def talk(uri: str) -> None:
        host, port = uri.removeprefix("tcp://").split(":")
        half_open = [socket.create_connection((host, int(port))) for _ in range(5)]
        half_open[0].sendall(b'{"type": "audio-chunk", "payload_length": 9}\n')
        flooding = [asyncio.create_task(flood(uri)) for _ in range(2)]
        for count in (19, 20, 21):
            await garbage(uri, count)
            await _hear(uri)
        for task in flooding:
            task.cancel()
        await asyncio.gather(*flooding, return_exceptions=True)
        await asyncio.gather(*(garbage(uri, INPUTS // 8 + i) for i in range(8)))
        for connection in half_open:
            connection.close()
        await _hear(uri)

    with service(library) as served:
        _run(_hear(served.uri))
        before = _memory_kib(served.process.pid)
        asyncio.run(asyncio.wait_for(talk(served.uri), 50 + INPUTS / 100))
        assert _memory_kib(served.process.pid) - before < 100_000
        status, log = served.stop()
        assert status == 0
        assert "Traceback" not in log
        assert "is not Wyoming" in log
        assert len(log.splitlines()) < 60


def malformed(rng: random.Random) -> bytes:
    """Something that is no Wyoming event, or only nearly one."""
    whole = bytearray(b'{"type": "audio-chunk", "data": {"rate": 16000, "width": 2, "channels": 1}')
    whole += b', "payload_length": 64}\n' + rng.randbytes(64)
    kind = rng.randrange(5)
    if kind == 0:
        return rng.randbytes(rng.randrange(1, 400))
    if kind == 1:
        return bytes(whole[: rng.randrange(1, len(whole))])
    if kind == 2:
        for _ in range(rng.randrange(1, 6)):
            whole[rng.randrange(len(whole))] = rng.randrange(256)
        return bytes(whole)
    if kind == 3:
        values = ["-1", "1e99", "[]", "{}", '"x"', "null", "true", "99999999999999999999", "NaN"]
        keys = ["rate", "width", "channels", "timestamp", "data_length", "payload_length", "names"]
        pairs = ", ".join(f'"{key}": {rng.choice(values)}' for key in rng.sample(keys, 3))
        kinds = ["audio-chunk", "audio-start", "audio-stop", "detect", "describe", "ping"]
        outside = rng.choice([pairs, '"data": {' + pairs + "}"])
        return f'{{"type": "{rng.choice(kinds)}", {outside}}}\n'.encode()
    return b"[" * rng.randrange(1, 70_000) + b"\n"


def _memory_kib(process_id: int) -> int:
    status = Path(f"/proc/{process_id}/status")
    if not status.exists():
        return 0
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1])


def test_silent_peer_does_not_hold_up_the_end(library: Path) -> None:
    """A half-open connection and a client that never reads: SIGTERM still ends it soon."""
    with service(library) as served:
        host, port = served.uri.removeprefix("tcp://").split(":")
        with (
            socket.create_connection((host, int(port))) as one,
            socket.create_connection((host, int(port))) as two,
        ):
            one.sendall(b'{"type": "audio-chunk", "payload_length": 100}\nabc')
            two.sendall(b'{"type": "describe"}\n' * 2000)
            time.sleep(0.2)
            begin = time.monotonic()
            _quiet(served.stop())
            assert time.monotonic() - begin < TIMEOUT_SECONDS / 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--uri", "http://127.0.0.1:1"], "no address that can be served"),
        (["--uri", "tcp://127.0.0.1"], "tcp://127.0.0.1:10400"),
        (["--uri", "unix:///nowhere/at/all.sock"], "cannot be served"),
        (["--uri", "unix:///tmp/x.sock", "--zeroconf"], "needs tcp://"),
        (["--uri", "tcp://127.0.0.1:0", "--encoder", "nothing"], "nothing"),
    ],
)
def test_what_cannot_be_served_is_one_line(library: Path, options: list[str], says: str) -> None:
    """Bad usage is told in a line on stderr, with exit status 2."""
    done = wakesound("wyoming", "--library", library, *options)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_zeroconf_announces_the_real_address(library: Path) -> None:
    """Home Assistant is told where the service is, with its real port and never 0.0.0.0."""
    pytest.importorskip("zeroconf", reason="the extra 'wyoming' is not installed")
    from zeroconf import ServiceBrowser, Zeroconf

    found: list[tuple[list[str], int | None]] = []

    class Listener:
        def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            info = zc.get_service_info(type_, name)
            if info is not None:
                found.append((info.parsed_addresses(), info.port))

        def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            self.add_service(zc, type_, name)

        def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            pass

    with service(library, "--zeroconf", "--verbose", uri="tcp://0.0.0.0:0") as served:
        port = int(served.uri.rpartition(":")[2])
        browser = Zeroconf()
        try:
            ServiceBrowser(browser, "_wyoming._tcp.local.", Listener())  # type: ignore[arg-type]
            wait_until(lambda: any(at == port for _, at in found), timeout_seconds=20)
        except AssertionError:
            if "cannot be announced" in served.stop()[1]:
                pytest.skip("this machine has no multicast")
            raise
        finally:
            browser.close()
        assert served.stop()[0] == 0
    (addresses,) = [addresses for addresses, at in found if at == port][:1]
    assert addresses
    assert "0.0.0.0" not in addresses


def test_broken_events_in_a_pipe(library: Path) -> None:
    """A pipe that is not Wyoming ends the service with a warning, not with a traceback."""
    done = wakesound("wyoming", "--uri", "stdio://", "--library", library, stdin=b"hello\n")
    assert done.returncode == 0
    assert "is not Wyoming" in done.stderr
    assert "Traceback" not in done.stderr
    assert Event("error").type in done.stdout
