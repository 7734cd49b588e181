"""What to do about an error or a finding, in the words of the command line.

The core says what happened; one row for each of its error classes says what to do about it here.
A class without a row of its own has that of its base.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from wakeword import errors

if TYPE_CHECKING:
    from enroll.quality import Finding

Advice = str | Callable[[Any], str]
"""A sentence without an end, or what makes one of the error; empty for no advice."""


def _exists(error: errors.SoundExists) -> str:
    return "use --replace to redo it" if error.replaceable else "choose another name"


def _mismatch(error: errors.EncoderMismatch) -> str:
    use = f"or use '--encoder {error.library_encoder}'"
    return f"run 'wakesound reindex --encoder NAME' to change the library's encoder, {use}"


def _damaged_model(error: errors.ModelDamaged) -> str:
    if error.model == "mini":
        return "install Wakesound again, or use --encoder logmel"
    return "write the folder again with 'wakesound models quantize'"


def _stopped(error: errors.EnrollmentStopped) -> str:
    found = [in_words for finding in error.findings if (in_words := finding_advice(finding))]
    return "; ".join([*found, "or use --force to enroll it anyway"])


ADVICE: Mapping[type[errors.WakesoundError], Advice] = {
    errors.WakesoundError: "",
    errors.AudioError: "",
    errors.AudioDecodeError: "",
    errors.AudioTooLong: "",
    errors.AudioFormatError: "",
    errors.TakeRejected: "",
    errors.RecordingTooLong: (
        "cut out the sound, or give the recording as --ambient if it is what the room sounds like"
    ),
    errors.EnrollmentStopped: _stopped,
    errors.TooManyTakes: (
        "delete some on the page of 'wakesound serve', or enroll it again with --replace"
    ),
    errors.LastTake: "remove the sound with 'wakesound remove', or enroll it again with --replace",
    errors.LibraryError: "",
    errors.SoundNotFound: "",
    errors.NotEnrolled: lambda error: (
        f"enroll it with 'wakesound enroll {shlex.quote(error.name)}', without --add"
    ),
    errors.SoundExists: _exists,
    errors.WordsExist: "use --replace to give it other words",
    errors.SoundChanged: "try again",
    errors.EncoderMismatch: _mismatch,
    errors.ReindexInterrupted: lambda error: (
        f"finish it with 'wakesound reindex --encoder {error.library_encoder}'"
    ),
    errors.LibraryCorrupt: "",
    errors.EncoderUnknown: (
        "repair the file, or run 'wakesound reindex --encoder NAME', which writes it again"
    ),
    errors.SoundDamaged: "enroll the sound again with --replace",
    errors.VectorsDamaged: "run 'wakesound reindex'",
    errors.HistoryError: "",
    errors.EncoderError: "",
    errors.ModelNotFound: lambda error: (
        f"fetch it with 'wakesound models pull {error.name}', or use --encoder mini, which is"
        " included"
    ),
    errors.ModelDamaged: _damaged_model,
    errors.DeviceUnavailable: "use --device cpu",
    errors.UnknownLabel: "for free text use a full CLAP: --encoder clap",
    errors.WordsNotKnown: lambda error: (
        f"remove them with 'wakesound remove {error.sound!r}', with --text if it has takes too"
    ),
    errors.SourceError: "",
    errors.SilentSource: (
        "is it the right microphone and is it turned up? 'wakesound devices' lists them"
    ),
    errors.DeadSource: (
        "it is muted, or another microphone is meant: 'wakesound devices' lists them"
    ),
    errors.SinkError: "",
    errors.ServiceError: "",
    errors.ConfigError: "",
    errors.InvalidValue: "",
    errors.NoTextEncoder: "use --encoder mini or --encoder clap",
    errors.NoLabels: 'name some, e.g. --labels "dog barking, car horn"',
    errors.NoBackground: "name fewer labels, or classify with --closed",
    errors.MissingExtra: "",
}
"""By error class."""


def _more_allowed(values: Mapping[str, Any]) -> str:
    if "budget_per_hour" not in values:
        return ""
    return f"or allow more false alarms with --budget {values['budget_per_hour']:.2g}"


FINDINGS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missed": _more_allowed,
    "unheard": _more_allowed,
    "too_like": lambda values: f"or use --replace to redo {values['sound']!r}",
    "few_takes": lambda _: "add some with 'wakesound enroll NAME --add'",
    "alone": lambda _: "add some with 'wakesound enroll NAME --add'",
    "too_near": lambda _: (
        "add more takes with 'wakesound enroll NAME --add', choose a sound that is more "
        "unlike it, or take this back with --undo"
    ),
}
"""By code of a finding; the others need no advice."""


def advice(error: errors.WakesoundError) -> str:
    """What to do about an error; empty where there is nothing to add to its message."""
    row = errors.row_of(ADVICE, error)
    return row if isinstance(row, str) else row(error)


def explained(error: errors.WakesoundError) -> str:
    """An error's message with the advice for it."""
    return "; ".join(part for part in (str(error), advice(error)) if part)


def finding_advice(finding: Finding) -> str:
    """What to do about a finding, beyond what it says."""
    row = FINDINGS.get(finding.code)
    return row(finding.values) if row is not None else ""


def finding_text(finding: Finding) -> str:
    """A finding's message with the advice for it."""
    return "; ".join(part for part in (finding.message, finding_advice(finding)) if part)
