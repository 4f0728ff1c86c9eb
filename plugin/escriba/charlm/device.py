"""Where a training runs, and in which precision."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import torch

from escriba.errors import TrainingError


def choose_device(name: str | None, local: int = 0) -> torch.device:
    """The named device, or the fastest that is there; process `local` of a machine takes the GPU
    of that number. Raises TrainingError for a device that cannot be used."""
    if name is None:
        if torch.cuda.is_available():
            name = "cuda"
        else:
            name = "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        if device.type == "cuda" and device.index is None:
            device = torch.device("cuda", local)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(f"the device '{name}' cannot be used: {reason}") from None
    return device


def choose_precision(device: torch.device) -> str:
    """bfloat16 where a matrix product in it is clearly faster than in float32; else float32."""
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    if device.type != "cpu":
        return "float32"
    times = {dtype: _time_product(dtype) for dtype in (torch.float32, torch.bfloat16)}
    return "bfloat16" if times[torch.bfloat16] < 0.8 * times[torch.float32] else "float32"


def mixed(device: torch.device, precision: str) -> contextlib.AbstractContextManager[Any]:
    """The context in which a forward pass has that precision."""
    if precision == "bfloat16":
        return torch.autocast(device.type, torch.bfloat16)
    return contextlib.nullcontext()


def _time_product(dtype: torch.dtype) -> float:
    """Seconds of the fastest of some products of the size of a layer's."""
    left, right = torch.ones(256, 512, dtype=dtype), torch.ones(512, 512, dtype=dtype)
    times = []
    for _ in range(12):
        begun = time.perf_counter()
        left @ right
        times.append(time.perf_counter() - begun)
    return min(times)
