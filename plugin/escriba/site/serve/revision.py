"""What is served at a moment, and what a page of it has besides while somebody writes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from jinja2 import Environment, StrictUndefined

from escriba.ground.digest import digest
from escriba.ground.files import read_text
from escriba.ground.language import plural, reading_language, tr
from escriba.site.output.contents import Content, Packed

EVENTS = "/.escriba/events"

# Read at once: a server goes on while escriba is installed anew.
_FOLDER = Path(__file__).parent
_RELOAD = read_text(_FOLDER / "reload.js")
_JINJA = Environment(
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_OVERLAY = _JINJA.from_string(read_text(_FOLDER / "overlay.html"))
BLANK = read_text(_FOLDER / "blank.html").encode()


@dataclass(frozen=True)
class Revision:
    """What is served at a moment: the last good site, and the mistakes made since.

    `baseurl` is the path under which that site lives; `warnings` are said and not shown;
    `untrained` are the models whose training would mend mistakes.
    """

    files: Mapping[str, Content] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    baseurl: str = ""
    warnings: tuple[str, ...] = ()
    untrained: frozenset[str] = frozenset()

    @cached_property
    def stamp(self) -> str:
        """The digest of it all: a page that shows another one is out of date."""
        parts = {name: _mark(content) for name, content in self.files.items()}
        return digest([parts, list(self.problems), self.baseurl])[:16]

    @property
    def base(self) -> str:
        """The path of the site as requests have it, decoded."""
        return unquote(self.baseurl)


def _mark(content: Content) -> str:
    """What changes when a file does. One on disk is not read for it: it may be a film."""
    if isinstance(content, Packed):
        return content.digest
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    try:
        found = content.stat()
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ino}"


def find(name: str, files: Mapping[str, Content]) -> str | None:
    """The file that a server of static files shows for a path."""
    wanted = [name + "index.html"] if name.endswith("/") or not name else [name, f"{name}.html"]
    return next((candidate for candidate in wanted if candidate in files), None)


def inject(page: bytes, revision: Revision) -> bytes:
    """A page with the script that reloads it and, if there are any, the mistakes."""
    script = _RELOAD.replace("EVENTS", json.dumps(EVENTS)).replace("STAMP", revision.stamp)
    addition = f"<script>\n{script}</script>\n"
    if revision.problems:
        stale = " " + tr("This is the site as it was before.") if revision.files else ""
        addition = overlay(revision.problems, stale) + addition
    head, body, tail = page.rpartition(b"</body>")
    return head + addition.encode() + body + tail if body else page + addition.encode()


def overlay(problems: tuple[str, ...], words: str = "") -> str:
    """Mistakes, as they stand over a page."""
    title = plural("{number} mistake", "{number} mistakes", len(problems))
    return _OVERLAY.render(lang=reading_language(), title=title, words=words, problems=problems)
