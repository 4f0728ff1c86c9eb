"""Encoded corpora: written once and whole, read in stretches, and clear about what went wrong."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import threading
import time
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

from escriba.corpora import archives, digests, encoded, encoder, texts
from escriba.corpora.corpus import Corpus, read_corpus
from escriba.corpora.encoded import Part
from escriba.corpora.shares import place
from escriba.ground import project
from escriba.ground.errors import CorpusError
from escriba.records.recipe import CorpusRecipe, Source

RECIPE = CorpusRecipe((Source(file="*.txt"),))
TEXT = "".join(f"Línea {n}: el veloz murciélago hindú.\n" for n in range(100))


@pytest.fixture
def site(tmp_path: Path) -> project.Project:
    (tmp_path / "escriba.yml").write_text("title: test\n")
    (tmp_path / "a.txt").write_bytes(TEXT.encode())
    return project.load(tmp_path)


def read(site: project.Project, **options: object) -> Corpus:
    return read_corpus(CorpusRecipe(RECIPE.sources, **options), site)  # type: ignore[arg-type]


def folder_of(corpus: Corpus) -> Path:
    return corpus.train.path.parent


@pytest.mark.parametrize(
    ("symbols", "dtype"), [(256, np.uint8), (257, np.uint16), (65_537, np.uint32)]
)
def test_symbols_are_as_narrow_as_the_vocabulary_allows(
    site: project.Project, symbols: int, dtype: type[np.unsignedinteger]
) -> None:
    text = "".join(map(chr, range(0x30000, 0x30000 + symbols)))
    (site.root / "a.txt").write_text(text, "utf-8")
    corpus = read(site, split=(50, 50, 0))
    assert len(corpus.vocabulary) == symbols
    for part in corpus.parts:
        assert part[:].dtype == part.symbols.dtype == dtype
        assert np.array_equal(part[:], part.symbols)
    assert corpus.vocabulary.decode([*corpus.train[:], *corpus.validation.symbols]) == text
    assert len(corpus.test) == len(corpus.test.symbols) == 0


def test_a_part_is_sliced_like_an_array(site: project.Project) -> None:
    part = read(site).train
    whole = np.array(part.symbols)
    for stretch in (slice(3, 9), slice(-5, None), slice(None, 4), slice(9, 3), slice(0, 10**9)):
        assert np.array_equal(part[stretch], whole[stretch])
    assert len(part) == len(whole) == part.characters
    assert not part.symbols.flags.writeable


def test_a_corpus_is_encoded_once_and_again_when_anything_changes(
    site: project.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    original = encoder._write_texts
    monkeypatch.setattr(encoder, "_write_texts", lambda *a: calls.append(1) or original(*a))
    first = read(site)
    assert read(site) == first
    assert len(calls) == 1
    os.utime(site.root / "a.txt")
    (site.root / "a.txt").rename(site.root / "b.txt")
    assert read(site) == first  # neither times nor names are content
    assert len(calls) == 1
    for change in ({"unit": "bytes"}, {"unwrap": True}, {"split": (70, 20, 10)}):
        assert folder_of(read(site, **change)) != folder_of(first)
    (site.root / "b.txt").write_bytes(TEXT.encode() + b"!")
    assert read(site).digest != first.digest
    assert len(calls) == 5


@pytest.mark.parametrize("harm", ["facts.json", "train.npy", "cut", "header"])
def test_a_damaged_encoding_is_made_again(site: project.Project, harm: str) -> None:
    corpus = read(site)
    path = corpus.validation.path
    data = path.read_bytes()
    if harm == "cut":
        path.write_bytes(data[:-1])
    elif harm == "header":
        path.write_bytes(b"x" + data[1:])
    else:
        (folder_of(corpus) / harm).unlink()
    assert read(site) == corpus
    assert path.read_bytes() == data
    assert [p.name for p in (site.cache / "encoded").iterdir()] == [folder_of(corpus).name]


def test_two_processes_may_encode_the_same_corpus_at_once(
    site: project.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(2)
    original = encoded._install

    def install(draft: Path, folder: Path) -> None:
        together.wait()
        original(draft, folder)

    monkeypatch.setattr(encoded, "_install", install)
    found: list[Corpus] = []

    def encode() -> None:
        try:
            found.append(read(site))
        except BaseException:
            together.abort()  # or the other would wait for ever
            raise

    threads = [threading.Thread(target=encode) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert found[0] == found[1]
    assert [p.name for p in (site.cache / "encoded").iterdir()] == [folder_of(found[0]).name]


def test_what_a_killed_process_left_is_taken_away_and_what_another_writes_is_not(
    site: project.Project,
) -> None:
    old, new = site.cache / "encoded" / ".old.1", site.cache / "encoded" / ".new.1"
    for draft in (old, new):
        draft.mkdir(parents=True)
        (draft / "train.txt").write_text("half")
    long_ago = time.time() - encoded.ABANDONED - 60
    for path in (old / "train.txt", old):
        os.utime(path, (long_ago, long_ago))
    read(site)
    assert (old.exists(), new.exists()) == (False, True)


def test_an_interrupted_encoding_leaves_nothing(
    site: project.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(encoder, "_write_symbols", interrupt)
    with pytest.raises(KeyboardInterrupt):
        read(site)
    assert list((site.cache / "encoded").iterdir()) == []


def test_a_corpus_that_changes_meanwhile_is_not_kept(
    site: project.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = encoder._write_symbols

    def edit(*given: object) -> object:
        (site.root / "a.txt").write_bytes(TEXT.upper().encode())
        return original(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(encoder, "_write_symbols", edit)
    with pytest.raises(CorpusError) as caught:
        read(site)
    assert str(caught.value) == "the corpus changed while it was read; run the command again"
    assert list((site.cache / "encoded").iterdir()) == []


@pytest.mark.parametrize("how", ["cut", "grown", "gone", "special"])
def test_a_text_that_is_cut_or_goes_while_it_is_read_is_not_kept(
    site: project.Project, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    path = site.root / "a.txt"
    original = archives._read

    def read_on(file: BinaryIO, *given: Any) -> Iterator[bytes]:
        if given[-1] != 262:  # which is the look at what kind of file it is
            if how == "cut":
                os.truncate(path, 100)
            elif how == "grown":
                path.write_bytes(TEXT.encode() + b"more" * 100_000)
        yield from original(file, *given)

    def place_then_remove(documents: Any, sizes: Any, recipe: CorpusRecipe) -> Any:
        placed = place(documents, sizes, recipe)
        if how in ("gone", "special"):
            path.unlink()
        if how == "special":
            os.mkfifo(path)
        return placed

    monkeypatch.setattr(archives, "_read", read_on)
    monkeypatch.setattr(encoder, "place", place_then_remove)
    with pytest.raises(CorpusError) as caught:
        read(site)
    assert (
        str(caught.value)
        == {
            "cut": "the corpus changed while it was read; run the command again",
            "grown": "the corpus changed while it was read; run the command again",
            "gone": "a.txt: cannot be read: No such file or directory",
            "special": "a.txt: is a FIFO, not a file",
        }[how]
    )
    assert list((site.cache / "encoded").iterdir()) == []


def test_a_full_disk_says_what_is_needed(
    site: project.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site.root / "a.txt").write_bytes(TEXT.encode() * 300)  # 1.2 MB, and twice that is needed
    message = (
        ".escriba/encoded: the disk is full: encoding this corpus needs about 2 MB; "
        "free some, and run the same command again"
    )
    usage = namedtuple("usage", "free")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: usage(2_000_000))
        with pytest.raises(CorpusError) as caught:
            read(site)
        assert str(caught.value) == message

    def fail(*given: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(encoder, "_write", fail)
    with pytest.raises(CorpusError) as caught:
        read(site)
    assert str(caught.value) == message
    assert list((site.cache / "encoded").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_named(site: project.Project) -> None:
    site.cache.write_text("a file where the folder should be")
    with pytest.raises(CorpusError) as caught:
        read(site)
    assert (
        str(caught.value) == ".escriba/encoded: the corpus cannot be encoded there: Not a directory"
    )


def test_a_corpus_that_vanishes_while_it_is_read(site: project.Project) -> None:
    part: Part = read(site).train
    shown = f".escriba/encoded/{part.path.parent.name}/train.npy: the encoded corpus "
    remedy = "; the same command again encodes it anew and goes on"
    os.truncate(part.path, 1000)
    for stretch in (slice(500, 1500), slice(2000, 2100)):
        with pytest.raises(CorpusError) as caught:
            part[stretch]
        assert str(caught.value) == f"{shown}was cut short while it was in use{remedy}"
    shutil.rmtree(part.path.parent)
    with pytest.raises(CorpusError) as caught:
        part[0:10]
    assert str(caught.value) == f"{shown}cannot be read any more: No such file or directory{remedy}"
    with pytest.raises(CorpusError) as caught:
        _ = part.symbols
    assert str(caught.value) == f"{shown}cannot be read any more{remedy}"


def test_the_progress_of_an_encoding_is_told(site: project.Project) -> None:
    told: list[tuple[int, int]] = []
    read_corpus(RECIPE, site, lambda done, total: told.append((done, total)))
    size = len(TEXT.encode())
    assert {total for _, total in told} == {2 * size}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (2 * size, 2 * size)
    told.clear()
    read_corpus(RECIPE, site, lambda done, total: told.append((done, total)))
    assert told == []


def test_an_encoding_that_came_with_the_repository_is_not_believed(site: project.Project) -> None:
    """Its folder is named after digests that everybody can compute."""
    right = read(site)
    theirs = site.root / "theirs"
    shutil.move(folder_of(right), theirs)
    for name in ("train", "validation", "test"):
        path = theirs / f"{name}.npy"
        symbols = np.load(path)
        np.save(path, symbols[::-1])
    shutil.copytree(theirs, folder_of(right))
    again = read(site)
    assert again == right
    assert again.vocabulary.decode(again.train[:9].tolist()) == TEXT[:9]
    assert [p.name for p in (site.cache / "encoded").iterdir()] == [folder_of(right).name]


def test_an_encoding_is_believed_where_it_was_written(
    site: project.Project, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    read(site)
    monkeypatch.setattr(encoder, "_write_texts", None)  # it is not written again
    first = read(site)
    facts = folder_of(first) / "facts.json"
    facts.write_bytes(facts.read_bytes())  # somebody else has
    with pytest.raises(TypeError):
        read(site)
    monkeypatch.undo()
    read(site)
    monkeypatch.setenv("ESCRIBA_CACHE", str(tmp_path_factory.mktemp("other")))
    monkeypatch.setattr(encoder, "_write_texts", None)
    with pytest.raises(TypeError):  # another user
        read(site)


@pytest.mark.parametrize("home", ["", None])
def test_without_a_home_nothing_is_remembered_and_all_is_read(
    site: project.Project, monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    monkeypatch.setenv("ESCRIBA_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("LOCALAPPDATA", "relative")
    if sys.platform == "darwin":
        monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert digests.memory_folder() is None
    assert read(site) == read(site)


ODD_FACTS: list[object] = [
    None, 1, [], "x", {}, {"parts": None}, {"unit": "bits"}, {"vocabulary": 5},
    {"parts": {"train": {"symbols": -1, "characters": 1, "bytes": 1}}},
    {"parts": {"train": {"symbols": 1e300, "characters": 1, "bytes": 1}}},
    {"parts": {"train": {"symbols": "9", "characters": 1, "bytes": 1}}},
]  # fmt: skip


@pytest.mark.parametrize("odd", range(len(ODD_FACTS)))
def test_facts_that_are_none_are_written_again(
    site: project.Project, monkeypatch: pytest.MonkeyPatch, odd: int
) -> None:
    right = read(site)
    path = folder_of(right) / "facts.json"
    facts = ODD_FACTS[odd]
    if isinstance(facts, dict):
        facts = json.loads(path.read_bytes()) | facts
    path.write_text(json.dumps(facts))
    monkeypatch.setattr(encoded, "is_remembered", lambda *given: True)  # even so
    assert read(site) == right


@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b'{"a":' * 10_000, b"\xff", b"1" * 100_000, b"NaN", b""]
)
def test_facts_that_are_no_json_are_written_again(
    site: project.Project, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    right = read(site)
    (folder_of(right) / "facts.json").write_bytes(data)
    monkeypatch.setattr(encoded, "is_remembered", lambda *given: True)
    assert read(site) == right


@pytest.mark.parametrize(
    "header",
    [
        b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535,
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '|O', 'fortran_order': False, 'shape': (3,), }".ljust(128),
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '|u1', 'fortran_order': False, 'shape': (-3,), }".ljust(128),
        b"\x93NUMPY\x03\x00\xff\xff\xff\xff{}",
        b"\x93NUMPY\x01\x00\x76\x00__import__('os').system('touch owned')".ljust(128),
    ],
)  # fmt: skip
def test_heads_of_arrays_are_compared_and_never_read(
    site: project.Project, monkeypatch: pytest.MonkeyPatch, header: bytes
) -> None:
    right = read(site)
    path = right.train.path
    path.write_bytes(header + path.read_bytes()[len(header) :])
    monkeypatch.setattr(encoded, "is_remembered", lambda *given: True)
    monkeypatch.setattr(np.lib.format, "read_array_header_1_0", None)
    assert read(site) == right


def test_arrays_are_those_of_numpy(site: project.Project) -> None:
    part = read(site).train
    assert np.array_equal(np.load(part.path), part[:])


@pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX")
def test_what_a_cache_leads_to_is_not_tidied_up(site: project.Project) -> None:
    """A repository may say that its cache is its own root, and have a `.git` in it."""
    kept = site.root / ".git" / "objects"
    kept.mkdir(parents=True)
    (kept / "a").write_text("mine")
    for path in (kept / "a", kept, kept.parent):
        os.utime(path, (0, 0))
    site.cache.mkdir()
    (site.cache / "encoded").symlink_to("..")
    read(site)
    assert (kept / "a").read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX")
@pytest.mark.parametrize("link", ["encoded", "."])
def test_a_cache_that_leads_out_of_the_project_is_refused(
    site: project.Project, tmp_path_factory: pytest.TempPathFactory, link: str
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    path = site.cache / link
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(elsewhere)
    with pytest.raises(CorpusError, match=r"^\.escriba/encoded/\w+: this leads to .* outside the"):
        read(site)
    assert list(elsewhere.iterdir()) == []


def test_a_corpus_with_many_stretches_takes_time_for_its_text_alone() -> None:
    """Of a short file there are more ends of parts than bytes."""
    ends: list[int] = []

    class Length(int):
        def __mul__(self, other: int) -> int:
            ends.append(other)
            return int(self) * other

    data = bytes(range(65, 91))
    pieces = list(texts.cut([data], Length(len(data)), (80, 10, 10), stretches=10_000))
    assert b"".join(piece for _, piece in pieces) == data
    assert len(ends) < 100 * len(data)
