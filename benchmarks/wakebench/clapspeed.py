"""What does CLAP cost on a processor? ``python -m wakebench.clapspeed``.

One checkpoint of the published size with random weights, one thread, one clip, five labels,
four ways in turn: transformers' zero-shot pipeline, the encoder ``clap``, and what
``wakesound models quantize`` makes of it in float32 and in int8. Random weights cost what
trained ones cost; about accuracy they only tell how much rounding the network adds.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from runtime.models.quantize import PRECISIONS, quantize
from wakebench.speed import ENVIRONMENT
from wakeword.audio.frames import FloatArray
from wakeword.encoders import create_encoder
from wakeword.encoders.clap import ClapEncoder
from wakeword.labels import Classifier

LABELS = ["dog barking", "glass breaking", "smoke alarm", "vacuum cleaner", "speech"]
RATE = 48_000

Way = Callable[[], object]


def sentences() -> list[str]:
    """The labels as transformers' pipeline shows them to the model."""
    return [f"This is a sound of {label}." for label in LABELS]


def build(folder: Path, fused: bool = True) -> Path:
    """Write a checkpoint of the published size with random weights, 615 MB; made once."""
    import tokenizers
    import torch
    import transformers

    if (folder / "model.safetensors").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    bpe: Any = tokenizers.ByteLevelBPETokenizer()
    bpe.train_from_iterator(  # a word is a token, as it is for such words to a trained one
        sentences(), vocab_size=500, min_frequency=1, special_tokens=special, show_progress=False
    )
    bpe.save_model(str(folder))
    transformers.RobertaTokenizerFast.from_pretrained(str(folder)).save_pretrained(folder)
    torch.manual_seed(0)
    audio = {"enable_fusion": fused, "fusion_type": "aff_2d" if fused else None}
    config = transformers.ClapConfig(text_config={}, audio_config=audio, initializer_factor=8.0)
    model: Any = transformers.ClapModel(config)
    norm = model.audio_model.audio_encoder.batch_norm  # levels in dB to about unit variance
    norm.running_mean.fill_(-40.0)
    norm.running_var.fill_(400.0)
    transformers.ClapFeatureExtractor(
        frequency_min=50, truncation="fusion" if fused else "rand_trunc"
    ).save_pretrained(folder)
    model.save_pretrained(folder)
    return folder


def sounds(seconds: float) -> list[FloatArray]:
    """Noise, a tone, both, and clicks."""
    time_ = np.arange(round(seconds * RATE)) / RATE
    noise = 0.1 * np.random.default_rng(0).normal(size=len(time_))
    tone = 0.3 * np.sin(2 * np.pi * 880 * time_)
    clicks = noise * np.exp(-20 * (time_ % 0.5))
    return [sound.astype(np.float32) for sound in (noise, tone, noise / 2 + tone, clicks)]


def in_turn(ways: dict[str, Way], rounds: int) -> dict[str, tuple[float, float]]:
    """Wall time and processor time of a call in ms, the median over rounds of all ways."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            wall, cpu = time.perf_counter(), time.process_time()
            way()
            if number:  # the first round warms up
                spent = 1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)
                taken[name].append(spent)
    return {
        name: (statistics.median(w for w, _ in t), statistics.median(c for _, c in t))
        for name, t in taken.items()
    }


_CHILD = """
import json, sys
import numpy as np
from wakeword.encoders import create_encoder
encoder = create_encoder(sys.argv[1])
encoder.embed_text(json.loads(sys.argv[2]))
for _ in range(3):
    encoder.embed([np.random.default_rng(0).normal(size=96000).astype(np.float32)])
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
mb = [int(status[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")]
print(json.dumps([*mb, "torch" in sys.modules]))
"""


def memory(spec: str) -> dict[str, Any]:
    """What a process of its own takes that embeds the labels and a clip (Linux)."""
    call = [sys.executable, "-c", _CHILD, spec, json.dumps(LABELS)]
    done = subprocess.run(call, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    resident, peak, torch = json.loads(done.stdout)
    return {"resident_mb": round(resident), "peak_mb": round(peak), "torch": torch}


def compare(
    checkpoint: Path, folders: dict[str, Path], seconds: float, rounds: int
) -> dict[str, Any]:
    """All figures of one run."""
    import torch
    import transformers

    torch.set_num_threads(1)
    exact = create_encoder(f"clap:{checkpoint}")
    assert isinstance(exact, ClapEncoder)
    encoders: dict[str, Any] = {"clap": exact}
    encoders |= {name: create_encoder(f"clap:{folder}") for name, folder in folders.items()}
    pipeline: Any = transformers.pipeline(
        "zero-shot-audio-classification", model=str(checkpoint), device="cpu"
    )
    model, extractor = pipeline.model, pipeline.feature_extractor
    clips = sounds(seconds)
    clip = clips[0]
    judges = {name: Classifier(encoder) for name, encoder in encoders.items()}
    asked = {name: judge.question(LABELS, closed=True) for name, judge in judges.items()}
    heard = extractor(clip, sampling_rate=RATE, return_tensors="pt")
    tokens = pipeline.tokenizer(sentences(), return_tensors="pt", padding=True)

    def ask(name: str) -> Way:
        return lambda: judges[name].classify(clip, asked[name])

    def without_gradients(call: Way) -> Way:
        def run() -> object:
            with torch.no_grad():
                return call()

        return run

    times = in_turn(
        {
            "pipeline": lambda: pipeline(clip, candidate_labels=LABELS),
            "pipeline: extractor": lambda: extractor(clip, sampling_rate=RATE, return_tensors="pt"),
            "pipeline: sound": without_gradients(lambda: model.get_audio_features(**heard)),
            "pipeline: labels": without_gradients(lambda: model.get_text_features(**tokens)),
            **{name: ask(name) for name in judges},
            "of each of these: log-mel": lambda: exact.logmel(clip),
        },
        rounds,
    )
    with torch.no_grad():
        rows = []
        for one in clips:
            inputs = extractor(one, sampling_rate=RATE, return_tensors="pt")
            rows.append(exact._unit(model.get_audio_features(**inputs)))
    wanted = np.stack(rows).astype(np.float64)
    texts = asked["clap"].vectors.astype(np.float64)
    return {
        "ms": {name: [round(wall, 1), round(cpu, 1)] for name, (wall, cpu) in times.items()},
        "times_faster": {
            name: [round(times["pipeline"][i] / times[name][i], 2) for i in (0, 1)]
            for name in judges
        },
        "least_cosine_of_sounds": {
            **{
                name: float((encoder.embed_as_pipeline(clips) * wanted).sum(axis=1).min())
                for name, encoder in encoders.items()
            },
            "of two different sounds": float((wanted @ wanted.T).min()),
        },
        "least_cosine_of_labels": {
            **{name: float((asked[name].vectors * texts).sum(axis=1).min()) for name in folders},
            "of two different labels": float((texts @ texts.T).min()),
        },
    }


@click.command()
@click.option("--seconds", default=2.0, show_default=True, help="Length of the clip.")
@click.option("--rounds", default=10, show_default=True, help="Calls of each way, in turn.")
@click.option("--unfused", is_flag=True, help="Like clap-unfused instead of clap-fused.")
@click.option("--work", type=click.Path(path_type=Path), help="Keep the checkpoints here.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the figures as JSON.")
def main(seconds: float, rounds: int, unfused: bool, work: Path | None, out: Path | None) -> None:
    """Measure CLAP on one thread of the CPU, four ways."""
    console = Console()
    with nullcontext(str(work)) if work else tempfile.TemporaryDirectory() as name:
        kind = "unfused" if unfused else "fused"
        checkpoint = build(Path(name).resolve() / kind, fused=not unfused)
        folders = {name: checkpoint.with_name(f"{kind}-{name}") for name in PRECISIONS}
        for precision, folder in folders.items():
            if not folder.exists():
                made = quantize(f"clap:{checkpoint}", folder, precision=precision)
                console.print(f"{precision}: {made.megabytes} MB")
        figures = compare(checkpoint, folders, seconds, rounds)
        every = {"clap": checkpoint, **folders}
        figures["memory"] = {name: memory(f"clap:{folder}") for name, folder in every.items()}
    for what, rows in figures.items():
        table = Table(title=what.replace("_", " "))
        table.add_column("")
        table.add_column("wall, cpu" if what in ("ms", "times_faster") else "", justify="right")
        for row, value in rows.items():
            table.add_row(row, str(value))
        console.print(table)
    if out:
        out.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
