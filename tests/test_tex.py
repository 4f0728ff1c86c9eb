"""What math-core would take hours for, or its stack, is refused before it is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba import tex

UNCLOSED = "more than 14 brackets open without being closed"


@pytest.mark.parametrize(
    "formula",
    [
        "(" * 40,
        "[" * 9990,
        "(x" * 40,
        "(a+" * 40,
        "( " * 40,
        "{(}" * 40,
        "\\{" * 40,
        "\\langle " * 40,
        "\\lvert x |" * 40,
        "\\bigl(" * 40,
        "\\mathopen(" * 40,
        "⟨" * 40,
        ")" * 40 + "(" * 40,
        "{" + "(" * 40 + "}" + ")" * 40,
        "\\left." + "(" * 40 + "\\right." + ")" * 40,
        "(" * 40 + "{" + ")" * 40 + "}",
        "(" * 40 + "% a comment" + ")" * 40,
    ],
)
def test_brackets_without_an_end_are_refused(formula: str) -> None:
    """Each doubles the time: 40 of them would take four hours."""
    with pytest.raises(tex.TexError, match=UNCLOSED):
        tex.render(formula, display=True)


@pytest.mark.parametrize(
    "formula",
    [
        "(" * 14,
        "]0,1[ \\cup " * 40 + "x",
        "[0,1) " * 40,
        "(x(" * 40 + "))" * 40,
        "\\left( x \\right] " * 40,
        "( a \\leftarrow b ) " * 40,
        "\\left\\{ x \\right. " * 40,
        "\\bigl( x \\bigr) " * 40,
        "\\lvert x \\rvert " * 40,
        "\\begin{aligned} f(x &+ \\\\ y) \\end{aligned} " * 20,
        "\\{ x \\mid x > 0 \\} " * 40,
        "|x| \\Big( y \\Big) " * 40,
    ],
)
def test_brackets_as_people_write_them(formula: str) -> None:
    assert tex.render(formula, display=True).startswith("<math")


PIECES = st.sampled_from(
    ["(", ")", "[", "]", "{", "}", "x", "\\{", "\\}", "\\left(", "\\right)", "\\left.", "^", "_", "&",
     "\\\\", "\\frac", "\\sqrt", "\\lvert ", "\\rvert ", "|", "\\bigl(", "\\mathop", "\\langle ", "⟨", "⟩",
     "\\begin{matrix}", "\\end{matrix}", "\\text{", "\\mathrm", "\\not", ",", "+", "%", "\n"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=80).map("".join))
def test_any_formula_ends_at_once(formula: str) -> None:
    """Or this test would not end."""
    try:
        tex.render(formula, display=True)
    except tex.TexError as error:
        assert 0 <= error.offset <= len(formula)
