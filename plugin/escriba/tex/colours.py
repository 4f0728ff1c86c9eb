"""Colours by name, by number, or as an author defines them."""

from __future__ import annotations

import re

from escriba.ground.errors import shorten
from escriba.ground.language import tr
from escriba.tex.formula import Formula
from escriba.tex.mathml import knows
from escriba.tex.tokens import TexError, Token, tokens_of

_HEX = re.compile(r"#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})")
_NAME = re.compile(r"[a-zA-Z]{3,30}")
_MIXED = re.compile(r"([a-zA-Z]{3,30})!(\d{1,3})(?:!([a-zA-Z]{3,30}))?")
_COLOUR = re.compile(r'mathcolor="(#[0-9A-Fa-f]{6})"')


def write_switch(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\color{red}`, for the rest of its group."""
    colour, after = _read(formula, at, end)
    stop = formula.scope(after, end)
    inner = formula.part(after, stop)
    out.append(formula.place(f'<mrow mathcolor="{colour}">{inner}</mrow>', formula.at(at)))
    return stop


def write_coloured(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\textcolor{red}{x}`."""
    colour, after = _read(formula, at, end)
    start, stop, after = formula.argument(after, end, at)
    inner = formula.part(start, stop)
    out.append(formula.place(f'<mrow mathcolor="{colour}">{inner}</mrow>', formula.at(at)))
    return after


def write_box(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\colorbox{yellow}{text}`, `\\fcolorbox{red}{yellow}{text}`, `\\bbox[yellow]{x}`."""
    from escriba.tex.text import show_text

    name = formula.tokens[at].text
    frame = inside = ""
    after = at + 1
    if name == r"\bbox":
        if option := formula.structure.option(after, end):
            words = formula.structure.text(option[0], option[1]).split(",")
            named = [w.strip() for w in words if _NAME.fullmatch(w.strip()) or "#" in w]
            inside = _resolve(formula, named[0], at) if named else ""
            frame = "currentcolor" if any("border" in word for word in words) else ""
            after = option[2]
        start, stop, after = formula.argument(after, end, at)
        inner = formula.part(start, stop)
    else:
        first, after = _read(formula, at, end)
        frame, inside = ("", first)
        if name == r"\fcolorbox":
            frame = first
            word, after = formula.word(after, end, at)
            inside = _resolve(formula, word, at)
        start, stop, after = formula.argument(after, end, at)
        inner = show_text(formula, start, stop)
    # The words are black, as on paper: the box is as light in a dark page as in a light one.
    black = ' mathcolor="#000000"'
    html = f'<mrow mathbackground="{inside}"{black}>{inner}</mrow>' if inside else inner
    if frame:
        html = f'<menclose notation="box" mathcolor="{frame}">{html}</menclose>'
    out.append(formula.place(html, formula.at(at)))
    return after


def define(formula: Formula, at: int, end: int, out: list[Token]) -> int:
    """`\\definecolor{name}{HTML}{1A2B3C}`, for the rest of the page."""
    name, after = formula.word(at + 1, end, at)
    model, after = formula.word(after, end, at)
    values, after = formula.word(after, end, at)
    formula.page.colours[name] = _compute(model, values, formula.at(at))
    return after


def _read(formula: Formula, at: int, end: int) -> tuple[str, int]:
    """The colour that a command names, perhaps by a model, and the position behind it."""
    option = formula.structure.option(at + 1, end)
    word, after = formula.word(option[2] if option else at + 1, end, at)
    if option:
        model = formula.structure.text(option[0], option[1]).strip()
        return _compute(model, word, formula.at(at)), after
    return _resolve(formula, word, at), after


def _resolve(formula: Formula, name: str, at: int) -> str:
    if name in formula.page.colours:
        return formula.page.colours[name]
    match = _HEX.fullmatch(name)
    if match and (name[0] == "#" or not name.isalpha()):
        return _long(match[1])
    if match := _MIXED.fullmatch(name):
        one = _resolve(formula, match[1], at)
        other = _resolve(formula, match[3], at) if match[3] else "#FFFFFF"
        return _mix(one, other, min(100, int(match[2])))
    if _NAME.fullmatch(name):
        if knows(rf"\color{{{name}}}x"):
            html = formula.translate(tokens_of(rf"\color{{{name}}}x", formula.at(at)))
            if found := _COLOUR.search(html):
                return found[1]
        return name.lower()  # CSS has more names
    raise TexError(
        tr("'{name}' is no colour; write a name, or a number such as #1A2B3C", name=shorten(name)),
        formula.at(at),
    )


def _compute(model: str, values: str, at: int) -> str:
    """A colour of a model of LaTeX's: HTML, RGB, rgb, gray, cmyk, named."""
    match = _HEX.fullmatch(values)
    if model == "HTML" and match:
        return _long(match[1])
    if model == "named" and _NAME.fullmatch(values):
        return values.lower()
    try:
        numbers = [float(part) for part in values.split(",")]
    except ValueError:
        numbers = []
    if not all(0 <= number <= 255 for number in numbers):
        numbers = []
    if model == "RGB" and len(numbers) == 3:
        return _hex(*numbers)
    if model == "rgb" and len(numbers) == 3:
        return _hex(*(number * 255 for number in numbers))
    if model == "gray" and len(numbers) == 1:
        return _hex(*(numbers[0] * 255,) * 3)
    if model == "cmyk" and len(numbers) == 4:
        return _hex(*(255 * (1 - part) * (1 - numbers[3]) for part in numbers[:3]))
    raise TexError(
        tr("'{values}' is no colour of the model '{model}' (HTML, RGB, rgb, gray, cmyk, named)",
           values=shorten(values), model=shorten(model)), at,
    )  # fmt: skip


def _hex(*parts: float) -> str:
    return "#" + "".join(f"{max(0, min(255, round(part))):02X}" for part in parts)


def _long(digits: str) -> str:
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)).upper()


def _mix(one: str, other: str, share: int) -> str:
    if not (one.startswith("#") and other.startswith("#")):
        return one
    pairs = [(int(one[n : n + 2], 16), int(other[n : n + 2], 16)) for n in (1, 3, 5)]
    return _hex(*((a * share + b * (100 - share)) / 100 for a, b in pairs))
