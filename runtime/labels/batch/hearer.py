"""Hears parcels: reads recordings piece by piece and has their slices embedded in batches."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from runtime.labels.batch.job import Job, Parcel
from runtime.labels.batch.results import Row, Tally, bad_row
from wakeword.audio.frames import FloatArray, level_db
from wakeword.audio.reading import Account, Recording, printable
from wakeword.audio.resampling import resampled
from wakeword.errors import AudioError
from wakeword.labels.classifier import AT_ONCE

BLOCK_SECONDS = 4.0
"""How much of a recording is read at a time."""


@dataclass(eq=False)
class _Hearing:
    """A recording while it is heard."""

    path: str
    tally: Tally
    account: Account | None = None
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
            with Recording(path, channel=self._job.channel) as recording:
                blocks = resampled(recording.blocks(BLOCK_SECONDS), self._classifier.encoder.rate)
                for start, end, samples in self._classifier.slices(blocks):
                    yield hearing, start, end, samples
                hearing.account = recording.account
        except AudioError as error:
            hearing.error = str(error).removeprefix(f"{printable(path)}: ")

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
        if hearing.error is not None or hearing.account is None:
            return bad_row(hearing.path, hearing.error or "it was not heard to its end")
        row = hearing.tally.row(hearing.path, hearing.account)
        return row if hearing.tally.slices is None else row | {"timeline": hearing.tally.slices}
