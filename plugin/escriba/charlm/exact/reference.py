"""The arithmetic of docs/exact-training.md in numpy: slow, plain, and the same bits as the kernel.

Every operation of numpy on float32 is one of IEEE 754, rounded once; sums are written as loops over
what is summed, so that their order is that of the page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from escriba.charlm.exact.functions import (
    Array,
    F,
    Random,
    add_rows,
    exponential,
    logarithm,
    multiply,
    power,
    sigmoid,
    tangent,
)
from escriba.records.model import GATES, Network

BETA_1, BETA_2, EPSILON = F(0.9), F(0.99), F(1e-8)


@dataclass
class Kept:
    """What a layer's window leaves for the way back."""

    x: Array
    h: Array  # with the state carried in
    z: Array
    u: Array
    c: Array
    tanh_c: Array


class Reference:
    """A network, its moments, and the states of its shards."""

    def __init__(self, network: Network, symbols: int, seed: int):
        self.network, self.symbols = network, symbols
        self.shapes = network.shapes(symbols)
        self.weights = self._draw(seed)
        self.first = {name: np.zeros(shape, F) for name, shape in self.shapes.items()}
        self.second = {name: np.zeros(shape, F) for name, shape in self.shapes.items()}

    def _draw(self, seed: int) -> dict[str, Array]:
        random, hidden = Random(seed, 1), self.network.hidden
        found: dict[str, Array] = {}
        for name, shape in self.shapes.items():
            if name == "embedding.weight":
                values = [0.5 * random.normal() for _ in range(math.prod(shape))]
                found[name] = np.array(values).astype(F).reshape(shape)
            elif name.endswith("weight_ih"):
                found[name] = _draw_uniform(shape, math.sqrt(6.0 / sum(shape)), random)
            elif name.endswith("weight_hh"):
                blocks = [_draw_orthogonal(hidden, random) for _ in range(shape[0] // hidden)]
                found[name] = np.concatenate(blocks)
            elif name == "head.weight":
                found[name] = _draw_uniform(shape, 1.0 / math.sqrt(hidden), random)
            else:
                found[name] = np.zeros(shape, F)
        if self.network.cell == "lstm" and not self.network.residual:
            for layer in range(self.network.layers):
                found[f"layers.{layer}.bias_ih"][hidden : 2 * hidden] = 1
        return found

    def drop(self, seed: int, number: int, first: int, streams: int, dropout: float) -> list[Array]:
        """Masks (S, H): of the embedding, then of each layer."""
        share, scale = int(dropout * 2.0**32), F(1.0 / (1.0 - dropout))
        masks = []
        for layer in range(self.network.layers + 1):
            mask = np.full((streams, self.network.hidden), scale)
            for stream in range(streams if share else 0):
                random = Random(seed, (number << 24) + (first + stream << 8) + layer + 2)
                for unit in range(self.network.hidden):
                    if random.draw() < share:
                        mask[stream, unit] = 0
            masks.append(mask)
        return masks

    def learn(
        self, read: NDArray[np.int64], targets: NDArray[np.int64], state: list[list[Array]],
        masks: Sequence[Array], share: float,
    ) -> tuple[float, dict[str, Array]]:  # fmt: skip
        """The losses of a shard's window (T, S) added up, and their gradients times `share`; the
        state, of each layer h and of an lstm c (S, H), becomes that at the window's end."""
        net, w = self.network, self.weights
        steps, streams = read.shape
        spread = [np.tile(mask, (steps, 1)) for mask in masks]
        x = w["embedding.weight"][read.ravel()] * spread[0]
        kept = []
        for layer in range(net.layers):
            each = self._forward(layer, x, state[layer], steps, streams)
            kept.append(each)
            h = each.h[streams:]
            x = x + h * spread[layer + 1] if net.residual else h * spread[layer + 1]
            state[layer][0] = h[-streams:]
            if net.cell == "lstm":
                state[layer][1] = each.c[-streams:]
        start = np.tile(w["head.bias"], (len(x), 1))
        logits = multiply(start, x, w["head.weight"].T)
        loss, d = self._lose(logits, targets.ravel(), F(share))
        g: dict[str, Array] = {}
        g["head.weight"] = multiply(np.zeros_like(w["head.weight"]), d.T, x)
        g["head.bias"] = add_rows(d)
        dx = multiply(np.zeros_like(x), d, w["head.weight"])
        for layer in reversed(range(net.layers)):
            dx = self._backward(layer, kept[layer], dx, spread[layer + 1], steps, streams, g)
        g["embedding.weight"] = np.zeros_like(w["embedding.weight"])
        for symbol, row, mask in zip(read.ravel(), dx, spread[0], strict=True):
            g["embedding.weight"][symbol] += row * mask
        return loss, g

    def finish(
        self, shards: Sequence[dict[str, Array]], number: int, rate: float, decay: float,
        clip: float,
    ) -> float:  # fmt: skip
        """The step of that number, from 1, by the gradients of the shards; their norm."""
        gradients = dict(shards[0])
        for other in shards[1:]:
            gradients = {name: gradients[name] + other[name] for name in gradients}
        total = 0.0
        for name in self.shapes:
            for value in gradients[name].ravel().tolist():
                total += value * value
        norm = math.sqrt(total)
        scale = F(clip / norm if norm > clip else 1.0)
        root = F(1.0 / math.sqrt(1.0 - power(float(BETA_2), number)))
        step = F(rate / (1.0 - power(float(BETA_1), number)))
        for name in self.shapes:
            decays = "weight" in name and name != "embedding.weight"
            keep = F(1.0 - rate * decay) if decays else F(1)
            g: Array = gradients[name] * scale
            m: Array = self.first[name] * BETA_1 + g * (F(1) - BETA_1)
            square: Array = g * g
            v: Array = self.second[name] * BETA_2 + square * (F(1) - BETA_2)
            self.first[name], self.second[name] = m, v
            below = np.sqrt(v) * root + EPSILON
            self.weights[name] = self.weights[name] * keep - step * m / below
        return norm

    def _forward(self, layer: int, x: Array, state: list[Array], steps: int, streams: int) -> Kept:
        net, w = self.network, self.weights
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        w_ih, w_hh, b_ih, b_hh = (w[f"layers.{layer}.{name}"] for name in names)
        z = multiply(np.tile(b_ih, (len(x), 1)), x, w_ih.T)
        hs, cs, us, curves = [state[0]], [state[1]] if net.cell == "lstm" else [], [], []
        size = net.hidden
        for t in range(steps):
            rows = slice(t * streams, (t + 1) * streams)
            u = multiply(np.tile(b_hh, (streams, 1)), hs[-1], w_hh.T)
            us.append(u)
            if net.cell != "gru":
                z[rows] = z[rows] + u
            part = [z[rows, g * size : (g + 1) * size] for g in range(GATES[net.cell])]
            if net.cell == "lstm":
                i, f, o = sigmoid(part[0]), sigmoid(part[1]), sigmoid(part[3])
                g = tangent(part[2])
                z[rows] = np.hstack([i, f, g, o])
                cs.append(f * cs[-1] + i * g)
                curves.append(tangent(cs[-1]))
                hs.append(o * curves[-1])
            elif net.cell == "gru":
                reset, keep = sigmoid(part[0] + u[:, :size]), sigmoid(part[1] + u[:, size:-size])
                new = tangent(part[2] + reset * u[:, -size:])
                z[rows] = np.hstack([reset, keep, new])
                hs.append((F(1) - keep) * new + keep * hs[-1])
            else:
                z[rows] = tangent(z[rows])
                hs.append(z[rows].copy())
        empty = np.zeros((0, size), F)
        return Kept(
            x, np.concatenate(hs), z, np.concatenate(us),
            np.concatenate(cs) if cs else empty, np.concatenate(curves) if curves else empty,
        )  # fmt: skip

    def _backward(
        self, layer: int, kept: Kept, dx: Array, mask: Array, steps: int, streams: int,
        g: dict[str, Array],
    ) -> Array:  # fmt: skip
        net, prefix = self.network, f"layers.{layer}."
        w_ih, w_hh = self.weights[prefix + "weight_ih"], self.weights[prefix + "weight_hh"]
        size, one = net.hidden, F(1)
        dz, du = np.zeros_like(kept.z), np.zeros_like(kept.z)
        dh = dc = np.zeros((streams, size), F)
        for t in reversed(range(steps)):
            rows = slice(t * streams, (t + 1) * streams)
            part = [kept.z[rows, k * size : (k + 1) * size] for k in range(GATES[net.cell])]
            d = dx[rows] * mask[rows] + dh
            if net.cell == "lstm":
                i, f, c, o = part
                k = kept.tanh_c[rows]
                e = dc + d * o * (one - k * k)
                dz[rows] = du[rows] = np.hstack([
                    e * c * (i * (one - i)), e * kept.c[rows] * (f * (one - f)),
                    e * i * (one - c * c), d * k * (o * (one - o)),
                ])  # fmt: skip
                dc, dh = e * f, np.zeros_like(dh)
            elif net.cell == "gru":
                reset, keep, new = part
                dn = d * (one - keep) * (one - new * new)
                dk = d * (kept.h[rows] - new) * (keep * (one - keep))
                dr = dn * kept.u[rows, -size:] * (reset * (one - reset))
                dz[rows], du[rows] = np.hstack([dr, dk, dn]), np.hstack([dr, dk, dn * reset])
                dh = d * keep
            else:
                dz[rows] = du[rows] = d * (one - part[0] * part[0])
                dh = np.zeros_like(dh)
            dh = multiply(dh, du[rows], w_hh)
        before = kept.h[: len(kept.x)]
        g[prefix + "weight_ih"] = multiply(np.zeros_like(w_ih), dz.T, kept.x)
        g[prefix + "weight_hh"] = multiply(np.zeros_like(w_hh), du.T, before)
        g[prefix + "bias_ih"], g[prefix + "bias_hh"] = add_rows(dz), add_rows(du)
        return multiply(dx if net.residual else np.zeros_like(dx), dz, w_ih)

    def _lose(
        self, logits: Array, targets: NDArray[np.int64], share: np.float32
    ) -> tuple[float, Array]:
        total, gradients = 0.0, np.empty_like(logits)
        for row, target, out in zip(logits, targets.tolist(), gradients, strict=True):
            shifted = row - row.max()
            powers, summed = exponential(shifted), 0.0
            for value in powers.tolist():
                summed += value
            scale = share if target >= 0 else F(0)
            out[:] = powers * F(float(scale) / summed)
            if target >= 0:
                total += logarithm(summed) - float(shifted[target])
                out[target] -= scale
        return total, gradients


def _draw_uniform(shape: tuple[int, ...], bound: float, random: Random) -> Array:
    values = [(2.0 * random.uniform() - 1.0) * bound for _ in range(math.prod(shape))]
    return np.array(values).astype(F).reshape(shape)


def _draw_orthogonal(size: int, random: Random) -> Array:
    rows: list[list[float]] = [[random.normal() for _ in range(size)] for _ in range(size)]
    for i, row in enumerate(rows):
        for _ in range(2):
            for other in rows[:i]:
                total = 0.0
                for a, b in zip(row, other, strict=True):
                    total += a * b
                row[:] = [a - total * b for a, b in zip(row, other, strict=True)]
        total = 0.0
        for a in row:
            total += a * a
        row[:] = [a / math.sqrt(total) for a in row]
    return np.array(rows).astype(F)
