"""The posts of a site in order, and how they hang together."""

from __future__ import annotations

from pathlib import Path

import pytest

from escriba import project
from escriba.blog import catalogue
from escriba.blog.catalogue import Catalogue
from escriba.errors import Mistakes, SourceError


def read(
    root: Path,
    posts: dict[str, str],
    settings: str = "permalink: /:year/:title/",
    *,
    drafts: bool = False,
    unpublished: bool = False,
) -> Catalogue:
    """The catalogue of posts given as file name → front matter; a mistake is raised."""
    (root / "escriba.yml").write_text(settings)
    for name, yaml in posts.items():
        path = root / "posts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\n{yaml}\n---\n" if path.suffix == ".md" else yaml)
    mistakes = Mistakes()
    found = catalogue.read(project.load(root), mistakes, drafts=drafts, unpublished=unpublished)
    mistakes.check()
    return found


def slugs(found: Catalogue) -> list[str]:
    return [post.slug for post in found.posts]


def test_newest_first_by_the_moment_and_not_by_the_clock_face(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "2020-10-01-a.md": "date: 2020-10-01 23:30:00 -0600",  # 05:30 the next day, UTC
            "2020-10-02-b.md": "date: 2020-10-02 05:00:00 +0000",
            "2020-10-02-c.md": "",  # midnight UTC
            "2099-01-01-d.md": "",  # no clock enters: the future is built
        },
    )
    assert slugs(found) == ["d", "a", "b", "c"]
    assert [(g.name, len(g.posts)) for g in found.years] == [("2099", 1), ("2020", 3)]


POSTS = {
    "2020-01-01-a.md": "",
    "2020-01-02-b.md": "published: false",
    "drafts/c.md": "",
    "_drafts/d.md": "",
    "2020-01-03-e.md~": "",
    ".f.md": "",
    "_g.md": "",
    "img/h.svg": "<svg/>",
    "drafts/i.svg": "<svg/>",
}


@pytest.mark.parametrize(
    ("drafts", "unpublished", "shown", "files"),
    [
        (False, False, ["a"], ["img/h.svg"]),
        (True, False, ["c", "d", "a"], ["drafts/i.svg", "img/h.svg"]),
        (False, True, ["b", "a"], ["img/h.svg"]),
    ],
)
def test_what_is_shown(
    tmp_path: Path, drafts: bool, unpublished: bool, shown: list[str], files: list[str]
) -> None:
    found = read(tmp_path, POSTS, drafts=drafts, unpublished=unpublished)
    assert slugs(found) == shown
    assert sorted(path.as_posix() for path in found.files) == files


def test_tags_and_categories_that_read_alike_are_one(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "2020-01-01-a.md": "tags: [lstm, Modelos de lenguaje]\ncategories: IA",
            "2020-01-02-b.md": "tags: [LSTM, LSTM]",
        },
    )
    assert [(g.name, g.url, len(g.posts)) for g in found.tags] == [
        ("LSTM", "/tags/lstm/", 2),
        ("Modelos de lenguaje", "/tags/modelos-de-lenguaje/", 1),
    ]
    assert [(g.name, g.url) for g in found.categories] == [("IA", "/categories/ia/")]
    (first,) = [p for p in found.posts if p.slug == "a"]
    assert [g.name for g in found.topics[first.source]] == ["IA", "LSTM", "Modelos de lenguaje"]


def test_neighbours_speak_the_same_language(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "2020-01-01-a.md": "",
            "2020-01-02-b.md": "lang: es",
            "2020-01-03-c.md": "",
            "2020-01-04-d.md": "",
        },
    )
    names = {
        post.slug: [other and other.slug for other in found.neighbours[post.source]]
        for post in found.posts
    }
    assert names == {"d": [None, "c"], "c": ["d", "a"], "a": ["c", None], "b": [None, None]}


def test_translations_know_each_other(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "2020-01-01-redes.md": "lang: es",
            "2020-01-02-networks.md": "translates: redes",
            "2020-01-03-reseaux.md": "lang: fr\ntranslates: networks",
            "2020-01-04-other.md": "",
        },
    )
    assert {
        post.slug: [other.slug for other in found.translations[post.source]] for post in found.posts
    } == {
        "redes": ["networks", "reseaux"],
        "networks": ["redes", "reseaux"],
        "reseaux": ["networks", "redes"],
        "other": [],
    }


def test_a_translation_may_come_before_its_original(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "2020-01-01-redes.md": "lang: es\npublished: false",
            "2020-01-02-networks.md": "translates: redes",
        },
    )
    assert [found.translations[post.source] for post in found.posts] == [()]


@pytest.mark.parametrize(
    ("posts", "message"),
    [
        (
            {"2020-01-01-a.md": "", "2020-02-02-a.md": ""},
            "posts/2020-02-02-a.md:1: the address /2020/a/ is already that of "
            "posts/2020-01-01-a.md; give one of them another 'slug'",
        ),
        (
            {"2020-01-01-a.md": "permalink: /x/", "2020-02-02-b.md": "permalink: /X/"},
            "posts/2020-02-02-b.md:2:12: the address /X/ is already that of "
            "posts/2020-01-01-a.md; give one of them another 'permalink'",
        ),
        (
            {"2020-01-01-redes.md": "", "2020-02-02-b.md": "lang: es\ntranslates: redse"},
            "posts/2020-02-02-b.md:3:13: no post has the slug 'redse' that this one translates "
            "(did you mean 'redes'?)",
        ),
        (
            {"2020-01-01-a.md": "", "2020-02-02-b.md": "translates: a"},
            "posts/2020-02-02-b.md:2:13: 'en' is the language of this post and of "
            "posts/2020-01-01-a.md, its original",
        ),
        (
            {"2020-01-01-a.md": "date: soon", "2020-02-02-b.md": "published: maybe"},
            "posts/2020-01-01-a.md:2:7: 'date' must be a date such as 2020-10-01 or 2020-10-01 "
            "23:30:34 -0600, not 'soon'\n"
            "posts/2020-02-02-b.md:2:12: 'published' must be true or false, not 'maybe'",
        ),
    ],
)
def test_mistakes(tmp_path: Path, posts: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, posts)
    assert str(caught.value) == message


def test_a_wrong_pattern_is_reported_once_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, {"2020-01-01-a.md": ""}, "title: x\npermalink: prety")
    assert str(caught.value) == (
        "escriba.yml:2:12: the permalink 'prety' must start with '/' or be one of date, none, "
        "ordinal, pretty, weekdate"
    )
