"""Text on a terminal: every character is seen, and none is obeyed."""

from __future__ import annotations

from pathlib import Path

import pytest

from escriba.ground.errors import Place, Problem, SourceError
from escriba.ground.terminal import visible, visible_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\tc", "a\nb\tc"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x1b[2J\x1b[1;31mred", "␛[2J␛[1;31mred"),
        ("over\rwritten", "over␍written"),
        ("a\bb\0\x7f", "a␈b␀␡"),
        ("\x9b31m\x85", "U+009B31mU+0085"),
        ("exe.\u202ecod", "exe.U+202Ecod"),
        ("\u2066\u2069\u200f\u200e\u061c", "U+2066U+2069U+200FU+200EU+061C"),
        ("a\u2028b\u2029", "aU+2028bU+2029"),
        ("caf\udce9 \ud800", "caf\\xe9 U+D800"),
        ("niño 🙂 👩\u200d🚀 \ufeff שלום", "niño 🙂 👩\u200d🚀 \ufeff שלום"),
    ],
)
def test_what_is_obeyed_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_problem_is_one_line_whatever_is_in_it() -> None:
    assert visible_line("a\nposts/b.md:1: nothing\t!") == "a␊posts/b.md:1: nothing␉!"
    place = Place(Path("posts/\x1b[31m\n.md"), 2)
    problem = Problem("unknown option 'a\x1b[0m\n::error::'", place)
    assert str(problem) == "posts/␛[31m␊.md:2: unknown option 'a␛[0m␊::error::'"
    assert str(SourceError([problem, problem])) == f"{problem}\n{problem}"
