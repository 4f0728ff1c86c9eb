"""What a build keeps for the next one: it is made of what is noted, and of nothing else."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escriba.article.blocks import panels
from escriba.article.context import open_context
from escriba.ground.project import Project, load
from escriba.ground.reads import FILE, FOLDER, Reads, States, digest_file
from escriba.site.build import build, render
from escriba.site.content.memory import Memory
from escriba.site.convert import Converter
from escriba.site.incremental import workers
from escriba.site.incremental.cache import Cache, Kept, find_path, open_cache, pack
from escriba.site.output.contents import read, sign
from escriba.site.pages import entry
from support.blogs import make_blog, make_site, run, tree
from support.models import make_model

POST = "2020-11-02-networks.md"


@pytest.fixture
def site(tmp_path: Path) -> Project:
    made = make_site(tmp_path / "site")
    build(made)
    return made


@pytest.fixture
def converted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the entries that are converted."""
    found: list[str] = []
    original = Converter.make

    def make(converter: Converter, post: Any, **options: Any) -> Any:
        found.append(post.source.name)
        return original(converter, post, **options)

    monkeypatch.setattr(Converter, "make", make)
    return found


def test_what_is_read_is_part_of_what_is_made(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    reads = Reads(tmp_path)
    with reads.recording() as outer:
        reads.note(FILE, "a")
        with reads.recording() as inner:
            reads.note(FILE, "b")
            reads.note(FOLDER, ".")
        reads.note(FILE, "a")
    reads.note(FILE, "c")
    assert list(inner) == [(FILE, "b"), (FOLDER, ".")]
    assert list(outer) == [(FILE, "a"), (FILE, "b"), (FOLDER, ".")]
    trace = reads.trace(outer)
    assert trace[FILE, "b"] == "", "what is not there was looked for"
    assert Reads(tmp_path).stands(trace)
    (tmp_path / "b").write_text("")
    assert not Reads(tmp_path).stands(trace)


@pytest.mark.skipif(sys.platform == "win32", reason="it has no time of the last change of a file")
def test_a_file_is_read_again_whatever_its_times_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states, path = States(), tmp_path / "a"
    path.write_text("1")
    first = states.digest(path)
    before = path.stat()
    path.write_text("2")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    second = states.digest(path)
    assert second == digest_file(path) != first, "it has just changed"
    monkeypatch.setattr("escriba.ground.reads.FRESH", -60)
    assert states.digest(path) == second
    monkeypatch.setattr("escriba.ground.reads.digest_file", lambda path: "read again")
    assert states.digest(path) == second, "known by its state"
    before = path.stat()
    while path.stat().st_ctime_ns == before.st_ctime_ns:
        path.write_text("3")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert states.digest(path) == "read again"
    path.unlink()
    assert states.digest(path) == "read again"


def test_what_a_process_remembers_is_what_it_would_find(tmp_path: Path) -> None:
    links = "[b](../b/) ![](curve.png) [c](c.html) [top](#top) [no](#no) <https://example.org/#no>"
    blog = make_blog(tmp_path, {
        "escriba.yml": "links: warn\npermalink: /:title/\n", "posts/2020-01-01-a.md": links,
    })  # fmt: skip
    memory, cache = Memory(), open_cache(blog, session=True)

    def render_site(cache: Cache | None, memory: Memory | None) -> tuple[object, ...]:
        context = open_context(blog, frozen=True)
        site = render(
            blog, context, drafts=False, unpublished=False, cache=cache, memory=memory
        )  # fmt: skip
        return {name: read(site.files, name) for name in site.files}, site.warnings

    curve, said = tmp_path / "posts" / "curve.png", []
    (tmp_path / "a").mkdir()
    steps: list[Callable[[], object]] = [
        lambda: None,
        lambda: curve.write_bytes(b"1"),  # a file beside a post is one of the site
        curve.unlink,
        lambda: (tmp_path / "a" / "c.html").write_text("c"),  # one elsewhere, if a link leads there
        lambda: (tmp_path / "posts" / "2020-01-02-b.md").write_text("---\ntitle: b\n---\n"),
        lambda: (tmp_path / "a" / "c.html").rename(tmp_path / "posts" / "c.html"),
        lambda: (tmp_path / "posts" / "2020-01-02-b.md").unlink(),
    ]
    for step in steps:
        step()
        found = render_site(cache, memory)
        assert found == render_site(Cache(None, tmp_path), None)
        said.append([warning.message for warning in found[1]])
    assert [len(each) for each in said] == [4, 3, 4, 3, 2, 2, 3]


def test_a_link_is_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    trace = {(FILE, "a"): Reads(tmp_path).digest(FILE, "a")}
    (tmp_path / "a").rename(tmp_path / "b")
    (tmp_path / "a").symlink_to("b")
    assert not Reads(tmp_path).stands(trace)


def test_only_what_changed_is_made(site: Project, converted: list[str]) -> None:
    assert build(site).written == 0
    assert converted == []
    post = site.posts / POST
    post.write_text(post.read_text() + "\nMore.\n")
    build(site)
    assert converted == [POST]


def test_a_template_is_part_of_the_pages_that_ask_for_it(
    site: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    original = entry._make

    def make(blog: Any, post: Any) -> bytes:
        made.append(post.source.name)
        return original(blog, post)

    (site.templates / "home.html").parent.mkdir(exist_ok=True)
    (site.templates / "home.html").write_text("the first of one's own: links are looked at now")
    build(site)
    monkeypatch.setattr(entry, "_make", make)
    (site.templates / "home.html").write_text("{{ site.title }}")
    build(site)
    assert made == [], "a page of a post has nothing to do with the first page"
    (site.templates / "post.html").write_text("{{ article.content }}")
    build(site)
    assert len(made) == 2


def test_what_a_list_shows_of_others_is_part_of_it(site: Project) -> None:
    (site.templates / "archive.html").parent.mkdir(exist_ok=True)
    (site.templates / "archive.html").write_text(
        "{% for p in catalogue.posts %}{{ articles[p.source].content }}{% endfor %}"
    )
    build(site)
    post = site.posts / POST
    post.write_text(post.read_text() + "\nA word that nobody used: zyzzyva.\n")
    build(site)
    assert "zyzzyva" in (site.output / "archive" / "index.html").read_text()


def test_a_damaged_cache_is_made_anew(site: Project) -> None:
    before = tree(site.output)
    path = find_path(site.root)
    assert path is not None
    for data in (b"", b"no database", path.read_bytes()[:5000]):
        for each in path.parent.glob(f"{path.name}*"):
            each.unlink()
        path.write_bytes(data)
        assert build(site).written == 0
        assert tree(site.output) == before


def test_a_row_that_the_disk_has_changed_is_none(site: Project) -> None:
    before = tree(site.output)
    path = find_path(site.root)
    assert path is not None
    with sqlite3.connect(path) as database:
        database.execute("update kept set facts = replace(facts, 'a', 'e')")
        database.execute("delete from kept where kind = 'site'")
    database.close()
    assert build(site).written == 0
    assert tree(site.output) == before


def test_pages_that_are_kept_no_more_are_made_once_more(site: Project) -> None:
    path = find_path(site.root)
    assert path is not None
    before = {name: data for name, (data, _) in tree(site.output).items()}
    with sqlite3.connect(path) as database:
        database.execute("update kept set body = x'00' where kind = 'compose'")
    database.close()
    (site.output / "index.html").unlink()
    build(site)
    assert {name: data for name, (data, _) in tree(site.output).items()} == before


def test_caches_of_projects_that_are_gone_go_too(tmp_path: Path) -> None:
    site = make_site(tmp_path / "gone")
    cache = open_cache(site)
    cache.keep("a", {"b": Kept({}, {}, b"")})
    path = find_path(site.root)
    assert path is not None
    assert path.exists()
    del cache
    (tmp_path / "gone").rename(tmp_path / "elsewhere")
    for number in range(2000):
        if not path.exists():
            break
        (tmp_path / f"new{number}").mkdir()
        other = find_path(tmp_path / f"new{number}")
        assert other is not None
        from escriba.site.incremental.cache import _sweep

        _sweep(other.parent, other)
    assert not path.exists()


def test_without_a_folder_nothing_is_kept(tmp_path: Path) -> None:
    assert Cache(None, tmp_path).load("a") == {}
    assert Cache(tmp_path / "no" / "folder.sqlite", tmp_path).load("a") == {}


def test_a_build_is_verified(site: Project) -> None:
    done = run(site.root, "build", "--frozen", "--verify")
    assert done.returncode == 0, done.stderr
    assert "files are what a build from nothing makes, byte for byte" in done.stderr
    path = find_path(site.root)
    assert path is not None
    page = next(name for name in tree(site.output) if name.endswith("networks/index.html"))
    cache = open_cache(load(site.root))
    (url, kept), *_ = [(u, k) for u, k in cache.load("compose").items() if "networks" in u]
    forgery = kept.read() + b"<!-- forged -->"
    forged = Kept.of_bytes(forgery, sign(forgery))
    cache.keep(
        "compose",
        {
            url: Kept(
                kept.trace, {**kept.facts, "size": len(forged.read())}, forged.packed, forged.digest
            )
        },
    )
    cache.forget("site", list(cache.digests("site")))
    del cache
    done = run(site.root, "build", "--frozen", "--verify")
    assert done.returncode == 1
    assert done.stderr.startswith(f"site/{page}: is not what a build from nothing makes; remove ")


def square(number: int) -> int:
    return number * number


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_work_in_processes_is_in_its_order(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "can_fork", lambda: hasattr(workers.os, "fork"))
    pieces = list(range(200))
    assert list(workers.run(pieces, square, processes)) == [(n, n * n) for n in pieces]


def test_what_a_killed_process_leaves_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "can_fork", lambda: hasattr(workers.os, "fork"))
    here = workers.os.getpid()

    def work(number: int) -> int:
        if number == 100 and workers.os.getpid() != here:
            workers.os._exit(9)
        return square(number)

    assert list(workers.run(list(range(200)), work, 2)) == [(n, n * n) for n in range(200)]


def test_a_playgrounds_model_is_packed_once(site: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    packed: list[str] = []
    original = panels.pack

    def pack(model: Any) -> bytes:
        packed.append(model.name)
        return original(model)

    monkeypatch.setattr(panels, "pack", pack)
    post = site.posts / POST
    post.write_text(post.read_text() + "\n```escriba playground\nmodel: mini\nlength: 20\n```\n")
    build(site)
    before = {name: data for name, (data, _) in tree(site.output).items()}
    assert packed == ["mini"]
    post.write_text(post.read_text() + "\nMore.\n")
    build(site)
    shutil.rmtree(site.output)
    build(site)  # nothing changed, and all is kept
    assert packed == ["mini"]
    after = {name: data for name, (data, _) in tree(site.output).items()}
    assert {n: d for n, d in after.items() if n.startswith("assets/")} == {
        n: d for n, d in before.items() if n.startswith("assets/")
    }
    cache = open_cache(site)
    (kept,) = cache.load("panel").values()
    assert any(kept.read() == data for name, data in after.items() if name.endswith(".bin"))
    assert not any(name.endswith(".bin") for name in cache.digests("asset"))
    make_model(site.root / "models" / "mini", hidden=3)
    build(site)
    assert packed == ["mini", "mini"]
    assert len(cache.digests("panel")) == 1, "of a model that is there no more"
    post.write_text(post.read_text().partition("\n```escriba playground")[0])
    build(site)
    assert cache.digests("panel") == {}


def test_what_does_not_get_shorter_is_not_compressed() -> None:
    hard = random.Random(1).randbytes(100_000)
    for data, most in ((hard, 1.001), (hard[:1000], 1.1), (b"abc" * 50_000, 0.1), (b"", 10)):
        kept = pack(data)
        assert zlib.decompress(kept) == data
        assert len(kept) <= most * (len(data) or 1)
