"""How well labels are recognised on clips that are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wakeword.audio.reading import read_audio
from wakeword.audio.resampling import resample
from wakeword.errors import ConfigError
from wakeword.labels import Classifier, Question
from wakeword.labels.accuracy import Confusion, TrueLabel, confusion
from wakeword.labels.classifier import NONE
from wakeword.labels.glossary import glossary
from wakeword.labels.wording import is_chinese

Result = tuple[Confusion, dict[str, str]]
"""What was found, and how each label was called."""


def evaluate(
    classifier: Classifier,
    clips: Sequence[TrueLabel],
    languages: Sequence[str] = ("written",),
    more: Sequence[str] = (),
    closed: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Result]:
    """Classify each clip, once for each language that the labels are named in.

    Args:
        classifier: with the encoder to measure.
        clips: what is heard in which file.
        languages: ``"written"`` as in the clips, ``"en"`` or ``"zh"`` by their names there.
        more: further labels that compete.
        closed: whether one of the labels must be it.
        progress: is told ``(clips done, clips in all)``.

    Raises:
        AudioDecodeError: a file cannot be read.
        ConfigError: labels that make no sense, or without a name in a language.
        EncoderError: the encoder does not know a label, or fails.
    """
    labels = list(dict.fromkeys(clip.label for clip in clips if clip.label != NONE))
    labels += [label for label in more if label not in labels]
    names = {language: [in_language(label, language) for label in labels] for language in languages}
    questions = {
        language: classifier.question(named, closed=closed) for language, named in names.items()
    }
    found: dict[str, list[str]] = {language: [] for language in languages}
    for number, clip in enumerate(clips):
        tops = _tops(classifier, clip, questions)
        for language, top in tops.items():
            found[language].append(NONE if top is None else labels[names[language].index(top)])
        if progress:
            progress(number + 1, len(clips))
    truth = [clip.label for clip in clips]
    return {
        language: (
            confusion(truth, found[language], labels),
            dict(zip(labels, names[language], strict=True)),
        )
        for language in languages
    }


def in_language(label: str, language: str) -> str:
    """A label by its name in a language: ``"written"``, ``"en"`` or ``"zh"``.

    Raises:
        ConfigError: the glossary has no such name.
    """
    book = glossary()
    if language == "en" and is_chinese(label):
        name = book.english(label)
    elif language == "zh" and not is_chinese(label):
        name = book.chinese(label)
    else:
        return label
    if name is None:
        raise ConfigError(
            f"the glossary has no {language} name for {label!r}; leave --language out"
        )
    return name


def _tops(
    classifier: Classifier, clip: TrueLabel, questions: dict[str, Question]
) -> dict[str, str | None]:
    """The best label of a clip for each question; it is embedded once."""
    audio = read_audio(clip.path)
    samples = resample(audio.samples, audio.rate, classifier.encoder.rate)
    heard = classifier.hear(samples)
    return {name: classifier.judge(heard, question).top for name, question in questions.items()}
