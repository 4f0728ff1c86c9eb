"""Which code Pygments is given to read.

Many of its lexers look ahead from each character to the end of a line, of the blank lines that
follow, or of the text; so their time grows with the square of that. Nobody reads colours in code
of such a length, and it is shown without them.
"""

from __future__ import annotations

import re

LONGEST = 50_000  # characters
HEREDOCS = 20  # in the languages in which each is looked for to the end of the text, and again
_HEREDOC = frozenset({"cr", "crystal", "hcl", "terraform", "tf"})
_ENDLESS = re.compile(r"\s{200}|[^\n]{2000}")  # blank lines, or a line


def is_lexed(code: str, language: str) -> bool:
    """Whether code gets colours: it is no longer than people read, and neither is a line of it,
    nor a gap.

    >>> is_lexed("x = 1\\n" * 1000, "python"), is_lexed("x = 1; " * 1000, "python")
    (True, False)
    """
    if language.lower() in _HEREDOC and code.count("<<") > HEREDOCS:
        return False
    return len(code) <= LONGEST and _ENDLESS.search(code) is None
