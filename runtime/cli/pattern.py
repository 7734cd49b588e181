"""``wakesound pattern``: two claps for this, three for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runtime.cli.options import (
    FiniteRange,
    Settings,
    encoder_option,
    examples,
    json_option,
    library_option,
)

if TYPE_CHECKING:
    from wakeword.library.records import PatternRecord, SoundRecord


@click.group(
    "pattern",
    invoke_without_command=True,
    epilog=examples(
        'wakesound pattern add clap 2 --as "two claps"',
        "wakesound pattern add knock rhythm secret.wav",
        "wakesound pattern list",
    ),
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Wake on a number of beats in a row, or on a rhythm.

    A sound with patterns wakes on these only: exactly two claps and not three, three and not
    two. Any sound that begins suddenly can have them, several at once.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@command.command("add", epilog=examples('wakesound pattern add clap 2 --as "two claps"'))
@click.argument("sound")
@click.argument("pattern", metavar="N")
@click.argument("files", metavar="[FILE...]", nargs=-1)
@click.option("--as", "name", metavar="NAME", default="", help="What events call it.")
@click.option(
    "--wait",
    metavar="SECONDS",
    type=FiniteRange(min=0.2, max=6.0),
    help="How long after a beat another one may come (default: learned from FILEs, or 0.7).",
)
@library_option
@encoder_option
@click.pass_obj
def add(
    settings: Settings,
    sound: str,
    pattern: str,
    files: tuple[str, ...],
    name: str,
    wait: float | None,
) -> None:
    """Give a sound another pattern: N beats in a row, or the 'rhythm' that FILEs hold."""
    from enroll.patterns import add_pattern, check_pattern, rows_in
    from runtime.cli import screen
    from wakeword.audio.reading import read_audio

    check_pattern(pattern)
    library = settings.open_library()
    library.get(sound)
    with screen.busy("Fitting the threshold"):
        encoder, _ = settings.open_encoder(library)
        rows = [rows_in(read_audio(file)) for file in files]
        record = add_pattern(library, encoder, sound, pattern, rows, name=name, wait_seconds=wait)
    click.echo(f"{record.name} wakes on {in_words(record.patterns[-1], record)}.")


@command.command("list", epilog=examples("wakesound pattern list"))
@json_option
@library_option
@click.pass_obj
def list_(settings: Settings, as_json: bool) -> None:
    """List the patterns of all sounds."""
    from runtime.cli import screen

    sounds = settings.open_library().sounds()
    found = [(sound, pattern) for sound in sounds for pattern in sound.patterns]
    if as_json:
        screen.print_json([{"sound": s.name, **about(pattern, s.name)} for s, pattern in found])
        return
    for sound, pattern in found:
        click.echo(f"{sound.name}: {in_words(pattern, sound)}")
    if not found:
        click.echo("No sound has a pattern yet. Add one: wakesound pattern add SOUND 2")


@command.command("remove", epilog=examples('wakesound pattern remove "two claps"'))
@click.argument("name")
@library_option
@encoder_option
@click.pass_obj
def remove(settings: Settings, name: str) -> None:
    """Delete the pattern NAME; a sound without any wakes each time it is heard."""
    from enroll.patterns import remove_pattern
    from runtime.cli import screen

    library = settings.open_library()
    with screen.busy("Fitting the threshold"):
        encoder, _ = settings.open_encoder(library)
        sound = remove_pattern(library, encoder, name)
    left = [in_words(pattern, sound) for pattern in sound.patterns]
    when = f"on {', '.join(left)}" if left else "each time it is heard"
    click.echo(f"{sound.name} wakes {when}.")


def about(pattern: PatternRecord, sound: str) -> dict[str, Any]:
    """A pattern of that sound as a JSON object."""
    return {
        "name": pattern.called(sound),
        "beats": pattern.beats,
        "gaps_seconds": list(pattern.gaps_seconds),
        "wait_seconds": pattern.wait_seconds,
    }


def in_words(pattern: PatternRecord, sound: SoundRecord) -> str:
    """A pattern of that sound, in a few words."""
    wait = max(other.wait_seconds for other in sound.patterns)
    gaps = " ".join(f"{gap:.2f}" for gap in pattern.gaps_seconds)
    what = f"{pattern.beats} beats {gaps} s apart" if gaps else f"exactly {pattern.beats} in a row"
    return f"{pattern.called(sound.name)!r}: {what}, reported {wait:g} s after the last"
