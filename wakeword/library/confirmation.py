"""What a second encoder knows of the sounds of a library: its takes, embedded once more."""

from __future__ import annotations

import logging
from functools import partial

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.embedding.variants import embed_take
from wakeword.errors import AudioError, LibraryError
from wakeword.library.library import SoundLibrary
from wakeword.library.vectors import VectorCache
from wakeword.protocols import Encoder
from wakeword.scoring.bank import file_name, load_bank
from wakeword.scoring.confirmation import Confirmation, ResampledEncoder, learned

_log = logging.getLogger(__name__)


def make_confirmation(
    library: SoundLibrary, first: Encoder, second: Encoder, name: str
) -> Confirmation:
    """What the second encoder says of the sounds of a library.

    Their takes are embedded once and kept in a file of their own beside the library's.

    Args:
        library: the sounds; those of which no take can be read pass unconfirmed.
        first: the library's encoder.
        second: the one that is asked.
        name: what it is called in refusals.
    """
    relay = ResampledEncoder(second, first)
    sounds = library.sounds()
    wanted = {
        take.file: partial(_embedded, library, sound.name, take.file, relay)
        for sound in sounds
        for take in sound.takes
    }
    cache = VectorCache(
        library.folder, relay.id, relay.dim, library.segmenter, f"confirm-{file_name(second.id)}"
    )
    vectors, changed = cache.complete(wanted)
    if changed and library.folder.exists():
        try:
            cache.write({file: rows for file, rows in vectors.items() if len(rows)})
        except LibraryError as error:
            _log.warning("confirming without a cache: %s", error)
    bank = load_bank(second.id)
    known = {}
    for sound in sounds:
        takes = [rows for take in sound.takes if len(rows := vectors[take.file])]
        if takes:
            known[sound.name] = learned(takes, bank, first.short_seconds if sound.short else None)
    return Confirmation(name, relay, known)


def _embedded(library: SoundLibrary, sound: str, file: str, encoder: Encoder) -> FloatArray:
    """Embeddings of a take, ``(n, dim) float32``; none if it cannot be heard."""
    try:
        return embed_take(library.take(sound, file), encoder, library.segmenter)
    except (AudioError, LibraryError) as error:
        _log.warning("%s of %s cannot be confirmed with: %s", file, sound, error)
        return np.zeros((0, encoder.dim), np.float32)
