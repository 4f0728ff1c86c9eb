from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba.sampling.until import count_settled, find_end


@pytest.mark.parametrize(
    ("until", "text", "left"),
    [
        (None, "a.\n\nb", None),
        ("paragraph", "one\ntwo\n\nthree", "one\ntwo"),
        ("paragraph", "one\n\n\n\ntwo", "one"),
        ("paragraph", "\n\n\none\n\ntwo", "\n\n\none"),
        ("paragraph", "\n\n\n", None),
        ("paragraph", "one\ntwo\n", None),
        ("sentence", "He went. She", "He went."),
        ("sentence", "He went.", None),
        ("sentence", "3.14 is not a sentence! Or", "3.14 is not a sentence!"),
        ("sentence", "“What?!” said he", "“What?!”"),
        ("sentence", "(“So…”)\nAnd", "(“So…”)"),
        ("sentence", "«¿Cómo?»\n", "«¿Cómo?»"),
        ("sentence", "...  ", "..."),
        ("STOP", "do not STOP here", "do not STOP"),
        ("STOP", "do not STO", None),
        ("\n\n", "one\n\ntwo", "one\n\n"),
    ],
)
def test_ends(until, text, left):
    end = find_end(text, until)
    assert (None if end is None else text[:end]) == left


@given(
    st.text("a.\n”!", max_size=40),
    st.sampled_from([None, "paragraph", "sentence", "a.", "\n\n", "\n\n\n"]),
)
def test_what_is_settled_stays(text, until):
    """However a text goes on, what was shown of it is a part of what is left in the end."""
    full_end = find_end(text, until)
    full = text if full_end is None else text[:full_end]
    for size in range(len(text) + 1):
        end = find_end(text[:size], until)
        if end is None:
            assert full.startswith(text[: count_settled(text[:size], until)])
        else:
            assert text[:end] == full
