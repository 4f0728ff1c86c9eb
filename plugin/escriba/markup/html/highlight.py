"""Code to HTML with Pygments classes; `templates/code.css` has their colours."""

from __future__ import annotations

from functools import cache
from html import escape
from io import StringIO
from typing import Any

from escriba.templating.lexing import find_lexer, is_lexed, spans

PLAIN = frozenset({"", "plaintext", "plain", "text", "txt", "none"})


def code(source: str, language: str) -> str | None:
    """The spans of highlighted code, or None for a language that Pygments does not know.

    Code that nobody would read has none: see `lexing`.
    """
    if language.lower() in PLAIN:
        return escape(source, quote=False)
    lexer = find_lexer(language, source)
    if lexer is None:
        return None
    if not is_lexed(source, language):
        return escape(source, quote=False)
    html = StringIO()
    try:
        _formatter().format(spans(lexer.get_tokens(source), source), html)
    except Exception:  # a stranger's code in any of five hundred lexers
        return escape(source, quote=False)
    return _leave_quotes(html.getvalue())


def _leave_quotes(html: str) -> str:
    """Text in which quotes are quotes: some versions of Pygments write entities for them."""
    return html.replace("&quot;", '"').replace("&#39;", "'")


def figure(source: str, language: str, *, numbered: bool = False) -> str:
    """What Jekyll's `{% highlight %}` makes of code; unknown languages are shown plain."""
    source = source.strip("\r\n")
    html = code(source, language)
    html = (escape(source, quote=False) if html is None else html).rstrip("\n")
    if numbered:
        html = _number(html, source.count("\n") + 1)
    name = escape(language.lower())
    kind = f'class="language-{name.replace("+", "-")}" data-lang="{name}"'
    return f'<figure class="highlight"><pre><code {kind}>{html}</code></pre></figure>'


def _number(html: str, lines: int) -> str:
    numbers = "\n".join(str(number) for number in range(1, lines + 1))
    return (
        '<table class="rouge-table"><tbody><tr>'
        f'<td class="gutter gl"><pre class="lineno">{numbers}\n</pre></td>'
        f'<td class="code"><pre>{html}\n</pre></td></tr></tbody></table>'
    )


@cache
def _formatter() -> Any:
    from pygments.formatters import HtmlFormatter

    return HtmlFormatter(nowrap=True)
