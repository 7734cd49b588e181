from __future__ import annotations

import json
from pathlib import Path


def _checks(wakesound, *arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    result = wakesound("doctor", "--json", *arguments)
    report = json.loads(result.out)
    assert report["healthy"] == (result.status == 0)
    return result.status, {check["what"]: check for check in report["checks"]}


def test_healthy_set_up(wakesound, library: Path) -> None:
    """A good library on a good machine passes, with the figures to prove it."""
    status, checks = _checks(wakesound)
    assert status == 0
    assert checks["sounds"]["detail"] == "2 with 6 whole takes"
    assert checks["encoder"]["detail"].startswith("logmel (")
    assert checks["packages"]["verdict"] == "good"
    assert "Everything that is needed works." in wakesound("doctor").out


def test_empty_library_is_no_fault(wakesound) -> None:
    """Before the first sound all is well; the next step is to enroll one."""
    status, checks = _checks(wakesound)
    assert status == 0
    assert "wakesound enroll" in checks["sounds"]["advice"]


def test_damaged_recording_is_found(wakesound, library: Path) -> None:
    """A take that was changed on disk is found, with its path and the next step."""
    take = next(iter((library / "sounds" / "knock" / "takes").iterdir()))
    take.write_bytes(take.read_bytes()[:1000])
    status, checks = _checks(wakesound)
    assert status == 1
    assert checks["knock"]["verdict"] == "bad"
    assert take.name in checks["knock"]["detail"]
    shown = wakesound("doctor")
    assert "1 of these must be mended." in shown.out
    assert "wakesound remove 'knock'" in shown.out


def test_other_encoder_is_found(wakesound, library: Path) -> None:
    """An encoder that did not make the library, or does not exist, is told."""
    record = library / "library.json"
    record.write_text(record.read_text().replace('"logmel-', '"older-logmel-'))
    status, checks = _checks(wakesound)
    assert status == 1
    assert "wakesound reindex" in checks["encoder"]["advice"]
    status, checks = _checks(wakesound, "--encoder", "ears")
    assert status == 1
    assert "there is no encoder 'ears'" in checks["encoder"]["advice"]


def test_damaged_library_file_is_found(wakesound, library: Path) -> None:
    """A broken library.json is a finding, and the other checks go on."""
    (library / "library.json").write_text("{}")
    status, checks = _checks(wakesound)
    assert status == 1
    assert checks["library"]["verdict"] == "bad" or checks["encoder"]["verdict"] == "bad"
    assert "threads" in checks
