"""``wakesound labels``: which labels there are, how good they are, how well they work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runtime.cli.label_options import wanted_labels
from runtime.cli.options import (
    FiniteRange,
    Settings,
    encoder_option,
    examples,
    json_option,
    library_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wakeword.labels import Classifier
    from wakeword.labels.accuracy import Confusion
    from wakeword.labels.advice import Remark

LANGUAGES = ("written", "en", "zh", "both")
"""What ``labels eval`` may call the labels by."""


@click.group(
    "labels",
    invoke_without_command=True,
    epilog=examples(
        'wakesound labels check "dog barks, glass, smoke alarm"',
        "wakesound labels eval --truth truth.csv",
        "wakesound labels list siren",
    ),
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Check labels, and measure how well they are recognised."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@command.command("check", epilog=examples('wakesound labels check "dog barks, glass, smoke alarm"'))
@click.argument("labels", required=False)
@click.option(
    "--labels-file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A text file with the labels, one a line.",
)
@json_option
@encoder_option
@library_option
@click.pass_obj
def check(settings: Settings, labels: str | None, labels_file: Path | None, as_json: bool) -> None:
    """Say what makes LABELS hard to recognise, and what to write instead.

    LABELS are separated by commas, in English or Chinese. The exit status is 2 when one of
    them cannot be used at all.
    """
    from runtime.cli import screen
    from wakeword.labels.advice import check as advise
    from wakeword.labels.advice import improved
    from wakeword.labels.wording import checked_labels

    named = checked_labels(wanted_labels(labels, labels_file), fewest=1)
    classifier = _classifier(settings)
    remarks = advise(named, classifier)
    better = improved(named, remarks)
    readable = [label for label in named if not _unknown(label, remarks)]
    wordings = [wording for label in readable for wording in classifier.understand([label])]
    if as_json:
        screen.print_json(
            {
                "encoder": classifier.encoder.id,
                "understood": {w.label: {"text": w.text, "how": w.how} for w in wordings},
                "remarks": [
                    {"kind": r.kind, "labels": list(r.labels), "text": r.text, "instead": r.instead}
                    for r in remarks
                ],
                "better": better,
            }
        )
    else:
        for wording in wordings:
            if wording.how != "written":
                click.echo(str(wording))
        _show_remarks(remarks, named, better)
    unknown = [label for label in named if _unknown(label, remarks)]
    if unknown:
        raise click.ClickException(f"these cannot be used as they are: {', '.join(unknown)}")


@command.command("list", epilog=examples("wakesound labels list", "wakesound labels list 门"))
@click.argument("part", default="")
@json_option
def list_(part: str, as_json: bool) -> None:
    """List everyday sounds by their English and Chinese names, those with PART in them."""
    from runtime.cli import screen
    from wakeword.labels.glossary import glossary

    entries = [
        entry
        for entry in glossary().entries
        if any(part.casefold() in name for name in (*entry.en, *entry.zh))
    ]
    if as_json:
        screen.print_json([{"en": list(e.en), "zh": dict(e.zh)} for e in entries])
        return
    table = screen.table("English", "Chinese")
    for entry in entries:
        table.add_row(", ".join(entry.en), "、".join(entry.zh))
    screen.console().print(table)


@command.command(
    "eval",
    epilog=examples(
        "wakesound labels eval --truth truth.csv",
        "wakesound labels eval --truth truth.csv --language both --json",
    ),
)
@click.option(
    "--truth",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A CSV file with the columns path and label.",
)
@click.option(
    "--root",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where relative paths begin (default: the folder of the CSV file).",
)
@click.option("--labels", metavar="LIST", help="More labels that compete, though no clip has them.")
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="written",
    show_default=True,
    help="Call the labels as written, by English or Chinese names, or by both in turn.",
)
@click.option("--closed", is_flag=True, help="One of the labels must be it: no 'none of these'.")
@click.option(
    "--window",
    metavar="SECONDS",
    type=FiniteRange(min=0.1),
    help="How much is heard at once (default: the most the encoder can).",
)
@json_option
@encoder_option
@library_option
@click.pass_obj
def evaluate(
    settings: Settings,
    truth: Path,
    root: Path | None,
    labels: str | None,
    language: str,
    closed: bool,
    window: float | None,
    as_json: bool,
) -> None:
    """Measure how well labels are recognised on your own clips.

    The CSV file says what each clip is; 'none' means none of the labels. A clip counts as
    what scores best.
    """
    from runtime.cli import screen
    from runtime.labels.evaluation import evaluate as measure
    from wakeword.labels.accuracy import read_truth
    from wakeword.labels.wording import split_labels

    clips = read_truth(truth, root)
    classifier = _classifier(settings, window)
    more = split_labels(labels or "")
    languages = ("en", "zh") if language == "both" else (language,)
    with screen.progress("Listening") as shown:
        found = measure(classifier, clips, languages, more, closed, shown)
    if as_json:
        about = {"encoder": classifier.encoder.id, "closed": closed}
        results = {name: c.as_json() | {"names": dict(named)} for name, (c, named) in found.items()}
        screen.print_json(about | {"results": results})
        return
    for name, (result, named) in found.items():
        show_confusion(name, result, named)
    click.echo(f"encoder {classifier.encoder.id}")


def _classifier(settings: Settings, window: float | None = None) -> Classifier:
    from runtime.labels.classifier import make_classifier

    encoder, _ = settings.open_encoder(settings.open_library())
    return make_classifier(encoder, window_seconds=window)


def _unknown(label: str, remarks: Sequence[Remark]) -> bool:
    return any(remark.kind == "unknown" and label in remark.labels for remark in remarks)


def _show_remarks(remarks: Sequence[Remark], labels: Sequence[str], better: list[str]) -> None:
    from runtime.cli import screen

    console = screen.console()
    for remark in remarks:
        text = f"{' / '.join(remark.labels)}: {remark.text}" if remark.labels else remark.text
        if remark.instead:
            text += f" (add: {remark.instead})" if remark.adds else f" (write: {remark.instead})"
        bad = remark.kind == "unknown"
        console.print(
            screen.note(text, sign="✗" if bad else "!", colour="red" if bad else "yellow")
        )
    if not remarks:
        console.print(screen.note(f"{len(labels)} good labels", sign="✓", colour="green"))
    elif better != list(labels):
        console.print(f'Try: "{", ".join(better)}"', soft_wrap=True)


def show_confusion(name: str, result: Confusion, named: dict[str, str]) -> None:
    """Print how well labels are recognised, and what each was taken for."""
    from rich.text import Text

    from runtime.cli import screen

    console = screen.console()
    title = {"en": " (English names)", "zh": " (Chinese names)"}.get(name, "")
    console.print(
        Text(f"{100 * result.accuracy:.1f}% of {result.clips} clips right{title}", style="bold")
    )
    numbers = ("Clips", "Precision", "Recall")
    table = screen.table("Label", *numbers, "Taken for", right=numbers)
    about: dict[str, Any] = result.as_json()
    for label in result.rows:
        row = about["labels"][label]
        wrong = sorted(
            ((n, found) for (t, found), n in result.counts.items() if t == label and found != t),
            reverse=True,
        )
        taken = ", ".join(f"{named.get(found, found)} {n}" for n, found in wrong)
        shares = [_percent(row["precision"]), _percent(row["recall"])]
        table.add_row(named.get(label, label), str(row["clips"]), *shares, taken)
    console.print(table)
    console.print()


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f}%"
