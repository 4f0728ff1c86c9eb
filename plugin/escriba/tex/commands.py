"""The commands that math-core has no word for, or another idea of, and what is written instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape

from escriba.ground.errors import shorten
from escriba.ground.language import tr
from escriba.tex import colours, environments, spaces, stacked, text
from escriba.tex.formula import Formula, Handler
from escriba.tex.lengths import to_em
from escriba.tex.tokens import TexError, Token, tokens_of

# What others call what math-core has.
_RENAMED = {
    "dotsc": r"\ldots", "dotso": r"\ldots", "dotsb": r"\cdots", "dotsm": r"\cdots",
    "dotsi": r"\cdots", "mathbbm": r"\mathbb", "mathds": r"\mathbb", "symbb": r"\mathbb",
    "pmb": r"\boldsymbol", "mathbfit": r"\boldsymbol", "symbfit": r"\boldsymbol",
    "symbfup": r"\mathbf", "mathbfup": r"\mathbf", "mathup": r"\mathrm", "symup": r"\mathrm",
    "symrm": r"\mathrm", "mathnormal": r"\mathit", "symnormal": r"\mathit", "symit": r"\mathit",
    "symcal": r"\mathcal", "mathbfcal": r"\mathcal", "symbfcal": r"\mathcal",
    "mathbfscr": r"\mathscr", "symscr": r"\mathscr", "symfrak": r"\mathfrak",
    "mathsfup": r"\mathsf", "symsf": r"\mathsf", "mathsfit": r"\mathsf", "mathbfsf": r"\mathsf",
    "mathbfsfup": r"\mathsf", "mathbfsfit": r"\mathsf", "oldstyle": r"\mathrm",
    "uline": r"\underline", "intop": r"\int", "ointop": r"\oint", "smallint": r"\int",
    "smallsetminus": r"\setminus", "centerdot": r"\cdot", "thicksim": r"\sim",
    "thickapprox": r"\approx", "smallsmile": r"\smile", "smallfrown": r"\frown",
    "shortmid": r"\mid", "shortparallel": r"\parallel", "varpropto": r"\propto",
    "nshortmid": r"\nmid", "nshortparallel": r"\nparallel", "ordinarycolon": ":",
    "arrowvert": r"\vert", "bracevert": r"\vert", "Arrowvert": r"\Vert", "Vvert": "⦀",
    "centernot": r"\not", "mit": r"\mathit", "scr": r"\cal", "hfil": r"\quad",
    "hfill": r"\quad", "hfilll": r"\quad", "wideparen": r"\overparen", "overarc": r"\overparen",
    "upalpha": r"\mathrm{α}", "upbeta": r"\mathrm{β}", "upmu": r"\mathrm{μ}",
    "uppi": r"\mathrm{π}", "vdotswithin": r"\vdots", "varlimsup": r"\overline{\lim}",
    "varliminf": r"\underline{\lim}", "varinjlim": r"\operatorname*{\underrightarrow{lim}}",
    "varprojlim": r"\operatorname*{\underleftarrow{lim}}", "textmu": r"\mathrm{μ}",
    "textdegree": r"\degree", "textbackslash": r"\backslash", "TeX": r"\mathrm{T_{\!E}\!X}",
    "LaTeX": r"\mathrm{L^{\!A}\!T_{\!E}\!X}", "strut": r"\mathstrut", "ss": "ß",
    "AA": "Å", "aa": "å", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "euro": "€", "texteuro": "€",
    "Perp": "⫫", "upmodels": "⫫", "hslash": r"\hbar", "restriction": r"\upharpoonright",
}  # fmt: skip
# What says something of pages and lines that a formula in a page has no use for.
_IGNORED = frozenset((
    r"\notag", r"\nonumber", r"\allowbreak", r"\nobreak", r"\allowdisplaybreaks", r"\displaybreak",
    r"\nolinebreak", r"\linebreak", r"\goodbreak", r"\noindent", r"\centering", r"\nonscript",
    r"\null", r"\smallskip", r"\medskip", r"\bigskip", r"\par", r"\normalcolor", r"\unboldmath",
    r"\displaylimits", r"\mathsurround", r"\hrulefill",
))  # fmt: skip
_DELIMITED = frozenset((
    r"\left", r"\right", r"\middle",
    *(rf"\{name}{side}" for name in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")),
))  # fmt: skip
_DELIMITERS = {
    "<": r"\langle", ">": r"\rangle", r"\lt": r"\langle", r"\gt": r"\rangle",
    r"\vert": "|", r"\lbrace": r"\{", r"\rbrace": r"\}",
}  # fmt: skip


def _rename(made: str, formula: Formula, at: int, end: int, out: list[Token]) -> int:
    out += tokens_of(made, formula.at(at))
    return at + 1


def _ignore(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    return at + 1


def _ignore_option(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\cfrac[l]{…}{…}`: nothing in a page is aligned so."""
    out.append(formula.tokens[at])
    option = formula.structure.option(at + 1, end)
    return option[2] if option else at + 1


def _ignore_argument(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    _, after = formula.star(at + 1, end)
    return formula.argument(after, end, at)[2]


def _ignore_rest(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    return end


def _label(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    return formula.argument(at + 1, end, at)[2]


def _refer(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    name, after = formula.word(at + 1, end, at)
    mark = formula.page.refer(name, parentheses=formula.tokens[at].text == r"\eqref")
    out.append(formula.place(f"<mtext>{mark}</mtext>", formula.at(at)))
    return after


def _end_line(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\\\`, without its asterisk and the space that it asks for."""
    out.append(Token(r"\\", formula.at(at)))
    _, after = formula.star(at + 1, end)
    option = formula.structure.option(after, end)
    if option and to_em(formula.structure.text(option[0], option[1])) is not None:
        return option[2]
    return after


def _delimit(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\left<` and its like."""
    out.append(formula.tokens[at])
    inside = formula.structure.skip(at + 1, end)
    if inside < end and formula.tokens[inside].text in _DELIMITERS:
        made = _DELIMITERS[formula.tokens[inside].text]
        out.append(Token(made, formula.at(inside)))
        return inside + 1
    return at + 1


def _wrap(left: str, right: str, formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """One argument between two pieces of TeX."""
    _, after = formula.star(at + 1, end)
    start, stop, after = formula.argument(after, end, at)
    before = formula.at(at)
    out += (*tokens_of(left, before), *formula.write(start, stop), *tokens_of(right, before))
    return after


def _choose(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\mathchoice{display}{text}{script}{scriptscript}`, by the style of the formula."""
    first = formula.argument(at + 1, end, at)
    second = formula.argument(first[2], end, at)
    third = formula.argument(second[2], end, at)
    after = formula.argument(third[2], end, at)[2]
    chosen = first if formula.display else second
    out += (
        Token("{", formula.at(at)),
        *formula.write(chosen[0], chosen[1]),
        Token("}", formula.at(at)),
    )
    return after


def _give_class(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\class{name}{x}`; `\\cssId` and `\\style` leave what they are given as it is."""
    word, after = formula.word(at + 1, end, at)
    start, stop, after = formula.argument(after, end, at)
    named = f' class="{escape(word)}"' if formula.tokens[at].text == r"\class" else ""
    html = f"<mrow{named}>{formula.part(start, stop)}</mrow>"
    out.append(formula.place(html, formula.at(at)))
    return after


def _frame(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\fbox{text}`, `\\framebox[3em]{text}`."""
    after = at + 1
    while option := formula.structure.option(after, end):
        after = option[2]
    start, stop, after = formula.argument(after, end, at)
    html = f'<menclose notation="box">{text.show_text(formula, start, stop)}</menclose>'
    out.append(formula.place(html, formula.at(at)))
    return after


def _strike(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\sout{x}`."""
    start, stop, after = formula.argument(at + 1, end, at)
    html = (
        f'<menclose notation="horizontalstrike">{formula.row(start, stop)}'
        '<mrow class="menclose-horizontalstrike"></mrow></menclose>'
    )
    out.append(formula.place(html, formula.at(at)))
    return after


def _circle(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\textcircled{1}`."""
    word, after = formula.word(at + 1, end, at)
    if word.isascii() and word.isdigit() and 1 <= int(word[:3]) <= 20:
        shown = chr(0x245F + int(word[:3]))
    elif len(word) == 1 and word.isascii() and word.isalpha():
        base = 0x24B6 - ord("A") if word.isupper() else 0x24D0 - ord("a")
        shown = chr(base + ord(word))
    else:
        shown = escape(word, quote=False) + "\u20dd"
    out.append(formula.place(f"<mtext>{shown}</mtext>", formula.at(at)))
    return after


def _character(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\unicode{x2203}`, `\\char"2203`."""
    option = formula.structure.option(at + 1, end)
    inside = formula.structure.skip(option[2] if option else at + 1, end)
    if inside in formula.structure.groups:
        word, after = formula.word(inside, end, at)
    else:
        after = inside
        while after < end and (
            formula.tokens[after].text.isalnum() or formula.tokens[after].text in "\"'"
        ):
            after += 1
        word = formula.structure.text(inside, after)
    base = 16 if word[:1] in ("x", '"', "X") else 8 if word[:1] == "'" else 10
    try:
        code = int(word.lstrip("xX\"'U+u") or "?", base)
        if not (32 < code < 0xD800 or 0xDFFF < code < 0xF0000):
            raise ValueError
    except ValueError:
        raise TexError(
            tr("'{word}' is no number of a character; write one such as x2203", word=shorten(word)),
            formula.at(at),
        ) from None
    out.append(formula.place(f"<mi>{escape(chr(code))}</mi>", formula.at(at)))
    return after


def _align_lines(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\eqalign{…}`, `\\displaylines{…}`."""
    kind = "aligned" if formula.tokens[at].text == r"\eqalign" else "gathered"
    return environments.write_plain(kind, formula, at, end, out)


_UNITS = ("SI", "si", "num", "unit", "qty", "ang", "numrange", "SIrange")
_OTHERS = ("ce", "pu", "href", "url", "includegraphics", "tikz")


def _refuse(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """Say of a package that is not read what is to be done. Raises TexError."""
    name = formula.tokens[at].text[1:]
    if name in _UNITS:
        hint = tr("units of siunitx are not read; write the number, and its unit in \\mathrm{{…}}")
    elif name in ("ce", "pu"):
        hint = tr("chemistry of mhchem is not read; write \\mathrm{{H_2O}} and \\rightarrow")
    elif name in ("href", "url"):
        hint = tr("a formula holds no link; put the link around the formula")
    else:
        hint = tr("a formula holds no picture; put it beside the formula")
    raise TexError(hint, formula.at(at))


_GROUPS: Sequence[tuple[str, Handler]] = (
    ("begin", environments.write_environment),
    ("\\ cr newline tabularnewline", _end_line),
    ("label", _label),
    ("tag", _ignore_argument),
    ("eqno leqno", _ignore_rest),
    ("ref eqref", _refer),
    ("mathop", stacked.operate),
    ("limits", stacked.limit),
    ("operatorname", stacked.name_operator),
    ("above", stacked.write_above),
    ("substack", stacked.stack),
    ("ensuremath vcenter shoveleft shoveright", partial(_wrap, "{", "}")),
    ("nicefrac sfrac flatfrac", stacked.write_fraction),
    ("cancelto", stacked.strike_to),
    ("cfrac", _ignore_option),
    ("overunderset", stacked.over_under),
    ("buildrel", stacked.build),
    ("root", stacked.root),
    ("underaccent", stacked.underaccent),
    ("ketbra", stacked.ket_bra),
    ("stackbin", partial(_rename, r"\overset")),
    ("smash", spaces.smash),
    ("hspace mspace vspace", spaces.write_space),
    ("hskip kern mkern mskip", spaces.skip),
    ("rule Rule", spaces.write_rule),
    ("raise lower raisebox", spaces.raise_box),
    ("mathchoice", _choose),
    ("class cssId style", _give_class),
    ("fbox framebox", _frame),
    ("sout", _strike),
    ("textcircled", _circle),
    ("unicode char symbol", _character),
    ("color", colours.write_switch),
    ("textcolor", colours.write_coloured),
    ("colorbox fcolorbox bbox", colours.write_box),
    ("definecolor", colours.define),
    ("eqalign displaylines", _align_lines),
    ("verb", text.write_verbatim),
    (" ".join((*_UNITS, *_OTHERS)), _refuse),
)


def _handlers() -> dict[str, Handler]:
    table = {rf"\{name}": handler for names, handler in _GROUPS for name in names.split(" ")}
    table |= {rf"\{name}": partial(_rename, made) for name, made in _RENAMED.items()}
    table |= dict.fromkeys(_IGNORED, _ignore)
    table |= dict.fromkeys(text.NAMES, text.write_text)
    table |= dict.fromkeys(_DELIMITED, _delimit)
    table |= {rf"\{name}": spaces.resize for name in spaces.SIZES}
    for name in ("rlap", "llap", "clap"):
        handler = partial(spaces.lap, name)
        table |= {rf"\{name}": handler, rf"\math{name}": handler}
    for name in ("matrix", "pmatrix", "bmatrix", "vmatrix", "cases"):
        table[rf"\{name}"] = partial(environments.write_plain, name)
    return table


COMMANDS: Mapping[str, Handler] = _handlers()
