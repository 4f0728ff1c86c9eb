"""Numbers as the language of a page writes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Context, Decimal, localcontext
from functools import lru_cache

from escriba.ground.numbers import DIGITS

THIN = "\u202f"  # narrow, and no line breaks at it
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def format_number(value: int | Decimal, lang: str, decimals: int | None = None) -> str:
    """A number with the separators of a language: 550017 → 550,017 (en), 550.017 (es).

    `decimals` fixes how many decimals it has; without it all that it has are shown. `lang` is a
    BCP 47 tag; one that is not known reads as English.
    """
    from babel.numbers import format_decimal

    exponent = Decimal(value).as_tuple().exponent
    if not isinstance(exponent, int):
        return "∞"
    shown = "0" * decimals if decimals is not None else "#" * max(0, -exponent)
    pattern = f"#,##0.{shown}".rstrip(".")
    with _of_any_size():
        return format_decimal(value, format=pattern, locale=_locale(lang))


def format_compact(value: int, lang: str) -> str:
    """A rounded number with an SI prefix: 550017 → 550 k, 1234567 → 1.2 M (no-break spaces)."""
    for scale, prefix in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        scaled = Decimal(value) / scale  # of which only the first digits are shown
        if scaled >= Decimal("0.9995"):  # what rounds to 1000 is one of the next prefix
            decimals = 1 if scaled < Decimal("9.95") else 0
            return f"{format_number(scaled, lang, decimals)}{THIN}{prefix}"
    return format_number(value, lang)


def format_figures(value: Decimal, lang: str, figures: int = 3) -> str:
    """A number rounded to so many significant figures: 1234567 → 1,230,000; 0.012345 → 0.0123.

    From a million on it is a power of ten: 1.23 × 10⁹.
    """
    if not value or not value.is_finite():
        return format_number(value, lang)
    rounded = value.quantize(Decimal(1).scaleb(value.adjusted() - figures + 1))
    exponent = rounded.adjusted()
    if exponent < 6:
        return format_number(rounded, lang, max(0, figures - 1 - exponent))
    mantissa = format_number(rounded.scaleb(-exponent), lang, figures - 1)
    return f"{mantissa}{THIN}×{THIN}{write_power(exponent)}"


def write_power(exponent: int) -> str:
    """A power of ten: 9 → 10⁹."""
    return "10" + str(exponent).translate(_SUPERSCRIPTS)


def format_percent(value: int | Decimal, lang: str, decimals: int = 0) -> str:
    """A share in percent: 0.125 → 12.5% (en), 12,5 % (es, with a no-break space)."""
    from babel import Locale
    from babel.numbers import format_percent as write

    locale = Locale.parse(_locale(lang))
    digits = "0." + "0" * decimals if decimals else "0"
    pattern = locale.percent_formats[None].pattern.replace("0", digits, 1)
    with _of_any_size():
        return write(value, format=pattern, locale=locale)


def format_share(value: Decimal, lang: str) -> str:
    """A share in percent, with so many decimals that a small one is not shown as none."""
    whole = not value or value >= Decimal("0.1")
    return format_percent(value, lang, 0 if whole else 1 if value >= Decimal("0.01") else 2)


@contextmanager
def _of_any_size() -> Iterator[None]:
    """Decimals as wide as any number that is read: Babel rounds in the context that it finds, and
    the usual one has 28 digits, before and after the point together."""
    with localcontext(Context(prec=4 * DIGITS)):
        yield


@lru_cache(maxsize=64)
def _locale(lang: str) -> str:
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(lang, sep="-"))
    except (UnknownLocaleError, ValueError):
        return "en"
