"""How Pygments is given code to read.

Many of its lexers look ahead from each character to the end of a line, of the blank lines that
follow, or of the text; so their time grows with the square of that. And some come to a place from
which they never go on. So no lexer looks ahead further than WINDOW, none may say more than there
is to say, and code of a length in which nobody reads colours is shown without.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

LONGEST = 50_000  # characters
WINDOW = 4000  # characters that a lexer looks ahead
HEREDOCS = 20  # in the languages in which each is looked for to the end of the text, and again
_HEREDOC = frozenset({"cr", "crystal", "hcl", "terraform", "tf"})
_ENDLESS = re.compile(r"\s{200}|[^\n]{2000}")  # blank lines, or a line
# Languages in which something is looked for from each place on: a declaration, from a word to a
# parenthesis, a value, or what ends a number; and how much without either is no code in them.
_DECLARING = re.compile(r"[\w\s@$.,*\[\]<>]{300}")
_ASSIGNING = re.compile(r"[^=]{1000}")
_COUNTING = re.compile(r"\d{20}")
_UNLIKELY = {
    **dict.fromkeys(("antlr-c#", "antlr-csharp", "aspx-cs", "c#", "cs", "csharp"), _DECLARING),
    **dict.fromkeys(("groovy", "java", "nemerle", "ragel-java", "thrift"), _DECLARING),
    **dict.fromkeys(("x++", "xpp"), _DECLARING),
    **dict.fromkeys(("bro", "mcf", "mcfunction", "zeek"), _COUNTING),
    "systemd": _ASSIGNING,
}


class EndlessError(Exception):
    """A lexer does not go on."""


def is_lexed(code: str, language: str) -> bool:
    """Whether code gets colours: it is no longer than people read, and neither is a line of it,
    nor a gap.

    >>> is_lexed("x = 1\\n" * 1000, "python"), is_lexed("x = 1; " * 1000, "python")
    (True, False)
    """
    if language.lower() in _HEREDOC and code.count("<<") > HEREDOCS:
        return False
    unlikely = _UNLIKELY.get(language.lower(), _ENDLESS)
    return len(code) <= LONGEST and not (_ENDLESS.search(code) or unlikely.search(code))


def find_lexer(language: str, code: str) -> Any:
    """Pygments' lexer for some code in a language; None for a language that it does not know."""
    return _find(language.lower(), len(code) > WINDOW)


def spans(pieces: Iterator[Any], code: str) -> Iterator[Any]:
    """What a lexer says of some code. Raises EndlessError if that does not end."""
    for count, piece in enumerate(pieces):
        if count > 4 * len(code) + 1000:
            raise EndlessError
        yield piece


@cache
def _find(language: str, bounded: bool) -> Any:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=True)
    except ClassNotFound:
        return None
    if bounded:
        _bound(lexer)
    return lexer


def _bound(lexer: Any) -> None:
    """Let the rules of a lexer, and of those that it is made of, see no further than WINDOW."""
    for part in ("root_lexer", "language_lexer"):
        if hasattr(lexer, part):
            _bound(getattr(lexer, part))
    rules = getattr(lexer, "_tokens", None)
    if isinstance(rules, dict):
        lexer._tokens = {
            state: [(_look_near(match), *rest) for match, *rest in each]
            for state, each in rules.items()
        }


def _look_near(match: Callable[..., Any]) -> Callable[..., Any]:
    return lambda text, at=0, end=sys.maxsize: match(text, at, min(end, at + WINDOW))
