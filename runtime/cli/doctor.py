"""``wakesound doctor``: what is wrong with this set-up."""

from __future__ import annotations

from dataclasses import asdict

import click

from runtime.cli.options import (
    Settings,
    encoder_option,
    examples,
    json_option,
    library_option,
)

SIGNS = {"good": ("✓", "green"), "note": ("!", "yellow"), "bad": ("✗", "red")}


@click.command(
    "doctor",
    epilog=examples(
        "wakesound doctor", "wakesound doctor --encoder clap", "wakesound doctor --room mic"
    ),
)
@click.option(
    "--room",
    metavar="SOURCE",
    help="Listen to the room too: mic or mic:NAME for a minute, or a recording.",
)
@json_option
@library_option
@encoder_option
@click.pass_obj
@click.pass_context
def command(ctx: click.Context, settings: Settings, room: str | None, as_json: bool) -> None:
    """Find out what is wrong with this set-up.

    Looks at Python, packages, microphones, the library and the encoder. Every problem comes
    with its next step; the exit status is 1 when something that is needed is broken.
    """
    from rich.table import Table
    from rich.text import Text

    from runtime.cli import checks, screen

    findings = [finding for check in checks.ALL for finding in check(settings)]
    if room is not None:
        from runtime.cli.room import check_room

        with screen.progress("Listening to the room") as shown:
            findings += check_room(settings, room, shown)
    broken = sum(finding.verdict == "bad" for finding in findings)
    if as_json:
        screen.print_json({"healthy": not broken, "checks": [asdict(f) for f in findings]})
        ctx.exit(1 if broken else 0)
    rows = Table.grid(padding=(0, 1))
    for finding in findings:
        sign, colour = SIGNS[finding.verdict]
        rows.add_row(Text(sign, style=colour), Text(finding.what, style="bold"), finding.detail)
        if finding.advice:
            rows.add_row("", "", Text(f"→ {finding.advice}", style="dim"))
    console = screen.console()
    console.print(rows)
    console.print()
    if broken:
        console.print(Text(f"{broken} of these must be fixed.", style="red"))
        ctx.exit(1)
    console.print(Text("Everything that is needed works.", style="green"))
