"""A theme's templates, words and assets when they are a stranger's: what they may see, do and cost,
and where their mistakes are.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from escriba.ground import project
from escriba.ground.caches import find_folder
from escriba.ground.errors import EscribaError, SourceError
from escriba.ground.project import Project
from escriba.site.build import build
from escriba.templating.templates import Templates, open_templates, packaged
from support.blogs import run
from support.growth import check_growth

LARGE = "a value larger than 16 MB, the most that one may be"
MUCH = "this template is too much work for one page; let it do less"
DEEP = "too much is nested in each other here; use macros or variables for the inner parts"
ROUND = "this includes or calls itself without an end: "


@dataclass(frozen=True)
class Thing:
    """An object as the templates of blocks get them."""

    name: str = "n"
    path: Path = Path("/etc/hostname")
    parts: tuple[int, ...] = (1, 2)
    hidden: Callable[[], str] = field(default=lambda: "called")

    @property
    def shown(self) -> str:
        return "p"

    def run(self) -> str:
        return "called"


GIVEN = {"thing": Thing(), "day": datetime(2020, 1, 2, tzinfo=UTC), "number": 5}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    return tmp_path / "templates"


def render(folder: Path, template: str) -> str:
    """What a template of a project gives, or what is said of it."""
    (folder / "a.html").write_text(template)
    try:
        return Templates(folder, Path("templates")).render("a.html", **GIVEN)
    except SourceError as error:
        (problem,) = error.problems
        return str(problem)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ thing.name }}{{ thing.shown }}{{ thing['name'] }}{{ thing.path.as_posix() }}", "npn/etc/hostname"),
        ("{{ thing.parts | join('-') }} {{ thing.path.name }} {{ day.year }} {{ day.isoformat() }}",
         "1-2 hostname 2020 2020-01-02T00:00:00+00:00"),
        ("{{ [thing] | map(attribute='name') | join }}{{ [thing] | join(attribute='name') }}", "nn"),
        ("{{ '{a}-{b:>4}'.format(a=1, b='<') }}{{ '%s|%3d' % ('<', 2) }}", "1-   &lt;&lt;|  2"),
        ("{{ {'a': 1}.get('a') }}{{ 'a b'.split() | length }}{{ ('a' ~ 1 ~ '<') }}{{ 'x' * 3 }}", "12a1&lt;xxx"),
        ("{% macro m(x) %}{{ x }}{{ caller() }}{% endmacro %}{% call m(1) %}2{% endcall %}", "12"),
        ("{% for a, b in {'k': 1}.items() %}{{ a }}{{ b }}{{ loop.last }}{% endfor %}", "k1True"),
        ("{% for i in [1, [2]] recursive %}{{ loop(i) if i is iterable else i }}{% endfor %}", "12"),
        ("{% set n = namespace(a=1) %}{% set n.a = n.a + 1 %}{{ n.a }}{{ range(3) | list }}", "2[0, 1, 2]"),
        ("{% if 'a' in ['a', number] and 1 < number <= 5 %}yes{% endif %}{{ [1, 2, 3][1:] | sum }}", "yes5"),
    ],
)  # fmt: skip
def test_what_templates_do(folder: Path, template: str, expected: str) -> None:
    assert render(folder, template) == expected


@pytest.mark.parametrize(
    "template",
    [
        "{{ thing.run() }}",
        "{{ thing.hidden() }}",
        "{{ thing.path.read_text() }}",
        "{{ thing.path.open() }}",
        "{{ thing.path.parent.iterdir() | list }}",
        "{{ thing.path.unlink() }}",
        "{{ (thing.path / 'x').exists() }}",
        "{{ thing.path.cwd() }}",
        "{{ thing | attr('run') }}",
        "{{ thing | attr('__class__') }}",
        "{{ [thing] | map(attribute='path.read_text') | list | first }}",
        "{{ ([thing.path] | map('attr', 'read_text') | first)() }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ '{0.__class__.__init__.__globals__}'.format(number) }}",
        "{{ '{a.run}'.format_map({'a': thing}) }}",
        "{{ '{}'.format(thing) }}",
        "{{ '%s' % thing }}{{ thing }}",
        "{{ thing | string }}",
        "{{ [thing] | tojson }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{{ joiner.__init__ }}{{ namespace.__init__ }}{{ dict.mro() }}",
        "{{ range.__self__ }}{{ range.call }}",
        "{{ self._TemplateReference__context }}",
        "{% macro m() %}{% endmacro %}{{ m._func }}",
        "{% set g = [1] | map('upper') %}{{ g.gi_frame }}",
        "{% import 'b.html' as b %}{{ b.__loader__ }}",
        "{{ lipsum.__globals__ }}",
        "{{ day.now() }}{{ day.today() }}",
        "{{ day.astimezone() }}",
        "{{ number.to_bytes(9, 'big') }}{{ number.from_bytes('a') }}",
        "{{ 'a'.encode().__class__ }}",
        "{{ [].append(1) }}{{ {}.update({'a': 1}) }}",
        "{% set thing.name = 1 %}",
        "{{ [1, 2] | random }}",
        "{{ thing.__dict__ }}{{ thing['__class__'] }}",
        "{% from 'b.html' import __builtins__ %}",
    ],
)
def test_what_templates_may_not_do(folder: Path, template: str) -> None:
    (folder / "b.html").write_text("{% set x = 1 %}")
    said = render(folder, template)
    assert said.startswith("templates/a.html:1: template: "), said
    assert "called" not in said
    assert Path("/etc/hostname").exists()


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ 'x' * 10 ** 9 }}", LARGE),
        ("{{ 'x' * 1000000000 }}{{ [0] * 1000000000 }}", LARGE),
        ("{{ [0] * 1000000000 }}", LARGE),
        ("{{ 10 ** 10 ** 10 ** 10 }}", LARGE),
        ("{{ 2.0 ** 10000 }}", "a number that is too large"),
        ("{% for i in range(10 ** 9) %}{% endfor %}", "a range of more than 100000 numbers"),
        ("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", MUCH),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", f"{ROUND}templates/a.html → templates/a.html"),
        ("{% macro m(n) %}{{ m(n - 1) ~ m(n - 1) if n }}{% endmacro %}{{ m(60) }}", MUCH),
        ("{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}", ROUND),
        ("{% for i in [1, 2] recursive %}{{ loop([1, 2]) if loop.depth < 40 }}{% endfor %}", MUCH),
        ("{% block a %}{{ self.a() }}{% endblock %}", ROUND),
        ("{% macro m() %}{{ caller() }}{{ caller() }}{% endmacro %}" + "{% call m() %}" * 20
         + "x" + "{% endcall %}" * 20, MUCH),
        ("{% set x = 'abcdefgh' %}" + "{% set x = x ~ x %}" * 40, LARGE),
        ("{% set x = 'abcdefgh' %}" + "{% set x = x + x %}" * 40, LARGE),
        ("{% set x %}abcdefgh{% endset %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 40, LARGE),
        ("{% set x = [1] %}" + "{% set x = [x, x] %}" * 40, LARGE),
        ("{% set x = {} %}" + "{% set x = {'a': x, 'b': x} %}" * 40, LARGE),
        ("{% set x = {} %}" + "{% set x = dict(a=x, b=x) %}" * 40, LARGE),
        ("{% set n = namespace(a=1) %}{% for i in range(50) %}{% set n.a = (n.a, n.a) %}{% endfor %}", LARGE),
        ("{{ 'x' | center(1000000000) }}", "'center' with a number above 10000, the largest for it"),
        ("{{ 'x'.ljust(1000000000) }}", "'ljust' with a number above 10000"),
        ("{{ '1'.zfill(1000000000) }}", "'zfill' with a number above 10000"),
        ("{{ 'a\\tb'.expandtabs(1000000000) }}", "a template may not use 'expandtabs' of str"),
        ("{{ 'a' | indent(1000000000) }}{{ [1] | slice(10 ** 9) }}", "'indent' with a number"),
        ("{{ [1] | batch(1000000000, 'x') | list }}", "'batch' with a number above 10000"),
        ("{{ 1.5 | round(1000000000, 'ceil') }}", "'round' with a number above 10000"),
        ("{{ [1] | tojson(1000000000) }}", "'tojson' with a number above 10000"),
        ("{{ '%1000000000d' % 1 }}", "the format '%1000000000' may ask for more than 10000 places"),
        ("{{ '%*d' | format(1000000000, 1) }}", "the format '%*' may ask for more than 10000 places"),
        ("{{ '{:>1000000000}'.format(1) }}", "the format '>1000000000' may ask for"),
        ("{{ '{:>{w}}'.format(1, w=1000000000) }}", "the format '>{w}' may ask for"),
        ("{{ '{0}{1}'.format(1) }}{{ '{a}'.format() }}", "the text has the field '{}', which is not given"),
        ("{{ ('x' * 9999999).replace('x', 'y' * 9999999) }}", LARGE),
        ("{{ ('x' * 9999999) | replace('', 'y' * 9999999) }}", LARGE),
        ("{{ range(100000) | join('x' * 9999999) }}", LARGE),
        ("{{ ('x' * 9999999).join('yyyyyyyyy') }}", LARGE),
        ("{{ ('a,' * 5000000).split(',') }}", LARGE),
        ("{% for i in range(100000) %}{% if i in range(100000) | list %}{% endif %}{% endfor %}", MUCH),
        ("{{ range(100000) | select('in', range(100000) | list) | list }}", MUCH),
        ("{% set x = range(100000) | list %}{% for i in x %}{% set y = x[1:] %}{% endfor %}", MUCH),
        ("{% set a = 'x' * 9999999 %}{% for i in range(100000) %}{% if a == a ~ '' %}{% endif %}{% endfor %}", MUCH),
        ("{% for i in range(100000) %}{{ 'x' * 9999 }}{% endfor %}", "a page of more than 64 MB, the most that one may have"),
        ("{{ ('a' * 9999999) | wordwrap(1) }}", MUCH),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", DEEP),
        ("{{ " + "[" * 3000 + "]" * 3000 + " }}", DEEP),
        ("{{ 1" + " + 1" * 5000 + " }}", DEEP),
        ("{{ 1" + " | abs" * 5000 + " }}", DEEP),
        ("".join(f"{{% if 0 %}}{{% set a{n} = 1 %}}{{% endif %}}" for n in range(1001)),
         "more than 1000 variables, the most that a template may have"),
        ("".join(f"{{% block a{n} %}}{{% endblock %}}" for n in range(1001)),
         "more than 1000 blocks and macros, the most that a template may have"),
        ("{% macro a() %}{% endmacro %}" * 501 + "{% call a() %}{% endcall %}" * 500,
         "more than 1000 blocks and macros"),
        ("{{ " + "not " * 3000 + "1 }}", DEEP),
        ("{% if 1 %}" * 200 + "{% endif %}" * 200, DEEP),
        ("{% for i in [1] %}" * 30 + "{% endfor %}" * 30, DEEP),
        ("{% if 0 %}" + "{% elif 0 %}" * 5000 + "{% endif %}", DEEP),
        ("{{ " + "9" * 5000 + " }}", "a number of more than 400 digits, the most that one may have"),
        ("{{ 0x" + "f" * 5000 + " }}", "a number of more than 400 digits"),
        ("{{ '\\ud800' }}", "it writes U+D800, which is no character"),
        ("{{" * 9999, DEEP),
        ("{%" * 9999, "tag name expected"),
        ("{{ {}['a'] }}", "'dict object' has no attribute 'a'"),
        ("{{ 1 / 0 }}{{ nope }}", "division by zero"),
        ("{% extends none %}", "there is no 'None'"),
        ("{% include 5 %}", "'int' object is not iterable"),
        ("{% include ['x.html', 'y.html'] %}", "there is none of 'x.html', 'y.html'"),
    ],
)  # fmt: skip
def test_what_would_never_end_is_one_located_mistake(
    folder: Path, monkeypatch: pytest.MonkeyPatch, template: str, message: str
) -> None:
    if message == MUCH:  # for the sake of time
        monkeypatch.setattr("escriba.templating.budget.STEPS", 1 << 21)
    said = render(folder, template)
    assert said.startswith(f"templates/a.html:1: template: {message}"), said[:300]


def test_a_mistake_has_its_file_and_line_wherever_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escriba.templating.budget.STEPS", 1 << 21)  # for the sake of time
    (folder / "b.html").write_text("\n\n{{ 'x' * 10 ** 9 }}")
    (folder / "c.html").write_text("\n{% macro m() %}\n{{ nope }}\n{% endmacro %}")
    (folder / "d.html").write_bytes(b"a\nb\xff")
    (folder / "e.html").write_text("\n\n\n{{ 1 + }}")
    (folder / "f.html").write_text("\n{% include 'g.html' %}")
    (folder / "g.html").write_text("{% extends 'f.html' %}")
    assert render(folder, "{% include 'b.html' %}").startswith("templates/b.html:3: template: ")
    assert render(folder, "{% import 'c.html' as c %}{{ c.m() }}").startswith(
        "templates/c.html:3: "
    )
    assert render(folder, "{% include 'd.html' %}").startswith("templates/d.html:2:2: not UTF-8")
    assert render(folder, "{% include 'e.html' %}").startswith("templates/e.html:4: template: ")
    assert render(folder, "x\n{% include 'f.html' %}") in {
        f"templates/{one}.html:{line}: template: {ROUND}templates/{one}.html → "
        f"templates/{other}.html → templates/{one}.html"
        for one, line, other in (("f", 2, "g"), ("g", 1, "f"))
    }
    for number in range(40):
        (folder / f"d{number}.html").write_text(f"{{% include 'd{number + 1}.html' %}}" * 2)
    (folder / "d40.html").write_text("x")
    assert MUCH in render(folder, "{% include 'd0.html' %}")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/etc/passwd", "templates/a.html:1: template: there is no '/etc/passwd'"),
        ("../secret", "templates/a.html:1: template: there is no '../secret'"),
        ("x/../../secret", "templates/a.html:1: template: there is no 'x/../../secret'"),
        ("a\\0b", "templates/a.html:1: template: there is no 'a␀b'"),
        ("n" * 300, "templates/a.html:1: template: there is no 'nnn"),
        ("", "templates/a.html:1: template: there is no ''"),
        ("fifo", "templates/fifo: is a FIFO, not a file"),
        ("dir", "templates/dir: is a folder, not a file"),
        ("broken", "templates/broken: cannot be read: a link to nowhere, which is not there"),
        ("outside", "templates/outside: this leads to {root}/secret, outside the project"),
        ("elsewhere/secret", "templates/elsewhere/secret: this leads to {root}/secret, outside"),
    ],
)  # fmt: skip
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs and links")
def test_a_template_is_a_file_of_the_project(folder: Path, name: str, message: str) -> None:
    root = folder.parent
    (root / "secret").write_text("secret")
    os.mkfifo(folder / "fifo")
    (folder / "dir").mkdir()
    (folder / "broken").symlink_to("nowhere")
    (folder / "outside").symlink_to(root / "secret")
    (folder / "elsewhere").symlink_to(root)
    said = render(folder, f"{{% include '{name}' %}}")
    assert said.startswith(message.format(root=root))


def test_any_mixture_of_expressions_is_rendered_or_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escriba.templating.budget.STEPS", 1 << 18)  # for the sake of time
    templates = Templates(folder, Path("templates"))
    names = [name for name in templates.environment.filters if ":" not in name]
    for seed in range(400):
        choice = random.Random(seed)
        text = "".join(mixture(choice, names) for _ in range(3))
        (folder / "a.html").write_text(text)
        assert templates.environment.cache is not None
        templates.environment.cache.clear()
        try:
            written = templates.render("a.html", **GIVEN)
        except SourceError as error:
            (problem,) = error.problems
            assert problem.place and problem.place.line, text
        else:
            assert "called" not in written


ATOMS = (
    "1", "-1", "10 ** 6", "1e308", "'a'", "'x' * 9999", "'{}'", "'%d'", "none", "[1, 'a', none]", "{}",
    "{'a': thing}", "range(9)", "thing", "thing.path", "day", "x", "loop", "self", "namespace()",
    "joiner()", "dict", "range", "[thing]", "'\\ud800'", "(1, 2) | map('string')", "undefined_thing",
)  # fmt: skip
METHODS = [
    "upper",
    "split",
    "join",
    "format",
    "center",
    "items",
    "get",
    "keys",
    "isoformat",
    "read_text",
    "run",
    "next",
    "__class__",
]


def mixture(choice: random.Random, filters: list[str], depth: int = 0) -> str:
    """Some Jinja of which a part is in order."""
    some = choice.choice

    def value(depth: int = 0) -> str:
        kind = choice.randrange(7)
        if depth > 2 or kind < 2:
            return some(ATOMS)
        first, second = value(depth + 1), value(depth + 1)
        return (
            f"({first} {some(('+', '-', '*', '//', '%', '**', '~', 'and', '==', '<', 'in'))} {second})",
            f"{first} | {some(filters)}{some(('', f'({second})', f'(attribute={second})'))}",
            f"{first}.{some(METHODS)}{some(('', f'({second})'))}",
            f"{first}[{some((second, ':', f'{second}:'))}]",
            f"[{first}, {second}]",
        )[kind - 2]

    inside = mixture(choice, filters, depth + 1) if depth < 3 else "z"
    return some(
        (
            f"{{{{ {value()} }}}}",
            f"{{% set x = {value()} %}}",
            f"{{% for x in {value()} %}}{inside}{{% endfor %}}",
            f"{{% if {value()} %}}{inside}{{% else %}}b{{% endif %}}",
            f"{{% macro m(x, y={value()}) %}}{inside}{{% endmacro %}}{{{{ m({value()}) }}}}",
            f"{{% filter {some(filters)} %}}{inside}{{% endfilter %}}",
            some(("text", "{{", "%}", "{% endif %}", "{#", "{% raw %}")),
        )
    )


# The functions, words and assets of a whole site.


@pytest.fixture
def blog(tmp_path: Path) -> Project:
    (tmp_path / "escriba.yml").write_text("title: t\nurl: https://example.org\n")
    for part in ("posts", "templates/assets", "templates/blocks"):
        (tmp_path / part).mkdir(parents=True)
    (tmp_path / "posts" / "2020-01-01-a.md").write_text("---\ntitle: a\ntags: [x]\n---\nText.\n")
    return project.load(tmp_path)


def refused(blog: Project) -> list[str]:
    """What is said of a site that is not built."""
    with pytest.raises(EscribaError) as raised:
        build(project.load(blog.root))
    assert not blog.output.exists()
    return [str(problem) for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("date(1)", "'date' takes a date, and was given 1"),
        ("date(none)", "'date' takes a date, and was given nothing"),
        ("link(3)", "'link' takes a path of this site, which begins with '/', and was given 3"),
        ("link('x')", "'link' takes a path of this site, which begins with '/', and was given 'x'"),
        ("asset('favicon.sgv')", "there is no asset 'favicon.sgv' (did you mean 'favicon.svg'?)"),
        ("asset(1)", "there is no asset '1'"),
        ("absolute([])", "'absolute' takes a path of this site, and was given []"),
        ("language(5)", "'language' takes the tag of a language, as es, and was given 5"),
        ("date()", ""),
        ("panels.write('/tmp')", "'escriba.site.pages.blog.Playgrounds object' has no attribute 'write'"),
        ("panels._panels", "a template may not use '_panels' of Playgrounds"),
        ("catalogue.posts[0].place('title')", "a template may not use 'place' of Post"),
        ("site.posts.iterdir() | list", "a template may not use 'iterdir' of PosixPath"),
        ("articles.clear()", "'escriba.site.pages.article.Articles object' has no attribute 'clear'"),
        ("catalogue", "Catalogue is an object and no text; write what it holds"),
    ],
)  # fmt: skip
def test_a_function_of_a_theme_says_what_it_takes(blog: Project, call: str, message: str) -> None:
    (blog.templates / "404.html").write_text(f"\n{{{{ {call} }}}}")
    (problem,) = refused(blog)
    assert problem.startswith(f"templates/404.html:2: template: {message}")


def test_the_mistakes_of_all_templates_are_told_at_once(blog: Project) -> None:
    (blog.templates / "home.html").write_text("{{ nope }}")
    (blog.templates / "archive.html").write_text("\n{% if %}")
    (blog.templates / "post.html").write_text("\n\n{{ article.nope }}")
    for number in range(9):
        post = f"---\ntitle: a{number}\n---\nText.\n"
        (blog.posts / f"2020-02-0{number + 1}-b.md").write_text(post)
    assert [problem.partition(" template: ")[0] for problem in refused(blog)] == [
        "templates/archive.html:2:",
        "templates/home.html:1:",
        "templates/post.html:3:",
    ]


@pytest.mark.parametrize("name", ["a" * 300, "a/b", "..", "a b", "é\n"])
def test_a_layout_is_a_template(blog: Project, name: str) -> None:
    post = blog.posts / "2020-01-01-a.md"
    post.write_text(f'---\ntitle: a\nlayout: "{name}"\n---\nText.\n')
    (problem,) = refused(blog)
    assert problem.startswith("posts/2020-01-01-a.md:3:9: there is no layout '")


@pytest.mark.parametrize(
    ("words", "messages"),
    [
        ("en: {minutes: '{0}'}", ["1:15: 'minutes' has the field '{0}', and may have {count}"]),
        ("en: {minutes: '{}'}", ["1:15: 'minutes' has the field '{}', and may have {count}"]),
        ("en: {minutes: '{name}'}", ["1:15: 'minutes' has the field '{name}', and may have {count}"]),
        ("en: {posts_of_tag: '{name:>999999999}'}",
         ["1:20: 'posts_of_tag' has the field '{name:>999999999}', and may have {name}"]),
        ("en: {posts_of_tag: '{name.__class__}{name!r}'}",
         ["1:20: 'posts_of_tag' has the field '{name.__class__}', and may have {name}",
          "1:20: 'posts_of_tag' has the field '{name!r}', and may have {name}"]),
        ("de:\n  minutes: '{'\n  posts_of_tag: '}'\n",
         ["2:12: 'minutes' has a brace without the other; it may have {count}",
          "3:17: 'posts_of_tag' has a brace without the other; it may have {name}"]),
        ("en: {archive: [1], topics: {}, feed: }",
         ["1:15: 'archive' must be a text", "1:28: 'topics' must be a text",
          "1:38: 'feed' must be a text"]),
        ("en\n", ["1: expected languages, each with its texts"]),
        ("- en\n", ["1: expected languages, each with its texts"]),
        ("\nen: [a]\nes: b\n", ["2: expected texts under 'en'", "3: expected texts under 'es'"]),
        ("en: {a: &a [*a]}", ["1:13: the alias '*a' stands within what it names"]),
        ("en: {a: 1}\nen: {b: 2}", ["2:1: 'en' is given twice (first in line 1)"]),
    ],
)  # fmt: skip
def test_words_have_the_fields_of_those_that_they_replace(
    blog: Project, words: str, messages: list[str]
) -> None:
    (blog.templates / "strings.yml").write_text(words)
    assert refused(blog) == [f"templates/strings.yml:{message}" for message in messages]


def test_words_may_lack_a_field_and_have_braces_where_none_is_filled_in(blog: Project) -> None:
    (blog.templates / "strings.yml").write_text(
        "en: {minutes: short, archive: '{all} %', own: '{x:y}', feed: 5}\n"
    )
    build(blog)
    page = (blog.output / "index.html").read_text("utf-8")
    assert ">{all} %</a>" in page
    assert ">5</a>" in page


def strange_files() -> Iterator[tuple[str, Callable[[Path], object], str]]:
    def too_large(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate((64 << 20) + 1)

    link = Path.symlink_to
    yield "assets/a.png", os.mkfifo, "is a FIFO, not a file"
    yield "assets/a.css", os.mkfifo, "is a FIFO, not a file"
    yield "assets/a.css", Path.mkdir, "is a folder, not a file"
    yield "assets/a.css", lambda path: path.write_bytes(b"a\n\xff"), "not UTF-8: the byte 0xff"
    yield "assets/a.png", too_large, "is larger than 64 MB, the most that is read"
    yield "assets/a.png", lambda path: link(path, "/etc/passwd"), "this leads to /etc/passwd"
    yield "assets/a", lambda path: link(path, "/etc"), "this leads to /etc, outside"
    yield "assets/a.png", lambda path: link(path, "nowhere"), "cannot be read: a link to nowhere"
    yield "assets/a.png", lambda path: link(path, path.name), "cannot be read: Too many levels"
    yield "assets/playground.js", os.mkfifo, "is a FIFO, not a file"
    yield "blocks/a.css", os.mkfifo, "is a FIFO, not a file"
    yield "blocks/a.css", lambda path: link(path, "/etc/passwd"), "this leads to /etc/passwd"
    yield "strings.yml", os.mkfifo, "is a FIFO, not a file"
    yield "strings.yml", Path.mkdir, "is a folder, not a file"
    yield "strings.yml", lambda path: link(path, "/etc/passwd"), "this leads to /etc/passwd"
    yield "strings.yml", lambda path: path.write_bytes(b"\n\xff"), "not UTF-8: the byte 0xff"
    yield "home.html", os.mkfifo, "is a FIFO, not a file"
    yield "post.html", Path.mkdir, "is a folder, not a file"
    yield "list.html", lambda path: link(path, "/etc/passwd"), "this leads to /etc/passwd"


@pytest.mark.parametrize(("name", "make", "message"), list(strange_files()))
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs and links")
def test_a_theme_is_made_of_files_of_the_project(
    blog: Project, name: str, make: Callable[[Path], object], message: str
) -> None:
    make(blog.templates / name)
    problems = refused(blog)
    assert problems
    for problem in problems:
        assert problem.startswith(f"templates/{name}:"), problem
        assert message in problem


def test_an_asset_is_named_in_text(blog: Project) -> None:
    try:
        (blog.templates / "assets" / "a\udcff.png").write_bytes(b"")
    except OSError:
        pytest.skip("the disk knows no such name")
    assert refused(blog) == ["templates/assets: a file's name must be text: 'a\\udcff.png'"]


def test_what_an_author_allows_is_read(blog: Project, tmp_path: Path) -> None:
    other = tmp_path.with_name(f"{tmp_path.name}-shared")
    other.mkdir()
    (other / "404.html").write_text("shared")
    (blog.templates / "404.html").symlink_to(other / "404.html")
    assert "outside the project" in refused(blog)[0]
    with (blog.root / "escriba.yml").open("a") as file:
        file.write(f"outside: [{other}]\n")
    build(project.load(blog.root))
    assert (blog.output / "404.html").read_text() == "shared"


def test_what_is_no_template_of_a_site_is_escribas_own(blog: Project) -> None:
    """The colours of code and the files of a new site are neither replaced nor published."""
    build(blog)
    before = {path: path.read_bytes() for path in blog.output.rglob("*.*") if path.is_file()}
    (blog.templates / "new").mkdir()
    for name in ("code.css", "new/strings.yml", "new/first.en.md", "new/page.css"):
        (blog.templates / name).write_text("{{ mine }} .mine { }\n")
    build(project.load(blog.root))
    assert {
        path: path.read_bytes() for path in blog.output.rglob("*.*") if path.is_file()
    } == before
    (blog.templates / "assets" / "code.css").write_text(".mine { }\n")  # after escriba's colours
    build(project.load(blog.root))
    (style,) = blog.output.glob("assets/style.*.css")
    text = style.read_text("utf-8")
    assert 0 == text.index(".highlight .k,") < text.index(".mine { }") < text.index("--paper")


# Compiled templates.


class Planted(BytecodeCache):
    """Writes a program for each of escriba's templates, as Jinja would find it in a project."""

    def __init__(self, folder: Path, mark: Path):
        self.folder = folder
        self.program = compile(f"open({str(mark)!r}, 'w').close()", "planted", "exec")

    def plant(self, templates: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in templates.rglob("*.html"):
            name = path.relative_to(templates).as_posix()
            bucket = Bucket(
                None,  # type: ignore[arg-type]
                self.get_cache_key(name, str(path)),
                self.get_source_checksum(path.read_text("utf-8")),
            )
            bucket.code = self.program
            with (self.folder / f"__jinja2_{bucket.key}.cache").open("wb") as file:
                bucket.write_bytecode(file)


def test_no_program_in_a_project_is_run(blog: Project, tmp_path: Path) -> None:
    mark = tmp_path / "owned"
    Planted(blog.cache / "templates", mark).plant(packaged())
    build(blog)
    assert not mark.exists()
    assert (blog.output / "index.html").is_file()


def test_a_program_in_the_cache_is_that_of_the_template(blog: Project, tmp_path: Path) -> None:
    cache = tmp_path.with_name(f"{tmp_path.name}-cache")
    environment = {"XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache)}
    assert run(blog.root, "build", **environment).returncode == 0
    first = {
        path.relative_to(blog.output): path.read_bytes() for path in blog.output.rglob("*.html")
    }
    folder = cache / "escriba" / "templates"
    programs = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert programs
    if os.name == "posix":
        assert folder.stat().st_mode & 0o077 == 0
    shutil.rmtree(blog.output)
    assert run(blog.root, "build", **environment).returncode == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == programs
    for path in folder.iterdir():  # what is damaged is made again
        path.write_bytes(b"no program")
    shutil.rmtree(blog.output)
    assert run(blog.root, "build", **environment).returncode == 0
    second = {
        path.relative_to(blog.output): path.read_bytes() for path in blog.output.rglob("*.html")
    }
    assert second == first


@pytest.mark.skipif(os.name != "posix", reason="needs owners and modes")
def test_programs_are_kept_where_nobody_else_can_write(tmp_path: Path) -> None:
    site, cache = tmp_path / "site", tmp_path / "cache"
    site.mkdir()
    found = find_folder("templates", site, {"XDG_CACHE_HOME": str(cache)})
    assert found == cache / "escriba" / "templates"
    assert find_folder("templates", site, {"XDG_CACHE_HOME": str(site / ".cache")}) is None
    assert find_folder("templates", site, {"XDG_CACHE_HOME": "cache"}) is None
    (tmp_path / "link").symlink_to(site)
    assert find_folder("templates", site, {"XDG_CACHE_HOME": str(tmp_path / "link")}) is None
    (cache / "escriba").chmod(0o777)
    assert find_folder("templates", site, {"XDG_CACHE_HOME": str(cache)}) is None
    (tmp_path / "file").write_text("")
    assert find_folder("templates", site, {"XDG_CACHE_HOME": str(tmp_path / "file")}) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda n: "{{ number }}\n" * n,
        lambda n: "{{ '" + "\\'" * n + "' }}",
        lambda n: "{#" * n,
        lambda n: "    " * n + "{% if number %}\n" + " " * n + "{% endif %}",
        lambda n: "{{ '%(' * " + str(n) + " % {} }}",
        lambda n: "{{ " + " ~ ".join(["number"] * n) + " }}",
    ],
)
def test_the_time_grows_with_the_template(folder: Path, make: Callable[[int], str]) -> None:
    check_growth(lambda size: partial(render, folder, make(size)), 250, 2000)


def test_a_site_of_many_pages_has_steps_for_each(blog: Project) -> None:
    (blog.templates / "home.html").write_text("{% for i in range(300) %}{{ i }}{% endfor %}")
    theme = open_templates(blog)
    for _ in range(3):
        with theme.environment.spending():
            assert theme.environment.guard.budget is not None
            before = theme.environment.guard.budget.steps
        assert theme.render("home.html").startswith("012")
        assert before == (1 << 26)
