"""Posts: front matter, file names, dates, and the addresses that Jekyll would give."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba.ground.errors import Place, SourceError
from escriba.ground.project import Settings
from escriba.ground.schema import parse_datetime
from escriba.site.content import permalink
from escriba.site.content.permalink import Words, clean, expand, slugify, target
from escriba.site.content.post import Post, read_post

NAME = "2020-10-01-redes-neuronales.md"


def post(folder: Path, text: str | bytes, name: str = NAME, **settings: str) -> Post:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_post(path, Path("posts") / name, Settings(**settings))  # type: ignore[arg-type]


def test_front_matter_as_jekyll_has_it(tmp_path: Path) -> None:
    found = post(
        tmp_path,
        '---\nlayout: post\ntitle:  "Redes"\ndate:   2020-10-01 23:30:34 -0600\n'
        "categories: deep learning\npublished: false\nmath: true\n---\nText\n",
    )
    assert found.title == "Redes"
    assert found.categories == ("deep", "learning")
    assert found.url == "/deep/learning/2020/10/01/redes-neuronales.html"
    assert found.date is not None
    assert found.date.isoformat() == "2020-10-01T23:30:34-06:00"
    assert found.draft
    assert found.front.extra == {"math": True}
    assert (found.body, found.first_line) == ("Text\n", 9)


def test_name_gives_what_front_matter_does_not(tmp_path: Path) -> None:
    found = post(tmp_path, "---\n---\n", lang="es")
    assert found.title == "Redes Neuronales"
    assert (found.slug, found.lang, found.body) == ("redes-neuronales", "es", "")
    assert found.date is not None
    assert found.date.isoformat() == "2020-10-01T00:00:00"


@pytest.mark.parametrize(
    ("yaml", "categories", "tags"),
    [
        ("categories: a b\ntags: [c d, e]", ("a", "b"), ("c d", "e")),
        ("category: a b\ntag: c", ("a b",), ("c",)),
        ("category: a\ncategories: b c", ("a",), ()),
        ("categories:\ntags: []", (), ()),
        ("categories: [a, a, b]", ("a", "b"), ()),
    ],
)
def test_categories_and_tags(
    tmp_path: Path, yaml: str, categories: tuple[str, ...], tags: tuple[str, ...]
) -> None:
    found = post(tmp_path, f"---\n{yaml}\n---\n")
    assert (found.categories, found.tags) == (categories, tags)


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (
            "# No front matter\n",
            NAME,
            f"posts/{NAME}:1: the post has no front matter; it must start with a line '---', its "
            "title and date, and another line '---'",
        ),
        (
            "---\ntitle: a\n\nText\n",
            NAME,
            f"posts/{NAME}:1: the front matter is never closed; add a line '---' after it",
        ),
        (
            "---\ntitle: a\ndate: 2020-13-45\n---\n",
            NAME,
            f"posts/{NAME}:3:7: 'date' must be a date such as 2020-10-01 or 2020-10-01 23:30:34 "
            "-0600, not '2020-13-45'",
        ),
        (
            "---\ntitle: [a\n---\n",
            NAME,
            f"posts/{NAME}:3:1: broken YAML: did not find expected ',' or ']'",
        ),
        (
            "---\ntitle: a\n---\n",
            "idea.md",
            "posts/idea.md:1: the post has no date; name the file YYYY-MM-DD-slug.md or add "
            "'date:'",
        ),
        (
            "---\ntitle: a\n---\n",
            "2020-13-01-a.md",
            "posts/2020-13-01-a.md: the file name starts with '2020-13-01', which is no date",
        ),
        (
            b"---\ntitle: caf\xe9\n---\n",
            NAME,
            f"posts/{NAME}:2:11: not UTF-8: the byte 0xe9 is not part of any character; save the "
            "file as UTF-8",
        ),
        (
            "---\nlang: klingon\n---\n",
            NAME,
            f"posts/{NAME}:2:7: 'lang' must be a language such as es or pt-BR, not 'klingon'",
        ),
        (
            "---\npermalink: /:yaer/\n---\n",
            NAME,
            f"posts/{NAME}:2:12: unknown placeholder ':yaer' in the permalink (did you mean "
            "'year'?)",
        ),
        (
            "---\nslug: '¿?'\n---\n",
            NAME,
            f"posts/{NAME}:1: the slug '¿?' has no letter or digit",
        ),
        (
            "---\nslug: a\nslug: b\npublished: perhaps\n---\n",
            NAME,
            f"posts/{NAME}:3:1: 'slug' is given twice (first in line 2)",
        ),
    ],
)
def test_mistakes_have_an_address(
    tmp_path: Path, text: str | bytes, name: str, message: str
) -> None:
    with pytest.raises(SourceError) as caught:
        post(tmp_path, text, name)
    assert str(caught.value) == message


def test_a_post_has_a_hundred_topics_at_most(tmp_path: Path) -> None:
    many = " ".join(f"t{n}" for n in range(101))
    with pytest.raises(SourceError) as caught:
        post(tmp_path, f"---\ntags: {many}\ncategory: [{many.replace(' ', ', ')}]\n---\n")
    assert [str(problem) for problem in caught.value.problems] == [
        "posts/2020-10-01-redes-neuronales.md:3:11: 'category' may name at most 100 topics, and it names 101",
        "posts/2020-10-01-redes-neuronales.md:2:7: 'tags' may name at most 100 topics, and it names 101",
    ]
    assert len(post(tmp_path, f"---\ntags: {many.removesuffix(' t100')}\n---\n").tags) == 100


def test_a_draft_needs_no_date(tmp_path: Path) -> None:
    found = post(tmp_path, "---\ntitle: a\n---\n", "drafts/una-idea.md")
    assert (found.date, found.draft, found.url) == (None, True, "/drafts/una-idea/")


def test_the_day_is_the_authors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Jekyll shows, and links, the day that it was where the site is built.
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    found = post(tmp_path, "---\ndate: 2020-10-01 23:30:34 -0600\n---\n", permalink="pretty")
    assert found.url == "/2020/10/01/redes-neuronales/"


WORDS = Words(
    "Redes.Neuronales", "2021-01-03-redes", ("Deep", "Árbol"), parse_datetime("2021-01-03 04:05:06")
)


# As Jekyll 4.3.1 gave them for a post with this slug, these categories and this date.
@pytest.mark.parametrize(
    ("pattern", "url"),
    [
        ("date", "/deep/%C3%A1rbol/2021/01/03/Redes.Neuronales.html"),
        ("pretty", "/deep/%C3%A1rbol/2021/01/03/Redes.Neuronales/"),
        ("ordinal", "/deep/%C3%A1rbol/2021/003/Redes.Neuronales.html"),
        ("weekdate", "/deep/%C3%A1rbol/2021/W53/Sun/Redes.Neuronales.html"),
        ("none", "/deep/%C3%A1rbol/Redes.Neuronales.html"),
        ("/:slug", "/redes-neuronales"),
        ("/:year:month:day/:i_month-:i_day/:name/", "/20210103/1-3/2021-01-03-redes/"),
        ("/:short_year/:short_month/:long_month/", "/21/Jan/January/"),
        ("/:y_day/:w_year/:week/:w_day/:short_day/:long_day", "/003/2020/53/7/Sun/Sunday"),
        ("/:hour/:minute/:second/", "/04/05/06/"),
        ("/:collection/:slugified_categories/x:output_ext", "/posts/deep/%C3%A1rbol/x.html"),
        ("/:year_:month", "/2021_01"),
        ("/../:title/./..", "/Redes.Neuronales/"),
        ("//:title", "/Redes.Neuronales"),
    ],
)
def test_patterns(pattern: str, url: str) -> None:
    assert expand(pattern, WORDS, Place(Path("x"))) == url


@pytest.mark.parametrize(
    ("text", "default", "pretty"),
    [
        ("La guerra, y la paz", "la-guerra-y-la-paz", "La-guerra,-y-la-paz"),
        ("¿Qué es?", "qué-es", "Qué-es"),
        ("c++ & c#", "c-c", "c++-&-c"),
        ("--a--b--", "a-b", "a-b"),
        ("人工知能", "人工知能", "人工知能"),
        ("n\u0303", "ñ", "ñ"),
    ],
)
def test_slugs(text: str, default: str, pretty: str) -> None:
    assert slugify(text) == default
    assert slugify(text, permalink.PRETTY, cased=True) == pretty


def test_a_posts_own_permalink(tmp_path: Path) -> None:
    found = post(tmp_path, "---\npermalink: about/:year/\n---\n")
    assert (found.url, found.target) == ("/about/2020/", "about/2020/index.html")


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("/", "index.html"),
        ("/a/", "a/index.html"),
        ("/a", "a.html"),
        ("/a.html", "a.html"),
        ("/%C3%A1/b.c", "á/b.c.html"),
    ],
)
def test_targets(url: str, file: str) -> None:
    assert target(url) == file


@given(st.text())
def test_no_address_leaves_the_site(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    parts = target(clean(f"/{text}/../../x")).split("/")
    assert not {"", ".", ".."}.intersection(parts)
