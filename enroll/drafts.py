"""Takes of a guided enrollment, kept at once, so that nothing said to a microphone is lost.

drafts/<slug>/001.flac   the recording
drafts/<slug>/001.json   where the sound is in it; written last, so both are whole
"""

from __future__ import annotations

import shutil
from pathlib import Path

from wakeword.errors import LibraryCorrupt
from wakeword.library import SoundLibrary
from wakeword.records import TakeRecord, clean_name, slug
from wakeword.storage import explained, read_record, write_bytes, write_record
from wakeword.takes import Take


class Drafts:
    """The takes of one sound that is not enrolled yet.

    Args:
        library: beside whose sounds they are kept.
        name: name of the sound.

    Raises:
        LibraryError: the name cannot be used.
    """

    def __init__(self, library: SoundLibrary, name: str) -> None:
        self.folder = library.folder / "drafts" / slug(clean_name(name))

    def save(self, take: Take) -> Path:
        """Keep a take; the recording's path, which stands for it.

        Raises:
            LibraryError: the disk is full or not writable.
        """
        record, content = take.encoded()
        numbers = [int(p.stem) for p in self.folder.glob("*.flac") if p.stem.isdigit()]
        path = self.folder / f"{max(numbers, default=0) + 1:03}.flac"
        write_bytes(path, content)
        write_record(path.with_suffix(".json"), record)
        return path

    def load(self) -> dict[Path, Take]:
        """The takes that are whole, by path and in order."""
        found = {}
        for path in sorted(self.folder.glob("*.flac")):
            try:
                record = read_record(path.with_suffix(".json"), TakeRecord)
                found[path] = Take.decoded(record, path.read_bytes())
            except (LibraryCorrupt, OSError):
                continue
        return found

    def remove(self, path: Path) -> None:
        """Forget one of them."""
        with explained(path, "remove"):
            path.with_suffix(".json").unlink(missing_ok=True)
            path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget all of them, once the sound is enrolled or given up."""
        with explained(self.folder, "remove"):
            shutil.rmtree(self.folder, ignore_errors=True)
