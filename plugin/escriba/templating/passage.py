"""A prompt and the text sampled after it, cut into runs that a template can show.

Sampled text is hostile: nothing here interprets it, but for formulas, each of which becomes
MathML whole or stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

from escriba.templating.lexing import find_lexer, is_lexed, spans

FORMULA_LIMIT = 1000  # characters; bounds the search for a formula's end, and TeX's nesting


@dataclass(frozen=True)
class Run:
    """A piece of text. `prompt`: the author wrote it, and not the model.

    `style` is its Pygments class, if it is code. A formula has `mathml`, or is `refused`.
    """

    text: str
    prompt: bool
    style: str = ""
    mathml: Markup | None = None
    refused: bool = False


Paragraph = tuple[Run, ...]


def show(text: str) -> Markup:
    """Text as HTML: escaped, with the control characters that HTML cannot hold made visible.

    HTML and XML have no way to write U+0000 and most other controls, not even as references, so
    they stand as control pictures (␀) in a `data` element whose value is their number. All other
    characters come out of an HTML parser as they went in.
    """
    return Markup(_CONTROL.sub(_picture, str(escape(text))))


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    picture = chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else f"U+{code:04X}"
    return f'<data class="escriba-control" value="{code}">{picture}</data>'


def cut(prompt: str, text: str) -> Paragraph:
    """The passage as it is: the prompt and the text."""
    return tuple(_runs(prompt + text, 0, len(prompt + text), len(prompt)))


def paragraphs(prompt: str, text: str) -> tuple[Paragraph, ...]:
    """The passage as prose: paragraphs are what blank lines part. Empty ones are left out."""
    whole = prompt + text
    return tuple(tuple(_runs(whole, start, end, len(prompt))) for start, end in _paragraphs(whole))


def formulas(prompt: str, text: str) -> tuple[Paragraph, ...]:
    """The passage as TeX: paragraphs of text and of the formulas that stand in it."""
    whole = prompt + text
    return tuple(
        tuple(_formulas(whole, start, end, len(prompt))) for start, end in _paragraphs(whole)
    )


def tokens(prompt: str, text: str, language: str) -> Paragraph:
    """The passage as code in a language that Pygments knows. Not a character is lost.

    Raises ValueError for an unknown language.
    """
    from pygments.token import STANDARD_TYPES

    whole = prompt + text
    lexer = find_lexer(language, whole)
    if lexer is None:
        raise ValueError(language)
    if not is_lexed(whole, language):
        return cut(prompt, text)
    try:  # not get_tokens, which strips and normalises
        pieces = list(spans(lexer.get_tokens_unprocessed(whole), whole))
    except Exception:  # a model's code in any of five hundred lexers
        return cut(prompt, text)
    found: list[Run] = []
    at = 0
    for start, kind, value in pieces:
        if start != at:  # some lexers delegate parts out of order or twice; then it is plain text
            break
        at = start + len(value)
        while kind not in STANDARD_TYPES and kind.parent is not None:
            kind = kind.parent
        found += _runs(whole, start, at, len(prompt), STANDARD_TYPES[kind])
    return tuple(found) if at == len(whole) else cut(prompt, text)


def _runs(whole: str, start: int, end: int, border: int, style: str = "") -> Iterator[Run]:
    """`whole[start:end]`, cut at the border of prompt and text."""
    middle = min(max(start, border), end)
    if start < middle:
        yield Run(whole[start:middle], True, style)
    if middle < end:
        yield Run(whole[middle:end], False, style)


_BLANK = re.compile(r"\n(?:[ \t]*\n)+|\A(?:[ \t]*\n)+|\n[ \t]*\Z")


def _paragraphs(whole: str) -> Iterator[tuple[int, int]]:
    start = 0
    for blank in (*(match.span() for match in _BLANK.finditer(whole)), (len(whole),) * 2):
        if whole[start : blank[0]].strip(" \t\n"):
            yield start, blank[0]
        start = blank[1]


_LENGTH = f"{{1,{FORMULA_LIMIT}}}?"
_FORMULA = re.compile(
    rf"""
      (?<!\\)\$\$ (?P<dollars>[^$]{_LENGTH}) (?<!\\)\$\$
    | (?<!\\)\$ (?=\s*[^\s$]) (?P<dollar>[^$]{_LENGTH}) (?<!\\)\$
    | \\\[ (?P<bracket>.{_LENGTH}) \\\]
    | \\\( (?P<round>.{_LENGTH}) \\\)
    | \\begin\{{(?P<name>displaymath|math|equation|eqnarray|align|gather|multline)(?P<star>\*?)\}}
      (?P<inside>.{_LENGTH})
      \\end\{{(?P=name)(?P=star)\}}
    """,
    re.VERBOSE | re.DOTALL,
)
_LABEL = re.compile(r"\\(?:label|tag\*?)\{[^{}]*\}|\\(?:nonumber|notag)\b")


def _formulas(whole: str, start: int, end: int, border: int) -> Iterator[Run]:
    for match in _FORMULA.finditer(whole, start, end):
        yield from _runs(whole, start, match.start(), border)
        start = match.end()
        mathml = _convert(match)
        yield Run(match.group(), start <= border, mathml=mathml, refused=mathml is None)
    yield from _runs(whole, start, end, border)


def _convert(match: re.Match[str]) -> Markup | None:
    from escriba.tex import TexError, render

    groups = match.groupdict()
    name = groups["name"]
    tex = next(
        g
        for g in (
            groups["dollars"],
            groups["dollar"],
            groups["bracket"],
            groups["round"],
            groups["inside"],
        )
        if g is not None
    )
    if _CONTROL.search(tex):
        return None
    # Numbers and anchors would be those of another document.
    tex = _LABEL.sub("", tex)
    if name in ("align", "gather", "multline"):
        tex = rf"\begin{{{name}*}}{tex}\end{{{name}*}}"
    elif name == "eqnarray":
        tex = rf"\begin{{array}}{{rcl}}{tex}\end{{array}}"
    display = groups["dollar"] is None and groups["round"] is None and name != "math"
    try:
        return Markup(render(tex, display))
    except TexError:
        return None
