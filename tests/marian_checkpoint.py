"""A translation checkpoint small enough to build in a test: a real Marian, random weights.

What it says means nothing, but it says the same each time, in words of its own vocabulary.

    python -m tests.marian_checkpoint FOLDER    # leaves one in FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

CHINESE = ("狗叫", "玻璃破碎", "门铃响", "火星车", "量子波动", "外星人唱歌", "时空裂缝")
ENGLISH = ("dog barking", "glass breaking", "door bell", "rover", "waves", "singing", "rift")


def build(folder: Path, seed: int = 0) -> Path:
    """Write a checkpoint into ``folder`` and return it; the same seed gives the same weights."""
    import torch
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    pieces: list[str] = ["</s>", "<unk>"]
    for name, texts in (("source", CHINESE), ("target", ENGLISH)):
        pieces += [piece for piece in _pieces(folder, name, texts) if piece not in pieces]
    pieces.append("<pad>")
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "MarianTokenizer", "source_lang": "zh", "target_lang": "en"})
    )
    config = transformers.MarianConfig(
        vocab_size=len(pieces),
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_position_embeddings=64,
        pad_token_id=vocabulary["<pad>"],
        eos_token_id=0,
        decoder_start_token_id=vocabulary["<pad>"],
        forced_eos_token_id=None,
        init_std=1.0,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: Any = transformers.MarianMTModel(config).eval()
    never = [number for piece, number in vocabulary.items() if not piece.strip("▁").isalpha()]
    never += [number for piece, number in vocabulary.items() if not piece.strip("▁").isascii()]
    model.generation_config.bad_words_ids = [[number] for number in never if number]
    model.generation_config.max_new_tokens = 6
    model.save_pretrained(folder)
    return folder


def _pieces(folder: Path, name: str, texts: tuple[str, ...]) -> list[str]:
    """Train a vocabulary of word pieces, save it as the folder's and give its pieces."""
    import sentencepiece

    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts * 20),
        model_prefix=str(folder / name),
        vocab_size=48,
        hard_vocab_limit=False,
        character_coverage=1.0,
        minloglevel=2,
    )
    (folder / f"{name}.model").rename(folder / f"{name}.spm")
    (folder / f"{name}.vocab").unlink()
    processor = sentencepiece.SentencePieceProcessor(str(folder / f"{name}.spm"))
    return [processor.id_to_piece(number) for number in range(processor.get_piece_size())]


if __name__ == "__main__":
    build(Path(sys.argv[1]))
