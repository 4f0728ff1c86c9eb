"""Words within formulas: `\\text{if $x > 0$}`."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from html import escape

from escriba.ground.errors import shorten
from escriba.ground.language import tr
from escriba.tex.formula import Formula
from escriba.tex.tokens import TexError, Token, is_word

# What math-core reads by itself, as long as nothing but words is in it.
PLAIN = frozenset(
    (r"\text", r"\textrm", r"\textbf", r"\textit", r"\texttt", r"\textsf", r"\textsc")
)
_STYLES = {
    r"\textbf": ("<b>", "</b>"),
    r"\textit": ("<i>", "</i>"),
    r"\emph": ("<i>", "</i>"),
    r"\textsl": ("<i>", "</i>"),
    r"\texttt": ("<code>", "</code>"),
    r"\textsf": ('<span class="math-core-sans-serif-font">', "</span>"),
    r"\textsc": ('<span class="tex-small-caps">', "</span>"),
}
NAMES = frozenset((
    *PLAIN, *_STYLES, r"\mbox", r"\hbox", r"\textup", r"\textnormal", r"\textmd", r"\makebox",
    r"\vbox", r"\textsuperscript", r"\textsubscript",
))  # fmt: skip
_CHARACTERS = {
    r"\ ": " ", "~": "\xa0", r"\,": "\u2009", r"\:": "\u205f", r"\>": "\u205f", r"\;": "\u2004",
    r"\!": "", r"\/": "", r"\quad": "\u2003", r"\qquad": "\u2003\u2003", r"\enspace": "\u2002",
    r"\thinspace": "\u2009", r"\\": " ", r"\newline": " ", r"\textbackslash": "\\",
    r"\textasciitilde": "~", r"\textasciicircum": "^", r"\textunderscore": "_",
    r"\textbar": "|", r"\textless": "<", r"\textgreater": ">", r"\textdollar": "$",
    r"\textdegree": "°", r"\textmu": "µ", r"\texteuro": "€", r"\euro": "€", r"\pounds": "£",
    r"\textquoteleft": "‘", r"\textquoteright": "’", r"\textquotedblleft": "“",
    r"\textquotedblright": "”", r"\textendash": "–", r"\textemdash": "—", r"\textbullet": "•",
    r"\textellipsis": "…", r"\ldots": "…", r"\dots": "…", r"\S": "§", r"\P": "¶", r"\dag": "†",
    r"\ddag": "‡", r"\copyright": "©", r"\textregistered": "®", r"\texttrademark": "™",
    r"\aa": "å", r"\AA": "Å", r"\ae": "æ", r"\AE": "Æ", r"\o": "ø", r"\O": "Ø", r"\l": "ł",
    r"\L": "Ł", r"\ss": "ß", r"\oe": "œ", r"\OE": "Œ", r"\i": "ı", r"\j": "ȷ", r"\TeX": "TeX",
    r"\LaTeX": "LaTeX",
}  # fmt: skip
_ACCENTS = {
    r"\'": "\u0301", r"\`": "\u0300", r"\^": "\u0302", r"\"": "\u0308", r"\~": "\u0303",
    r"\=": "\u0304", r"\.": "\u0307", r"\c": "\u0327", r"\v": "\u030c", r"\u": "\u0306",
    r"\H": "\u030b", r"\r": "\u030a", r"\k": "\u0328", r"\d": "\u0323", r"\b": "\u0331",
}  # fmt: skip
_SPECIAL = frozenset("\\${}~%#&^_")
_DROPPED = frozenset(
    (r"\normalfont", r"\rm", r"\small", r"\normalsize", r"\displaystyle", r"\strut")
)


def write_text(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\text{…}` and its relatives."""
    of = at
    name = formula.tokens[at].text
    at += 1
    while name == r"\makebox" and (option := formula.structure.option(at, end)):
        at = option[2]
    start, stop, after = formula.argument(at, end, of)
    simple = name in PLAIN and not any(
        token.text[0] in _SPECIAL for token in formula.tokens[start:stop]
    )
    if simple and after > stop:
        out += formula.tokens[of:after]
        return after
    if name in (r"\textsuperscript", r"\textsubscript"):
        mark = "^" if name == r"\textsuperscript" else "_"
        out += (Token("{}", formula.at(of)), Token(mark, formula.at(of)))
    html = show_text(formula, start, stop, *_STYLES.get(name, ("", "")))
    out.append(formula.place(html, formula.at(start)))
    return after


def write_verbatim(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\verb|x_1|`, which is one token."""
    word = formula.tokens[at].text.removeprefix(r"\verb").removeprefix("*")[1:-1]
    shown = _keep_spaces(escape(word, quote=False))
    out.append(formula.place(f"<mtext><code>{shown}</code></mtext>", formula.at(at)))
    return at + 1


def show_text(formula: Formula, start: int, end: int, left: str = "", right: str = "") -> str:
    """A stretch that is text as one element of MathML, between tags of HTML."""
    pieces: list[str] = []
    words: list[str] = []

    def flush() -> None:
        if words:
            shown = _keep_spaces("".join(words))
            pieces.append(f"<mtext>{left}{shown}{right}</mtext>")
            words.clear()

    for kind, text in _read(formula, start, end):
        if kind == "text":
            words.append(escape(text, quote=False))
        elif kind == "html":
            words.append(text)
        else:
            flush()
            pieces.append(text)
    flush()
    return pieces[0] if len(pieces) == 1 else f"<mrow>{''.join(pieces)}</mrow>"


def _keep_spaces(text: str) -> str:
    """Spaces at the ends would not be seen."""
    inner = text.strip(" ")
    before, after = len(text) - len(text.lstrip(" ")), len(text) - len(text.rstrip(" "))
    return "\xa0" * min(before, 1) + inner + "\xa0" * (min(after, 1) if inner else 0)


def _read(formula: Formula, at: int, end: int) -> Iterator[tuple[str, str]]:
    """The pieces of a text: words, HTML within words, and MathML."""
    tokens, structure = formula.tokens, formula.structure
    while at < end:
        text = tokens[at].text
        if text in _CHARACTERS:
            yield "text", _CHARACTERS[text]
            at = structure.skip(at + 1, end) if is_word(text) else at + 1
        elif text in ("$", r"\("):
            inside = at + 1
            at = _find_close(formula, at, end)
            yield "math", _inline(formula, inside, at)
            at += 1
        elif text in _STYLES or text in NAMES:
            start, stop, at = formula.argument(at + 1, end, at)
            yield "math", show_text(formula, start, stop, *_STYLES.get(text, ("", "")))
        elif text in (r"\ref", r"\eqref"):
            name, at = formula.word(at + 1, end, at)
            yield "html", formula.page.refer(name, parentheses=text == r"\eqref")
        elif text in _ACCENTS and (found := structure.argument(at + 1, end)):
            letter = structure.text(found[0], found[1]).replace(r"\i", "ı")
            letter = {"ı": "i", "ȷ": "j"}.get(letter, letter)
            yield "text", unicodedata.normalize("NFC", letter[:1] + _ACCENTS[text] + letter[1:])
            at = found[2]
        elif text in _DROPPED or text in ("{", "}"):
            at += 1
        elif text[0] == "\\" and len(text) == 2 and not text[1].isalpha():
            yield "text", text[1]
            at += 1
        elif text[0] == "\\":
            out: list[Token] = []
            at = formula.write_next(at, end, out)
            yield "math", formula.translate(out)
        else:
            yield "text", " " if text.isspace() else text
            at += 1


def _find_close(formula: Formula, at: int, end: int) -> int:
    """Where a formula within a text ends."""
    mark = "$" if formula.tokens[at].text == "$" else r"\)"
    number = at + 1
    while number < end:
        if formula.tokens[number].text == mark:
            return number
        number = formula.structure.step(number)
    raise TexError(
        tr("'{mark}' is never closed", mark=shorten(formula.tokens[at].text)), formula.at(at)
    )


def _inline(formula: Formula, start: int, end: int) -> str:
    before, formula.display = formula.display, False
    inner = formula.part(start, end)
    formula.display = before
    return f'<mrow displaystyle="false" scriptlevel="0">{inner}</mrow>'
