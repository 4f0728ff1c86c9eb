"""Liquid's tags as a page of Jekyll has them, for python-liquid. Imported only on demand."""

from __future__ import annotations

import os
import re
from abc import abstractmethod
from functools import cache
from pathlib import Path
from typing import ClassVar, TextIO

from liquid import Environment
from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode, Literal
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.echo_tag import EchoTag
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.stringify import to_liquid_string
from liquid.tag import Tag
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG, Token

from escriba.ground.errors import suggest
from escriba.ground.language import tr
from escriba.markup.liquid.budget import COLOURS, HIGHLIGHT
from escriba.markup.liquid.filters import FILTERS
from escriba.markup.liquid.page import JekyllError, Page
from escriba.markup.liquid.pieces import DEEPEST
from escriba.templating.budget import weigh


class _Environment(Environment):
    block_nesting_limit: ClassVar[int] = DEEPEST + 1  # `pieces` looks after it
    context_depth_limit: ClassVar[int] = 1000  # and `page` after this one


@cache
def environment() -> Environment:
    """Liquid as Jekyll has it; all that changes from page to page is in a Page."""
    env = _Environment()
    for tag in ("render", "liquid", "doc"):  # Shopify's; `pieces` cuts a `liquid` into lines
        del env.tags[tag]
    for kind in (_Text, _Output, _Echo, _Highlight, _PostUrl, _Link, _Include):
        env.add_tag(kind)
    env.filters.update(FILTERS)
    return env


class _TextNode(ContentNode):
    """Text as it is: it says where each character comes from."""

    def render_to_output(self, context: Page, buffer: TextIO) -> int:  # type: ignore[override]
        context.stand(self.token, copied=True)
        written = buffer.write(self.text)
        context.stand(self.token)
        return written


class _Text(Literal):
    node_class = _TextNode


class _OutputNode(OutputNode):
    def render_to_output(self, context: Page, buffer: TextIO) -> int:  # type: ignore[override]
        value = self.expression.evaluate(context)
        context.miss(value)
        if isinstance(value, (list, tuple, dict)):
            context.budget.spend(weigh(value, deep=True))  # it is about to become text
        context.stand(self.token)
        if isinstance(value, list):
            value = "".join(to_liquid_string(item, autoescape=False) for item in value)
        return buffer.write(to_liquid_string(value, autoescape=False))


class _Output(Output):
    node_class = _OutputNode


class _Echo(EchoTag):
    node_class = _OutputNode  # type: ignore[assignment]


class _JekyllNode(Node):
    """A tag that reads its own arguments; `token` is where they are, or else the tag."""

    def __init__(self, token: Token, arguments: str):
        super().__init__(token)
        self.arguments = arguments
        self.blank = False

    def __str__(self) -> str:
        return self.arguments

    def render_to_output(self, context: Page, buffer: TextIO) -> int:  # type: ignore[override]
        context.stand(self.token)
        return self.write(context, buffer)

    @abstractmethod
    def write(self, page: Page, buffer: TextIO) -> int:
        """Write what the tag becomes; how many characters that is."""


class _JekyllTag(Tag):
    node_class: type[_JekyllNode]
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        arguments = ""
        if stream.current.kind == TOKEN_EXPRESSION:
            token, arguments = stream.current, stream.current.value
        return self.node_class(token, arguments)


class _PostUrlNode(_JekyllNode):
    def write(self, page: Page, buffer: TextIO) -> int:
        name = self.arguments.strip("/")
        posts = page.given.posts
        if name not in posts:
            raise JekyllError(
                tr("no post '{name}'{hint}", name=name, hint=suggest(name, posts)),
                token=self.token,
            )
        return buffer.write(f"{page.given.site.get('baseurl') or ''}{posts[name]}")


class _PostUrl(_JekyllTag):
    name = "post_url"
    node_class = _PostUrlNode


class _LinkNode(_JekyllNode):
    def write(self, page: Page, buffer: TextIO) -> int:
        path = self.arguments.strip("/")
        links = page.given.links
        if path not in links:
            raise JekyllError(
                tr("no file '{path}'{hint}", path=path, hint=suggest(path, links)),
                token=self.token,
            )
        return buffer.write(f"{page.given.site.get('baseurl') or ''}{links[path]}")


class _Link(_JekyllTag):
    name = "link"
    node_class = _LinkNode


class _HighlightNode(_JekyllNode):
    block: BlockNode
    end: int

    def write(self, page: Page, buffer: TextIO) -> int:
        code = page.get_buffer()
        self.block.render(page, code)
        text = code.getvalue()
        opened = page.marks.weigh(text)  # code that is highlighted within code, from a variable
        page.budget.spend(HIGHLIGHT + COLOURS * opened)
        page.budget.write(opened)
        text = page.marks.open(text)
        again = (id(page.source), self.end) in page.highlighted
        page.highlighted.add((id(page.source), self.end))
        if again:
            page.budget.spend(COLOURS * len(text))
            page.budget.write(len(text))
        opening = page.source.text.rfind("{%", 0, self.token.start_index)
        try:
            return buffer.write(
                page.marks.highlight(text, self.arguments, page.source, opening, self.end)
            )
        except ValueError as error:
            at = self.token._replace(start_index=opening)
            raise JekyllError(str(error), token=at) from None


class _Highlight(Tag):
    name = "highlight"
    end = "endhighlight"

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        options = ""
        if stream.current.kind == TOKEN_EXPRESSION:
            options = stream.next().value
        node = _HighlightNode(token, options)
        node.block = get_parser(self.env).parse_block(stream, {self.end})
        node.end = stream.expect(TOKEN_TAG, value=self.end).start_index
        return node


_HEAD = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}|(\"[^\"]*\"|'[^']*'|\S+)")
_PARAMETER = re.compile(
    r"""(?<![\w-])([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([\w.-]+))"""
)


class _IncludeNode(_JekyllNode):
    def write(self, page: Page, buffer: TextIO) -> int:
        head = _HEAD.match(self.arguments)
        name, rest = "", ""
        if head:
            named = str(self._look_up(page, head[1])) if head[1] else head[2].strip("\"'")
            name, rest = named, self.arguments[head.end() :]
        path = self._find(page, name)
        parameters: dict[str, object] = {}
        for key, double, single, variable in _PARAMETER.findall(rest):
            value: object = re.sub(r"\\(.)", r"\1", double or single)
            parameters[key] = self._look_up(page, variable) if variable else value
        page.include(name, path, parameters, self.token, buffer)
        return 0

    def _look_up(self, page: Page, variable: str) -> object:
        return page.get(list(variable.split(".")), token=self.token, default=None)

    def _find(self, page: Page, name: str) -> Path:
        inside = name and not Path(name).is_absolute() and ".." not in Path(name).parts
        for folder in page.given.includes if inside else ():
            page.given.note(folder / name)
            if os.path.lexists(folder / name):  # what it is, is told when it is read
                return folder / name
        folders = ", ".join(sorted({f.name for f in page.given.includes})) or "_includes"
        raise JekyllError(
            tr("no file '{name}' to include in {folders}", name=name, folders=folders),
            token=self.token,
        )


class _Include(_JekyllTag):
    name = "include"
    node_class = _IncludeNode
