"""``wakesound enroll``: teach a sound."""

from __future__ import annotations

from dataclasses import replace as replaced
from typing import TYPE_CHECKING, Any

import click

from runtime.cli.options import (
    Budget,
    Settings,
    channel_option,
    encoder_option,
    examples,
    json_option,
    library_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enroll import EnrollmentResult
    from wakeword.audio.channels import Choice
    from wakeword.library.library import SoundLibrary
    from wakeword.library.records import TextRecord
    from wakeword.protocols import Encoder


@click.command(
    "enroll",
    epilog=examples(
        "wakesound enroll whistle",
        "wakesound enroll whistle --takes 3 --source mic:USB",
        "wakesound enroll doorbell take1.wav take2.flac take3.mp3",
        "wakesound enroll clap claps.wav --ambient kitchen.wav --budget 1/week",
        "wakesound enroll clap claps.wav --pattern 2 --pattern 3",
        "wakesound enroll whistle --veto 'kettle, television' --speech guard",
        "wakesound enroll glass --text 'glass breaking' --budget 5",
        "wakesound enroll whistle --add",
        "wakesound enroll whistle --add more.wav",
    ),
)
@click.argument("name")
@click.argument("files", metavar="[FILE...]", nargs=-1)
@click.option(
    "--takes",
    metavar="N",
    type=click.IntRange(min=1, max=50),
    help="How many takes to record.  [default: 10 of a short sound, 5 of a long one or with --add]",
)
@click.option("--add", is_flag=True, help="Add takes to an enrolled sound and fit it again.")
@click.option("--source", metavar="URI", help="Where to record: mic or mic:NAME.  [default: mic]")
@click.option("--ambient", metavar="FILE", help="A recording of the room without the sound.")
@click.option(
    "--budget",
    metavar="X",
    type=Budget(),
    default="1/day",
    help="False-alarm budget: 1/day, 1/week; a plain number is per hour.",
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
@click.option(
    "--text",
    "texts",
    metavar="WORDS",
    multiple=True,
    help="The sound in words, beside its takes or instead of any, e.g. 'glass breaking'.",
)
@channel_option
@click.option("--replace", is_flag=True, help="Redo a sound of that name.")
@click.option("--force", is_flag=True, help="Enroll despite warnings.")
@json_option
@library_option
@encoder_option
@click.pass_obj
def command(
    settings: Settings,
    name: str,
    files: tuple[str, ...],
    takes: int | None,
    add: bool,
    source: str | None,
    ambient: str | None,
    budget: float,
    patterns: tuple[str, ...],
    veto: str,
    speech: str,
    texts: tuple[str, ...],
    channel: Choice,
    replace: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Teach a sound, from recordings or the microphone.

    With FILEs, each sound in them becomes a take: wav, flac, mp3, m4a, ogg, opus, aiff and most
    others, with any rate and channels. Without, takes are recorded one after the other and
    checked immediately.
    With --text and nothing else it needs no takes: what the words mean is enough for an encoder
    that knows them. A sound that is enrolled gets the words beside its takes.
    With --add an enrolled sound gets more takes and keeps what it has; those that repeat one are
    left out.
    """
    from enroll import Enrollment, enroll_files
    from runtime.cli import guide as enrolled
    from runtime.cli import screen

    if files and (takes or source):
        raise click.UsageError("--takes and --source are for recording; leave them out with files")
    if not files and "rhythm" in patterns:
        raise click.UsageError("a rhythm is learned from recordings; name the files that hold it")
    if len(texts) > 1:
        raise click.UsageError(
            "--text can be given once; enroll other words as a sound of their own name"
        )
    if add:
        _refuse_beside_add()
    library = settings.open_library()
    with screen.busy("Loading the encoder"):
        encoder, spec = settings.open_encoder(library)
    if add:
        result = _add(library, encoder, name, files, takes, source, channel, force)
        screen.print_json(enrolled.summary(result)) if as_json else enrolled.show(result)
        return
    labels = _labels(veto, speech, encoder)
    words = _read(texts[0], encoder) if texts else None
    options: dict[str, Any] = {
        "budget_per_hour": budget,
        "ambient": ambient,
        "replace": replace,
        "force": force,
        "text": words,
    }
    if words is not None and not (files or takes or source):
        result = _in_words(library, encoder, spec, name, words, patterns, options)
    elif files:
        with screen.busy("Listening to the takes"):
            result = enroll_files(
                library,
                encoder,
                name,
                files,
                encoder_spec=spec,
                patterns=patterns,
                channel=channel,
                **options,
            )
    else:
        from enroll.patterns import make_pattern
        from runtime.cli.guide import Guide

        wanted = [make_pattern(pattern, (), 0.0) for pattern in patterns]
        enrollment = Enrollment(library, encoder, spec, name, patterns=wanted, **options)
        result = Guide(enrollment, library, takes).run(source or "mic")
    if labels:
        from enroll.changing import set_vetoes

        result = replaced(result, sound=set_vetoes(library, encoder, name, labels))
    if as_json:
        screen.print_json(enrolled.summary(result))
    else:
        enrolled.show(result)


def _refuse_beside_add() -> None:
    """Refuse the options that are for enrolling and would do nothing with ``--add``."""
    context = click.get_current_context()
    for option in ("ambient", "budget", "patterns", "veto", "speech", "texts", "replace"):
        source = context.get_parameter_source(option)
        if source == click.core.ParameterSource.COMMANDLINE:
            shown = {"patterns": "pattern", "texts": "text"}.get(option, option)
            raise click.UsageError(f"--add adds takes and changes nothing else; drop --{shown}")


def _add(
    library: SoundLibrary,
    encoder: Encoder,
    name: str,
    files: tuple[str, ...],
    takes: int | None,
    source: str | None,
    channel: Choice,
    force: bool,
) -> EnrollmentResult:
    """Give an enrolled sound more takes, from files or from the microphone."""
    from enroll import Addition, add_files
    from runtime.cli import screen
    from runtime.cli.guide import MORE_TAKES, Guide

    if files:
        with screen.busy("Listening to the takes"):
            return add_files(library, encoder, name, files, force=force, channel=channel)
    addition = Addition(library, encoder, name, force=force)
    wanted = min(takes or MORE_TAKES, addition.room)
    return Guide(addition, library, wanted).run(source or "mic")


def _labels(veto: str, speech: str, encoder: Encoder) -> list[str]:
    """What the sound is not, once the encoder knows all of it.

    Raises:
        ConfigError: the encoder knows no words.
        EncoderError: it does not know one of these.
    """
    from enroll.vetoes import parse_labels
    from wakeword.scoring.veto import SPEECH, label_vectors

    guard = [SPEECH] if speech == "guard" else []
    labels = list(dict.fromkeys([*parse_labels(veto), *guard]))
    if labels:
        label_vectors(labels, encoder)
    return labels


def _read(text: str, encoder: Encoder) -> TextRecord:
    """What the words are understood as.

    Raises:
        ConfigError: they make no sense, or the encoder knows no words.
        EncoderError: it does not know these.
    """
    from enroll.words import read_text
    from runtime.labels.classifier import make_classifier

    return read_text(text, make_classifier(encoder))


def _in_words(
    library: SoundLibrary,
    encoder: Encoder,
    spec: str,
    name: str,
    text: TextRecord,
    patterns: Sequence[str],
    options: dict[str, Any],
) -> EnrollmentResult:
    """Enroll words without takes, or give them to a sound that has some."""
    from enroll import Enrollment
    from enroll.changing import set_text
    from enroll.session import existing

    if patterns:
        raise click.UsageError("a pattern needs takes of one beat each; name files, or --takes")
    if existing(library, name) is None:
        return Enrollment(library, encoder, spec, name, **options).finish()
    if options["ambient"]:
        raise click.UsageError(f"{name!r} is enrolled; tell of the room with 'wakesound calibrate'")
    given = click.get_current_context().get_parameter_source("budget")
    budget = None if given == click.core.ParameterSource.DEFAULT else options["budget_per_hour"]
    return set_text(
        library, encoder, name, text, replace=options["replace"], budget_per_hour=budget
    )
