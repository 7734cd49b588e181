"""The sentences that stand for labels, and those that stand for everything else."""

from __future__ import annotations

from collections.abc import Sequence

from wakeword.errors import ConfigError
from wakeword.labels.glossary import glossary
from wakeword.protocols import TextEncoder

TEMPLATE = "This is a sound of {}."
"""What CLAP was shown in training, and what transformers' pipeline says too."""
BARE = "{}"
"""The label alone, for encoders that know names, not sentences."""

BACKGROUND = (
    "silence",
    "speech",
    "music",
    "white noise",
    "wind",
    "hum",
    "traffic noise",
    "crowd noise",
    "rustling",
    "breathing",
)
"""What a home sounds like when nothing happens: the built-in competitors of every label."""


def default_templates(encoder: TextEncoder) -> tuple[str, ...]:
    """The template that suits the encoder: the label alone where it has a vocabulary."""
    return (BARE,) if vocabulary(encoder) is not None else (TEMPLATE,)


def vocabulary(encoder: TextEncoder) -> frozenset[str] | None:
    """The names that the encoder knows; None when it reads any text."""
    found = getattr(encoder, "vocabulary", None)
    return None if found is None else frozenset(found)


def everyday(encoder: TextEncoder) -> tuple[str, ...]:
    """The background and all the glossary's sounds that the encoder knows.

    For watching a stream: what is heard there may be anything, and a label should be likelier
    than all of it.
    """
    known = vocabulary(encoder)
    names = [name for name in glossary().everyday if known is None or name in known]
    return tuple(dict.fromkeys([*BACKGROUND, *names]))


def checked_templates(templates: Sequence[str]) -> tuple[str, ...]:
    """The same templates, each with one place for the label.

    Raises:
        ConfigError: there is none, or one has no place or several.
    """
    if not templates:
        raise ConfigError("there must be at least one template, e.g. 'This is a sound of {}.'")
    for template in templates:
        if template.count("{}") != 1 or "{" in template.replace("{}", ""):
            raise ConfigError(
                f"the template {template!r} needs exactly one {{}}, where the label goes"
            )
    return tuple(templates)


def filled(template: str, text: str) -> str:
    """The template with the label in its place."""
    return template.replace("{}", text)
