"""How often are random marks within a line read otherwise than by the real kramdown?

    python benchmarks/random_spans.py [--texts N] [--seed N] [--marks N] [--show N]

Each text is one paragraph of marks drawn from a list, read by escriba and by Jekyll (which must be
installed), and the structures are compared as the tests compare them. Prints how many differ, and
the first of them. Left out is what differs on purpose (docs/markdown.md). Exits with 1 if any does.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from html import escape
from importlib import import_module
from pathlib import Path

from escriba.ground.mapped import MappedText
from escriba.markup.html.tree import Formula
from escriba.markup.html.write import write
from escriba.markup.kramdown.document.read import read
from escriba.markup.kramdown.parser import Hooks

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

MARKS = [
    "*", "*", "**", "**", "***", "_", "_", "__", "`", "`", "``", "$$", "$$", "$", "[", "[", "](",
    "]", "](/u)", "](/u 't')", "](<u>", "[r]", "[r][]", "[x][r]", "[x] [no]", "![", "![",
    "![i](/i)", "(", ")", "[^1]", "[^2]", "[]", "^", "<b>", "</b>", "<b>", "</b>", "</i>",
    '<i a="x">', "<kbd>", "</kbd>", "<mark>", "</mark>", '<u markdown="1">', "</u>", "<b/>",
    "<br>", "<p>", "</p>", "<img src=x>", "<Foo A='b'>", "</Foo>", "<!--", "-->", "<", ">", "<<",
    ">>", " >>", "<< ", "\\<<", "<https://e.org>", "<http:", "<a@b.c>", "{: .c}", "{: .c}", "{:",
    "{:r}", '{: k="v\\"w" #i .c}', "}", "{", "{::comment}c *d*{:/}", "{::comment}",
    "{::nomarkdown}<i>*k*</i>{:/}", "{:/}", "{:/comment}", "{::foo}", "~~", "~~", "~", "\\", "\\",
    "\\\\", '"', '"', "'", "'", "\"'", "'s", "80s", "&amp;", "&copy;", "&#65;", "&nope;", "&",
    "-", "--", "---", ".", "...", ",", "!", "?", ":", "=", "#", "+", "a", "b", "1", " ", " ", " ",
    "  ", " a", "b ", "ñ", "né ", "\xa0", "\t", "\nq", "  \nq", "\\\nq", "\\\\\nq", " HTML ",
    "HTML", "C++",
]  # fmt: skip
DEFINED = '\n\n[r]: /ref "T"\n[x]: /x\n\n[^1]: note\n\n*[HTML]: Hyper\n*[C++]: See\n\n{:r: .z #y}\n'
# A formula with attributes is put into an element by kramdown, and takes them itself here.
_FORMULA_WITH_ATTRIBUTES = re.compile(r"<span [^>]*>\$(.*?)\$</span>", re.S)
# A word, and the name of a tag, may have letters in kramdown that ASCII does not have, or not.
_BESIDE_ACCENT = re.compile(r"ñ(?:HTML|C\+\+)|(?:HTML|C\+\+)ñ|<ñ")

JEKYLL = """
require "json"
require "jekyll"
Jekyll.logger.log_level = :error
options = {"quiet" => true, "kramdown" => {"input" => "GFM", "show_warnings" => false}}
converter = Jekyll::Converters::Markdown.new(Jekyll.configuration(options))
STDIN.each_line { |line| puts JSON.generate(converter.convert(JSON.parse(line))) }
"""


def write_texts(count: int, seed: int, marks: int) -> Iterator[str]:
    """Random texts, none of which is anything but one paragraph."""
    source = random.Random(seed)
    while count:
        drawn = source.choices(MARKS, k=source.randint(2, marks))
        text = f"p {''.join(drawn)} e"
        if not _BESIDE_ACCENT.search(text):
            count -= 1
            yield text


def read_ours(text: str) -> str:
    root = read(MappedText(text + DEFINED), Hooks()).root
    for each in root.all():
        if isinstance(each, Formula):
            each.html = escape(f"\\({each.tex.strip()}\\)", quote=False)
    return write(root).html


def read_jekylls(texts: list[str]) -> list[str]:
    done = subprocess.run(
        ["ruby", "-e", JEKYLL],
        input="".join(json.dumps(text + DEFINED) + "\n" for text in texts),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )

    def plain(match: re.Match[str]) -> str:
        return escape(f"\\({match[1]}\\)", quote=False)

    html = [json.loads(line) for line in done.stdout.splitlines()]
    return [_FORMULA_WITH_ATTRIBUTES.sub(plain, text) for text in html]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--marks", type=int, default=14, help="the most marks of a text")
    parser.add_argument("--show", type=int, default=5, help="the most differences to print")
    options = parser.parse_args()
    outline: Callable[[str], str] = import_module("support.html_tree").outline
    texts = list(write_texts(options.texts, options.seed, options.marks))
    different = 0
    for text, jekylls in zip(texts, read_jekylls(texts), strict=True):
        ours = read_ours(text)
        if outline(ours) != outline(jekylls):
            different += 1
            if different <= options.show:
                print(repr(text), "  jekyll: " + jekylls.strip(), "  here:   " + ours, sep="\n")
    print(f"{len(texts)} texts; {different} differ")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
