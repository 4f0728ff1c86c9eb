"""Strange texts at every door: some of those that benchmarks/fuzz.py draws, and that it finds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"

# A door with a defect of each kind, which texts of some kind meet.
PLANTED = """
import os, sys
from pathlib import Path
sys.path.insert(0, {benchmarks!r})
import fuzz
from support import doors
from escriba.ground.errors import Place, SourceError

def broken(yard, data):
    if b"raise" in data:
        raise ValueError("planted")
    if b"die" in data:
        os.abort()
    if b"mark" in data:
        return {{"index.html": b"a klzzwxh:0000 b"}}
    if b"long" in data:
        raise SourceError("x" * 5000, Place(Path("a.md"), 1))
    if b"unplaced" in data:
        raise SourceError("nowhere")
    if b"wrong" in data:
        raise SourceError("wrong, and said", Place(Path("a.md"), 1))
    return {{}}

doors.DOORS["post"] = broken
fuzz.Judge.warm = lambda self: None
judge = fuzz.Judge(Path({folder!r}))
for word in ("raise", "die", "mark", "long", "unplaced", "wrong", "right"):
    case = fuzz.Case("post", b"one\\ntwo " + word.encode() + b" three\\nfour")
    found = judge.judge_apart(case)
    small = fuzz.shrink(judge, case, found).data.decode() if found else ""
    print(f"{{word}}|{{found}}|{{small}}")
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, encoding="utf-8", check=False
    )


def test_nothing_is_found() -> None:
    done = run(str(BENCHMARKS / "fuzz.py"), "--cases", "250", "--seed", "16")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("250 texts of seed 16; 0 kinds of findings\n")


def test_the_same_seed_draws_the_same_texts() -> None:
    script = f"""
import sys
sys.path.insert(0, {str(BENCHMARKS)!r})
from random import Random
from hashlib import sha256
from support.strange import draw
print(sha256(repr([draw(Random(f"1:{{n}}")) for n in range(300)]).encode()).hexdigest())
"""
    first, second = run("-c", script), run("-c", script)
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout


def test_defects_are_found_and_cut_down(tmp_path: Path) -> None:
    script = PLANTED.format(benchmarks=str(BENCHMARKS), folder=str(tmp_path / "judge"))
    done = run("-c", script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "raise|ValueError: planted|raise",
        "die|SIGABRT in no function of ours|die",
        "mark|marks of ours are left: b'klzzwxh' in .html|mark",
        f"long|a mistake of 5000 characters: {'x' * 60!r}|long",
        "unplaced|a mistake without a place: 'nowhere'|unplaced",
        "wrong||",
        "right||",
    ]
