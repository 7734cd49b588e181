"""Changing the encoder of a library: all takes are embedded and all thresholds fitted anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from enroll.changing import negatives_of, refitted
from enroll.fitting import Calibration
from enroll.words import Named, fit_sound
from wakeword.audio.frames import FloatArray
from wakeword.embedding.embedder import is_short
from wakeword.errors import ConfigError, EncoderError, LibraryCorrupt
from wakeword.labels.prompts import TextCache
from wakeword.library.ambient import Ambient
from wakeword.library.library import SoundLibrary
from wakeword.library.records import SoundRecord, VetoRecord
from wakeword.library.vectors import TakeVectors, of_files
from wakeword.protocols import Encoder
from wakeword.scoring.bank import load_bank

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
        EncoderError: a sound has words that this encoder does not know; nothing is changed.
        LibraryError: the library cannot be written.
    """
    vectors: TakeVectors = {}
    while True:
        before = library.fingerprint()
        vectors = library.embed_all(encoder, vectors, progress)
        sounds = library.sounds()
        room = library.ambient(encoder).read()
        kept: dict[str, float] = {}
        if _made_with(library, encoder):
            bounds = {s.name: s.lowest if room.runs else s.threshold for s in sounds}
            kept = {name: lowest for name, lowest in bounds.items() if lowest is not None}
        fitted = _fitted(library, sounds, vectors, encoder, kept, room)
        fits = {name: calibration.changes(encoder.id) for name, calibration in fitted.items()}
        for name, vetoes in _vetoes(sounds, vectors, encoder).items():
            fits.setdefault(name, {})["vetoes"] = vetoes
        if library.switch_encoder(encoder, encoder_spec, fits, vectors, before):
            if not room.runs:  # what another encoder heard is of no use any more
                library.ambient(encoder).forget()
            return fitted


def _fitted(
    library: SoundLibrary,
    sounds: Sequence[SoundRecord],
    vectors: TakeVectors,
    encoder: Encoder,
    lowest: Mapping[str, float],
    room: Ambient,
) -> dict[str, Calibration]:
    """Fit the thresholds of sounds beside each other; one without a whole take is left out.

    Args:
        library: where their recordings are.
        sounds: all of the library's.
        vectors: embeddings by file name of the take.
        encoder: the one that made them.
        lowest: what a sound's threshold must not be below, by name where there is such a thing.
        room: what is known of the user's room.

    Raises:
        EncoderError: a sound has words that this encoder does not know.
    """
    bank = load_bank(encoder.id)
    fitted = {}
    for sound in sounds:
        named = _named(sound, encoder, library.text_cache)
        takes = of_files(sound.takes, vectors)
        if takes or (named is not None and not sound.takes):
            seconds = [take.end_seconds - take.start_seconds for take in sound.takes]
            fitted[sound.name] = fit_sound(
                takes,
                named,
                negatives_of(library, encoder, sound, vectors, bank, room),
                sound.window_budget_per_hour,
                lowest=lowest.get(sound.name),
                short=is_short(seconds, encoder, library.segmenter),
            )
    return fitted


def _named(sound: SoundRecord, encoder: Encoder, texts: TextCache | None) -> Named | None:
    """The sound's words, once the encoder knows them.

    Raises:
        EncoderError: it does not.
    """
    named = Named.of(sound.text, sound.vetoes, encoder, texts)
    if named is not None:
        try:
            named.likeness()
        except (ConfigError, EncoderError) as error:
            raise EncoderError(
                f"{encoder.id} has no place for the words of {sound.name!r}: {error}; or take them"
                f" away: wakesound remove {sound.name!r}, with --text if it has takes too"
            ) from error
    return named


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
