"""Entities of HTML, of which there may be any number of digits."""

from __future__ import annotations

import html
import re

_LONG = re.compile("&#([0-9]{8,})")


def unescape(markup: str) -> str:
    """Text with its entities resolved; Python's own function fails at numbers of 4,301 digits."""
    return html.unescape(_LONG.sub(lambda m: f"&#{m[1].lstrip('0')[:8] or 0}", markup))
