"""How near to Jekyll's HTML do escriba's kramdown and Python-Markdown's own libraries come?

    python benchmarks/jekyll_structure.py

Over `tests/cases/kramdown`, whose `.html` files are what real Jekyll 4.3 made of the `.md` files,
prints for each reader how many cases have Jekyll's structure, how many of the top-level blocks in
them do, and milliseconds for all cases (median of interleaved runs). Needs the packages of
`.[test]`.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from difflib import SequenceMatcher
from importlib import import_module
from pathlib import Path

from bs4 import BeautifulSoup
from markdown import Markdown

from escriba.markup.markdown import render

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

CASES = sorted((ROOT / "tests" / "cases" / "kramdown").glob("*.md"))
LIBRARIES = [
    "markdown.extensions.extra",
    "markdown.extensions.sane_lists",
    "markdown.extensions.smarty",
    "markdown.extensions.toc",
    "pymdownx.superfences",
    "pymdownx.betterem",
    "pymdownx.tilde",
    "pymdownx.tasklist",
    "pymdownx.arithmatex",
]


def read_ours(case: Path) -> str:
    return render(case.read_text("utf-8"), path=case).html


def read_libraries(case: Path) -> str:
    from pymdownx.slugs import slugify

    options = {"markdown.extensions.toc": {"slugify": slugify(case="lower")}}
    md = Markdown(extensions=LIBRARIES, extension_configs=options)
    return str(md.convert(case.read_text("utf-8")))


def structure(html: str) -> str:
    """The outline that the tests compare, too."""
    outline: Callable[[str], str] = import_module("support.html_tree").outline
    return outline(html)


def split_blocks(html: str) -> list[str]:
    """The structure of each top-level element, as text."""
    soup = BeautifulSoup(html, "html.parser")
    return [structure(str(node)) for node in soup.find_all(recursive=False)]


def main() -> None:
    readers: dict[str, Callable[[Path], str]] = {
        "escriba.markup.kramdown": read_ours,
        "Python-Markdown + extra + pymdown-extensions": read_libraries,
    }
    times: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(5):
        for name, read in readers.items():
            begun = time.perf_counter()
            for case in CASES:
                read(case)
            times[name].append(time.perf_counter() - begun)
    for name, read in readers.items():
        whole = blocks = total = 0
        for case in CASES:
            jekyll, html = case.with_suffix(".html").read_text("utf-8"), read(case)
            whole += structure(html) == structure(jekyll)
            expected, found = split_blocks(jekyll), split_blocks(html)
            matcher = SequenceMatcher(None, expected, found, autojunk=False)
            blocks += sum(block.size for block in matcher.get_matching_blocks())
            total += len(expected)
        print(
            f"{name:<46} cases {whole}/{len(CASES)}  blocks {blocks}/{total}  "
            f"{1000 * statistics.median(times[name]):.0f} ms"
        )


if __name__ == "__main__":
    main()
