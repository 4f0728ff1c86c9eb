"""A frozen answer: `models/<name>/<kind>/<first 12 hex of the question's digest>.txt`.

A file is a YAML header (the question, and the digest of the answer), a line `---`, and the answer,
byte for byte. Reading one needs neither numpy nor the model's weights. Git may change the line ends
of text files as it checks them out (`core.autocrlf`), or as it takes them in: an answer that has
its digest with others is the one that was given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escriba.evidence.question import Kind, Question
from escriba.ground import schema
from escriba.ground.atomic import open_atomically
from escriba.ground.digest import digest, text_digest
from escriba.ground.errors import FrozenError, Place, SourceError
from escriba.ground.files import read_bytes
from escriba.ground.language import tr

REASONS = 3  # that a message gives, at most, for calling an answer edited
SEPARATOR = b"\n---\n"
_SEPARATOR = re.compile(rb"(\r?\n---\r?\n)")


@dataclass(frozen=True)
class FrozenAnswer:
    """An answer on disk. `question` is as its `to_dict`, `digest` is that one's."""

    question: Mapping[str, Any]
    digest: str
    text: str
    path: Path


class LineEndsError(FrozenError):
    """An answer whose line ends were changed, and that cannot be told from what is left of them."""


def edited(shown: Path, reason: str) -> str:
    """What a message says of an edited sample."""
    return tr(
        "the frozen sample {path} was edited: {reason}; `escriba refresh` writes it again",
        path=shown, reason=reason,
    )  # fmt: skip


def read(path: Path, kind: Kind, shown: Path | None = None) -> FrozenAnswer:
    """The frozen answer of a file; `shown` is the path that errors name.

    Raises FrozenError, located in the file, if it cannot be read or its text is not the one
    that its header tells.
    """
    place = Place(shown or path, 1)
    data = read_bytes(path, place.path, kind=FrozenError)
    head, separator, body = _split(data)
    if not separator:
        raise FrozenError(tr("no line '---' ends its header"), place)
    try:
        header = schema.read(kind.header, head.decode().replace("\r\n", "\n"), place)
        text = body.decode()
    except SourceError as error:
        raise FrozenError(error.problems) from None
    except UnicodeDecodeError as error:
        before = data[: error.start + (len(head + separator) if error.object == body else 0)]
        line = before.count(b"\n") + 1
        raise FrozenError(tr("not UTF-8"), Place(place.path, line)) from None
    known = next(
        (each for each in _with_other_ends(text) if text_digest(each) == header.text), None
    )
    if known is None:
        at = Place(place.path, head.count(b"\n") + 3)
        if b"\r" in separator:
            raise LineEndsError(_of_windows(place.path), at)
        raise FrozenError(tr("its text is not the one that was sampled"), at)
    text = known
    question = header.to_dict()
    return FrozenAnswer(question, digest(question), text, path)


def read_text(path: Path) -> str | None:
    """The text of a file that may have been edited, whatever its header says; None if there is
    none."""
    try:
        _, separator, body = _split(read_bytes(path, kind=FrozenError))
        text = body.decode()
        return (text.replace("\r\n", "\n") if b"\r" in separator else text) if separator else None
    except (FrozenError, UnicodeDecodeError):
        return None


def _of_windows(shown: Path) -> str:
    return tr(
        "the frozen sample {path} has line ends of Windows, and its text is not the one that was "
        "sampled: git changed more line ends than it can change back, or it was edited; with "
        "`*.txt -text` in models/.gitattributes git changes none, and `escriba refresh` writes it "
        "again",
        path=shown,
    )


def _split(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Header, separator and text; with line ends of Windows, too. No separator: nothing of it."""
    parts = _SEPARATOR.split(data, maxsplit=1)
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else (data, b"", b"")


def _with_other_ends(text: str) -> Iterator[str]:
    """A text as it stands, and as it was if its line ends were changed."""
    yield text
    plain = text.replace("\r\n", "\n")
    if plain != text:
        yield plain
    elif "\n" in text:
        yield text.replace("\n", "\r\n")


def write(path: Path, kind: Kind, question: Question, text: str) -> None:
    """Freeze an answer: all of the file, or nothing, appears under its name. Raises OSError."""
    lines = [
        f"{name.replace('_', '-')}: {_quote(value) if name in kind.free else value}"
        for name, value in question.to_dict().items()
    ]
    lines.append(f"text: {text_digest(text)}")
    data = "\n".join(lines).encode() + SEPARATOR + text.encode()
    with open_atomically(path) as file:
        file.write(data)


_SPECIAL = re.compile(r'["\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufeff\ufffe\uffff]')
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def _quote(text: str) -> str:
    """A YAML scalar on one line that any YAML reader gives back as it is."""
    return '"' + _SPECIAL.sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _NAMED.get(character) or f"\\u{ord(character):04x}"
