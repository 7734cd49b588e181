"""``python -m training.decision``: the model of log-odds and the bank of an encoder."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.decision.bank import make_bank, with_cohort_means
from training.decision.fitting import finished, fit_model
from training.decision.hearing import cached, hear_negatives, hear_sounds
from training.decision.simulation import Simulator, make_world
from wakebench.manifest import Manifest
from wakebench.negatives import sources
from wakeword.embedding.weights import asset
from wakeword.encoders import DEFAULT, create_encoder
from wakeword.errors import WakesoundError
from wakeword.library.storage import write_atomically, write_bytes
from wakeword.scoring.bank import file_name, load_bank, write_bank
from wakeword.scoring.odds import EVIDENCE, model_path

log = logging.getLogger(__name__)

REFERENCE = 4400
"""Windows that verifiers and the cohort know."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training.decision", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with a manifest.csv")
    parser.add_argument("--encoder", default=DEFAULT)
    parser.add_argument("--cache", type=Path, required=True, help="folder for embeddings")
    parser.add_argument("--out", type=Path, default=asset(), help="the assets")
    parser.add_argument(
        "--trained-on", type=Path, help="JSON list of the sources that the encoder was trained on"
    )
    parser.add_argument(
        "--cached", action="store_true", help="use what the cache holds, embed no more"
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        run(options)
    except WakesoundError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


def run(options: argparse.Namespace) -> None:
    """Hear, simulate, fit and write."""
    manifest, encoder = Manifest.read(options.data), create_encoder(options.encoder)
    trained_on = frozenset(json.loads(options.trained_on.read_text()) if options.trained_on else ())
    world = make_world(hear_negatives(manifest, encoder, options.cache, options.cached), trained_on)
    only = cached(options.cache) if options.cached else None
    heard = hear_sounds(manifest, encoder, options.cache, only)
    heard = [one for one in heard if one.sound.made or one.sound.origin[0] not in trained_on]
    simulator = Simulator(world, encoder, REFERENCE)
    sims = []
    for sim in simulator.enrollments(heard):
        sims.append(sim)
        log.info("%s, %d takes", sim.name, sim.takes)
    content = fit_model(sims, world, simulator.tested)
    weights = np.array([content["weights"][name] for name in EVIDENCE])
    bank = make_bank(world, sims, weights, simulator.reference_rows, encoder.dim)
    path = options.out / "negatives" / file_name(encoder.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda file: write_bank(file, bank, encoder.id))
    kept = load_bank(encoder.id, path)
    assert kept is not None
    whole = with_cohort_means(kept)
    write_atomically(path, lambda file: write_bank(file, whole, encoder.id))
    about = {
        "encoder": encoder.id,
        "hours": round(bank.seconds / 3600.0, 2),
        "runs": int(bank.runs[-1]) + 1,
        "vectors": len(bank.vectors),
        "sources": sources(manifest.for_fitting(shippable=True)),
    }
    write_bytes(path.with_suffix(".json"), (json.dumps(about, indent=2) + "\n").encode())
    model = options.out / "decision" / model_path(encoder.id).name
    model.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(finished(content, encoder.id), indent=1)
    write_bytes(model, (text + "\n").encode())
    log.info("%s: %.1f MB, %.1f hours", path, path.stat().st_size / 1e6, bank.seconds / 3600.0)
    log.info("%s", json.dumps({name: content[name] for name in ("weights", "bias")}))


if __name__ == "__main__":
    sys.exit(main())
