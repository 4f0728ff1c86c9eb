"""Liquid's variables that are not there: who is told, and who is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from escriba.ground.errors import Place
from escriba.markup.liquid import LiquidContext, evaluate
from support.blogs import run

START = Place(Path("posts/a.md"), 5)


@pytest.fixture
def given(tmp_path: Path) -> LiquidContext:
    (tmp_path / "a.html").write_text("{{ include.x }}{{ page.subtitle }}\n{{ page.zzz }}")
    return LiquidContext(
        site={"title": "S", "baseurl": "/b", "none": None},
        page={"title": "T", "tags": ["a"], "none": None},
        includes=(tmp_path,),
        shown=lambda path: path.relative_to(tmp_path),
        optional={"subtitle"},
    )


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        ("{{ nope }}", ["5:4: Liquid's 'nope' is not there, and shows nothing"]),
        ("\n{{ page.titel }}", ["6:4: Liquid's 'page.titel' is not there, and shows nothing "
                                "(did you mean 'page.title'?)"]),
        ("{{ site.titel }}", ["5:4: Liquid's 'site.titel' is not there, and shows nothing "
                              "(did you mean 'site.title'?)"]),
        ("{{ title }}", ["5:4: Liquid's 'title' is not there, and shows nothing "
                         "(did you mean 'page.title'?)"]),
        ("{{ pge.title }}", ["5:4: Liquid's 'pge.title' is not there, and shows nothing "
                             "(did you mean 'page.title'?)"]),
        ("{{ nope.a[0]['b c'] }}", ["5:4: Liquid's 'nope.a[0]['b c']' is not there, and shows nothing"]),
        ("{{ nope | upcase }}", ["5:4: Liquid's 'nope' is not there, and shows nothing"]),
        ("{{ 'a' | append: page.zz }}", ["5:18: Liquid's 'page.zz' is not there, and shows nothing"]),
        ("{{ nope | jsonify }}", ["5:4: Liquid's 'nope' is not there, and shows nothing"]),
        ("{% echo nope %}", ["5:9: Liquid's 'nope' is not there, and shows nothing"]),
        ("{% assign z = page.zz %}\n{{ z }}", ["5:15: Liquid's 'page.zz' is not there, and shows nothing"]),
        ("{% assign z = page.zz | split: ',' %}", ["5:15: Liquid's 'page.zz' is not there, and shows nothing"]),
        ("{% capture k %}{{ nope }}{% endcapture %}", ["5:19: Liquid's 'nope' is not there, and shows nothing"]),
        ("{% for x in site.psots %}{% endfor %}", ["5:13: Liquid's 'site.psots' is not there, and shows nothing"]),
        ("{% for x in (1..9) %}{{ nope }}{% endfor %}", ["5:25: Liquid's 'nope' is not there, and shows nothing"]),
        ("{{ nope | default: 'x' }}{{ nope | upcase | default: 'y' }}", []),
        ("{% if nope %}{% endif %}{% unless nope.a %}{% endunless %}{% if nope == nil %}{% endif %}", []),
        ("{% case nope %}{% when 1 %}{% endcase %}{% if nope contains 'x' %}{% endif %}", []),
        ("{{ page.none }}{{ site.none }}{{ page.none.more }}{{ page.none | upcase }}", []),
        ("{{ page.tags[7] }}{{ page.tags[7].x }}{{ page.tags.first }}", []),
        ("{% if a %}{% assign b = 1 %}{% endif %}{{ b }}", []),
        ("{% for x in page.tags %}{{ forloop.nope }}{% endfor %}{{ page.nope | size }}", []),
        ("{% raw %}{{ nope }}{% endraw %}{% comment %}{{ nope }}{% endcomment %}", []),
        ("$$\\frac{{a}}{b}$$ {{ page.title }}", []),
        ("{% include a.html %}", ["a.html:2:4: Liquid's 'page.zzz' is not there, and shows nothing"]),
        ("{% include a.html x=nope %}{% include a.html %}",
         ["a.html:2:4: Liquid's 'page.zzz' is not there, and shows nothing"]),
        ("{{ page.subtitle }}", ["5:4: Liquid's 'page.subtitle' is not there, and shows nothing"]),
    ],
)  # fmt: skip
def test_who_shows_a_variable_that_is_not_there_is_told(
    given: LiquidContext, text: str, warnings: list[str]
) -> None:
    found = [str(problem) for problem in evaluate(text, given, START).warnings]
    assert found == [w if w.startswith("a.html") else f"posts/a.md:{w}" for w in warnings]


def test_a_site_names_each_place_once(tmp_path: Path) -> None:
    (tmp_path / "escriba.yml").write_text("title: t\n")
    (tmp_path / "_includes").mkdir()
    (tmp_path / "_includes" / "a.md").write_text(
        "{{ site.nope }}\n\n```escriba sample\nmodel: x\n```\n"
    )
    (tmp_path / "posts").mkdir()
    for number in (1, 2):
        text = "---\ntitle: t\n---\n{% include a.md %}\n\n{{ page.nope }}\n"
        (tmp_path / "posts" / f"2024-01-0{number}-a.md").write_text(text)
    done = run(tmp_path, "build")
    assert done.returncode == 3
    assert done.stderr.splitlines() == [
        "_includes/a.md:1:4: warning: Liquid's 'site.nope' is not there, and shows nothing",
        "posts/2024-01-01-a.md:6:4: warning: Liquid's 'page.nope' is not there, and shows nothing",
        "posts/2024-01-02-a.md:6:4: warning: Liquid's 'page.nope' is not there, and shows nothing",
        "_includes/a.md:4:8: unknown model 'x' (models/ has none)",
    ]
    (tmp_path / "_includes" / "a.md").write_text("x")
    done = run(tmp_path, "build")
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 2
