"""A formula as text that can be read where no formula can be shown: `L_t = a_1/b`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from html import unescape

_TOKEN = re.compile(r"<(/?)([a-zA-Z]+)([^<>]*?)(/?)>|([^<]+)|<")
_TIGHT = re.compile(r"(?<=[(\[]) | (?=[)\],.;!?′″_^])| ?\u2061 ?(?=[(\[])")
_UNARY = re.compile(r"(\A|[(\[,;] ?|[=<>≤≥] )([+−±]) ")
_SIGN = re.compile(r" ([^\w\s]) ")
_ONE = re.compile(r"[\w.]+|\([^()]*\)")
_WIDTH = re.compile(r'\bwidth="(\d*\.?\d+)em"')
_ACCENTS = {
    "ˆ": "\u0302", "^": "\u0302", "~": "\u0303", "˜": "\u0303", "¯": "\u0304", "‾": "\u0304",
    "⃗": "\u20d7", "→": "\u20d7", "˙": "\u0307", "¨": "\u0308", "ˇ": "\u030c", "˘": "\u0306",
    "`": "\u0300", "´": "\u0301", "˚": "\u030a",
}  # fmt: skip
_BINARY = frozenset("+−-±∓×·⋅∗*÷=:<>∘⊕⊗⊙∧∨∩∪∣∈∋∉→←↦⇒⇔∼≃≅≈≡∝⊂⊃⊆⊇≪≫≺≻⟶⟵⟹⟺≔")
_SCRIPTS = str.maketrans("0123456789+-−()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾")
_PRIMES = frozenset("′″‴⁗")


def read(math: str) -> str:
    """The text of a `math` element, in one line. Takes time in proportion to its size."""
    stack: list[tuple[str, str, list[str]]] = [("", "", [])]
    for slash, name, attributes, empty, text in _TOKEN.findall(math):
        if text:
            stack[-1][2].append(unescape(text))
        elif slash:
            if len(stack) > 1 and stack[-1][0] == name:
                _close(stack)
        elif name and empty:
            stack[-1][2].append(_space(attributes) if name == "mspace" else "")
        elif name:
            stack.append((name, attributes, []))
    while len(stack) > 1:
        _close(stack)
    text = _TIGHT.sub("", " ".join("".join(stack[0][2]).split()))
    return _UNARY.sub(r"\1\2", text).replace("\u2061", " ")


def _close(stack: list[tuple[str, str, list[str]]]) -> None:
    name, attributes, parts = stack.pop()
    write = _WRITERS.get(name)
    stack[-1][2].append(write(parts, attributes) if write else "".join(parts))


def _space(attributes: str) -> str:
    match = _WIDTH.search(attributes)
    return " " if match and float(match[1]) >= 0.2 else ""


def _enclose(text: str) -> str:
    """A part in parentheses, if it is more than one thing."""
    text = _SIGN.sub(r"\1", text.strip())
    return text if len(text) < 2 or _ONE.fullmatch(text) else f"({text})"


def _pad(parts: Sequence[str], attributes: str) -> str:
    sign = "".join(parts).strip()
    if not sign or unicodedata.category(sign[0]) == "Cf":  # applied to, times, and their like
        return sign if sign == "\u2061" else ""
    if sign in (",", ";"):
        return f"{sign} "
    relation = sign in _BINARY or (
        unicodedata.category(sign[0]) == "Sm" and unicodedata.combining(sign[0]) == 0
        and sign[0] not in "∑∏∫∬∭∮√¬∀∃∂∇∞|∥‖⋃⋂⋁⋀"
    )  # fmt: skip
    return f" {sign} " if relation and 'form="prefix"' not in attributes else sign


def _over(parts: Sequence[str], attributes: str) -> str:
    above, below = (_enclose(part) for part in _take(parts, 2))
    return f"{above}/{below}"


def _lower(parts: Sequence[str], attributes: str) -> str:
    base, below = _take(parts, 2)
    return f"{base.rstrip()}_{_enclose(below)} "


def _raise(parts: Sequence[str], attributes: str) -> str:
    base, above = _take(parts, 2)
    return f"{base.rstrip()}{_power(above)}"


def _power(text: str) -> str:
    text = text.strip()
    if text and set(text) <= _PRIMES:
        return text
    if text in ("∘", "°"):
        return "°"
    if text.isascii() and text.isdigit():
        return text.translate(_SCRIPTS)
    return f"^{_enclose(text)} "


def _both(parts: Sequence[str], attributes: str) -> str:
    base, below, above = _take(parts, 3)
    lower = f"_{_enclose(below)}" if below.strip() else ""
    return f"{base.rstrip()}{lower}{_power(above)} "


def _accent(parts: Sequence[str], attributes: str) -> str:
    base, above = _take(parts, 2)
    mark = _ACCENTS.get(above.strip())
    if mark and len(base.strip()) == 1:
        return unicodedata.normalize("NFC", base.strip() + mark)
    return base if mark or "accent" in attributes else f"{base.rstrip()}{_power(above)} "


def _under(parts: Sequence[str], attributes: str) -> str:
    base, below = _take(parts, 2)
    return base if "accent" in attributes else f"{base.rstrip()}_{_enclose(below)} "


def _root(parts: Sequence[str], attributes: str) -> str:
    return f"√{_enclose(''.join(parts))}"


def _degree(parts: Sequence[str], attributes: str) -> str:
    base, degree = _take(parts, 2)
    return f"{_power(degree).removeprefix('^')}√{_enclose(base)}"


def _row(parts: Sequence[str], attributes: str) -> str:
    return " ".join(part.strip() for part in parts if part.strip()) + "; "


def _table(parts: Sequence[str], attributes: str) -> str:
    return "".join(parts).rstrip("; ")


def _first(parts: Sequence[str], attributes: str) -> str:
    return parts[0] if parts else ""


def _nothing(parts: Sequence[str], attributes: str) -> str:
    return ""


def _take(parts: Sequence[str], count: int) -> tuple[str, ...]:
    return (*parts, *[""] * count)[:count]


_WRITERS: Mapping[str, Callable[[Sequence[str], str], str]] = {
    "mo": _pad, "mfrac": _over, "msub": _lower, "msup": _raise, "msubsup": _both,
    "munder": _under, "mover": _accent, "munderover": _both, "msqrt": _root, "mroot": _degree,
    "mtr": _row, "mtable": _table, "semantics": _first, "annotation": _nothing,
    "mphantom": _nothing,
}  # fmt: skip
