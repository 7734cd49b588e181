"""Chinese labels in English, by a translation model on this machine; nothing is downloaded.

Words held against sound, with what this machine has: the cache and a translator.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.configuration.paths import default_cache
from wakeword.embedding import weights as models
from wakeword.errors import ConfigError, EncoderError, MissingExtra
from wakeword.labels import Classifier
from wakeword.labels.prompts import BACKGROUND, TextCache, everyday

if TYPE_CHECKING:
    from wakeword.protocols import Encoder


HUB_ID = "Helsinki-NLP/opus-mt-zh-en"
"""What is looked for in the hub's cache unless something else is named."""
VARIABLE = "WAKESOUND_TRANSLATOR"
"""Environment variable that names a translation model: a folder, or one of the hub."""

_LONGEST = 48
"""Tokens of a translated label; a label is a few words."""


class Translator:
    """A translation model in a folder; loaded when the first text comes.

    Args:
        folder: a checkpoint that transformers knows as a sequence-to-sequence model.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """English for each Chinese text: always the same for the same text.

        Raises:
            ConfigError: nothing came of a text.
            EncoderError: the model cannot be loaded or run.
            MissingExtra: its packages are not installed.
        """
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> str:
        torch, tokenizer, model = self._parts
        try:
            with _one_thread(torch), torch.inference_mode():
                tokens = tokenizer(text, return_tensors="pt")
                output = model.generate(
                    **tokens, num_beams=4, do_sample=False, max_new_tokens=_LONGEST
                )
            english = tokenizer.decode(output[0], skip_special_tokens=True)
        except (RuntimeError, ValueError, IndexError) as error:
            raise EncoderError(f"{self.folder} failed to translate: {_line(error)}") from error
        words = label_of(str(english))
        if not words:
            raise ConfigError(f"nothing came of translating {text!r}; write it in English")
        return words

    @cached_property
    def _parts(self) -> tuple[Any, Any, Any]:
        try:
            import sentencepiece  # noqa: F401 - the tokenizer's own message is hard to read
            import torch
            import transformers
        except ImportError as error:
            raise MissingExtra("translating labels", "translate") from error
        log = transformers.utils.logging
        verbosity, bars = log.get_verbosity(), log.is_progress_bar_enabled()
        log.set_verbosity_error()
        log.disable_progress_bar()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tokenizer = transformers.AutoTokenizer.from_pretrained(
                    self.folder, local_files_only=True
                )
                model = transformers.AutoModelForSeq2SeqLM.from_pretrained(
                    self.folder, local_files_only=True
                )
        except Exception as error:  # each loader has errors of its own
            raise EncoderError(
                f"{self.folder} cannot be loaded as a translation model: {_line(error)}"
            ) from error
        finally:
            log.set_verbosity(verbosity)
            if bars:
                log.enable_progress_bar()
        return torch, tokenizer, model.eval()


def find_translator() -> Translator | None:
    """The translation model that is named or in the hub's cache; None without one.

    Raises:
        ConfigError: the one that is named is not here.
    """
    named = os.environ.get(VARIABLE, "")
    folder = Path(named).expanduser()
    if named and folder.is_dir():
        return Translator(folder)
    try:
        cached = models.cached(named or HUB_ID)
    except EncoderError:
        cached = None
    if cached is None and named:
        raise ConfigError(
            f"{VARIABLE} names {named}, which is neither a folder nor in the hub's cache; fetch"
            f" it with 'wakesound models pull {HUB_ID}', or unset {VARIABLE}"
        )
    return None if cached is None else Translator(cached)


def label_of(sentence: str) -> str:
    """What a translator says as a label: no full stop, no article, no capital at the start."""
    words = re.sub(r"\s+", " ", sentence).strip(" .,!?;:\"'")
    words = re.sub(r"^(the|an?)\s+", "", words, flags=re.IGNORECASE)
    capital = words[:1].isupper() and not words[1:2].isupper()
    return words[0].lower() + words[1:] if capital else words


@contextmanager
def _one_thread(torch: Any) -> Iterator[None]:
    """Torch's thread count is the whole process's: borrow it, then give it back."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def make_classifier(
    encoder: Encoder,
    *,
    templates: Sequence[str] | None = None,
    background: Sequence[str] = BACKGROUND,
    window_seconds: float | None = None,
) -> Classifier:
    """A classifier that keeps texts in the user's cache and reads Chinese where it can.

    The translator is looked for and loaded only when a label is not in the glossary.

    Args:
        encoder: with a text side.
        templates: see :class:`wakeword.labels.Classifier`.
        background: what competes with the labels.
        window_seconds: of audio that is heard at once; None for the most the encoder takes.

    Raises:
        ConfigError: the encoder has no text side, or a setting makes no sense.
    """
    return Classifier(
        encoder,
        templates=templates,
        background=background,
        window_seconds=window_seconds,
        cache=TextCache(default_cache() / "text"),
        translate=_translate,
    )


def watching_classifier(encoder: Encoder, *, window_seconds: float | None = None) -> Classifier:
    """One for streams, where anything may be heard: every sound of the glossary competes.

    Args:
        encoder: with a text side.
        window_seconds: of audio that is heard at once; None for the most the encoder takes.

    Raises:
        ConfigError: the encoder has no text side, or the window makes no sense.
    """
    background = everyday(encoder) if encoder.reads_text else BACKGROUND
    return make_classifier(encoder, background=background, window_seconds=window_seconds)


def _translate(texts: Sequence[str]) -> list[str] | None:
    translator = find_translator()
    return translator(texts) if translator else None
