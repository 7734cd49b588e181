"""A stream cut into the windows that the whole of it would be cut into.

Hears parcels: reads recordings piece by piece and has their slices embedded in batches.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from runtime.labels.batch.job import Job, Parcel
from runtime.labels.batch.results import Row, Tally, bad_row
from wakeword.audio.frames import FloatArray, level_db
from wakeword.audio.reading import read_blocks
from wakeword.audio.resampling import Resampler
from wakeword.errors import AudioError
from wakeword.labels import Classifier
from wakeword.labels.classifier import AT_ONCE

Slice = tuple[int, int, FloatArray]
"""Where it begins and ends, as sample indices, and its samples ``(n,) float32``."""


def slices(blocks: Iterable[FloatArray], classifier: Classifier) -> Iterator[Slice]:
    """The windows of :meth:`wakeword.labels.Classifier.spans`, before the end is known.

    Little more than a window and a block are held at a time.

    Args:
        blocks: the audio, each ``(n,) float32`` at the encoder's rate.
        classifier: which says how long a window is.

    Yields:
        Windows in time order; none for no audio.
    """
    size = round(classifier.window_seconds * classifier.encoder.rate)
    hop = max(1, size // 2)
    held, begin, count, given = np.zeros(0, np.float32), 0, 0, 0
    for block in blocks:
        held = np.concatenate([held, block])
        count += len(block)
        # A window is certain once what is behind it is worth a further one.
        while count - size > given * hop + (hop // 4 if given else 0):
            start = given * hop
            held, begin = held[start - begin :], start
            yield start, start + size, held[:size].copy()
            given += 1
    if count:
        for start, end in classifier.spans(count)[given:]:
            yield start, end, held[start - begin : end - begin].copy()


BLOCK_SECONDS = 4.0
"""How much of a recording is read at a time."""


@dataclass(eq=False)
class _Hearing:
    """A recording while it is heard."""

    path: str
    tally: Tally
    seconds: float = 0.0
    error: str | None = None


class Hearer:
    """Hears the recordings of a job, a parcel at a time.

    Args:
        job: what is asked.

    Raises:
        ConfigError: the folder is not here.
        EncoderError: the encoder cannot be loaded, or is another one here.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._classifier = job.classifier()

    def __call__(self, parcel: Parcel) -> list[Row]:
        """A row for each recording, in their order; with ``--slices`` also ``timeline``.

        Slices of one recording after the other make the batches, so that what is in a batch
        depends on the parcel alone.

        Raises:
            EncoderError: the encoder fails.
        """
        job = self._job
        heard = [
            _Hearing(
                recording.path,
                Tally(self._classifier, job.question, keep_slices=job.keep_slices),
            )
            for recording in parcel
        ]
        windows = itertools.chain.from_iterable(map(self._slices, heard))
        while batch := list(itertools.islice(windows, AT_ONCE)):
            self._add(batch)
        return [self._row(hearing) for hearing in heard]

    def _slices(self, hearing: _Hearing) -> Iterator[tuple[_Hearing, int, int, FloatArray]]:
        """The slices of a recording; one that cannot be read on ends with an error."""
        path = self._job.folder / hearing.path
        try:
            for start, end, samples in slices(self._resampled(hearing), self._classifier):
                yield hearing, start, end, samples
        except AudioError as error:
            hearing.error = str(error).removeprefix(f"{path}: ")

    def _resampled(self, hearing: _Hearing) -> Iterator[FloatArray]:
        """A recording at the encoder's rate, piece by piece."""
        resampler: Resampler | None = None
        for frame in read_blocks(self._job.folder / hearing.path, BLOCK_SECONDS):
            resampler = resampler or Resampler(frame.rate, self._classifier.encoder.rate)
            hearing.seconds = frame.end / frame.rate
            yield resampler.push(frame.samples)
        if resampler is not None:
            yield resampler.flush()

    def _add(self, batch: list[tuple[_Hearing, int, int, FloatArray]]) -> None:
        vectors = self._classifier.embed([samples for _, _, _, samples in batch])
        at = 0
        for hearing, group in itertools.groupby(batch, key=lambda item: item[0]):
            own = list(group)
            hearing.tally.add(
                vectors[at : at + len(own)],
                [(start, end) for _, start, end, _ in own],
                [level_db(samples) for _, _, _, samples in own],
            )
            at += len(own)

    def _row(self, hearing: _Hearing) -> Row:
        if hearing.error is None and not hearing.tally.count:
            hearing.error = "there is too little audio in it; record it again"
        if hearing.error is not None:
            return bad_row(hearing.path, hearing.error)
        row = hearing.tally.row(hearing.path, hearing.seconds)
        return row if hearing.tally.slices is None else row | {"timeline": hearing.tally.slices}
