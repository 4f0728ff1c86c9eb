"""What `file` of a recipe means: nothing outside the project, nothing that is no file, no pattern
that takes for ever."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from escriba.corpora import walk
from escriba.corpora.sources import find_sources
from escriba.ground import project
from escriba.ground.errors import CorpusError
from escriba.records.recipe import CorpusRecipe, Source, read_recipe

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and special files of POSIX")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> project.Project:
    monkeypatch.delenv("ESCRIBA_CORPORA", raising=False)
    root = tmp_path / "blog"
    (root / "models" / "m").mkdir(parents=True)
    (root / "texts" / "deep").mkdir(parents=True)
    (root / "escriba.yml").write_text("title: test\n")
    (root / "texts" / "a.txt").write_text("a")
    (root / "texts" / "deep" / "b.txt").write_text("b")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.txt").write_text("secret")
    return project.load(root)


def find(site: project.Project, file: str, exclude: tuple[str, ...] = ()) -> list[str]:
    found = find_sources(CorpusRecipe((Source(file=file),), exclude=exclude), site)
    return [document.shown.as_posix() for source in found for document in source.documents]


def refusal(site: project.Project, file: str) -> str:
    with pytest.raises(CorpusError) as caught:
        find(site, file)
    return str(caught.value)


REMEDY = "is outside the project; if that is meant, name its folder in 'outside' of escriba.yml"


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("/etc/passwd", "/etc/passwd"),
        ("../elsewhere", "{above}/elsewhere"),
        ("../elsewhere/secret.txt", "{above}/elsewhere/secret.txt"),
        ("../elsewhere/*.txt", "{above}/elsewhere"),
        ("texts/../../elsewhere/secret.txt", "{above}/elsewhere/secret.txt"),
        ("..", "{above}"),
        ("/", "/"),
        ("/**", "/"),
        ("/**/**/*", "/"),
        ("/etc/*", "/etc"),
        ("/dev/zero", "/dev/zero"),
        ("/proc/self/environ", None),
    ],
)
@posix
def test_what_lies_elsewhere_is_refused_where_the_recipe_says_so(
    site: project.Project, file: str, path: str | None
) -> None:
    recipe = site.models / "m" / "recipe.yml"
    recipe.write_text(f"corpus:\n  sources:\n    - file: '{file}'\n")
    with pytest.raises(CorpusError) as caught:
        find_sources(read_recipe(site.models, "m", site.root).corpus, site)
    message = str(caught.value)
    assert message.startswith("models/m/recipe.yml:3:7: ")
    assert REMEDY in message or "outside the project" in message
    if path is not None:
        assert path.format(above=site.root.parent.as_posix()) in message


@posix
def test_links_are_followed_before_it_is_asked_where_they_lie(site: project.Project) -> None:
    texts, elsewhere = site.root / "texts", site.root.parent / "elsewhere"
    secret = (elsewhere / "secret.txt").as_posix()
    (texts / "c.txt").symlink_to(elsewhere / "secret.txt")
    leads = f"texts/c.txt: this leads to {secret}, outside the project; if that is meant"
    assert refusal(site, "texts").startswith(leads)
    assert refusal(site, "texts/*.txt").startswith(leads)
    assert refusal(site, "**/c.txt").startswith(leads)
    assert find(site, "texts/a*") == ["texts/a.txt"]  # who is not asked for is not looked at
    (texts / "c.txt").unlink()
    (texts / "folder").symlink_to(elsewhere)
    assert find(site, "texts") == ["texts/a.txt", "texts/deep/b.txt"]  # it is not entered
    assert find(site, "**/*.txt") == ["texts/a.txt", "texts/deep/b.txt"]
    assert refusal(site, "texts/folder/*.txt").startswith("texts/folder: this leads to ")
    assert refusal(site, "texts/*/*.txt").startswith("texts/folder: this leads to ")


@posix
def test_links_within_the_project_are_texts(site: project.Project) -> None:
    texts = site.root / "texts"
    (texts / "c.txt").symlink_to("a.txt")
    (texts / "other").symlink_to("deep")
    (texts / "deep" / "back").symlink_to("..")
    assert find(site, "texts/*.txt") == ["texts/a.txt", "texts/c.txt"]
    assert find(site, "texts/*/b.txt") == ["texts/deep/b.txt", "texts/other/b.txt"]
    assert find(site, "**/b.txt") == ["texts/deep/b.txt"]  # a circle is not walked


def make_socket(name: str) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(name)


@posix
def test_what_is_no_file_is_named(site: project.Project, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = site.root / "texts"
    monkeypatch.chdir(texts)  # the name of a socket is short
    for name, kind, make in (
        ("fifo", "is a FIFO, not a file", os.mkfifo),
        ("socket", "is a socket, not a file", make_socket),
        ("broken", "cannot be read: a link to nowhere, which is not there",
         lambda p: Path(p).symlink_to("nowhere")),
        ("circle", "cannot be read: Too many levels of symbolic links",
         lambda p: Path(p).symlink_to("circle")),
    ):  # fmt: skip
        make(name)
        shown = f"texts/{name}: {kind}"
        assert refusal(site, "texts") == shown
        assert refusal(site, "texts/*") == shown
        assert refusal(site, "**/*") == shown
        assert refusal(site, f"texts/{name}").removeprefix(f"'texts/{name}' ") in (shown, kind)
        assert find(site, "texts", (name,)) == ["texts/a.txt", "texts/deep/b.txt"]
        Path(name).unlink()


@posix
def test_the_locks_of_editors_are_no_texts(site: project.Project) -> None:
    (site.root / "texts" / ".#a.txt").symlink_to("somebody@somewhere.1234")
    assert find(site, "texts/*.txt") == ["texts/a.txt"]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("a\0b", "'a␀b' cannot be read: its name has a character that no file's name can have"),
        ("x" * 300, f"'{'x' * 79}…' cannot be read: File name too long"),
        ("texts/" + "y/" * 3000, f"'texts/{'y/' * 36}y…' cannot be read: File name too long"),
        ("*" + "x/*" * 200, "a pattern of 601 characters, of at most 500"),
        ("texts/*/../*", "'texts/*/../*' is not a pattern of file names"),
        ("texts/***", "'texts/***' is not a pattern of file names"),
        ("", "'' is not a pattern of file names"),
        ("texts/a.txt/b", "no file matches 'texts/a.txt/b' in blog/"),
        ("texts/[", "no file matches 'texts/[' in blog/"),
        ("texts/[z-a]*", "no file matches 'texts/[z-a]*' in blog/"),
        ("file:///etc/passwd", "no file matches 'file:///etc/passwd' in blog/"),
        ("~/.ssh/id_rsa", "no file matches '~/.ssh/id_rsa' in blog/"),
    ],
)  # fmt: skip
@posix
def test_names_that_no_file_has(site: project.Project, file: str, message: str) -> None:
    assert refusal(site, file) == message


@posix
def test_a_folder_that_cannot_be_read_is_named(
    site: project.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(walk.os, "scandir", refuse)
    for file in ("texts", "**/*.txt"):
        message = "texts/deep: the folder cannot be read: Permission denied"
        assert refusal(site, file) == message


def test_names_that_are_no_unicode_are_texts_too(site: project.Project) -> None:
    name = os.fsdecode(b"texts/\xff.txt")
    try:
        (site.root / name).write_text("x")
    except OSError:
        pytest.skip("this file system has no such names")
    assert len(find(site, "texts")) == len(find(site, "**/*.txt")) == 3


def test_a_pattern_looks_at_every_entry_once(
    site: project.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(200):
        folder = site.root / "texts" / "/".join("abcdefgh"[: number % 8]) / f"n{number}"
        folder.mkdir(parents=True)
        (folder / "t.txt").write_text("t")
    looked: list[str] = []
    original = walk._Pattern.go_on

    def count(self: walk._Pattern, state: object, name: str, inside: object, *, link: bool):  # type: ignore[no-untyped-def]
        looked.append(str(inside))
        return original(self, state, name, inside, link=link)  # type: ignore[arg-type]

    monkeypatch.setattr(walk._Pattern, "go_on", count)
    entries = len(list(site.root.rglob("*")))
    for pattern in ("**/*.txt", "**/**/**/**/**/*.txt", "/".join(["**", "*"] * 20 + ["*.txt"])):
        looked.clear()
        find_or_nothing(site, pattern)
        assert len(looked) == len(set(looked)) <= entries


def find_or_nothing(site: project.Project, pattern: str) -> None:
    try:
        find(site, pattern)
    except CorpusError as error:
        assert str(error).startswith("no file matches")


def test_folders_may_be_as_deep_as_they_can_be(site: project.Project) -> None:
    deep = [Path("texts")]
    for _ in range(1200):  # deeper than Python calls itself
        deep.append(deep[-1] / "d")
        (site.root / deep[-1]).mkdir()
    end = deep[-1] / "end.txt"
    (site.root / end).write_text("end")
    try:
        assert end.as_posix() in find(site, "texts")
        assert find(site, "**/end.txt") == [end.as_posix()]
    finally:  # what removes a test's folder calls itself
        (site.root / end).unlink()
        for folder in reversed(deep[1:]):
            (site.root / folder).rmdir()


@pytest.mark.parametrize("pattern", ["*a" * 100 + "b", "?*" * 100 + "b", "[a-z]*" * 50 + "1"])
def test_no_pattern_is_tried_again_and_again_on_one_name(
    site: project.Project, pattern: str
) -> None:
    """With a matcher that goes back, each of these would take longer than the sun will shine."""
    (site.root / "texts" / ("a" * 250)).write_text("a")
    assert find(site, "texts", (pattern,))[0] == "texts/a.txt"
    with pytest.raises(CorpusError, match="no file matches"):
        find(site, f"texts/{pattern}")
