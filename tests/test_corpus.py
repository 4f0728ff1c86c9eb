"""Corpora: found by name, glob, digest or URL; read, normalised, split."""

from __future__ import annotations

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escriba import project, vocabulary
from escriba.charlm.corpus import encode, normalise, read_corpus, split_points, unwrap
from escriba.charlm.recipe import CorpusRecipe, Source
from escriba.errors import CorpusError, SourceError

TEXT = "".join(f"Línea {n}: el veloz murciélago hindú.\r\n" for n in range(100))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> project.Project:
    monkeypatch.delenv("ESCRIBA_CORPORA", raising=False)
    (tmp_path / "escriba.yml").write_text("title: test\n")
    return project.load(tmp_path)


def corpus_of(*sources: Source, **options: object) -> CorpusRecipe:
    return CorpusRecipe(sources=sources, **options)  # type: ignore[arg-type]


def test_bom_crlf_and_decomposed_accents_are_normalised(site: project.Project) -> None:
    decomposed = TEXT.replace("í", "i\u0301")
    (site.root / "a.txt").write_bytes(b"\xef\xbb\xbf" + decomposed.encode())
    corpus = read_corpus(corpus_of(Source(file="a.txt")), site)
    assert "".join(part.text for part in corpus.parts) == TEXT.replace("\r\n", "\n")
    assert corpus.bytes == 3 + len(decomposed.encode())


def test_parts_follow_the_bytes_of_each_source(site: project.Project) -> None:
    (site.root / "b.txt").write_bytes(b"b" * 1000)
    (site.root / "a.txt").write_bytes(b"a" * 500)
    corpus = read_corpus(corpus_of(Source(file="*.txt"), split=(80, 15, 5)), site)
    assert corpus.train.text == "a" * 400 + "b" * 800
    assert corpus.validation.text == "a" * 75 + "b" * 150
    assert [part.bytes for part in corpus.parts] == [1200, 225, 75]


@given(st.text(alphabet="aé\n\r€😀", max_size=60), st.integers(0, 100))
def test_a_split_never_cuts_a_character_or_a_line_end(text: str, share: int) -> None:
    data = text.encode()
    first, second, end = split_points(data, (share, 0, 100 - share))
    assert first == second <= end == len(data)
    pieces = data[:first].decode(), data[first:].decode()
    assert normalise(pieces[0]) + normalise(pieces[1]) == normalise(text)


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

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(shelf)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/book.txt"
    sha256 = hashlib.sha256(TEXT.encode()).hexdigest()
    try:
        wrong = "0" * 64
        with pytest.raises(CorpusError) as caught:
            read_corpus(corpus_of(Source(url=url, sha256=wrong)), site)
        assert str(caught.value) == f"{url} has the sha256 {sha256}, and the recipe names {wrong}"
        assert list((site.cache / "corpora").iterdir()) == []
        first = read_corpus(corpus_of(Source(url=url, sha256=sha256)), site)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
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
            "convert the file to UTF-8",
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


def test_unwrap_joins_paragraphs_and_keeps_verse() -> None:
    text = "En un lugar\nde la Mancha.\n\n   Verso uno\n   Verso dos\n\nFin.\n"
    assert unwrap(text) == "En un lugar de la Mancha.\n\n   Verso uno\n   Verso dos\n\nFin.\n"


@given(st.text(min_size=1, max_size=50), st.sampled_from(["characters", "bytes"]))
def test_encoding_agrees_with_the_vocabulary(text: str, unit: vocabulary.Unit) -> None:
    text = normalise(text)
    symbols = vocabulary.collect([text], unit)
    indices = encode(text, symbols)
    assert indices.dtype == np.int32
    assert indices.tolist() == symbols.encode(text)
    assert symbols.decode(indices.tolist()) == text


def test_a_character_outside_the_vocabulary_is_named() -> None:
    symbols = vocabulary.collect(["abc "], "characters")
    message = (
        "the character 'ñ' (U+00F1, LATIN SMALL LETTER N WITH TILDE), number 2 of the prompt, "
        "is not in the model's vocabulary of 4:  abc"
    )
    with pytest.raises(SourceError) as caught:
        symbols.encode("añb")
    assert str(caught.value) == message
