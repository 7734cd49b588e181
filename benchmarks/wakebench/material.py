"""What a run is made of: the sounds to enroll and the backgrounds that hold none of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from wakebench import classes
from wakebench.clips import Clip, FileClip, MadeClip
from wakebench.compose import EventPlan, NegativePlan
from wakebench.identity import generator
from wakebench.manifest import Manifest, Row
from wakebench.protocol import Library, Protocol
from wakebench.sounds import Sound, limited, made_sounds, recorded_sounds
from wakebench.synth import BACKGROUNDS

SHORTEST_BED_SECONDS = 3.0
"""Shorter clips are not laid under events."""
MADE_SECONDS = 60.0
"""Length of a synthesised clip."""
CLIPS_PER_BED = 30
"""So many clips, drawn at random, are laid under the events of one stream."""


@dataclass(frozen=True, eq=False)
class Material:
    """Everything that can be heard in a run."""

    sounds: tuple[Sound, ...]
    negatives: tuple[tuple[Clip, float], ...]
    """Clips with their length in seconds."""
    licences: dict[str, float]
    """Seconds by source and licence, for the report; empty for synthesised material."""

    def bed(self) -> tuple[Clip, ...]:
        """Clips that are laid under events: noise, music and speech."""
        return tuple(
            clip
            for clip, seconds in self.negatives
            if seconds >= SHORTEST_BED_SECONDS
            and clip.category not in (classes.SOUNDS, classes.SILENCE)
        )


def from_manifest(manifest: Manifest, protocol: Protocol, *, made: bool) -> Material:
    """The material of one split.

    Args:
        made: also the synthesised sounds, in libraries of their own, since whistles, claps,
            knocks and alarms by one source are scarce among recordings.
    """
    sounds = recorded_sounds(manifest, protocol.split, protocol.seed)
    taken = {sound.origin for sound in sounds}
    rows = manifest.for_measuring(protocol.split)
    negatives = [row for row in rows if row.kind == "background" or row.origin not in taken]
    chosen = limited(sounds, protocol.seed) + (made_sounds(protocol.seed) if made else [])
    return Material(
        tuple(chosen),
        tuple((_clip(manifest, row), manifest.seconds(row)) for row in negatives),
        _licences(manifest, rows),
    )


def synthetic(protocol: Protocol) -> Material:
    """Material that needs no recordings."""
    count = max(2, round(protocol.negative_seconds / MADE_SECONDS / 2))
    clips = [
        MadeClip(label, classes.category("background", label), MADE_SECONDS, protocol.seed + i)
        for label in BACKGROUNDS
        for i in range(count)
    ]
    negatives = tuple((clip, clip.seconds) for clip in clips)
    return Material(tuple(made_sounds(protocol.seed)), negatives, {})


def event_plans(
    material: Material, libraries: Sequence[Library], protocol: Protocol
) -> dict[tuple[str, float], EventPlan]:
    """A stream for each library and SNR."""
    bed = material.bed()
    plans = {}
    for library in libraries:
        for snr_db in protocol.snrs_db:
            rng = generator(protocol.seed, "bed", library.name, snr_db)
            clips = tuple(bed[i] for i in rng.permutation(len(bed))[:CLIPS_PER_BED])
            plans[library.name, snr_db] = EventPlan(library.heard(), clips, snr_db, protocol.seed)
    return plans


def negative_plans(material: Material, protocol: Protocol) -> list[tuple[str, NegativePlan]]:
    """Streams of each kind of background, every clip at most once."""
    pools: dict[str, list[tuple[Clip, float]]] = defaultdict(list)
    for clip, seconds in material.negatives:
        pools[clip.category].append((clip, seconds))
    plans = []
    for category, pool in sorted(pools.items()):
        order = generator(protocol.seed, "negatives", category).permutation(len(pool))
        total, chunk, length = 0.0, [], 0.0
        for i in order:
            clip, seconds = pool[i]
            if total + seconds > protocol.negative_seconds:
                continue
            chunk.append(clip)
            total, length = total + seconds, length + seconds
            if length >= protocol.stream_seconds:
                plans.append((category, NegativePlan(tuple(chunk), protocol.seed)))
                chunk, length = [], 0.0
        if chunk:
            plans.append((category, NegativePlan(tuple(chunk), protocol.seed)))
    return plans


def _clip(manifest: Manifest, row: Row) -> FileClip:
    return FileClip(manifest.folder / row.path, row.label, classes.category(row.kind, row.label))


def _licences(manifest: Manifest, rows: Sequence[Row]) -> dict[str, float]:
    totals: dict[str, float] = defaultdict(float)
    for row in rows:
        name = f"{row.source or 'unknown source'}: {row.licence or 'no licence stated'}"
        totals[name] += manifest.seconds(row)
    return dict(sorted(totals.items()))
