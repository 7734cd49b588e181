"""``wakesound models``: weights of encoders, which there are and fetching them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from runtime.cli.options import examples, json_option, verbose_option


@click.group(
    "models",
    invoke_without_command=True,
    epilog=examples("wakesound models list", "wakesound models pull clap:unfused"),
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List and download encoder weights.

    The default encoder is built in. Only 'pull' uses the network.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@dataclass(frozen=True)
class _Row:
    """A line of the list."""

    name: str
    """What ``--encoder`` takes."""
    about: str
    """What it is good for."""
    megabytes: int
    """Size of the weights."""
    licence: str
    """Of the weights; empty when unknown."""
    folder: Path | None
    """Where the weights are; None while they are not here."""


@command.command("list", epilog=examples("wakesound models list"))
@json_option
@verbose_option
def list_(as_json: bool) -> None:
    """List the encoders and whether their weights are here."""
    from runtime.cli import screen

    rows = _rows()
    if as_json:
        screen.print_json(
            [
                {
                    "name": row.name,
                    "about": row.about,
                    "megabytes": row.megabytes,
                    "licence": row.licence or None,
                    "installed": row.folder is not None,
                    "folder": str(row.folder) if row.folder else None,
                }
                for row in rows
            ]
        )
        return
    table = screen.table("Encoder", "What it is", "Size", "Licence", "Here", right=("Size",))
    for row in rows:
        size = f"{row.megabytes} MB" if row.megabytes else "-"
        table.add_row(row.name, row.about, size, row.licence or "-", "✓" if row.folder else "-")
    console = screen.console()
    console.print(table)
    console.print("Fetch one: wakesound models pull NAME. Use it: --encoder NAME.")


@command.command("pull", epilog=examples("wakesound models pull clap:unfused"))
@click.argument("name")
@verbose_option
def pull(name: str) -> None:
    """Fetch the weights of the encoder NAME from the model hub.

    NAME is one of 'wakesound models list' or a CLAP model of the hub (owner/model). A
    download that broke off goes on where it stopped, and every file is checked.
    """
    from runtime.cli import screen
    from runtime.models import hub

    with screen.progress(name, of="bytes") as shown:
        folder = hub.pull(name, shown)
    click.echo(f"{name} is in {folder}")


@command.command(
    "quantize", epilog=examples("wakesound models quantize clap:unfused --out clap-int8")
)
@click.argument("name")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The folder to make. float32 needs none: it goes to its checkpoint, and is used there.",
)
@click.option(
    "--precision",
    type=click.Choice(["int8", "float32"]),
    default="int8",
    show_default=True,
    help="8-bit integers, or the same numbers without torch.",
)
@verbose_option
def quantize_(name: str, out: Path | None, precision: str) -> None:
    """Make a CLAP smaller and faster on the CPU, without torch.

    NAME is clap, clap:unfused, clap:FOLDER and so on; its weights must be here. What it makes
    is used as --encoder clap:FOLDER.
    """
    from runtime.models import quantize

    def told(doing: str) -> None:
        click.echo(f"{doing} ...", err=True)

    made = quantize.quantize(name, out and out.expanduser(), precision=precision, told=told)
    sounds, texts = made.sound_cosine, made.text_cosine
    used = f"use it: --encoder clap:{made.folder}" if out else f"--encoder {name} uses it now"
    click.echo(f"{made.megabytes} MB in {made.folder}; {used}")
    click.echo(f"Cosine to the checkpoint, at least: sounds {sounds:.5f}, labels {texts:.5f}")
    if min(sounds, texts) < quantize.GOOD_COSINE:
        click.echo("This loses accuracy; --precision float32 loses none.", err=True)


def _rows() -> list[_Row]:
    """Encoders that come along, then the known weights, then what else is in the cache."""
    from wakeword.embedding import weights as models

    rows = _built_in()
    here = {model.hub_id: model for model in models.installed()}
    for known in models.KNOWN:
        found = here.pop(known.hub_id, None)
        folder = found.folder if found else None
        rows.append(_Row(known.name, known.about, known.megabytes, known.licence, folder))
    for found in here.values():
        size = round(found.size_bytes / 1e6)
        rows.append(_Row(f"clap:{found.hub_id}", "fetched by you", size, "", found.folder))
    return rows


def _built_in() -> list[_Row]:
    """The encoders that need nothing fetched; what they are is their module's first line."""
    from wakeword import encoders
    from wakeword.embedding import weights as models
    from wakeword.protocols import load_plugin, plugin_names

    fetched = {known.name.partition(":")[0] for known in models.KNOWN}
    rows = []
    for name in plugin_names(encoders.__name__):
        if name not in fetched:
            module = load_plugin(encoders.__name__, name)
            about = (module.__doc__ or "").strip().splitlines()[0].rstrip(".")
            default = " (the default)" if name == encoders.DEFAULT else ""
            folder = Path(module.__file__).parent if module.__file__ else None
            rows.append(_Row(name, about + default, 0, "", folder))
    return rows
