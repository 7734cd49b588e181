"""Encoders: sound to embedding. A module each, with ``create(variant, device) -> Encoder``."""

from __future__ import annotations

from typing import cast

from wakeword import plugins
from wakeword.protocols import Encoder

DEFAULT = "mini"


def create_encoder(spec: str = DEFAULT, *, device: str = "cpu") -> Encoder:
    """Make an encoder from ``NAME`` or ``NAME:VARIANT``.

    Args:
        spec: ``"mini"``, ``"logmel"``, ``"clap"``, ``"clap:laion/clap-htsat-unfused"``,
            ``"clap:/a/folder"``.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``, for encoders that can use it.

    Raises:
        ConfigError: there is no such encoder.
        EncoderError: it cannot be loaded.
        MissingExtra: its packages are not installed.
    """
    name, _, variant = spec.partition(":")
    return cast(Encoder, plugins.load(__name__, name).create(variant, device))
