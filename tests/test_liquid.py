"""Liquid in posts: what is evaluated, what is not, and where its mistakes are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from escriba.article.theme import Templates
from escriba.blog.liquid import LiquidContext, render
from escriba.blog.markdown import render as render_post
from escriba.errors import Mistakes, Place, SourceError

START = Place(Path("posts/a.md"), 5)
PROJECT = LiquidContext(
    site={"title": "Site", "baseurl": "/b"},
    page={"title": "Page", "tags": ["x", "y"], "date": "2020-10-01 23:30:34 -0600"},
    posts={"2020-10-01-seed": "/seed/"},
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain { text } 100%", "plain { text } 100%"),
        ("{{ page.title }} of {{ site.title }}", "Page of Site"),
        ("{{ page.date | date_to_string }}", "01 Oct 2020"),
        ("{% for t in page.tags %}{{ t }};{% endfor %}", "x;y;"),
        ("[s]({% post_url 2020-10-01-seed %})", "[s](/b/seed/)"),
        ("{% raw %}{{ x }}{% endraw %} {{ page.title }}", "{{ x }} Page"),
        ("{% raw %}{% highlight x %}{% endraw %}", "{% highlight x %}"),
        ("a{% comment %}{{ x | nope }}{% endcomment %}b", "ab"),
        (r"$$\frac{{a}}{b}$$ {{ page.title }}", r"$$\frac{{a}}{b}$$ Page"),
        ("```escriba sample\nprompt: '{{ x }}{%'\n```\n", "```escriba sample\nprompt: '{{ x }}{%'\n```\n"),
        ("```jinja\n{{ page.title }}\n```", "```jinja\nPage\n```"),
        ("{{ missing.thing }}.", "."),
    ],
)  # fmt: skip
def test_what_liquid_makes_of_a_text(text: str, expected: str) -> None:
    assert render(text, PROJECT, START) == (expected, {})


def test_what_a_variable_holds_is_not_evaluated_again() -> None:
    context = LiquidContext(page={"text": "{{ page.text }} {% nope %}"})
    assert render("{{ page.text }}", context, START)[0] == "{{ page.text }} {% nope %}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n\n {% inclde a %}", "7:5: unknown Liquid tag 'inclde' (did you mean 'include'?)"),
        ("{{ 'a' | upcse }}", "5:10: unknown Liquid filter 'upcse' (did you mean 'upcase'?)"),
        ("\n{% if a %}\nx", "6:1: Liquid's 'if' is never closed"),
        ("{% endif %}", "5:4: Liquid's 'endif' has no 'if' before it"),
        ("{% raw %}\n\n{% endraw %}\n{{ 'a' | upcse }}",
         "8:10: unknown Liquid filter 'upcse' (did you mean 'upcase'?)"),
        ("{% post_url 2020-10-01-sed %}", "5:13: no post '2020-10-01-sed' (did you mean '2020-10-01-seed'?)"),
        ("{% include a.html %}", "5:12: no file 'a.html' to include in _includes"),
        ("x\n{% highlight %}\na\n{% endhighlight %}",
         "6:1: 'highlight' needs a language and, at most, 'linenos', not ''"),
        ("{% highlight python %}\na\n{{ 1 | nope }}\n{% endhighlight %}\n", "7:8: unknown Liquid filter 'nope'"),
    ],
)  # fmt: skip
def test_a_mistake_has_its_place_in_the_file(text: str, message: str) -> None:
    with pytest.raises(SourceError) as raised:
        render(text, PROJECT, START)
    assert str(raised.value).startswith(f"posts/a.md:{message}")


def test_later_mistakes_keep_their_lines_when_liquid_changes_the_number_of_lines() -> None:
    text = (
        "{% for t in page.tags %}\n- {{ t }}\n{% endfor %}\n\n"
        "{% comment %}\na\nb\n{% endcomment %}\n\n"
        "{% highlight python %}\nx = 1\n{% endhighlight %}\n\n$$\\nope$$\n"
    )
    mistakes = Mistakes()
    render_post(text, path=START.path, first_line=5, liquid=PROJECT, mistakes=mistakes)
    with pytest.raises(SourceError) as raised:
        mistakes.check()
    assert str(raised.value) == 'posts/a.md:18:3: bad formula: unknown command "\\nope"'


def test_a_block_after_liquid_keeps_its_line(tmp_path: Path) -> None:
    from escriba.article.context import Context
    from escriba.article.extension import EscribaExtension
    from escriba.article.models import Models
    from escriba.sampling.frozen import Store

    mistakes = Mistakes()
    context = Context(
        store=Store(tmp_path, tmp_path, frozen=True),
        models=Models(tmp_path, tmp_path),
        theme=Templates(tmp_path, tmp_path),
        lang="en",
        path=START.path,
        first_line=5,
        mistakes=mistakes,
    )
    text = "{% for t in page.tags %}\n- {{ t }}\n{% endfor %}\n\n```escriba smaple\n```\n"
    extensions = [EscribaExtension(context)]
    render_post(
        text,
        path=START.path,
        first_line=5,
        extensions=extensions,
        liquid=PROJECT,
        mistakes=mistakes,
    )
    with pytest.raises(SourceError) as raised:
        mistakes.check()
    assert str(raised.value).startswith("posts/a.md:9:12: unknown block 'escriba smaple'")


def test_highlighted_code_is_out_of_reach_of_markdown_and_liquid() -> None:
    code = "# x\n__a__ *b* $$c$$ `d` [e](f) &amp; <g>\n```escriba sample\nmodel: x\n```\n"
    text = f"{{% highlight text %}}\n{code}{{% endhighlight %}}\n"
    html = render_post(text, path=START.path, liquid=PROJECT).html
    escaped = code.rstrip("\n").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f">{escaped}</code></pre></figure>" in html


def test_posts_with_highlight_alone_do_not_import_liquid() -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from escriba.blog.liquid import LiquidContext\n"
        "from escriba.blog.markdown import render\n"
        "text = 'a\\n{% highlight python %}\\nx\\n{% endhighlight %}\\n{% raw %}{{ b }}{% endraw %}'\n"
        "render(text, path=Path('a'), liquid=LiquidContext())\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('liquid', 'numpy', 'torch')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
