"""A page on which each of many formulas stands beside its TeX, to be looked at in a browser.

    python tests/tools/make_formulas.py [FILE] [-o formulas.html] [--keep]

FILE has a formula a line (`tests/cases/formulas.txt`, the default), or is JSON: a list of objects
with `name` and `tex`. What cannot be read is told, and counted. `--keep` writes beside FILE what
was seen to be right, which `tests/test_formulas.py` compares.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from html import escape
from pathlib import Path

from escriba import tex

CASES = Path(__file__).parents[1] / "cases" / "formulas.txt"
_STYLE = """\
:root { color-scheme: light dark; }
body { font: 15px/1.5 sans-serif; margin: 1em; }
table { border-collapse: collapse; width: 100%; }
td { border-bottom: 1px solid #8884; padding: .3em .6em; vertical-align: middle; }
td:first-child { width: 44%; } code { font-size: 12px; overflow-wrap: anywhere; }
td:nth-child(2) { width: 36%; } math { font-size: 1.15em; } .bad { color: #c33; }
"""


def read(path: Path) -> Iterator[tuple[str, str]]:
    """Names and formulas; a name begins a part of the page."""
    text = path.read_text("utf-8")
    if path.suffix == ".json":
        yield from ((row["name"], row["tex"]) for row in json.loads(text))
        return
    part = ""
    for line in text.splitlines():
        if line.startswith("## "):
            part = line[3:]
        elif line and not line.startswith("#"):
            yield part, line


def show(formula: str) -> tuple[str, str, str]:
    """A formula as a display one and within a line; or what is wrong with it."""
    try:
        return tex.render(formula, True), tex.render(formula, False), ""
    except tex.TexError as error:
        return "", "", f"{error.message} ({error.offset})"


def skeletons(path: Path) -> Iterator[str]:
    """For each formula a line with its TeX, and one each with its MathML as a display formula and
    within a line."""
    for _, formula in read(path):
        yield formula
        for display in (True, False):
            html = tex.render(formula, display)
            yield "  " + html[: html.index("<annotation")].partition("<semantics>")[2]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path, nargs="?", default=CASES)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("-o", "--output", type=Path, default=Path("formulas.html"))
    options = parser.parse_args()
    rows, bad, count = [], 0, 0
    for name, formula in read(options.file):
        display, inline, fault = show(formula)
        count += 1
        if fault:
            bad += 1
            print(f"{formula}: {fault}")
        shown = display if not fault else f'<span class="bad">{escape(fault)}</span>'
        rows.append(
            f'<tr title="{escape(name)}"><td><code>{escape(formula)}</code></td>'
            f"<td>{shown}</td><td>{inline}</td></tr>"
        )
    if options.keep:
        kept = "".join(f"{line}\n" for line in skeletons(options.file))
        options.file.with_suffix(".mathml").write_text(kept, "utf-8")
    style = _STYLE + tex.stylesheet()
    options.output.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Formulas</title>'
        f"<style>{style}</style><table>{''.join(rows)}</table></html>\n",
        "utf-8",
    )
    print(f"{count} formulas, {bad} of them not read: {options.output}")


if __name__ == "__main__":
    main()
