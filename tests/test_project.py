"""What a project may touch: its own folder, and what its author names in `outside`."""

from __future__ import annotations

from pathlib import Path

import pytest

from escriba.ground import project
from escriba.ground.errors import CorpusError, Place, SourceError
from escriba.ground.project import Settings
from escriba.ground.schema import Mistake


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "blog"
    folder.mkdir()
    (tmp_path / "elsewhere").mkdir()
    return folder


def load(root: Path, text: str) -> project.Project:
    (root / "escriba.yml").write_text(text)
    return project.load(root)


@pytest.mark.parametrize(
    "url",
    ["https://example.org", "http://127.0.0.1:8000", "https://[::1]", "https://x.github.io/blog",
     "https://ñandú.example/~a", "HTTPS://EXAMPLE.ORG"],
)  # fmt: skip
def test_the_address_of_a_site(url: str) -> None:
    assert Settings(url=url).url == url


@pytest.mark.parametrize(
    "url",
    ["example.org", "ftp://example.org", "http://[", "https://", "https://u:p@example.org",
     "https://example.org?x", "https://example.org:123456", "http://a b", "//example.org"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Exception, match="'url' must "):
        Settings(url=url)


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("posts: ../elsewhere", ["1:8: 'posts': {elsewhere} is outside the project"]),
        ("output: ..", ["1:9: 'output': {parent} is outside the project"]),
        ("output: /", ["1:9: 'output': / is outside the project"]),
        ("output: /tmp/x/../..", ["1:9: 'output': / is outside the project"]),
        ("title: x\nmodels: {elsewhere}\ntemplates: ../elsewhere/x",
         ["2:9: 'models': {elsewhere} is outside the project",
          "3:12: 'templates': {elsewhere}/x is outside the project"]),
        ("documents: [docs, ../elsewhere]",
         ["1:12: 'documents': {elsewhere} is outside the project"]),
        ("posts: link", ["1:8: 'posts': this leads to {elsewhere}, outside the project"]),
        ("outside: [../other]\nposts: ../elsewhere",
         ["2:8: 'posts': {elsewhere} is outside the project"]),
        ("outside: [../else]\nposts: ../elsewhere",
         ["2:8: 'posts': {elsewhere} is outside the project"]),
    ],
)  # fmt: skip
def test_folders_outside_are_refused(root: Path, text: str, problems: list[str]) -> None:
    (root / "link").symlink_to("../elsewhere")
    parent = root.parent.resolve()
    names = {"elsewhere": (parent / "elsewhere").as_posix(), "parent": parent.as_posix()}
    with pytest.raises(SourceError) as caught:
        load(root, text.format(**names))
    remedy = "; if that is meant, name its folder in 'outside' of escriba.yml"
    assert [str(p) for p in caught.value.problems] == [
        f"escriba.yml:{problem.format(**names)}{remedy}" for problem in problems
    ]


def test_what_outside_names_may_be_used(root: Path) -> None:
    site = load(root, "outside: [../elsewhere]\nposts: ../elsewhere\noutput: ../elsewhere/site")
    assert site.holds(root / "../elsewhere/posts/a.md")
    assert not site.holds(root / "..")
    assert not site.holds(root.parent / "elsewhere2")


def test_links_are_followed(root: Path) -> None:
    site = load(root, "")
    (root / "inside").symlink_to(".")
    (root / "leaf").symlink_to("../elsewhere/leaf")
    (root / "chain").symlink_to("leaf")
    assert site.holds(root / "inside/inside/posts")
    assert not site.holds(root / "chain")
    with pytest.raises(CorpusError) as caught:
        site.admit(root / "chain", Place(Path("a.yml"), 3), CorpusError)
    assert str(caught.value).startswith("a.yml:3: this leads to ")


def test_a_project_that_is_reached_by_a_link(root: Path) -> None:
    (root / "escriba.yml").write_text("")
    (root.parent / "link").symlink_to(root)
    site = project.load(root.parent / "link")
    assert site.holds(site.posts) and site.holds(root / "posts")


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_a_name_that_no_file_can_have_is_not_held(root: Path, name: str) -> None:
    site = load(root, "")
    assert not site.holds(root / name)
    with pytest.raises(SourceError, match="a name that no file can have"):
        site.admit(root / name, Place(Path("a")))


def test_settings_that_are_no_file(root: Path) -> None:
    (root / "escriba.yml").mkdir()
    with pytest.raises(SourceError) as caught:
        project.find(root)
    assert str(caught.value) == "escriba.yml: is a folder, not a file"


@pytest.mark.parametrize("baseurl", ["/blog", "/a/b.c", "/mi página", "/50%", "/...", "/.well"])
def test_paths_that_a_site_can_live_under(baseurl: str) -> None:
    assert Settings(baseurl=baseurl).baseurl == baseurl


@pytest.mark.parametrize(
    "baseurl",
    [
        "blog", "/", "/blog/", "//evil.example", "/a//b", "/..", "/a/../b", "/./a", "/a/..",
        "/a?b", "/a#b", "/a\\b", "/\\evil.example", "/a\r\nSet-Cookie: x", "/a\0b", "/a\x7f",
        "https://example.org/",
    ],
)  # fmt: skip
def test_paths_that_no_site_lives_under(baseurl: str) -> None:
    with pytest.raises(Mistake, match=r"^'baseurl' must be like '/blog', not '"):
        Settings(baseurl=baseurl)


def test_a_folder_deeper_than_can_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "escriba.yml").write_text(f"title: x\noutput: {'a/' * 600}b\n")
    with pytest.raises(
        SourceError, match=r"^escriba.yml:2:9: 'output': the path 'a/a/.*…' is too long$"
    ):
        project.load(tmp_path)
