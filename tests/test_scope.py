"""What Liquid and templates see of a site and of its posts."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from escriba.ground.errors import SourceError
from escriba.ground.project import load
from escriba.site.content import data
from support.blogs import run
from support.waiting import PATIENCE

POST = """\
---
title: {title}
date: 2020-01-0{n}
tags: [x, y{n}]
categories: [c1]
own: {{a: {n}, b: v{n}}}
list: [p, q]
flag: true
num: 2.50
day: 2021-02-03
last_modified_at: 2022-01-0{n}
author: Ana
none:
---
Excerpt of {title}.

"""
# Text → what it shows in the second of three posts: jekyll 4.3.1 shows the same.
SHOWN = {
    "{{ page.id }} {{ page.url }} {{ page.slug }}": "/c1/2020/01/02/two /c1/2020/01/02/two.html two",
    "{{ page.date }}; {{ page.date | date_to_xmlschema }}": "2020-01-02 00:00:00 +0000; 2020-01-02T00:00:00+00:00",
    "{{ page.date | date: '%Y %B' }}": "2020 January",
    "{{ page.last_modified_at }} {{ page.day }} {{ page.num }}": "2022-01-02 2021-02-03 2.5",
    "{{ page.layout }}{{ page.permalink }}{{ page.none }}.": ".",
    "{{ page.own.b }} {{ page.list[1] }} {{ page.flag }} {{ page.author }}": "v2 q true Ana",
    "{{ page.next.title }} {{ page.previous.title }} {{ page.next.next.title }}": "three one",
    "{{ page.categories | join: '+' }} {{ page.tags | size }}": "c1 2",
    "{{ page.ext }} {{ page.collection }} {{ page.draft }}": ".md posts false",
    "{{ page.path }} {{ page.name }}": "_posts/2020-01-02-two.md 2020-01-02-two.md",
    "{{ page.excerpt | strip_html | strip }}": "Excerpt of two.",
    "{% for p in site.posts %}[{{ p.title }} {{ p.url }} {{ p.own.a }}]{% endfor %}":
        "[three /c1/2020/01/03/three.html 3][two /c1/2020/01/02/two.html 2][one /c1/2020/01/01/one.html 1]",
    "{{ site.posts.size }} {{ site.posts.first.title }} {{ site.posts | map: 'title' | join: '/' }}":
        "3 three three/two/one",
    "{% for t in site.tags %}({{ t[0] }} {{ t[1].size }}){% endfor %}": "(x 3)(y1 1)(y2 1)(y3 1)",
    "{{ site.tags.x.first.title }} {{ site.tags['y2'].size }} {{ site.categories.c1.size }}": "three 1 3",
    "{{ site.data.authors.ana.name }} {{ site.data.authors.list | join: '/' }}": "Ana 1/2.5/true/",
    "{% for r in site.data.table %}{{ r.name }}={{ r.age }};{% endfor %}": "Ana=3;Bob=4;",
    "{{ site.data.people.j.a[1].b }}{{ site.data.tabs[0].x }}": "21",
    "{{ site.twitter }} {{ site.social.a }}": "ana b",
    "{% assign x = site.posts | where: 'flag', true %}{{ x | size }} {{ x[0].title }}": "3 three",
    "{% assign x = site.posts | sort: 'title' %}{{ x.first.title }}": "one",
    "{% if page.next %}N{% endif %}{% if page.next.next == nil %}E{% endif %}": "NE",
    "{% for p in site.posts %}{% if p.url == page.url %}self{% endif %}{% endfor %}": "self",
    "{% for p in site.posts %}{% if p.date > page.date %}{{ p.title }}{% endif %}{% endfor %}": "three",
    "{% for p in site.posts %}{{ p.excerpt | strip_html | strip }};{% endfor %}":
        "Excerpt of three.;Excerpt of two.;Excerpt of one.;",
    "{{ page.list }}{{ page.own.b | upcase }}": "pqV2",
    "{% for t in site.tags reversed %}{{ t | first }},{% endfor %}": "y3,y2,y1,x,",
    "{{ page.list | jsonify | size }} {{ page.own | jsonify | size }} {{ page.flag | jsonify }}": "9 16 true",
    "{% for k in page.own %}{{ k[0] }}:{{ k[1] }};{% endfor %} {{ page.own | size }}": "a:2;b:v2; 2",
    "{% assign c = page.categories.first %}{{ site.categories[c] | size }} {{ page['title'] }}": "3 two",
    "{{ site.posts[0].title }} {{ site.posts.last.url }}": "three /c1/2020/01/01/one.html",
    "{% for post in site.posts limit:2 offset:1 %}{{ post.title }},{% endfor %}": "two,one,",
    "{{ page.url | absolute_url }} {{ page.none | default: 'd' }} {{ page.list.size }}":
        "https://example.org/c1/2020/01/02/two.html d 2",
    "{% unless page.previous.previous %}first{% endunless %} {{ page.list | last }}": "first q",
}  # fmt: skip


def make_blog(root: Path) -> Path:
    """Three posts, each of which shows everything, and what lies beside them."""
    (root / "_posts").mkdir(parents=True)
    (root / "_data" / "people").mkdir(parents=True)
    (root / "_config.yml").write_text(
        "title: Blog\nurl: https://example.org\ntwitter: ana\nsocial: {a: b}\nquiet: true\n"
        "timezone: UTC\n"
    )
    (root / "_data" / "authors.yml").write_text("ana: {name: Ana}\nlist: [1, 2.50, true, ~]\n")
    (root / "_data" / "table.csv").write_text("name,age\nAna,3\nBob,4\n")
    (root / "_data" / "tabs.tsv").write_text("x\ty\n1\t2\n")
    (root / "_data" / "people" / "j.json").write_text('{"a": [1, {"b": 2}]}')
    body = "".join(f"<i>{text}</i>\n" for text in SHOWN)
    for number, title in enumerate(("one", "two", "three"), 1):
        post = POST.format(title=title, n=number)
        (root / "_posts" / f"2020-01-0{number}-{title}.md").write_text(f"{post}\n{body}")
    return root


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_blog(tmp_path_factory.mktemp("blog"))
    (root / "escriba.yml").write_text(
        "title: Blog\nurl: https://example.org\nposts: _posts\nlinks: ignore\n"
    )
    done = run(root, "build")
    assert done.returncode == 0, done.stderr
    return root / "site"


def shown(page: Path) -> list[str]:
    soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    return [" ".join(element.get_text().split()) for element in soup.select("p > i")]


def test_variables_show_what_they_show_in_jekyll(blog: Path) -> None:
    found = shown(blog / "c1" / "2020" / "01" / "02" / "two.html")
    assert dict(zip(SHOWN, found, strict=True)) == SHOWN


def test_jekyll_shows_the_same(tmp_path: Path) -> None:
    program = shutil.which("jekyll")
    if program is None:
        pytest.skip("jekyll is not installed")
    make_blog(tmp_path)
    subprocess.run([program, "build", "--quiet"], cwd=tmp_path, check=True, timeout=PATIENCE)
    found = shown(tmp_path / "_site" / "c1" / "2020" / "01" / "02" / "two.html")
    assert dict(zip(SHOWN, found, strict=True)) == SHOWN


def make_site(root: Path, *posts: str, settings: str = "title: t\n") -> Path:
    (root / "escriba.yml").write_text(settings)
    (root / "posts").mkdir()
    for number, text in enumerate(posts, 1):
        (root / "posts" / f"2020-01-0{number}-{number}.md").write_text(text)
    return root


def test_the_newest_date_is_the_time_of_a_site(tmp_path: Path) -> None:
    root = make_site(
        tmp_path,
        "---\nlast_modified_at: 2021-05-06 07:08:09 -0600\n---\n<i>{{ site.time }}</i>\n",
        "---\ntitle: b\n---\nx\n",
    )
    assert run(root, "build").returncode == 0
    assert shown(root / "site/2020/01/01/1.html") == ["2021-05-06 07:08:09 -0600"]


def test_own_keys_of_settings_are_heard_and_those_that_look_like_others_refused(
    tmp_path: Path,
) -> None:
    own = "title: t\ntwitter: ana\nauthor-name: Ana\nsubtitle: s\nnav_links: [a]\n"
    root = make_site(
        tmp_path,
        "---\ntitle: b\n---\n<i>{{ site.twitter }} {{ site.author-name }} {{ site.subtitle }} {{ site.nav_links }}</i>\n",
        settings=own,
    )
    done = run(root, "build")
    assert (done.returncode, done.stderr) == (0, "")
    assert shown(root / "site/2020/01/01/1.html") == ["ana Ana s a"]
    (root / "escriba.yml").write_text(
        "tittle: x\nlanguage: es\nbaseURL: /a\npermalinks: date\ntemplate: x\n"
    )
    done = run(root, "build")
    assert done.returncode == 3
    assert [line.split(" (allowed")[0] for line in done.stderr.splitlines()] == [
        "escriba.yml:1:1: unknown key 'tittle' (did you mean 'title'?)",
        "escriba.yml:2:1: unknown key 'language' (did you mean 'lang'?)",
        "escriba.yml:3:1: unknown key 'baseURL' (did you mean 'baseurl'?)",
        "escriba.yml:4:1: unknown key 'permalinks' (did you mean 'permalink'?)",
        "escriba.yml:5:1: unknown key 'template' (did you mean 'templates'?)",
    ]


def test_settings_of_jekyll_that_mean_nothing_here_are_told(tmp_path: Path) -> None:
    root = make_site(
        tmp_path, "---\ntitle: b\n---\nx\n", settings="timezone: UTC\nplugins: [a]\npaginate: 5\n"
    )
    done = run(root, "build")
    assert done.returncode == 3
    assert done.stderr.splitlines() == [
        f"escriba.yml:{place}: '{key}' is a setting of Jekyll's, and has no effect here; leave it out"
        for place, key in (("1:11", "timezone"), ("2:10", "plugins"), ("3:11", "paginate"))
    ]


def test_templates_see_front_matter_settings_and_data(tmp_path: Path) -> None:
    root = make_site(
        tmp_path, "---\ntitle: a\nhero: b.png\nsub: {k: v}\n---\nx\n", settings="twitter: ana\n"
    )
    (root / "_data").mkdir()
    (root / "_data" / "d.yml").write_text("x: {y: 1}\n")
    (root / "templates").mkdir()
    template = "{{ post.hero }} {{ page.hero }} {{ page.sub.k }} {{ site.twitter }} {{ data.d.x.y }} {{ post.title }}"
    (root / "templates" / "post.html").write_text(template)
    done = run(root, "build")
    assert done.returncode == 0, done.stderr
    assert (root / "site/2020/01/01/1.html").read_text() == "b.png b.png v ana 1 a"
    (root / "templates" / "post.html").write_text("\n{{ post.heor }}")
    done = run(root, "build")
    assert done.returncode == 3
    assert done.stderr.startswith("templates/post.html:2: template: ")


def test_an_excerpt_asks_for_no_other(tmp_path: Path) -> None:
    root = make_site(
        tmp_path,
        "---\ntitle: a\n---\nA {% for p in site.posts %}{{ p.excerpt }}{% endfor %}.\n\n<i>{{ page.excerpt | strip_html | strip }}</i>\n",
        "---\ntitle: b\nexcerpt: own\n---\n<i>{{ page.excerpt }}</i> {{ page.previous.excerpt }}\n",
    )
    done = run(root, "build")
    assert (done.returncode, done.stderr) == (0, "")
    assert shown(root / "site/2020/01/01/1.html")[-1:] == ["A ."]
    assert shown(root / "site/2020/01/02/2.html")[:1] == ["own"]


def test_what_is_large_may_be_passed_around_but_not_compared_without_end(tmp_path: Path) -> None:
    root = make_site(
        tmp_path,
        "---\ntitle: a\n---\n<i>{% if page.next == page.previous %}same{% else %}other{% endif %}"
        "{{ page | jsonify | size | at_least: 99 }}{{ site.posts | jsonify | truncate: 11 }}"
        "{{ page.next }}</i>\n",
        "---\ntitle: b\n---\nx\n",
    )
    done = run(root, "build")
    assert done.returncode == 0, done.stderr
    text = shown(root / "site/2020/01/01/1.html")[0]
    assert text.startswith("other")
    assert text.endswith("b")


def test_there_is_no_more_data_than_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "WHOLE", 100)
    root = make_site(tmp_path)
    (root / "_data").mkdir()
    (root / "_data" / "a.yml").write_text("x: " + "1" * 60)
    assert data.read(load(root)) == {"a": {"x": int("1" * 60)}}
    (root / "_data" / "b.yml").write_text("x: " + "1" * 60)
    with pytest.raises(SourceError) as caught:
        data.read(load(root))
    assert str(caught.value) == "_data: has more than 0 MB of data, the most that is read"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("_data/a.yml", "x: [", "_data/a.yml:2:1: broken YAML: did not find expected node content"),
        ("_data/a.json", '{"x": 1,\n y}', "_data/a.json:2:2: broken JSON: "),
        ("_data/b/c.json", "NaN", "_data/b/c.json:1: broken JSON: NaN is not a number"),
        ("_data/a.csv", 'a,b\n1,"' + "x" * 200_000 + '"\n', "_data/a.csv:2: a broken table: "),
        ("_data/a.yml", "x: 1\nx: 2", "_data/a.yml:2:1: 'x' is given twice (first in line 1)"),
        ("_config.yml", "- a\n", "_config.yml:1: expected 'key: value' lines"),
        ("_config.yml", "a: [\n", "_config.yml:2:1: broken YAML: "),
    ],
)
def test_what_is_wrong_beside_the_posts_has_its_place(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    root = make_site(tmp_path, "---\ntitle: a\n---\n{% if site.own %}x{% endif %}\n")
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    done = run(root, "build")
    assert done.returncode == 3
    assert done.stderr.startswith(message), done.stderr
    assert not (root / "site").exists()


def test_folders_of_data_do_not_hold_themselves(tmp_path: Path) -> None:
    (tmp_path / "_data" / "a").mkdir(parents=True)
    (tmp_path / "_data" / "a" / "b.yml").write_text("c: 1\n")
    (tmp_path / "escriba.yml").write_text("")
    assert data.read(load(tmp_path)) == {"a": {"b": {"c": 1}}}
