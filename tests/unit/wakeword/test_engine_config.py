"""Settings of the engine."""

from __future__ import annotations

import math

import pytest

from wakeword.audio.segmenter import SegmenterConfig
from wakeword.engine import EngineConfig
from wakeword.errors import ConfigError
from wakeword.scoring.decision import TriggerConfig


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0])
@pytest.mark.parametrize(
    ("config", "name"),
    [
        (SegmenterConfig, "hop_seconds"),
        (SegmenterConfig, "pre_roll_seconds"),
        (SegmenterConfig, "hangover_seconds"),
        (TriggerConfig, "refractory_seconds"),
    ],
)
def test_times_are_finite_and_not_negative(config, name, value):
    """Anything else is an error that names the setting."""
    with pytest.raises(ConfigError, match=name):
        config(**{name: value})


def test_a_hop_is_not_too_short():
    """The gate needs 10 ms."""
    with pytest.raises(ConfigError, match="at least"):
        SegmenterConfig(hop_seconds=0.001)


def test_patience_is_at_least_one():
    with pytest.raises(ConfigError, match="patience"):
        TriggerConfig(patience=0)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_the_offset_is_a_number(value):
    with pytest.raises(ConfigError, match="threshold_offset"):
        EngineConfig(threshold_offset=value)
