"""Projects that git checked out with the line ends of Windows (`core.autocrlf`)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from escriba.evidence.ledger import Ledger
from escriba.ground.errors import FrozenError, Place
from escriba.ground.project import Project, Settings
from escriba.records.model import read_model
from escriba.sampling.request import Options, Request
from support.blogs import REPOSITORY, make_site, run
from support.models import make_model

GIT = shutil.which("git")
pytestmark = pytest.mark.skipif(GIT is None, reason="git is not installed")
POST = Place(Path("posts/a.md"), 14, 1)
NAMES = ("-c", "user.name=a", "-c", "user.email=a@example.org")


def git(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["git", *NAMES, *arguments], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def check_out(source: Path, target: Path) -> Path:
    """A clone of a folder by real git, as a person on Windows has it."""
    git(source, "init", "--quiet")
    git(source, "config", "core.autocrlf", "false")
    (source / ".git" / "info" / "exclude").write_text("/site/\n/.escriba/\n")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "a")
    git(source.parent, "clone", "--quiet", "-c", "core.autocrlf=true", str(source), str(target))
    return target


def files(folder: Path) -> dict[str, bytes]:
    found = (p for p in folder.rglob("*") if p.is_file() and ".escriba" not in p.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_a_blog_is_built_and_checked_as_it_is_elsewhere(tmp_path: Path) -> None:
    blog = tmp_path / "blog"
    make_site(blog)
    assert run(blog, "build").returncode == 0
    clone = check_out(blog, tmp_path / "clone")
    samples = [*clone.glob("models/*/samples/*.txt")]
    assert samples
    assert all(b"\r\n---\r\n" in path.read_bytes() for path in samples)
    for command in (["build", "--frozen"], ["check"], ["refresh"], ["prune"], ["explain", "redes"]):
        done = run(clone, *command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        assert "edited" not in done.stdout + done.stderr
    (clone / "site" / "img" / "curva.svg").write_bytes((blog / "site/img/curva.svg").read_bytes())
    assert files(clone / "site") == files(blog / "site"), "but for files that are only copied"
    assert all(b"\r\n---\r\n" in path.read_bytes() for path in samples), "nothing was rewritten"


def test_this_repository_too(tmp_path: Path) -> None:
    (tmp_path / "blog").mkdir()
    for name in ("escriba.yml", "posts", "models", "templates"):
        source, target = REPOSITORY / name, tmp_path / "blog" / name
        ignored = shutil.ignore_patterns(".gitattributes", "checkpoint")
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy(source, target)
    assert run(tmp_path / "blog", "build", "--frozen").returncode == 0
    clone = check_out(tmp_path / "blog", tmp_path / "clone")
    assert b"\r\n" in (clone / "models" / "tolstoi" / "training.jsonl").read_bytes()
    done = run(clone, "build", "--frozen")
    assert (done.returncode, done.stderr) == (0, "")
    assert files(clone / "site") == files(tmp_path / "blog" / "site")


def test_what_was_expanded_is_what_would_be_written(tmp_path: Path) -> None:
    blog = tmp_path / "blog"
    site = make_site(blog)
    (blog / "src").mkdir()
    for path in site.posts.glob("*.md"):
        shutil.copy(path, blog / "src")
    block = "\n```escriba playground\nmodel: mini\nlength: 50\n```\n\n`escriba mini.layers`\n"
    (blog / "src" / "own.md").write_text(f"---\nlang: es\n---\n{block}")
    command = ["expand", "src", "-o", "out", "--assets", "files", "--address", "/files/"]
    assert run(blog, *command).returncode == 0
    clone = check_out(blog, tmp_path / "clone")
    assert b"\r\n" in (clone / "out" / "own.md").read_bytes()
    assert b"\r\n" in next((clone / "files").glob("*.js")).read_bytes()
    done = run(clone, *command, "--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 written" in run(clone, *command).stdout


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    make_model(tmp_path / "models" / "tiny")
    return Request(read_model(tmp_path / "models" / "tiny"), Options(length=50))


def open_ledger(root: Path) -> Ledger:
    return Ledger(Project(root, Settings()))


@pytest.mark.parametrize(
    "text",
    ["", "a", "a\nb", "\n\na\n", "a\r\nb\r\n", "a\rb", "---\nb", "a\n---\nb\n", "\r\n", "é\n—"],
)
def test_a_sample_is_told_by_its_digest(tmp_path: Path, request_: Request, text: str) -> None:
    path = open_ledger(tmp_path).path(request_)
    open_ledger(tmp_path).freeze(request_, text)
    data = path.read_bytes()
    windows = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    unix = data.replace(b"\r\n", b"\n")  # `core.autocrlf=input` takes it in so
    for other in (data, windows, unix):
        path.write_bytes(other)
        assert open_ledger(tmp_path).read(request_, POST).text == text


@pytest.mark.parametrize("text", ["a\nb\r\nc\n", "a\r\n\nb"])
def test_what_cannot_be_told_names_line_ends_and_gitattributes(
    tmp_path: Path, request_: Request, text: str
) -> None:
    path = open_ledger(tmp_path).path(request_)
    open_ledger(tmp_path).freeze(request_, text)
    path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    with pytest.raises(FrozenError) as caught:
        open_ledger(tmp_path).read(request_, POST)
    assert str(caught.value).startswith(
        f"posts/a.md:14:1: the frozen sample models/tiny/samples/{path.name} has line ends of Windows"
    )
    assert "`*.txt -text` in models/.gitattributes" in str(caught.value)


def test_a_text_that_was_edited_is_still_told(tmp_path: Path, request_: Request) -> None:
    path = open_ledger(tmp_path).path(request_)
    open_ledger(tmp_path).freeze(request_, "a\nb\n")
    for change in (b"a\nc\n", b"a\n\nb\n", b"a\rb\n"):
        path.write_bytes(path.read_bytes().partition(b"---\n")[0] + b"---\n" + change)
        with pytest.raises(FrozenError, match="was edited: its text is not the one"):
            open_ledger(tmp_path).read(request_, POST)
