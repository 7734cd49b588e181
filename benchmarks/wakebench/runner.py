"""Every system over every stream: resumable, and the same figures each time."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wakebench.identity import code_key, digest
from wakebench.material import Material, event_plans, negative_plans
from wakebench.pool import Pool
from wakebench.protocol import Library, Protocol, libraries
from wakebench.recording import recorded
from wakebench.stream import Composed, Plan, cached_audio, obtain
from wakebench.system import make_system
from wakeword.library.recordings import Take

REFUSED = "refused.json"

Shelf = tuple[str, int]
"""A library by name and how many takes of each sound are enrolled."""


@dataclass(frozen=True, eq=False)
class Heard:
    """What one system heard."""

    name: str
    calibrates: bool
    events: dict[tuple[Shelf, float], Path]
    """Where the trace is, by library and SNR."""
    negatives: dict[tuple[Shelf, int], Path]
    """Where the trace is, by library and index of the negative stream."""
    refused: dict[Shelf, tuple[str, ...]]
    """Takes that could not be enrolled, and why."""


@dataclass(frozen=True, eq=False)
class Run:
    """Everything that was heard, and what it is held against."""

    protocol: Protocol
    libraries: tuple[Library, ...]
    events: dict[tuple[str, float], Composed]
    """By library and SNR."""
    negatives: tuple[tuple[str, Composed], ...]
    """Kind of background and stream."""
    systems: tuple[Heard, ...]

    def without_audio(self) -> Run:
        """The same with empty takes: enough to count, and little to hand to another process."""
        return replace(self, libraries=tuple(lib.without_audio() for lib in self.libraries))


class Runner:
    """Composes, enrolls and listens; what the cache already holds is not done again.

    Args:
        material: what can be heard.
        protocol: how much of it is.
        specs: systems, as for :func:`wakebench.system.make_system`.
        cache: folder for streams, enrolled libraries and traces; safe to delete.
        pool: who does the work.
    """

    def __init__(
        self, material: Material, protocol: Protocol, specs: Sequence[str], cache: Path, pool: Pool
    ) -> None:
        self._protocol, self._specs, self._cache, self._pool = protocol, specs, cache, pool
        self._libraries = libraries(material.sounds, protocol)
        self._events = event_plans(material, self._libraries, protocol)
        self._negatives = negative_plans(material, protocol)
        self._takes = {
            (library.name, count): library.enroll(count)
            for library in self._libraries
            for count in protocol.enrolled
        }
        self._keys = {shelf: _takes_key(takes) for shelf, takes in self._takes.items()}
        # Once, so that code that is edited during a run cannot tear it apart.
        self._systems = {spec: make_system(spec).key for spec in specs}
        self._code = code_key("trace")

    def run(self) -> Run:
        """Do all of it."""
        plans: list[Plan] = [*(plan for _, plan in self._negatives), *self._events.values()]
        calls = ((plan, self._cache / "streams") for plan in plans)
        composed = self._pool.each("composing streams", obtain, calls)
        quiet, eventful = composed[: len(self._negatives)], composed[len(self._negatives) :]
        places = [(spec, shelf) for spec in self._specs for shelf in self._takes]
        learn = ((spec, self._takes[shelf], self._folder(spec, shelf)) for spec, shelf in places)
        self._pool.each("enrolling", enroll, learn)
        # The longest first, so that no process is left with one of them at the end.
        hear = [(stream.key, list(self._takes)) for stream in quiet]
        names = (name for name, _ in self._events)
        hear += [(s.key, self._shelves(name)) for name, s in zip(names, eventful, strict=True)]
        self._pool.each(
            "listening",
            listen,
            (
                (spec, key, self._cache, [self._places(spec, key, shelf) for shelf in shelves])
                for key, shelves in hear
                for spec in self._specs
            ),
        )
        return Run(
            self._protocol,
            tuple(self._libraries),
            dict(zip(self._events, eventful, strict=True)),
            tuple((kind, found) for (kind, _), found in zip(self._negatives, quiet, strict=True)),
            tuple(self._gather(spec, quiet, eventful) for spec in self._specs),
        )

    def _shelves(self, library: str) -> list[Shelf]:
        return [shelf for shelf in self._takes if shelf[0] == library]

    def _folder(self, spec: str, shelf: Shelf) -> Path:
        return self._cache / "libraries" / digest(self._systems[spec], self._keys[shelf])

    def _places(self, spec: str, stream: str, shelf: Shelf) -> tuple[Path, Path]:
        """Where the enrolled library is, and where the trace of a stream goes."""
        name = digest(self._systems[spec], self._code, stream, self._keys[shelf])
        return self._folder(spec, shelf), self._cache / "traces" / f"{name}.npz"

    def _gather(self, spec: str, quiet: Sequence[Composed], eventful: Sequence[Composed]) -> Heard:
        events = {
            (shelf, snr_db): self._places(spec, stream.key, shelf)[1]
            for (name, snr_db), stream in zip(self._events, eventful, strict=True)
            for shelf in self._shelves(name)
        }
        negatives = {
            (shelf, i): self._places(spec, stream.key, shelf)[1]
            for i, stream in enumerate(quiet)
            for shelf in self._takes
        }
        refused = {
            shelf: tuple(json.loads((self._folder(spec, shelf) / REFUSED).read_text()))
            for shelf in self._takes
        }
        system = make_system(spec)
        return Heard(system.name, system.calibrates, events, negatives, refused)


def enroll(spec: str, takes: Mapping[str, Sequence[Take]], folder: Path) -> None:
    """Let a system learn a library, unless it has."""
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    workplace = Path(tempfile.mkdtemp(prefix=".enrolling-", dir=folder.parent))
    try:
        refused = make_system(spec).enroll(recorded(takes), workplace)
        (workplace / REFUSED).write_text(json.dumps(refused))
        workplace.replace(folder)
    except BaseException:
        shutil.rmtree(workplace, ignore_errors=True)
        raise


def listen(spec: str, stream: str, cache: Path, places: Sequence[tuple[Path, Path]]) -> None:
    """Let a system hear a stream with each library, except those it has heard it with.

    Args:
        places: folder of each enrolled library, and where its trace goes.
    """
    missing = [(folder, path) for folder, path in places if not path.exists()]
    if not missing:
        return
    audio = cached_audio(stream, cache / "streams")
    traces = make_system(spec).hear(audio, [folder for folder, _ in missing])
    for (_, path), trace in zip(missing, traces, strict=True):
        trace.write(path)


def _takes_key(takes: Mapping[str, Sequence[Take]]) -> str:
    contents = (
        (name, [digest(take.samples.tobytes(), take.start, take.end) for take in recordings])
        for name, recordings in takes.items()
    )
    return digest(*contents)
