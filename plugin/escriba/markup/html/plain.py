"""The text of some HTML that is a string."""

from __future__ import annotations

import html
import re

_TAG = re.compile(r"<[a-zA-Z/!][^>]*>")
_LONG = re.compile("&#([0-9]{8,})")


def strip_tags(markup: str) -> str:
    """HTML without its tags and comments; one that is not closed stays."""
    end = markup.rfind(">") + 1
    return _TAG.sub("", markup[:end]) + markup[end:]


def unescape(markup: str) -> str:
    """Text with its entities resolved; Python's own function fails at numbers of 4,301 digits."""
    return html.unescape(_LONG.sub(lambda m: f"&#{m[1].lstrip('0')[:8] or 0}", markup))
