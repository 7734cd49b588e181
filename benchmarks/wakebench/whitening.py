"""Fit the table of the ``logmel`` encoder: ``python -m wakebench.whitening --data DIR``.

It is the whitening of what the gate lets through of the ``train`` split, clips whose licence
lets fitted data be shipped. The negative bank must be built anew afterwards.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from wakebench.manifest import Manifest, Row
from wakebench.negatives import LARGEST_MB, build
from wakeword.encoders._whitening import Whitening
from wakeword.encoders.logmel import LogMelEncoder
from wakeword.library.storage import write_atomically


def fit(manifest: Manifest, rows: Sequence[Row]) -> Whitening:
    """The whitening of everything that is heard in the rows."""
    plain = LogMelEncoder(Whitening.none(LogMelEncoder.dim))
    return Whitening.fit(build(manifest, rows, plain, LARGEST_MB).vectors)


@click.command()
@click.option("--data", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("assets/models/logmel"))
def main(data: Path, out: Path) -> None:
    """Fit the whitening of the logmel encoder."""
    manifest = Manifest.read(data)
    whitening = fit(manifest, manifest.for_fitting(shippable=True))
    write_atomically(out / "whitening.npz", whitening.write)
    sys.stderr.write(f"{out / 'whitening.npz'}\n")


if __name__ == "__main__":
    main()
