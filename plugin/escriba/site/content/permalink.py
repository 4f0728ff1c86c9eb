"""Addresses of posts: Jekyll's permalink styles, patterns and slugs.

Source: the behaviour of Jekyll 4.3 (`drops/url_drop.rb`, `utils.rb`, `url.rb`).
Names of months and days in a pattern are English, as in Jekyll, whatever the locale.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

from escriba.ground.errors import Place, SourceError, suggest
from escriba.ground.language import tr
from escriba.ground.unicode import fold, normalize

STYLES: Mapping[str, str] = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
    "weekdate": "/:categories/:year/W:week/:short_day/:title:output_ext",
    "none": "/:categories/:title:output_ext",
}
_MONTHS = ("January", "February", "March", "April", "May", "June", "July",
           "August", "September", "October", "November", "December")  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PRETTY = "._~!$&'()+,;=@"  # what Jekyll's "pretty" slugs keep beside letters and digits
SAFE = "/" + PRETTY + ":*-"  # what a path keeps unescaped (RFC 3986, pchar)
LONGEST = 255  # bytes of a part of an address, with which a file or a folder is named
LONGEST_WHOLE = 1000  # bytes of the name of a file in a site, with its folders
DEEPEST = 100  # folders that it is in
_ELSEWHERE = re.compile(r"//(?!:)|[a-zA-Z][a-zA-Z0-9+.-]*://")  # `//:title` is one of Jekyll's
_TAKEN = {".escriba": "escriba", ".git": "Git"}  # folders of an output, and whose they are
# Microsoft, "Naming Files, Paths, and Namespaces": the same names with any suffix, too.
_DEVICE = re.compile(
    r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\..*)?", re.I | re.S
)
_OF_WINDOWS = '<>:"|?*\\'
_ODD = re.compile(rf"[{re.escape(_OF_WINDOWS)}\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SHORT = re.compile(r"escrib~[0-9]+", re.I)  # of `.escriba` in names of eight letters


@dataclass(frozen=True)
class Words:
    """What a pattern can speak of."""

    slug: str
    name: str  # of the file, with its date, without its suffix
    categories: tuple[str, ...]
    date: datetime | None


EXAMPLE = Words("slug", "2020-10-01-slug", ("category",), datetime(2020, 10, 1))


def expand(pattern: str, words: Words, place: Place) -> str:
    """The percent-encoded path of a post under a style's name or a pattern.

    Raises SourceError, at `place`, for a placeholder that does not exist or has no value, and for
    an address that is not one within the site.
    """
    pattern = STYLES.get(pattern, pattern)
    _refuse_elsewhere(pattern, place)
    if not pattern.startswith("/"):
        raise SourceError(
            tr(
                "the permalink '{pattern}' must start with '/' or be one of {allowed}",
                pattern=pattern,
                allowed=", ".join(sorted(STYLES)),
            ),
            place,
        )

    try:
        return clean(re.sub(r":([a-z_]+)", lambda match: _fill(match[1], words, place), pattern))
    except UnicodeDecodeError:
        raise SourceError(
            tr("the permalink '{pattern}' is not UTF-8 where it has '%'", pattern=cut(pattern)),
            place,
        ) from None


def expand_own(pattern: str, words: Words, place: Place) -> str:
    """The same for the pattern in a front matter, whose first slash may be left out."""
    rooted = pattern in STYLES or pattern.startswith("/") or "://" in pattern
    return expand(pattern if rooted else f"/{pattern}", words, place)


def _fill(placeholder: str, words: Words, place: Place) -> str:
    """What a placeholder stands for. Raises SourceError."""
    # As in Jekyll, `:year_` is `:year` and an underscore.
    for name, rest in ((placeholder, ""), (placeholder.removesuffix("_"), "_")):
        if name in _NAMES:
            return _NAMES[name](words) + rest
        if name in _TIMES:
            if words.date is None:
                raise SourceError(tr("the permalink's ':{name}' needs a date", name=name), place)
            return _TIMES[name](words.date) + rest
    known = suggest(placeholder, [*_NAMES, *_TIMES])
    raise SourceError(
        tr("unknown placeholder ':{name}' in the permalink{known}", name=placeholder, known=known),
        place,
    )


def _refuse_elsewhere(pattern: str, place: Place) -> None:
    if _ELSEWHERE.match(pattern):
        raise SourceError(
            tr(
                "the permalink '{pattern}' leads out of the site; it must be a path, such as "
                "/:year/:title/",
                pattern=cut(pattern),
            ),
            place,
        )
    if mark := next((mark for mark in "?#" if mark in pattern), ""):
        raise SourceError(
            tr(
                "the permalink '{pattern}' has a '{mark}', with which the path of an address ends; "
                "leave it out",
                pattern=cut(pattern),
                mark=mark,
            ),
            place,
        )


def clean(path: str) -> str:
    """A path without empty or dot segments, percent-encoded: nothing can leave the site.

    Raises UnicodeDecodeError for one that encodes what is not UTF-8.
    """
    parts = unquote(path, errors="strict").split("/")
    kept = [part for part in parts if part.strip(".")]
    end = "/" if kept and not parts[-1].strip(".") else ""
    return quote("/" + "/".join(kept) + end, safe=SAFE)


def clean_name(path: str) -> str:
    """As `clean`, for the name of a file: a '%' in it encodes nothing."""
    return clean(quote(path, safe=SAFE))


def target(url: str) -> str:
    """The file of a page at a path: `/a/` → `a/index.html`, `/a` and `/a.html` → `a.html`."""
    path = unquote(url).lstrip("/")
    if not path or path.endswith("/"):
        return path + "index.html"
    return path if PurePosixPath(path).suffix in (".html", ".htm") else path + ".html"


def address(path: str) -> str:
    """The percent-encoded path of a file at a path of the site."""
    return quote(f"/{path}", safe=SAFE)


def find_fault(name: str) -> str | None:
    """Why not every system can have a file of that name, with its folders, in a site; or None."""
    for part in name.split("/"):
        owner = "escriba" if _SHORT.match(part) else _TAKEN.get(fold(part))
        odd = _ODD.search(part)
        if owner:
            return tr("'{part}' is a folder of {owner}'s own", part=part, owner=owner)
        if odd and odd[0] in _OF_WINDOWS:
            return tr("no file on Windows can have a '{character}' in its name", character=odd[0])
        if odd:
            return tr("it has the character U+{code}", code=f"{ord(odd[0]):04X}")
        if _DEVICE.fullmatch(part):
            return tr("no file on Windows can be named '{part}'", part=part)
        if part.endswith((".", " ")):
            return tr("no file on Windows can have a name that ends in '{end}'", end=part[-1])
        if len(part.encode()) > LONGEST:
            return tr("'{part}…' is longer than {limit} bytes", part=part[:20], limit=LONGEST)
    if len(name.encode()) > LONGEST_WHOLE:
        return tr("it is longer than {limit} bytes", limit=LONGEST_WHOLE)
    if name.count("/") > DEEPEST:
        return tr("it is in more than {limit} folders", limit=DEEPEST)
    return None


def cut(text: str) -> str:
    """As much of an address or a name as a message has room for."""
    return text if len(text) <= 80 else f"{text[:80]}…"


def slugify(text: str, keep: str = "", *, cased: bool = False) -> str:
    """Letters, marks, decimal digits and the characters of `keep`; one hyphen for all between.

    >>> slugify("La guerra, y la paz")
    'la-guerra-y-la-paz'
    """
    letters = [c if c in keep or _in_word(c) else " " for c in normalize(text)]
    slug = re.sub(" +", "-", "".join(letters)).strip("-")
    return slug if cased else slug.lower()


def _in_word(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LM" or category == "Nd"


def _categories(words: Words, slugs: bool) -> str:
    names = (slugify(c) if slugs else c.lower() for c in words.categories)
    return "/".join(dict.fromkeys(names))


_NAMES: Mapping[str, Callable[[Words], str]] = {
    "title": lambda w: slugify(w.slug, PRETTY, cased=True),
    "slug": lambda w: slugify(w.slug),
    "name": lambda w: slugify(w.name),
    "categories": lambda w: _categories(w, slugs=False),
    "slugified_categories": lambda w: _categories(w, slugs=True),
    "collection": lambda w: "posts",
    "output_ext": lambda w: ".html",
}
_TIMES: Mapping[str, Callable[[datetime], str]] = {
    "year": lambda d: f"{d.year:04}",
    "short_year": lambda d: f"{d.year % 100:02}",
    "month": lambda d: f"{d.month:02}",
    "i_month": lambda d: str(d.month),
    "short_month": lambda d: _MONTHS[d.month - 1][:3],
    "long_month": lambda d: _MONTHS[d.month - 1],
    "day": lambda d: f"{d.day:02}",
    "i_day": lambda d: str(d.day),
    "y_day": lambda d: f"{d.timetuple().tm_yday:03}",
    "w_year": lambda d: f"{d.isocalendar().year:04}",
    "week": lambda d: f"{d.isocalendar().week:02}",
    "w_day": lambda d: str(d.isoweekday()),
    "short_day": lambda d: _DAYS[d.weekday()][:3],
    "long_day": lambda d: _DAYS[d.weekday()],
    "hour": lambda d: f"{d.hour:02}",
    "minute": lambda d: f"{d.minute:02}",
    "second": lambda d: f"{d.second:02}",
}
