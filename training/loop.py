"""The training itself: checkpoints, a log of figures, and a run that can be taken up again."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.batches import Batches
from training.config import TrainConfig
from training.corpus import Store
from training.losses import Memory, label_loss, likeness_loss, teacher_loss
from training.network import MiniNet
from training.targets import Targets, make_targets
from wakeword.errors import ConfigError

log = logging.getLogger(__name__)

LOG_EVERY = 20


class Student(nn.Module):  # type: ignore[misc]
    """The network and what only the training needs."""

    def __init__(self, config: TrainConfig, classes: int) -> None:
        super().__init__()
        self.net = MiniNet(config.widths, config.dim, config.text_dim)
        self.imitate = nn.Linear(config.dim + config.text_dim, config.targets)
        self.labels = nn.Parameter(torch.randn(classes, config.text_dim))


def train(store: Store, taught: Path | None, config: TrainConfig, folder: Path) -> Student:
    """Train, or go on where a checkpoint in ``folder`` ends.

    Writes ``checkpoint.pt`` every so often and a line of ``log.jsonl`` for every few steps.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    targets = make_targets(store, taught, config.targets, config.whitening)
    held = store.items["held"].astype(bool)
    rows = np.flatnonzero(~held) if config.keep_held_out else np.arange(len(held))
    student = Student(config, targets.classes.shape[1])
    slow = torch.optim.swa_utils.AveragedModel(student, avg_fn=average, use_buffers=True)
    optimizer = torch.optim.AdamW(
        student.parameters(), config.learning_rate, weight_decay=config.weight_decay
    )
    step, spent = resume(folder, student, slow, optimizer)
    if not step and config.start:
        begin_with(student, Path(config.start))
    batches = Batches(
        store,
        rows,
        config.items,
        config.shares,
        config.seed + step,
        targets.features,
        config.hard,
    )
    memory = Memory(config.memory)
    settled = False
    began = time.monotonic() - spent
    (folder / "config.json").write_text(json.dumps(asdict(config), indent=2), encoding="utf-8")
    while (done := done_share(config, step, time.monotonic() - began)) < 1.0:
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * schedule(done, config.warmup)
        if done >= config.settle and not settled:
            settled = True
            _take_norms(slow.module, student)
        losses = _step(student, batches, store, targets, config, memory, settled)
        total = (
            config.likeness_weight * losses["likeness"]
            + config.teacher_weight * losses["teacher"]
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
    trained: Student = slow.module
    return trained


def load_student(folder: Path) -> Student:
    """The averaged student of the last checkpoint."""
    config = TrainConfig.read(folder / "config.json")
    state = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
    student = Student(config, len(state["student"]["labels"]))
    slow = torch.optim.swa_utils.AveragedModel(student, use_buffers=True)
    slow.load_state_dict(state["slow"])
    found: Student = slow.module.eval()
    return found


def begin_with(student: Student, folder: Path) -> None:
    """Take over the averaged weights of an earlier run; what it lacks stays as it is.

    Raises:
        ConfigError: there is no checkpoint, or it is of another network.
    """
    try:
        state = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)["slow"]
        state = {k.removeprefix("module."): v for k, v in state.items() if k != "n_averaged"}
        left = student.load_state_dict(state, strict=False)
    except (OSError, KeyError, RuntimeError) as error:
        raise ConfigError(f"{folder} holds no run to begin with: {error}") from error
    if left.unexpected_keys:
        raise ConfigError(f"{folder} is of another network: {left.unexpected_keys[0]}")


def _take_norms(slow: nn.Module, student: nn.Module) -> None:
    """The averaged statistics of the norms, for the rest of the run."""
    averaged = dict(slow.named_buffers())
    for name, buffer in student.named_buffers():
        buffer.copy_(averaged[name])


def _step(
    student: Student,
    batches: Batches,
    store: Store,
    targets: Targets,
    config: TrainConfig,
    memory: Memory,
    settled: bool,
) -> dict[str, Tensor]:
    batch = batches.draw()
    student.train(not settled)
    likeness, meaning = [], []
    for hearing in (batch.first, batch.second):
        with precision(config.bfloat16):
            pooled = torch.cat([student.net.pooled(levels) for levels in hearing])
        both = student.net.project(student.net.norm(pooled.float()))
        likeness.append(functional.normalize(both[:, : config.dim], dim=1))
        meaning.append(functional.normalize(both[:, config.dim :], dim=1))
    clip = torch.from_numpy(store.items["clip"][batch.rows])
    a, b = likeness
    losses = {"likeness": likeness_loss(a, b, batch.group, config.temperature, memory)}
    memory.keep(b, batch.group)
    weight = student.net.text_weight
    losses["teacher"] = torch.zeros(())
    if targets.features is not None:
        wanted = torch.from_numpy(targets.features[batch.rows])
        for a, b in zip(likeness, meaning, strict=True):
            found = student.imitate(torch.cat([a, weight * b], dim=1))
            losses["teacher"] = losses["teacher"] + 0.5 * teacher_loss(
                found, wanted, batch.asked, clip, config.temperature
            )
    wanted = torch.from_numpy(targets.classes[batch.rows].astype(np.float32))
    labels = functional.normalize(student.labels, dim=1)
    prior = torch.from_numpy(targets.prior)
    losses["labels"] = torch.stack(
        [label_loss(b, labels, wanted * batch.asked[:, None], prior) for b in meaning]
    ).mean()
    return losses


def average(slow: Tensor, fast: Tensor, count: Tensor) -> Tensor:
    """The weights of about the last 200 steps, or of a quarter of all while they are few."""
    share = max(0.005, 4.0 / (4.0 + float(count)))
    return slow + share * (fast - slow) if slow.is_floating_point() else fast


def precision(low: bool) -> contextlib.AbstractContextManager[object]:
    return torch.autocast("cpu", torch.bfloat16) if low else contextlib.nullcontext()


def done_share(config: TrainConfig, step: int, seconds: float) -> float:
    return step / config.steps if config.steps else seconds / 60.0 / config.minutes


def schedule(done: float, warmup: float) -> float:
    if done < warmup:
        return max(0.02, done / warmup)
    return 0.5 * (1.0 + math.cos(math.pi * min(1.0, (done - warmup) / (1.0 - warmup)))) + 1e-3


def save(
    folder: Path,
    student: Student,
    slow: nn.Module,
    optimizer: torch.optim.Optimizer,
    step: int,
    seconds: float,
) -> None:
    state = {
        "student": student.state_dict(),
        "slow": slow.state_dict(),
        "optimizer": optimizer.state_dict(),
        "step": step,
        "seconds": seconds,
    }
    torch.save(state, folder / "checkpoint.tmp")
    (folder / "checkpoint.tmp").replace(folder / "checkpoint.pt")


def resume(
    folder: Path, student: Student, slow: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[int, float]:
    path = folder / "checkpoint.pt"
    if not path.is_file():
        return 0, 0.0
    state = torch.load(path, map_location="cpu", weights_only=True)
    student.load_state_dict(state["student"])
    slow.load_state_dict(state["slow"])
    optimizer.load_state_dict(state["optimizer"])
    log.info("going on from step %d", state["step"])
    return int(state["step"]), float(state["seconds"])
