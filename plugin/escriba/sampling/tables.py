"""The two tables of the arithmetic: tanh, and powers of two. docs/exact-sampling.md, section 3.

`kernel/tables.h` holds them as data; the kernel is compiled with it and the reference reads
it. `python -m escriba.sampling.tables` writes it again, in decimal arithmetic alone.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path

PATH = Path(__file__).parent / "kernel" / "tables.h"
DIGEST = "18e879667131753ce8be6bdcaa95c16b68d65f416e5b1e93f37987952eac40fb"


@dataclass(frozen=True)
class Tables:
    """`tanh[i]` = tanh(i/64)·2¹⁵, i from 0 to 512; `power[i]` = 2^(-i/1024)·2³⁰, i from 0 to 1024.

    Both rounded to the nearest integer.
    """

    tanh: tuple[int, ...]
    power: tuple[int, ...]


def load() -> Tables:
    """The tables of `tables.h`."""
    text = PATH.read_text(encoding="ascii")
    found = re.findall(r"\{([\d,\s]+)\}", text)
    tanh, power = (tuple(map(int, numbers.split(","))) for numbers in found)
    return Tables(tanh, power)


def digest(tables: Tables) -> str:
    """SHA-256 of the numbers: the tanh table, then the powers, each as 4 bytes, low first."""
    numbers = (*tables.tanh, *tables.power)
    return hashlib.sha256(b"".join(n.to_bytes(4, "little") for n in numbers)).hexdigest()


def generate() -> Tables:
    """The tables, computed from the definitions with 50 digits."""
    with localcontext() as context:
        context.prec = 50
        tanh = [_tanh(Decimal(i) / 64) * 2**15 for i in range(513)]
        power = [(Decimal(2).ln() * -i / 1024).exp() * 2**30 for i in range(1025)]
        return Tables(_round(tanh), _round(power))


def write(tables: Tables) -> str:
    """`tables.h` as text."""
    return (
        "/* Written by `python -m escriba.sampling.tables`; not to be edited. */\n"
        "#pragma once\n"
        + _array("uint16_t", "TANH", tables.tanh, 12)
        + _array("uint32_t", "POWER", tables.power, 8)
    )


def _tanh(x: Decimal) -> Decimal:
    square = (2 * x).exp()
    return (square - 1) / (square + 1)


def _round(values: list[Decimal]) -> tuple[int, ...]:
    return tuple(int(value.to_integral_value(ROUND_HALF_EVEN)) for value in values)


def _array(kind: str, name: str, numbers: tuple[int, ...], width: int) -> str:
    lines = [", ".join(map(str, numbers[at : at + width])) for at in range(0, len(numbers), width)]
    return f"static const {kind} {name}[{len(numbers)}] = {{\n  " + ",\n  ".join(lines) + "};\n"


if __name__ == "__main__":
    print(write(generate()), end="")
