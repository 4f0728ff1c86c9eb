"""Corpora: found by name, glob, digest or URL; read, normalised, split."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escriba.corpora import encoder
from escriba.corpora.archives import Document
from escriba.corpora.corpus import Corpus, encode, read_corpus
from escriba.ground import project
from escriba.ground.errors import CorpusError, SourceError
from escriba.records import vocabulary
from escriba.records.model import read_model
from escriba.records.recipe import CorpusRecipe, Source, read_recipe
from support.pages import served
from support.texts import split_points

ROOT = Path(__file__).parents[1]
CORPORA = Path(__file__).parents[2] / "shared" / "corpora"

TEXT = "".join(f"Línea {n}: el veloz murciélago hindú.\r\n" for n in range(100))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> project.Project:
    monkeypatch.delenv("ESCRIBA_CORPORA", raising=False)
    (tmp_path / "escriba.yml").write_text("title: test\n")
    return project.load(tmp_path)


def corpus_of(*sources: Source, **options: object) -> CorpusRecipe:
    return CorpusRecipe(sources=sources, **options)  # type: ignore[arg-type]


def texts_of(corpus: Corpus) -> list[str]:
    return [corpus.vocabulary.decode(part[:].tolist()) for part in corpus.parts]


def reference(files: list[bytes], recipe: CorpusRecipe) -> list[str]:
    """The texts of the parts, made with every file whole at hand."""
    parts = ["", "", ""]
    for data in files:
        first, second, end = split_points(data, recipe.split)
        for index, piece in enumerate((data[:first], data[first:second], data[second:end])):
            start = (0, first, second)[index]
            text = piece.decode("utf-8-sig" if start == 0 else "utf-8")
            text = normalise(text)
            if recipe.unwrap:
                text = re.sub(r"(?<=\S)[ \t]*\n(?=[^\s])", " ", text)
            parts[index] += text
    return parts


def normalise(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def test_bom_crlf_and_decomposed_accents_are_normalised(site: project.Project) -> None:
    decomposed = TEXT.replace("í", "i\u0301")
    (site.root / "a.txt").write_bytes(b"\xef\xbb\xbf" + decomposed.encode())
    corpus = read_corpus(corpus_of(Source(file="a.txt")), site)
    assert "".join(texts_of(corpus)) == TEXT.replace("\r\n", "\n")
    assert corpus.bytes == 3 + len(decomposed.encode())


def test_parts_follow_the_bytes_of_each_source(site: project.Project) -> None:
    (site.root / "b.txt").write_bytes(b"b" * 1000)
    (site.root / "a.txt").write_bytes(b"a" * 500)
    corpus = read_corpus(corpus_of(Source(file="*.txt"), split=(80, 15, 5)), site)
    assert texts_of(corpus)[:2] == ["a" * 400 + "b" * 800, "a" * 75 + "b" * 150]
    assert [part.bytes for part in corpus.parts] == [1200, 225, 75]


def test_digest_depends_on_text_and_split_alone(site: project.Project) -> None:
    (site.root / "a.txt").write_bytes(TEXT.encode())
    (site.root / "b.txt").write_bytes(TEXT.replace("\r\n", "\n").encode())
    unix = read_corpus(corpus_of(Source(file="b.txt")), site)
    again = read_corpus(corpus_of(Source(file="b.txt")), site)
    other = read_corpus(corpus_of(Source(file="b.txt"), split=(70, 20, 10)), site)
    assert unix.digest == again.digest != other.digest


def test_a_digest_finds_its_file_in_a_local_folder_whatever_its_name(
    site: project.Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / "other.txt").write_bytes(b"something else")
    (shelf / "book.txt").write_bytes(TEXT.encode())
    monkeypatch.setenv("ESCRIBA_CORPORA", str(shelf))
    sha256 = hashlib.sha256(TEXT.encode()).hexdigest()
    corpus = read_corpus(corpus_of(Source(sha256=sha256)), site)
    assert corpus.characters == len(TEXT) - 100


def test_a_url_is_fetched_once_and_only_if_its_digest_is_right(
    site: project.Project, tmp_path: Path
) -> None:
    shelf = tmp_path / "served"
    shelf.mkdir()
    (shelf / "book.txt").write_bytes(TEXT.encode())
    sha256 = hashlib.sha256(TEXT.encode()).hexdigest()
    with served(shelf) as address:
        url, wrong = f"{address}book.txt", "0" * 64
        with pytest.raises(CorpusError) as caught:
            read_corpus(corpus_of(Source(url=url, sha256=wrong)), site)
        assert str(caught.value) == f"{url} has the sha256 {sha256}, and the recipe names {wrong}"
        assert list((site.cache / "corpora").iterdir()) == []
        first = read_corpus(corpus_of(Source(url=url, sha256=sha256)), site)
    assert read_corpus(corpus_of(Source(url=url, sha256=sha256)), site) == first


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Source(file="none*.txt"), "no file matches 'none*.txt' in {root}/"),
        (
            Source(sha256="0" * 64, origin="by hand"),
            f"no file with the sha256 {'0' * 64} was found; put it in a folder and name the "
            "folder in ESCRIBA_CORPORA (by hand)",
        ),
        (
            Source(file="bad.txt"),
            "bad.txt:2: not UTF-8: the byte 0xe9 is not part of any character; "
            "convert it (iconv -f WINDOWS-1252 -t UTF-8), name its encoding (encoding: windows-1252), or exclude it",
        ),
        (
            Source(file="tiny.txt"),
            "the corpus is too small to train on: 3 characters in all",
        ),
    ],
)
def test_errors(site: project.Project, source: Source, message: str) -> None:
    (site.root / "bad.txt").write_bytes(b"good\nbad \xe9\n" * 20)
    (site.root / "tiny.txt").write_bytes(b"abc")
    with pytest.raises(CorpusError) as caught:
        read_corpus(corpus_of(source), site)
    assert str(caught.value) == message.format(root=site.root.name)


@given(st.text(min_size=1, max_size=50), st.sampled_from(["characters", "bytes"]))
def test_encoding_agrees_with_the_vocabulary(text: str, unit: vocabulary.Unit) -> None:
    text = normalise(text)
    symbols = vocabulary.collect([text], unit)
    indices = encode(text, symbols)
    assert indices.dtype == np.int32
    assert indices.tolist() == symbols.encode(text)
    assert symbols.decode(indices.tolist()) == text


PIECES = st.text("aeo \n\r\t.é€😀\u0301\u0323가\u11a8\ufeff\u00a0", max_size=30)


@settings(max_examples=40)
@given(
    st.lists(PIECES, min_size=1, max_size=3), st.integers(1, 7), st.booleans(),
    st.sampled_from([(80, 10, 10), (34, 33, 33), (50, 50, 0), (1, 1, 98)]),
    st.sampled_from(["characters", "bytes"]),
)  # fmt: skip
def test_reading_in_blocks_gives_what_reading_whole_does(
    site: project.Project, texts: list[str], size: int, unwrap: bool, split: tuple[int, int, int],
    unit: vocabulary.Unit,
) -> None:  # fmt: skip
    files = [text.encode() for text in texts]
    recipe = corpus_of(
        *(Source(file=f"{n}.txt") for n in range(len(files))), unwrap=unwrap, split=split, unit=unit
    )
    for number, data in enumerate(files):
        (site.root / f"{number}.txt").write_bytes(data)
    expected = reference(files, recipe)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Document.blocks, "__defaults__", (size,))
        patch.setattr(encoder, "BLOCK", size)
        patch.setattr(os, "fsync", lambda file: None)
        try:
            corpus = read_corpus(recipe, site)
            symbols = [part[:].tolist() for part in corpus.parts]
        except CorpusError as error:
            assert min(len(expected[0]), len(expected[1])) < 2
            assert "too small" in str(error)
            return
        finally:
            shutil.rmtree(site.cache, ignore_errors=True)
    total = hashlib.sha256()
    for name, text in zip(("train", "validation", "test"), expected, strict=True):
        total.update(f"{name}\0{len(text)}\0".encode() + text.encode())
    assert corpus.digest == total.hexdigest()
    assert corpus.vocabulary == vocabulary.collect(expected, unit)
    assert symbols == [encode(text, corpus.vocabulary).tolist() for text in expected]
    assert [part.characters for part in corpus.parts] == [len(text) for text in expected]
    assert corpus.bytes == sum(map(len, files))


@pytest.mark.parametrize("name", ["tolstoi", "clasicos"])
def test_the_models_were_trained_on_what_is_read_today(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not CORPORA.is_dir():
        pytest.skip("the corpora are not here")
    monkeypatch.setenv("ESCRIBA_CORPORA", str(CORPORA))
    site = project.Project(tmp_path, project.Settings())
    corpus = read_corpus(read_recipe(ROOT / "models", name, ROOT).corpus, site)
    model = read_model(ROOT / "models" / name)
    recorded = model.record["corpus"]
    assert corpus.digest == recorded["digest"]
    assert corpus.vocabulary == model.vocabulary
    assert (corpus.characters, corpus.bytes) == (recorded["characters"], recorded["bytes"])


def test_a_character_outside_the_vocabulary_is_named() -> None:
    symbols = vocabulary.collect(["abc "], "characters")
    message = (
        "the character 'ñ' (U+00F1, LATIN SMALL LETTER N WITH TILDE), number 2 of the prompt, "
        "is not in the model's vocabulary of 4:  abc"
    )
    with pytest.raises(SourceError) as caught:
        symbols.encode("añb")
    assert str(caught.value) == message


def test_a_large_vocabulary_is_not_listed_whole() -> None:
    symbols = vocabulary.collect(map(chr, range(0x4E00, 0x4E00 + 6000)), "characters")
    with pytest.raises(SourceError) as caught:
        symbols.encode("ñ")
    assert len(str(caught.value)) < 400
    assert str(caught.value).endswith("…")
