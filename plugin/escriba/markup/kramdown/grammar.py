"""The patterns that more than one part of kramdown's grammar needs.

They say what kramdown 2.4 with its GFM parser accepts (its `kramdown/parser/kramdown/*.rb`);
each is matched at the beginning of a line of a text whose last line ends in a line feed.
"""

from __future__ import annotations

import re

from escriba.markup.html.grammar import SPAN_ELEMENTS, STASHED, names

# What `markdown="1"` finds inside: blocks, the text of one paragraph, or (all others) nothing.
HOLDS_BLOCKS = names(
    "address applet article aside blockquote body dd details div dl fieldset figure figcaption "
    "footer form header hgroup iframe li main map menu nav noscript object section summary "
    "td"
)
HOLDS_TEXT = (SPAN_ELEMENTS | names("caption dt h1 h2 h3 h4 h5 h6 legend optgroup p th")) - names(
    "option kbd samp var code"
)
HOLDS_RAW = names("script style math option textarea pre code kbd samp var")

NAME = r"[A-Za-z_][\w.:-]*"
ATTRIBUTE = re.compile(rf"""\s*({NAME})(?:\s*=\s*(?:(\w+)|("|')(.*?)\3))?""", re.S)
TAG = rf"""<({NAME})((?:\s+{NAME}(?:\s*=\s*(?:\w+|"[^"]*"|'[^']*'))?)*)\s*(/)?>"""
CLOSE_TAG = rf"</({NAME})\s*>"
COMMENT = r"<!--.*?-->"

OPT = r"[ ]{0,3}"
INDENT = r"(?:\t|[ ]{4})"
BLANK = r"(?:[^\S\n]*\n)"
EOB = r"\^[^\S\n]*\n"
TAIL = r"[\t ].*\n"

STASHED_LINE = rf"[ \t]*{STASHED}[ \t]*\n"

WORD = r"\w[\w-]*"
ANY = r"(?:\\\}|[^}])"
# What stands in an attribute list, `\}` included. Its length is bounded, as many texts may begin
# like one that never ends.
LIST = r"[^}]{1,1000}+(?:(?<=\\)\}[^}]{0,1000}+){0,9}"
IAL = rf"\{{:(?!:|/)({LIST})\}}[^\S\n]*\n"
IAL_LINE = OPT + IAL

_SPANS = "|".join(sorted(SPAN_ELEMENTS | {"script"}))
HTML_START = rf"<(?!(?:{_SPANS})\b){NAME}"
HTML_STOP = rf"</(?!(?:{_SPANS})\b){NAME}\s*>"

LIST_UL = rf"({OPT}[+*-])({TAIL})"
LIST_OL = rf"({OPT}\d+\.)({TAIL})"
DEFINITION = rf"({OPT}:)({TAIL})"
HEADER = r"(#{1,6})[\t ]+(.*)\n"
QUOTE = rf"{OPT}> ?"
_RULES = "|".join(rf"{mark}[ \t]*{mark}[ \t]*{mark}[{mark} \t]*" for mark in (r"\*", "_", "-"))
RULE = rf"{OPT}(?:{_RULES})\n"
FENCE = rf"{OPT}(?:`{{3,}}|~{{3,}})"


def line(*patterns: str) -> re.Pattern[str]:
    """One pattern out of alternatives, matched at a position that begins a line."""
    return re.compile("|".join(f"(?:{p})" for p in patterns))


# Where a line that only goes on with what the author began, without its markers, stops doing so.
LAZY_END = line(BLANK, IAL_LINE, EOB, OPT + HTML_STOP, OPT + HTML_START, STASHED_LINE, r"\Z")
PARAGRAPH_END = line(
    LAZY_END.pattern, LIST_UL, LIST_OL, HEADER, DEFINITION, QUOTE, FENCE, STASHED_LINE
)
BOUNDARY = line(BLANK, EOB, IAL_LINE, r"\Z")

_CODE_END = line(IAL_LINE, EOB, OPT + HTML_STOP, OPT + HTML_START)
# Indented code, with the lines that lazily follow it.
CODE = (
    rf"(?:{BLANK}*(?:{INDENT}[ \t]*\S.*\n)+"
    rf"(?:(?!{_CODE_END.pattern}|{STASHED_LINE})[ \t]*\S.*\n)*)*"
)
