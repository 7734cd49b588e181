"""Takes of a guided enrollment, kept at once, so that nothing said to a microphone is lost.

drafts/<slug>/001.flac   the recording
drafts/<slug>/001.json   whose it is and where the sound is in it; written last, so both are whole

Names that differ in punctuation alone share a folder, and only that.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from wakeword.errors import LibraryCorrupt
from wakeword.library import SoundLibrary
from wakeword.records import TakeRecord, clean_name, slug
from wakeword.storage import explained, read_record, write_bytes, write_record
from wakeword.takes import Take


class DraftRecord(TakeRecord):
    """``001.json``."""

    name: str
    """Of the sound that it is a take of."""


class Drafts:
    """The takes of one sound that is not enrolled yet.

    Args:
        library: beside whose sounds they are kept.
        name: name of the sound.

    Raises:
        LibraryError: the name cannot be used.
    """

    def __init__(self, library: SoundLibrary, name: str) -> None:
        self._name = clean_name(name)
        self.folder = library.folder / "drafts" / slug(self._name)

    def save(self, take: Take) -> Path:
        """Keep a take; the recording's path, which stands for it.

        Raises:
            LibraryError: the disk is full or not writable.
        """
        record, content = take.encoded()
        numbers = [int(p.stem) for p in self.folder.glob("*.flac") if p.stem.isdigit()]
        path = self.folder / f"{max(numbers, default=0) + 1:03}.flac"
        write_bytes(path, content)
        draft = DraftRecord(name=self._name, **record.model_dump())
        write_record(path.with_suffix(".json"), draft)
        return path

    def load(self) -> dict[Path, Take]:
        """The takes that are whole, by path and in order."""
        found = {}
        for path, record in self._records().items():
            if not self._owns(record):
                continue
            try:
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
        """Forget all of them, once the sound is enrolled or given up.

        Raises:
            LibraryError: they cannot be removed.
        """
        strange = {path for path, record in self._records().items() if not self._owns(record)}
        if strange:
            for path in set(self.folder.glob("*.flac")) - strange:
                self.remove(path)
            return
        with explained(self.folder, "remove"):
            if self.folder.exists():
                shutil.rmtree(self.folder)

    def _records(self) -> dict[Path, DraftRecord]:
        """What can be read of the folder's drafts, by recording and in order."""
        found = {}
        for path in sorted(self.folder.glob("*.flac")):
            with suppress(LibraryCorrupt):
                found[path] = read_record(path.with_suffix(".json"), DraftRecord)
        return found

    def _owns(self, record: DraftRecord) -> bool:
        return record.name.casefold() == self._name.casefold()
