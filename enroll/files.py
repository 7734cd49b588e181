"""Enrolling a sound from recordings that exist already."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace as replaced
from pathlib import Path

import numpy as np

from enroll.adding import Addition
from enroll.changing import EnrollmentResult
from enroll.checked import TakeCollector
from enroll.finder import find_takes
from enroll.negatives import Recording
from enroll.patterns import check_pattern, few_beats, make_pattern, rows_in, single_beats
from enroll.quality import Finding
from enroll.session import BUDGET_PER_HOUR, Enrollment
from wakeword.audio.channels import MIX, Choice
from wakeword.audio.reading import AudioClip, printable, read_audio
from wakeword.errors import RecordingTooLong, TakeRejected
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.library.records import TextRecord
from wakeword.protocols import Encoder

StrPath = str | os.PathLike[str]


def enroll_files(
    library: SoundLibrary | StrPath,
    encoder: Encoder,
    name: str,
    paths: Sequence[StrPath],
    *,
    encoder_spec: str | None = None,
    budget_per_hour: float = BUDGET_PER_HOUR,
    ambient: Recording | None = None,
    replace: bool = False,
    force: bool = False,
    patterns: Sequence[str] = (),
    text: TextRecord | None = None,
    channel: Choice = MIX,
) -> EnrollmentResult:
    """Enroll the sound ``name`` from audio files.

    Each sound that a file holds becomes a take. A file whose only sound cannot be used is an
    error; of several sounds in a file, those that cannot be used or are unlike the others are
    left out and reported. The same files always give the same vectors and threshold.

    Args:
        library: where the sound goes; a folder or an opened library.
        encoder: makes the embeddings.
        name: name of the sound.
        paths: recordings of any rate and channel count.
        encoder_spec: what ``create_encoder`` made the encoder from; its ``spec`` by default.
        budget_per_hour: the false-alarm budget.
        ambient: a recording of the room without the sound.
        replace: whether a sound of that name is replaced.
        force: whether warnings are overridden.
        patterns: what makes an event: numbers of beats, or ``"rhythm"`` for the one that the
            recordings hold. Each beat then becomes a take.
        text: the sound in words, beside its takes.
        channel: which channel of the recordings is meant, see
            :class:`wakeword.audio.reading.Recording`.

    Raises:
        ConfigError: a pattern is invalid.
        SoundExists: there is a sound of that name; nothing was read yet.
        AudioDecodeError: a file cannot be read.
        TakeRejected: a file holds no sound that can be used, or a warning stops it.
        LibraryError: the sound cannot be stored.
    """
    library = library if isinstance(library, SoundLibrary) else SoundLibrary(library)
    enrollment = Enrollment(
        library,
        encoder,
        encoder_spec or encoder.spec or encoder.id,
        name,
        budget_per_hour=budget_per_hour,
        ambient=ambient,
        replace=replace,
        force=force,
        text=text,
    )
    if not paths:
        raise TakeRejected(f"no recordings of {name!r} were given")
    for pattern in patterns:
        check_pattern(pattern)
    rows, takes, accounts = [], [], []
    for path in paths:
        clip = read_audio(path, channel=channel)
        takes.append(_takes_of(clip, path))
        accounts.append((printable(path), clip.account))
        if patterns:
            rows.append(rows_in(clip))
    if patterns:
        takes = few_beats([[b for take in found for b in single_beats(take)] for found in takes])
        lengths = [take.sound_seconds for found in takes for take in found]
        enrollment.patterns = tuple(
            make_pattern(pattern, rows, float(np.median(lengths))) for pattern in patterns
        )
    left_out = _collect(enrollment, paths, takes, force=force)
    result = enrollment.finish()
    recordings = tuple((path, account) for path, account in accounts if account is not None)
    return replaced(result, findings=(*left_out, *result.findings), recordings=recordings)


def add_files(
    library: SoundLibrary,
    encoder: Encoder,
    name: str,
    paths: Sequence[StrPath],
    *,
    force: bool = False,
    channel: Choice = MIX,
) -> EnrollmentResult:
    """Add takes from audio files to the enrolled sound ``name`` and fit it again, in one change.

    What becomes a take, and what is left out, is as in :func:`enroll_files`; takes that the sound
    has already, or nearly has, are left out too.

    Args:
        library: where the sound is.
        encoder: the library's.
        name: the sound.
        paths: recordings of any rate and channel count.
        force: whether warnings are overridden.
        channel: which channel of the recordings is meant.

    Raises:
        NotEnrolled: there is no such sound; nothing was read yet.
        TooManyTakes: it has as many takes as a sound may have.
        AudioDecodeError: a file cannot be read.
        TakeRejected: a file holds no sound that can be used, or a warning stops it.
        LibraryError: the sound cannot be stored.
    """
    addition = Addition(library, encoder, name, force=force)
    clips = ((printable(path), read_audio(path, channel=channel)) for path in paths)
    return add_clips(addition, clips, force=force)


def add_clips(
    addition: Addition, clips: Iterable[tuple[str, AudioClip]], *, force: bool = False
) -> EnrollmentResult:
    """Add the sounds in recordings to an enrolled sound; see :func:`add_files`.

    Args:
        addition: still empty.
        clips: each with its name for messages; only one is held at a time.
        force: whether takes that are unlike the others stay.
    """
    names, takes, accounts = [], [], []
    for name, clip in clips:
        found = _takes_of(clip, name)
        if addition.patterns:
            found = [beat for take in found for beat in single_beats(take)]
        names.append(name)
        takes.append(found)
        accounts.append((name, clip.account))
    if addition.patterns:
        takes = few_beats(takes)
    left_out = _collect(addition, names, takes, force=force)
    if not addition.takes and left_out:
        raise TakeRejected("; ".join(finding.message for finding in left_out))
    result = addition.finish()
    recordings = tuple((name, account) for name, account in accounts if account is not None)
    return replaced(result, findings=(*left_out, *result.findings), recordings=recordings)


def takes_of_file(path: StrPath) -> list[Take]:
    """The sounds in a file, at least one.

    Raises:
        AudioDecodeError: it cannot be read.
        TakeRejected: no sound is in it; the message names the file.
    """
    return _takes_of(read_audio(path), path)


def _takes_of(clip: AudioClip, path: StrPath) -> list[Take]:
    try:
        return find_takes(clip)
    except RecordingTooLong as error:
        raise RecordingTooLong(error.seconds, error.longest_seconds, printable(path)) from None
    except TakeRejected as error:
        raise TakeRejected(f"{printable(path)}: {error}") from None


def _collect(
    collector: TakeCollector,
    paths: Sequence[StrPath],
    takes: Sequence[Sequence[Take]],
    *,
    force: bool,
) -> list[Finding]:
    """Add the takes of each file; what was left out.

    Raises:
        TakeRejected: none of the takes of a file can be used.
    """
    left_out: list[Finding] = []
    optional: set[str] = set()
    for path, found in zip(paths, takes, strict=True):
        labels = _labels(Path(path), len(found))
        optional |= set(labels) if len(found) > 1 else set()
        left_out += _add_all(collector, labels, found)
    if not force:
        left_out += _drop_unlike(collector, optional)
    return left_out


def _labels(path: Path, count: int) -> list[str]:
    if count == 1:
        return [printable(path.name)]
    return [f"{printable(path.name)} (sound {number})" for number in range(1, count + 1)]


def _add_all(
    enrollment: TakeCollector, labels: Sequence[str], takes: Sequence[Take]
) -> list[Finding]:
    """Add the takes of a file; what was left out.

    Raises:
        TakeRejected: none of them can be used.
    """
    judged = [enrollment.add(take, label) for label, take in zip(labels, takes, strict=True)]
    refused = [[finding for finding in findings if finding.refused] for findings in judged]
    left_out = [finding for findings in refused for finding in findings]
    if all(refused) and any(finding.code != "duplicate" for finding in left_out):
        raise TakeRejected("; ".join(finding.message for finding in left_out))
    return [_left_out(finding) for finding in left_out]


def _drop_unlike(enrollment: TakeCollector, optional: set[str]) -> list[Finding]:
    """Leave out what is unlike the others, worst first, where a file holds several sounds."""
    left_out: list[Finding] = []
    while True:
        unlike = [
            (enrollment.scores[index], index, finding)
            for index, label in enumerate(enrollment.labels)
            if label in optional
            for finding in enrollment.findings(index)
            if finding.code == "unlike"
        ]
        if not unlike:
            return left_out
        _, index, finding = min(unlike, key=lambda found: found[:2])
        enrollment.drop(index)
        left_out.append(_left_out(finding))


def _left_out(finding: Finding) -> Finding:
    """The finding about a take that the enrollment goes on without."""
    return Finding("left_out", False, f"{finding.message} (it was left out)")
