"""What sounds defined by words wake on: ``python -m wakebench.named --data DIR``.

The labels of :mod:`wakebench.monitor` are enrolled as sounds of one library, by their words alone,
and the engine listens to the streams of that benchmark: one with every recording of the watched
sounds over the noise of a home, one of speech and one of home noise without any of them. The
thresholds are those that ``wakesound enroll --text`` fits to a budget; nothing is chosen on the
recordings. ``--split train`` is for choosing how scores are made.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from enroll.session import Enrollment
from enroll.words import read_text
from wakebench.monitor import LABELS, Material, Stream, matched
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.encoders import create_encoder
from wakeword.engine import Engine
from wakeword.events import WakeEvent
from wakeword.labels import Classifier
from wakeword.library.enrolled import EnrolledSounds
from wakeword.library.library import SoundLibrary
from wakeword.protocols import Encoder, EncoderWrapper

BUDGETS = (0.5, 2.0, 5.0, 10.0)
"""False wakes per hour and sound."""


class RememberingReader(EncoderWrapper):
    """An encoder that embeds each window once, however often the streams are listened to.

    Args:
        encoder: makes the embeddings.
    """

    changes = frozenset({"frame_samples", "frame_hop"})

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self._known: dict[bytes, FloatArray] = {}
        self.frame_samples = self.frame_hop = 0  # windows are remembered, not frames

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embed a batch: see :meth:`wakeword.protocols.Encoder.embed`."""
        return np.stack([self._embed(window) for window in windows])

    def _embed(self, window: FloatArray) -> FloatArray:
        key = window.tobytes()
        if key not in self._known:
            self._known[key] = self.wrapped.embed([window])[0]
        return self._known[key]


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m wakebench.named", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--encoder", default="mini")
    parser.add_argument("--split", choices=("dev", "train"), default="dev")
    parser.add_argument("--minutes", type=float, default=30.0, help="of speech, and of noise")
    parser.add_argument("--budget", type=float, action="append", help="may be repeated")
    arguments = parser.parse_args()
    encoder = create_encoder(arguments.encoder)
    if not encoder.reads_text:
        parser.error(f"{encoder.id} knows no words")
    remembering = RememberingReader(encoder)
    material = Material(arguments.data, encoder.rate, arguments.split)
    quiet, events = material.quiet(arguments.minutes * 60), material.events()
    minutes = [len(stream.samples) / encoder.rate / 60 for stream in (*quiet, events)]
    click.echo(f"encoder {encoder.id}; speech {minutes[0]:.1f} min, home noise ", nl=False)
    click.echo(f"{minutes[1]:.1f} min; {len(events.parts)} sounds in {minutes[2]:.1f} min")
    for budget in arguments.budget or BUDGETS:
        click.echo(f"\nbudget {budget:g} an hour")
        click.echo("sound           threshold  expected  heard  elsewhere  false")
        with tempfile.TemporaryDirectory() as folder:
            library = enrolled(Path(folder), remembering, budget)
            table(library, remembering, quiet, events)


def enrolled(folder: Path, encoder: RememberingReader, budget_per_hour: float) -> SoundLibrary:
    """A library with all the labels as sounds."""
    library = SoundLibrary(folder)
    for label in LABELS:
        text = read_text(label, Classifier(encoder))
        enrollment = Enrollment(
            library, encoder, encoder.id, label, text=text, budget_per_hour=budget_per_hour
        )
        enrollment.finish()
    return library


def table(
    library: SoundLibrary, encoder: RememberingReader, quiet: Sequence[Stream], events: Stream
) -> None:
    """Print a line for each sound of the library."""
    sounds = library.enrolled(encoder)
    heard = wakes(events, sounds, encoder)
    silent = [(stream, wakes(stream, sounds, encoder)) for stream in quiet]
    found_all = many_all = wrong_all = false_all = 0
    for label in LABELS:
        sound = library.get(label)
        spans = [(event.start, event.end) for event in heard if event.sound == label]
        found, wrong = matched(events, label, spans, encoder.rate)
        many = sum(part.name == label for part in events.parts)
        on = [s.at(e.end - 1) for s, woke in silent for e in woke if e.sound == label]
        found_all, many_all = found_all + found, many_all + many
        wrong_all, false_all = wrong_all + wrong, false_all + len(on)
        hourly = sound.expected.false_alarms_per_hour
        told = "-" if hourly is None else f"{hourly:.2f}"
        of = f"{found}/{many}" if many else "-"
        which = f"{len(on)}{': ' if on else ''}{', '.join(on)}"
        click.echo(f"{label:<15} {sound.threshold:>9.2f} {told:>9} {of:>6} {wrong:>10}  {which}")
    of = f"{found_all}/{many_all}"
    click.echo(f"{'all':<15} {'':>9} {'':>9} {of:>6} {wrong_all:>10}  {false_all}")


def wakes(stream: Stream, sounds: EnrolledSounds, encoder: RememberingReader) -> list[WakeEvent]:
    """What the engine makes of a stream."""
    engine = Engine(sounds, encoder)
    return [*engine.push(AudioFrame(stream.samples, 0, encoder.rate)), *engine.flush()]


if __name__ == "__main__":
    main()
