"""What a project may touch on disk: its own folder, and what `outside` names in so many words."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from escriba.ground.errors import EscribaError, FrozenError, ModelError, SourceError
from escriba.ground.project import Project, load
from escriba.hosts.expand import expand_files
from escriba.site import territory
from escriba.site.build import build
from escriba.site.incremental.cache import find_path
from escriba.site.new.blog import create
from escriba.upkeep.check import check, prune, refresh
from escriba.upkeep.explain import explain
from support.blogs import make_site, run, tree

STRAY = "outside the project; if that is meant, name its folder in 'outside' of escriba.yml"


@pytest.fixture
def blog(tmp_path: Path) -> Path:
    """A project with one post, beside a folder that is nothing of its."""
    root = tmp_path / "blog"
    (root / "posts").mkdir(parents=True)
    (root / "escriba.yml").write_text("permalink: /:title/\n")
    (root / "posts" / "2020-01-01-a.md").write_text("---\n---\nA post.\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "keep.txt").write_text("precious")
    return root


@pytest.fixture
def site(tmp_path: Path) -> Project:
    made = make_site(tmp_path / "site")
    build(made)
    return made


def told(work: Callable[[], object]) -> list[str]:
    with pytest.raises(EscribaError) as caught:
        work()
    return [str(problem) for problem in caught.value.problems]


# Links out of the project, and what is neither a file nor a folder.


def test_links_in_posts_stay_in_the_project(blog: Path) -> None:
    posts, other = blog / "posts", blog.parent / "other"
    (posts / "secret.txt").symlink_to("/etc/passwd")
    (posts / "2020-01-02-b.md").symlink_to("/etc/passwd")
    (posts / "folder").symlink_to(other)
    (posts / "broken.png").symlink_to("nowhere")
    (posts / "itself.png").symlink_to("itself.png")
    (posts / "loop").symlink_to(".")
    (posts / "deep").mkdir()
    (posts / "deep" / "up").symlink_to("..")
    (posts / ".#lock").symlink_to("ada@machine:1")  # an editor's
    assert told(lambda: build(load(blog))) == [
        f"posts/2020-01-02-b.md: this leads to /etc/passwd, {STRAY}",
        "posts/broken.png: cannot be read: a link to nowhere, which is not there",
        "posts/deep/up: this link leads back to a folder that it is in",
        f"posts/folder: this leads to {other}, {STRAY}",
        "posts/itself.png: cannot be read: Too many levels of symbolic links",
        "posts/loop: this link leads back to a folder that it is in",
        f"posts/secret.txt: this leads to /etc/passwd, {STRAY}",
    ]
    assert not (blog / "site").exists()


def test_settings_of_another_folder_are_not_read(blog: Path) -> None:
    (blog / "escriba.yml").unlink()
    (blog / "escriba.yml").symlink_to(blog.parent / "other" / "keep.txt")
    (line,) = told(lambda: load(blog))
    assert line == f"escriba.yml: this leads to {blog.parent / 'other' / 'keep.txt'}, {STRAY}"


def test_two_links_that_lead_to_each_other_end(blog: Path) -> None:
    for one, other in (("x", "y"), ("y", "x")):
        (blog / "posts" / one).mkdir()
        (blog / "posts" / one / "link").symlink_to(f"../{other}")
    for problem in told(lambda: build(load(blog))):
        assert problem.endswith("this link leads back to a folder that it is in")


def test_links_within_the_project_and_to_what_outside_names_are_followed(blog: Path) -> None:
    other = blog.parent / "other"
    (blog / "pictures").mkdir()
    (blog / "pictures" / "a.png").write_bytes(b"1")
    (blog / "posts" / "img").symlink_to("../pictures")
    (blog / "posts" / "keep.txt").symlink_to(other / "keep.txt")
    (blog / "escriba.yml").write_text("permalink: /:title/\noutside: [../other]\n")
    build(load(blog))
    assert (blog / "site" / "img" / "a.png").read_bytes() == b"1"
    assert (blog / "site" / "keep.txt").read_text() == "precious"
    assert not (blog / "site" / "keep.txt").is_symlink()


def test_special_files_in_posts_are_named_and_not_waited_for(blog: Path, tmp_path: Path) -> None:
    os.mkfifo(blog / "posts" / "2020-01-02-b.md")
    os.mkfifo(blog / "posts" / "a.png")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(blog / "posts")  # a socket's name is short
        try:
            listening.bind("s.png")
        finally:
            os.chdir(here)
    assert told(lambda: build(load(blog))) == [
        "posts/2020-01-02-b.md: is a FIFO, not a file",
        "posts/a.png: is a FIFO, not a file",
        "posts/s.png: is a socket, not a file",
    ]


def test_names_that_are_no_text_are_told(blog: Path) -> None:
    posts = os.fsencode(blog / "posts")
    for name in (b"\xff.png", b"2020-01-02-\xff.md", b"line\nend.md"):
        Path(os.fsdecode(posts + b"/" + name)).write_bytes(b"---\n---\n")
    Path(os.fsdecode(posts + b"/folder\xfe")).mkdir()
    problems = told(lambda: build(load(blog)))
    assert problems == [
        "posts/2020-01-02-\\xff.md: cannot be read: its name is not UTF-8",
        "posts/\\xff.png: cannot be read: its name is not UTF-8",
        "posts/folder\\xfe: cannot be read: its name is not UTF-8",
        "posts/line\\x0aend.md: its name has the character U+000A; rename it",
    ]


def test_folders_as_deep_as_anybody_likes_end(blog: Path) -> None:
    here, depth = Path.cwd(), 1200
    os.chdir(blog / "posts")
    try:
        for _ in range(depth):
            Path("d").mkdir()
            os.chdir("d")
        Path("a.png").write_bytes(b"")
        (problem,) = told(lambda: build(load(blog)))
        assert problem.endswith(
            ": cannot be a file of the site: it is longer than 1000 bytes; rename it"
        )
        Path("a.png").unlink()
        for _ in range(depth):
            os.chdir("..")
            Path("d").rmdir()
    finally:
        os.chdir(here)


def test_posts_that_are_a_file_are_told(blog: Path) -> None:
    (blog / "posts" / "2020-01-01-a.md").unlink()
    (blog / "posts").rmdir()
    (blog / "posts").write_text("")
    assert told(lambda: build(load(blog))) == ["posts: is a file, and must be a folder"]


# Models and their samples.


def forget(site: Project) -> None:
    """Have no build know what others have made."""
    path = find_path(site.root)
    assert path is not None
    path.unlink()


def move_out(path: Path) -> Path:
    """Put a link in the place of a file or folder, which goes outside of the project."""
    target = (
        path.parents[3] / "away" / path.name if path.name != "mini" else path.parents[2] / "mini"
    )
    target.parent.mkdir(exist_ok=True)
    path.rename(target)
    path.symlink_to(target)
    return target


@pytest.mark.parametrize("name", ["mini", "mini/samples", "mini/weights.safetensors"])
def test_models_and_samples_stay_in_the_project(site: Project, name: str) -> None:
    target = move_out(site.models / name)
    before = tree(target) if target.is_dir() else target.read_bytes()
    expected = f"models/{name}: this leads to {target}, {STRAY}"
    for work in (
        lambda: build(site, frozen=True), lambda: check(site), lambda: refresh(site),
        lambda: prune(site), lambda: explain(site, "redes"),
    ):  # fmt: skip
        assert expected in told(work)
    assert (tree(target) if target.is_dir() else target.read_bytes()) == before
    settings = site.root / "escriba.yml"
    settings.write_text(f"{settings.read_text()}outside: [{target.parent}]\n")
    assert build(load(site.root), frozen=True).posts == 2


def test_prune_removes_nothing_outside(site: Project) -> None:
    other = site.root.parent / "other" / "samples"
    other.mkdir(parents=True)
    (other / "abcdefabcdef.txt").write_text("precious")
    (site.models / "unused").mkdir()
    (site.models / "unused" / "samples").symlink_to(other)
    with pytest.raises(FrozenError) as caught:
        prune(site)
    path = "samples/abcdefabcdef.txt"
    assert (
        str(caught.value) == f"models/unused/{path}: this leads to {other.parent}/{path}, {STRAY}"
    )
    assert (other / "abcdefabcdef.txt").read_text() == "precious"


def test_what_is_no_sample_is_named_and_left(site: Project) -> None:
    samples = site.models / "mini" / "samples"
    (samples / "folder.txt").mkdir()
    os.mkfifo(samples / "fifo.txt")
    Path(os.fsdecode(os.fsencode(samples) + b"/\xff.txt")).write_bytes(b"")
    for work in (lambda: prune(site), lambda: check(site), lambda: refresh(site)):
        with pytest.raises(FrozenError) as caught:
            work()
        assert [str(problem) for problem in caught.value.problems] == [
            "models/mini/samples/\\xff.txt: cannot be read: its name is not UTF-8",
            "models/mini/samples/fifo.txt: is a FIFO, not a file",
            "models/mini/samples/folder.txt: is a folder, not a file",
        ]
    assert (samples / "folder.txt").is_dir()


def test_a_folder_in_the_place_of_a_sample(site: Project) -> None:
    path = next((site.models / "mini" / "samples").iterdir())
    path.unlink()
    path.mkdir()
    shown = site.shown(path)
    with pytest.raises(FrozenError) as caught:
        build(site)
    assert f"the frozen sample {shown} was edited: is a folder, not a file" in str(caught.value)
    with pytest.raises(FrozenError) as caught:
        refresh(site)
    assert str(caught.value) == f"{shown}: is a folder, not a file"


def test_a_model_with_a_name_that_is_no_text(site: Project) -> None:
    Path(os.fsdecode(os.fsencode(site.models) + b"/\xff")).mkdir()
    with pytest.raises(ModelError) as caught:
        build(site)
    assert str(caught.value) == "models/\\xff: cannot be read: its name is not UTF-8"


def test_models_that_cannot_be_read(site: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    forget(site)
    original = Path.iterdir

    def iterdir(self: Path) -> Iterator[Path]:
        if self == site.models:
            raise PermissionError(13, "Permission denied", str(self))
        return original(self)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    with pytest.raises(ModelError) as caught:
        build(site)
    assert str(caught.value) == "models: cannot be read: Permission denied"
    with pytest.raises(ModelError):
        refresh(site, ["mini"])


def test_samples_that_nobody_may_look_at(site: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    forget(site)
    original = Path.lstat

    def lstat(self: Path) -> os.stat_result:
        if self.parent.name == "samples":
            raise PermissionError(13, "Permission denied", str(self))
        return original(self)

    monkeypatch.setattr(Path, "lstat", lstat)
    with pytest.raises(
        FrozenError, match=r"models/mini/samples/\w+\.txt: cannot be read: Permission"
    ):
        build(site, frozen=True)


@pytest.mark.parametrize("stands", ["a file", "a link to itself"])
def test_a_sample_that_cannot_be_frozen_is_told(site: Project, stands: str) -> None:
    samples = site.models / "mini" / "samples"
    for path in samples.iterdir():
        path.unlink()
    samples.rmdir()
    if stands == "a file":
        samples.write_text("")
    else:
        samples.symlink_to("samples")
    for work in (lambda: build(site), lambda: refresh(site)):
        with pytest.raises(FrozenError, match=r"^models/mini/samples/\w+\.txt: cannot be "):
            work()


def test_a_full_disk_while_freezing_is_told(site: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = sorted((site.models / "mini" / "samples").iterdir())
    for path in paths:
        path.unlink()

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("escriba.ground.atomic.os.fsync", full)
    for work in (lambda: build(site), lambda: refresh(site)):
        with pytest.raises(FrozenError) as caught:
            work()
        problem = caught.value.problems[0]
        assert str(problem.place) in [site.shown(path).as_posix() for path in paths]
        assert problem.message == "cannot be written: No space left on device"
    assert list((site.models / "mini" / "samples").iterdir()) == []


# Where a site may be written.


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        (".", "it is or holds the project itself"),
        ("posts", "it is 'posts', a source of the site"),
        ("posts/deep", "it lies in 'posts', a source of the site"),
        ("img/../posts", "it is 'posts', a source of the site"),
        ("alias", "it is 'posts', a source of the site"),
        ("alias/deep", "it lies in 'posts', a source of the site"),
        ("templates", "it is 'templates', a source of the site"),
        ("models/mini", "it lies in 'models', a source of the site"),
        ("docs/out", "it lies in 'docs/texts', a source of the site"),
        ("docs", "it holds 'docs/texts', a source of the site"),
        ("_includes", "it is '_includes', a source of the site"),
        ("corpora", "it is 'corpora', a source of the site"),
        (".escriba/x", "it lies in '.escriba', a source of the site"),
        (".git", "it is '.git', a source of the site"),
        ("another", "it is a project with its own escriba.yml"),
        ("a" * 300, "File name too long"),
    ],
)
def test_an_output_that_would_ruin_something_is_refused(
    blog: Path, output: str, problem: str
) -> None:
    settings = "documents: [docs/texts]\ncorpora: [corpora]\n"
    output = "docs/texts/out" if output == "docs/out" else output
    (blog / "escriba.yml").write_text(settings)
    (blog / "alias").symlink_to("posts")
    (blog / "another").mkdir()
    (blog / "another" / "escriba.yml").write_text("")
    before = tree(blog)
    message = f"the site cannot be written to {output}: {problem}; choose another folder"
    assert told(lambda: build(load(blog), output=blog / output)) == [f"{output}: {message}"]
    (blog / "escriba.yml").write_text(f"{settings}output: {output}\n")
    assert told(lambda: build(load(blog))) == [f"escriba.yml:3:9: {message}"]
    (blog / "escriba.yml").write_text(settings)
    assert {name: data for name, (data, _) in tree(blog).items()} == {
        name: data for name, (data, _) in before.items()
    }


def test_nor_may_it_hold_the_project_or_a_home(
    blog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "people" / "ada"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    for folder, problem in (
        (blog.parent, "the project itself"),
        (Path("/"), "the project itself"),
        (home, "the home folder"),
        (home.parent, "the home folder"),
    ):
        (line,) = told(lambda folder=folder: build(load(blog), output=folder))  # type: ignore[misc]
        assert f": it is or holds {problem}; choose another folder" in line
    assert build(load(blog), output=home / "site").posts == 1


def test_one_folder_under_two_names_is_one(blog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk without upper case, `Posts` is `posts`."""
    original = Path.samefile

    def samefile(self: Path, other: Path) -> bool:
        if str(self).lower() == str(other).lower():
            return True
        return original(self, other)

    monkeypatch.setattr(Path, "samefile", samefile)
    (line,) = told(lambda: build(load(blog), output=blog / "Posts" / "x"))
    assert "it lies in 'posts', a source of the site" in line


def test_a_setting_keeps_to_the_project_and_a_person_need_not(blog: Path) -> None:
    (blog / "escriba.yml").write_text("output: ../other/site\n")
    (line,) = told(lambda: build(load(blog)))
    assert line.endswith(STRAY)
    assert tree(blog.parent / "other").keys() == {"keep.txt"}
    (blog / "escriba.yml").write_text("output: ../other/site\noutside: [../other/site]\n")
    assert build(load(blog)).posts == 1
    (blog / "escriba.yml").write_text("")
    assert build(load(blog), output=blog.parent / "other" / "site").posts == 1


def test_an_output_that_is_a_link_out_is_one_too(blog: Path) -> None:
    (blog / "site").symlink_to(blog.parent / "other")
    (line,) = told(lambda: build(load(blog)))
    assert line == f"escriba.yml:1: 'output': this leads to {blog.parent / 'other'}, {STRAY}"
    assert tree(blog.parent / "other").keys() == {"keep.txt"}


def test_all_of_a_project_may_be_another_generators_documents(blog: Path) -> None:
    (blog / "escriba.yml").write_text("documents: [.]\n")
    assert build(load(blog)).posts == 1
    assert territory.admit_output(load(blog), blog / "out", load(blog).place("output"))


# Documents that are expanded.


def expand(project: Project, source: Path, output: Path) -> tuple[int, int]:
    return expand_files(project, [source], output, check=False, frozen=True, style=False)


def test_documents_and_what_becomes_of_them_stay_where_they_are(blog: Path) -> None:
    source, out, other = blog / "docs", blog / "out", blog.parent / "other"
    for folder in (source / "deep", out):
        folder.mkdir(parents=True)
    (source / "deep" / "a.md").write_text("a\n")
    (source / "secret.md").symlink_to("/etc/passwd")
    os.mkfifo(source / "fifo.md")
    (out / "deep").symlink_to(other)
    (source / "node").symlink_to("/etc")  # folders that are links were never looked into
    assert told(lambda: expand(load(blog), source, out)) == [
        "docs/fifo.md: is a FIFO, not a file",
        f"docs/secret.md: this leads to /etc/passwd, {STRAY}",
        f"out/deep: this leads to {other}, {STRAY}",
    ]
    (source / "fifo.md").unlink()
    (source / "secret.md").unlink()
    (blog / "escriba.yml").write_text("outside: [../other]\n")
    assert expand(load(blog), source, out) == (1, 1)
    assert (other / "a.md").read_text() == "a\n"


def test_two_documents_do_not_become_one(blog: Path) -> None:
    for folder in ("a", "b"):
        (blog / folder).mkdir()
        (blog / folder / "x.md").write_text(folder)
    paths = [blog / "a" / "x.md", blog / "b" / "x.md"]
    with pytest.raises(SourceError) as caught:
        expand_files(load(blog), paths, blog / "out", check=False, frozen=True, style=False)
    assert str(caught.value) == (
        f"b/x.md: would be written to {blog}/out/x.md, and so would a/x.md"
    )


@pytest.mark.parametrize("stands", ["a folder", "a file above"])
def test_a_document_that_cannot_be_written_is_told(blog: Path, stands: str) -> None:
    (blog / "docs").mkdir()
    (blog / "docs" / "a.md").write_text("a\n")
    if stands == "a folder":
        (blog / "out" / "a.md" / "x").mkdir(parents=True)
    else:
        (blog / "out").write_text("")
    (line,) = told(lambda: expand(load(blog), blog / "docs", blog / "out"))
    assert line.startswith("out/a.md: cannot be written: ")
    assert sorted(path.name for path in blog.glob("out/*")) in ([], ["a.md"])


def test_names_as_long_as_they_may_be_are_written(blog: Path) -> None:
    name = "é" * 126 + ".md"  # 255 bytes
    (blog / "docs").mkdir()
    (blog / "docs" / name).write_text("a\n")
    assert expand(load(blog), blog / "docs", blog / "out") == (1, 1)
    assert [path.name for path in (blog / "out").iterdir()] == [name]
    (line,) = told(lambda: expand(load(blog), blog / "docs", blog / ("a" * 300)))
    assert line.endswith(": File name too long")


# A new site.


def test_a_new_site_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    (line,) = told(lambda: create(tmp_path / "file" / "blog", "en"))
    assert line.endswith("escriba.yml: cannot be written: Not a directory")
    original, left = Path.open, 3

    def open_path(self: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        nonlocal left
        left -= mode == "xb"
        if mode == "xb" and left < 0:
            raise OSError(28, "No space left on device", str(self))
        return original(self, mode, *rest, **more)

    monkeypatch.setattr(Path, "open", open_path)
    (line,) = told(lambda: create(tmp_path / "blog", "es"))
    assert line.endswith("cannot be written: No space left on device")
    assert list((tmp_path / "blog").rglob("*")) == []
    (line,) = told(lambda: create(Path("a" * 300), "en"))
    assert line == f"{'a' * 300}/escriba.yml: cannot be written: File name too long"
    (tmp_path / "link").symlink_to("nowhere")
    (line,) = told(lambda: create(tmp_path / "link", "en"))
    assert line.endswith("/link: is not a folder; name one, or one that does not exist")


def test_all_this_is_one_sentence_on_the_command_line(blog: Path) -> None:
    (blog / "posts" / "secret.txt").symlink_to("/etc/passwd")
    result = run(blog, "build")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == f"posts/secret.txt: this leads to /etc/passwd, {STRAY}\n"
    result = run(blog, "build", "-o", "posts")
    assert (result.returncode, result.stderr) == (
        3, "posts: the site cannot be written to posts: it is 'posts', a source of the site; "
        "choose another folder\n",
    )  # fmt: skip
