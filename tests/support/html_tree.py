"""HTML as an indented outline, in which only what a reader of the page could notice counts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup, CData, Comment, NavigableString, Tag

# A formula as kramdown leaves it to MathJax, block formulas first.
FORMULA = re.compile(r"\\\[(?P<block>.*?)\\\]|\\\((?P<inline>.*?)\\\)|\$\$(?P<raw>.*?)\$\$", re.S)
_NAMES = (
    "address article aside blockquote body center dd details div dl dt figure footer form h1 h2 h3 "
    "h4 h5 h6 header hr li main nav ol p pre script section style summary table tbody td tfoot th "
    "thead tr ul iframe"
)
BLOCKS = frozenset(_NAMES.split())


def outline(html: str) -> str:
    """One line per element, text or formula, indented by depth.

    White space counts only within `pre`; the order of attributes and classes does not;
    spans within code are dropped and their text joined; formulas, be they MathML or TeX for
    MathJax, are `inline:` or `block:` with their TeX.
    """
    soup = BeautifulSoup(html, "html.parser")
    lines = list(_lines(soup, 0, verbatim=False))
    return "\n".join(_join(lines)) + "\n"


def formulas(html: str) -> list[str]:
    """The formulas of a page in order, as they stand in its outline."""
    kinds = ("inline: ", "block: ")
    lines = (line.strip() for line in outline(html).splitlines())
    return [line for line in lines if line.startswith(kinds)]


def _join(lines: list[tuple[int, str, str]]) -> Iterator[str]:
    """Text that only comments or dropped spans divided is one text; none at the ends of blocks."""
    joined: list[tuple[int, str, str]] = []
    for depth, kind, text in lines:
        if kind == "text" and joined and joined[-1][:2] == (depth, "text"):
            joined[-1] = (depth, kind, joined[-1][2] + text)
        else:
            joined.append((depth, kind, text))
    for number, (depth, kind, text) in enumerate(joined):
        if kind == "text":
            text = re.sub(r"[ \t\r\n]+", " ", text)
            before = next((x for x in reversed(joined[:number]) if x[0] <= depth), None)
            if before is None or before[1] == "block":
                text = text.lstrip(" ")
            after = joined[number + 1] if number + 1 < len(joined) else (-1, "", "")
            if _closes_block(joined, number) if after[0] < depth else after[1] == "block":
                text = text.rstrip(" ")
            if not text:
                continue
            text = repr(text)
        yield "  " * depth + text


def _closes_block(lines: list[tuple[int, str, str]], number: int) -> bool:
    """Whether the nearest element around a text is a block."""
    depth = lines[number][0]
    for before in reversed(lines[:number]):
        if before[0] < depth:
            return before[1] == "block"
    return True


def _lines(node: Tag, depth: int, *, verbatim: bool) -> Iterator[tuple[int, str, str]]:
    for child in node.children:
        if isinstance(child, Comment | CData):
            yield depth, "block", f"<!-- {' '.join(child.split())} -->"
        elif isinstance(child, NavigableString):
            yield from _text_lines(str(child), depth, verbatim=verbatim)
        elif isinstance(child, Tag):
            if child.name == "math":
                yield depth, *_formula(child)
            elif child.name == "code" or (child.name in ("pre", "script", "style")):
                yield depth, "block" if child.name != "code" else "inline", _start(child)
                if child.name == "pre" and child.find("code"):
                    yield from _lines(child, depth + 1, verbatim=True)
                else:
                    yield depth + 1, "verbatim", repr(child.get_text().strip("\n"))
            else:
                yield depth, "block" if child.name in BLOCKS else "inline", _start(child)
                yield from _lines(child, depth + 1, verbatim=verbatim)


def _text_lines(text: str, depth: int, *, verbatim: bool) -> Iterator[tuple[int, str, str]]:
    if verbatim:
        if text.strip():
            yield depth, "verbatim", repr(text)
        return
    at = 0
    for match in FORMULA.finditer(text):
        yield depth, "text", text[at : match.start()]
        inline = match["inline"]
        tex = inline if inline is not None else match["block"] or match["raw"] or ""
        kind = "inline" if inline is not None else "block"
        yield depth, kind, f"{kind}: {' '.join(tex.split())}"
        at = match.end()
    yield depth, "text", text[at:]


def _formula(math: Tag) -> tuple[str, str]:
    source = math.find("annotation", encoding="application/x-tex")
    assert source is not None, math
    kind = "block" if math.get("display") == "block" else "inline"
    return kind, f"{kind}: {' '.join(source.get_text().split())}"


def _start(tag: Tag) -> str:
    shown = []
    for name, value in sorted(tag.attrs.items()):
        text = " ".join(sorted(value)) if isinstance(value, list) else str(value)
        shown.append(f'{name}="{text.rstrip(";") if name == "style" else text}"')
    return f"<{' '.join([tag.name, *shown])}>"
