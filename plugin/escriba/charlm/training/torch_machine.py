"""What torch can train with on this machine: device, precision, batch, memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from escriba.charlm.device import can_train, choose_device, choose_precision, find_memory
from escriba.charlm.memory import estimate
from escriba.charlm.training.calibrate import choose_batch
from escriba.charlm.training.engine import Processes
from escriba.charlm.training.settings import Settings
from escriba.charlm.training.torch_engine import TorchBackend
from escriba.ground.errors import Place, TrainingError
from escriba.ground.language import tr
from escriba.records.recipe import Recipe


@dataclass(frozen=True)
class TorchMachine:
    """A device, for so many processes; `place` is that of the recipe, for errors."""

    device: torch.device
    processes: Processes
    place: Place

    @classmethod
    def find(cls, name: str | None, processes: Processes, place: Place) -> TorchMachine:
        """The named device, or the fastest. Raises TrainingError."""
        return cls(choose_device(name, processes.local), processes, place)

    def find_memory(self) -> int | None:
        return find_memory(self.device)

    def choose(
        self, recipe: Recipe, symbols: int, length: int, settings: Settings
    ) -> dict[str, Any]:
        precision = settings.precision
        if precision == "auto":
            precision = choose_precision(self.device)
        batch, rate = settings.batch, settings.learning_rate
        if recipe.training.batch is None:
            network, backend = recipe.architecture(), TorchBackend(self.device, precision)
            there = self.find_memory()

            def fits(larger: Settings) -> bool:
                needed = estimate(network, symbols, larger.batch * larger.window, precision)
                return there is None or needed <= there

            make = partial(backend.rehearse, network, symbols)
            batch = choose_batch(make, symbols, length, settings, fits)
            if recipe.training.learning_rate is None:
                rate *= math.sqrt(batch / settings.batch)
        return {
            "batch": batch, "learning_rate": rate, "dropout": settings.dropout,
            "precision": precision,
        }  # fmt: skip

    def make_backend(self, precision: str, *, begun: bool) -> TorchBackend:
        if precision == "bfloat16" and not can_train(self.device, precision):
            raise self._refuse(begun=begun)
        return TorchBackend(self.device, precision, self.processes)

    def _refuse(self, *, begun: bool) -> TrainingError:
        if begun:
            problem = tr(
                "this training began in bfloat16, and the device '{device}' cannot train in it; go "
                "on where it began, or --restart",
                device=self.device,
            )
        else:
            problem = tr(
                "precision: bfloat16, and the device '{device}' cannot train in it; write "
                "precision: auto",
                device=self.device,
            )
        return TrainingError(problem, self.place)
