"""Where a training runs, in which precision, and with how much memory."""

from __future__ import annotations

import contextlib
import time
from typing import Any, Literal

import torch
from torch import nn

from escriba.charlm.memory import find_machine_memory
from escriba.ground.errors import TrainingError
from escriba.ground.language import tr

Precision = Literal["float32", "bfloat16"]
# The kinds of devices that torch computes losses and gradients on.
GPUS = {"cpu": "CPU", "cuda": "NVIDIA or AMD GPU", "mps": "Apple GPU", "xpu": "Intel GPU"}
TYPES = tuple(GPUS)


def choose_device(name: str | None, local: int = 0) -> torch.device:
    """The named device, or the fastest that is there; process `local` of a machine takes the GPU
    of that number. Raises TrainingError for a device that cannot be used."""
    if name is None:
        if torch.cuda.is_available():
            name = "cuda"
        else:
            name = "mps" if torch.backends.mps.is_available() else "cpu"
    kind, colon, number = name.partition(":")
    if kind not in TYPES or (colon and not (number.isascii() and number.isdigit())):
        reason = tr("it must be one of {names}, or such as cuda:1", names=", ".join(TYPES))
        raise _unusable(name, reason)
    count = _count_devices(kind)
    if not count:
        reason = tr("there is no {gpu} here that this torch ({version}) can use",
                    gpu=GPUS[kind], version=torch.__version__)  # fmt: skip
        raise _unusable(name, reason)
    index = int(number) if number else local if kind == "cuda" else 0
    if index >= count:
        raise _unusable(name, tr("they are counted from 0, and there are {count}", count=count))
    device = torch.device("cuda", index) if kind == "cuda" else torch.device(name)
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise _unusable(name, str(error).splitlines()[0]) from None
    return device


def _count_devices(kind: str) -> int:
    """How many devices of a kind torch can use here."""
    if kind == "cuda":
        return torch.cuda.device_count() if torch.cuda.is_available() else 0
    if kind == "xpu":
        return torch.xpu.device_count() if torch.xpu.is_available() else 0
    return 1 if kind == "cpu" or torch.backends.mps.is_available() else 0


def _unusable(name: str, reason: str) -> TrainingError:
    return TrainingError(
        tr("the device '{name}' cannot be used: {reason}", name=name, reason=reason)
    )


def find_memory(device: torch.device) -> int | None:
    """Bytes that a device has left for this process; None where nothing says so."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory())
    return find_machine_memory() if device.type == "cpu" else None


def choose_precision(device: torch.device) -> Precision:
    """bfloat16 where a recurrent layer learns clearly faster in it; else float32."""
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    if device.type != "cpu":
        return "float32"
    try:
        faster = _time_layer(device, "bfloat16") < 0.8 * _time_layer(device, "float32")
    except RuntimeError:
        return "float32"
    return "bfloat16" if faster else "float32"


def can_train(device: torch.device, precision: str) -> bool:
    """Whether a recurrent layer can learn in that precision there. Not every processor has
    instructions for bfloat16, and torch then refuses to make the layer's gradient."""
    try:
        _time_layer(device, precision, count=1)
    except RuntimeError:
        return False
    return True


def mixed(device: torch.device, precision: str) -> contextlib.AbstractContextManager[Any]:
    """The context in which a forward pass has that precision."""
    if precision == "bfloat16":
        return torch.autocast(device.type, torch.bfloat16)
    return contextlib.nullcontext()


def _time_layer(device: torch.device, precision: str, count: int = 8) -> float:
    """Seconds of the fastest of `count` steps, forward and backward, of a layer of the usual size.

    Raises RuntimeError where the device cannot do it in that precision.
    """
    steps, batch, hidden = 16, 32, 128
    layer = nn.LSTM(hidden, hidden, device=device)
    x = torch.ones(steps, batch, hidden, device=device)
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        with mixed(device, precision):
            total = layer(x)[0].float().sum()
        torch.autograd.grad(total, list(layer.parameters()))
        times.append(time.perf_counter() - begun)
    return min(times)
