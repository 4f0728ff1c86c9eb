"""The time to read hostile texts grows with their size: a few of those of benchmarks/growth.py."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
# One for each way in which time once grew with the square of the size, or worse.
TEXTS = (
    "front: aliases of aliases", "page: never closed", "fences: fences unclosed", "fences: fences indented under a list",
    "blocks: table feet", "blocks: a definition with spaces", "blocks: divs unclosed", "blocks: attributes unclosed",
    "spans: [", "spans: ![", "spans: emphasis of all kinds", "spans: $$ unclosed", "spans: comments open in text",
    "liquid: a loop and a long post", "liquid: formula of braces open", "liquid: raw open", "tex: bad formulas",
    "pages: footnote marks", "pages: ids open", "pages: links to one that is nowhere",
    "style: urls that are nowhere", "until sentence: dots", "until paragraph: words", "expand: fences unclosed",
    "evaluation: digits", "plan: depth",
)  # fmt: skip


def measure(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, BENCHMARKS / "growth.py", *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_time_grows_with_the_size() -> None:
    pattern = "|".join(f"^{re.escape(text)}$" for text in TEXTS)
    # Of processor time, with a bound far from 1: a busy machine must not fail this.
    done = measure("--only", pattern, "--sizes", "8,32", "--steepest", "1.75", "--limit", "20")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(TEXTS)} texts; 0 above" in done.stdout


def test_a_text_that_is_not_there_is_told() -> None:
    done = measure("--only", "no such text")
    assert done.returncode == 2
    assert "no text has 'no such text' in its name" in done.stderr
