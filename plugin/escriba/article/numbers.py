"""Numbers as the language of a page writes them."""

from __future__ import annotations

from decimal import Decimal

THIN = "\u202f"


def format_number(value: int | Decimal, lang: str, decimals: int | None = None) -> str:
    """A number with the separators of a language: 550017 → 550,017 (en), 550.017 (es).

    `decimals` fixes how many decimals it has; without it all that it has are shown. `lang` is a
    BCP 47 tag; one that is not known reads as English.
    """
    from babel.numbers import format_decimal

    pattern = "#,##0." + ("0" * decimals if decimals is not None else "#" * 20)
    return format_decimal(value, format=pattern.rstrip("."), locale=_locale(lang))


def format_compact(value: int, lang: str) -> str:
    """A rounded number with an SI prefix: 550017 → 550 k, 1234567 → 1.2 M (no-break spaces)."""
    for scale, prefix in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        scaled = Decimal(value) / scale
        if scaled >= Decimal("0.9995"):  # what rounds to 1000 is one of the next prefix
            decimals = 1 if scaled < Decimal("9.95") else 0
            return f"{format_number(scaled, lang, decimals)}{THIN}{prefix}"
    return format_number(value, lang)


def _locale(lang: str) -> str:
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(lang, sep="-"))
    except (UnknownLocaleError, ValueError):
        return "en"
