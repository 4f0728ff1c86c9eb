"""`escriba expand`: documents for Jekyll, Hugo and the rest, with real Jekyll and real Hugo."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html import escape
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from escriba.article.context import open_context
from escriba.article.expansion import Source, guard
from escriba.article.targets import find_changed
from escriba.ground import project
from escriba.ground.errors import SourceError
from escriba.ground.project import Project
from escriba.hosts.expand import expand_files, expand_stream
from support.blogs import run
from support.hosts import HOSTILE, ITEM_AND_QUOTE
from support.models import make_model

BLOCK = "```escriba sample\nmodel: mini\nlength: 40\nshow: verbatim\n```\n"
PAGE = f"""---
title: "{{{{ untouched }}}}"
lang: es
---
Prose with `escriba mini.parameters` and `code`.

{BLOCK}{ITEM_AND_QUOTE}"""


@pytest.fixture
def site(tmp_path: Path) -> Project:
    (tmp_path / "escriba.yml").write_text("title: Site\n")
    make_model(tmp_path / "models" / "mini")
    make_model(tmp_path / "models" / "hostile", symbols=HOSTILE)
    (tmp_path / "src").mkdir()
    return project.load(tmp_path)


def write(site: Project, text: str) -> str:
    return expand_stream(site, text.encode(), frozen=False, style=False).decode()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return project.Project(tmp_path_factory.mktemp("empty"), project.Settings())


@given(text=st.text(alphabet=st.sampled_from(list("ab \t\n\r`~>-1.<!:{}\ufeff"))))
def test_a_text_without_blocks_stays_as_it_is(empty: Project, text: str) -> None:
    context = open_context(empty, frozen=True)
    assert Source(text, context).expand() == text


def test_line_ends_and_a_byte_order_mark_stay(site: Project) -> None:
    text = "\ufeff---\r\nlang: en\r\n---\r\na\n\r\n" + BLOCK.replace("\n", "\r\n") + "\r\nb\r"
    found = write(site, text)
    before, after = text.split(BLOCK.replace("\n", "\r\n"))
    assert found.startswith(before)
    assert found.endswith(after)
    assert "\n" not in found[len(before) : -len(after)].replace("\r\n", "")


@given(st.text(alphabet=st.sampled_from(list("ab \n{}%#<>*_$`\\[]\"'!-.|&;3")), max_size=40))
def test_guarded_html_reads_the_same(text: str) -> None:
    inside = escape(text, quote=False)
    html = guard(f"<div>\n\n<pre>x{inside}x</pre>\n \n<p title='*a*'>y{inside}y</p></div>")
    assert all(line.strip() for line in html.split("\n"))
    assert not any(mark in html for mark in ("{{", "{%", "{#"))
    page = BeautifulSoup(html, "html.parser")
    assert page.pre.get_text() == f"x{text}x"  # type: ignore[union-attr]
    prose = page.p.get_text()  # type: ignore[union-attr]
    assert prose.split() == f"y{text}y".split()
    assert page.p["title"] == "*a*"  # type: ignore[index]
    written = html.rpartition("y</p>")[0].partition("<p ")[2].partition(">")[2]
    assert not re.search(r"[*_$`\\\[\]\"'!|]|--|\.\.|(?<!&)#", written)


def test_pandoc_reads_the_same(site: Project) -> None:
    """Pandoc, and so Quarto, reads Markdown within HTML, too."""
    program = shutil.which("pandoc")
    if program is None:
        pytest.skip("pandoc is not installed")
    prompt = '  prompt: "*a*_b_`#|\'\\\\!-$:$%"\n'
    block = f"- item\n\n  ```escriba sample\n  model: hostile\n{prompt}  length: 60\n  ```\n"
    text = write(site, f"{block}\n{PAGE.partition('---')[2].partition('---')[2]}")
    done = subprocess.run(
        [program, "--from", "markdown", "--to", "html", "--wrap", "none"],
        input=text, capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    unquoted = re.sub("^> ?", "", text, flags=re.M)
    ours, theirs = (
        BeautifulSoup(html, "html.parser").select("figure") for html in (unquoted, done.stdout)
    )
    assert len(theirs) == 4
    assert [each.get_text().split() for each in theirs] == [
        each.get_text().split() for each in ours
    ]


def test_values_in_code_and_comments_are_left(site: Project) -> None:
    value = "`escriba mini.parameters`"
    kept = f"    {value}\n\n```\n{value}\n```\n\n<!-- {value} -->\n\n`` {value} ``\n"
    kept += f"\n- item\n\n        {value} in code of the item\n"
    assert write(site, kept) == kept
    shown = write(site, f"a {value}\n\n- item\n\n  {value} of the item\n    {value} of its text\n")
    assert shown.count("<data ") == 3


def test_a_block_keeps_its_place(site: Project) -> None:
    lines = write(site, f"above\n{BLOCK}below\n").split("\n")
    assert lines[:2] == ["above", ""]
    assert lines[2].startswith("<figure")
    assert lines[-4:] == ["</figure>", "", "below", ""]
    quoted = write(site, "> a\n>\n> " + BLOCK.replace("\n", "\n> ").removesuffix("> "))
    assert all(line.startswith(">") for line in quoted.strip().split("\n"))
    item = write(site, "- " + BLOCK.replace("\n", "\n  ").rstrip(" "))
    assert item.startswith("- <figure")
    assert all(line.startswith("  ") for line in item.strip().split("\n")[1:])


def test_the_style_stands_once_before_the_first_block(site: Project) -> None:
    found = expand_stream(site, (BLOCK + "\n" + BLOCK).encode(), frozen=False, style=True).decode()
    assert found.count("<style>") == 1
    assert found.startswith("<style>")
    assert "<style>" not in write(site, BLOCK)


def test_all_mistakes_of_all_documents_are_told_and_nothing_is_written(site: Project) -> None:
    source = site.root / "src"
    (source / "a.md").write_text("---\nx: 1\n---\n\n```escriba sample\nmodle: mini\n```\n")
    (source / "deep").mkdir()
    (source / "deep" / "b.md").write_text("`escriba mini.none`\n")
    (source / "good.md").write_text("fine\n")
    with pytest.raises(SourceError) as caught:
        expand_files(site, [source], site.root / "out", check=False, frozen=False, style=True)
    problems = str(caught.value).split("\n")
    assert problems[0].startswith("src/a.md:6:1: unknown option 'modle'")
    assert problems[-1].startswith("src/deep/b.md:1:1: ")
    assert not (site.root / "out").exists()


def test_documents_are_written_once_and_checked(site: Project) -> None:
    (site.root / "src" / "a.md").write_text(PAGE)
    (site.root / "src" / "picture.png").write_bytes(b"")
    first = run(site.root, "expand", "src", "-o", "out")
    assert (first.returncode, first.stdout) == (0, "1 file; 1 written, 0 unchanged\n")
    assert [path.name for path in (site.root / "out").iterdir()] == ["a.md"]
    assert run(site.root, "expand", "src", "-o", "out", "--check").returncode == 0
    again = run(site.root, "expand", "src/a.md", "-o", "out", "--frozen")
    assert again.stdout == "1 file; 0 written, 1 unchanged\n"
    with (site.root / "out" / "a.md").open("a") as file:
        file.write("edited\n")
    stale = run(site.root, "expand", "src", "-o", "out", "--check")
    assert stale.returncode == 3
    assert stale.stderr == "out/a.md: is not what would be written; expand\n"


def test_a_sample_that_is_not_frozen_fails_in_ci(site: Project) -> None:
    (site.root / "src" / "a.md").write_text("\n" + BLOCK)
    failed = run(site.root, "expand", "src", "-o", "out", "--frozen")
    assert failed.returncode == 5
    assert failed.stderr.startswith("src/a.md:2:1: ")
    assert not (site.root / "out").exists()


def test_a_check_samples_nothing(site: Project) -> None:
    (site.root / "src" / "a.md").write_text("\n" + BLOCK)
    (site.root / "src" / "b.md").write_text("prose\n")
    failed = run(site.root, "expand", "src", "-o", "out", "--check")
    assert failed.returncode == 3
    told = failed.stderr.splitlines()
    assert told[0] == "out/b.md: is not what would be written; expand"
    assert told[1].startswith("src/a.md:2:1: the sample is not frozen")
    assert len(told) == 2
    assert not (site.root / "out").exists()
    assert not (site.models / "mini" / "samples").exists()


def test_nothing_is_sampled_where_there_is_a_mistake(site: Project) -> None:
    (site.root / "src" / "a.md").write_text(BLOCK)
    (site.root / "src" / "b.md").write_text(BLOCK.replace("length", "lenght"))
    failed = run(site.root, "expand", "src", "-o", "out")
    assert failed.returncode == 3
    assert failed.stderr.startswith("src/b.md:3:1: unknown option 'lenght'")
    assert not (site.models / "mini" / "samples").exists()


def test_what_is_missing_is_sampled_together(site: Project) -> None:
    told: list[float] = []
    for number in range(3):
        text = "".join(f"{BLOCK[:-4]}seed: {seed}\n```\n\n" for seed in range(number, number + 4))
        (site.root / "src" / f"{number}.md").write_text(text)
    out = site.root / "out"
    expand_files(
        site, [site.root / "src"], out, check=False, frozen=False, style=True,
        report=lambda what, share: told.append(share),
    )  # fmt: skip
    assert len(list((site.models / "mini" / "samples").iterdir())) == 6
    assert told == sorted(told)
    assert told[-1] == 1
    for number in range(3):  # and each is what it is alone
        data = (site.root / "src" / f"{number}.md").read_bytes()
        alone = expand_stream(site, data, frozen=True, style=True)
        assert (out / f"{number}.md").read_bytes() == alone


def test_it_is_a_filter_too(site: Project) -> None:
    command = [sys.executable, "-W", "error", "-m", "escriba", "expand", "--no-style"]
    done = subprocess.run(command, cwd=site.root, input=PAGE.encode(), capture_output=True)
    assert (done.returncode, done.stdout.decode()) == (0, write(site, PAGE))
    wrong = subprocess.run(command, cwd=site.root, input=b"a\n\xff", capture_output=True)
    assert wrong.returncode == 3
    assert wrong.stderr.startswith(b"<stdin>:2:1: not UTF-8")


@pytest.mark.parametrize(
    ("source", "output", "message"),
    [
        ("src", "src", "src/a.md: would be written over; choose another -o"),
        ("none", "out", "none: there is no Markdown"),
        ("empty", "out", "empty: there is no Markdown"),
    ],
)
def test_what_cannot_be_expanded(site: Project, source: str, output: str, message: str) -> None:
    (site.root / "src" / "a.md").write_text("a\n")
    (site.root / "empty").mkdir()
    with pytest.raises(SourceError) as caught:
        expand_files(
            site, [site.root / source], site.root / output, check=False, frozen=False, style=True
        )
    assert str(caught.value) == message


def test_a_file_that_is_much_larger_is_not_read_to_be_compared(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a hole, which no memory holds
    assert find_changed({path: b"text\n"}) == [path]
    path.write_bytes(b"a\r\n")
    assert find_changed({path: b"a\n"}) == []
    assert find_changed({path: b""}) == [path]
    path.write_bytes(b"")
    assert find_changed({path: b""}) == []
