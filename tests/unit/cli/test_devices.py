from __future__ import annotations

import json
import subprocess
import sys


def test_missing_audio_package_names_the_extra() -> None:
    """Without PyAudio and sounddevice, the error says which extra to install."""
    code = (
        "import sys; sys.modules['pyaudio'] = sys.modules['sounddevice'] = None\n"
        "from runtime.cli.main import main; sys.exit(main(['devices']))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 2
    assert "pip install 'wakesound[mic]'" in result.stderr
    assert result.stderr.count("\n") == 1


def test_table_and_json_agree() -> None:
    """Both list the same microphones, or say that there are none; audio libraries are quiet."""
    table, listed = (
        subprocess.run(
            [sys.executable, "-m", "runtime", "devices", *arguments], capture_output=True, text=True
        )
        for arguments in ([], ["--json"])
    )
    if table.returncode == 2:  # PortAudio or its packages are not installed here
        assert table.stderr.startswith("wakesound: ")
        assert table.stderr.count("\n") == 1
        return
    assert (table.returncode, table.stderr) == (0, "")
    microphones = json.loads(listed.stdout)
    assert all(microphone["name"][:20] in table.stdout for microphone in microphones)
    assert ("There is no microphone" in table.stdout) == (not microphones)
