"""Liquid in posts: what is evaluated, what is not, where its mistakes are, and what it may cost."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from escriba.ground.errors import Place, SourceError
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import Project, Settings
from escriba.markup.liquid import evaluate, render
from escriba.markup.liquid.context import LiquidContext
from escriba.markup.liquid.filters import FILTERS
from escriba.markup.markdown import render as render_post
from support.articles import render_article
from support.growth import check_growth

HINT = "; correct it, or define it in 'macros' of escriba.yml"

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
    assert str(raised.value) == 'posts/a.md:18:3: bad formula: unknown command "\\nope"' + HINT


def test_a_block_after_liquid_keeps_its_line(tmp_path: Path) -> None:
    from escriba.article.context import open_context

    mistakes = Mistakes()
    context = open_context(
        Project(tmp_path, Settings()),
        frozen=True,
        lang="en",
        path=START.path,
        first_line=5,
        mistakes=mistakes,
    )
    text = "{% for t in page.tags %}\n- {{ t }}\n{% endfor %}\n\n```escriba smaple\n```\n"
    render_article(text, context, PROJECT)
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
        "from escriba.markup.liquid import LiquidContext\n"
        "from escriba.markup.markdown import render\n"
        "text = 'a\\n{% highlight python %}\\nx\\n{% endhighlight %}\\n{% raw %}{{ b }}{% endraw %}'\n"
        "render(text, path=Path('a'), liquid=LiquidContext())\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('liquid', 'numpy', 'torch')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("For $$a$$ see {{ page.title }} and $$c$$.", "For $$a$$ see Page and $$c$$."),
        ("$${% raw %}{{a}}{% endraw %}$$ {{ page.title }}", "$${{a}}$$ Page"),
        ("a {% comment %}b{% comment %}c{% endcomment %}d{% endcomment %} e", "a  e"),
        ("a\n{{- page.title -}}\n\nb\n", "aPageb\n"),
        ("{% liquid\n # x\n assign a = 'b'\n comment\n  nope\n endcomment\n echo a %}", "b"),
        ("{% for t in page.tags %}{% include t.html t=t n=\"1\" %}{% endfor %}", "x1y1"),
        ("{% assign v = 'seen' %}{% include v.html\n a='b' %}{{ w }}", "seenbset"),
        ("{% include {{ page.file }} %}", "seen"),
        ("{{ 'x' | append: '%EF%B7%90' | url_decode }}{{ 'a<b>c' | strip_html }}", "x\ufdd0ac"),
        ("{{ 'b,a,b' | split: ',' | uniq | sort | join: '+' }}", "a+b"),
    ],
)  # fmt: skip
def test_liquid_is_that_of_jekyll(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "t.html").write_text("{{ include.t }}{{ include.n }}")
    (tmp_path / "v.html").write_text(
        "{{ v | default: 'seen' }}{{ include.a }}{% assign w = 'set' %}"
    )
    page = {**PROJECT.page, "file": "v.html"}
    context = LiquidContext(site=PROJECT.site, page=page, includes=(tmp_path,))
    assert render(text, context, START)[0] == expected


def test_code_that_is_highlighted_within_other_liquid_is_made_each_time() -> None:
    text = (
        "{% for t in page.tags %}{% if t == 'x' %}\n{% highlight text %}\n{{ t }}1\n"
        "{% endhighlight %}\n{% else %}{% highlight text %}{{ t }}2{% endhighlight %}{% endif %}"
        "{% endfor %}"
    )
    html = render_post(text, path=START.path, liquid=PROJECT).html
    assert [part.split("<")[0] for part in html.split('"text">')[1:]] == ["x1", "y2"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```html\n%s\n```\n", "<span class"),
        ("~~~\n%s\n~~~\n", "&lt;figure class"),
        ("a `%s` b", "&lt;figure class"),
        ("![%s](a.png)", 'alt="&lt;figure class'),
        ('[a](b "%s")', 'title="&lt;figure class'),
        ("a\n{: title='%s'}", 'title="&lt;figure class'),
        ("{%% capture a %%}%s{%% endcapture %%}{%% highlight text %%}{{ a }}{%% endhighlight %%}",
         '"text">&lt;figure class'),
    ],
)  # fmt: skip
def test_code_that_is_highlighted_where_html_is_text_shows_its_html(
    text: str, expected: str
) -> None:
    code = "{% highlight text %}b < c{% endhighlight %}"
    html = render_post(text % code, path=START.path, liquid=PROJECT).html
    assert expected in html
    if "=" not in expected.partition("&")[0]:  # no attribute
        assert 'data-lang="text">b &lt; c</code></pre></figure>' in unescape(
            re.sub("<[^>]*>", "", html)
        )
    assert not re.search("wzxhzdk|[\x02\x03\ufdd0\ufdd1]", html)


def test_code_with_the_marks_of_python_markdown_is_code() -> None:
    text = "{% highlight text %}a\x02wzxhzdk:0\x03b{% endhighlight %}"
    html = render_post(text, path=START.path, liquid=PROJECT).html
    assert ">awzxhzdk:0b</code>" in html


def test_code_that_is_kept_in_a_variable_is_counted_wherever_it_is_shown() -> None:
    kept = "{% capture a %}{% highlight text %}" + "b" * 9000 + "{% endhighlight %}{% endcapture %}"
    assert refused(kept + "{{ a }}\n" * 900) == [
        "posts/a.md:238:1: Liquid adds more than 2 MB of text to this page"
    ]
    doubled = "{% capture a %}{% highlight text %}{{a}}{{a}}{% endhighlight %}{% endcapture %}"
    assert refused(doubled * 40 + "{{ a }}") == [
        "posts/a.md:5:636: this page's Liquid is too much work; let its loops do less"
    ]


def test_every_mistake_is_told_at_once() -> None:
    text = (
        "{% nope %}\n{% for %}\n{% if a %}\n{% endfor %}\n{% else %}\n{% endcase %}\n"
        "{% highlight a %}{% highlight b %}{% endhighlight %}{% endhighlight %}\n{% %}"
    )
    assert [problem.split(" (")[0] for problem in refused(text)] == [
        "posts/a.md:5:4: unknown Liquid tag 'nope'",
        "posts/a.md:7:1: Liquid's 'if' is never closed",
        "posts/a.md:9:4: Liquid's 'else' stands in no 'if' or 'unless' or 'case' or 'for'",
        "posts/a.md:10:4: Liquid's 'endcase' has no 'case' before it",
        "posts/a.md:11:18: a 'highlight' within another; around code that shows one, put "
        "{% raw %} and {% endraw %}",
        "posts/a.md:12:4: a Liquid tag needs a name, as in {% include a.html %}",
    ]
    text = "{{ 1 | nope }}\n{% for %}{% endfor %}\n{{ 'inf' | floor }}{% break %}\n{{ a b }}"
    assert refused(text) == [
        f"posts/a.md:5:8: {refused('{{ 1 | nope }}')[0].partition(': ')[2]}",
        "posts/a.md:6:4: Liquid: missing expression",
        "posts/a.md:7:12: Liquid: the filter 'floor' cannot take this: cannot convert float "
        "infinity to integer",
        "posts/a.md:7:23: Liquid's 'break' stands in no loop",
        "posts/a.md:8:6: Liquid: expected end of expression, found word",
    ]


DOUBLE = "{% assign x = 'aaaaaaaaaaaaaaaa' %}" + "{% assign x = x | append: x %}" * 18
MUCH = "this page's Liquid is too much work; let its loops do less"
LARGE = "a value larger than 16 MB, the most that one may be"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{% for i in (1..1000000000) %}x{% endfor %}", "5:4: a loop over more than 1000000 items"),
        ("{% for i in (1..1000000000) reversed %}{% endfor %}", "5:4: a loop over more than"),
        ("{% tablerow i in (1..1000000000) %}{% endtablerow %}", "5:4: a loop over more than"),
        ("{% for i in (1..99999) %}{% for j in (1..99999) %}{% endfor %}{% endfor %}", f"5:4: {MUCH}"),
        ("{% for i in (1..900000) %}{% endfor %}" * 99, MUCH),
        ("{% for i in (1..99999) %}{% case 1 %}{% when 1" + ",1" * 999 + " %}{% if true %}"
         "{% endif %}{% endcase %}{% endfor %}", MUCH),
        ("{% for i in (1..999999) %}{% include long.html %}{% endfor %}", MUCH),
        ("{% for i in (1..999999) %}{{ 'a' | markdownify }}{% endfor %}", MUCH),
        ("{% for i in (1..99999) %}{% assign x = page.long | upcase %}{% endfor %}", MUCH),
        ("{% for i in (1..999999) %}{% if page.long == page.same %}{% endif %}{% endfor %}", MUCH),
        ("{% for i in (1..999999) %}{% if page.list == page.twin %}{% endif %}{% endfor %}", MUCH),
        ("{% for i in (1..9) %}x{% cycle i: 'a' %}{% include deep0.html %}{% endfor %}", MUCH),
        (DOUBLE + "{{ x }}", "Liquid adds more than 2 MB of text to this page"),
        (DOUBLE + "{% assign x = x | append: x %}" * 9, LARGE),
        (DOUBLE + "{{ x | replace: 'a', x }}", LARGE),
        (DOUBLE + "{{ x | split: '' | join: x }}", LARGE),
        (DOUBLE + "".join(f"{{% assign x{n} = x | append: '{n}' %}}" for n in range(99)),
         "the variables of this page's Liquid are larger than 64 MB"),
        ("{% capture x %}aa{% endcapture %}" + "{% capture x %}{{ x }}{{ x }}{% endcapture %}" * 40, LARGE),
        ("{% assign x = 9999999999 %}" + "{% assign x = x | times: x %}" * 40,
         "a number of more than 400 digits"),
        ("{{ (1..1000000000) | join }}", f"5:1: {LARGE}"),
        ("{{ (1..99999999999999999999999999) | size }}", f"5:1: {LARGE}"),
        ("{% if (1..1000000000) contains 'x' %}{% endif %}", "a range here must be of two numbers"),
        ("{% if true %}" * 9999 + "{% endif %}" * 9999, "5:391: Liquid's blocks are nested more than 30 deep"),
        ("{% if " + "true and " * 1200 + "true %}{% endif %}", "5:4: Liquid that is too deeply nested"),
        ("{{ page" + "[page" * 200 + "]" * 200 + " }}", "5:1: a Liquid tag with more than 100 brackets"),
        ("{{ '" + "a" * 20000 + "' }}", "5:1: a Liquid tag of more than 16384 characters"),
        ("{{" * 9999, "5:1: '{{' without a '}}' after it"),
        ("{%" * 9999, "5:1: '{%' without a '%}' after it"),
        ("{% raw %}" * 9999, "5:1: Liquid's 'raw' is never closed"),
        ("{{ '" + "9" * 5000 + "' | plus: 1 }}", "integer string conversion limit"),
        ("{{ " + "9" * 5000 + " }}", "integer string conversion limit"),
        ("{{ '2020-01-01' | date: page }}", "Liquid"),
    ],
)  # fmt: skip
def test_what_would_never_end_is_one_located_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    if MUCH in message:  # for the sake of time
        monkeypatch.setattr("escriba.templating.budget.STEPS", 1 << 21)
    (tmp_path / "long.html").write_text("{% if a %}" + "b" * 9999 + "{% endif %}")
    for number in range(19):
        (tmp_path / f"deep{number}.html").write_text(f"{{% include deep{number + 1}.html %}}" * 4)
    (tmp_path / "deep19.html").write_text("x")
    page: dict[str, object] = {
        "long": "a" * 99999, "same": "".join(["a"] * 99999), "list": [[1] * 9999], "twin": [[1] * 9999],
    }  # fmt: skip
    problems = refused(text, LiquidContext(page=page, includes=(tmp_path,)))
    assert all(message in problem for problem in problems), problems[:3]
    assert len(problems) <= 100


ODD = (
    "nil", "true", "'inf'", "'nan'", "'1e999999999'", "'-1e-999999999'", "'sNaN'", "1e300",
    "9" * 400, "-1", "0", "''", "'%'", "'%Q'", "'é'", "(1..5)", "(1..10000000)", "page.dict",
    "page.list", "page.lists", "page.date", "page.none", "empty", "blank", "page.nan", "page.nul",
    "site", "'2020-13-45'", "'<script'", "'a=='", "'99999999999999999999'", "forloop",
)  # fmt: skip
PAGE: dict[str, object] = {
    "dict": {"a": 1, "b": [1], "c": None}, "list": [1, "a", None, [1], {"a": 1}],
    "lists": [[1, 2], [3]], "date": datetime(9999, 12, 31, tzinfo=UTC), "nan": float("nan"),
    "nul": "a\0b", "tags": ["x", "y"], "title": "T",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_a_filter_takes_any_value_or_says_why_not(name: str) -> None:
    context = LiquidContext(site={"title": "S"}, page=PAGE)
    for value in ODD:
        for argument in ("", *(f": {odd}" for odd in ODD[::2]), ": 'a', 'b'", ": -1, 1e300"):
            text = f"{{{{ {value} | {name}{argument} }}}}"
            try:
                render(text, context, START)
            except SourceError as error:
                (problem,) = error.problems
                assert problem.place is not None
                assert (problem.place.path, problem.place.line) == (START.path, START.line), text


def test_any_mixture_of_tags_is_rendered_or_refused() -> None:
    context = LiquidContext(site={"title": "S"}, page=PAGE)
    for seed in range(1500):
        text = mixture(random.Random(seed))
        try:
            render(text, context, START)
        except SourceError as error:
            assert all(p.place and p.place.path == START.path for p in error.problems), text


def mixture(choice: random.Random, depth: int = 0) -> str:
    """Some Liquid of which a part is in order."""
    some = choice.choice

    def expression() -> str:
        filters = [
            f" | {some(sorted(FILTERS))}{some(['', f': {some(ODD)}'])}"
            for _ in range(choice.randrange(3))
        ]
        return some((*ODD, "x", "page.title")) + "".join(filters)

    def inside() -> str:
        return mixture(choice, depth + 1) if depth < 3 else "z"

    kinds: tuple[Callable[[], str], ...] = (
        lambda: some(("a\n", "\n\n", "$$", "{{", "}}", "{%", "%}", "\ufdd00\ufdd1", "{% endfor %}")),
        lambda: f"{{{{{some(('', '-'))} {expression()} }}}}",
        lambda: f"{{% assign x = {expression()} %}}",
        lambda: f"{{% for x in {some(ODD)} {some(('', 'limit: 2', 'reversed', 'offset: x'))} %}}{inside()}"
                f"{some(('', '{% break %}', '{% else %}'))}{{% endfor %}}",
        lambda: f"{{% if {some(ODD)} {some(('==', '<', 'contains', 'and'))} x %}}{inside()}{{% endif %}}",
        lambda: f"{{% case {some(ODD)} %}}{{% when {some(ODD)} %}}{inside()}{{% endcase %}}",
        lambda: f"{{% capture x %}}{inside()}{{% endcapture %}}{{% cycle {some(ODD)}, 'b' %}}",
        lambda: f"{{% tablerow x in {some(ODD)} cols: {some(ODD)} %}}{inside()}{{% endtablerow %}}",
        lambda: "{% highlight python %}" + inside() + "{% endhighlight %}",
        lambda: f"{{% raw %}}{inside()}{{% endraw %}}{{% increment {some(('x', '9', 'é'))} %}}",
    )  # fmt: skip
    text = "".join(some(kinds)() for _ in range(choice.randint(1, 4)))
    if not depth and choice.random() < 0.3:  # and something is lost
        cut = choice.randrange(len(text) + 1)
        text = text[:cut] + text[cut + choice.randrange(4) :]
    return text


@pytest.mark.parametrize(
    ("include", "message"),
    [
        ("{% include a.html %}",
         "_includes/a.html:1:12: includes stand more than 20 deep within each other: "
         "a.html → a.html (included in _includes/a.html:1:12)"),
        ("{% include b.html %}{% include b.html %}",
         "_includes/b.html:1:12: includes stand more than 20 deep within each other: "
         "a.html → b.html → a.html (included in _includes/a.html:1:12)"),
        ("x\n{{ 1 | nope: 2 }}", "_includes/a.html:2:8: unknown Liquid filter 'nope'"),
        ("x\n {% nope %}", "_includes/a.html:2:5: unknown Liquid tag 'nope'"),
        ("x\n{% if", "_includes/a.html:2:1: '{%' without a '%}' after it"),
        ("{% for x in (1..9) %}{% for %}{% endfor %}{% endfor %}",
         "_includes/a.html:1:25: Liquid: missing expression (included in posts/a.md:5:12)"),
        (b"x\n\xff\xfe", "_includes/a.html:2:1: not UTF-8: the byte 0xff"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_include_is_told_with_its_file(
    tmp_path: Path, include: str | bytes, message: str
) -> None:
    context = make_includes(tmp_path)
    data = include if isinstance(include, bytes) else include.encode()
    (tmp_path / "_includes" / "a.html").write_bytes(data)
    (tmp_path / "_includes" / "b.html").write_text("{% include a.html %}")
    (problem,) = refused("{% include a.html %}", context)
    assert problem.startswith(message)


def make_includes(root: Path) -> LiquidContext:
    """What a post of a project sees that has a folder for includes."""
    (root / "_includes").mkdir()
    project = Project(root, Settings())
    return LiquidContext(
        includes=(root / "_includes",), admit=project.admit, shown=project.shown, page=PAGE
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../secret", "posts/a.md:5:12: no file '../secret' to include in _includes"),
        ("{root}/secret", "posts/a.md:5:12: no file '{root}/secret' to include in _includes"),
        ("sub/../../secret", "posts/a.md:5:12: no file 'sub/../../secret' to include"),
        ("a\0b", "posts/a.md:5:12: no file 'a␀b' to include in _includes"),
        ("a" * 300, "posts/a.md:5:12: no file 'aaaa"),
        ("", "posts/a.md:5:4: no file '' to include in _includes"),
        ("sub", "_includes/sub: is a folder, not a file"),
        ("fifo", "_includes/fifo: is a FIFO, not a file"),
        ("broken", "_includes/broken: cannot be read: a link to nowhere, which is not there"),
        ("outside", "_includes/outside: this leads to {root}/secret, outside the project; "
         "if that is meant, name its folder in 'outside' of escriba.yml"),
        ("sub/outside.html", "_includes/sub/outside.html: this leads to {root}/secret"),
    ],
)  # fmt: skip
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs and links")
def test_an_include_is_a_file_of_the_project(tmp_path: Path, name: str, message: str) -> None:
    context = (
        make_includes(tmp_path / "project") if (tmp_path / "project").mkdir() is None else None
    )
    assert context is not None
    (tmp_path / "secret").write_text("secret")
    folder = context.includes[0]
    (folder / "sub").mkdir()
    os.mkfifo(folder / "fifo")
    (folder / "broken").symlink_to("nowhere")
    (folder / "outside").symlink_to(tmp_path / "secret")
    (folder / "sub" / "outside.html").symlink_to("../../../secret")
    (problem,) = refused(f"{{% include {name.format(root=tmp_path)} %}}", context)
    assert problem.startswith(message.format(root=tmp_path))


def test_positions_are_carried_through_loops_captures_and_includes(tmp_path: Path) -> None:
    context = make_includes(tmp_path)
    (tmp_path / "_includes" / "a.html").write_text("one\n\ntwo $$\\nope$$\n")
    text = (
        "{% for t in page.tags %}\n- {{ t }}\n{% endfor %}\n\n"
        "{% capture c %}\n$$\\captured$$\n{% endcapture %}{{ page.title }} {{ c }}\n\n"
        "{% include a.html %}\n\n{{ page.title }} then $$\\late$$\n"
    )
    mistakes = Mistakes()
    render_post(text, path=START.path, first_line=5, liquid=context, mistakes=mistakes)
    with pytest.raises(SourceError) as raised:
        mistakes.check()
    assert str(raised.value).splitlines() == [
        '_includes/a.html:3:7: bad formula: unknown command "\\nope"' + HINT,
        'posts/a.md:11:34: bad formula: unknown command "\\captured"' + HINT,
        'posts/a.md:15:25: bad formula: unknown command "\\late"' + HINT,
    ]


def test_a_mark_that_a_post_writes_itself_is_none() -> None:
    text = (
        "{% highlight text %}code{% endhighlight %}\n\ufdd00\ufdd1 {{ '%EF%B7%907' | url_decode }}"
    )
    html = render_post(text, path=START.path, liquid=PROJECT).html
    assert html.count("code</code>") == 1
    assert "\ufdd0" not in html


GROWING = (
    lambda n: "{% for t in page.tags %}{{ t }}\n{% endfor %}\n" + "word\n\n" * n,
    lambda n: "{% highlight text %}\na\n{% endhighlight %}\n\n" * n,
    lambda n: "{% raw %}{{{% endraw %}{% comment %}a{% endcomment %}" * n,
    lambda n: "$$a {{ b }} $$ {{ page.title }}\n" * n,
    lambda n: "$$ {{ page.title }}\n\n" * n,
    lambda n: "{{ page.title }}" + " " * 20 * n + "{{- page.title }}",
    lambda n: "{% if a %}" * 25 + "{{ page.title }}\n" * n + "{% endif %}" * 25,
    lambda n: "{% if page.title %}{{ page.title }}{% endif %}\n" * n,
)


@pytest.mark.parametrize("make", GROWING)
def test_the_time_grows_with_the_text(make: Callable[[int], str]) -> None:
    def prepare(size: int) -> Callable[[], None]:
        text = make(size)

        def work() -> None:
            locate = evaluate(text, PROJECT, START).locator(START.line)
            for line in range(0, size, 10):
                locate(Place(START.path, START.line + line, 1))

        return work

    check_growth(prepare, 1000, 8000)


def refused(text: str, context: LiquidContext = PROJECT) -> list[str]:
    """What is said of a text that is refused."""
    with pytest.raises(SourceError) as raised:
        render(text, context, START)
    return [str(problem) for problem in raised.value.problems]
