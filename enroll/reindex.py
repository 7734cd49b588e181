"""Changing the encoder of a library: all takes are embedded and all thresholds fitted anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from enroll.calibration import LOWEST, Calibration, calibrate
from enroll.negatives import Negatives
from wakeword.audio import FloatArray
from wakeword.bank import load_bank
from wakeword.errors import LibraryCorrupt
from wakeword.library import SoundLibrary
from wakeword.protocols import Encoder
from wakeword.records import SoundRecord
from wakeword.vectors import TakeVectors

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

    The room that was given at the enrollment is not kept. With the same encoder no threshold
    falls, so what the room asked for stays; for another encoder thresholds are fitted without
    it, and a sound that the room makes too is better enrolled again.

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
        kept = {s.name: s.threshold for s in sounds} if _made_with(library, encoder) else {}
        fitted = fit_all(sounds, vectors, encoder, kept)
        thresholds = {name: calibration.threshold for name, calibration in fitted.items()}
        if library.switch_encoder(encoder, encoder_spec, thresholds, vectors, before):
            return fitted


def fit_all(
    sounds: Sequence[SoundRecord],
    vectors: Mapping[str, FloatArray],
    encoder: Encoder,
    lowest: Mapping[str, float],
) -> dict[str, Calibration]:
    """Fit the thresholds of sounds beside each other; one without a whole take is left out.

    Args:
        sounds: all of a library's.
        vectors: embeddings by file name of the take.
        encoder: the one that made them.
        lowest: what a sound's threshold must not be below, by name where there is such a thing.
    """
    bank = load_bank(encoder.id)
    takes = {s.name: [vectors[t.file] for t in s.takes if t.file in vectors] for s in sounds}
    takes = {name: found for name, found in takes.items() if found}
    fitted = {}
    for sound in sounds:
        if sound.name in takes:
            others = {name: found for name, found in takes.items() if name != sound.name}
            negatives = Negatives(bank=bank, others=others)
            fitted[sound.name] = calibrate(
                takes[sound.name],
                negatives,
                sound.budget_per_hour,
                lowest=lowest.get(sound.name, LOWEST),
            )
    return fitted


def _made_with(library: SoundLibrary, encoder: Encoder) -> bool:
    """Whether the thresholds are known to be this encoder's."""
    try:
        record = library.record()
    except LibraryCorrupt:
        return False
    return record is not None and not record.reindexing and record.encoder_id == encoder.id
