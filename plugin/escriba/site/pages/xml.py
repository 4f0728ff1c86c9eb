"""Text that XML can hold."""

from __future__ import annotations

import re

# XML 1.0 has no place for these, not even escaped (section 2.2), and a model may write them.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(data: bytes) -> bytes:
    """A document without the characters that XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", data.decode()).encode()
