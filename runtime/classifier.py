"""Words held against sound, with what this machine has: the cache and a translator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runtime.paths import default_cache
from runtime.translation import find_translator
from wakeword.labels import Classifier
from wakeword.text_cache import TextCache

if TYPE_CHECKING:
    from wakeword.protocols import Encoder


def make_classifier(
    encoder: Encoder,
    *,
    templates: Sequence[str] | None = None,
    window_seconds: float | None = None,
) -> Classifier:
    """A classifier that keeps texts in the user's cache and reads Chinese where it can.

    The translator is looked for and loaded only when a label is not in the glossary.

    Args:
        encoder: with a text side.
        templates: see :class:`wakeword.labels.Classifier`.
        window_seconds: of audio that is heard at once; None for the most the encoder takes.

    Raises:
        ConfigError: the encoder has no text side, or a setting makes no sense.
    """
    return Classifier(
        encoder,
        templates=templates,
        window_seconds=window_seconds,
        cache=TextCache(default_cache() / "text"),
        translate=_translate,
    )


def _translate(texts: Sequence[str]) -> list[str] | None:
    translator = find_translator()
    return translator(texts) if translator else None
