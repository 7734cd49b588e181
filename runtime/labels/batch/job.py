"""The recordings of a folder, in an order that is always the same, and in parcels.

What is asked about which recordings: all that a hearer, wherever it is, must know.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wakeword.audio.channels import MIX, Choice
from wakeword.audio.files.formats import FOREIGN, SUFFIXES
from wakeword.audio.reading import printable
from wakeword.encoders import create_encoder
from wakeword.errors import ConfigError, EncoderError
from wakeword.labels import Classifier, Question

_log = logging.getLogger(__name__)

PARCEL_FILES = 16
"""So many recordings at most are heard together, and lost together by a kill."""
PARCEL_BYTES = 32_000_000
"""Nor more than this, unless one alone is larger."""


@dataclass(frozen=True)
class Recording:
    """A file, and what it was when it was found."""

    path: str
    """Relative to the folder, with forward slashes."""
    size: int
    """In bytes."""
    changed: int
    """When it was last written, in nanoseconds since 1970."""


Parcel = tuple[Recording, ...]


def find_recordings(folder: Path) -> list[Recording]:
    """The recordings in a folder and the folders in it, by path; hidden ones are passed over.

    Raises:
        ConfigError: it is not a folder, cannot be listed, or holds no recordings.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder} is not a folder; name the one with the recordings")
    found = []
    for place, folders, names in os.walk(folder, onerror=_unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(place, name)
            if name.startswith(".") or path.suffix.lower() not in SUFFIXES | FOREIGN:
                continue
            try:
                about = path.stat()
                size, changed = about.st_size, about.st_mtime_ns
            except OSError:  # a broken link: a bad file, which is told when it is to be heard
                size, changed = 0, 0
            found.append(Recording(path.relative_to(folder).as_posix(), size, changed))
    if not found:
        raise ConfigError(
            f"there are no recordings in {printable(folder)}"
            f" ({', '.join(sorted(SUFFIXES))} are looked for)"
        )
    return sorted(found, key=lambda recording: recording.path.split("/"))


def parcels(recordings: Sequence[Recording], most_files: int = PARCEL_FILES) -> list[Parcel]:
    """The recordings in their order, cut into parcels of so many at most."""
    cut: list[list[Recording]] = []
    room = 0
    for recording in recordings:
        room -= recording.size
        if not cut or room < 0 or len(cut[-1]) == most_files:
            cut.append([])
            room = PARCEL_BYTES - recording.size
        cut[-1].append(recording)
    return [tuple(parcel) for parcel in cut]


def _unreadable(error: OSError) -> None:
    place = printable(error.filename)
    _log.warning("%s cannot be listed and is left out: %s", place, error.strerror)


SLICE_SECONDS = 4.0
"""Recordings are heard in slices of so much at most, or less where the encoder hears less."""


@dataclass(frozen=True, eq=False)
class Job:
    """A question to all recordings of a folder."""

    folder: Path
    """Absolute; on a cluster it is at the same place everywhere."""
    encoder: str
    """What :func:`wakeword.encoders.create_encoder` makes the encoder by."""
    encoder_id: str
    """What that must turn out to be."""
    device: str
    """``"cpu"``, ``"cuda"`` or ``"mps"``, for encoders that can use it."""
    slice_seconds: float
    templates: tuple[str, ...]
    """The sentences that labels stand in, as they are in the question already."""
    question: Question
    keep_slices: bool
    """Whether what each slice sounds like is kept, too."""
    channel: Choice = MIX
    """Which channel of the recordings is meant."""

    @classmethod
    def of(
        cls,
        folder: Path,
        classifier: Classifier,
        question: Question,
        *,
        encoder: str,
        device: str = "cpu",
        keep_slices: bool = False,
        channel: Choice = MIX,
    ) -> Job:
        """The job of a question to a folder.

        Args:
            folder: with recordings, at any depth.
            classifier: which made the question; its window is the slice.
            question: the labels.
            encoder: what the classifier's encoder was made by.
            device: what it was made for.
            keep_slices: whether what each slice sounds like is kept, too.
            channel: which channel of the recordings is meant.

        Raises:
            ConfigError: the slice is longer than :data:`SLICE_SECONDS`.
        """
        if classifier.window_seconds > SLICE_SECONDS:
            raise ConfigError(f"a slice is {SLICE_SECONDS:g} s at most")
        return cls(
            folder=folder.resolve(),
            encoder=encoder,
            encoder_id=classifier.encoder.id,
            device=device,
            slice_seconds=classifier.window_seconds,
            templates=tuple(classifier.templates),
            question=question,
            keep_slices=keep_slices,
            channel=channel,
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """As the user wrote them."""
        return self.question.labels

    @property
    def about(self) -> dict[str, Any]:
        """What the results depend on, for the journal; JSON."""
        return {
            "folder": str(self.folder),
            "encoder": self.encoder_id,
            "device": self.device,
            "labels": list(self.labels),
            "understood": [wording.text for wording in self.question.wordings],
            "templates": list(self.templates),
            "background": list(self.question.background),
            "slice_seconds": self.slice_seconds,
            "slices": self.keep_slices,
            "channel": self.channel,
        }

    def classifier(self) -> Classifier:
        """Load the encoder, to hear with it.

        Raises:
            EncoderError: it cannot be loaded, or is another one here.
            ConfigError: the folder is not here.
        """
        if not self.folder.is_dir():
            raise ConfigError(
                f"{self.folder} is not there for this process; every machine of a cluster must"
                " see the recordings at the same place"
            )
        encoder = create_encoder(self.encoder, device=self.device)
        if encoder.id != self.encoder_id:
            raise EncoderError(
                f"{self.encoder} is {encoder.id} here, not {self.encoder_id}; every machine must"
                " have the same weights"
            )
        return Classifier(encoder, window_seconds=self.slice_seconds)
