"""Code to HTML with Pygments classes, and the style sheet for them."""

from __future__ import annotations

from functools import cache
from html import escape
from io import StringIO
from typing import Any

from escriba.templating.lexing import find_lexer, is_lexed, spans

# Classes of Pygments → colour on a light and on a dark ground, and what else. Each colour has at
# least 4.5:1 against the theme's grounds; a test computes it.
_STYLES: tuple[tuple[str, str, str, str], ...] = (
    ("k kc kd kn kp kr kt ow", "#9c2a1b", "#f2937f", ""),
    ("s sa sb sc dl sd s2 se sh si sx sr s1 ss", "#2f6021", "#a9c77d", ""),
    ("m mb mf mh mi mo il", "#7a4a00", "#e0b060", ""),
    ("nf fm nc nn ne", "#1f5a8a", "#8fbfe8", ""),
    ("nb bp no nd ni nl nt na nv vc vg vi vm", "#6a3d8a", "#c9a6e8", ""),
    ("c ch cm cp cpf c1 cs", "#655d52", "#a59c8d", "font-style: italic"),
    ("gd gr", "#9c2a1b", "#f2937f", ""),
    ("gi", "#2f6021", "#a9c77d", ""),
    ("gh gu gp", "#1f5a8a", "#8fbfe8", "font-weight: bold"),
    ("ge", "", "", "font-style: italic"),
    ("gs", "", "", "font-weight: bold"),
    ("gutter", "#655d52", "#a59c8d", "user-select: none"),
)

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


def stylesheet() -> str:
    """CSS for highlighted code: a light style, and a dark one for readers who prefer dark."""
    light, dark = [], []
    for names, on_light, on_dark, rest in _STYLES:
        selector = ", ".join(f".highlight .{name}" for name in names.split())
        ink = f"color: {on_light}" if on_light else ""
        light.append(f"{selector} {{ {'; '.join(filter(None, (ink, rest)))}; }}")
        if on_dark:
            dark.append(f"  {selector} {{ color: {on_dark}; }}")
    wanted = "@media screen { @media (prefers-color-scheme: dark) {"  # paper is white
    return "\n".join([*light, wanted, *dark, "}}", ""])


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
