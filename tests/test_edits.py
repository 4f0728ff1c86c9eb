"""Edits by chance, and builds after them: some of those of benchmarks/edits.py, and what it finds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="processes are forked")

# A build that keeps what it made of a post for as long as the post is the same.
FORGETFUL = """
import sys
sys.path.insert(0, {benchmarks!r})
import edits
from escriba.site.convert import Converter

kept, make = {{}}, Converter.make

def make_once(converter, post, **options):
    if (post.source, post.body) not in kept:
        kept[post.source, post.body] = make(converter, post, **options)
    return kept[post.source, post.body]

Converter.make = make_once
sys.exit(edits.run(60, 1, without={without!r}, folder=edits.Path({folder!r})))
"""
# The blog after many edits, in mind alone; and which kinds of edits there were.
MANY = """
import sys
sys.path.insert(0, {benchmarks!r})
from hashlib import sha256
from random import Random
from support.editing.changes import KINDS, draw_blog, draw_edit
from support.editing.hand import Hand

random, past, found = Random("many"), [], sha256()
blog, kinds = draw_blog(random), set()
for _ in range(500):
    hand = Hand(random, blog.copy(), ["index.html"], past)
    kind, told = draw_edit(hand)
    kinds.add(kind)
    found.update(told.encode())
    past.append(blog)
    blog = hand.folder if not kind.startswith("mistake") else blog
found.update(repr(sorted(blog.files.items())).encode())
print(found.hexdigest(), *sorted(KINDS.keys() - kinds))
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, encoding="utf-8", check=False
    )


def test_nothing_is_left_of_earlier_builds() -> None:
    done = run(str(BENCHMARKS / "edits.py"), "--edits", "25", "--seed", "16")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("25 edits of seed 16; nothing differs\n")


def test_nothing_is_left_in_memory() -> None:
    done = run(str(BENCHMARKS / "edits.py"), "--edits", "25", "--seed", "3", "--remember")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("25 edits of seed 3; nothing differs\n")


def test_what_is_left_of_earlier_builds_is_found(tmp_path: Path) -> None:
    script = FORGETFUL.format(benchmarks=str(BENCHMARKS), folder=str(tmp_path), without=["cache"])
    done = run("-c", script)
    assert done.returncode == 1, done.stdout + done.stderr
    first, *found = done.stdout.splitlines()
    assert first.startswith("seed 1, after edit ")
    assert found[0].startswith("the process that goes on: ")
    (folder,) = tmp_path.iterdir()
    assert found[-1] == f"the blog is in {folder}, and its edits in edits.txt there"
    assert (folder / "kept" / "escriba.yml").exists()
    assert (folder / "edits.txt").read_text("utf-8").startswith("0: nothing yet\n1: ")


def test_the_same_seed_draws_the_same_edits_of_all_kinds() -> None:
    script = MANY.format(benchmarks=str(BENCHMARKS))
    first, second = run("-c", script), run("-c", script)
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    digest, *missing = first.stdout.split()
    assert len(digest) == 64
    assert missing == []
