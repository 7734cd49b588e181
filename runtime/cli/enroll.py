"""``wakesound enroll``: teach a sound."""

from __future__ import annotations

from dataclasses import replace as replaced
from typing import TYPE_CHECKING, Any

import click

from runtime.cli.settings import (
    FiniteRange,
    Settings,
    encoder_option,
    examples,
    json_option,
    library_option,
)

if TYPE_CHECKING:
    from enroll import EnrollmentResult
    from wakeword.protocols import Encoder


@click.command(
    "enroll",
    epilog=examples(
        "wakesound enroll whistle",
        "wakesound enroll whistle --takes 3 --source mic:USB",
        "wakesound enroll doorbell take1.wav take2.flac take3.mp3",
        "wakesound enroll clap claps.wav --ambient kitchen.wav --budget 0.1",
        "wakesound enroll clap claps.wav --pattern 2 --pattern 3",
        "wakesound enroll whistle --veto 'kettle, television' --speech guard",
    ),
)
@click.argument("name")
@click.argument("files", metavar="[FILE...]", nargs=-1)
@click.option(
    "--takes",
    metavar="N",
    type=click.IntRange(min=1, max=50),
    help="How many takes to record.  [default: 5]",
)
@click.option("--source", metavar="URI", help="Where to record: mic or mic:NAME.  [default: mic]")
@click.option("--ambient", metavar="FILE", help="A recording of the room without the sound.")
@click.option(
    "--budget",
    metavar="X",
    type=FiniteRange(min=0, min_open=True),
    default=0.5,
    help="False wakes per hour that may happen.",
    show_default=True,
)
@click.option(
    "--pattern",
    "patterns",
    metavar="N",
    multiple=True,
    help="Wake on exactly N in a row, or on the 'rhythm' of the recordings; may be repeated.",
)
@click.option("--veto", metavar="LABELS", default="", help="What it is not, e.g. 'kettle, bird'.")
@click.option(
    "--speech",
    type=click.Choice(["allow", "guard"]),
    default="allow",
    help="With guard, talk does not wake it.",
    show_default=True,
)
@click.option("--replace", is_flag=True, help="Redo a sound of that name.")
@click.option("--force", is_flag=True, help="Enroll in spite of warnings.")
@json_option
@library_option
@encoder_option
@click.pass_obj
def command(
    settings: Settings,
    name: str,
    files: tuple[str, ...],
    takes: int | None,
    source: str | None,
    ambient: str | None,
    budget: float,
    patterns: tuple[str, ...],
    veto: str,
    speech: str,
    replace: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Teach a sound, from recordings or the microphone.

    With FILEs, each sound in them becomes a take: wav, flac, mp3, ogg, opus or aiff, with any
    rate and channels. Without, takes are recorded one after the other and judged at once.
    """
    from enroll import Enrollment, enroll_files
    from runtime.cli import screen

    if files and (takes or source):
        raise click.UsageError("--takes and --source are for recording; leave them out with files")
    if not files and "rhythm" in patterns:
        raise click.UsageError("a rhythm is learned from recordings; name the files that hold it")
    library = settings.open_library()
    with screen.busy("Loading the encoder"):
        encoder, spec = settings.open_encoder(library)
    labels = _labels(veto, speech, encoder)
    options: dict[str, Any] = {
        "budget_per_hour": budget,
        "ambient": ambient,
        "replace": replace,
        "force": force,
    }
    if files:
        with screen.busy("Listening to the takes"):
            result = enroll_files(
                library, encoder, name, files, encoder_spec=spec, patterns=patterns, **options
            )
    else:
        from enroll.patterns import make_pattern
        from runtime.cli.guide import Guide

        wanted = [make_pattern(pattern, (), 0.0) for pattern in patterns]
        enrollment = Enrollment(library, encoder, spec, name, patterns=wanted, **options)
        result = Guide(enrollment, library).run(source or "mic", takes or 5)
    if labels:
        from enroll.refit import set_vetoes

        result = replaced(result, sound=set_vetoes(library, encoder, name, labels))
    if as_json:
        screen.print_json(summary(result))
    else:
        _show(result)


def _labels(veto: str, speech: str, encoder: Encoder) -> list[str]:
    """What the sound is not, once the encoder knows all of it.

    Raises:
        ConfigError: the encoder knows no words.
        EncoderError: it does not know one of these.
    """
    from enroll.vetoes import parse_labels
    from wakeword.veto import SPEECH, label_vectors

    guard = [SPEECH] if speech == "guard" else []
    labels = list(dict.fromkeys([*parse_labels(veto), *guard]))
    if labels:
        label_vectors(labels, encoder)
    return labels


def summary(result: EnrollmentResult) -> dict[str, Any]:
    """What was enrolled, as a JSON object."""
    from runtime.cli.pattern import about
    from runtime.cli.sounds import expectation

    sound, calibration = result.sound, result.calibration
    return {
        "name": sound.name,
        "takes": [
            {
                "file": take.file,
                "length_seconds": round(take.end_seconds - take.start_seconds, 3),
                "level_db": take.level_db,
                "snr_db": take.snr_db,
                "likeness": round(likeness, 4) if likeness is not None else None,
            }
            for take, likeness in _judged(result)
        ],
        "threshold": sound.threshold,
        "patterns": [about(pattern, sound.name) for pattern in sound.patterns],
        "vetoes": [veto.label for veto in sound.vetoes],
        "budget_per_hour": sound.budget_per_hour,
        **expectation(calibration.expectation),
        "findings": [
            {"code": finding.code, "message": finding.message} for finding in result.findings
        ],
        "refitted": [
            {
                "name": one.after.name,
                "threshold_before": one.before.threshold,
                "threshold": one.after.threshold,
            }
            for one in result.refitted
        ],
    }


def _judged(result: EnrollmentResult) -> list[tuple[Any, float | None]]:
    """Each take with its likeness to the others, which a single one does not have."""
    takes, scores = result.sound.takes, result.calibration.scores
    return list(zip(takes, scores or [None] * len(takes), strict=True))


def _show(result: EnrollmentResult) -> None:
    from rich.text import Text

    from runtime.cli import screen
    from runtime.cli.pattern import in_words

    console = screen.console()
    numbers = ("Length", "Level", "Over noise", "Likeness")
    table = screen.table("Take", *numbers, right=numbers)
    for number, (take, likeness) in enumerate(_judged(result), 1):
        table.add_row(
            str(number),
            f"{take.end_seconds - take.start_seconds:.2f} s",
            f"{take.level_db:.0f} dBFS",
            f"{take.snr_db:.0f} dB",
            "-" if likeness is None else f"{likeness:.2f}",
        )
    console.print(table)
    for finding in result.findings:
        console.print(screen.note(finding.message))
    sound = result.sound
    console.print(Text.assemble("Enrolled ", (sound.name, "bold green"), "."))
    for pattern in sound.patterns:
        console.print(f"Wakes on {in_words(pattern, sound)}.")
    if sound.vetoes:
        console.print(f"Not on: {', '.join(veto.label for veto in sound.vetoes)}.")
    about_it = " for a beat" if sound.patterns else f": {result.calibration}"
    console.print(f"Threshold {sound.threshold:.2f}{about_it}.", soft_wrap=True)
    for one in result.refitted:
        change = f"{one.before.threshold:.2f} -> {one.after.threshold:.2f}"
        text = f"{one.after.name} was fitted anew, or this would set it off: threshold {change}."
        console.print(text, style="dim", soft_wrap=True)
