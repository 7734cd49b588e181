"""What becomes of a whistle in recordings of several channels, by the way they are made one.

    python -m wakebench.channel_mixes

A take of 1.9 kHz in noise is heard by two or six channels: alike, turned round, half a wave apart,
in one channel alone, or beside a loudspeaker's own signal. Printed is the level of the whistle over
the noise in the mix, beside that in the best channel, in dB.
"""

from __future__ import annotations

import numpy as np

from wakeword.audio.channels import Mixer
from wakeword.audio.frames import FloatArray

RATE = 16_000
HERTZ = 1_900.0
SECONDS = 4.0


def whistle(delay_seconds: float = 0.0) -> FloatArray:
    """``(n,) float32``: a second of silence, one of whistling, and so on."""
    t = np.arange(round(SECONDS * RATE)) / RATE
    on = (t % 2.0) >= 1.0
    return (0.1 * on * np.sin(2 * np.pi * HERTZ * (t - delay_seconds))).astype(np.float32)


def hiss(seed: int, level: float = 0.01) -> FloatArray:
    """``(n,) float32`` of white noise."""
    random = np.random.default_rng(seed)
    return (level * random.standard_normal(round(SECONDS * RATE))).astype(np.float32)


def scenes() -> dict[str, FloatArray]:
    """``(channels, n) float32`` by what is recorded."""
    delays = (0.0, 0.00026)
    ring = 0.00013 * np.sin(2 * np.pi * np.arange(4) / 4)
    music = hiss(9, 0.1)
    return {
        "alike": np.stack([whistle() + hiss(k) for k in range(2)]),
        "turned round": np.stack([sign * whistle() + hiss(k) for k, sign in enumerate((1, -1))]),
        "half a wave apart": np.stack([whistle(d) + hiss(k) for k, d in enumerate(delays)]),
        "in one of two": np.stack([whistle() + hiss(0), hiss(1)]),
        "ring of four": np.stack([whistle(d) + hiss(k) for k, d in enumerate(ring)]),
        "six, one is playback": np.stack(
            [*(whistle(d) + hiss(k) for k, d in enumerate([*ring, 0.0])), music]
        ),
    }


def margin_db(samples: FloatArray) -> float:
    """Level of the whistle's band while it sounds over that while it does not."""
    pieces = samples.reshape(-1, RATE)
    spectra = np.abs(np.fft.rfft(pieces * np.hanning(RATE), axis=1)) ** 2
    at = round(HERTZ)
    power = spectra[:, at - 20 : at + 21].sum(axis=1)
    return float(10 * np.log10(power[1::2].mean() / power[::2].mean()))


def mixes(channels: FloatArray) -> dict[str, float]:
    """The margin in dB of each way, beside that of the best channel."""
    mixer = Mixer(len(channels), RATE)
    signed = np.concatenate([mixer.push(channels), mixer.flush()])
    loudest = channels[int(np.argmax(np.mean(np.square(channels), axis=1)))]
    best = max(margin_db(channel) for channel in channels)
    ways = {"mean": channels.mean(axis=0), "loudest channel": loudest, "signed mean": signed}
    return {name: margin_db(mixed) - best for name, mixed in ways.items()}


def main() -> None:
    """Print the table."""
    print("| recording | mean | loudest channel | signed mean |\n| --- | --- | --- | --- |")  # noqa: T201
    for name, channels in scenes().items():
        cells = " | ".join(f"{value:+.1f}" for value in mixes(channels).values())
        print(f"| {name} | {cells} |")  # noqa: T201


if __name__ == "__main__":
    main()
