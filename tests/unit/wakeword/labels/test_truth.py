from __future__ import annotations

from pathlib import Path

import pytest

from wakeword.errors import ConfigError
from wakeword.labels.accuracy import read_truth
from wakeword.labels.classifier import NONE


def test_clips_are_read(tmp_path):
    """Relative to the file or to a root; underscores are spaces; none is none of these."""
    path = tmp_path / "truth.csv"
    path.write_text(
        "\ufeffpath,label,more\na.wav,crying_baby,1\n/b.wav, 狗叫 ,2\nc.wav,,3\nd.wav,None,4\n",
        encoding="utf-8",
    )
    found = read_truth(path)
    assert [clip.label for clip in found] == ["crying baby", "狗叫", NONE, NONE]
    assert [clip.path for clip in found[:2]] == [tmp_path / "a.wav", Path("/b.wav")]
    assert read_truth(path, Path("/data"))[0].path == Path("/data/a.wav")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no column 'path'"),
        (b"path\na.wav\n", "no column 'label'"),
        (b"path,label\n", "no clips"),
        (b"path,label\n,dog\n", "line 2: there is no path"),
        (b"path,label\n\xff\xfe\xfa,dog\n", "cannot be read"),
        (None, "No such file"),
    ],
)
def test_what_is_no_truth_file(tmp_path, content, message):
    """One line that says what is the matter."""
    if content is not None:
        (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        read_truth(tmp_path / "t.csv")
