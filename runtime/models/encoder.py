"""The choice of an encoder: the one that was asked for, or the library's own, or the default."""

from __future__ import annotations

from wakeword.encoders import DEFAULT, create_encoder
from wakeword.errors import ConfigError
from wakeword.library.library import SoundLibrary
from wakeword.protocols import Encoder


def encoder_name(library: SoundLibrary, asked: str | None = None) -> str:
    """The name of the encoder that was asked for, or the library's, or the default.

    Raises:
        LibraryCorrupt: ``library.json`` is damaged.
    """
    if asked:
        return asked
    record = library.record()
    return record.encoder if record else DEFAULT


class LibraryEncoder:
    """Calling it returns the encoder, which is loaded once for each name.

    Args:
        library: it may move to another encoder at any time.
        encoder: its name, or an encoder; None is the library's.
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
        """The encoder of the library as it is now.

        Raises:
            LibraryCorrupt: ``library.json`` is damaged.
            WakesoundError: the encoder does not exist or cannot be loaded.
        """
        if isinstance(self._encoder, Encoder):
            return self._encoder
        if self._encoder is not None and not isinstance(self._encoder, str):
            raise ConfigError(
                f"{self._encoder!r} is no encoder: derive its class from wakeword.protocols.Encoder"
            )
        name = encoder_name(self._library, self._encoder)
        if self._made is None or self._made[0] != name:
            self._made = name, create_encoder(name, device=self._device)
        return self._made[1]

    @property
    def spec(self) -> str:
        """The argument of ``create_encoder``, with a folder's whole path; loads the encoder."""
        encoder = self()
        return encoder.spec or (self._made[0] if self._made is not None else encoder.id)
