"""``wakesound feedback``: "not that!" and "you missed me"."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runtime.cli.advice import finding_text
from runtime.cli.options import (
    Settings,
    examples,
    history_option,
    json_option,
    library_option,
)

if TYPE_CHECKING:
    from enroll.feedback import FeedbackResult
    from wakeword.library.library import SoundLibrary
    from wakeword.protocols import Encoder


@click.command(
    "feedback",
    epilog=examples(
        "wakesound feedback 8bf94d92 --false",
        "wakesound feedback last --false",
        "wakesound feedback --missed whistle.wav --sound whistle",
        "wakesound feedback --missed last --sound whistle",
        "wakesound feedback --undo",
    ),
)
@click.argument("event", metavar="[EVENT]", required=False)
@click.option("--false", "false", is_flag=True, help="It was not that sound.")
@click.option(
    "--missed",
    metavar="FILE",
    help="A recording in which the sound was missed; or 'last', or the ID of a near miss.",
)
@click.option("--sound", metavar="NAME", help="Which sound was missed, or which one is meant.")
@click.option("--undo", is_flag=True, help="Take back the last feedback, or that on EVENT.")
@json_option
@history_option
@library_option
@click.pass_obj
def command(
    settings: Settings,
    event: str | None,
    false: bool,
    missed: str | None,
    sound: str | None,
    undo: bool,
    as_json: bool,
) -> None:
    """Correct false wakes and report missed sounds.

    EVENT is an identifier from 'wakesound history' or from the event itself, or 'last'.
    A listener that runs learns it within about a second.
    """
    from runtime.cli import screen

    if false + bool(missed) + undo != 1:
        raise click.UsageError("say one of --false, --missed FILE and --undo")
    if false and not event:
        raise click.UsageError("say which event was false, e.g. 'wakesound feedback last --false'")
    if missed and event:
        raise click.UsageError("--missed takes no event before it; use --missed ID")
    library = settings.open_library()
    with screen.busy("Loading the encoder"):
        encoder, _ = settings.open_encoder(library)
    if undo:
        from enroll.feedback import undo as take_back

        result = take_back(library, encoder, sound or "", event or "")
    elif missed:
        result = _missed(settings, library, encoder, missed, sound or "")
    else:
        from runtime.history.feedback import find_event, reject_event

        history = settings.open_history()
        entry = find_event(history, event or "", sound or "")
        result = reject_event(library, encoder, history, entry)
    if as_json:
        screen.print_json(summary(result))
    else:
        _show(result, false=false, undone=undo)


def summary(result: FeedbackResult) -> dict[str, Any]:
    """What came of it, as a JSON object."""
    sound = result.sound
    return {
        "sound": sound.name,
        "takes": len(sound.takes),
        "rejected": len(sound.rejected),
        "threshold_before": result.threshold_before,
        "threshold": sound.threshold,
        "expectation": str(result.calibration) if result.calibration else None,
        "findings": [{"code": f.code, "message": finding_text(f)} for f in result.findings],
    }


def _missed(
    settings: Settings, library: SoundLibrary, encoder: Encoder, missed: str, sound: str
) -> FeedbackResult:
    """Take in what was missed: a recording, or a near miss."""
    from runtime.history.feedback import (
        LAST,
        accept_event,
        add_recording,
        find_event,
    )

    path = Path(missed)
    looks_like_id = 4 <= len(missed) <= 16 and set(missed) <= set("0123456789abcdef")
    if missed == LAST or (looks_like_id and not path.exists()):
        history = settings.open_history()
        entry = find_event(history, missed, sound, near=True)
        return accept_event(library, encoder, history, entry, sound)
    if not sound:
        raise click.UsageError("say which sound was missed in the recording: --sound NAME")
    return add_recording(library, encoder, sound, path)


def _show(result: FeedbackResult, *, false: bool, undone: bool) -> None:
    from runtime.cli import screen

    console = screen.console()
    sound = result.sound
    takes, rejected = len(sound.takes), len(sound.rejected)
    if undone:
        console.print(f"Taken back for {sound.name}.", soft_wrap=True)
    elif false:
        console.print(f"That is not {sound.name} from now on.", soft_wrap=True)
    else:
        console.print(f"That is {sound.name} too from now on.", soft_wrap=True)
    for finding in result.findings:
        console.print(screen.note(finding_text(finding)))
    console.print(
        f"{takes} take{'s' * (takes != 1)}, {rejected} rejected; "
        f"threshold {result.threshold_before:.2f} -> {sound.threshold:.2f}.",
        soft_wrap=True,
    )
