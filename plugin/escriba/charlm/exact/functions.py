"""The random numbers, functions and sums of docs/exact-training.md, operation by operation."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
F = np.float32
MASK = (1 << 64) - 1


class Random:
    """The numbers of PCG32 (PCG XSH RR 64/32, M. E. O'Neill), seeded as `pcg32_srandom` does."""

    def __init__(self, state: int, sequence: int):
        self.state, self.step = 0, (sequence << 1 | 1) & MASK
        self.draw()
        self.state = (self.state + state) & MASK
        self.draw()

    def draw(self) -> int:
        old = self.state
        self.state = (old * 6364136223846793005 + self.step) & MASK
        x, turn = ((old >> 18) ^ old) >> 27 & 0xFFFFFFFF, old >> 59
        return (x >> turn | x << (-turn & 31)) & 0xFFFFFFFF

    def uniform(self) -> float:
        return self.draw() * 2.0**-32

    def normal(self) -> float:
        total = -6.0
        for _ in range(12):
            total += self.uniform()
        return total


def exponential(x: Array) -> Array:
    x = np.where(x < F(-87), F(-87), x)
    x = np.where(F(87) < x, F(87), x)
    n = np.rint(x * F(1.44269504))
    r = (x - n * F(0.693359375)) - n * F(-2.12194440e-4)
    p = np.full_like(r, F(1 / 5040))
    for divisor in (720, 120, 24, 6, 2, 1, 1):
        p = p * r + F(1 / divisor)
    powers: Array = p * np.ldexp(F(1), n.astype(np.int32)).astype(F)
    return powers


def sigmoid(x: Array) -> Array:
    return F(1) / (F(1) + exponential(-x))


def tangent(x: Array) -> Array:
    return F(2) * sigmoid(x + x) - F(1)


def logarithm(x: float) -> float:
    bits = struct.unpack("<Q", struct.pack("<d", x))[0]
    n = (bits >> 52) - 1023
    m: float = struct.unpack("<d", struct.pack("<Q", bits & 0xFFFFFFFFFFFFF | 0x3FF << 52))[0]
    if m > 1.4142135623730951:
        m, n = m * 0.5, n + 1
    y = (m - 1.0) / (m + 1.0)
    s, p = y * y, 1.0 / 19
    for k in range(17, 0, -2):
        p = p * s + 1.0 / k
    return float(n * 0.6931471805599453 + 2.0 * y * p)


def power(x: float, n: int) -> float:
    found = 1.0
    while n:
        if n & 1:
            found *= x
        n, x = n >> 1, x * x
    return found


def multiply(start: Array, left: Array, right: Array) -> Array:
    """start (M, N) + left (M, K) · right (K, N), each sum in ascending k."""
    total = start.copy()
    for k in range(left.shape[1]):
        total = total + left[:, k, None] * right[None, k]
    return total


def add_rows(rows: Array) -> Array:
    total = np.zeros(rows.shape[1:], F)
    for row in rows:
        total = total + row
    return total
