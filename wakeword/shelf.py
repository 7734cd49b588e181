"""How a library lies on disk, and reading it.

library.json             schema version and encoder
sounds/<slug>/sound.json name, threshold and the list of takes
sounds/<slug>/takes/     the recordings: the truth, from which all else can be rebuilt
sounds/<slug>/rejected/  what the sound is not, by the user's word: audio or embeddings
vectors.npz              their embeddings, a cache
ambient.npz              embeddings of the user's room
text/                    embeddings of words that define sounds, a cache
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from wakeword.errors import LibraryCorrupt, SoundNotFound
from wakeword.examples import Example
from wakeword.records import (
    ExampleRecord,
    LibraryRecord,
    SoundRecord,
    TakeRecord,
    clean_name,
    slug,
)
from wakeword.storage import explained, read_record
from wakeword.takes import Take


class Shelf:
    """Finds and reads what a library's folder holds. It never writes.

    Args:
        folder: the library's folder; one that does not exist is an empty library.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def record(self) -> LibraryRecord | None:
        """Which encoder the library was made with; None while it is empty.

        Raises:
            LibraryCorrupt: ``library.json`` is damaged.
        """
        path = self.library_path
        remedy = "mend it, or run 'wakesound reindex --encoder NAME', which writes it anew"
        with explained(path, "read"):
            try:
                path.stat()
            except FileNotFoundError:
                return None
        return read_record(path, LibraryRecord, remedy)

    def scan(self) -> tuple[dict[str, SoundRecord], dict[str, LibraryCorrupt]]:
        """All sounds by folder name, and what is wrong with those that cannot be read."""
        sounds: dict[str, SoundRecord] = {}
        problems: dict[str, LibraryCorrupt] = {}
        for path in self._sound_paths():
            try:
                sounds[path.parent.name] = read_record(path, SoundRecord)
            except LibraryCorrupt as error:
                problems[path.parent.name] = error
        return sounds, problems

    def find(self, name: str, *, damaged: bool = False) -> str:
        """The folder name of the sound ``name``; case does not matter.

        Args:
            name: the sound's name.
            damaged: whether a sound that cannot be read may be found by its folder's name.

        Raises:
            SoundNotFound: there is none; the message lists those there are.
        """
        sounds, problems = self.scan()
        where = self.folder_of(name, sounds)
        if where is None and damaged and slug(name) in problems:
            where = slug(name)
        if where is None:
            known = ", ".join(repr(sound.name) for sound in sounds.values()) or "none yet"
            raise SoundNotFound(f"there is no sound {name!r} in {self.folder}; known: {known}")
        return where

    def load(self, name: str) -> tuple[str, SoundRecord]:
        """The folder name and the record of the sound ``name``; case does not matter.

        Raises:
            SoundNotFound: there is none.
        """
        where = self.find(name)
        return where, read_record(self.sound_path(where), SoundRecord)

    @staticmethod
    def folder_of(name: str, sounds: dict[str, SoundRecord]) -> str | None:
        """Which of the scanned sounds has this name, if any."""
        wanted = clean_name(name).casefold()
        return next((w for w, s in sounds.items() if s.name.casefold() == wanted), None)

    def free_folder(self, name: str) -> str:
        """A folder name for a new sound that no other sound has."""
        base = slug(name)
        taken = {path.parent.name for path in self.folder.glob("sounds/*/sound.json")}
        numbered = (f"{base}-{i}" for i in range(2, len(taken) + 3))
        return base if base not in taken else next(s for s in numbered if s not in taken)

    def take(self, where: str, record: TakeRecord) -> Take:
        """Read a recording of the sound in folder ``where``.

        Raises:
            LibraryCorrupt: the recording is missing, changed or damaged.
        """
        path = self.take_path(where, record.file)
        try:
            return Take.decoded(record, path.read_bytes())
        except OSError as error:
            reason = error.strerror or str(error)
            raise LibraryCorrupt(f"{path}: {reason}; enroll the sound again") from None
        except LibraryCorrupt as error:
            raise LibraryCorrupt(f"{path.parent}: {error}; enroll the sound again") from None

    def fingerprint(self) -> str:
        """Changes whenever a sound or the encoder does: for hot reloading."""
        digest = hashlib.sha256()
        for path in [self.library_path, *self._sound_paths()]:
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            digest.update(f"{path} {stat.st_mtime_ns} {stat.st_size} {stat.st_ino}\n".encode())
        return digest.hexdigest()

    @property
    def library_path(self) -> Path:
        """``library.json``."""
        return self.folder / "library.json"

    def sound_path(self, where: str) -> Path:
        """``sound.json`` of the sound in folder ``where``."""
        return self.folder / "sounds" / where / "sound.json"

    def take_path(self, where: str, file: str) -> Path:
        """A recording of the sound in folder ``where``."""
        return self.sound_path(where).parent / "takes" / file

    def example(self, where: str, record: ExampleRecord) -> Example:
        """Read what the sound in folder ``where`` is not.

        Raises:
            LibraryCorrupt: the file is missing, changed or damaged.
        """
        path = self.example_path(where, record.file)
        try:
            return Example.decoded(record, path.read_bytes())
        except OSError as error:
            raise LibraryCorrupt(f"{path}: {error.strerror or error}") from None
        except LibraryCorrupt as error:
            raise LibraryCorrupt(f"{path.parent}: {error}") from None

    def example_path(self, where: str, file: str) -> Path:
        """The audio or embeddings of a rejected example of the sound in folder ``where``."""
        return self.sound_path(where).parent / "rejected" / file

    def _sound_paths(self) -> list[Path]:
        """Every ``sound.json``, also those that may not be read.

        Raises:
            LibraryError: the library's folder may not be read or is none.
        """
        with explained(self.folder, "read"):
            try:
                folders = [path for path in (self.folder / "sounds").iterdir() if path.is_dir()]
            except FileNotFoundError:
                return []
        found = [path / "sound.json" for path in folders if not path.name.startswith(".")]
        return sorted(path for path in found if not _missing(path))


def _missing(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:  # there is something that cannot be read; reading it will say why
        return False
    return False
