"""The sounds of a user, kept on disk."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from wakeword.ambient import SINCE_FILE, AmbientStore
from wakeword.labels.text_cache import TextCache
from wakeword.library_scorer import library_scorer
from wakeword.library_vectors import LibraryVectors
from wakeword.library_writer import LibraryWriter
from wakeword.protocols import Encoder
from wakeword.records import SoundRecord
from wakeword.scorer import Scorer
from wakeword.vectors import TakeVectors

_log = logging.getLogger(__name__)


class SoundLibrary(LibraryWriter):
    """A folder of enrolled sounds: reading them, changing them, listening for them.

    Opening one does not touch the disk; a folder that does not exist is an empty library.

    Args:
        folder: where it is.
        segmenter: the windows that takes are embedded with; the engine's own.
    """

    def vectors(self, encoder: Encoder) -> TakeVectors:
        """The embeddings of all takes, from the cache or computed; damaged takes are left out.

        Raises:
            EncoderMismatch: the library was made with another encoder.
        """
        self.check_encoder(encoder)
        return LibraryVectors(self._shelf, encoder, self.segmenter).cached()

    def ambient(self, encoder: Encoder) -> AmbientStore:
        """What is known of the user's room, as this encoder hears it."""
        return AmbientStore.of(self.folder, encoder, self.segmenter)

    def ambient_since(self, encoder: Encoder) -> AmbientStore:
        """What was heard of it by the way, since the user let the room be heard."""
        return AmbientStore.of(self.folder, encoder, self.segmenter, SINCE_FILE)

    @property
    def text_cache(self) -> TextCache:
        """Where embeddings of the words that define sounds are kept."""
        return TextCache(self.folder / "text")

    def embed_all(
        self,
        encoder: Encoder,
        known: TakeVectors | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> TakeVectors:
        """Embeddings of all takes by any encoder, without the cache; damaged takes are left out.

        Args:
            encoder: it need not be the library's.
            known: what this encoder made before; not made again.
            progress: called with how many takes are done and how many there are.
        """
        return LibraryVectors(self._shelf, encoder, self.segmenter).fresh(known, progress)

    def scorer(self, encoder: Encoder) -> Scorer:
        """Everything the engine needs to know of the sounds.

        A sound with a damaged file is left out, with a logged warning, and the others are
        listened for.

        Raises:
            EncoderMismatch: the library was made with another encoder.
        """
        before, vectors = self.fingerprint(), self.vectors(encoder)
        sounds, problems = self._shelf.scan()
        while before != (now := self.fingerprint()):  # changed by another process meanwhile
            before, vectors = now, self.vectors(encoder)
            sounds, problems = self._shelf.scan()
        for problem in problems.values():
            _log.warning("%s", problem)
        return library_scorer(self._shelf, sounds, vectors, encoder, self.text_cache)

    def scorer_of(
        self, sounds: Iterable[SoundRecord], vectors: TakeVectors, encoder: Encoder
    ) -> Scorer:
        """Everything the engine needs to know of sounds that are fitted but not stored.

        Args:
            sounds: of this library, with what was fitted.
            vectors: embeddings by file, of what these name.
            encoder: made them; it need not be the library's.

        Raises:
            SoundNotFound: there is no sound of such a name.
        """
        known = {self._shelf.find(sound.name): sound for sound in sounds}
        return library_scorer(self._shelf, known, vectors, encoder, self.text_cache)
