"""From recordings to wake events through the command line, each call a process of its own."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
import soundfile

from tests.integration.cli_process import LENIENT, running, wakesound, write_recordings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings, and ``library`` with the whistle and the knock."""
    folder = tmp_path_factory.mktemp("cli")
    write_recordings(folder)
    for name in ("whistle", "knock"):
        files = sorted(folder.glob(f"{name}?.wav"))
        done = wakesound("enroll", name, *files, "--library", folder / "library")
        assert done.returncode == 0, done.stderr
    return folder


def _listen(folder: Path, *arguments: str | Path, stdin: bytes = b"") -> list[dict[str, object]]:
    done = wakesound(
        "listen", "--library", folder / "library", "--json", LENIENT, *arguments, stdin=stdin
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _heard(events: list[dict[str, object]]) -> list[tuple[object, ...]]:
    return [(e.get("sound"), e.get("start"), e.get("end"), e.get("score")) for e in events]


def test_two_runs_print_the_same_lines(folder: Path) -> None:
    """Enroll, listen, listen again: the right sounds at the right times, twice the same lines."""
    source = f"file:{folder / 'stream.wav'}"
    runs = [_listen(folder, "--source", source) for _ in range(2)]
    assert runs[0] == runs[1]
    assert [event.get("sound") for event in runs[0]] == ["whistle", "knock", "whistle", None]
    recordings = runs[0][-1].pop("recordings")
    assert recordings == [
        {"source": source, "heard_seconds": 17.0, "stated_seconds": 17.0, "complete": True}
    ]
    assert runs[0][-1] == {"event": "end", "seconds": 17.0, "frames_dropped": 0}


def test_raw_samples_on_stdin_are_the_same_stream(folder: Path) -> None:
    """16-bit PCM piped into '-' gives the events of the file it came from."""
    pcm, _ = soundfile.read(folder / "stream.wav", dtype="int16")
    piped = _listen(folder, "--source", "-", stdin=pcm.tobytes())
    assert _heard(piped) == _heard(_listen(folder, "--source", folder / "stream.wav"))
    assert {event.get("source") for event in piped[:-1]} == {"stdin"}


def test_hook_is_run_with_the_event(folder: Path, tmp_path: Path) -> None:
    """'--on NAME=shell:...' runs the command for that sound only, with the event at hand."""
    hook = f'printf "%s %s\\n" "$WAKESOUND_SOUND" "$WAKESOUND_START" >> {tmp_path / "hook"}'
    events = _listen(folder, "--source", folder / "stream.wav", "--on", f"Whistle=shell:{hook}")
    expected = [f"whistle {event['start']}" for event in events if event.get("sound") == "whistle"]
    assert (tmp_path / "hook").read_text().splitlines() == expected
    assert len(expected) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_a_realtime_listen_cleanly(folder: Path, number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C end with the end line and status 0; what was heard was told at once."""
    arguments = ("listen", "--library", folder / "library", "--json", LENIENT, "--realtime")
    with running(*arguments, "--source", folder / "live.wav") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["sound"] == "knock"
        process.send_signal(number)
        end = json.loads(process.stdout.read().splitlines()[-1])
        assert end["event"] == "end"
        assert 0.7 < end["seconds"] < 17
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_reader_that_leaves_ends_it_quietly(folder: Path) -> None:
    """In 'wakesound listen --json | head -1', nobody complains about the pipe."""
    arguments = ("listen", "--library", folder / "library", "--json", LENIENT, "--realtime")
    with running(*arguments, "--source", folder / "live.wav") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["sound"] == "knock"
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_source_that_breaks_off_is_told_at_the_end(folder: Path) -> None:
    """One of two sources fails: the other is heard to its end, a line is told, the status is 2."""
    done = wakesound(
        *("listen", "--library", folder / "library", "--json", LENIENT),
        *("--source", folder / "stream.wav", "--source", "-"),
        stdin=b"\0" * 31_999,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line.get("sound") for line in lines] == ["whistle", "knock", "whistle", None]
    assert done.returncode == 2
    assert "stdin failed: standard input ended in the middle of a sample" in done.stderr
    assert done.stderr.count("\n") == 1


def test_broken_stream_has_no_end_line(folder: Path) -> None:
    """When the only source fails, there is one line on stderr, no end line, and status 2."""
    done = wakesound(
        "listen", "--library", folder / "library", "--json", "--source", "-", stdin=b"\0" * 31_999
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "ended in the middle of a sample" in done.stderr
    assert done.stderr.count("\n") == 1


def test_sounds_enrolled_meanwhile_are_heard(folder: Path, tmp_path: Path) -> None:
    """A listener that runs hears a sound that is enrolled while it listens."""
    library = tmp_path / "library"
    whistles, knocks = (sorted(folder.glob(f"{name}?.wav")) for name in ("whistle", "knock"))
    assert wakesound("enroll", "knock", *knocks, "--library", library).returncode == 0
    arguments = ("listen", "--library", library, "--json", LENIENT, "--realtime")
    with running(*arguments, "--source", folder / "live.wav") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["sound"] == "knock"
        assert wakesound("enroll", "whistle", *whistles, "--library", library).returncode == 0
        assert json.loads(process.stdout.readline())["sound"] == "whistle"
        process.terminate()
        assert process.stdout.read().splitlines()[-1].startswith('{"event": "end"')
    assert process.returncode == 0
