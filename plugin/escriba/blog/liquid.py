"""Liquid, the template language of Jekyll's posts.

Most posts need only `highlight`, `raw` and `comment`; these are read here, and python-liquid,
whose import takes longer than all the rest of a build, only where something else is asked for
(`tags` has what Jekyll adds to it). Blocks of escriba and formulas that hold `{{` are not Liquid.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from escriba.article.fences import find
from escriba.blog import highlight
from escriba.errors import Place, SourceError
from escriba.language import tr

# Characters that no text may hold (Unicode keeps them for uses such as this one).
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_LITERAL = re.compile(
    r"\{%-?\s*(?P<name>raw|comment)\s*-?%\}(?P<text>.*?)\{%-?\s*end(?P=name)\s*-?%\}"
    r"|(?P<indent>^[ \t]*)?\{%-?\s*highlight(?P<options>[^%]*?)-?%\}"
    r"(?P<code>.*?)\{%-?\s*endhighlight\s*-?%\}",
    re.S | re.M,
)
_RAW = re.compile(r"\{%-?\s*raw\s*-?%\}(.*?)\{%-?\s*endraw\s*-?%\}", re.S)
_OPTIONS = re.compile(
    r"\s*(?P<language>[\w.+#-]+)(?P<others>(?:\s+\w+(?:=(?:\w+|\"[\d\s]*\"))?)*)\s*"
)
_FORMULA = re.compile(r"\$\$(?:(?!\$\$|\n[ \t]*\n).)*?\{[{%](?:(?!\$\$|\n[ \t]*\n).)*\$\$", re.S)
_DELIMITER = re.compile(r"\{\{|\{%")


@dataclass(frozen=True)
class LiquidContext:
    """What a post's Liquid can see.

    `site` and `page` are the variables of these names; `includes` the folders in which
    `{% include %}` looks, in order; `posts` maps `2020-10-01-name` to a URL for `{% post_url %}`;
    `links` maps a source path (`_posts/2020-10-01-name.md`) to a URL for `{% link %}`.
    URLs are without the site's `baseurl`, which `site["baseurl"]` holds and the tags prepend.
    """

    site: Mapping[str, object] = field(default_factory=dict)
    page: Mapping[str, object] = field(default_factory=dict)
    includes: tuple[Path, ...] = ()
    posts: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)


class LiquidSourceError(SourceError):
    """A mistake in a post's Liquid; its line is already that of the file."""


def render(text: str, context: LiquidContext, start: Place) -> tuple[str, dict[str, str]]:
    """The text that Liquid makes, and the HTML for each mark that it leaves for Markdown.

    `start` is the place of the text's first line. Raises LiquidSourceError.
    """
    if not _DELIMITER.search(text):
        return text, {}
    return _Page(text, context, start).render()


@dataclass(frozen=True)
class _Stashed:
    """A stretch that Liquid does not see: how it stood in the source, and what it becomes."""

    source: str
    result: str


class _Page:
    """One text on its way through Liquid."""

    def __init__(self, text: str, context: LiquidContext, start: Place):
        self.text = text.replace(_OPEN, "").replace(_CLOSE, "")
        self.context = context
        self.start = start
        self.stash: list[_Stashed] = []
        self.code: dict[str, str] = {}

    def render(self) -> tuple[str, dict[str, str]]:
        lines = self.text.split("\n")
        for fence in reversed(list(find(lines, self.start))):
            whole = "\n".join(lines[fence.first : fence.end])
            lines[fence.first : fence.end] = [self._hide(whole, whole)]
        text = _FORMULA.sub(lambda m: self._hide(m[0], m[0]), "\n".join(lines))
        text = _LITERAL.sub(self._literal, text)
        return self._show(self._evaluate(text)), self.code

    def _literal(self, match: re.Match[str]) -> str:
        if match["name"] == "raw":
            return self._hide(match[0], match["text"])
        if match["name"] == "comment":
            return self._hide(match[0], "")
        return self._highlight(match)

    def _highlight(self, match: re.Match[str]) -> str:
        options = _OPTIONS.fullmatch(match["options"])
        if options is None:
            given = match["options"].strip()
            raise LiquidSourceError(
                tr(
                    "'highlight' needs a language and, at most, 'linenos', not '{given}'",
                    given=given,
                ),
                self._place(match.string, match.start() + len(match["indent"] or "")),
            )
        code = _RAW.sub(lambda m: self._hide(m[0], m[1]), match["code"])
        code = self._show(self._evaluate(code, match.string[: match.start("code")]))
        # As many lines as before, so that what follows keeps its own; within a list item or a
        # line they would end it.
        alone = match["indent"] == ""
        mark = self._hide(match[0], "\n" * (match[0].count("\n") if alone else 0))
        self.code[mark] = highlight.figure(
            code, options["language"], numbered="linenos" in options["others"]
        )
        return (match["indent"] or "") + mark

    def _hide(self, source: str, result: str) -> str:
        self.stash.append(_Stashed(source, result))
        return f"{_OPEN}{len(self.stash) - 1}{_CLOSE}"

    def _show(self, text: str) -> str:
        """The text with what was hidden in it; marks of highlighted code stay for Markdown."""

        def restore(match: re.Match[str]) -> str:
            kept = match[0] if match[0] in self.code else ""
            return kept + self._show(self.stash[int(match[1])].result)

        return _MARK.sub(restore, text)

    def _place(self, text: str, at: int) -> Place:
        """The place in the file of a position in the text with marks."""
        before = text[:at]
        while _MARK.search(before):
            before = _MARK.sub(lambda m: self.stash[int(m[1])].source, before)
        line = before.count("\n")
        column = len(before) - (before.rfind("\n") + 1) + 1
        return Place(self.start.path, self.start.line + line, column)

    def _evaluate(self, text: str, before: str = "") -> str:
        if not _DELIMITER.search(text):
            return text
        from escriba.blog import tags

        try:
            return tags.evaluate(text, self.context)
        except tags.TemplateError as failure:
            where = self._place(before + text, len(before) + failure.at)
            raise LiquidSourceError(failure.message, where) from None
