"""The recipe, a command a step: ``python -m training prepare|teach|train|export|screen|...``."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path

import numpy as np
import torch

from training.config import TrainConfig
from training.corpus import Store, made, recorded, write_store
from training.discriminant import refine
from training.elder import teach_elder
from training.export import export
from training.loop import load_student, train
from training.naming import refit_names
from training.probe import probe
from training.quantize import quantized
from training.screen import make_screen, missed
from training.streaming_export import export_streaming
from training.streaming_loop import StreamingConfig, Teachers, load_streaming, train_streaming
from training.streaming_refine import drawn, gather, refine_streaming, refit_streaming_names
from training.targets import make_targets
from training.teachers import load_teacher, teach
from wakebench.foreign import any_encoder
from wakebench.manifest import Manifest
from wakeword.embedding.weights import asset
from wakeword.encoders import create_encoder
from wakeword.errors import ConfigError, WakesoundError

HELD_OUT = 0.12
"""Share of the sources that is kept for screening."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("onnxscript").setLevel(logging.WARNING)
    logging.getLogger("onnx_ir").setLevel(logging.WARNING)
    torch.set_num_threads(options.threads)
    try:
        options.run(options)
    except WakesoundError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


def _prepare(options: argparse.Namespace) -> None:
    clips = recorded(Manifest.read(options.data), HELD_OUT, options.speeds, options.seed)
    write_store(chain(clips, made(options.made, 4, options.seed)), options.store)


def _teach(options: argparse.Namespace) -> None:
    teach(Store.read(options.store), load_teacher(options.teacher), options.store)


def _train(options: argparse.Namespace) -> None:
    taught = options.store if (options.store / "features.npy").is_file() else None
    config = TrainConfig.read(options.config)
    if options.start:
        config = replace(config, start=str(options.start))
    train(Store.read(options.store), taught, config, options.run_folder)


def _elder(options: argparse.Namespace) -> None:
    encoder = create_encoder(options.encoder)
    if not encoder.hears_frames:
        raise ConfigError(f"{options.encoder} does not hear windows as frames")
    teach_elder(Store.read(options.store), encoder, options.store)


def _stream(options: argparse.Namespace) -> None:
    config = StreamingConfig.read(options.config)
    if options.start:
        config = replace(config, start=str(options.start))
    train_streaming(Store.read(options.store), options.store, config, options.run_folder)


def _stream_export(options: argparse.Namespace) -> None:
    folder = options.run_folder
    student, store = load_streaming(folder), Store.read(options.store)
    config = StreamingConfig.read(folder / "config.json")
    found = gather(student, drawn(store, config, options.batches))
    refine_streaming(student, found, options.takes, options.floor, options.evenness)
    if not options.keep_names:
        refit_streaming_names(student, store, Teachers.read(store, options.store, config), config)
    student.net.text_weight = options.text_weight
    last = json.loads((folder / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    trained = {
        "steps": last["step"],
        "sounds_heard": last["step"] * config.items,
        "different_windows": int(np.sum(~store.items["held"].astype(bool))),
        "minutes": round(last["seconds"] / 60, 1),
        "losses": {k: last[k] for k in ("likeness", "teacher", "elder", "labels")},
    }
    export_streaming(student, options.out, trained)


def _screen(options: argparse.Namespace) -> None:
    encoder = any_encoder(options.encoder)
    screen = make_screen(Manifest.read(options.data), HELD_OUT, options.seed)
    spans = getattr(encoder, "embed_spans", None) if options.stream else None
    table = missed(screen, lambda windows: encoder.embed(list(windows)), samples=True, spans=spans)
    sys.stdout.write(json.dumps({"encoder": encoder.id, "missed_percent": table}) + "\n")


def _probe(options: argparse.Namespace) -> None:
    encoder = any_encoder(options.encoder)
    figures = asdict(probe(Manifest.read(options.data), encoder))
    sys.stdout.write(json.dumps({"encoder": encoder.id, **figures}) + "\n")


def _quantize(options: argparse.Namespace) -> None:
    manifest, model = Manifest.read(options.data), options.model or asset("models", "mini")
    figures = quantized(manifest, model, options.out, HELD_OUT, options.last)
    sys.stdout.write(json.dumps(asdict(figures)) + "\n")


def _export(options: argparse.Namespace) -> None:
    folder = options.run_folder
    student = load_student(folder)
    config = TrainConfig.read(folder / "config.json")
    store = Store.read(options.store)
    taught = options.store if (options.store / "features.npy").is_file() else None
    targets = make_targets(store, taught, config.targets, config.whitening)
    refine(student, store, config, options.batches)
    refit_names(student, store, targets, config)
    student.net.text_weight = options.text_weight
    last = json.loads((folder / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    windows = int(np.sum(~store.items["held"].astype(bool)))
    trained = {
        "steps": last["step"],
        "windows_heard": last["step"] * 2 * config.items,
        "different_windows": windows,
        "minutes": round(last["seconds"] / 60, 1),
        "losses": {k: last[k] for k in ("likeness", "teacher", "labels")},
    }
    export(student, options.out, trained)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    commands = parser.add_subparsers(required=True, metavar="STEP")

    def command(name: str, run: object, text: str, *needed: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        for option in needed:
            path = {"--encoder": str}.get(option, Path)
            target = "run_folder" if option == "--run" else option.lstrip("-")
            made.add_argument(option, type=path, required=True, dest=target)
        return made

    step = command("prepare", _prepare, "recordings to a store of windows", "--data", "--store")
    step.add_argument("--speeds", type=int, default=3, help="other speeds of each event")
    step.add_argument("--made", type=int, default=150, help="synthesised sources of each kind")
    step.add_argument("--seed", type=int, default=1)
    step = command("teach", _teach, "ask a teacher about every window", "--store")
    step.add_argument("--teacher", required=True, help="module:function, or clap")
    step = command("train", _train, "train, or go on with it", "--store", "--run")
    step.add_argument("--config", type=Path, help="JSON file; see training/config.py")
    step.add_argument("--start", type=Path, help="begin with the weights of this run")
    command("elder", _elder, "ask an encoder that ships about every window", "--store", "--encoder")
    step = command("stream", _stream, "train the streaming network", "--store", "--run")
    step.add_argument("--config", type=Path, help="JSON file; see training/streaming_loop.py")
    step.add_argument("--start", type=Path, help="begin with the weights of this run")
    text = "write the streaming encoder"
    step = command("stream-export", _stream_export, text, "--store", "--run", "--out")
    step.add_argument("--batches", type=int, default=60, help="heard for the last layer")
    step.add_argument("--text-weight", type=float, default=0.3)
    step.add_argument("--keep-names", action="store_true", help="as the training left them")
    step.add_argument("--takes", type=float, default=0.5, help="weight of two takes of a source")
    step.add_argument("--floor", type=float, default=1.0, help="of the discriminant")
    step.add_argument("--evenness", type=float, default=1.0, help="of the discriminant")
    step = command("screen", _screen, "misses on sources kept out", "--data", "--encoder")
    step.add_argument("--seed", type=int, default=0)
    step.add_argument("--stream", action="store_true", help="streams as such, not by window")
    command("probe", _probe, "ESC-10: a linear classifier, and names", "--data", "--encoder")
    step = command("quantize", _quantize, "a copy in 8 bits, compared", "--data", "--out")
    step.add_argument("--model", type=Path, help="folder of an exported encoder; default: mini's")
    step.add_argument("--last", action="store_true", help="8 bits for the last layer too")
    step = command("export", _export, "write what is shipped", "--store", "--run", "--out")
    step.add_argument("--batches", type=int, default=40, help="heard for the last layer")
    step.add_argument("--text-weight", type=float, default=0.3)
    return parser


if __name__ == "__main__":
    sys.exit(main())
