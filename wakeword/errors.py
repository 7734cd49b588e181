"""Every error that Wakesound raises on purpose.

    WakesoundError
    ├── AudioError                  audio that cannot be used
    │   ├── AudioDecodeError        a file that is not readable audio
    │   │   └── AudioTooLong        a recording longer than may be read
    │   └── AudioFormatError        wrong rate, shape, dtype or value
    ├── TakeRejected                a recording that cannot serve as a take
    │   ├── RecordingTooLong        too long to search for a sound
    │   ├── EnrollmentStopped       a warning stops the enrollment
    │   ├── LastTake                the only take of a sound
    │   └── TooManyTakes            a sound has as many takes as it may have
    ├── LibraryError                the sounds on disk
    │   ├── SoundNotFound
    │   │   └── NotEnrolled         takes for a sound that is not enrolled
    │   ├── SoundExists             the name is taken
    │   │   └── WordsExist          the sound has words already
    │   ├── SoundChanged            another process changed it during a read-change-write
    │   ├── EncoderMismatch         another encoder made the embeddings
    │   │   └── ReindexInterrupted  a change of the encoder was not finished
    │   └── LibraryCorrupt          a damaged file
    │       ├── EncoderUnknown      library.json is missing or damaged
    │       ├── SoundDamaged        a sound or one of its recordings
    │       └── VectorsDamaged      the stored embeddings
    ├── HistoryError                an unknown event, or one with too little data
    ├── EncoderError                a model that cannot be loaded or run
    │   ├── ModelNotFound           a model that is not on this machine
    │   ├── ModelDamaged            a model whose files are missing or damaged
    │   ├── DeviceUnavailable       a model that cannot run on that device
    │   ├── UnknownLabel            a text that the encoder does not know
    │   └── WordsNotKnown           a sound whose words the encoder does not know
    ├── SourceError                 a microphone, file or stream that cannot be read
    │   ├── SilentSource            no sound for too long
    │   └── DeadSource              nothing but digital silence
    ├── SinkError                   an action that failed
    ├── ServiceError                a service that cannot be offered
    ├── ConfigError                 an invalid setting
    │   ├── InvalidValue            a field of a record with an invalid value
    │   ├── NoTextEncoder           an encoder that knows no words
    │   ├── NoLabels                no labels were given
    │   └── NoBackground            labels that leave nothing to compare them with
    └── MissingExtra                an optional dependency is not installed

A message says what happened, with names and numbers, and the attributes hold them. What to do
about it depends on where the user is: the command line adds its advice in
``runtime/cli/advice.py``, the HTTP service in ``runtime/services/http/problems.py``, the MQTT
bridge in ``runtime/services/mqtt/problems.py``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar


class WakesoundError(Exception):
    """Base of all of them; each can be pickled with its attributes."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, self.__dict__)


def _restored(
    kind: type[WakesoundError], args: tuple[Any, ...], attributes: dict[str, Any]
) -> WakesoundError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(attributes)
    return error


Row = TypeVar("Row")


def row_of(table: Mapping[type[WakesoundError], Row], error: WakesoundError) -> Row:
    """The row for an error in a user interface's table: that of its class, or the nearest base.

    Raises:
        StopIteration: there is not even one for ``WakesoundError``.
    """
    return next(table[kind] for kind in type(error).__mro__ if kind in table)


class AudioError(WakesoundError):
    """Audio that cannot be used."""


class AudioDecodeError(AudioError):
    """A file that is not readable audio."""


class AudioTooLong(AudioDecodeError):
    """A recording that is longer than may be read.

    Args:
        message: what is told.
        most_seconds: what may be read.
    """

    def __init__(self, message: str, most_seconds: float) -> None:
        super().__init__(message)
        self.most_seconds = most_seconds


class AudioFormatError(AudioError):
    """Wrong rate, shape, dtype or value."""


class TakeRejected(WakesoundError):
    """A recording that cannot serve as a take."""


class RecordingTooLong(TakeRejected):
    """A recording that is too long to be searched for a sound.

    Args:
        seconds: its length.
        longest_seconds: the longest that is searched.
        file: its name, where it has one.
    """

    def __init__(self, seconds: float, longest_seconds: float, file: str = "") -> None:
        where = f"{file}: " if file else ""
        super().__init__(
            f"{where}the recording is {seconds:.0f} s long; at most {longest_seconds:.0f} s are "
            "searched for a sound"
        )
        self.seconds = seconds
        self.longest_seconds = longest_seconds
        self.file = file


class EnrollmentStopped(TakeRejected):
    """Warnings stop an enrollment that was not forced.

    Args:
        findings: the warnings, :class:`enroll.quality.Finding`.
    """

    def __init__(self, findings: Sequence[Any]) -> None:
        super().__init__("; ".join(finding.message for finding in findings))
        self.findings = tuple(findings)


class LastTake(TakeRejected):
    """The only take of a sound cannot be removed unless words define the sound as well.

    Args:
        sound: the sound's name.
    """

    def __init__(self, sound: str) -> None:
        super().__init__(f"that is the only take of {sound!r}")
        self.sound = sound


class TooManyTakes(TakeRejected):
    """A sound has as many takes as it may have.

    Args:
        sound: the sound's name.
        most: how many that are.
    """

    def __init__(self, sound: str, most: int) -> None:
        super().__init__(f"{sound!r} has {most} takes, and a sound has at most {most}")
        self.sound = sound
        self.most = most


class LibraryError(WakesoundError):
    """The sounds on disk cannot be read, written or changed like this."""


class SoundNotFound(LibraryError):
    """No sound, or no pattern of a sound, has that name.

    Args:
        name: what was asked for.
        known: the names there are.
        kind: ``"sound"`` or ``"pattern"``.
    """

    def __init__(self, name: str, known: Sequence[str] = (), kind: str = "sound") -> None:
        listed = ", ".join(map(repr, known)) or "none yet"
        super().__init__(f"there is no {kind} {name!r}; known: {listed}")
        self.name = name
        self.known = tuple(known)
        self.kind = kind


class NotEnrolled(SoundNotFound):
    """Takes were to be added to a sound that is not enrolled."""


class SoundExists(LibraryError):
    """The name of a sound or a pattern is taken.

    Args:
        name: the name.
        replaceable: whether the sound may be replaced by the one that was to be stored.
    """

    def __init__(self, name: str, *, replaceable: bool = False) -> None:
        kind = "sound" if replaceable else "sound or pattern"
        super().__init__(f"there already is a {kind} {name!r}")
        self.name = name
        self.replaceable = replaceable


class WordsExist(SoundExists):
    """A sound is defined by words already.

    Args:
        name: the sound.
        words: what it is defined by.
    """

    def __init__(self, name: str, words: str) -> None:
        LibraryError.__init__(self, f"{name!r} is already defined by the words {words!r}")
        self.name = name
        self.replaceable = True
        self.words = words


class SoundChanged(LibraryError):
    """Another process changed what was about to be changed, time and again.

    Args:
        what: a sound's name, or the library's folder.
    """

    def __init__(self, what: str) -> None:
        super().__init__(f"{what!r} is being changed by another process")
        self.what = what


class EncoderMismatch(LibraryError):
    """Another encoder made the library's embeddings.

    Args:
        folder: the library.
        library_encoder: what ``create_encoder`` made the library's encoder from.
        library_encoder_id: the library's encoder.
        encoder_id: the encoder that was to be used.
    """

    def __init__(
        self, folder: Path, library_encoder: str, library_encoder_id: str, encoder_id: str
    ) -> None:
        super().__init__(
            f"the sounds in {folder} were enrolled with encoder {library_encoder_id}, "
            f"this is {encoder_id}"
        )
        self.folder = folder
        self.library_encoder = library_encoder
        self.library_encoder_id = library_encoder_id
        self.encoder_id = encoder_id


class ReindexInterrupted(EncoderMismatch):
    """Changing the library's encoder was interrupted: no threshold is valid.

    Args:
        folder: the library.
        library_encoder: what ``create_encoder`` makes the new encoder from.
        library_encoder_id: the new encoder.
        encoder_id: the encoder that was to be used.
    """

    def __init__(
        self, folder: Path, library_encoder: str, library_encoder_id: str, encoder_id: str
    ) -> None:
        super().__init__(folder, library_encoder, library_encoder_id, encoder_id)
        self.args = (f"changing the encoder of {folder} to {library_encoder} was interrupted",)


class LibraryCorrupt(LibraryError):
    """A file of the library is damaged."""


class EncoderUnknown(LibraryCorrupt):
    """``library.json`` is missing or damaged, so the encoder of the embeddings is unknown.

    Args:
        path: the file.
        why: what is wrong with it.
    """

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} {why}, so the encoder that made the embeddings is unknown")
        self.path = path
        self.why = why


class SoundDamaged(LibraryCorrupt):
    """The record of a sound, or one of its recordings, is missing or damaged.

    Args:
        what: the file or the sound.
        why: what is wrong with it.
    """

    def __init__(self, what: str | Path, why: str) -> None:
        super().__init__(f"{what} {why}")
        self.what = what
        self.why = why


class VectorsDamaged(LibraryCorrupt):
    """The stored embeddings are not finite numbers."""

    def __init__(self) -> None:
        super().__init__("the stored embeddings are damaged")


class HistoryError(WakesoundError):
    """The history does not know the event, or not enough of it."""


class EncoderError(WakesoundError):
    """A model that cannot be loaded or run."""


class ModelNotFound(EncoderError):
    """A model is neither a folder nor among the models on this machine.

    Args:
        name: its name.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is neither a folder nor among the models on this machine")
        self.name = name


class ModelDamaged(EncoderError):
    """Files of a model are missing, damaged or incomplete.

    Args:
        path: the file.
        why: what is wrong with it.
        model: ``"mini"``, which comes with Wakesound, or ``"onnx"``, an exported CLAP.
    """

    def __init__(self, path: str | Path, why: str, model: str) -> None:
        super().__init__(f"{path} {why}")
        self.path = path
        self.why = why
        self.model = model


class DeviceUnavailable(EncoderError):
    """A model cannot run on the device that was asked for.

    Args:
        device: the device.
        why: what stands against it.
    """

    def __init__(self, device: str, why: str) -> None:
        super().__init__(why)
        self.device = device


class UnknownLabel(EncoderError):
    """The encoder does not know a text.

    Args:
        label: the text.
        nearest: texts that it knows.
    """

    def __init__(self, label: str, nearest: Sequence[str]) -> None:
        known = ", ".join(map(repr, nearest))
        super().__init__(
            f"mini does not know the label {label!r}; the nearest that it knows: {known}."
            " It knows AudioSet's classes and common names of them"
        )
        self.label = label
        self.nearest = tuple(nearest)


class WordsNotKnown(EncoderError):
    """The encoder does not know the words that define a sound.

    Args:
        sound: the sound's name.
        encoder_id: the encoder.
        why: what it says of them.
    """

    def __init__(self, sound: str, encoder_id: str, why: str) -> None:
        super().__init__(f"{encoder_id} cannot use the words of {sound!r}: {why}")
        self.sound = sound
        self.encoder_id = encoder_id
        self.why = why


class SourceError(WakesoundError):
    """A microphone, file or stream that cannot be read."""


class SilentSource(SourceError):
    """No sound came from a source for too long.

    Args:
        source: its name.
        seconds: for how long.
    """

    def __init__(self, source: str, seconds: float) -> None:
        super().__init__(f"no sound from {source} for {seconds:.0f} s")
        self.source = source
        self.seconds = seconds


class DeadSource(SourceError):
    """A live source delivers nothing but digital silence: it is muted, or the wrong one.

    Args:
        source: its name.
    """

    def __init__(self, source: str) -> None:
        super().__init__(f"{source} delivers nothing but digital silence")
        self.source = source


class SinkError(WakesoundError):
    """An action that failed."""


class ServiceError(WakesoundError):
    """A service that cannot be offered, for instance because its address is taken."""


class ConfigError(WakesoundError):
    """An invalid setting."""


class InvalidValue(ConfigError):
    """A field has a value that cannot be stored.

    Args:
        field: its name, e.g. ``"threshold"``.
        value: the value.
        why: what is allowed.
    """

    def __init__(self, field: str, value: object, why: str) -> None:
        super().__init__(f"invalid {field} {value!r:.70}: {why}")
        self.field = field
        self.value = value
        self.why = why


class NoTextEncoder(ConfigError):
    """An encoder has no text side, so it knows no words.

    Args:
        encoder: its identifier.
    """

    def __init__(self, encoder: str) -> None:
        super().__init__(
            f"the encoder {encoder} has no text side, so it cannot tell what words sound like"
        )
        self.encoder = encoder


class NoLabels(ConfigError):
    """No labels were given."""

    def __init__(self) -> None:
        super().__init__("no labels are given")


class NoBackground(ConfigError):
    """The labels leave no background to compare them with."""

    def __init__(self) -> None:
        super().__init__("the labels leave no background to be compared with")


class MissingExtra(WakesoundError):
    """An optional dependency is not installed.

    Args:
        what: what needs it, e.g. ``"the clap encoder"``.
        extra: the extra to install, e.g. ``"clap"``.
    """

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs more packages: pip install 'wakesound[{extra}]'")
        self.what = what
        self.extra = extra


def require_positive(owner: object, *names: str) -> None:
    """Check settings that must be above 0 and finite.

    Raises:
        ConfigError: one of the attributes ``names`` of ``owner`` is not.
    """
    for name in names:
        if not 0 < getattr(owner, name) < math.inf:
            raise ConfigError(f"{name} must be positive, not {getattr(owner, name)}")


def require_not_negative(owner: object, *names: str) -> None:
    """Check settings that must be 0 or more and finite.

    Raises:
        ConfigError: one of the attributes ``names`` of ``owner`` is not.
    """
    for name in names:
        if not 0 <= getattr(owner, name) < math.inf:
            raise ConfigError(f"{name} must be 0 or more, not {getattr(owner, name)}")
