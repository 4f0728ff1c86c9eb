"""The curve of a training in a terminal: losses over steps, in characters."""

from __future__ import annotations

from collections.abc import Sequence

from escriba.ground.language import tr

Curve = Sequence[tuple[int, float]]  # step and loss in nats per symbol

WIDTH, HEIGHT = 60, 10  # characters
TRAINING, VALIDATION = "·", "●"
HIGHEST = 0.9  # of the range, above which the first losses are: they would flatten all others


def draw(training: Curve, validation: Curve) -> list[str]:
    """The lines of a chart; none if there are fewer than two points."""
    points = [*training, *validation]
    if len(points) < 2 or not (last := max(step for step, _ in points)):
        return []
    losses = sorted(loss for _, loss in points)
    low, high = losses[0], losses[int(HIGHEST * (len(losses) - 1))]
    span = max(high - low, 1e-6)
    grid = [[" "] * WIDTH for _ in range(HEIGHT)]
    for mark, curve in (TRAINING, training), (VALIDATION, validation):
        for step, loss in curve:
            row = round((high - min(loss, high)) / span * (HEIGHT - 1))
            grid[row][round(step / last * (WIDTH - 1))] = mark
    labels = {0: f"{high:.3f}", HEIGHT - 1: f"{low:.3f}"}
    margin = max(map(len, labels.values()))
    lines = [f"{labels.get(n, ''):>{margin}} ┤{''.join(row)}" for n, row in enumerate(grid)]
    lines = [line.rstrip() for line in lines]
    ends = f"{last:,}".rjust(WIDTH - 1)
    words = tr("loss in nats by step: {training} training, {validation} validation",
               training=TRAINING, validation=VALIDATION)  # fmt: skip
    return [*lines, f"{'':>{margin}} 0{ends}", f"{'':>{margin}} {words}"]
