"""The door `tree`: strange things where a project has its files, and commands run among them.

Each line of its text makes one thing (`fifo posts/2020-01-01-b.md`, `link:../outside templates`)
or runs one command (`run prune --dry-run`). Beside the project lies what no command may show,
change or remove.
"""

from __future__ import annotations

import io
import os
import shlex
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random

import click

from escriba.cli import cli
from escriba.ground.errors import EscribaError
from escriba.ground.files import resolve
from support.yard import FRONT, MODEL, SAMPLES, Files, Yard

OUTSIDE, SECRET = "outside", b"what is not to be seen"
RUNS = (
    "build --frozen", "build --frozen -o out", "build --frozen -o posts", "build --frozen -o .", "build --frozen -o ..",
    "build --frozen -o site/../posts/x", "build --frozen -o templates", "build --frozen -o models/x", "build --frozen -o link",
    f"build --frozen -o {'x' * 300}", "build --frozen --drafts --unpublished", "build", "check", "check --diff", "prune",
    "prune --dry-run", "refresh", f"refresh {MODEL}", "refresh nope", "explain posts/2020-01-01-a.md", "explain 2020-01-01-a",
    "explain ../outside/secret.md", "explain .", f"explain {'x' * 300}", "expand posts -o out", "expand posts -o posts",
    "expand . -o out", "expand posts -o out --check", "expand posts -o link",
    "expand posts/2020-01-01-a.md -o out --assets out", "expand nope -o out", "new fresh",
    "new posts", "new .", "new link", f"new {'x' * 300}", f"sample {MODEL} -n 3 -t 0", f"sample {MODEL} -n 3 -t 1e-999999999",
    f"sample {MODEL} -n 3 -t 1e9", f"sample {MODEL} -n -1", f"sample {MODEL} -n 3 --top-p 1e-9999999", "sample nope",
    "sample ..", f"sample {MODEL} -n 3 -p 'é\x00'", f"sample {MODEL} -n 3 --until ''", f"sample {MODEL} -n 3 -s 99999999999999999999999",
)  # fmt: skip
PATHS = (
    "escriba.yml", "posts", "posts/2020-01-01-a.md", "posts/2020-01-01-b.md", "posts/a", "posts/img/a.png", "posts/img", "posts/a.html",
    "posts/drafts/a.md", "posts/robots.txt", "posts/.hidden", "posts/index.html", "posts/feed.xml", "posts/assets/style.css",
    "posts/con.png", "posts/A.png", "posts/a.png", "posts/é.png", "posts/e\u0301.png", "templates", "templates/post.html", "templates/base.html",
    "templates/assets", "templates/assets/style.css", "templates/assets/x.js", "templates/assets/fonts/a.woff2", "templates/strings.yml",
    "templates/blocks", "templates/blocks/strings.yml", "templates/blocks/blocks.css", "templates/blocks/sample.html", "templates/includes/a.html",
    "_includes", "_includes/a.html", "_includes/b.html", "models", "models/x", f"models/{MODEL}", f"models/{MODEL}/weights.safetensors",
    f"models/{MODEL}/training.jsonl", f"models/{MODEL}/evaluation.yml", f"models/{MODEL}/recipe.yml", f"models/{MODEL}/samples",
    f"models/{MODEL}/samples/x.txt", f"models/{MODEL}/samples/000000000000.txt", f"models/{MODEL}/samples/a/b.txt", "models/x/samples/a.txt",
    "models/x/weights.safetensors", "site", "site/index.html", "site/a", "site/.escriba", "site/.escriba/plan", "site/.escriba/manifest",
    "site/.escriba/staging", "site/.escriba/staging/index.html", "site/.escriba/manifest.new", ".escriba", ".escriba/templates",
    ".escriba/lock", "site/assets", "site/2020", "out", "out/posts", "out/2020-01-01-a.md", "out/.escriba/plan", "link", "docs/a.md", "_posts/2020-01-01-c.md",
    "_config.yml", "posts/2020-01-01-\udcff.md", "posts/a\nb.md", "posts/a\x1b[31m.md", "posts/-a.md", "posts/%00.md", "posts/2020-01-01-a.html/x",
    "posts/.escriba/plan", "posts/tags/index.html",
)  # fmt: skip
TEXTS: Mapping[str, bytes] = {
    "nothing": b"",
    "post": FRONT + b"{% include a.html %} text ![a](img/a.png) `escriba recortado.layers`\n\n" + SAMPLES,
    "plan": b'{"write": ["../outside/secret.md", "/etc/x", "a/../../x"], "remove": ["../outside/secret.md", "index.html"], "manifest": ["../outside/secret.md"]}',
    "manifest": b"../outside/secret.md\n/etc/hostname\nindex.html\nposts/2020-01-01-a.md\n.\n\n..\n",
    "latin": b"\xe9\xff\n---\n",
    "zeros": b"\0" * 5000,
    "settings-up": b"output: ../outside\nurl: https://e.org\n",
    "settings-posts": b"posts: ../outside\n",
    "settings-models": b"models: ../outside\n",
    "settings-templates": b"templates: ../outside\n",
    "settings-documents": b"documents: [docs, ../outside]\n",
    "settings-in": b"output: posts\n",
    "settings-nul": b'output: "a\\0b"\nposts: "a\\0"\n',
    "settings-long": b"output: " + b"x" * 300 + b"\nposts: posts\n",
    "settings-home": b"output: ~\nmodels: $HOME\n",
    "include-self": b"{% include a.html %}",
    "include-b": b"{% include b.html %}",
    "include-up": b"{% include ../outside/secret.md %}",
    "template-self": b"{% extends 'post.html' %}",
    "template-up": b"{% include '../outside/secret.md' %}",
    "frozen": b"model: a\nlength: 1\n---\nx",
    "json": b"{}\n[]\n",
}  # fmt: skip


def draw_tree(random: Random) -> str:
    """The text of a tree: some things, then some commands."""
    lines = [
        f"post {random.choice(('posts/2020-01-01-a.md', 'posts/2020-01-02-b.md', 'docs/a.md'))}"
    ]
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        lines.append(f"{_kind(random)} {_escape(random.choice(PATHS))}")
    lines += ["run " + _escape(random.choice(RUNS)) for _ in range(random.choice((1, 1, 2, 3)))]
    return "\n".join(lines)


def _kind(random: Random) -> str:
    target = random.choice(
        ("../outside", "../outside/secret.md", "nowhere", ".", "..", "/", "posts", "/dev/zero", "/dev/null", "/etc/hostname",
         "../../outside/secret.md", "../../../outside", "a", "/proc/self/mem", "x" * 300)
    )  # fmt: skip
    special = (
        "fifo",
        "socket",
        "folder",
        "huge",
        "zero",
        "null",
        "sealed",
        f"link:{target}",
        f"link:{target}",
        f"link:{target}",
    )
    return random.choice((*special, *TEXTS, *TEXTS))


def _escape(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")


def plant(yard: Yard, data: bytes) -> Files:
    """Make the things and run the commands. Raises EscribaError with the first that a command
    raised, and AssertionError for what a command did outside."""
    _make_outside(yard)
    raised: list[EscribaError] = []
    for line in _lines(data):
        kind, _, rest = line.partition(" ")
        if kind == "run":
            _run(yard, rest, raised)
        elif rest:
            _make(yard, kind, rest)
    _examine(yard)
    if raised:
        raise raised[0]
    return {}


def _lines(data: bytes) -> Iterator[str]:
    for line in data.decode("utf-8", "replace").split("\n"):
        try:
            yield line.encode().decode("unicode_escape") if line.isascii() else line
        except UnicodeDecodeError:
            continue


def _run(yard: Yard, arguments: str, raised: list[EscribaError]) -> None:
    try:
        words = shlex.split(arguments)
    except ValueError:
        return
    if not words or words[0] not in {run.split()[0] for run in RUNS}:
        return
    here = Path.cwd()
    os.chdir(yard.root)
    try:
        with redirect_stdout(_Terminal()), redirect_stderr(_Terminal()):
            cli(words, standalone_mode=False)
    except EscribaError as error:
        raised.append(error)
    except (click.ClickException, click.exceptions.Exit):
        pass
    finally:
        os.chdir(here)


class _Terminal(io.TextIOWrapper):
    """A terminal that shows nothing, and cannot show what is not Unicode."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), "utf-8")


def _make(yard: Yard, kind: str, name: str) -> None:
    path = yard.root / name.replace("..", "")
    if not resolve(path.parent).is_relative_to(resolve(yard.root)):
        return  # a link that was made before leads outside
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(path)
        if kind in TEXTS:
            path.write_bytes(TEXTS[kind])
        elif kind.startswith("link:"):
            path.symlink_to(kind.removeprefix("link:"))
        elif kind in MAKERS:
            MAKERS[kind](path)
    except (OSError, ValueError):  # what this file system cannot have is no case
        return


def _remove(path: Path) -> None:
    if not path.is_symlink() and path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as own:
        own.bind(str(path))


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 30)


MAKERS: Mapping[str, Callable[[Path], object]] = {
    "fifo": os.mkfifo,
    "socket": _listen,
    "folder": Path.mkdir,
    "huge": _sparse,
    "zero": lambda path: path.symlink_to("/dev/zero"),
    "null": lambda path: path.symlink_to("/dev/null"),
    "sealed": lambda path: path.touch(0),
}


def _make_outside(yard: Yard) -> None:
    folder = yard.root.parent / OUTSIDE
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("secret.md", "secret.html", "secret.txt", "recipe.yml"):
        (folder / name).write_bytes(b"---\ntitle: A\ndate: 2020-01-01\n---\n" + SECRET)
    yard.beside.extend(
        [] if yard.beside else sorted(path.name for path in yard.root.parent.iterdir())
    )


def _examine(yard: Yard) -> None:
    folder = yard.root.parent
    found = sorted(path.name for path in folder.iterdir())
    if odd := sorted(set(found) ^ set(yard.beside)):
        for name in odd:
            _remove(folder / name)
        raise AssertionError(f"made or removed outside: {odd[0][:40]}")
    files = sorted(path.name for path in (folder / OUTSIDE).rglob("*"))
    if files != ["recipe.yml", "secret.html", "secret.md", "secret.txt"]:
        raise AssertionError(f"made or removed outside: {files}")
    if any(SECRET not in path.read_bytes() for path in (folder / OUTSIDE).iterdir()):
        raise AssertionError("changed outside")
    for output in ("site", "out"):
        if (yard.root / output).is_symlink():
            continue
        for path in (yard.root / output).rglob("*"):
            if (
                not path.is_symlink()  # first: one may name what no file can be called
                and path.is_file()
                and path.stat().st_size < 1 << 20
                and SECRET in path.read_bytes()
            ):
                raise AssertionError("shown from outside")
