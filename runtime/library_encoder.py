"""Which encoder hears a library: the one that was asked for, or the one that made it."""

from __future__ import annotations

from wakeword.encoders import DEFAULT, create_encoder
from wakeword.library import SoundLibrary
from wakeword.protocols import Encoder


class LibraryEncoder:
    """Calling it gives the encoder, loaded once for each name.

    Args:
        library: it may move to another encoder at any time.
        encoder: its name, or one of your own; None is the library's.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``, for encoders that can use it.
    """

    def __init__(
        self, library: SoundLibrary, encoder: str | Encoder | None = None, device: str = "cpu"
    ) -> None:
        self._library = library
        self._encoder = encoder
        self._device = device
        self._made: tuple[str, Encoder] | None = None

    def __call__(self) -> Encoder:
        """The encoder, as the library is now.

        Raises:
            LibraryCorrupt: ``library.json`` is damaged.
            WakesoundError: there is no such encoder, or it cannot be loaded.
        """
        if self._encoder is not None and not isinstance(self._encoder, str):
            return self._encoder
        record = self._library.record()
        name = self._encoder or (record.encoder if record else DEFAULT)
        if self._made is None or self._made[0] != name:
            self._made = name, create_encoder(name, device=self._device)
        return self._made[1]

    @property
    def spec(self) -> str:
        """What ``create_encoder`` made it from, with a folder's whole path; loads it."""
        encoder = self()
        name = self._made[0] if self._made is not None else encoder.id
        return str(getattr(encoder, "spec", name))
