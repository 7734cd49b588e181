"""The variants of a take, as it is, in rooms and in noise: the windows of each that the engine
would hear, and their embeddings.

Rooms and noise are those of the take's own rate, so each variant is brought to the encoder's by
itself: noise that is made at another rate is other noise, with other embeddings.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.audio.resampling import resample
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.audio.simulation import Room, pink_noise
from wakeword.embedding.embedder import embed_views
from wakeword.library.recordings import Take
from wakeword.protocols import Encoder

TAIL_HOPS = 2
"""Windows are also taken up to this many hops after the sound, as the engine hears it end."""
NOISE_SNRS_DB = (20.0, 10.0)
"""A take is also embedded in noise, so that it is known again in a room that is not quiet:
this far below the sound's loudest 50 ms."""
ROOMS = (Room(0.25, 0.0), Room(0.5, -3.0))
"""... and in rooms, a small one and from across a larger one: who claps beside the microphone
while enrolling will clap from the door."""
RECIPE = f"views, quiet, rooms {' '.join(map(str, ROOMS))}, pink {NOISE_SNRS_DB}"
"""Names how takes are embedded; vectors made in another way are out of date."""


def take_windows(
    take: Take, rate: int, window_seconds: float, config: SegmenterConfig
) -> list[FloatArray]:
    """The windows in which the engine would hear the take whole, at ``rate``.

    A sound shorter than the window is heard in the windows that end with it or just after;
    a longer one in all windows that lie inside it.
    """
    samples = resample(take.samples, take.rate, rate)
    start = round(take.start / take.rate * rate)
    end = min(len(samples), round(take.end / take.rate * rate))
    hop, window = round(config.hop_seconds * rate), round(window_seconds * rate)
    segment = max(0, start - round(config.pre_roll_seconds * rate))
    padded = np.concatenate([samples, np.zeros(TAIL_HOPS * hop, np.float32)])
    first = min(end, segment + window)
    ends = [*range(first, end, hop), *(end + i * hop for i in range(TAIL_HOPS + 1))]
    return [padded[max(segment, stop - window) : stop] for stop in ends]


def in_noise(take: Take, snr_db: float) -> Take:
    """The take with pink noise, ``snr_db`` below its loudest 50 ms; always the same noise."""
    length = max(1, take.rate // 20)
    energy = np.cumsum(np.square(take.samples[take.start : take.end], dtype=np.float64))
    windows = energy[length:] - energy[:-length] if len(energy) > length else energy[-1:]
    loudest = float(np.sqrt(windows.max() / min(length, len(energy))))
    noise = pink_noise(len(take.samples), take.rate, loudest * 10.0 ** (-snr_db / 20.0))
    return replace(take, samples=take.samples + noise)


def in_room(take: Take, room: Room) -> Take:
    """The take as a microphone farther away would have it."""
    return replace(take, samples=room.hear(take.samples, take.rate))


def embed_take(take: Take, encoder: Encoder, config: SegmenterConfig) -> FloatArray:
    """Embeddings of the take, ``(n, view_dim) float32``: as it is, in rooms, then in noise.

    The same take always gives the same embeddings; each part is as long and in order of time.
    """
    heard = [take, *(in_room(take, room) for room in ROOMS)]
    heard += [in_noise(take, snr_db) for snr_db in NOISE_SNRS_DB]
    return np.concatenate([embed_once(variant, encoder, config) for variant in heard])


def embed_once(take: Take, encoder: Encoder, config: SegmenterConfig) -> FloatArray:
    """Embeddings of the take as it is, ``(windows, view_dim) float32``, in order of time."""
    windows = take_windows(take, encoder.rate, encoder.window_seconds, config)
    return np.concatenate([embed_views(encoder, [window]) for window in windows])


def quiet_rows(vectors: FloatArray) -> FloatArray:
    """Of what :func:`embed_take` made, the take as it is."""
    return vectors[: max(1, len(vectors) // _PARTS)]


def clear_rows(vectors: FloatArray) -> FloatArray:
    """Of what :func:`embed_take` made, the part without noise: the take as it is and in rooms."""
    return vectors[: max(1, len(vectors) // _PARTS * (1 + len(ROOMS)))]


def noisiest_rows(vectors: FloatArray) -> FloatArray:
    """Of what :func:`embed_take` made, the part with most noise; nothing if that is all."""
    count = len(vectors) // _PARTS
    return vectors[len(vectors) - count :]


_PARTS = 1 + len(ROOMS) + len(NOISE_SNRS_DB)
