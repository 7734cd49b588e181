"""``wakesound sounds``: what is enrolled."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from runtime.cli.options import (
    Settings,
    examples,
    json_option,
    library_option,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wakeword.errors import LibraryCorrupt
    from wakeword.library.library import SoundLibrary
    from wakeword.library.records import ExpectationRecord, SoundRecord


@click.command("sounds", epilog=examples("wakesound sounds", "wakesound sounds --json"))
@json_option
@library_option
@click.pass_obj
def command(settings: Settings, as_json: bool) -> None:
    """List the enrolled sounds.

    Damaged sounds are listed too, with what to do about them.
    """
    from runtime.cli import screen

    library = settings.open_library()
    sounds, problems = library.sounds(), library.problems()
    if as_json:
        screen.print_json(summary(library, sounds, problems))
    else:
        _show(library, sounds, problems)


def summary(
    library: SoundLibrary, sounds: Sequence[SoundRecord], problems: Mapping[str, LibraryCorrupt]
) -> dict[str, Any]:
    """The library as a JSON object."""
    record = library.record()
    return {
        "library": str(library.folder),
        "encoder": record.encoder if record else None,
        "encoder_id": record.encoder_id if record else None,
        "followed_room": followed(library),
        "sounds": [
            {
                "name": sound.name,
                "takes": len(sound.takes),
                "length_seconds": round(mean_length(sound), 3) if sound.takes else None,
                "text": sound.text.written if sound.text else None,
                "understood": sound.text.text if sound.text else None,
                "threshold": round(sound.threshold, 4),
                "patterns": [pattern.called(sound.name) for pattern in sound.patterns],
                "budget_per_hour": sound.budget_per_hour,
                "budget_per_day": round(24 * sound.budget_per_hour, 2),
                **expectation(sound.expected),
                "rejected": len(sound.rejected),
                "vetoes": [veto.label for veto in sound.vetoes],
                "created": sound.created,
            }
            for sound in sounds
        ],
        "damaged": [{"folder": name, "problem": str(e)} for name, e in problems.items()],
    }


def expectation(expected: ExpectationRecord) -> dict[str, Any]:
    """What the fit promised, as fields of a JSON object; null where too little is known."""
    from enroll.scores import describe

    hourly = expected.false_alarms_per_hour
    return {
        "false_wakes_per_day": None if hourly is None else round(24 * hourly, 2),
        "miss_rate": expected.miss_rate,
        "noisy_miss_rate": expected.noisy_miss_rate,
        "expectation": describe(expected) if expected.known else None,
    }


def followed(library: SoundLibrary) -> str | None:
    """When the sounds were last fitted to what was heard of the room by the way, in local time."""
    from wakeword.library.ambient import SINCE_FILE

    try:
        changed = (library.folder / SINCE_FILE).stat().st_mtime
    except OSError:
        return None
    return datetime.fromtimestamp(changed).isoformat(" ", timespec="minutes")


def mean_length(sound: SoundRecord) -> float:
    """Mean length of the sound in its takes, in seconds; there must be one."""
    return sum(take.end_seconds - take.start_seconds for take in sound.takes) / len(sound.takes)


def _refused(sound: SoundRecord) -> str:
    """What the sound is not: labels, and how many examples."""
    words = [veto.label for veto in sound.vetoes]
    count = len(sound.rejected)
    examples = [f"{count} rejected example{'s' * (count != 1)}"] if count else []
    return ", ".join([*words, *examples])


def _show(
    library: SoundLibrary, sounds: Sequence[SoundRecord], problems: Mapping[str, LibraryCorrupt]
) -> None:
    from rich.text import Text

    from runtime.cli import screen

    console = screen.console()
    if not sounds and not problems:
        console.print(f"No sounds in {library.folder} yet.", soft_wrap=True)
        console.print("Teach one: wakesound enroll NAME [FILE...]")
        return
    numbers = ("Takes", "Length", "Threshold", "False wakes a day")
    table = screen.table("Sound", *numbers, right=numbers)
    for sound in sounds:
        table.add_row(
            Text(sound.name, style="bold"),
            str(len(sound.takes)),
            f"{mean_length(sound):.2f} s" if sound.takes else "-",
            f"{sound.threshold:.2f}",
            f"up to {24 * sound.budget_per_hour:.3g}",
        )
    if sounds:
        console.print(table)
    for sound in sounds:
        if sound.text is not None:
            console.print(Text(f"{sound.name} in words: {sound.text}", style="dim"))
    for sound in sounds:
        if sound.expected.known:
            from enroll.scores import describe

            beat = ", each beat by itself" if sound.patterns else ""
            words = f"{sound.name}{beat}: {describe(sound.expected)}"
            console.print(Text(words, style="dim"))
    for sound in sounds:
        if sound.vetoes or sound.rejected:
            console.print(Text(f"{sound.name} is not: {_refused(sound)}", style="dim"))
    for name, problem in problems.items():
        advice = f"{problem}; or delete it: wakesound remove {name}"
        console.print(screen.note(advice, sign="✗", colour="red"))
    if when := followed(library):
        console.print(Text(f"They adapt to the room: last fitted to it {when}", style="dim"))
    record = library.record()
    made_with = f", encoder {record.encoder}" if record else ""
    console.print(Text(f"{library.folder}{made_with}", style="dim"), soft_wrap=True)
