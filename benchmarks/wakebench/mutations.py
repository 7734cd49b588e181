"""Damaged recordings by the thousand: each must give sound or one clear error, and soon.

    python -m wakebench.mutations --count 20000 --seed 1

Valid files of every kind, made with the program ffmpeg, are changed: bytes flipped,
sizes replaced, pieces cut out, doubled, cut off or blanked. A process of its own reads them, with
a bound on its memory; what it did not survive, or took longer for than the limit, is kept.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

MOST_SECONDS = 30.0
"""What the reader may give of a file; the valid ones are 2 s long."""
MOST_MEMORY = 3 << 30
"""Bytes of address space that the reading process may have."""
SLOWEST_SECONDS = 5.0
RATE = 16_000

_ENCODED = {
    "m4a": "-c:a aac",
    "aac": "-c:a aac",
    "alac.m4a": "-c:a alac",
    "caf": "-c:a alac",
    "webm": "-c:a libopus",
    "opus": "-c:a libopus",
    "ogg": "-c:a libvorbis",
    "mka": "-c:a libvorbis",
    "mp3": "-c:a libmp3lame",
    "mp2": "-c:a mp2",
    "ts": "-c:a mp2",
    "wma": "-c:a wmav2",
    "flac": "-c:a flac",
    "oga": "-c:a flac",
    "wv": "-c:a wavpack",
    "tta": "-c:a tta",
    "ac3": "-c:a ac3",
    "spx": "-ac 1 -ar 16000 -c:a libspeex",
    "gsm.wav": "-ac 1 -ar 8000 -c:a libgsm_ms",
    "adpcm.wav": "-c:a adpcm_ms",
    "ima.wav": "-c:a adpcm_ima_wav",
    "wav": "-c:a pcm_s16le",
    "24.wav": "-c:a pcm_s24le",
    "float.wav": "-c:a pcm_f32le",
    "rf64.wav": "-c:a pcm_s16le -rf64 always",
    "au": "-c:a pcm_mulaw",
    "aiff": "-c:a pcm_s16be",
    "w64": "-c:a pcm_s16le",
    "avi": "-c:a pcm_s16le",
    "mov": "-c:a pcm_s16le",
}
"""Options of FFmpeg for the valid files, by the end of their names."""


def valid_files() -> dict[str, bytes]:
    """Files of 2 s of a rising tone, by name."""
    tone = "aevalsrc=0.3*sin(2*PI*(300+400*t)*t)|0.2*sin(2*PI*(300+400*t)*t):s=48000:d=2"
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, options in _ENCODED.items():
            path = Path(folder, f"tone.{name}")
            command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", tone, *options.split()]
            subprocess.run([*command, str(path)], check=True)
            made[path.name] = path.read_bytes()
    made["chained.ogg"] = made["tone.ogg"] + made["tone.opus"]
    made["joined.mp3"] = made["tone.mp3"] * 2
    made["tagged.mp3"] = b"ID3\4\0\0\0\0\x10\0" + bytes(2048) + made["tone.mp3"]
    return made


def mutated(data: bytes, random: np.random.Generator) -> bytes:
    """The file with one to six changes."""
    changed = bytearray(data)
    for _ in range(int(random.integers(1, 7))):
        if not changed:
            break
        # Most of what can go wrong stands in the first kilobyte.
        near = min(len(changed), 1024 if random.random() < 0.6 else len(changed))
        at = int(random.integers(0, near))
        kind = random.integers(0, 8)
        if kind == 0:
            changed[at] ^= 1 << int(random.integers(0, 8))
        elif kind == 1:
            changed[at] = int(random.integers(0, 256))
        elif kind == 2:
            size = int(random.choice([0, 1, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF0]))
            order = "little" if random.random() < 0.5 else "big"
            changed[at : at + 4] = size.to_bytes(4, order)  # type: ignore[arg-type]
        elif kind == 3:
            del changed[int(random.integers(0, len(changed))) :]
        elif kind == 4:
            del changed[at : at + int(random.integers(1, 200))]
        elif kind == 5:
            piece = changed[at : at + int(random.integers(1, 2000))]
            changed[at:at] = piece
        elif kind == 6:
            count = int(random.integers(1, 500))
            changed[at : at + count] = random.bytes(min(count, len(changed) - at))
        else:
            count = int(random.integers(1, 3000))
            changed[at : at + count] = bytes(min(count, len(changed) - at))
    return bytes(changed)


def read_each(pipe: Connection) -> None:
    """In the reading process: answer each path with what became of it."""
    import logging

    from wakeword.audio.reading import Recording
    from wakeword.errors import AudioDecodeError, AudioTooLong

    logging.disable(logging.WARNING)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while path := pipe.recv():
        try:
            with Recording(path, most_seconds=MOST_SECONDS) as recording:
                got = sum(len(frame.samples) for frame in recording.blocks(1.0)) / recording.rate
                if got > MOST_SECONDS:
                    pipe.send("too much")
                else:
                    pipe.send("whole" if recording.account.complete else "in part")
        except AudioTooLong:
            pipe.send("refused as too long")
        except AudioDecodeError as error:
            lines = str(error).count("\n")
            pipe.send("an error of several lines" if lines else "one error")
        except MemoryError:
            pipe.send("out of memory")
        except Exception as error:  # noqa: BLE001  # the very thing that is looked for
            pipe.send(f"{type(error).__name__}: {error}")


GOOD = frozenset({"whole", "in part", "one error", "refused as too long"})


class _Reader:
    """The reading process, started again when it dies."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=read_each, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def __call__(self, path: Path) -> str:
        self._pipe.send(str(path))
        try:
            if self._pipe.poll(SLOWEST_SECONDS):
                return str(self._pipe.recv())
            outcome = f"took longer than {SLOWEST_SECONDS:.0f} s"
        except EOFError:
            self._process.join()
            outcome = f"crashed with {self._process.exitcode}"
        self._process.kill()
        self._start()
        return outcome

    def close(self) -> None:
        self._pipe.send("")
        self._process.join()


def run(count: int, seed: int, keep: Path | None = None) -> dict[str, Any]:
    """Read so many mutated files; how often what came of them, and which were bad.

    Args:
        count: of files.
        seed: of the mutations.
        keep: a folder for the files that were not survived.
    """
    valid = valid_files()
    names = sorted(valid)
    outcomes: Counter[str] = Counter()
    bad: list[dict[str, Any]] = []
    slowest = 0.0
    reader = _Reader()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(-len(names), count):
            name = names[number % len(names)]
            random = np.random.default_rng([seed, abs(number)])
            data = valid[name] if number < 0 else mutated(valid[name], random)
            path = Path(folder, name)
            path.write_bytes(data)
            began = time.monotonic()
            outcome = reader(path)
            if number < 0:
                if outcome != "whole":
                    raise RuntimeError(f"{name} is valid, and was: {outcome}")
                continue
            slowest = max(slowest, time.monotonic() - began)
            outcomes[outcome] += 1
            if outcome not in GOOD:
                bad.append({"number": number, "name": name, "outcome": outcome})
                if keep is not None:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{number}-{name}").write_bytes(data)
    reader.close()
    return {
        "files": count,
        "seed": seed,
        "formats": len(names),
        "slowest_seconds": round(slowest, 3),
        "outcomes": dict(outcomes.most_common()),
        "bad": bad,
    }


def main() -> None:
    """Run it, print what came out as JSON, and end with 1 when anything was bad."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for the files that were not survived")
    chosen = parser.parse_args()
    found = run(chosen.count, chosen.seed, chosen.keep)
    print(json.dumps(found, indent=2))  # noqa: T201
    sys.exit(1 if found["bad"] else 0)


if __name__ == "__main__":
    main()
