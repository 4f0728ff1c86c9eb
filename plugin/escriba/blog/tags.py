"""What Jekyll adds to Liquid: its tags and filters, for python-liquid. Imported only on demand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote

from liquid import Environment
from liquid.ast import Node
from liquid.context import RenderContext
from liquid.exceptions import FilterArgumentError, LiquidError
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG, Token

from escriba.blog.liquid import LiquidContext
from escriba.errors import suggest
from escriba.language import tr
from escriba.schema import parse_datetime


class TemplateError(Exception):
    """Liquid that cannot be evaluated, at a position of its text."""

    def __init__(self, message: str, at: int):
        super().__init__(message)
        self.message = message
        self.at = at


class JekyllError(LiquidError):
    """A mistake in the use of one of the tags below."""


_INTERNAL = {"#", "content", "doc", "illegal", "output", "liquid"}


def evaluate(text: str, context: LiquidContext) -> str:
    """The text that a template makes. Raises TemplateError."""
    environment = _environment(context)
    try:
        template = environment.from_string(text)
        return template.render(site=context.site, page=context.page)
    except LiquidError as error:
        raise _failure(error, environment, text) from None


def _failure(error: LiquidError, environment: Environment, text: str) -> TemplateError:
    """The position and one sentence out of python-liquid's error."""
    at = error.token.start_index if error.token else -1
    message = str(error.message).strip().rstrip(".")
    if match := re.search(r"unexpected tag 'end(\w+)'", message):
        message = tr("Liquid's 'end{name}' has no '{name}' before it", name=match[1])
    elif match := re.search(r"unexpected tag '(\w+)'", message):
        known = set(environment.tags) - _INTERNAL | {"highlight"}  # `liquid` reads that one
        message = tr(
            "unknown Liquid tag '{name}'{hint}", name=match[1], hint=suggest(match[1], known)
        )
    elif match := re.search(r"unknown filter '(\w+)'", message):
        message = tr(
            "unknown Liquid filter '{name}'{hint}",
            name=match[1],
            hint=suggest(match[1], environment.filters),
        )
    elif match := re.search(r"expected tag end(\w+), found end", message):
        message = tr("Liquid's '{name}' is never closed", name=match[1])
        opened = list(re.finditer(rf"\{{%-?\s*{match[1]}\b", text))
        at = opened[-1].start() if opened else 0
    elif not isinstance(error, JekyllError):
        message = f"Liquid: {message[:1].lower()}{message[1:]}"
    return TemplateError(message, max(at, 0))


def _environment(context: LiquidContext) -> Environment:
    environment = Environment()
    for name, resolve in (
        ("post_url", partial(_post_url, context)),
        ("link", partial(_link, context)),
        ("include", partial(_include, context)),
    ):
        environment.tags[name] = _JekyllTag(environment, name, resolve)
    for name, function in _filters(context).items():
        environment.add_filter(name, function)
    return environment


Resolve = Callable[[str, Token, RenderContext], str]


class _JekyllTag(Tag):
    """A tag whose arguments are its own to read, and whose output is one text."""

    def __init__(self, env: Environment, name: str, resolve: Resolve):
        super().__init__(env)
        self.name = name
        self.resolve = resolve

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        arguments = ""
        if stream.current.kind == TOKEN_EXPRESSION:
            token, arguments = stream.current, stream.current.value
        return _JekyllNode(token, arguments, self.resolve)


class _JekyllNode(Node):
    def __init__(self, token: Token, arguments: str, resolve: Resolve):
        super().__init__(token)
        self.arguments = arguments
        self.resolve = resolve
        self.blank = False

    def __str__(self) -> str:
        return self.arguments

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(self.resolve(self.arguments, self.token, context))


def _post_url(context: LiquidContext, name: str, token: Token, _: RenderContext) -> str:
    name = name.strip().strip("/")
    if name not in context.posts:
        raise JekyllError(
            tr("no post '{name}'{hint}", name=name, hint=suggest(name, context.posts)), token=token
        )
    return f"{context.site.get('baseurl') or ''}{context.posts[name]}"


def _link(context: LiquidContext, path: str, token: Token, _: RenderContext) -> str:
    path = path.strip().strip("/")
    if path not in context.links:
        raise JekyllError(
            tr("no file '{path}'{hint}", path=path, hint=suggest(path, context.links)), token=token
        )
    return f"{context.site.get('baseurl') or ''}{context.links[path]}"


_PARAMETER = re.compile(r"""([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([\w.-]+))""")


def _include(context: LiquidContext, text: str, token: Token, outer: RenderContext) -> str:
    name, _, rest = text.strip().partition(" ")
    name = name.strip("\"'")
    path = next((f / name for f in context.includes if (f / name).is_file()), None)
    if path is None or ".." in Path(name).parts or Path(name).is_absolute():
        folders = ", ".join(sorted({f.name for f in context.includes})) or "_includes"
        raise JekyllError(
            tr("no file '{name}' to include in {folders}", name=name, folders=folders), token=token
        )
    parameters: dict[str, object] = {}
    for key, double, single, variable in _PARAMETER.findall(rest):
        value: object = re.sub(r"\\(.)", r"\1", double or single)
        if variable:
            value = outer.get(variable.split("."), token=token, default=None)
        parameters[key] = value
    try:
        template = outer.env.from_string(path.read_text("utf-8"))
        return template.render(site=context.site, page=context.page, include=parameters)
    except LiquidError as error:
        where = error.context()
        line = f":{where[0]}" if where else ""
        raise JekyllError(
            tr("in {name}{line}: {reason}", name=path.name, line=line, reason=error.message),
            token=token,
        ) from None


def _filters(context: LiquidContext) -> Mapping[str, Callable[..., Any]]:
    base = str(context.site.get("baseurl") or "")
    url = str(context.site.get("url") or "")

    def relative(path: object) -> str:
        text = str(path)
        return text if _SCHEME.match(text) else f"{base}/{text.lstrip('/')}"

    def absolute(path: object) -> str:
        text = str(path)
        return text if _SCHEME.match(text) else url + relative(text)

    return {
        "relative_url": relative,
        "absolute_url": absolute,
        "date_to_string": lambda value: _shown(value, _SHORT_MONTHS),
        "date_to_long_string": lambda value: _shown(value, _MONTHS),
        "date_to_xmlschema": lambda value: _moment(value).isoformat(),
        "slugify": lambda value: _NOT_WORD.sub("-", str(value).lower()).strip("-"),
        "xml_escape": lambda value: escape(str(value)),
        "cgi_escape": lambda value: quote(str(value), safe="").replace("%20", "+"),
        "uri_escape": lambda value: quote(str(value), safe="/:?#[]@!$&'()*+,;="),
        "number_of_words": lambda value: len(str(value).split()),
        "normalize_whitespace": lambda value: " ".join(str(value).split()),
        "array_to_sentence_string": _join,
        "jsonify": lambda value: json.dumps(value, ensure_ascii=False, default=str),
        "markdownify": _markdownify,
    }


_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)
_NOT_WORD = re.compile(r"[\W_]+")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_SHORT_MONTHS = tuple(month[:3] for month in _MONTHS)


def _moment(value: object) -> datetime | date:
    """A date, be it one already or text. Raises the error that python-liquid expects."""
    if isinstance(value, date):
        return value
    try:
        return parse_datetime(str(value))
    except ValueError:
        raise FilterArgumentError(tr("'{value}' is not a date", value=value), token=None) from None


def _shown(value: object, months: Sequence[str]) -> str:
    moment = _moment(value)
    return f"{moment.day:02} {months[moment.month - 1]} {moment.year}"


def _join(values: Sequence[object], connector: str = "and") -> str:
    words = [str(value) for value in values]
    if len(words) < 3:
        return f" {connector} ".join(words)
    return f"{', '.join(words[:-1])}, {connector} {words[-1]}"


def _markdownify(value: object) -> str:
    from escriba.blog import markdown

    return markdown.render(str(value), path=Path("markdownify")).html
