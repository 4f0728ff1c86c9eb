"""A post's text to HTML: Liquid, then Markdown as kramdown reads it, formulas as MathML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markdown import Markdown
from markdown.extensions import Extension

from escriba.blog.liquid import LiquidContext
from escriba.errors import Mistakes


@dataclass(frozen=True)
class Heading:
    """A heading of a post: its level (1 to 6), its id, and its text without markup."""

    level: int
    id: str
    text: str


@dataclass(frozen=True)
class Rendered:
    """A post as HTML; `excerpt` is the HTML of its beginning, as Jekyll cuts it."""

    html: str
    headings: tuple[Heading, ...]
    excerpt: str


def render(
    body: str,
    *,
    path: Path,
    first_line: int = 1,
    extensions: Sequence[Extension] = (),
    liquid: LiquidContext | None = None,
    mistakes: Mistakes | None = None,
) -> Rendered:
    """The HTML of a post's body.

    `path` is the post as errors name it and `first_line` the line of the file at which `body`
    begins. `extensions` are further Python-Markdown extensions, used as they are. Without
    `liquid`, `{{` and `{%` are text. Every mistake goes to `mistakes`; without it, all of this
    body's are raised together as one SourceError.
    """
    names = ["tables", "footnotes", "def_list", "abbr", "attr_list", "toc", "smarty", "fenced_code"]
    md = Markdown(extensions=[*names, *extensions], output_format="xhtml")
    html = md.convert(body)
    headings = tuple(_headings(md.toc_tokens))  # type: ignore[attr-defined]
    return Rendered(html, headings, html.split("</p>")[0] + "</p>")


def _headings(tokens: list[dict[str, object]]) -> list[Heading]:
    found = []
    for token in tokens:
        found.append(Heading(int(str(token["level"])), str(token["id"]), str(token["name"])))
        found.extend(_headings(token["children"]))  # type: ignore[arg-type]
    return found
