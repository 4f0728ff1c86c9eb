"""What is served at a moment, and what a page of it has besides while somebody writes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from urllib.parse import unquote

from escriba.ground.digest import digest
from escriba.ground.language import plural, reading_language, tr
from escriba.site.output.contents import Content, Packed

EVENTS = "/.escriba/events"


@dataclass(frozen=True)
class Edition:
    """What is served at a moment: the last good site, and the mistakes made since.

    `baseurl` is the path under which that site lives; `warnings` are said and not shown.
    """

    files: Mapping[str, Content] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    baseurl: str = ""
    warnings: tuple[str, ...] = ()

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


def inject(page: bytes, edition: Edition) -> bytes:
    """A page with the script that reloads it and, if there are any, the mistakes."""
    addition = _SCRIPT.replace("EVENTS", json.dumps(EVENTS)).replace("STAMP", edition.stamp)
    if edition.problems:
        stale = " " + tr("This is the site as it was before.") if edition.files else ""
        addition = overlay(edition.problems, stale) + addition
    head, body, tail = page.rpartition(b"</body>")
    return head + addition.encode() + body + tail if body else page + addition.encode()


def overlay(problems: tuple[str, ...], words: str = "") -> str:
    """Mistakes, as they stand over a page."""
    items = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
    title = plural("{number} mistake", "{number} mistakes", len(problems))
    return (
        f'<aside id="escriba-mistakes" role="alert" lang="{reading_language()}" style="{_STYLE}">'
        f'<strong>{title}.</strong>{words}<ul style="margin:.5em 0 0;padding-left:1.2em">{items}'
        "</ul></aside>"
    )


BLANK = (
    b'<!doctype html><html lang="en"><head><meta charset="utf-8">'
    b'<meta name="color-scheme" content="light dark"><title>escriba</title></head>'
    b"<body></body></html>"
)
_STYLE = (
    "position:fixed;inset:auto 0 0 0;max-height:60vh;overflow:auto;z-index:9;margin:0;"
    "padding:1em 1.4em;background:#5c0f0f;color:#fff;font:14px/1.5 ui-monospace,monospace;"
    "overflow-wrap:anywhere"
)
# The first event tells what is current; a page reloads when that is not what it shows. A browser
# opens six connections to a server and no more, so of all its pages one listens and tells the
# others; when it goes, the next one does. Without locks only pages that are seen listen.
_SCRIPT = """<script>
(function () {
  var source = null, current = "", channel = new BroadcastChannel("escriba");
  function check(stamp) {
    current = stamp;
    if (stamp !== "STAMP") location.reload();
  }
  function listen() {
    if (source) source.close();
    source = new EventSource(EVENTS);
    source.onmessage = function (event) {
      channel.postMessage(event.data);
      check(event.data);
    };
    source.onerror = function () {
      if (source.readyState === 2) setTimeout(listen, 3000);
    };
  }
  channel.onmessage = function (event) {
    if (event.data !== "?") check(event.data);
    else if (source && current) channel.postMessage(current);
  };
  if (navigator.locks) {
    navigator.locks.request("escriba", function () {
      listen();
      return new Promise(function () {});
    });
    channel.postMessage("?");
  } else {
    document.addEventListener("visibilitychange", function () {
      if (!document.hidden) listen();
      else if (source) source.close();
    });
    listen();
  }
})();
</script>
"""
