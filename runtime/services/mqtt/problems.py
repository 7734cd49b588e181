"""What the bridge logs about an error: the message, and what to do about it from Home Assistant.

The bridge's user is at a dashboard, not at a command line. A class without a row of its own has
that of its base.
"""

from __future__ import annotations

from collections.abc import Mapping

from wakeword import errors

ADVICE: Mapping[type[errors.WakesoundError], str] = {
    errors.WakesoundError: "",
    errors.AudioError: "",
    errors.AudioDecodeError: "",
    errors.AudioTooLong: "",
    errors.AudioFormatError: "",
    errors.TakeRejected: "",
    errors.RecordingTooLong: "",
    errors.EnrollmentStopped: "",
    errors.TooManyTakes: "",
    errors.LastTake: "",
    errors.LibraryError: "",
    errors.SoundNotFound: "it was removed or renamed meanwhile",
    errors.NotEnrolled: "it was removed or renamed meanwhile",
    errors.SoundExists: "",
    errors.WordsExist: "",
    errors.SoundChanged: "send the command again",
    errors.EncoderMismatch: "the library has to be reindexed on the bridge's machine",
    errors.ReindexInterrupted: "reindexing has to be finished on the bridge's machine",
    errors.LibraryCorrupt: "",
    errors.EncoderUnknown: "the library has to be reindexed on the bridge's machine",
    errors.SoundDamaged: "the sound has to be enrolled again",
    errors.VectorsDamaged: "the library has to be reindexed on the bridge's machine",
    errors.HistoryError: "",
    errors.EncoderError: "",
    errors.ModelNotFound: "it has to be fetched on the bridge's machine",
    errors.ModelDamaged: "it has to be installed again on the bridge's machine",
    errors.DeviceUnavailable: "start the bridge with another device",
    errors.UnknownLabel: "",
    errors.WordsNotKnown: "",
    errors.SourceError: "check the microphone, then turn listening on again",
    errors.SilentSource: "check the microphone, then turn listening on again",
    errors.DeadSource: "check that the microphone is not muted, then turn listening on again",
    errors.SinkError: "",
    errors.ServiceError: "",
    errors.ConfigError: "",
    errors.InvalidValue: "send a value in that range",
    errors.NoTextEncoder: "start the bridge with an encoder that knows words",
    errors.NoLabels: "",
    errors.NoBackground: "",
    errors.MissingExtra: "",
}
"""By error class; empty for no advice."""


def explained(error: Exception) -> str:
    """An error's message, with the advice for one of ours."""
    advice = errors.row_of(ADVICE, error) if isinstance(error, errors.WakesoundError) else ""
    return "; ".join(part for part in (str(error), advice) if part)
