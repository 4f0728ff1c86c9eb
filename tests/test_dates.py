"""Dates in Liquid: Ruby's directives, and nothing of the clock or the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from escriba.ground.errors import Place, SourceError
from escriba.markup.liquid import render
from escriba.markup.liquid.context import LiquidContext
from escriba.markup.liquid.dates import read_date, write_date

START = Place(Path("a.md"), 1)
MOMENTS = [
    datetime(2020, 3, 5, 7, 4, 9, tzinfo=timezone(timedelta(hours=-6))),
    datetime(2021, 1, 3, 13, 0, 0, tzinfo=UTC),
    datetime(2024, 12, 30, 0, 59, 59, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    datetime(1969, 12, 31, 12, 0, 1, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
]
LETTERS = (
    "A a B b h p P z :z Z L N n t % Y C y m d e j H k I l M S s u w G g V U W c D F r R T v x X"
)
FLAGS = ("", "-", "0", "^", "_", "10", "010", "_5", "^8", "3")
# What Ruby makes of a zone or of fractions that are padded, and nobody writes.
ODD = {*"zZLN", ":z"}


def test_directives_are_rubys() -> None:
    if not shutil.which("ruby"):
        pytest.skip("ruby is not installed")
    forms = [
        f"%{flag}{letter}"
        for letter in LETTERS.split()
        for flag in (("", "0") if letter in ODD else FLAGS)
    ]
    forms += ["%-d. %B %Y", "%-10d", "%3N%6N", "%-I:%M %p", "%%Y", "%é", "%#p", "%#b"]
    program = "\n".join(
        f"t = Time.new({m.year},{m.month},{m.day},{m.hour},{m.minute},{m.second},"
        f"'{m.isoformat()[-6:]}'){'.utc' if m.tzinfo is UTC else ''}\n"
        + "\n".join(f"print t.strftime({form!r}), 0.chr" for form in forms)
        for m in MOMENTS
    )
    done = subprocess.run(
        ["ruby", "-Ku", "-"], input=program.encode(), capture_output=True, check=True
    )
    theirs = done.stdout.decode().split("\0")[:-1]
    ours = [write_date(moment, form) for moment in MOMENTS for form in forms]
    assert len(ours) == len(theirs)
    assert [(m, t) for m, t in zip(ours, theirs, strict=True) if m != t] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-10-01 23:30:34 -0600", "2020-10-01 23:30:34 -0600"),
        ("2020-10-01T23:30:34Z", "2020-10-01 23:30:34 +0000"),
        ("March 3, 2020", "2020-03-03 00:00:00 +0000"),
        ("Thu, 05 Mar 2020 10:00:00 GMT", "2020-03-05 10:00:00 +0000"),
        ("2020-03-03 10:00 CET", "2020-03-03 10:00:00 +0000"),
        ("2020-02", "2020-02-01 00:00:00 +0000"),
        ("1583222400", "2020-03-03 08:00:00 +0000"),
        ("99999999999999999999", "99999999999999999999"),
        ("no date", "no date"),
        ("2020-02-31", "2020-02-31"),
        ("2" * 101, "2" * 101),
    ],
)
def test_a_date_is_read_and_what_is_none_stays(text: str, expected: str) -> None:
    template = f"{{{{ '{text}' | date: '%Y-%m-%d %H:%M:%S %z' }}}}"
    assert render(template, LiquidContext(), START)[0] == expected


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ 'now' | date: '%Y' }}", "'now' would make every build another one; write the date"),
        ("{{ 'Today' | date: '%Y' }}", "'Today' would make every build another one"),
        ("{{ 'March' | date: '%B' }}", "'March' names no year and month; write them"),
        ("{{ '10:30' | date: '%H' }}", "'10:30' names no year and month; write them"),
        ("{{ 'friday' | date: '%d' }}", "'friday' names no year and month; write them"),
        ("{{ '2020-01-01' | date: '%99999d' }}", "'%99999d' is wider than 1000 characters"),
        ("{{ true | date: '%d' }}{{ page | date: '%d' }}", "'{}' is not a date"),
    ],
)
def test_a_date_that_only_a_clock_knows_is_a_mistake(template: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        render(template, LiquidContext(), START)
    assert f": Liquid: {message}" in str(caught.value)


def test_no_machine_has_a_say_in_a_date() -> None:
    text = "{{ '2020-07-01 10:00 CET' | date: '%s %z %Z %c' }}{{ 0 | date: '%F %T' }}"
    program = (
        "import sys; from pathlib import Path\n"
        "from escriba.markup.liquid import LiquidContext, render\n"
        "from escriba.ground.errors import Place\n"
        f"print(render({text!r}, LiquidContext(), Place(Path('a'), 1))[0])\n"
    )
    found = set()
    for zone in ("UTC", "Europe/Madrid", "America/Bogota"):
        environment = {**os.environ, "TZ": zone, "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            env=environment,
        )  # fmt: skip
        found.add(done.stdout)
    assert found == {"1593597600 +0000  Wed Jul  1 10:00:00 20201970-01-01 00:00:00\n"}


def test_dates_are_dates_already() -> None:
    moment = MOMENTS[0]
    assert read_date(moment) is moment
    assert read_date(moment.date()) == datetime(2020, 3, 5)
    assert read_date(None) is None
