"""Training of the streaming network: checkpoints, a log, and a run that can be taken up again."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.config import TrainConfig
from training.corpus import Store
from training.elder import NAME as ELDER
from training.inherit import inherit
from training.loop import (
    LOG_EVERY,
    average,
    begin_with,
    done_share,
    precision,
    resume,
    save,
    schedule,
)
from training.losses import Memory, contrast, label_loss, teacher_loss
from training.streaming_net import StreamingNet
from training.stretches import WINDOWS, Heard, Stretches
from training.targets import Targets, make_targets, whitened
from wakeword.audio.frames import FloatArray
from wakeword.embedding.weights import asset

log = logging.getLogger(__name__)

SHORT_BLOCKS = 12
"""The end of a take: half a second."""


@dataclass(frozen=True)
class StreamingConfig(TrainConfig):
    """Settings of such a run; those of :class:`TrainConfig` that are not named here too."""

    items: int = 128
    """Sounds in a batch; each is heard alone and in a stretch."""
    minutes: float = 80.0
    learning_rate: float = 1e-3
    widths: tuple[int, int, int, int] = (32, 64, 96, 128)
    temperature: float = 0.06
    teacher_weight: float = 0.5
    label_weight: float = 0.3
    elder_weight: float = 0.5
    """Of what the encoder that ships makes of the clean windows."""
    bfloat16: bool = True
    save_every: int = 50
    inherited: bool = True
    """Begin with the weights of the encoder that ships."""
    relative: bool = False
    """Louder blocks weigh more: see :class:`training.streaming_net.StreamingNet`."""
    frozen: int = 0
    """So many of the first layers keep the weights that they begin with: cheaper by far, for
    these have the most to compute and came from the same work."""


class StreamingStudent(nn.Module):  # type: ignore[misc]
    """The network and what only the training needs."""

    def __init__(self, config: StreamingConfig, classes: int, elder: int) -> None:
        super().__init__()
        self.net = StreamingNet(
            config.widths, config.dim, config.text_dim, relative=config.relative
        )
        self.imitate = nn.Linear(self.net.pooled_dim, config.targets)
        self.follow = nn.Linear(self.net.pooled_dim, elder)
        self.labels = nn.Parameter(torch.randn(classes, config.text_dim))


@dataclass(frozen=True, eq=False)
class Teachers:
    """What is wanted of each window of the store."""

    targets: Targets
    elder: FloatArray
    """``(n, any)`` unit vectors."""

    @classmethod
    def read(cls, store: Store, folder: Path, config: TrainConfig) -> Teachers:
        """From what ``teach`` wrote."""
        targets = make_targets(store, folder, config.targets, config.whitening)
        return cls(targets, whitened(np.load(folder / ELDER), 192, 0.3))

    def both(self) -> FloatArray:
        """In which two sources are near each other if either teacher has them so."""
        found = self.targets.features
        assert found is not None
        return np.concatenate([found, self.elder], axis=1)


def train_streaming(
    store: Store, folder_of_targets: Path, config: StreamingConfig, folder: Path
) -> StreamingStudent:
    """Train, or go on where a checkpoint in ``folder`` ends.

    Writes ``checkpoint.pt`` every so often and a line of ``log.jsonl`` for every few steps.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    teachers = Teachers.read(store, folder_of_targets, config)
    held = store.items["held"].astype(bool)
    rows = np.flatnonzero(~held) if config.keep_held_out else np.arange(len(held))
    student = StreamingStudent(config, teachers.targets.classes.shape[1], teachers.elder.shape[1])
    student.net.frozen = config.frozen
    if config.inherited and not config.start:
        inherit(student.net, asset("models", "mini", "mini.onnx"))
        labels = np.frombuffer(asset("models", "mini", "labels.f32").read_bytes(), "<f4")
        with torch.no_grad():
            student.labels.copy_(torch.from_numpy(labels.reshape(student.labels.shape).copy()))
    if config.start:
        begin_with(student, Path(config.start))
    slow = torch.optim.swa_utils.AveragedModel(student, avg_fn=average, use_buffers=True)
    optimizer = torch.optim.AdamW(
        student.parameters(), config.learning_rate, weight_decay=config.weight_decay
    )
    step, spent = resume(folder, student, slow, optimizer)
    batches = Stretches(
        store, rows, config.items, config.shares, config.seed + step, teachers.both(), config.hard
    )
    memory = Memory(config.memory)
    began = time.monotonic() - spent
    (folder / "config.json").write_text(json.dumps(asdict(config), indent=2), encoding="utf-8")
    while (done := done_share(config, step, time.monotonic() - began)) < 1.0:
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * schedule(done, config.warmup)
        losses = _step(student, batches.draw_stretches(), store, teachers, config, memory)
        total = (
            config.likeness_weight * losses["likeness"]
            + config.teacher_weight * losses["teacher"]
            + config.elder_weight * losses["elder"]
            + config.label_weight * losses["labels"]
        )
        optimizer.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(student.parameters(), 5.0)
        optimizer.step()
        slow.update_parameters(student)
        step += 1
        if step % LOG_EVERY == 0:
            seconds = time.monotonic() - began
            figures = {name: round(float(value.detach()), 4) for name, value in losses.items()}
            line = {"step": step, "seconds": round(seconds, 1), "done": round(done, 3), **figures}
            with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            log.info("%s", line)
        if step % config.save_every == 0:
            save(folder, student, slow, optimizer, step, time.monotonic() - began)
    save(folder, student, slow, optimizer, step, time.monotonic() - began)
    trained: StreamingStudent = slow.module
    return trained


def load_streaming(folder: Path) -> StreamingStudent:
    """The averaged student of the last checkpoint."""
    config = StreamingConfig.read(folder / "config.json")
    state = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
    shapes = {name: tuple(value.shape) for name, value in state["student"].items()}
    student = StreamingStudent(config, shapes["labels"][0], shapes["follow.bias"][0])
    slow = torch.optim.swa_utils.AveragedModel(student, use_buffers=True)
    slow.load_state_dict(state["slow"])
    found: StreamingStudent = slow.module.eval()
    return found


def pooled_views(net: StreamingNet, heard: Heard, low: bool) -> list[Tensor]:
    """What is pooled of each window, each ``(n, pooled_dim)`` in the order of ``heard.rows``:
    alone, the end of it, and the windows in the stretches."""
    alone, ends = [], []
    for levels in heard.alone:
        with precision(low):
            seen = net.see(levels, alone=True)
        blocks = torch.full((len(levels), 1), seen.mass.shape[1])
        alone.append(net.pool(seen, torch.zeros_like(blocks), blocks))
        ends.append(net.pool(seen, (blocks - SHORT_BLOCKS).clamp(min=0), blocks))
    with precision(low):
        seen = net.see(heard.stretches, alone=False)
    pooled = net.pool(seen, heard.first, heard.end).unflatten(0, (-1, WINDOWS))
    back = torch.argsort(heard.order)
    return [torch.cat(alone), torch.cat(ends), *pooled[back].unbind(1)]


def _step(
    student: StreamingStudent,
    heard: Heard,
    store: Store,
    teachers: Teachers,
    config: StreamingConfig,
    memory: Memory,
) -> dict[str, Tensor]:
    student.train()
    net = student.net
    pooled = pooled_views(net, heard, config.bfloat16)
    n, views = len(heard.rows), len(pooled)
    normed = net.norm(torch.cat(pooled))
    both = net.project(normed)
    likeness = functional.normalize(both[:, : config.dim], dim=1)
    meaning = functional.normalize(both[:, config.dim :], dim=1)
    losses = {"likeness": contrast(likeness, heard.group.repeat(views), config.temperature, memory)}
    memory.keep(likeness[2 * n : 3 * n], heard.group)
    memory.keep(likeness[4 * n :], heard.group)
    clip = torch.from_numpy(store.items["clip"][heard.rows])
    teach: list[Tensor] = []
    follow: list[Tensor] = []
    for first in (0, 2 * n):
        part = normed[first : first + n]
        for head, wanted, found in (
            (student.imitate, teachers.targets.features, teach),
            (student.follow, teachers.elder, follow),
        ):
            assert wanted is not None
            goal = torch.from_numpy(wanted[heard.rows])
            found.append(teacher_loss(head(part), goal, heard.asked, clip, 0.1))
    losses["teacher"], losses["elder"] = torch.stack(teach).mean(), torch.stack(follow).mean()
    wanted = torch.from_numpy(teachers.targets.classes[heard.rows].astype(np.float32))
    wanted = wanted * heard.asked[:, None]
    labels = functional.normalize(student.labels, dim=1)
    prior = torch.from_numpy(teachers.targets.prior)
    losses["labels"] = torch.stack(
        [label_loss(meaning[at : at + n], labels, wanted, prior) for at in (0, 2 * n)]
    ).mean()
    return losses
