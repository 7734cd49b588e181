"""Changing the encoder of a library: all takes are embedded and all thresholds fitted anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from enroll.calibration import Calibration, calibrate
from enroll.negatives import Negatives
from enroll.vetoes import refitted
from wakeword.ambient import Ambient
from wakeword.audio import FloatArray
from wakeword.bank import load_bank
from wakeword.config import SegmenterConfig
from wakeword.errors import LibraryCorrupt
from wakeword.library import SoundLibrary, of_files
from wakeword.protocols import Encoder
from wakeword.records import SoundRecord, VetoRecord
from wakeword.vectors import TakeVectors
from wakeword.views import is_short

Progress = Callable[[int, int], object]
"""Called with how many takes are done and how many there are."""


def reindex(
    library: SoundLibrary,
    encoder: Encoder,
    encoder_spec: str,
    *,
    progress: Progress | None = None,
) -> dict[str, Calibration]:
    """Make the library one of this encoder; each sound keeps its false-alarm budget.

    Nothing is changed while the takes are embedded. If it is interrupted while the new
    thresholds are written, the library asks for it to be run again.

    With the same encoder no threshold falls while nothing is known of the room: it may have asked
    for it. What is known of the room serves no other encoder and is forgotten, with a logged
    warning; then the room is better heard again.

    Args:
        library: the sounds.
        encoder: the new encoder, or the same one to refit what it made.
        encoder_spec: what ``create_encoder`` made it from.
        progress: told about each take that is embedded.

    Returns:
        What to expect now, by name of the sound.

    Raises:
        LibraryError: the library cannot be written.
    """
    vectors: TakeVectors = {}
    while True:
        before = library.fingerprint()
        vectors = library.embed_all(encoder, vectors, progress)
        sounds = library.sounds()
        room = library.ambient(encoder).read()
        kept: dict[str, float] = {}
        if _made_with(library, encoder) and not room.runs:
            kept = {s.name: s.threshold for s in sounds}
        fitted = fit_all(sounds, vectors, encoder, kept, library.segmenter, room)
        fits = {name: calibration.changes(encoder.id) for name, calibration in fitted.items()}
        for name, vetoes in _vetoes(sounds, vectors, encoder).items():
            fits.setdefault(name, {})["vetoes"] = vetoes
        if library.switch_encoder(encoder, encoder_spec, fits, vectors, before):
            if not room.runs:  # what another encoder heard is of no use any more
                library.ambient(encoder).forget()
            return fitted


def fit_all(
    sounds: Sequence[SoundRecord],
    vectors: Mapping[str, FloatArray],
    encoder: Encoder,
    lowest: Mapping[str, float],
    segmenter: SegmenterConfig | None = None,
    room: Ambient | None = None,
) -> dict[str, Calibration]:
    """Fit the thresholds of sounds beside each other; one without a whole take is left out.

    Args:
        sounds: all of a library's.
        vectors: embeddings by file name of the take.
        encoder: the one that made them.
        lowest: what a sound's threshold must not be below, by name where there is such a thing.
        segmenter: the windows; the engine's own by default.
        room: what is known of the user's room.
    """
    room = room or Ambient()
    bank = load_bank(encoder.id)
    takes = {s.name: [vectors[t.file] for t in s.takes if t.file in vectors] for s in sounds}
    takes = {name: found for name, found in takes.items() if found}
    fitted = {}
    for sound in sounds:
        if sound.name in takes:
            others = {name: found for name, found in takes.items() if name != sound.name}
            rejected = of_files(sound.rejected, vectors)
            negatives = Negatives(
                bank=bank,
                ambient=room.vectors,
                ambient_seconds=room.seconds,
                others=others,
                rejected=rejected,
            )
            seconds = [take.end_seconds - take.start_seconds for take in sound.takes]
            fitted[sound.name] = calibrate(
                takes[sound.name],
                negatives,
                sound.window_budget_per_hour,
                lowest=lowest.get(sound.name),
                short=is_short(seconds, encoder, segmenter or SegmenterConfig()),
            )
    return fitted


def _vetoes(
    sounds: Sequence[SoundRecord], vectors: Mapping[str, FloatArray], encoder: Encoder
) -> dict[str, tuple[VetoRecord, ...]]:
    bank = load_bank(encoder.id)
    takes = {sound.name: of_files(sound.takes, vectors) for sound in sounds if sound.vetoes}
    return {
        sound.name: refitted(sound.vetoes, takes[sound.name], encoder, bank)
        for sound in sounds
        if takes.get(sound.name)
    }


def _made_with(library: SoundLibrary, encoder: Encoder) -> bool:
    """Whether the thresholds are known to be this encoder's."""
    try:
        record = library.record()
    except LibraryCorrupt:
        return False
    return record is not None and not record.reindexing and record.encoder_id == encoder.id
