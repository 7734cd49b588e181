"""Advice on labels: what makes them hard to recognise, and what to write instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from wakeword.errors import ConfigError, EncoderError
from wakeword.labels import prompts
from wakeword.labels.classifier import SAME_TEXT, Classifier
from wakeword.labels.glossary import BARE, FAMILIES, VAGUE, glossary
from wakeword.labels.wording import Wording

FEWEST, MOST = 3, 8
"""Fewer labels force a choice between two wrongs, more of them share the score thinly."""
ALIKE = 0.6
"""Texts this near to each other are nearly the same to the encoder: 0 is as near as unrelated
texts are to it on average, 1 is equal."""


@dataclass(frozen=True)
class Remark:
    """One thing to think about."""

    kind: str
    """``unknown``, ``few``, ``many``, ``bare``, ``vague``, ``same``, ``alike`` or
    ``family``."""
    labels: tuple[str, ...]
    """Those it is about; empty when it is the whole list."""
    text: str
    """What is the matter, in a sentence."""
    instead: str | None = None
    """What to write in place of the label, or which label to add; None without advice."""

    @property
    def adds(self) -> bool:
        """Whether ``instead`` is a label to add rather than to replace."""
        return self.kind in ("alike", "family")


def check(labels: Sequence[str], classifier: Classifier) -> list[Remark]:
    """Look at labels as the classifier's encoder will.

    Args:
        labels: stripped, none twice, one at least.
        classifier: what they are for.
    """
    wordings, remarks = _read(labels, classifier)
    remarks += _count(labels)
    for wording in wordings:
        remarks += _words(wording)
    return remarks + _neighbours(wordings, classifier)


def improved(labels: Sequence[str], remarks: Sequence[Remark]) -> list[str]:
    """The labels with all advice taken."""
    better = {r.labels[0]: r.instead for r in remarks if r.instead and not r.adds}
    dropped = {r.labels[1] for r in remarks if r.kind == "same"}
    added = [r.instead for r in remarks if r.instead and r.adds]
    kept = [better.get(label) or label for label in labels if label not in dropped]
    return list(dict.fromkeys([*kept, *added]))


def _read(labels: Sequence[str], classifier: Classifier) -> tuple[list[Wording], list[Remark]]:
    """What the labels are understood as, and a remark for each that is not."""
    wordings, remarks = [], []
    for label in labels:
        try:
            (wording,) = classifier.understand([label])
            classifier.embed_text([wording.text])
        except (ConfigError, EncoderError) as error:
            remarks.append(Remark("unknown", (label,), str(error)))
        else:
            wordings.append(wording)
    return wordings, remarks


def _count(labels: Sequence[str]) -> list[Remark]:
    if len(labels) < FEWEST:
        text = (
            f"{len(labels)} is few: scores are shared among the labels, so name what else is"
            f" heard in that place, {FEWEST} to {MOST} labels in all"
        )
        return [Remark("few", (), text)]
    if len(labels) > MOST:
        text = (
            f"{len(labels)} is many: the score is shared among them and each gets less; keep"
            f" {FEWEST} to {MOST} that matter, and classify twice if you need more"
        )
        return [Remark("many", (), text)]
    return []


def _words(wording: Wording) -> list[Remark]:
    """Bare things and words that say nothing."""
    text, label = wording.text.casefold(), (wording.label,)
    if text in VAGUE:
        return [Remark("vague", label, "this can be anything; say what makes the sound, and how")]
    if text in BARE:
        why = "this names a thing, not its sound, and a thing sounds in many ways"
        return [Remark("bare", label, why, _in_language(BARE[text], wording))]
    if text.split()[0] in ("not", "no", "without"):
        return [Remark("vague", label, "encoders do not understand 'not'; name what it is")]
    return []


def _in_language(english: str, wording: Wording) -> str:
    """The advice in the language of the label, where the glossary has it."""
    if wording.how == "written":
        return english
    return glossary().chinese(english) or english


def _neighbours(wordings: Sequence[Wording], classifier: Classifier) -> list[Remark]:
    """Pairs that the encoder, or anybody's ear, can hardly tell apart."""
    if len(wordings) < 2:
        return []
    space = _Space(classifier, tuple(wording.text for wording in wordings))
    pairs = combinations(range(len(wordings)), 2)
    found = (_pair(space, wordings[one], wordings[other]) for one, other in pairs)
    return [remark for remark in found if remark]


class _Space:
    """Labels among each other, as the encoder reads them."""

    def __init__(self, classifier: Classifier, texts: tuple[str, ...]) -> None:
        self.classifier = classifier
        self.texts = texts
        self.vectors = classifier.embed_text(texts)
        background = classifier.embed_text(prompts.BACKGROUND)
        above = np.triu_indices(len(background), 1)
        usual = float(np.median((background @ background.T)[above]))
        self._usual = min(0.95, max(0.0, usual))

    def nearness(self, cosine: float) -> float:
        """0 for texts as near as unrelated ones, 1 for equal ones."""
        return (cosine - self._usual) / (1 - self._usual)

    def third(self, one: str, other: str) -> str | None:
        """The sound nearest to both that is like none of the labels."""
        pool = [name for name in self._pool(one, other) if name not in self.texts]
        pool = [name for name in pool if self._knows(name)]
        if not pool:
            return None
        candidates = self.classifier.embed_text(pool)
        rows = [self.texts.index(one), self.texts.index(other)]
        near = (candidates @ self.vectors[rows].T).min(axis=1)
        nearest = (candidates @ self.vectors.T).max(axis=1)
        best = [row for row in np.argsort(-near) if self.nearness(float(nearest[row])) <= ALIKE]
        return pool[int(best[0])] if best else None

    def _pool(self, one: str, other: str) -> list[str]:
        related = [m for f in FAMILIES if {one, other} & set(f.members) for m in f.members]
        # An encoder that looks names up knows nothing of how texts are related.
        return related or ([] if self._looks_up else list(glossary().everyday))

    @property
    def _looks_up(self) -> bool:
        return prompts.vocabulary(self.classifier.encoder) is not None

    def _knows(self, text: str) -> bool:
        try:
            if self._looks_up:
                self.classifier.embed_text([text])
        except EncoderError:
            return False
        return True


def _pair(space: _Space, one: Wording, other: Wording) -> Remark | None:
    labels, texts = (one.label, other.label), (one.text, other.text)
    rows = [space.texts.index(text) for text in texts]
    cosine = float(space.vectors[rows[0]] @ space.vectors[rows[1]])
    encoder = space.classifier.encoder.id
    if cosine > SAME_TEXT:
        return Remark("same", labels, f"the same to {encoder}; keep one of them")
    if space.nearness(cosine) > ALIKE:
        text = (
            f"nearly the same to {encoder} (cosine {cosine:.2f}); keep one, or say more about what"
            " sets them apart"
        )
        return Remark("alike", labels, text, space.third(*texts))
    family = next((f for f in FAMILIES if set(texts) <= set(f.members)), None)
    if family and len(set(family.members) & set(space.texts)) < FEWEST:
        text = f"both are {family.about}; with a third one of that kind neither wins by default"
        return Remark("family", labels, text, space.third(*texts))
    return None
