"""TeX formulas to MathML, at build time.

math-core translates; what is left here is what a page needs of its output: no `style`
attributes, which HTML does not allow on the elements that carry them (the classes that take their
place are in `stylesheet`), and no named entities, which XML does not know.
"""

from __future__ import annotations

import re
import threading
from functools import cache
from typing import Any
from unicodedata import category

from escriba.language import tr

MACROS = {"LaTeX": r"\mathrm{L^{\!A}\!T_{\!E}\!X}"}

# math-core recurses into whatever holds something, be it a group, \left or the argument of \sqrt,
# and ends the process when the stack does: after 640 levels in a stack of 1 MB.
LONGEST = 10_000  # characters
DEEPEST = 100  # braces within braces
SHORT = 1_000  # characters, of which no formula nests deeper than any stack allows
UNCLOSED = 14  # opening brackets that nothing closes: each doubles the time that math-core takes
STACK = 64 << 20  # bytes, enough for whatever LONGEST characters can nest
NESTED = 400  # elements within elements; browsers give up at 512

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
_TAG = re.compile(r"<(/?)[^<>]*?(/?)>")
_ERROR = re.compile(r"(\d+): (.*)", re.S)
_RULE = re.compile(r"border-(left|right|top|bottom): 0\.05em (solid|dashed) currentcolor")
_CLASSES = {
    "text-align: right": "tex-right",
    "text-align: left": "tex-left",
    "justify-items: end": "",  # what MathML Core lays out by; `stylesheet` has it with text-align
    "justify-items: start": "",
    "padding-right: 0": "tex-flush-right",
    "padding-left: 0": "tex-flush-left",
    "padding-left:1em": "tex-apart",
    "padding-top: 0.1667em": "tex-below",
    "margin-left:-0.16666667em": "tex-closer",
    "width: 100%": "tex-wide",
    "width: 50%": "tex-half",
    "width: 7.5%": "tex-margin",
    "font-variant-caps: small-caps": "tex-small-caps",
}
_SHEET = """\
math .tex-right { text-align: right; justify-items: end; }
math .tex-left { text-align: left; justify-items: start; }
math .tex-flush-right { padding-right: 0; }
math .tex-flush-left { padding-left: 0; }
math .tex-apart { padding-left: 1em; }
math .tex-closer { margin-left: -0.16666667em; }
math .tex-below { padding-top: 0.1667em; }
math .tex-wide { width: 100%; }
math .tex-half { width: 50%; }
math .tex-margin { width: 7.5%; }
math .tex-small-caps { font-variant-caps: small-caps; }
math .tex-left-solid { border-left: 0.05em solid currentcolor; }
math .tex-left-dashed { border-left: 0.05em dashed currentcolor; }
math .tex-right-solid { border-right: 0.05em solid currentcolor; }
math .tex-right-dashed { border-right: 0.05em dashed currentcolor; }
math .tex-top-solid { border-top: 0.05em solid currentcolor; }
math .tex-top-dashed { border-top: 0.05em dashed currentcolor; }
math .tex-bottom-solid { border-bottom: 0.05em solid currentcolor; }
math .tex-bottom-dashed { border-bottom: 0.05em dashed currentcolor; }
math menclose[notation="box"] { border: 0.0625em solid; padding: 0.2em; }
math menclose[notation~="updiagonalstrike"],
math menclose[notation~="downdiagonalstrike"] {
  border: 0; padding: 0; position: relative; display: inline-block;
}
math .menclose-updiagonalstrike, math .menclose-downdiagonalstrike {
  position: absolute; inset: 0; display: inline-block;
}
math .menclose-updiagonalstrike {
  background: linear-gradient(to top left, transparent calc(50% - 0.03em),
    currentcolor calc(50% - 0.03em) calc(50% + 0.03em), transparent calc(50% + 0.03em));
}
math .menclose-downdiagonalstrike {
  background: linear-gradient(to top right, transparent calc(50% - 0.03em),
    currentcolor calc(50% - 0.03em) calc(50% + 0.03em), transparent calc(50% + 0.03em));
}
"""


class TexError(Exception):
    """A formula that cannot be translated; `offset` counts characters from its beginning."""

    def __init__(self, message: str, offset: int):
        super().__init__(message)
        self.message = message
        self.offset = offset


def render(tex: str, display: bool) -> str:
    """A formula as a `math` element, with its TeX in an `annotation` so that it can be copied.

    Raises TexError.
    """
    from math_core import LatexError

    _refuse_excess(tex)
    _refuse_unclosed(tex)
    try:
        html = _convert(tex, display) if len(tex) <= SHORT else _convert_apart(tex, display)
    except LatexError as error:
        match = _ERROR.match(str(error))
        message, offset = (match[2], int(match[1])) if match else (str(error), 0)
        raise TexError(_sentence(message), min(offset, len(tex))) from None
    for entity, character in _ENTITIES.items():
        html = html.replace(entity, character)
    return _STYLE.sub(_use_classes, html)


def stylesheet() -> str:
    """CSS for the classes in rendered formulas."""
    return _SHEET


def _convert(tex: str, display: bool) -> str:
    html: str = _converter().convert_with_local_state(tex, displaystyle=display)
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
    depth = 0
    for slash, empty in _TAG.findall(html):
        depth += -1 if slash else 0 if empty else 1
        if depth > NESTED:
            raise TexError(tr("the formula is nested more than {deepest} deep", deepest=NESTED), 0)
    return html


@cache
def _converter() -> Any:
    """Keeps no state between formulas: equation numbers begin anew in each."""
    from math_core import LatexToMathML

    return LatexToMathML(macros=MACROS, annotation=True, fancy_error=False)


def _refuse_excess(tex: str) -> None:
    if len(tex) > LONGEST:
        raise TexError(
            tr("the formula is longer than {longest} characters", longest=LONGEST), LONGEST
        )
    depth = 0
    for offset, character in enumerate(tex):
        depth += (character == "{") - (character == "}")
        if depth > DEEPEST:
            raise TexError(
                tr("braces are nested more than {deepest} deep", deepest=DEEPEST), offset
            )


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


def _sentence(message: str) -> str:
    """A message of math-core as the second half of one of ours."""
    message = message.removesuffix(".")
    return message[:1].lower() + message[1:]


def _use_classes(match: re.Match[str]) -> str:
    """Declarations that `stylesheet` knows become classes; any other stays in `style`."""
    classes: list[str] = []
    others: list[str] = []
    for declaration in filter(None, (d.strip() for d in match[3].split(";"))):
        rule = _RULE.fullmatch(declaration)
        name = f"tex-{rule[1]}-{rule[2]}" if rule else _CLASSES.get(declaration)
        if name is None:
            others.append(declaration)
        elif name:
            classes.append(name)
    made = f' class="{" ".join(classes)}"' if classes else ""
    made += f' style="{";".join(others)}"' if others else ""
    return f"<{match[1]}{match[2]}{made}"
