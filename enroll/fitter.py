"""The one way to fit a sound of a library: gather what is known of it, fit it, make its record.

What is known is gathered from the library, or from what is about to go into it. Sounds with the
same content in another order, a tune and its reversal, are no negatives of each other: their
embeddings are alike and the engine tells them apart by their order, so that a verifier that was
trained against the other one would refuse both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from enroll.fitting import Calibration, Evidence, Named, fit_sound
from enroll.negatives import Negatives
from enroll.scores import leave_one_out, run_score
from enroll.vetoes import refit_vetoes
from wakeword.audio.frames import FloatArray
from wakeword.embedding.embedder import is_short
from wakeword.errors import (
    ConfigError,
    EncoderError,
    LibraryCorrupt,
    SoundDamaged,
    SoundNotFound,
    WordsNotKnown,
)
from wakeword.library.ambient import Ambient
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.library.records import SoundRecord
from wakeword.library.vectors import TakeVectors, of_files
from wakeword.patterns.order import SoundOrder
from wakeword.protocols import Encoder
from wakeword.scoring.bank import NegativeBank, load_bank


@dataclass(frozen=True, eq=False)
class Fit:
    """A sound that was fitted; nothing is stored yet."""

    sound: SoundRecord
    """Its record, with the fitted threshold, verifier, words and vetoes."""
    calibration: Calibration
    """How the threshold came about and what to expect."""
    evidence: Evidence
    """What it was fitted to."""

    @property
    def words(self) -> Named | None:
        """The words that define the sound, fitted, if there are any."""
        words, text = self.evidence.words, self.calibration.text
        return words if words is None or text is None else words.fitted(text)


class Fitter:
    """Fits sounds beside each other. What they share is read once, when a fit first needs it.

    Args:
        library: where the sounds are, or will be.
        encoder: makes, and made, the embeddings.
        sounds: all sounds that count as each other's negatives; the library's by default.
        vectors: embeddings of all their recordings by file name; the library's by default. The
            encoder then has to be the library's.
        recordings: takes that the library does not hold yet, by file name.
        room: instead of what the library knows of the room.
        bank: the encoder's, where it is at hand.
    """

    def __init__(
        self,
        library: SoundLibrary,
        encoder: Encoder,
        *,
        sounds: Sequence[SoundRecord] | None = None,
        vectors: TakeVectors | None = None,
        recordings: Mapping[str, Take] | None = None,
        room: Ambient | None = None,
        bank: NegativeBank | None = None,
    ) -> None:
        self._library = library
        self._encoder = encoder
        self._sounds = library.sounds() if sounds is None else list(sounds)
        self._vectors = library.vectors(encoder) if vectors is None else vectors
        self._recordings = recordings or {}
        self.room = library.ambient(encoder).read() if room is None else room
        self._given_bank = bank

    def fit(self, sound: SoundRecord, threshold_floor: float | None = None) -> Fit:
        """Fit a sound to all that is known of it.

        Args:
            sound: its record; the library need not hold it, nor its recordings.
            threshold_floor: the threshold does not go below, nor below the floor that feedback
                set; None for no such bound.

        Raises:
            SoundDamaged: none of its takes can be read.
            WordsNotKnown: the encoder does not know its words.
        """
        return self.fit_to(sound, self.evidence(sound, threshold_floor))

    def fit_to(self, sound: SoundRecord, evidence: Evidence) -> Fit:
        """Fit a sound to what :meth:`evidence` found."""
        sound = self._without_old_floor(sound)
        calibration = fit_sound(evidence)
        vetoes = refit_vetoes(sound.vetoes, evidence.takes, self._encoder, self.bank)
        changes = {**calibration.changes(self._encoder.id), "vetoes": vetoes}
        return Fit(sound.model_copy(update=changes), calibration, evidence)

    def evidence(self, sound: SoundRecord, threshold_floor: float | None = None) -> Evidence:
        """All that is known of a sound; arguments and errors as for :meth:`fit`."""
        takes = of_files(sound.takes, self._vectors)
        if sound.takes and not takes:
            raise SoundDamaged(repr(sound.name), "has no readable recordings")
        if takes and self._becomes_leveled(sound):
            sound, threshold_floor = self._without_old_floor(sound), None
        words = self.words(sound)
        floors = [at for at in (threshold_floor, sound.threshold_floor) if at is not None]
        return Evidence(
            takes=takes,
            negatives=self._negatives(sound),
            budget_per_hour=sound.window_budget_per_hour,
            words=words,
            short=self.short(sound),
            threshold_floor=max(floors, default=None),
        )

    def _becomes_leveled(self, sound: SoundRecord) -> bool:
        """Whether its fit gives it a level that it does not have yet."""
        leveled = self.bank is not None and self.bank.model is not None
        return leveled and bool(sound.takes) and sound.level is None

    def _without_old_floor(self, sound: SoundRecord) -> SoundRecord:
        """The sound without a floor of another scale: that before levels, or that of words."""
        return sound.without_floor() if self._becomes_leveled(sound) else sound

    def short(self, sound: SoundRecord) -> bool:
        """Whether the sound is looked for in the end of the window."""
        seconds = [take.sound_seconds for take in sound.takes]
        return is_short(seconds, self._encoder, self._library.segmenter)

    @cached_property
    def bank(self) -> NegativeBank | None:
        """The encoder's negative bank, if it has one."""
        return self._given_bank or load_bank(self._encoder.id)

    def words(self, sound: SoundRecord) -> Named | None:
        """The words that define a sound, if there are any.

        Raises:
            WordsNotKnown: the encoder does not know them.
        """
        words = Named.of(sound.text, sound.vetoes, self._encoder, self._library.text_cache)
        if words is not None:
            try:
                words.likeness()
            except (ConfigError, EncoderError) as error:
                raise WordsNotKnown(sound.name, self._encoder.id, str(error)) from error
        return words

    def _negatives(self, sound: SoundRecord) -> Negatives:
        own = sound.name.casefold()
        found = {s.name: of_files(s.takes, self._vectors) for s in self._sounds}
        others: Mapping[str, Sequence[FloatArray]] = {
            name: takes for name, takes in found.items() if takes and name.casefold() != own
        }
        if others and not sound.patterns:
            others = without_turned(
                others,
                partial(self._takes, sound),
                of_files(sound.takes, self._vectors),
                self._takes_of,
                self._encoder.rate,
            )
        return Negatives(
            bank=self.bank,
            ambient=self.room.vectors,
            ambient_seconds=self.room.seconds,
            others=others,
            rejected=of_files(sound.rejected, self._vectors),
        )

    def _takes_of(self, name: str) -> list[Take]:
        """The recordings of another sound; none if it has patterns.

        The engine asks for no order where there are patterns: a beat is too short for one.
        """
        sound = next(s for s in self._sounds if s.name == name)
        return [] if sound.patterns else self._takes(sound)

    def _takes(self, sound: SoundRecord) -> list[Take]:
        """The takes of a sound that can be read."""
        found = []
        for record in sound.takes:
            try:
                new = self._recordings.get(record.file)
                found.append(new or self._library.take(sound.name, record.file))
            except (LibraryCorrupt, SoundNotFound):  # reported when the engine loads the library
                continue
        return found


NEAR = 0.1
"""Only sounds whose takes are at most this much less like the sound than its own takes are like
each other need the order to be told apart."""


def without_turned(
    others: Mapping[str, Sequence[FloatArray]],
    takes: Callable[[], Sequence[Take]],
    vectors: Sequence[FloatArray],
    recorded: Callable[[str], Sequence[Take]],
    rate: int,
) -> dict[str, Sequence[FloatArray]]:
    """The other sounds, without those that differ from this one by their order.

    Args:
        others: embeddings of their takes, by name.
        takes: gives the sound's own recordings; asked only if they matter.
        vectors: their embeddings, ``(n, view_dim)`` each.
        recorded: gives the recordings of another sound, by its name; none of a sound that is to
            stay a negative.
        rate: samples per second at which the engine will listen.
    """
    order = SoundOrder(takes, rate)
    near = [name for name, theirs in others.items() if _near(theirs, vectors)]
    if not near or not order.ordered:
        return dict(others)
    turned = {name for name in near if _told_apart(order, takes(), recorded(name), rate)}
    return {name: theirs for name, theirs in others.items() if name not in turned}


def _near(theirs: Sequence[FloatArray], vectors: Sequence[FloatArray]) -> bool:
    """Whether a sound could be taken for another by its embeddings."""
    if not vectors:
        return False
    own = np.concatenate(list(vectors))
    usual = min(leave_one_out(vectors), default=0.0)
    return any(run_score(take, own) >= usual - NEAR for take in theirs)


def _told_apart(
    order: SoundOrder, takes: Sequence[Take], theirs: Sequence[Take], rate: int
) -> bool:
    """Whether each sound refuses most takes of the other for their order."""
    other = SoundOrder(lambda: theirs, rate)
    return _most(order, theirs) and _most(other, takes)


def _most(order: SoundOrder, takes: Sequence[Take]) -> bool:
    return 2 * sum(order.turns(take) for take in takes) > len(takes)
