"""ONNX Runtime as all encoders use it: quiet, small and without reports to its makers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def open_session(model: Path, threads: int, *, lean: bool = False) -> Any:
    """A network on the CPU.

    Args:
        model: the ``.onnx`` file.
        threads: for one run.
        lean: leave weights in their file rather than being fast.

    Raises:
        Exception: it cannot be loaded; the runtime's errors share no public base.
    """
    # Must be said before the import: the library reports to its makers otherwise.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    # Small devices: no arena that keeps the most it ever needed.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    if lean:
        options.add_session_config_entry("session.disable_prepacking", "1")
    return onnxruntime.InferenceSession(str(model), options, ["CPUExecutionProvider"])
