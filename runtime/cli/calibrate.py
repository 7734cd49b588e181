"""``wakesound calibrate``: fit the sounds to the room, or to another budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runtime.cli.options import (
    Budget,
    Settings,
    encoder_option,
    examples,
    json_option,
    library_option,
)

if TYPE_CHECKING:
    from enroll.changing import Refitted
    from wakeword.library.ambient import Ambient
    from wakeword.library.library import SoundLibrary
    from wakeword.protocols import Encoder


@click.command(
    "calibrate",
    epilog=examples(
        "wakesound calibrate --ambient 10m",
        "wakesound calibrate --ambient kitchen.wav",
        "wakesound calibrate whistle --budget 1/week",
        "wakesound calibrate --budget-total 2/day",
        "wakesound calibrate --forget-room",
    ),
)
@click.argument("names", metavar="[NAME...]", nargs=-1)
@click.option(
    "--ambient",
    metavar="ROOM",
    help="How long to listen to the room (30s, 10m, 1h), or a recording of it.",
)
@click.option("--source", metavar="URI", help="What to listen to.  [default: mic]")
@click.option(
    "--budget",
    metavar="X",
    type=Budget(),
    help="New false-alarm budget of each sound: 1/day; a plain number is per hour.",
)
@click.option(
    "--budget-total",
    metavar="X",
    type=Budget(),
    help="The same for the library as a whole: each sound gets an equal share.",
)
@click.option("--forget-room", is_flag=True, help="Forget what was heard of the room until now.")
@json_option
@library_option
@encoder_option
@click.pass_obj
def command(
    settings: Settings,
    names: tuple[str, ...],
    ambient: str | None,
    source: str | None,
    budget: float | None,
    budget_total: float | None,
    forget_room: bool,
    as_json: bool,
) -> None:
    """Fit the sounds to your room, or to another false-alarm budget.

    Listens to the room without the sounds and fits all sounds, or those that are named, to it.
    The room is remembered for sounds that are enrolled later; its recording is not kept.
    """
    from enroll.recalibration import recalibrate, shares
    from runtime.cli import screen
    from runtime.cli.room import hear_room, parse_duration

    if budget and budget_total:
        raise click.UsageError("--budget is for each sound, --budget-total for all; give one")
    if budget_total and names:
        raise click.UsageError("--budget-total is for all sounds; leave out the names")
    if source and (ambient is None or parse_duration(ambient) is None):
        raise click.UsageError("--source is for listening: say how long, e.g. --ambient 10m")
    library = settings.open_library()
    chosen = [library.get(name).name for name in names]
    with screen.busy("Loading the encoder"):
        encoder, _ = settings.open_encoder(library)
    library.check_encoder(encoder)
    budgets = shares(library, budget_total) if budget_total and library.sounds() else {}
    if budget:
        budgets = dict.fromkeys(chosen or [sound.name for sound in library.sounds()], budget)
    heard = None
    if ambient is not None:
        with screen.progress("Listening to the room") as shown:
            heard = hear_room(ambient, source or "mic", encoder, library.segmenter, shown)
    room = _remembered(library, encoder, heard, forget_room)
    with screen.progress("Fitting the sounds") as shown:
        done = recalibrate(library, encoder, chosen, budgets=budgets, progress=shown)
    if as_json:
        screen.print_json(summary(library, room, heard, done))
    else:
        _show(library, room, heard, done)


def summary(
    library: SoundLibrary, room: Ambient, heard: Ambient | None, done: list[Refitted]
) -> dict[str, Any]:
    """What came of it, as a JSON object."""
    from runtime.cli.sounds import expectation

    return {
        "room": {
            "seconds": round(room.seconds, 2),
            "heard_seconds": round(heard.seconds, 2) if heard else 0.0,
            "open_share": round(open_share(room, library), 4),
        },
        "sounds": [
            {
                "name": one.after.name,
                "threshold_before": one.before.threshold,
                "threshold": one.after.threshold,
                "budget_per_hour": one.after.budget_per_hour,
                **expectation(one.after.expected),
                "newly_missed": one.newly_missed,
            }
            for one in done
        ],
    }


def open_share(room: Ambient, library: SoundLibrary) -> float:
    """For which share of the time the gate was open, 0..1."""
    windows = sum(map(len, room.vectors))
    return windows * library.segmenter.hop_seconds / room.seconds if room.seconds else 0.0


def _remembered(
    library: SoundLibrary, encoder: Encoder, heard: Ambient | None, forget: bool
) -> Ambient:
    """All that is known of the room, once what was heard is added to it."""
    store = library.ambient(encoder)
    if forget:
        store.forget()
    return store.add(heard) if heard else store.read()


def _show(
    library: SoundLibrary, room: Ambient, heard: Ambient | None, done: list[Refitted]
) -> None:
    from rich.text import Text

    from runtime.cli import screen

    console = screen.console()
    known = f"{_length(room.seconds)} of the room known" if room.seconds else "No room is known"
    if heard:
        share = open_share(heard, library)
        console.print(f"Heard {_length(heard.seconds)}, something to hear in {share:.0%} of it.")
    console.print(Text(f"{known}.", style="dim"))
    if not done:
        console.print("There are no sounds to fit yet; those that are enrolled will be.")
        return
    width = max(len(one.after.name) for one in done)
    for one in done:
        line = Text(one.after.name.ljust(width), style="bold")
        line.append(
            f"  {one.before.threshold:.2f} -> {one.after.threshold:.2f}: ", style="not bold"
        )
        beat = "each beat by itself, " if one.after.patterns else ""
        line.append(f"{beat}{one.calibration}", style="not bold")
        console.print(line, soft_wrap=True)
    for one in done:
        if one.newly_missed:
            console.print(screen.note(_advice(one, heard is not None)))


def _advice(one: Refitted, to_room: bool) -> str:
    takes = len(one.after.takes)
    way_out = "or forget the room with --forget-room" if to_room else "or record more takes"
    return (
        f"{one.newly_missed} of {takes} takes of {one.after.name} would be missed now; allow "
        f"more false wakes with --budget, {way_out}"
    )


def _length(seconds: float) -> str:
    """``75.3`` as ``1:15``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
