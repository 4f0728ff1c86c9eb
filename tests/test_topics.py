"""Topics: which names are one, and what their pages are called."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from escriba.site.content.topics import identify, name_pages
from support.blogs import run


@pytest.mark.parametrize(
    ("names", "pages"),
    [
        (["C", "C++", "C#"], ["c", "c-plus-plus", "c-sharp"]),
        (["F#", "F*", "F"], ["f-sharp", "f-star", "f"]),
        (["C++"], ["c"]),
        (["C#"], ["c"]),
        (["C++", "C#"], ["c-plus-plus", "c-sharp"]),
        (["C", "C+", "C++"], ["c", "c-plus", "c-plus-plus"]),
        (["C#", "c-sharp", "C"], ["c-sharp-2", "c-sharp", "c"]),
        (["Deep Learning", "deep-learning", "Deep, learning!"], ["deep-learning"] * 3),
        (["R&D", "r-d"], ["r-d", "r-d"]),
        ([".NET", "net"], ["net", "net"]),
        (["🚀", "😀"], ["🚀", "😀"]),
        (["launch 🚀", "launch"], ["launch-rocket", "launch"]),
        (["50%", "50"], ["50-percent", "50"]),
        (["a<b", "a>b", "a b"], ["a-b-less", "a-b-greater", "a-b"]),
        (["año", "ano"], ["año", "ano"]),
    ],
)
def test_names_that_differ_in_signs_are_different_topics(
    names: list[str], pages: list[str]
) -> None:
    keys = [identify(name) for name in names]
    for seed in range(5):
        mixed = random.Random(seed).sample(keys, len(keys))
        named = name_pages(mixed)
        assert [named[key] for key in keys] == pages
    assert len(set(named.values())) == len(set(keys))


def test_a_site_has_a_page_for_each_topic(tmp_path: Path) -> None:
    (tmp_path / "escriba.yml").write_text("title: t\n")
    (tmp_path / "posts").mkdir()
    for number, name in enumerate(("C", "C++", "C#", "'c'"), 1):
        (tmp_path / "posts" / f"2024-01-0{number}-{number}.md").write_text(
            f"---\ntitle: Post {number}\ntags: ['{name.strip(chr(39))}']\n---\nx\n"
        )
    assert run(tmp_path, "build").returncode == 0
    tags = tmp_path / "site" / "tags"
    found = {path.parent.name: path.read_text() for path in tags.glob("*/index.html")}
    assert sorted(found) == ["c", "c-plus-plus", "c-sharp"]
    assert [n for n in range(1, 5) if f"Post {n}<" in found["c"]] == [1, 4]
    assert [n for n in range(1, 5) if f"Post {n}<" in found["c-plus-plus"]] == [2]
    post = (tmp_path / "site" / "2024" / "01" / "02" / "2.html").read_text()
    assert '/tags/c-plus-plus/" rel="tag">C++</a>' in post


def test_a_topic_without_a_letter_or_digit_takes_no_page_of_the_site(tmp_path: Path) -> None:
    (tmp_path / "escriba.yml").write_text("title: t\n")
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "2024-01-01-a.md").write_text("---\ntags: [a, '...']\n---\nx\n")
    done = run(tmp_path, "build")
    assert done.returncode == 3
    assert done.stderr == (
        "posts/2024-01-01-a.md:2:7: the address /tags/ is already that of a page that every site "
        "has; choose another name\n"
    )
