"""``mini`` with 8-bit convolutions, to see what that costs and saves.

Weights get a scale for each output channel; what flows between the convolutions gets scales that
are fitted to recordings it was trained on. What is made of the levels before the first
convolution, and the weighing and the last layer behind them, stay in single precision unless
asked for.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.corpus import HOP, RATE, held_out
from wakebench.manifest import Manifest
from wakeword.audio.frames import FloatArray
from wakeword.audio.logmel import LogMel
from wakeword.encoders.mini import MANIFEST, MiniEncoder, window_levels

FILE = "mini.onnx"
CALIBRATED_ON = 300
"""Windows that the scales are fitted to; as many others are compared on."""
TIMED = 200


@dataclass(frozen=True)
class Eighth:
    """What 8 bits cost and save."""

    megabytes: tuple[float, float]
    """Size of the network, before and after."""
    milliseconds: tuple[float, float]
    """A window of one second, log-mel included, the median of many; before and after."""
    cosine_median: float
    """Of a window's two embeddings, over windows that were not calibrated on."""
    cosine_worst: float


def quantized(manifest: Manifest, folder: Path, out: Path, share: float, last: bool) -> Eighth:
    """Write a copy of an encoder's folder with an 8-bit network, and compare the two.

    Args:
        manifest: recordings to fit the scales to.
        folder: of the encoder, as ``export`` wrote it.
        out: the copy.
        share: of the sources that was kept out of the training; the two are compared on those.
        last: whether the last layer gets 8 bits too.
    """
    shutil.copytree(folder, out, dirs_exist_ok=True)
    heard = list(_seconds(manifest, share, held=False))
    write_int8(folder / FILE, out / FILE, heard, last=last)
    about = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    about["files"][FILE] = hashlib.sha256((out / FILE).read_bytes()).hexdigest()
    (out / MANIFEST).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    before, after = MiniEncoder(folder), MiniEncoder(out)
    others = list(_seconds(manifest, share, held=True))
    cosines = (before.embed(others) * after.embed(others)).sum(axis=1)
    pairs = [(_milliseconds(before, others), _milliseconds(after, others)) for _ in range(3)]
    return Eighth(
        (_megabytes(folder / FILE), _megabytes(out / FILE)),
        (min(a for a, _ in pairs), min(b for _, b in pairs)),
        round(float(np.median(cosines)), 5),
        round(float(cosines.min()), 5),
    )


def write_int8(network: Path, out: Path, windows: Sequence[FloatArray], *, last: bool) -> None:
    """An 8-bit form of a network.

    Args:
        network: the ``.onnx`` file.
        out: the new one.
        windows: of one second, to fit the scales to.
        last: whether the last layer gets 8 bits too.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Levels(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            logmel = LogMel(RATE)
            self._rows = ({"levels": window_levels(logmel, w)[None]} for w in windows)

        def get_next(self) -> dict[str, FloatArray] | None:
            return next(self._rows, None)

    prepared = out.with_suffix(".prepared.onnx")
    logging.disable(logging.WARNING)
    try:
        quant_pre_process(str(network), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(out),
            Levels(),
            op_types_to_quantize=["Conv", "Gemm"] if last else ["Conv"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QUInt8,
        )
    finally:
        logging.disable(logging.NOTSET)
        prepared.unlink(missing_ok=True)


def _seconds(manifest: Manifest, share: float, *, held: bool) -> Iterator[FloatArray]:
    """The loudest second of as many recordings, drawn at random."""
    rows = [r for r in manifest.for_fitting(shippable=True) if held_out(r, share) == held]
    for index in np.random.default_rng(0).permutation(len(rows))[:CALIBRATED_ON]:
        samples = manifest.audio(rows[index], RATE)
        power = np.convolve(np.square(samples), np.ones(RATE, np.float32))[::HOP]
        end = max(RATE // 2, int(power.argmax()) * HOP)
        yield samples[max(0, end - RATE) : end]


def _milliseconds(encoder: MiniEncoder, windows: Sequence[FloatArray]) -> float:
    """Median time of a window of a second."""
    whole = [window for window in windows if len(window) == RATE][:TIMED]
    taken = []
    for window in whole:
        began = time.perf_counter()
        encoder.embed([window])
        taken.append(time.perf_counter() - began)
    return round(1000 * float(np.median(taken)), 2)


def _megabytes(path: Path) -> float:
    return round(path.stat().st_size / 1e6, 2)
