"""All measurements of a run, put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wakebench.embeddings import embedding_table, encoders_of
from wakebench.figures import figures
from wakebench.gates import gate_table
from wakebench.material import Material
from wakebench.pool import Pool
from wakebench.protocol import Protocol
from wakebench.runner import Runner


def measure(
    material: Material, protocol: Protocol, specs: Sequence[str], cache: Path, pool: Pool
) -> dict[str, Any]:
    """Run the systems, then the gates and the systems' encoders alone.

    Args:
        specs: systems; the first is the engine, ``engine:ENCODER``.

    Returns:
        Plain JSON values; the same for equal inputs, seed and code.
    """
    run = Runner(material, protocol, specs, cache, pool).run()
    return {
        **figures(run, pool),
        "licences": {name: round(seconds, 1) for name, seconds in material.licences.items()},
        "gates": gate_table(run, cache, pool),
        "encoders": [embedding_table(spec, run, cache, pool) for spec in encoders_of(specs)],
    }
