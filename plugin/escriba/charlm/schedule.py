"""The learning rate over a training, and how far a training has come."""

from __future__ import annotations

import math

from escriba.charlm.recipe import TrainingRecipe

FINAL_RATE = 0.02  # the learning rate at the end, as a share of the highest


def learning_rate(settings: TrainingRecipe, step: int, share: float) -> float:
    """Linear warm-up, then a cosine down to FINAL_RATE of the highest rate.

    The warm-up takes `warmup` steps, or a tenth of the schedule if that is shorter.
    """
    warm = min(1.0, max((step + 1) / settings.warmup, 10 * share)) if settings.warmup else 1.0
    cosine = 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))
    return settings.learning_rate * warm * (FINAL_RATE + (1 - FINAL_RATE) * cosine)


def share_done(settings: TrainingRecipe, steps_per_epoch: int, step: int, seconds: float) -> float:
    """How much of the schedule is behind: by steps, by time, or the further of both."""
    shares = []
    if settings.epochs is not None:
        shares.append(step / max(1, settings.epochs * steps_per_epoch))
    if settings.minutes is not None:
        shares.append(seconds / max(1e-9, settings.minutes * 60))
    return max(shares)
