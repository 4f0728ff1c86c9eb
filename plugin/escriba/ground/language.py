"""What escriba says, in the reader's language: English, or that of a catalogue in `locale/`.

The language is the terminal's, by the variables that gettext reads (LANGUAGE, LC_ALL,
LC_MESSAGES, LANG). It decides what is printed and never what is written to a file: pages have the
words of their theme, in the language of the post.

A message is whole sentences with named fields, so that another language can put them in another
order; `make messages` collects them.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

DOMAIN = "escriba"
LOCALE = Path(__file__).parents[1] / "locale"
LONGEST = 1000  # characters of a field


def tr(message: str, /, **fields: object) -> str:
    """The message in the reader's language, its fields filled in as by `str.format`.

    A field may be a stranger's, of any length; of a long one the beginning is enough.
    """
    return _catalogue().gettext(message).format(**_shorten(fields))


def plural(one: str, many: str, number: int, /, **fields: object) -> str:
    """`tr` of the form for a number, which is the field `number` of both."""
    return _catalogue().ngettext(one, many, number).format(number=number, **_shorten(fields))


def reading_language() -> str:
    """The language that messages are in: `en`, or that of a catalogue."""
    return _catalogue().info().get("language", "en")


@lru_cache(maxsize=1)
def _catalogue() -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE, fallback=True)


def _shorten(fields: Mapping[str, object]) -> dict[str, object]:
    return {
        name: value[: LONGEST - 1] + "…"
        if isinstance(value, str) and len(value) > LONGEST
        else value
        for name, value in fields.items()
    }
