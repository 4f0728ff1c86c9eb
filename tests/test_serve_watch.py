"""When `serve` renders again: once for each change, and whatever a project becomes meanwhile."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import watchfiles

from escriba.article import context as contexts
from escriba.evidence.answers import Answers
from escriba.ground.errors import SourceError
from escriba.ground.project import Project, load
from escriba.site import serve as package
from escriba.site.build import render as render_site
from escriba.site.output.contents import read
from escriba.site.serve import builder as pressing
from escriba.site.serve import watch
from escriba.site.serve.builder import Builder
from escriba.site.sources import survey
from support.blogs import make_site

BLOCK = "\n```escriba sample\nmodel: mini\nlength: 30\nseed: 77\n```\n"


class Panic(BaseException):
    __module__ = "pyo3_runtime"


@pytest.fixture
def site(tmp_path: Path) -> Project:
    return make_site(tmp_path / "site")


@pytest.fixture
def builder(site: Project) -> Builder:
    builder = Builder(site, drafts=True)
    builder.rebuild()
    assert builder.revision.problems == ()
    return builder


def post_of(site: Project) -> Path:
    return site.posts / "2020-11-02-networks.md"


def save(path: Path, more: str) -> None:
    path.write_text(path.read_text() + more)


class Desk:
    """Goes through what happens to a project, at times that are told, and counts the revisions."""

    def __init__(self, builder: Builder):
        self.builder = builder
        self.now = 1000.0
        self.revisions = 0

    def go(self, *steps: Callable[[], object] | float) -> int:
        """How many revisions come of some steps: something that happens, or time that passes."""
        before = self.revisions

        def happenings(builder: Builder, say: object) -> Iterator[bool]:
            for step in steps:
                if isinstance(step, float):
                    self.now += step
                    yield False
                else:
                    step()
                    yield True

        for _ in watch.changes(self.builder, print, happenings, lambda: self.now):
            self.builder.rebuild()
            self.revisions += 1
        return self.revisions - before


def test_one_save_is_one_revision(builder: Builder) -> None:
    post = post_of(builder.project)
    again = lambda: None  # noqa: E731
    assert Desk(builder).go(lambda: save(post, "\nMore.\n"), again, again, 5.0) == 1


def test_a_new_sample_that_it_freezes_is_no_news(builder: Builder) -> None:
    post, frozen = post_of(builder.project), builder.project.models / "mini" / "samples"
    before = set(frozen.iterdir())
    again = lambda: None  # noqa: E731
    assert Desk(builder).go(lambda: save(post, BLOCK), again, again, 20.0) == 1
    (sample,) = set(frozen.iterdir()) - before
    assert Desk(builder).go(lambda: save(sample, "edited"), again) == 1
    assert "was edited" in builder.revision.problems[0]


def test_what_is_no_source_of_the_site_counts_for_nothing(builder: Builder) -> None:
    root = builder.project.root
    names = (
        ".git/index", ".venv/lib/a.py", "site/index.html", "node_modules/x/posts/a.md",
        "models/mini/checkpoint/latest.safetensors", "posts/.a.md.swp", "posts/a.md~", "posts/#a.md#",
        "posts/.obsidian/workspace.json", ".escriba/templates/x.cache", "draft.txt",
    )  # fmt: skip

    def write(name: str) -> Callable[[], None]:
        def work() -> None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("x")

        return work

    assert Desk(builder).go(*map(write, names), 60.0) == 0
    assert Desk(builder).go(write("posts/checkpoint/a.txt")) == 1
    assert Desk(builder).go(write("_includes/a.html")) == 1


def test_a_change_back_is_none(builder: Builder) -> None:
    log = builder.project.models / "mini" / "training.jsonl"
    assert Desk(builder).go(lambda: log.write_text("x"), log.unlink, 60.0) == 0


def test_garbage_goes_in_a_quiet_moment_and_after_some_revisions(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    went: list[int] = []
    monkeypatch.setattr(pressing.gc, "collect", lambda: went.append(desk.revisions))
    desk = Desk(builder)
    another = partial(save, post_of(builder.project), "more\n")
    assert desk.go(*[another] * 3, 1.0, 1.0, *[another] * (pressing.HELD + 1)) == pressing.HELD + 4
    assert went == [3, 3 + pressing.HELD]


def test_a_training_is_shown_when_it_rests_and_not_often(builder: Builder) -> None:
    log = builder.project.models / "mini" / "training.jsonl"
    line = (
        '{"step": 1, "characters": 5, "loss": 2.0, "gradient": 1.0, "rate": 0.1, "clipped": 0.1}\n'
    )

    def write() -> None:
        with log.open("a") as file:
            file.write(line)

    desk = Desk(builder)
    moments: list[Any] = []
    for _ in range(60):  # a line in each half second
        moments += [write, 0.5]
    assert desk.go(*moments) == 0
    assert desk.go(write, 0.5, 0.5, write, 0.5) == 0
    assert desk.go(write, watch.PAUSE) == 1
    assert desk.go(write, watch.PAUSE / 2) == 0


def test_a_save_counts_at_once_whatever_a_training_writes(builder: Builder) -> None:
    log, post = builder.project.models / "mini" / "training.jsonl", post_of(builder.project)
    desk = Desk(builder)
    write = lambda: log.write_text("")  # noqa: E731
    assert desk.go(write, 0.1, lambda: save(post, BLOCK), 0.1, write, 0.1, write, 0.1) == 1


def test_a_change_during_a_rendering_is_one_more(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, once = post_of(builder.project), [True]

    def render(*arguments: Any, **options: Any) -> Any:
        site = render_site(*arguments, **options)
        if once:  # after it was read
            once.clear()
            for number in range(5):
                save(post, f"\nLater {number}.\n")
        return site

    monkeypatch.setattr(pressing, "render", render)
    again = lambda: None  # noqa: E731
    assert Desk(builder).go(lambda: save(post, "\nMore.\n"), again, again, again, 5.0) == 2
    assert b"Later 4." in read(builder.revision.files, "2020/networks/index.html")


def test_other_folders_are_known_at_once(builder: Builder) -> None:
    root = builder.project.root
    settings = root / "escriba.yml"

    def move() -> None:
        (root / "posts").rename(root / "texts")
        save(settings, "posts: texts\n")

    again = lambda: None  # noqa: E731
    desk = Desk(builder)
    assert desk.go(move, again, again) == 1
    assert builder.revision.problems == ()
    assert desk.go(lambda: save(root / "texts" / post_of(builder.project).name, "\nMore.\n")) == 1


@pytest.mark.parametrize(
    "error",
    [TypeError("a defect"), RecursionError(), MemoryError(), SystemExit(3), Panic("a defect")],
)
def test_what_nobody_foresaw_is_shown_over_the_last_good_site(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    good = builder.revision

    def fail(*arguments: object, **options: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(pressing, "render", fail)
        bad = builder.rebuild()
        assert builder.rebuild().stamp == bad.stamp, "the same defect is no news"
    assert bad.files is good.files
    (problem,) = bad.problems
    assert f"nobody foresaw: {type(error).__name__}" in problem
    assert builder.rebuild().stamp == good.stamp


def test_the_last_good_site_has_its_own_path(builder: Builder) -> None:
    settings = builder.project.root / "escriba.yml"
    settings.write_text(settings.read_text().replace("/cuaderno", "/otro"))
    save(post_of(builder.project), "\n```escriba nothing\n```\n")
    revision = builder.rebuild()
    assert revision.problems and revision.base == "/cuaderno"


def test_a_project_may_go_and_come_back(builder: Builder) -> None:
    root, good = builder.project.root, builder.revision
    settings = root / "escriba.yml"
    text = settings.read_text()
    desk = Desk(builder)
    assert desk.go(settings.unlink) == 1
    assert builder.revision.problems == ("escriba.yml: cannot be read: No such file or directory",)
    assert builder.revision.files is good.files
    assert desk.go(lambda: settings.write_text(text)) == 1
    assert builder.revision.stamp == good.stamp
    assert desk.go(lambda: root.rename(root.with_name("away"))) == 1
    assert builder.revision.problems == ("escriba.yml: cannot be read: No such file or directory",)
    assert desk.go(lambda: shutil.copytree(root.with_name("away"), root)) == 1
    assert builder.revision.problems == ()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other special files")
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path, outside: os.mkfifo(path), "is a FIFO, not a file"),
        (lambda path, outside: path.symlink_to(outside), "outside the project"),
        (lambda path, outside: path.symlink_to("nowhere"), "a link to nowhere"),
        (lambda path, outside: path.write_bytes(b"---\n\xff\n---\n"), "not UTF-8"),
    ],
)
@pytest.mark.parametrize("name", ["2020-01-01-a.md", "a.png"])
def test_strange_files_are_told(
    builder: Builder, tmp_path: Path, name: str, make: Any, said: str
) -> None:
    outside = tmp_path / "secret"
    outside.write_text("secret")
    path = builder.project.posts / name
    assert Desk(builder).go(lambda: make(path, outside)) == 1
    if said != "not UTF-8" or name.endswith("md"):
        (problem,) = builder.revision.problems
        assert problem.startswith(f"posts/{name}") and said in problem
        assert "a.png" not in builder.revision.files
    assert Desk(builder).go(path.unlink) == 1
    assert builder.revision.problems == ()


def test_links_that_go_round_are_walked_once(builder: Builder) -> None:
    posts = builder.project.posts
    (posts / "round").symlink_to(posts, target_is_directory=True)
    (posts / "above").symlink_to(builder.project.root, target_is_directory=True)
    assert len(survey(builder.project)) < 200


def test_where_the_system_tells_nothing_it_looks_and_says_so(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where there are no inotify watches left."""

    def refuse(*paths: Path, **options: object) -> Iterator[set[Any]]:
        raise OSError(28, "OS file watch limit reached")

    waited: list[float] = []
    monkeypatch.setattr(watchfiles, "watch", refuse)
    monkeypatch.setattr(watch.time, "sleep", waited.append)
    said: list[str] = []
    looks = watch.watch(builder, said.append)
    assert [next(looks) for _ in range(4)] == [True] * 4
    assert said == [
        "the system does not tell of changes (OS file watch limit reached), so the files are "
        "looked at every 1 s"
    ]
    assert waited == [watch.LOOK] * 3
    (builder.project.root / "templates").mkdir()  # then it tries again, and does not repeat itself
    assert [next(looks) for _ in range(4)] == [True] * 4
    assert len(said) == 1


def test_what_happened_before_it_listened_is_seen(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listen(*paths: Path, **options: Any) -> Iterator[set[Any]]:
        assert options["yield_on_timeout"]
        assert builder.project.root not in paths, "else all of .git and .venv is watched"
        while True:
            yield set()

    monkeypatch.setattr(watchfiles, "watch", listen)
    happened = watch.watch(builder, print)
    assert [next(happened) for _ in range(3)] == [True, False, False]
    save(builder.project.root / "escriba.yml", "# more\n")
    assert [next(happened) for _ in range(3)] == [True, True, False]


def test_a_defect_of_what_watches_is_shown_and_it_goes_on(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, ...]] = []

    def changes(builder: Builder, say: object) -> Iterator[None]:
        seen.append(builder.revision.problems)
        if len(seen) == 1:
            raise TypeError("a defect")
        yield
        seen.append(builder.revision.problems)
        raise KeyboardInterrupt

    monkeypatch.setattr(package, "changes", changes)
    monkeypatch.setattr(package.time, "sleep", lambda seconds: None)
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        package._go_on(builder, said.append, nullcontext, lambda project, names: False)
    first, second, third = seen
    assert (first, third) == ((), ())
    assert "nobody foresaw: TypeError: a defect" in second[0]
    assert said == list(second)


def test_a_bar_that_cannot_be_shown_keeps_no_revision_back(builder: Builder) -> None:
    def showing() -> Any:
        raise OSError(5, "Input/output error")

    said: list[str] = []
    save(post_of(builder.project), "\nMore.\n")
    package._rebuild(builder, said.append, showing)
    assert b"More." in read(builder.revision.files, "2020/networks/index.html")
    assert len(said) == 1 and "Input/output error" in said[0]


@pytest.mark.parametrize(
    "text", ["titel: x\n", "a: [", "lang: en\nlang: es\n", "\xff", "- 1\n", "&a [*a]"]
)
def test_settings_with_mistakes_are_told_by_the_pages(site: Project, text: str) -> None:
    good = (site.root / "escriba.yml").read_bytes()
    (site.root / "escriba.yml").write_bytes(text.encode("latin-1"))
    builder = Builder(package.locate(site.posts), drafts=True)
    assert builder.project.root == site.root
    assert builder.rebuild().problems
    (site.root / "escriba.yml").write_bytes(good)
    assert builder.rebuild().problems == ()
    assert builder.revision.base == "/cuaderno"


def test_without_a_project_there_is_nothing_to_serve(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"^no escriba\.yml in "):
        package.locate(tmp_path)


def test_it_waits_for_who_freezes_samples_and_for_nobody_else(
    site: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Project] = []
    monkeypatch.setattr(
        contexts, "hold_project", lambda project, say: asked.append(project) or nullcontext()
    )
    builder = Builder(site, drafts=True)
    builder.rebuild()
    assert asked == [load(site.root)]
    builder.rebuild()
    save(post_of(site), "\nMore.\n")
    builder.rebuild()
    assert len(asked) == 1, "what freezes nothing waits for nobody"


def test_ctrl_c_while_a_revision_is_made(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    save(post_of(builder.project), BLOCK)
    monkeypatch.setattr(Answers, "make", interrupt)
    with pytest.raises(KeyboardInterrupt):
        builder.rebuild()


def test_static_files_and_pages_are_sources(builder: Builder) -> None:
    root = builder.project.root

    def write(name: str, text: str) -> Callable[[], None]:
        def work() -> None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)

        return work

    desk, again = Desk(builder), lambda: None
    for name in ("assets/a.txt", "pages/about.md", "favicon.ico"):
        assert desk.go(write(name, "---\n---\n"), again) == 1
        assert desk.go(write(name, "---\n---\nmore"), again) == 1
    assert {"assets/a.txt", "about/index.html", "favicon.ico"} <= builder.revision.files.keys()
    # A file that a post leads to counts wherever it lies, and is waited for where it does not.
    assert desk.go(lambda: save(post_of(builder.project), "\n[x](/papers/a.pdf)\n"), again) == 1
    assert "no file '/papers/a.pdf'" in builder.revision.problems[0]
    assert desk.go(write("papers/a.pdf", "1"), again) == 1
    assert builder.revision.problems == ()
    assert builder.revision.files["papers/a.pdf"] == root / "papers" / "a.pdf"
    stamp = builder.stamp
    assert desk.go(write("papers/a.pdf", "22"), write("papers/b.pdf", "1"), again) == 1
    assert builder.stamp != stamp
    settings = root / "escriba.yml"
    assert desk.go(lambda: save(settings, "static: [extra, x.txt, 'pdf/*.pdf']\n"), again) == 1
    assert len(builder.revision.problems) == 3
    for name in ("extra/b/c.txt", "x.txt", "pdf/a.pdf"):
        assert desk.go(write(name, "x"), again) == 1
    assert builder.revision.problems == ()


def test_files_alone_are_looked_at_where_nobody_listens(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listen(*paths: Path, **options: Any) -> Iterator[set[Any]]:
        assert builder.project.root not in paths
        while True:
            yield set()

    save(post_of(builder.project), "\n[x](/papers/a.pdf)\n")
    builder.rebuild()
    monkeypatch.setattr(watchfiles, "watch", listen)
    happened = watch.watch(builder, print)
    assert [next(happened) for _ in range(3)] == [True, False, False]
    for name in ("papers/a.pdf", "CNAME"):
        (builder.project.root / name).parent.mkdir(exist_ok=True)
        (builder.project.root / name).write_text("x")
        assert [next(happened) for _ in range(3)] == [True, True, False]
