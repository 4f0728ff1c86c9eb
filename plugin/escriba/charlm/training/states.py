"""Whether the state in a checkpoint is one that a run has written, and fits the run it is for.

A checkpoint is a file like any other, which somebody else may have made: what is not refused here
would end in an error far from its cause, or, in an optimiser that trusts the shapes of its moments,
in memory that is not its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from escriba.charlm.network import CharLSTM, tensors

WHOLE = ("attempt", "step", "epoch", "index", "characters", "best_step", "validated")
LARGEST = 1 << 53
WAITING = 100_000  # losses that a log can wait for


def check(
    state: Mapping[str, Any], network: CharLSTM, optimisers: list[torch.optim.Optimizer]
) -> None:
    """Raise ValueError, or what Python itself raises, for a state that no such run has written."""
    _check_numbers(state)
    weights = tensors(network)
    best = state["best_weights"]
    _need(isinstance(best, dict) and best.keys() in (set(), weights.keys()))
    for name, tensor in best.items():
        _check_tensor(tensor, weights[name].shape)
    own = network.state_dict()
    _need(state["network"].keys() == own.keys())
    for name, tensor in state["network"].items():
        _check_tensor(tensor, own[name].shape)
    for optimiser, values in zip(optimisers, state["optimisers"], strict=True):
        parameters = [p for group in optimiser.param_groups for p in group["params"]]
        _check_moments(values["state"], parameters)
    for name in ("losses", "norms"):
        _need(state[name].dim() == 1 and len(state[name]) <= WAITING)
        _check_tensor(state[name], state[name].shape)
    if state["carried"] is not None:
        _check_carried(state["carried"], network)


def _check_numbers(state: Mapping[str, Any]) -> None:
    for name in WHOLE:
        _need(_is_whole(state[name]))
    for name in ("seconds", "cooled_after"):
        _need(type(state[name]) in (int, float) and 0 <= state[name] < LARGEST)
    _need(state["attempt"] < WAITING)
    _need(type(state["best"]) is float and not math.isnan(state["best"]))
    _need(state["loss"] is None or math.isfinite(state["loss"]))
    _need(type(state["exhausted"]) is bool)
    for step, loss in state["validations"]:
        _need(_is_whole(step) and type(loss) is float)
    cool, end, *bend = state["schedule"]
    if (cool, end) != (None, None):
        _need(_is_whole(cool) and _is_whole(end) and cool <= end)
    if bend not in ([], [None]):
        ((step, height),) = bend
        _need(_is_whole(step) and type(height) is float and 0 <= height <= 1)
        _need(cool is not None and cool <= step < end)
    _check_later(state)


def _check_later(state: Mapping[str, Any]) -> None:
    """What checkpoints of earlier versions do not have."""
    _need(_is_whole(state.get("since", 0)))
    _need(state.get("stale") is None or _is_whole(state["stale"]))
    seconds = state.get("best_seconds")
    _need(seconds is None or (type(seconds) in (int, float) and 0 <= seconds < LARGEST))
    asked = state.get("asked")
    _need(
        asked is None
        or (
            len(asked) == 3
            and all(
                value is None or (type(value) in (int, float) and 0 < value < LARGEST)
                for value in asked
            )
        )
    )


def _check_moments(found: Mapping[int, Mapping[str, Any]], parameters: list[Tensor]) -> None:
    for index, values in found.items():
        shape = parameters[index].shape
        _need(type(index) is int and index >= 0)
        for name, tensor in values.items():
            _need(name in ("step", "exp_avg", "exp_avg_sq", "momentum_buffer"))
            _check_tensor(tensor, torch.Size() if name == "step" else shape)


def _check_carried(carried: list[tuple[Tensor, ...]], network: CharLSTM) -> None:
    layers, hidden = network.network.layers, network.network.hidden
    parts = 2 if network.network.cell == "lstm" else 1
    streams = carried[0][0].shape[1]
    _need(len(carried) == layers and all(len(layer) == parts for layer in carried))
    for part in (part for layer in carried for part in layer):
        _check_tensor(part, torch.Size((1, streams, hidden)), any_float=True)


def _check_tensor(tensor: Tensor, shape: torch.Size, *, any_float: bool = False) -> None:
    # An array of stride 0 is as large as it likes, in a file of a few bytes.
    _need(isinstance(tensor, Tensor) and tensor.shape == shape and tensor.is_contiguous())
    _need(tensor.layout is torch.strided and tensor.device.type == "cpu")
    _need(tensor.is_floating_point() if any_float else tensor.dtype is torch.float32)


def _is_whole(value: object) -> bool:
    return type(value) is int and 0 <= value < LARGEST


def _need(right: bool) -> None:
    if not right:
        raise ValueError
