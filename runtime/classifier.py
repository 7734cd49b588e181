"""Words held against sound, with what this machine has: the cache and a translator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runtime.paths import default_cache
from runtime.translation import find_translator
from wakeword.labels import Classifier
from wakeword.labels.prompts import BACKGROUND, everyday
from wakeword.labels.text_cache import TextCache
from wakeword.protocols import TextEncoder

if TYPE_CHECKING:
    from wakeword.protocols import Encoder


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
    background = everyday(encoder) if isinstance(encoder, TextEncoder) else BACKGROUND
    return make_classifier(encoder, background=background, window_seconds=window_seconds)


def _translate(texts: Sequence[str]) -> list[str] | None:
    translator = find_translator()
    return translator(texts) if translator else None
