"""What comes next in a text, found once however often one asks."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from escriba.ground.ahead import Ahead, Runs, find_code, pair_ticks

END = re.compile("-->")


def test_an_end_that_never_comes_is_looked_for_once() -> None:
    searches = []

    class Pattern:
        def search(self, text: str, at: int) -> re.Match[str] | None:
            searches.append(at)
            return END.search(text, at)

    ahead = Ahead("<!--" * 1000)
    pattern: re.Pattern[str] = Pattern()  # type: ignore[assignment]
    assert all(ahead.search(pattern, at) is None for at in range(0, 4000, 4))
    assert searches == [0]


@given(st.text("->x", max_size=20), st.lists(st.integers(0, 20), max_size=8))
def test_any_question_has_the_answer_of_a_search(text: str, questions: list[int]) -> None:
    ahead = Ahead(text)
    for at in questions:
        found, expected = ahead.search(END, at), END.search(text, at)
        assert (found and found.span()) == (expected and expected.span())


@given(st.lists(st.integers(1, 5), max_size=12), st.integers(-1, 12), st.integers(1, 5))
def test_the_next_run_that_is_long_enough(lengths: list[int], place: int, length: int) -> None:
    runs = Runs()
    for at, each in enumerate(lengths):
        runs.add(at, each)
    expected = [at for at, each in enumerate(lengths) if at > place and each >= length]
    assert runs.find(place, length) == (expected[0] if expected else None)


# What these were in one expression each, which took time with the square of a text.
SPAN = re.compile(r"(?<![\\`])(`+)(?!`)(?:(?!\n\s*\n).)*?(?<!`)\1(?!`)", re.S)
PAIR = re.compile(r"(?<!`)(`+)(?!`)(?=(?:.*?(?<!`)(\1(?!`))))", re.S)

ticks = st.lists(st.sampled_from(["`", "``", "```", "x", " ", "\n", "\n \n", "\\"]), max_size=14)


@given(ticks.map("".join))
def test_code_spans_are_those_of_the_expression(text: str) -> None:
    assert list(find_code(text)) == [match.span() for match in SPAN.finditer(text)]


@given(ticks.map("".join))
def test_runs_of_backticks_pair_with_the_next_of_their_length(text: str) -> None:
    assert pair_ticks(text) == {match.start(): match.end(2) for match in PAIR.finditer(text)}
