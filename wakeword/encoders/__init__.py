"""Encoders: sound to embedding. A module each, with ``create(variant, device) -> Encoder``."""

from __future__ import annotations

from typing import cast

from wakeword.protocols import Encoder, load_plugin, plugin_names

DEFAULT = "mini"


def create_encoder(spec: str = DEFAULT, *, device: str = "cpu") -> Encoder:
    """Make an encoder from ``NAME``, ``NAME:VARIANT`` or, where it is a word, ``NAME-VARIANT``.

    Args:
        spec: ``"mini"``, ``"logmel"``, ``"clap"``, ``"clap-unfused"``,
            ``"clap:laion/clap-htsat-unfused"``, ``"clap:/a/folder"``.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``, for encoders that can use it.

    Raises:
        ConfigError: there is no such encoder.
        EncoderError: it cannot be loaded.
        MissingExtra: its packages are not installed.
    """
    name, _, variant = spec.partition(":")
    if not variant and name not in plugin_names(__name__):
        first, _, rest = name.partition("-")
        if first in plugin_names(__name__):
            name, variant = first, rest
    return cast(Encoder, load_plugin(__name__, name).create(variant, device))
