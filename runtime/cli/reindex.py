"""``wakesound reindex``: new vectors for all takes."""

from __future__ import annotations

import click

from runtime.cli.settings import Settings, encoder_option, examples, library_option


@click.command(
    "reindex",
    epilog=examples(
        "wakesound reindex",
        "wakesound reindex --encoder clap:unfused",
        "wakesound reindex --front-end denoise",
    ),
)
@click.option(
    "--front-end",
    metavar="NAME",
    help="Hear through this front end from now on: denoise or dereverb; none for the sound as "
    "it is (default: as now).",
)
@library_option
@encoder_option
@click.pass_obj
def command(settings: Settings, front_end: str | None) -> None:
    """Compute all vectors anew, also for another encoder.

    The recordings are embedded again and the thresholds fitted again; each sound keeps its
    budget of false wakes. With --encoder the library changes to that encoder, with --front-end
    all audio is cleaned before it is heard, takes and stream alike.
    """
    from enroll.reindex import reindex
    from runtime.cli import screen
    from wakeword.front_ends import joined

    library = settings.open_library()
    if front_end is not None:
        known(front_end)
        settings.encoder = joined(settings.encoder_spec(library), front_end)
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


def known(front_end: str) -> None:
    """Make sure that there is a front end of this name.

    Raises:
        ConfigError: there is none.
    """
    from wakeword import front_ends, plugins

    if front_end != front_ends.NONE:
        plugins.load(front_ends.__name__, front_end)
