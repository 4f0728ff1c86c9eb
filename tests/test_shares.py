"""Whole documents in the parts of a corpus: which, how many, and the mark at the end of each."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escriba.corpora import shares
from escriba.corpora.corpus import Corpus, read_corpus
from escriba.corpora.shares import Weighed, deal
from escriba.ground import project, schema
from escriba.ground.errors import CorpusError, Place, SourceError
from escriba.ground.project import Project
from escriba.records.recipe import CorpusRecipe, Source
from escriba.records.vocabulary import MARK, MARKS, Unit

# The share of all bytes that each of the two held-out parts has, of lengths as those of posts are.
SPLIT = (80, 10, 10)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("ESCRIBA_CORPORA", raising=False)
    (tmp_path / "escriba.yml").write_text("title: test\n")
    (tmp_path / "posts").mkdir()
    return project.load(tmp_path)


def post(number: int) -> str:
    """A post: its beginning, some lines, its end."""
    lines = "".join(f"line {n}\n" for n in range(30 + 7 * number % 13))
    return f"START of post {number:02}\n{lines}THE-END\n"


def write_posts(site: Project, count: int = 60, rename: str = "") -> None:
    for number in range(count):
        (site.root / "posts" / f"{rename}{number:02}.md").write_text(post(number))


def read(site: Project, **options: object) -> Corpus:
    return read_corpus(CorpusRecipe((Source(file="posts"),), **options), site)  # type: ignore[arg-type]


def raw_texts(corpus: Corpus) -> list[str]:
    """The parts with their marks, which `decode` shows as the ends of lines."""
    symbols = corpus.vocabulary.symbols
    return ["".join(symbols[index] for index in part[:].tolist()) for part in corpus.parts]


def documents_of(corpus: Corpus) -> list[list[str]]:
    mark = MARKS[corpus.unit]
    parts = [text.split(mark) for text in raw_texts(corpus)]
    assert all(part.pop() == "" for part in parts)  # each ends with one
    if corpus.unit == "bytes":
        parts = [[text.encode("latin-1").decode() for text in part] for part in parts]
    return parts


@pytest.mark.parametrize("unit", ["characters", "bytes"])
def test_a_folder_of_posts_is_split_by_whole_posts(site: Project, unit: Unit) -> None:
    write_posts(site)
    corpus = read(site, unit=unit)
    parts = documents_of(corpus)
    assert sorted(text for part in parts for text in part) == sorted(map(post, range(60)))
    assert all(part == sorted(part) for part in parts)  # in the order of the recipe
    total = sum(len(post(number)) for number in range(60))
    for part, counted, share in zip(parts, corpus.parts, SPLIT, strict=True):
        size = len("".join(part))
        assert counted.bytes == size and len(counted) == counted.characters == size + len(part)
        assert abs(size / total - share / 100) < 0.006
    assert corpus.vocabulary.mark == len(corpus.vocabulary) - 1
    assert MARK not in corpus.vocabulary.decode(corpus.train[:].tolist())
    assert "\ufffd" not in corpus.vocabulary.decode(corpus.train[:].tolist())


def test_which_are_held_out_does_not_depend_on_names_or_order(site: Project) -> None:
    write_posts(site)
    before = [sorted(part) for part in documents_of(read(site))]
    for path in (site.root / "posts").iterdir():
        path.rename(path.with_name(f"{99 - int(path.stem)}.txt"))
    assert [sorted(part) for part in documents_of(read(site))] == before
    (site.root / "posts" / "new.txt").write_text(post(77))
    after = [sorted(part) for part in documents_of(read(site))]
    held = set(before[1]) | set(before[2])
    assert len(held - set(after[1]) - set(after[2])) <= 3


def test_a_post_that_is_there_twice_is_not_learnt_and_held_out_too(site: Project) -> None:
    write_posts(site, 30)
    write_posts(site, 30, rename="again-")
    parts = documents_of(read(site))
    assert not set(parts[0]) & (set(parts[1]) | set(parts[2])) and not set(parts[1]) & set(parts[2])


def test_few_files_and_a_large_one_are_split_each(site: Project) -> None:
    write_posts(site, shares.FROM - 1)
    few = read(site)
    assert few.vocabulary.mark is None and few == read(site, split_by="bytes")
    write_posts(site)
    (site.root / "posts" / "large.txt").write_text("a long book\n" * 5000)
    large, told = read(site), read(site, split_by="bytes")
    assert large.vocabulary.mark is None
    assert large.digest == told.digest and raw_texts(large) == raw_texts(told)


def test_the_keys_of_recipes_that_do_not_use_it_stay(site: Project) -> None:
    write_posts(site, shares.FROM - 1)
    by_default = read(site).train.path.parent.name
    assert read(site, split_by="bytes").train.path.parent.name == by_default
    assert read(site, split_by="files").train.path.parent.name != by_default


def test_files_that_are_asked_for_are_held_out_whole(site: Project) -> None:
    write_posts(site, 3)
    assert [len(part) for part in documents_of(read(site, split_by="files"))] == [1, 1, 1]
    write_posts(site, 2)
    (site.root / "posts" / "02.md").write_text("")
    with pytest.raises(CorpusError) as caught:
        read(site, split_by="files")
    assert str(caught.value) == (
        "'split-by: files' needs a file for each of the 3 parts of 'split', and there are 2 that "
        "differ; write split-by: bytes"
    )
    assert [
        len(part) for part in documents_of(read(site, split_by="files", split=(90, 10, 0)))[:2]
    ] == [1, 1]


def test_an_empty_file_is_no_document(site: Project) -> None:
    write_posts(site)
    before = read(site).digest
    (site.root / "posts" / "empty.md").write_text("")
    assert read(site).digest == before


def test_the_mark_is_no_character_of_a_text(site: Project) -> None:
    write_posts(site)
    (site.root / "posts" / "07.md").write_text("a\ufffff\n")
    with pytest.raises(CorpusError) as caught:
        read(site)
    assert str(caught.value) == (
        "posts/07.md: has U+FFFF, which is no character, and which marks the end of a document "
        "where a corpus is split by files; take it out, or write split-by: bytes"
    )
    assert (
        "\uffff"
        in raw_texts(read(site, split_by="bytes"))[0] + raw_texts(read(site, split_by="bytes"))[1]
    )


def test_stretches_are_of_files_that_are_split() -> None:
    text = "sources:\n- file: a\nsplit-by: files\nstretches: 2\n"
    with pytest.raises(SourceError, match="'stretches' are of files that are split"):
        schema.read(CorpusRecipe, text, Place(Path("recipe.yml")))


@given(
    st.lists(st.integers(1, 10**6), min_size=3, max_size=60),
    st.sampled_from([(80, 10, 10), (90, 5, 5), (50, 50, 0), (98, 1, 1), (1, 50, 49)]),
)
@settings(max_examples=200)
def test_every_part_has_something_and_is_near_its_share(
    sizes: list[int], split: tuple[int, ...]
) -> None:
    documents = [Weighed(size, f"{number:064x}") for number, size in enumerate(sizes)]
    found = deal(documents, split)
    for number, share in enumerate(split):
        part = [size for size, place in zip(sizes, found, strict=True) if place == number]
        assert bool(part) == bool(share)
        assert abs(sum(part) - sum(sizes) * share / 100) <= 2 * max(sizes)


def test_posts_of_any_length_come_near_the_shares() -> None:
    drawn = random.Random(1)
    for count in (20, 60, 300):
        worst = 0.0
        for _ in range(50):
            sizes = [round(drawn.lognormvariate(8, 0.8)) for _ in range(count)]
            found = deal([Weighed(size, f"{drawn.getrandbits(256):064x}") for size in sizes], SPLIT)
            for number, share in enumerate(SPLIT):
                size = sum(s for s, place in zip(sizes, found, strict=True) if place == number)
                worst = max(worst, abs(size / sum(sizes) - share / 100))
        assert worst < {20: 0.03, 60: 0.006, 300: 0.006}[count]


def test_the_mark_fits_beside_two_hundred_and_fifty_five_others(site: Project) -> None:
    write_posts(site, 30)
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 225)))
    (site.root / "posts" / "han.md").write_text(text)
    corpus = read(site)
    assert len(corpus.vocabulary) == 256 and corpus.train[:].dtype == np.uint8
