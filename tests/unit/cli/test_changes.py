"""remove, rename, export, import and reindex."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def _names(wakesound) -> list[str]:
    return [sound["name"] for sound in json.loads(wakesound("sounds", "--json").out)["sounds"]]


def test_remove_deletes_sounds(wakesound, library: Path) -> None:
    """remove deletes the sounds with their recordings, and says so."""
    result = wakesound("remove", "whistle", "KNOCK")
    assert result.status == 0
    assert "Deleted whistle." in result.out
    assert _names(wakesound) == []
    assert not list(library.rglob("*.flac"))


def test_remove_deletes_all_or_nothing(wakesound, library: Path) -> None:
    """When one of the names does not exist, the others stay."""
    result = wakesound("remove", "whistle", "bark")
    assert result.status == 2
    assert "there is no sound 'bark'" in result.err
    assert _names(wakesound) == ["knock", "whistle"]


def test_remove_deletes_a_damaged_sound(wakesound, library: Path) -> None:
    """A sound that cannot be read can be removed by the name of its folder."""
    (library / "sounds" / "knock" / "sound.json").write_text("[]")
    assert wakesound("remove", "knock").status == 0
    assert json.loads(wakesound("sounds", "--json").out)["damaged"] == []


def test_rename(wakesound, library: Path) -> None:
    """rename changes the name and keeps the sound."""
    assert wakesound("rename", "whistle", "low whistle").out == (
        "whistle is now called low whistle.\n"
    )
    assert _names(wakesound) == ["knock", "low whistle"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("bark", "woof", "there is no sound 'bark'"),
        ("whistle", "knock", "there already is a sound or pattern 'knock'"),
        ("whistle", "a=b", "a name cannot hold '='"),
    ],
)
def test_rename_refuses(old: str, new: str, problem: str, wakesound, library: Path) -> None:
    """A name that is unknown, taken or unusable is one clear line."""
    result = wakesound("rename", old, new)
    assert result.status == 2
    assert problem in result.err
    assert result.err.count("\n") == 1


def test_export_and_import_carry_sounds(wakesound, library: Path, tmp_path: Path) -> None:
    """What was exported from one library is the same in another."""
    file = tmp_path / "one.zip"
    assert "whistle" in wakesound("export", "whistle", "--out", str(file)).out
    other = str(tmp_path / "other")
    assert wakesound("import", str(file), "--library", other, "--encoder", "logmel").out == (
        "Added whistle.\n"
    )
    here = json.loads(wakesound("sounds", "--json").out)["sounds"][1]
    there = json.loads(wakesound("sounds", "--json", "--library", other).out)["sounds"][0]
    assert {**there, "created": ""} == {**here, "created": ""}
    again = wakesound("import", str(file), "--library", other)
    assert again.status == 2
    assert "there already is a sound 'whistle'" in again.err
    assert wakesound("import", str(file), "--library", other, "--replace").status == 0


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip at all", None])
def test_import_refuses_what_is_no_export(content: bytes | None, wakesound, tmp_path: Path) -> None:
    """A missing or wrong file is one clear line, and no library is made."""
    file = tmp_path / "sounds.zip"
    if content is not None:
        file.write_bytes(content)
    result = wakesound("import", str(file), "--library", str(tmp_path / "library"))
    assert result.status == 2
    assert str(file) in result.err
    assert result.err.count("\n") == 1
    assert not (tmp_path / "library" / "sounds").exists()


def test_export_of_nothing_is_refused(wakesound, tmp_path: Path) -> None:
    """An empty library has nothing to export; an export needs a file to go to."""
    result = wakesound("export", "--out", str(tmp_path / "x.zip"))
    assert result.status == 2
    assert "there are no sounds" in result.err
    assert "missing option '--out'" in wakesound("export").err


def test_reindex_mends_lost_vectors(wakesound, library: Path) -> None:
    """reindex tells each sound's threshold and leaves a whole cache behind."""
    (library / "vectors.npz").write_bytes(b"damaged")
    result = wakesound("reindex")
    assert result.status == 0
    assert [line.split()[0] for line in result.out.splitlines()[:2]] == ["knock", "whistle"]
    checks = json.loads(wakesound("doctor", "--json").out)["checks"]
    assert {c["what"]: c["detail"] for c in checks}["vectors.npz"] == "up to date"


def test_reindex_of_nothing(wakesound) -> None:
    """An empty library needs no reindexing."""
    result = wakesound("reindex")
    assert result.status == 0
    assert "There are no sounds" in result.out


def test_export_overwrites_no_more_than_a_file(wakesound, library: Path, tmp_path: Path) -> None:
    """Devices, folders that are not there and the library's own files are refused."""
    for out in ("/dev/null", str(tmp_path / "none" / "x.zip"), str(library / "library.json")):
        result = wakesound("export", "--out", out)
        assert result.status == 2
        assert out in result.err or str(tmp_path / "none") in result.err
    assert Path("/dev/null").is_char_device()
    assert _names(wakesound) == ["knock", "whistle"]


def test_export_follows_links(wakesound, library: Path, tmp_path: Path) -> None:
    """The file that a link points to is written; the link stays one."""
    (tmp_path / "link.zip").symlink_to(tmp_path / "real.zip")
    assert wakesound("export", "--out", str(tmp_path / "link.zip")).status == 0
    assert (tmp_path / "link.zip").is_symlink()
    assert (tmp_path / "real.zip").is_file()
