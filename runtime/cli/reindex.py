"""``wakesound reindex``: new vectors for all takes."""

from __future__ import annotations

import click

from runtime.cli.options import (
    Settings,
    encoder_option,
    examples,
    library_option,
)


@click.command(
    "reindex",
    epilog=examples(
        "wakesound reindex",
        "wakesound reindex --encoder clap:unfused",
    ),
)
@library_option
@encoder_option
@click.pass_obj
def command(settings: Settings) -> None:
    """Compute all embeddings again, or switch to another encoder.

    The recordings are embedded again and the thresholds fitted again; each sound keeps its
    false-alarm budget. With --encoder the library changes to that encoder.
    """
    from enroll.reindex import reindex
    from runtime.cli import screen

    library = settings.open_library()
    with screen.busy("Loading the encoder"):
        encoder, spec = settings.open_encoder(library)
    with screen.progress("Embedding the takes") as shown:
        fitted = reindex(library, encoder, spec, progress=shown)
    if not fitted:
        click.echo(f"There are no sounds in {library.folder}.")
        return
    width = max(map(len, fitted))
    for name, calibration in fitted.items():
        click.echo(f"{name:{width}}  threshold {calibration.threshold:.2f}: {calibration}")
    click.echo(f"The library now belongs to {spec} ({encoder.id}).")
