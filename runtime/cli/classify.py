"""``wakesound classify``: which of some labels recordings sound like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runtime.cli.label_options import labels_options, understood, wanted_labels
from runtime.cli.options import (
    FiniteRange,
    Settings,
    channel_option,
    encoder_option,
    examples,
    json_option,
    library_option,
)
from wakeword.errors import AudioError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from runtime.labels.picture import Levels
    from wakeword.audio.channels import Choice
    from wakeword.audio.frames import AudioFrame
    from wakeword.audio.reading import Account, Recording
    from wakeword.labels import Classifier, Question
    from wakeword.labels.classifier import Classification

TIMELINES = (".json", ".csv", ".txt", ".png")
"""What a timeline may be: JSON, CSV, Audacity's label track, a picture."""
BLOCK_SECONDS = 4.0
"""How much of a recording is read at a time."""
_WIDTH = 24
"""Characters of a score's bar."""


@click.command(
    "classify",
    epilog=examples(
        'wakesound classify yard.wav --labels "dog barking, car horn, rain"',
        'wakesound classify yard.wav --labels "狗叫、汽车喇叭、下雨" --timeline yard.png',
    ),
)
@click.argument("files", nargs=-1, metavar="FILE...", type=click.Path(path_type=Path))
@labels_options
@click.option("--closed", is_flag=True, help="One of the labels must be it: no 'none of these'.")
@click.option("--top", metavar="N", type=click.IntRange(1), help="Show the N best labels only.")
@click.option(
    "--window",
    metavar="SECONDS",
    type=FiniteRange(min=0.1),
    help="How much is heard at once (default: the most the encoder can).",
)
@click.option(
    "--template",
    "templates",
    metavar="TEXT",
    multiple=True,
    help="A sentence with {} for the label; of several the mean counts.",
)
@click.option(
    "--timeline",
    metavar="OUT",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what is heard when: OUT is .json, .csv, .txt (Audacity) or .png.",
)
@channel_option
@json_option
@encoder_option
@library_option
@click.pass_obj
def command(
    settings: Settings,
    files: tuple[Path, ...],
    labels: str | None,
    labels_file: Path | None,
    closed: bool,
    top: int | None,
    window: float | None,
    templates: tuple[str, ...],
    timeline: Path | None,
    channel: Choice,
    as_json: bool,
) -> None:
    """Find which labels describe a recording best.

    The labels are words, in English or Chinese; nothing has to be enrolled. A FILE may also
    be none of them.
    """
    from runtime.cli import screen
    from runtime.labels.classifier import make_classifier
    from wakeword.audio.reading import Recording, printable
    from wakeword.labels import timeline as forms

    _check(files, timeline)
    named = wanted_labels(labels, labels_file)
    encoder, _ = settings.open_encoder(settings.open_library())
    classifier = make_classifier(encoder, templates=templates or None, window_seconds=window)
    question = classifier.question(named, closed=closed)
    if not as_json:
        for line in understood(question):
            click.echo(line)
    rows, bad = [], []
    for path in files:
        shown = printable(path)
        try:
            with Recording(path, channel=channel) as recording:
                levels = _levels(timeline, recording.rate)
                heard = _heard(classifier, recording, question, levels)
                account = recording.account
        except AudioError as error:
            bad.append(str(error))
            continue
        if as_json:
            rows.append(
                {"file": shown, "encoder": encoder.id}
                | forms.as_json(heard)
                | account.as_json()
                | {"warnings": list(account.warnings)}
            )
        if timeline is not None:
            _write(timeline, heard, levels, printable(path.name), account)
        if not as_json:
            _show(screen.console(), shown, heard, top)
    if as_json and rows:
        screen.print_json(rows)
    if bad:
        count = f"{len(bad)} of {len(files)} files cannot be used: " if len(files) > 1 else ""
        raise AudioError(count + "; ".join(bad))


def _check(files: tuple[Path, ...], timeline: Path | None) -> None:
    """Say what cannot be done before anything is heard."""
    if not files:
        raise click.UsageError("name a recording: wakesound classify FILE --labels LIST")
    if timeline is None:
        return
    if timeline.suffix.lower() not in TIMELINES:
        raise ConfigError(
            f"{timeline}: a timeline is {', '.join(TIMELINES)} (.txt is Audacity's label track)"
        )
    if len(files) > 1:
        raise ConfigError("--timeline is for one FILE at a time")


def _levels(timeline: Path | None, rate: int) -> Levels | None:
    """What a picture is drawn from, where one is wanted."""
    if timeline is None or timeline.suffix.lower() != ".png":
        return None
    from runtime.labels.picture import Levels

    return Levels(rate)


def _heard(
    classifier: Classifier, recording: Recording, question: Question, levels: Levels | None
) -> Classification:
    """A recording, read and classified piece by piece."""
    from wakeword.audio.resampling import resampled

    def frames() -> Iterator[AudioFrame]:
        for frame in recording.blocks(BLOCK_SECONDS):
            if levels is not None:
                levels.push(frame.samples)
            yield frame

    return classifier.classify_blocks(resampled(frames(), classifier.encoder.rate), question)


def _write(
    timeline: Path, heard: Classification, levels: Levels | None, title: str, account: Account
) -> None:
    """Write the timeline in the form that its name ends in.

    Raises:
        ConfigError: the file cannot be written.
        MissingExtra: a picture needs matplotlib.
    """
    from wakeword.labels import timeline as forms

    kind = timeline.suffix.lower()
    if levels is not None:
        from runtime.labels.picture import draw

        content = draw(heard, levels, title)
    elif kind == ".json":
        told = {"file": title} | forms.as_json(heard) | account.as_json()
        text = json.dumps(told, indent=2, ensure_ascii=False)
        content = (text + "\n").encode()
    else:
        content = (forms.as_csv if kind == ".csv" else forms.as_audacity)(heard).encode()
    try:
        timeline.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{timeline} cannot be written: {error.strerror}") from error


def _show(console: Console, path: str, heard: Classification, top: int | None) -> None:
    from rich.text import Text

    from runtime.cli import screen
    from wakeword.labels.classifier import NONE

    table = screen.table("Label", "Score", "", "Likeness", right=("Score", "Likeness"))
    for label, score in heard.ranked[:top]:
        won = score == heard.ranked[0][1]
        likeness = f"{heard.similarity[label]:.2f}" if label in heard.similarity else ""
        if label == NONE:
            label = f"{NONE} (nearest: {heard.background})"
        table.add_row(
            Text(label, style="bold" if won else ""),
            f"{score:.3f}",
            screen.bar(score, _WIDTH),
            likeness,
        )
    length = f"{heard.end:.1f} s, {len(heard.windows)} window{'s' * (len(heard.windows) > 1)}"
    console.print(Text(f"{path} ({length})", style="bold"), soft_wrap=True)
    console.print(table)
    if len(heard.windows) > 1:
        best = heard.peaks[heard.top] if heard.top else None
        if best is not None and heard.top is not None:
            console.print(
                f"{heard.top} is clearest at {best.start:.1f}-{best.end:.1f} s"
                f" ({best.scores[heard.top]:.2f})"
            )
    console.print()
