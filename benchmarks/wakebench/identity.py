"""Keys that change when inputs or code do, and generators that don't depend on each other."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def digest(*parts: object) -> str:
    """16 hex digits of the parts' texts, bytes as they are."""
    sha = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else str(part).encode()
        sha.update(len(raw).to_bytes(8, "little") + raw)
    return sha.hexdigest()[:16]


@lru_cache
def code_key(*names: str, root: Path = HERE) -> str:
    """Digest of source files: modules or whole packages below ``root``, by relative path."""
    paths: list[Path] = []
    for name in names:
        path = root / name
        paths += sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    return digest(*(part for path in paths for part in (path.name, path.read_bytes())))


def generator(seed: int, *names: object) -> np.random.Generator:
    """A generator of its own for every purpose: one more sound doesn't change the others."""
    return np.random.default_rng([seed, int(digest(*names), 16)])
