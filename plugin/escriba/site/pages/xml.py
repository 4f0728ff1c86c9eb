"""Text that XML can hold."""

from __future__ import annotations

import re

# XML 1.0 has no place for these, not even escaped (section 2.2), and a model may write them. (What
# is not in the ranges that it has is the same, and takes six times as long to compile.)
_NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def clean(data: bytes) -> bytes:
    """A document without the characters that XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", data.decode()).encode()
