"""The last word before something matches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wakeword.encoders import create_encoder
from wakeword.errors import ConfigError, EncoderError, SoundChanged
from wakeword.events import Match
from wakeword.library.records import VetoRecord
from wakeword.scoring.veto import (
    Veto,
    label_vectors,
    make_veto,
    refused,
)
from wakeword.testing import ToneEncoder

A, B, C = np.eye(3, dtype=np.float32)


def test_nearer_to_what_was_rejected() -> None:
    """A window is refused only when an example is nearer than the nearest take."""
    veto = Veto(rejected=np.stack([A, B]))
    assert veto(A, 0.9) == "nearer to a rejected example"
    assert veto(A, 1.0) == ""
    assert veto(C, 0.1) == ""


def test_like_a_label() -> None:
    """Beyond its limit a label refuses, and the one that is exceeded most is named."""
    veto = Veto(labels=("kettle", "tap"), label_vectors=np.stack([A, B]), limits=(0.5, 0.5))
    near = np.array([0.6, 0.8, 0.0], np.float32)
    assert veto(near, 1.0) == "like tap"
    assert veto(C, 1.0) == ""


def test_a_refused_match_is_no_hit() -> None:
    """However high the score."""
    assert Match("bell", 0.99, 0.5, "a.flac").hit
    assert not Match("bell", 0.99, 0.5, "a.flac", refused="like kettle").hit


def test_refused_windows_of_a_run() -> None:
    """Window by window, by which side is nearer."""
    run = np.stack([A, B, C])
    assert refused(run, np.stack([A]), np.stack([B])).tolist() == [False, True, False]
    assert refused(run, np.stack([A]), np.zeros((0, 3), np.float32)).tolist() == [False] * 3


def test_made_only_where_something_speaks_against(caplog: pytest.LogCaptureFixture) -> None:
    """No veto without reason; a label that the encoder cannot know is logged and left out."""
    encoder = ToneEncoder()
    assert make_veto([], [], encoder) is None
    assert make_veto([], [VetoRecord(label="kettle", limit=0.1)], encoder) is None
    assert "knows no words" in caplog.text
    example = np.ones((2, encoder.dim), np.float32)
    veto = make_veto([example], [VetoRecord(label="kettle", limit=0.1)], encoder)
    assert veto is not None
    assert veto.rejected.shape == (2, encoder.dim)
    assert veto.labels == ()


def test_words_of_an_encoder_that_knows_some() -> None:
    """mini knows the names of everyday sounds, and says so of others."""
    encoder = create_encoder("mini")
    assert label_vectors(["speech", "kettle"], encoder).shape == (2, encoder.dim)
    with pytest.raises(EncoderError):
        label_vectors(["zzyzx"], encoder)
    with pytest.raises(ConfigError, match="use mini or clap"):
        label_vectors(["speech"], ToneEncoder())


def test_unknown_labels_do_not_silence_a_library(tmp_path: Path) -> None:
    """A veto that no encoder here can understand leaves its sound to be listened for."""
    from wakeword.testing import make_library, tone

    library = make_library(tmp_path, {"low": tone(440, 0.4)})
    before = library.get("low")
    after = before.model_copy(update={"vetoes": (VetoRecord(label="kettle", limit=0.1),)})
    library.amend([(before, after)])
    with pytest.raises(SoundChanged):
        library.amend([(before, after)])
    assert library.enrolled(ToneEncoder()).sounds == ["low"]
