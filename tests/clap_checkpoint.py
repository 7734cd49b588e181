"""A CLAP checkpoint small enough to build in a test: the real architecture, random weights.

The front end is that of the published checkpoints (48 kHz, 64 mel bands, 10 s); the two
towers are a few thousand parameters each. Its embeddings mean nothing, but equal sounds get
equal ones and different sounds different ones, so all that surrounds the model can be tested.

    python -m tests.clap_checkpoint FOLDER    # leaves one in FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

LABELS = ("dog bark", "glass break", "smoke alarm", "whistle", "knock knock", "door bell")
"""What the tokenizer has been trained on; other text works too, byte by byte."""

DIM = 16
"""Length of the embeddings."""


def build(folder: Path, *, fused: bool = True, seed: int = 0) -> Path:
    """Write a checkpoint into ``folder`` and return it; the same seed gives the same weights.

    Args:
        folder: made if it is not there.
        fused: of the kind that fuses four views of long audio (``clap-htsat-fused``).
        seed: of the random weights.
    """
    import torch
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: Any = transformers.ClapModel(_config(len(tokenizer), fused))
        _spread_bands(model)
    extractor: Any = transformers.ClapFeatureExtractor(
        frequency_min=50, truncation="fusion" if fused else "rand_trunc"
    )
    _spread_embeddings(model.eval(), extractor, tokenizer)
    model.save_pretrained(folder)
    extractor.save_pretrained(folder)
    return folder


def _spread_bands(model: Any) -> None:
    """Bring spectrograms in dB to about unit variance and tell their bands apart."""
    norm = model.audio_model.audio_encoder.batch_norm
    norm.running_mean.fill_(-40.0)
    norm.running_var.fill_(400.0)
    norm.weight.data.uniform_(0.2, 2.0)
    norm.bias.data.uniform_(-2.0, 2.0)


def _spread_embeddings(model: Any, extractor: Any, tokenizer: Any) -> None:
    """Whiten what both projections give for a few sounds and labels.

    Without that, all outputs of an untrained network point the same way.
    """
    import torch

    time = np.arange(9600) / extractor.sampling_rate
    random = np.random.default_rng(0)
    sounds = [np.sin(2 * np.pi * hertz * time) for hertz in np.geomspace(200, 12000, 12)]
    sounds += [level * random.normal(size=len(time)) for level in np.geomspace(1e-4, 0.3, 6)]
    sounds += [sound * np.exp(-30 * time) for sound in sounds[::3]]
    state = np.random.get_state()  # the extractor of a fused model draws from it
    inputs = extractor(sounds, sampling_rate=extractor.sampling_rate, return_tensors="pt")
    np.random.set_state(state)
    text = tokenizer(list(LABELS), padding=True, return_tensors="pt")
    with torch.no_grad():
        none_longer = torch.zeros(len(sounds), 1, dtype=torch.bool)
        heard = model.audio_model(inputs["input_features"].float(), is_longer=none_longer)
        _whiten(model.audio_projection, heard.pooler_output)
        _whiten(model.text_projection, model.text_model(**text).pooler_output)


def _whiten(projection: Any, inputs: Any) -> None:
    """Make the projection's outputs for ``inputs`` centred and about equally wide every way."""
    import torch

    outputs = projection(inputs)
    mean = outputs.mean(0)
    widths, axes = torch.linalg.eigh(torch.cov(outputs.T))
    scale = axes @ torch.diag((widths.clamp_min(0) + 0.01 * widths.max()).rsqrt()) @ axes.T
    projection.linear2.bias.copy_(scale @ (projection.linear2.bias - mean))
    projection.linear2.weight.copy_(scale @ projection.linear2.weight)


def _config(vocabulary: int, fused: bool) -> Any:
    import transformers

    text = {
        "vocab_size": vocabulary,
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": 66,
    }
    audio: dict[str, Any] = {
        "hidden_size": 16,
        "patch_embeds_hidden_size": 8,
        "depths": [1, 1],
        "num_attention_heads": [1, 2],
        "enable_fusion": fused,
        "fusion_type": "aff_2d" if fused else None,
    }
    return transformers.ClapConfig(
        text_config=text, audio_config=audio, projection_dim=DIM, initializer_factor=8.0
    )


def _tokenizer(folder: Path) -> Any:
    """A byte-level BPE tokenizer like the published ones, saved in ``folder``."""
    import tokenizers
    import transformers

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    bpe: Any = tokenizers.ByteLevelBPETokenizer()
    bpe.train_from_iterator(LABELS, vocab_size=300, special_tokens=special, show_progress=False)
    bpe.save_model(str(folder))
    tokenizer: Any = transformers.RobertaTokenizerFast.from_pretrained(
        str(folder), model_max_length=64
    )
    tokenizer.save_pretrained(folder)
    return tokenizer


if __name__ == "__main__":
    build(Path(sys.argv[1]))
