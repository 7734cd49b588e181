"""The seam between the benchmark and whatever is measured: the engine, a baseline or a peer.

Another product is plugged in with a module that has ``create(variant) -> System`` and is named as
``peer:MODULE`` or ``peer:MODULE:VARIANT``; ``docs/benchmark.md`` shows one of fifteen lines.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol, cast

from wakebench.trace import Trace
from wakeword.audio.frames import FloatArray
from wakeword.errors import ConfigError
from wakeword.library.recordings import Take
from wakeword.protocols import load_plugin


class System(Protocol):
    """Something that learns sounds from takes and hears them in a stream."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    @property
    def key(self) -> str:
        """Changes whenever its results may: code, weights, settings."""
        ...

    @property
    def calibrates(self) -> bool:
        """Whether it sets a threshold of its own for each sound."""
        ...

    def enroll(self, takes: Mapping[str, Sequence[Take]], folder: Path) -> list[str]:
        """Learn the sounds and keep what is needed to hear them in ``folder``, which is empty.

        Args:
            takes: recordings of each sound at 16 kHz with half a second of room around it.
            folder: of its own; it may hold anything.

        Returns:
            Which takes could not be used and why, a line each.
        """
        ...

    def hear(self, samples: FloatArray, folders: Sequence[Path]) -> list[Trace]:
        """Hear one stream once for each enrolled library, from a fresh start each.

        Args:
            samples: ``(n,) float32`` at 16 kHz.
            folders: what :meth:`enroll` filled; the libraries may share work, not knowledge.

        Returns:
            One trace per folder.
        """
        ...


@lru_cache(maxsize=4)
def make_system(spec: str) -> System:
    """Make a system from its name.

    Args:
        spec: ``engine:ENCODER``, ``baseline:NAME`` (a module of ``wakebench.baselines``), or
            ``peer:MODULE``; ``:VARIANT`` may follow the latter two.

    Raises:
        ConfigError: there is no such system.
    """
    kind, _, rest = spec.partition(":")
    if kind == "engine":
        from wakebench.engine import EngineSystem

        return EngineSystem(rest)
    name, _, variant = rest.partition(":")
    if kind == "baseline":
        return cast(System, load_plugin("wakebench.baselines", name).create(variant))
    if kind != "peer":
        raise ConfigError(f"a system is engine:…, baseline:… or peer:…, not {spec!r}")
    try:
        return cast(System, importlib.import_module(name).create(variant))
    except ImportError as error:
        raise ConfigError(f"the peer {name!r} cannot be loaded: {error}") from error
