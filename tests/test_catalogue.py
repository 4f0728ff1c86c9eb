"""The posts of a site in order, and how they hang together."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from escriba.ground import project
from escriba.ground.errors import SourceError
from escriba.ground.mistakes import Mistakes
from escriba.site.content import catalogue
from escriba.site.content.catalogue import Catalogue


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
    assert sorted(path.as_posix() for path in found.files.values()) == files


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


# What no address can be, and what the site says of it. The place is that of the permalink.
NO_ADDRESS = [
    ("/.escriba/plan/", "'.escriba' is a folder of escriba's own"),
    ("/.ESCRIBA/x", "'.ESCRIBA' is a folder of escriba's own"),
    ("/.escr\u200ciba/x/", "'.escr\u200ciba' is a folder of escriba's own"),
    ("/%2eescriba/x/", "'.escriba' is a folder of escriba's own"),
    ("/escrib~1/plan/", "'escrib~1' is a folder of escriba's own"),
    ("/.git/hooks/", "'.git' is a folder of Git's own"),
    ("/a%00b/", "it has the character U+0000"),
    ('"/a\\0b/"', "it has the character U+0000"),
    ('"/a\\nb/"', "it has the character U+000A"),
    ('"/a\\x9fb/"', "it has the character U+009F"),
    ("/con/", "no file on Windows can be named 'con'"),
    ("/x/NUL.txt/", "no file on Windows can be named 'NUL.txt'"),
    ("/com1", "no file on Windows can be named 'com1.html'"),
    ("/lpt².x/", "no file on Windows can be named 'lpt².x'"),
    ("/aux /x/", "no file on Windows can be named 'aux '"),
    ("/x./", "no file on Windows can have a name that ends in '.'"),
    ("/x /y/", "no file on Windows can have a name that ends in ' '"),
    ("/a%3Ab/", "no file on Windows can have a ':' in its name"),
    ("'/a<b/'", "no file on Windows can have a '<' in its name"),
    ("'/a|b/'", "no file on Windows can have a '|' in its name"),
    ("'/a\\b/'", "no file on Windows can have a '\\' in its name"),
    ("/a*/", "no file on Windows can have a '*' in its name"),
    ("/a%3Fb/", "no file on Windows can have a '?' in its name"),
    (f"/{'a' * 256}/", f"'{'a' * 20}…' is longer than 255 bytes"),
    (f"/{'é' * 128}/", f"'{'é' * 20}…' is longer than 255 bytes"),
    (f"/{'a' * 251}", f"'{'a' * 20}…' is longer than 255 bytes"),
    (f"/{'b/' * 600}", "it is longer than 1000 bytes"),
    (f"/{'b/' * 101}", "it is in more than 100 folders"),
]


@pytest.mark.parametrize(("link", "fault"), NO_ADDRESS, ids=[link[:20] for link, _ in NO_ADDRESS])
def test_what_no_address_can_be(tmp_path: Path, link: str, fault: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, {"2020-01-01-a.md": f"permalink: {link}"})
    message = str(caught.value)
    assert message.startswith("posts/2020-01-01-a.md:2:12: a page cannot have the address /")
    assert message.endswith(f": {fault}; choose another")
    assert len(message) < 300


@pytest.mark.parametrize(
    ("link", "message"),
    [
        (
            "https://example.org/x",
            "the permalink 'https://example.org/x' leads out of the site; it must be a path, such "
            "as /:year/:title/",
        ),
        (
            "//host/x/",
            "the permalink '//host/x/' leads out of the site; it must be a path, such as "
            "/:year/:title/",
        ),
        (
            "'/a#b'",
            "the permalink '/a#b' has a '#', with which the path of an address ends; leave it out",
        ),
        (
            "/a?b=c",
            "the permalink '/a?b=c' has a '?', with which the path of an address ends; leave it out",
        ),
        ("/a%FFb/", "the permalink '/a%FFb/' is not UTF-8 where it has '%'"),
    ],
)
def test_what_no_permalink_can_be(tmp_path: Path, link: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, {"2020-01-01-a.md": f"permalink: {link}"})
    assert str(caught.value) == f"posts/2020-01-01-a.md:2:12: {message}"
    with pytest.raises(SourceError) as caught:
        read(tmp_path, {"2020-01-01-a.md": ""}, f"title: x\npermalink: {link}\n")
    assert str(caught.value).startswith("escriba.yml:2:12: the permalink '")


def test_a_pattern_that_no_address_can_have_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, {"2020-01-01-a.md": "", "2020-01-01-b.md": ""}, "permalink: /con/:title/")
    assert str(caught.value) == (
        "escriba.yml:1:12: the permalink '/con/:title/' is none: no file on Windows can be named "
        "'con'"
    )


def test_a_fault_is_where_its_words_are(tmp_path: Path) -> None:
    posts = {
        "2020-01-01-a.md": "title: x\ncategories: ['a:b']",
        "2020-01-01-b.md": 'category: "x\\0y"',
        "2020-01-01-c.md": "categories: [fine, C#]",
        "2020-01-01-d.md": "slug: " + "é" * 200,
        "2020-01-01-con.md": "",
        "2020-01-01-e.md": "tags: [fine, nul]\ncategories: fine",
        "2020-01-01-f.md": "tag: " + "a" * 300,
    }
    with pytest.raises(SourceError) as caught:
        read(tmp_path, posts, "permalink: /:categories/:title/")
    assert [str(problem).split(": ")[0] for problem in caught.value.problems] == [
        "posts/2020-01-01-a.md:3:13",
        "posts/2020-01-01-b.md:2:11",
        "posts/2020-01-01-con.md:1",
        "posts/2020-01-01-d.md:2:7",
        "posts/2020-01-01-e.md:2:7",
        "posts/2020-01-01-f.md:2:6",
    ]


TWINS = [
    ("/x/", "/X/", "/X/ is already that of posts/2020-01-01-a.md"),
    ("/ab/", "/a%62/", "/ab/ is already that of posts/2020-01-01-a.md"),
    ("/x", "/x.html", "/x.html is already that of posts/2020-01-01-a.md"),
    (
        "/café/", "/cafe\u0301/",
        "/cafe%CC%81/ is, on some systems, that of posts/2020-01-01-a.md, /caf%C3%A9/",
    ),
    (
        "/ab/", "/a\u200bb/",
        "/a%E2%80%8Bb/ is, on some systems, that of posts/2020-01-01-a.md, /ab/",
    ),
    (
        "/x.html", "/X.html/y/",
        "/X.html/y/ needs a folder where that of posts/2020-01-01-a.md, /x.html, is a file",
    ),
    (
        "/x.html/y/z", "/x",
        "/x is a file where that of posts/2020-01-01-a.md, /x.html/y/z, needs a folder",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "problem"), TWINS)
def test_two_posts_that_want_one_file(tmp_path: Path, one: str, other: str, problem: str) -> None:
    posts = {"2020-01-01-a.md": f"permalink: {one}", "2020-01-02-b.md": f"permalink: {other}"}
    with pytest.raises(SourceError) as caught:
        read(tmp_path, posts)
    assert str(caught.value) == (
        f"posts/2020-01-02-b.md:2:12: the address {problem}; give one of them another 'permalink'"
    )


def test_all_that_clash_are_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, {f"2020-01-0{n}-a.md": "permalink: /x" for n in range(1, 9)})
    assert len(caught.value.problems) == 7


def test_addresses_of_many_kinds_are_welcome(tmp_path: Path) -> None:
    links = [
        "/.well-known/x/", "/wait..x/", "/console/", "/nul-and-void", "/c%23/", "/100%/", "/ñandú/",
        "/a b/", "/I/", "/ı/", "/com10/", "/com/", "/~ada/", "/x.y/z", "/\u200dx/", f"/{'a' * 255}/",
    ]  # fmt: skip
    found = read(
        tmp_path,
        {f"2020-01-{n:02}-a.md": f"permalink: {link}" for n, link in enumerate(links, start=1)},
    )
    assert len(found.posts) == len(links)


def test_names_of_files_are_judged_like_addresses(tmp_path: Path) -> None:
    twin = unicodedata.normalize("NFD", "café.png")
    files = ["con.png", "what?.png", "end./x.png", "a:b.png", "fine.png", "café.png", twin]
    mistakes = Mistakes()
    (tmp_path / "escriba.yml").write_text("")
    for name in files:
        path = tmp_path / "posts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    found = catalogue.read(project.load(tmp_path), mistakes, drafts=False, unpublished=False)
    assert sorted(path.as_posix() for path in found.files.values()) == sorted(
        ["fine.png", "café.png", twin]
    )
    with pytest.raises(SourceError) as caught:
        mistakes.check()
    message = "cannot be a file of the site: no file on Windows can"
    assert [str(problem) for problem in caught.value.problems] == [
        f"posts/a:b.png: {message} have a ':' in its name; rename it",
        f"posts/con.png: {message} be named 'con.png'; rename it",
        f"posts/end./x.png: {message} have a name that ends in '.'; rename it",
        f"posts/what?.png: {message} have a '?' in its name; rename it",
    ]
