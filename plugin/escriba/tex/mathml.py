"""One stretch of plain TeX to MathML.

math-core translates; what is left here is what a page needs of its output: no `style` attributes,
which HTML does not allow on the elements that carry them (the classes that take their place are in
`sheet`), no lengths that browsers do not know, and no named entities, which XML does not know.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any
from unicodedata import category

from escriba.ground.language import tr
from escriba.tex.tokens import FIRST, LAST, TexError, Token, join

# math-core recurses into whatever holds something, be it a group, \left or the argument of \sqrt,
# and ends the process when the stack does: after 640 levels in a stack of 1 MB.
SHORT = 1_000  # characters, of which no formula nests deeper than any stack allows
UNCLOSED = 14  # opening brackets that nothing closes: each doubles the time that math-core takes
STACK = 64 << 20  # bytes, enough for whatever LONGEST characters can nest
NESTED = 400  # elements within elements; browsers give up at 512
LONGEST = 10_000  # characters of a formula, with its macros written out

# What opens a bracket, closes one, or holds a formula of its own, in which its brackets close;
# and comments, in which nothing does.
_BRACKET = re.compile(
    r"""(?P<begin>\{|\\left(?![a-zA-Z])\s*(?:\\[a-zA-Z]+|\\.|.)?|\\begin\s*\{[^{}]*\})
      | (?P<end>\}|\\right(?![a-zA-Z])\s*(?:\\[a-zA-Z]+|\\.|.)?|\\end\s*\{[^{}]*\})
      | %[^\n]* | \\[a-zA-Z]+ | \\. | [^\w\s]""",
    re.S | re.X,
)
_OPENS = frozenset((
    "(", "[", r"\{", r"\lbrace", r"\lbrack", r"\lparen", r"\langle", r"\lceil", r"\lfloor",
    r"\lgroup", r"\lmoustache", r"\lvert", r"\lVert", r"\llbracket", r"\ulcorner", r"\llcorner",
    r"\mathopen",
))  # fmt: skip
_CLOSES = frozenset((
    ")", "]", r"\}", r"\rbrace", r"\rbrack", r"\rparen", r"\rangle", r"\rceil", r"\rfloor",
    r"\rgroup", r"\rmoustache", r"\rvert", r"\rVert", r"\rrbracket", r"\urcorner", r"\lrcorner",
    r"\mathclose",
))  # fmt: skip

_ENTITIES = {"&ApplyFunction;": "\u2061", "&InvisibleTimes;": "\u2062"}
_STYLE = re.compile(r'<(m\w+)([^<>]*?) style="([^"]*)"')
_REM = re.compile(r'((?:width|voffset|height)="-?[0-9.]+)rem"')
_TAG = re.compile(r"<(/?)[^<>]*?(/?)>")
_ERROR = re.compile(r"(\d+): (.*)", re.S)
_RULE = re.compile(r"border-(left|right|top|bottom): 0\.05em (solid|dashed) currentcolor")
_COLOUR = re.compile(r"color:\s*(#[0-9A-Fa-f]{6})")
_WHOLE = re.compile(r"<math[^>]*>(.*)</math>", re.S)
_MARK = f"[{chr(FIRST)}-{chr(LAST)}]"
_MARKED = re.compile(rf"<(m[iotn]|mtext)([^<>]*)>([^<>]*{_MARK}[^<>]*)</\1>")
_PART = re.compile(f"({_MARK})")
_CLASSES = {
    "text-align: right": "tex-right",
    "text-align: left": "tex-left",
    "justify-items: end": "",  # what MathML Core lays out by; the sheet has it with text-align
    "justify-items: start": "",
    "padding-right: 0": "tex-flush-right",
    "padding-left: 0": "tex-flush-left",
    "padding-right:0": "tex-flush-right",
    "padding-left:0": "tex-flush-left",
    "padding-top: 0": "tex-flush-top",
    "padding-bottom: 0": "tex-flush-bottom",
    "padding-left: 0.1em": "tex-left-near",
    "padding-right: 0.1em": "tex-right-near",
    "padding-left:0.1667em": "tex-left-thin",
    "padding-right:0.1667em": "tex-right-thin",
    "padding-left:0.2222em": "tex-left-medium",
    "padding-right:0.2222em": "tex-right-medium",
    "padding-left:0.2778em": "tex-left-thick",
    "padding-right:0.2778em": "tex-right-thick",
    "padding-left:1em": "tex-apart",
    "padding-top: 0.1667em": "tex-below",
    "margin-left:-0.16666667em": "tex-closer",
    "width: 100%": "tex-wide",
    "width: 50%": "tex-half",
    "width: 7.5%": "tex-margin",
    "font-variant-caps: small-caps": "tex-small-caps",
}


def translate(tokens: Iterable[Token], display: bool, parts: Mapping[str, str], end: int) -> str:
    """The MathML of some tokens, without the `math` element around it.

    `parts` has the MathML that takes the place of marks among them; `end` is the length of the
    author's formula, in which a TexError says where it is.
    """
    tex, written = join(tokens)
    try:
        _refuse_unclosed(tex)
        html = _convert(tex, display) if len(tex) <= SHORT else _convert_apart(tex, display)
    except TexError as error:
        raise TexError(error.message, written.find(error.offset, end)) from None
    found = _WHOLE.fullmatch(html)
    assert found is not None
    html = found[1]
    for entity, character in _ENTITIES.items():
        html = html.replace(entity, character)
    html = _REM.sub(r'\1em"', _STYLE.sub(_use_classes, html))
    return put_in(html, parts) if parts else html


def put_in(html: str, parts: Mapping[str, str]) -> str:
    """MathML with its parts in the places of their marks."""

    def replaced(match: re.Match[str]) -> str:
        pieces = [
            parts.get(piece, "") if _PART.fullmatch(piece)
            else f"<{match[1]}{match[2]}>{piece}</{match[1]}>"
            for piece in _PART.split(match[3])
            if piece
        ]  # fmt: skip
        return pieces[0] if len(pieces) == 1 else f"<mrow>{''.join(pieces)}</mrow>"

    return _MARKED.sub(replaced, html)


def as_one(html: str) -> str:
    """MathML as one element."""
    depth = 0
    for tag in _TAG.finditer(html):
        depth += -1 if tag[1] else 0 if tag[2] else 1
        if not depth:
            return html if tag.end() == len(html) else f"<mrow>{html}</mrow>"
    return f"<mrow>{html}</mrow>"


@lru_cache(4096)
def knows(tex: str) -> bool:
    """Whether math-core reads some TeX, of a few characters, by itself."""
    try:
        _convert(tex, True)
    except TexError:
        return False
    return True


def _convert(tex: str, display: bool) -> str:
    from math_core import LatexError

    try:
        html: str = _converter().convert_with_local_state(tex, displaystyle=display)
    except LatexError as error:
        match = _ERROR.match(str(error))
        message, offset = (match[2], int(match[1])) if match else (str(error), 0)
        raise TexError(message, min(offset, len(tex))) from None
    return html


def _convert_apart(tex: str, display: bool) -> str:
    """The same in a thread with a stack of its own, for what may be nested deep."""
    from concurrent.futures import ThreadPoolExecutor  # slow to import, for few formulas

    before = threading.stack_size(STACK)
    try:
        pool = ThreadPoolExecutor(1)
        future = pool.submit(_convert, tex, display)
    finally:
        threading.stack_size(before)
    with pool:
        html = future.result()
    refuse_depth(html)
    return html


def refuse_depth(html: str) -> None:
    """Raise TexError for elements within more elements than browsers read."""
    depth = 0
    for slash, empty in _TAG.findall(html):
        depth += -1 if slash else 0 if empty else 1
        if depth > NESTED:
            raise TexError(tr("the formula is nested more than {deepest} deep", deepest=NESTED), 0)


@cache
def _converter() -> Any:
    """Keeps no state between formulas; numbers and macros are ours."""
    from math_core import LatexToMathML

    return LatexToMathML(annotation=False, fancy_error=False, allow_unreliable_rendering=True)


def _refuse_unclosed(tex: str) -> None:
    """Raise TexError for more opening brackets without closing ones than take no time to speak of.

    Each group, environment and `\\left` … `\\right` is looked at by itself, as math-core does.
    """
    groups: list[list[int]] = [[]]  # of each that has not ended: where its open brackets are
    lost: list[int] = []
    for match in _BRACKET.finditer(tex):
        word = match[0]
        kind = "" if word.isascii() else category(word[-1])
        if match["begin"]:
            groups.append([])
        elif match["end"]:
            lost += groups.pop() if len(groups) > 1 else ()
        elif word in _OPENS or kind in ("Ps", "Pi"):
            groups[-1].append(match.start())
        elif word in _CLOSES or kind in ("Pe", "Pf"):
            del groups[-1][-1:]
    lost += [at for group in groups for at in group]
    if len(lost) > UNCLOSED:
        raise TexError(
            tr("more than {most} brackets open without being closed", most=UNCLOSED),
            sorted(lost)[UNCLOSED],
        )


def _use_classes(match: re.Match[str]) -> str:
    """Declarations that the sheet knows become classes; any other stays in `style`."""
    classes: list[str] = []
    others: list[str] = []
    made = ""
    for declaration in filter(None, (d.strip() for d in match[3].split(";"))):
        rule = _RULE.fullmatch(declaration)
        name = f"tex-{rule[1]}-{rule[2]}" if rule else _CLASSES.get(declaration)
        if colour := _COLOUR.fullmatch(declaration):
            made += f' mathcolor="{colour[1]}"'
        elif match[1] == "mspace" and declaration.startswith("width:"):
            continue  # its attribute says so
        elif name is None:
            others.append(declaration)
        elif name:
            classes.append(name)
    made += f' class="{" ".join(classes)}"' if classes else ""
    made += f' style="{";".join(others)}"' if others else ""
    return f"<{match[1]}{match[2]}{made}"
