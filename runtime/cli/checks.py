"""The questions that ``wakesound doctor`` asks, one function each."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib import import_module, metadata
from importlib.metadata import PackageNotFoundError
from typing import TYPE_CHECKING, Literal

from runtime.cli.advice import explained
from runtime.cli.options import Settings
from wakeword.errors import ConfigError, LibraryCorrupt, WakesoundError

if TYPE_CHECKING:
    from wakeword.library.library import SoundLibrary
    from wakeword.protocols import Encoder

Verdict = Literal["good", "note", "bad"]

DISTRIBUTION = "wakesound"
DEVELOPMENT = ("all", "bench", "dev", "train")
"""Extras that are no feature of their own."""
_REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")
LEAST_FREE_MB = 50
"""Below this much free disk space, enrolling may fail."""


@dataclass(frozen=True)
class Finding:
    """The answer to one question."""

    what: str
    """What was looked at, in a word or two."""
    verdict: Verdict
    """``bad`` keeps something needed from working, ``note`` something optional."""
    detail: str
    """What was found."""
    advice: str = ""
    """What to do about it."""


def requirements() -> tuple[list[str], dict[str, list[str]]]:
    """The distributions of the default install, and those of each extra.

    Those that depend on the Python version or the platform are left out. Both are empty when
    Wakesound itself is not installed.
    """
    needed: list[str] = []
    extras: dict[str, list[str]] = {}
    try:
        declared = metadata.requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return needed, extras
    for line in declared:
        requirement, _, condition = line.partition(";")
        found = _REQUIREMENT.match(requirement)
        name = found[0] if found else requirement
        if extra := _EXTRA.fullmatch(condition.strip()):
            extras.setdefault(extra[1], []).append(name)
        elif not condition:
            needed.append(name)
    return needed, extras


def python(_: Settings) -> Iterator[Finding]:
    """Is Python recent enough?"""
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    try:
        wanted = metadata.metadata(DISTRIBUTION)["Requires-Python"] or ""
    except PackageNotFoundError:
        wanted = ""
    oldest = tuple(int(number) for number in re.findall(r"\d+", wanted))
    if sys.version_info >= oldest:
        yield Finding("Python", "good", found)
    else:
        newer = ".".join(map(str, oldest))
        yield Finding("Python", "bad", found, f"install Python {newer} or newer")


def packages(_: Settings) -> Iterator[Finding]:
    """Can all packages of the default install be imported?"""
    needed, _extras = requirements()
    modules: dict[str, list[str]] = {}
    for module, distributions in metadata.packages_distributions().items():
        for distribution in distributions:
            modules.setdefault(_canonical(distribution), []).append(module)
    found = []
    for distribution in needed:
        module = max(  # the one that is called most like it
            modules.get(_canonical(distribution), [distribution]),
            key=lambda name: SequenceMatcher(None, name, distribution).ratio(),
        )
        try:
            import_module(module)
            found.append(f"{module} {metadata.version(distribution)}")
        except PackageNotFoundError:
            found.append(module)
        except Exception as error:  # noqa: BLE001 - a broken package may raise anything
            reason = f"{module}: {type(error).__name__}: {error}".splitlines()[0]
            advice = f"pip install --force-reinstall {distribution}"
            yield Finding("packages", "bad", reason, advice)
    if needed:
        yield Finding("packages", "good", ", ".join(found))
    else:
        advice = "install it: pip install -e . in its folder"
        yield Finding("packages", "note", f"{DISTRIBUTION} itself is not installed", advice)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def extras(_: Settings) -> Iterator[Finding]:
    """Which extras are installed? They are optional, so none of them is missed."""
    here: dict[str, str] = {}
    absent = []
    for extra, distributions in requirements()[1].items():
        if extra in DEVELOPMENT or _canonical(DISTRIBUTION) in map(_canonical, distributions):
            continue
        try:
            here.update({name: metadata.version(name) for name in distributions})
        except PackageNotFoundError:
            absent.append(extra)
    advice = f"if you need one: pip install 'wakesound[{','.join(absent)}]'" if absent else ""
    found = ", ".join(f"{name} {version}" for name, version in here.items())
    yield Finding("extras", "good", found or "none", advice)


def microphones(_: Settings) -> Iterator[Finding]:
    """Does the sound system answer, and with which microphones?"""
    from runtime.sources._devices import list_microphones

    try:
        found = list_microphones()
    except WakesoundError as error:
        yield Finding("microphones", "note", "cannot be used here", explained(error))
        return
    if not found:
        advice = "connect one, or pass the sound device on to this container"
        yield Finding("microphones", "note", "PortAudio works and sees none", advice)
        return
    names = ", ".join(mic.name + (" (default)" if mic.default else "") for mic in found)
    yield Finding("microphones", "good", names)


def library(settings: Settings) -> Iterator[Finding]:
    """Is every sound whole, and can the library be written?"""
    library = settings.open_library()
    yield _disk(settings)
    try:
        library.record()
    except LibraryCorrupt as error:
        yield Finding("library", "bad", str(error), "'wakesound reindex --encoder NAME' repairs it")
        return
    sounds = library.sounds()
    for folder, problem in library.problems().items():
        yield Finding(folder, "bad", str(problem), f"or: wakesound remove {folder}")
    whole = 0
    for sound in sounds:
        try:
            for take in sound.takes:
                library.take(sound.name, take.file)
                whole += 1
        except LibraryCorrupt as error:
            advice = f"or: wakesound remove '{sound.name}'"
            yield Finding(sound.name, "bad", str(error), advice)
    if not sounds:
        yield Finding("sounds", "note", "none yet", "wakesound enroll NAME [FILE...]")
        return
    yield Finding("sounds", "good", f"{len(sounds)} with {whole} whole takes")


def encoder(settings: Settings) -> Iterator[Finding]:
    """Does the encoder load, work, and fit the library?

    Raises:
        ConfigError: there is none of the name that the user asked for.
    """
    import numpy as np

    library = settings.open_library()
    spec = settings.encoder or "the library's"
    try:
        spec = settings.encoder_spec(library)
        started = time.perf_counter()
        encoder, spec = settings.open_encoder(library)
        loaded = time.perf_counter()
        count = round(encoder.window_seconds * encoder.rate)
        noise = np.random.default_rng(0).normal(0, 0.1, count).astype(np.float32)
        encoder.embed([noise])
        embedded = time.perf_counter()
        library.check_encoder(encoder)
    except WakesoundError as error:
        if isinstance(error, ConfigError) and settings.encoder:
            raise  # it is not the set-up that is wrong, but what was asked
        yield Finding("encoder", "bad", spec, explained(error))
        return
    times = f"loads in {loaded - started:.1f} s, {1000 * (embedded - loaded):.0f} ms a window"
    yield Finding("encoder", "good", f"{spec} ({encoder.id}): {times}")
    yield _cache(library, encoder)
    yield from _known_room(library, encoder)


def threads(_: Settings) -> Iterator[Finding]:
    """How many threads will be used? One is fastest for a listener that shares the machine."""
    chosen = os.environ.get("OMP_NUM_THREADS", "")
    detail = f"{chosen or 'all'} of {os.cpu_count()} processors"
    advice = "" if chosen == "1" else "OMP_NUM_THREADS=1 is fastest beside other programs"
    yield Finding("threads", "good" if chosen == "1" else "note", detail, advice)


def _cache(library: SoundLibrary, encoder: Encoder) -> Finding:
    """Whether the embeddings of all takes are at hand."""
    from wakeword.embedding.embedder import view_dim
    from wakeword.library.vectors import FILE, VectorCache

    cached = VectorCache(library.folder, encoder.id, view_dim(encoder)).read()
    missing = sum(take.file not in cached for s in library.sounds() for take in s.takes)
    if missing:
        return Finding(FILE, "good", f"{missing} takes to embed, done when listening begins")
    return Finding(FILE, "good", "up to date")


def _known_room(library: SoundLibrary, encoder: Encoder) -> Iterator[Finding]:
    """What is known of the room, and how far it has been followed."""
    from enroll.drift import SHARE

    room = library.ambient(encoder).read()
    if not room.runs:
        return
    detail = f"{room.seconds / 60:.0f} min of it were heard"
    since = library.ambient_since(encoder).read()
    if since.runs:
        replaced = min(len(since.runs), int(SHARE * len(room.vectors)))
        detail += f"; {replaced} of {len(room.vectors)} stretches are from by the way since"
    yield Finding("known room", "good", detail)


def _disk(settings: Settings) -> Finding:
    """Whether the library's folder, or the one it will be made in, can be written."""
    folder = settings.folder
    nearest = next(f for f in (folder, *folder.absolute().parents) if f.exists())
    free_mb = shutil.disk_usage(nearest).free // 1_000_000
    if not os.access(nearest, os.W_OK | os.X_OK):
        return Finding("library", "bad", f"{folder} cannot be written", "check its permissions")
    if free_mb < LEAST_FREE_MB:
        return Finding("library", "bad", f"{folder}: {free_mb} MB free", "free some space")
    return Finding("library", "good", f"{folder} ({free_mb / 1000:.1f} GB free)")


ALL: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    python,
    packages,
    extras,
    microphones,
    library,
    encoder,
    threads,
)
"""In the order in which they are asked."""
