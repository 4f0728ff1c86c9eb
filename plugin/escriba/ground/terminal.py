"""Text for a terminal, which obeys what it is sent: nothing in a text is a command.

A file's name, a key of somebody's YAML, a word of a post and whatever a model writes may hold
escape sequences, which move the cursor, rename the window or answer in the person's stead, and
marks of direction, which show `cod.exe` for `exe.doc`.
"""

from __future__ import annotations

import re

# C0, DEL and C1; the marks of direction; the separators that some take for line ends; surrogates,
# which are the bytes of a name that is not UTF-8.
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def visible(text: str) -> str:
    """A text whose every character is seen and none is obeyed, but for line ends and tabs: ␛ for
    ESC, and U+202E for what has no picture."""
    return _OBEYED.sub(_picture, text)


def visible_line(text: str) -> str:
    """The same in one line, which cannot be taken for two: a message."""
    return visible(text).replace("\n", "␊").replace("\t", "␉")


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"U+{code:04X}"
