"""Do HTML parsers give back the HTML that authors write in Markdown?

    pip install lxml selectolax
    python benchmarks/html_parsers.py FOLDER...

Takes each stretch of HTML that Markdown leaves alone in the documents of the folders (`.md`,
`.markdown`, `.text`), has it parsed and written by lxml, by selectolax and by escriba, and prints
how many come out as they went in, and the processor time.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from escriba.ground.mistakes import Mistakes
from escriba.markup.html.tree import Html, Node, parse
from escriba.markup.html.write import write
from escriba.markup.markdown import render

_FRONT = re.compile(r"\A---\n.*?\n---\n", re.S)
SUFFIXES = (".md", ".markdown", ".text")


def find(folder: Path) -> Iterator[str]:
    """The HTML of the authors of all documents in a folder."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in SUFFIXES and path.is_file():
            text = _FRONT.sub("", path.read_text("utf-8", "replace"))
            root = render(text, path=path, mistakes=Mistakes()).root
            for group in [root, *root.nodes()]:
                if not group.tag and any(isinstance(child, Html) for child in group):
                    yield write(group).html


def by_lxml() -> Callable[[str], str]:
    html = import_module("lxml.html")

    def convert(text: str) -> str:
        made = html.fragment_fromstring(text, create_parent="div")
        return str(html.tostring(made, encoding="unicode"))[5:-6]

    return convert


def by_selectolax() -> Callable[[str], str]:
    lexbor = import_module("selectolax.lexbor")
    return lambda text: str(lexbor.LexborHTMLParser(f"<body>{text}").body.html)[6:-7]


def by_escriba() -> Callable[[str], str]:
    return lambda text: write(Node("", None, parse([text]))).html


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="+")
    folders: list[Path] = parser.parse_args().folder
    texts = list(dict.fromkeys(text for folder in folders for text in find(folder)))
    print(f"{len(texts)} stretches, {sum(map(len, texts)):,} characters")
    for name, make in (("lxml", by_lxml), ("selectolax", by_selectolax), ("escriba", by_escriba)):
        try:
            convert = make()
        except ImportError:
            print(f"{name:<11} is not installed")
            continue
        before = time.process_time()
        same = sum(convert(text) == text for text in texts)
        print(f"{name:<11} {same} as they were, {1000 * (time.process_time() - before):.0f} ms")


if __name__ == "__main__":
    main()
