"""Liquid's filters: Jekyll's own, others than python-liquid's where its may take for ever, and a
guard around all of them. Imported only on demand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import DecimalException
from html import escape
from typing import Any
from urllib.parse import quote

from liquid import Environment
from liquid.context import RenderContext
from liquid.exceptions import FilterArgumentError, LiquidError
from liquid.filter import sequence_filter, string_filter, with_context
from liquid.stringify import to_liquid_string
from liquid.undefined import is_undefined

from escriba.ground.errors import EscribaError
from escriba.ground.language import tr
from escriba.ground.schema import parse_datetime
from escriba.markup.liquid.budget import FILTER, ITEM, MARKDOWN
from escriba.markup.liquid.dates import MONTHS, read_date, write_date
from escriba.markup.liquid.values import Variables
from escriba.templating.budget import ITEM as WEIGHT
from escriba.templating.budget import VALUE, Budget, Spent, too_large, weigh

# Filters that pass the items of lists on and do not make text of them.
_GLANCING = frozenset(
    {"compact", "concat", "default", "find", "find_index", "first", "has", "join", "last", "map",
     "reject", "reverse", "size", "slice", "sort", "sum", "uniq", "where"}
)  # fmt: skip
# Filters that compare a value with something of each item.
_SEEKING = frozenset({"find", "find_index", "has", "reject", "where"})
# What a character costs in eighths of a step, where it costs more than to be copied.
_DEAR = {"markdownify": 2048, "sort": 8, "sort_natural": 8, "strip_html": 4}


def apply(
    budget: Budget,
    name: str,
    function: Callable[..., object],
    value: object,
    *arguments: object,
    **named: object,
) -> object:
    """What a filter makes of a value. Raises LiquidError, with one sentence, for a value that it
    cannot take, and Spent for one that is too much."""
    by_key = name == "sort_natural" and arguments
    deep = isinstance(value, dict) or not (name in _GLANCING or by_key)
    weight = weigh(value, deep=deep)
    others = [weigh(argument, deep=True) for argument in (*arguments, *named.values())]
    if isinstance(value, (list, tuple, range)):
        budget.spend(ITEM * len(value))
        if name in _SEEKING:
            weight += len(value) * sum(others) // 8
    price = MARKDOWN if name == "markdownify" else FILTER
    budget.spend(price + (weight + sum(others)) * _DEAR.get(name, 1) // 8)
    try:
        result = function(value, *arguments, **named)
    except (LiquidError, Spent):
        raise
    except EscribaError as error:
        raise FilterArgumentError(_refusal(name, error.problems[0].message), token=None) from None
    except Exception as error:  # a stranger's value in somebody else's function
        number = isinstance(error, DecimalException)  # whose words are names of classes
        reason = tr("it is no number, or too large a one") if number else error
        raise FilterArgumentError(_refusal(name, reason), token=None) from None
    budget.spend(weigh(result) // 8)
    return result


def _refusal(name: str, reason: object) -> str:
    return tr("the filter '{name}' cannot take this: {reason}", name=name, reason=reason)


def _relative(path: object, *, context: RenderContext) -> str:
    text = str(path)
    if _SCHEME.match(text):
        return text
    return f"{_site(context).get('baseurl') or ''}/{text.lstrip('/')}"


def _absolute(path: object, *, context: RenderContext) -> str:
    text = str(path)
    if _SCHEME.match(text):
        return text
    return str(_site(context).get("url") or "") + _relative(text, context=context)


def _site(context: RenderContext) -> Mapping[str, object]:
    site = context.globals["site"]
    assert isinstance(site, Mapping)
    return site


def _moment(value: object) -> datetime | date:
    """A date, be it one already or text. Raises the error that python-liquid expects."""
    if isinstance(value, date):
        return value
    try:
        return parse_datetime(str(value))
    except ValueError:
        raise FilterArgumentError(tr("'{value}' is not a date", value=value), token=None) from None


def _shown(value: object, months: Sequence[str]) -> str:
    moment = _moment(value)
    return f"{moment.day:02} {months[moment.month - 1]} {moment.year}"


def _say_list(values: Sequence[object], connector: str = "and") -> str:
    words = [str(value) for value in values]
    if len(words) < 3:
        return f" {connector} ".join(words)
    return f"{', '.join(words[:-1])}, {connector} {words[-1]}"


def _markdownify(value: object, *, context: Any) -> str:  # a Page
    return str(context.given.markdownify(str(value)))


@string_filter
def _replace(text: str, old: object, new: object = "") -> str:
    old, new = str(old), str(new)
    found = text.count(old)
    if len(text) + found * (len(new) - len(old)) > VALUE:
        raise Spent(too_large())
    return text.replace(old, new)


@string_filter
def _split(text: str, separator: object) -> list[str]:
    parted = "" if separator is None else str(separator)
    if WEIGHT * (text.count(parted) if parted else len(text)) > VALUE:
        raise Spent(too_large())
    if not parted:
        return list(text)
    if not text or text == parted:
        return []
    return text.split(None if parted == " " else parted)


@sequence_filter
def _join(items: Iterable[object], separator: object = " ") -> str:
    between, words, size = str(separator), [], 0
    for item in items:
        words.append(to_liquid_string(item, autoescape=False))
        size += len(words[-1]) + len(between)
        if size > VALUE:
            raise Spent(too_large())
    return between.join(words)


@sequence_filter
def _unique(items: Iterable[Any], key: object = None) -> list[object]:
    seen: set[object] = set()
    unique = []
    for item in items:
        value = item if key is None else item.get(key) if isinstance(item, Mapping) else item[key]
        mark = value if _is_hashable(value) else _write_json(value)
        if mark not in seen:
            seen.add(mark)
            unique.append(item)
    return unique


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _write_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_make_plain)


def _make_plain(value: object) -> object:
    if isinstance(value, Variables):
        return value.fixed
    return None if is_undefined(value) else str(value)


@string_filter
def _strip_html(text: str) -> str:
    for start, end in (("<script", "</script>"), ("<!--", "-->"), ("<style", "</style>")):
        text = _cut_out(text, start, end)
    return _cut_out(text, "<", ">")


def _cut_out(text: str, start: str, end: str) -> str:
    """A text without what stands from a mark to the next of another; both are left alone where the
    second does not come."""
    kept, at = [], 0
    while (opening := text.find(start, at)) >= 0:
        closing = text.find(end, opening + len(start))
        if closing < 0:
            break
        kept.append(text[at:opening])
        at = closing + len(end)
    return "".join([*kept, text[at:]])


def _date(value: object, form: object = None) -> object:
    if is_undefined(value):
        return ""
    if form is None or is_undefined(form):
        return str(value)
    if not isinstance(form, str):
        raise FilterArgumentError(tr("a date's form is text, as in '%Y'"), token=None)
    try:
        moment = read_date(value)
        if moment is not None:
            return write_date(moment, form)
    except ValueError as error:
        raise FilterArgumentError(str(error), token=None) from None
    if isinstance(value, (str, int)):
        return str(value)  # as in Jekyll
    raise FilterArgumentError(tr("'{value}' is not a date", value=value), token=None)


_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)
_NOT_WORD = re.compile(r"[\W_]+")
_SHORT_MONTHS = tuple(month[:3] for month in MONTHS)

_ORIGINAL = Environment().filters
FILTERS: Mapping[str, Callable[..., Any]] = {
    **_ORIGINAL,
    "date": _date,
    "relative_url": with_context(_relative),
    "absolute_url": with_context(_absolute),
    "date_to_string": lambda value: _shown(value, _SHORT_MONTHS),
    "date_to_long_string": lambda value: _shown(value, MONTHS),
    "date_to_xmlschema": lambda value: _moment(value).isoformat(),
    "slugify": lambda value: _NOT_WORD.sub("-", str(value).lower()).strip("-"),
    "xml_escape": lambda value: escape(str(value)),
    "cgi_escape": lambda value: quote(str(value), safe="").replace("%20", "+"),
    "uri_escape": lambda value: quote(str(value), safe="/:?#[]@!$&'()*+,;="),
    "number_of_words": lambda value: len(str(value).split()),
    "normalize_whitespace": lambda value: " ".join(str(value).split()),
    "array_to_sentence_string": _say_list,
    "jsonify": _write_json,
    "markdownify": with_context(_markdownify),
    "join": _join,
    "replace": _replace,
    "split": _split,
    "strip_html": _strip_html,
    "uniq": _unique,
}
