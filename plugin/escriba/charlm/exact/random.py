"""PCG32 (PCG XSH RR 64/32, M. E. O'Neill, pcg-random.org)."""

from __future__ import annotations

MASK = (1 << 64) - 1


class Random:
    """The numbers of a state and a sequence, as `pcg32_srandom` seeds them."""

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
