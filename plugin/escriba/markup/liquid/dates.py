"""Dates as Liquid's filter `date` reads and writes them, the same on every machine.

Ruby's `strftime`, which Jekyll's posts are written for, has directives that Python's leaves to the
system's C library; and what python-liquid reads a date with takes what is missing from the clock,
and zones from the machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from escriba.ground.language import tr

LONGEST = 100  # characters of a date: what reads them looks at each word in many ways
WIDEST = 1000  # characters that a directive may be padded to
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NOW = ("now", "today")
# Two days that have nothing in common: what a text leaves open shows in which it is read as.
_ONE, _OTHER = datetime(2001, 1, 1), datetime(2003, 2, 3)
_ZONES = ("UTC", "GMT", "Z")


def read_date(value: object) -> datetime | None:
    """A date of a text, or of seconds since 1970; None for what is none, which stays as it is.

    Raises ValueError, with one sentence, for a text that names no day without the clock.
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, str) and value.strip().lower() in _NOW:
        raise ValueError(
            tr("'{value}' would make every build another one; write the date", value=value.strip())
        )
    if isinstance(value, int) and not isinstance(value, bool):
        return _count_from_1970(value)
    if not isinstance(value, str) or len(value) > LONGEST:
        return None
    if value.isascii() and value.isdigit():
        return _count_from_1970(int(value))
    return _read_text(value)


def _count_from_1970(seconds: int) -> datetime | None:
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _read_text(text: str) -> datetime | None:
    from dateutil import parser

    try:
        one: datetime = parser.parse(text, default=_ONE, tzinfos=_zone)
        other: datetime = parser.parse(text, default=_OTHER, tzinfos=_zone)
    except (ValueError, OverflowError):
        return None
    if (one.year, one.month) != (other.year, other.month):
        raise ValueError(tr("'{value}' names no year and month; write them", value=text))
    return one


def _zone(name: str | None, offset: int | None) -> tzinfo | None:
    if name in _ZONES:
        return UTC
    return None if offset is None else timezone(timedelta(seconds=offset))


_DIRECTIVE = re.compile(r"%([-0^#_]*)(\d*)(:?)([a-zA-Z%])", re.A)


def write_date(moment: datetime, form: str) -> str:
    """A date by Ruby's directives, with their flags and widths; what is none stays. Raises
    ValueError, with one sentence, for too wide a one."""

    def write(match: re.Match[str]) -> str:
        flags, width, colon, letter = match.groups()
        if colon and letter != "z":
            return match[0]
        made = _write(moment, colon + letter)
        if made is None:
            return match[0]
        text, size, fill = made
        size = int(width[:5]) if width else size
        if size > WIDEST:
            raise ValueError(
                tr(
                    "'{directive}' is wider than {most} characters",
                    directive=match[0][:20],
                    most=WIDEST,
                )
            )
        if letter in _FRACTIONS:  # the width says how many places
            return text[: int(width[:5]) if width else _FRACTIONS[letter]].ljust(size, "0")
        fill = "0" if "0" in flags else " " if "_" in flags else fill
        if "^" in flags:
            text = text.upper()
        if "#" in flags:
            text = text.lower() if letter == "p" else text.upper()
        if "-" in flags:
            return text
        return text.zfill(size) if fill == "0" else text.rjust(size)

    return _DIRECTIVE.sub(write, form)


def _write(moment: datetime, letter: str) -> tuple[str, int, str] | None:
    """What a directive gives before it is padded, to how many characters, and with what."""
    if letter in _TEXTS:
        return _TEXTS[letter](moment), 0, " "
    if letter in _NUMBERS:
        number, size, fill = _NUMBERS[letter]
        return str(number(moment)), size, fill
    if letter in _WHOLES:
        return write_date(moment, _WHOLES[letter]), 0, " "
    return None


def _offset(moment: datetime, mark: str = "") -> str:
    seconds = round((moment.utcoffset() or timedelta()).total_seconds())
    minutes = abs(seconds) // 60
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02}{mark}{minutes % 60:02}"


def _seconds(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)


def _week(moment: datetime, first: int) -> int:
    """The number of a week of which the first whole one, from a weekday on, is 1."""
    return (moment.timetuple().tm_yday + 6 - (moment.weekday() - first) % 7) // 7


_TEXTS: Mapping[str, Callable[[datetime], str]] = {
    "A": lambda d: _DAYS[d.weekday()],
    "a": lambda d: _DAYS[d.weekday()][:3],
    "B": lambda d: MONTHS[d.month - 1],
    "b": lambda d: MONTHS[d.month - 1][:3],
    "h": lambda d: MONTHS[d.month - 1][:3],
    "p": lambda d: "AM" if d.hour < 12 else "PM",
    "P": lambda d: "am" if d.hour < 12 else "pm",
    "z": _offset,
    ":z": lambda d: _offset(d, ":"),
    "Z": lambda d: "UTC" if d.tzinfo is UTC else "",  # other zones have no name that all know
    "L": lambda d: f"{d.microsecond:06}000",
    "N": lambda d: f"{d.microsecond:06}000",
    "n": lambda d: "\n",
    "t": lambda d: "\t",
    "%": lambda d: "%",
}
_NUMBERS: Mapping[str, tuple[Callable[[datetime], int], int, str]] = {
    "Y": (lambda d: d.year, 4, "0"),
    "C": (lambda d: d.year // 100, 2, "0"),
    "y": (lambda d: d.year % 100, 2, "0"),
    "m": (lambda d: d.month, 2, "0"),
    "d": (lambda d: d.day, 2, "0"),
    "e": (lambda d: d.day, 2, " "),
    "j": (lambda d: d.timetuple().tm_yday, 3, "0"),
    "H": (lambda d: d.hour, 2, "0"),
    "k": (lambda d: d.hour, 2, " "),
    "I": (lambda d: (d.hour - 1) % 12 + 1, 2, "0"),
    "l": (lambda d: (d.hour - 1) % 12 + 1, 2, " "),
    "M": (lambda d: d.minute, 2, "0"),
    "S": (lambda d: d.second, 2, "0"),
    "s": (_seconds, 0, "0"),
    "u": (lambda d: d.isoweekday(), 0, "0"),
    "w": (lambda d: d.isoweekday() % 7, 0, "0"),
    "G": (lambda d: d.isocalendar().year, 4, "0"),
    "g": (lambda d: d.isocalendar().year % 100, 2, "0"),
    "V": (lambda d: d.isocalendar().week, 2, "0"),
    "U": (lambda d: _week(d, 6), 2, "0"),
    "W": (lambda d: _week(d, 0), 2, "0"),
}
_FRACTIONS: Mapping[str, int] = {"L": 3, "N": 9}
_WHOLES: Mapping[str, str] = {
    "c": "%a %b %e %H:%M:%S %Y",
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "r": "%I:%M:%S %p",
    "R": "%H:%M",
    "T": "%H:%M:%S",
    "v": "%e-%^b-%Y",
    "x": "%m/%d/%y",
    "X": "%H:%M:%S",
}
