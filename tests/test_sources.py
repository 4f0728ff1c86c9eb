"""Where texts come from: files, folders, globs, archives, exclusions, the standard library."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import platform
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from escriba.corpora import digests
from escriba.corpora.corpus import Corpus, read_corpus
from escriba.corpora.sources import Found, find_sources, is_excluded
from escriba.ground import project
from escriba.ground.errors import CorpusError, Place, SourceError
from escriba.ground.schema import read
from escriba.records.recipe import CorpusRecipe, Recipe, Source

TEXT = "".join(f"Línea {n}: el veloz murciélago hindú.\n" for n in range(100))
DATA = TEXT.encode()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> project.Project:
    monkeypatch.delenv("ESCRIBA_CORPORA", raising=False)
    root = tmp_path / "blog"
    root.mkdir()
    (root / "escriba.yml").write_text("title: test\n")
    return project.load(root)


def put(site: project.Project, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        path = site.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def pack(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def find(site: project.Project, *sources: Source, exclude: tuple[str, ...] = ()) -> list[Found]:
    return list(find_sources(CorpusRecipe(sources, exclude=exclude), site))


def names(found: list[Found]) -> list[str]:
    return [document.shown.as_posix() for source in found for document in source.documents]


def text_of(corpus: Corpus) -> str:
    return "".join(corpus.vocabulary.decode(part[:].tolist()) for part in corpus.parts)


FILES = {
    "texts/b.txt": b"b", "texts/a/z.txt": b"z", "texts/a/tests/t.txt": b"t",
    "texts/a-b.txt": b"ab", "texts/.git/HEAD": b"ref", "texts/cover.png": b"\x89PNG",
    "notes/b.txt": b"n", "[1].txt": b"1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("file", "exclude", "expected"),
    [
        ("texts/b.txt", [], ["texts/b.txt"]),
        ("[1].txt", [], ["[1].txt"]),
        ("*/b.txt", [], ["notes/b.txt", "texts/b.txt"]),
        ("texts/**/*.txt", [], ["texts/a/tests/t.txt", "texts/a/z.txt", "texts/a-b.txt", "texts/b.txt"]),
        ("texts", [], ["texts/a/tests/t.txt", "texts/a/z.txt", "texts/a-b.txt", "texts/b.txt", "texts/cover.png"]),
        ("texts/", ["*.png", "tests"], ["texts/a/z.txt", "texts/a-b.txt", "texts/b.txt"]),
        ("texts", ["texts/a", "cover.*"], ["texts/a-b.txt", "texts/b.txt"]),
        ("*/b.txt", ["notes/*"], ["texts/b.txt"]),
        (".", ["a", "*.p?g", "escriba.yml", "[[]1].txt"], ["notes/b.txt", "texts/a-b.txt", "texts/b.txt"]),
    ],
)  # fmt: skip
def test_files_globs_and_folders(
    site: project.Project, file: str, exclude: list[str], expected: list[str]
) -> None:
    put(site, FILES)
    assert names(find(site, Source(file=file), exclude=tuple(exclude))) == expected


@pytest.mark.parametrize("setting", ["outside", "corpora", "environment"])
def test_a_file_may_lie_where_the_author_says(
    site: project.Project, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    put(site, {"../outside/a.txt": b"a", "../outside/b.txt": b"b"})
    outside = (site.root.parent / "outside").as_posix()
    files = ("../outside/*.txt", f"{outside}/*.txt", outside)
    for file in files:
        with pytest.raises(CorpusError, match="outside is outside the project"):
            find(site, Source(file=file))
    if setting == "environment":
        monkeypatch.setenv("ESCRIBA_CORPORA", outside)
    else:
        (site.root / "escriba.yml").write_text(f"{setting}: [../outside]\n")
    site = project.load(site.root)
    for file in files:
        documents = find(site, Source(file=file))[0].documents
        assert [document.path.name for document in documents] == ["a.txt", "b.txt"]


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a/tests/b.py", "tests", True),
        ("a/tests/b.py", "tests/", True),
        ("a/tests/b.py", "test", False),
        ("a/tests/b.py", "*.py", True),
        ("a/tests/b.py", "a/*.py", True),
        ("a/tests/b.py", "a/tests", True),
        ("a/tests/b.py", "/a", True),
        ("a/tests/b.py", "/tests", False),
        ("a/tests/b.py", "tests/b.py", False),
        ("a/tests/b.py", "**/tests/**", True),
        ("tests/b.py", "**/tests/**", True),
        ("tests/b.py", "**/b.py", True),
        ("a/Tests/b.py", "tests", False),
    ],
)
def test_patterns_of_exclusion(path: str, pattern: str, expected: bool) -> None:
    assert is_excluded(PurePosixPath(path), [pattern]) is expected


@pytest.mark.parametrize("pack_it", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("named", [True, False])
def test_compressed_texts_are_read_as_if_they_were_not(
    site: project.Project,
    pack_it,
    named: bool,  # type: ignore[no-untyped-def]
) -> None:
    suffix = {"gzip": ".gz", "bz2": ".bz2", "lzma": ".xz"}[pack_it.__module__.lstrip("_")]
    name = f"packed{suffix if named else ''}"
    half = len(DATA) // 2
    put(site, {"plain.txt": DATA, name: pack_it(DATA[:half]) + pack_it(DATA[half:])})
    plain, packed = (
        read_corpus(CorpusRecipe((Source(file=file),)), site) for file in ("plain.txt", name)
    )
    assert packed.digest == plain.digest
    assert packed.bytes == plain.bytes == len(DATA)


def test_the_members_of_a_zip_are_texts_sorted_by_name(site: project.Project) -> None:
    members = {"b.txt": b"b" * 100, "a/x.txt": b"a" * 100, "a/tests/t.txt": b"t" * 100}
    hidden = {"__MACOSX/b.txt": b"\0", ".DS_Store": b"\0"}
    pack(site.root / "books.zip", members | hidden)
    recipe = CorpusRecipe((Source(file="books.zip"),), exclude=("tests",))
    assert names(list(find_sources(recipe, site))) == ["books.zip/a/x.txt", "books.zip/b.txt"]
    corpus = read_corpus(recipe, site)
    assert text_of(corpus) == "a" * 80 + "b" * 80 + "a" * 10 + "b" * 10 + "a" * 10 + "b" * 10


def test_a_digest_names_an_archive_as_it_is_on_disk(
    site: project.Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    pack(shelf / "whatever.zip", {"a.txt": DATA})
    sha256 = hashlib.sha256((shelf / "whatever.zip").read_bytes()).hexdigest()
    monkeypatch.setenv("ESCRIBA_CORPORA", str(shelf))
    corpus = read_corpus(CorpusRecipe((Source(sha256=sha256),)), site)
    assert corpus.bytes == len(DATA)
    assert corpus.sources == ({"sha256": sha256},)


def test_the_digest_of_several_files_is_that_of_the_list_of_theirs(site: project.Project) -> None:
    put(site, {"texts/a.txt": b"a" * 50, "texts/b.txt": b"b" * 50})
    lines = "".join(hashlib.sha256(c * 50).hexdigest() + "\n" for c in (b"a", b"b"))
    sha256 = hashlib.sha256(lines.encode()).hexdigest()
    source = Source(file="texts", sha256=sha256, licence="CC0-1.0", origin="here")
    corpus = read_corpus(CorpusRecipe((source,)), site)
    assert corpus.sources == (
        {"file": "texts", "sha256": sha256, "origin": "here", "licence": "CC0-1.0", "files": 2},
    )
    assert corpus.licence == "CC0-1.0"
    put(site, {"texts/b.txt": b"c" * 50})
    with pytest.raises(
        CorpusError, match=f"the 2 files of 'texts': their sha256 is .* names {sha256}$"
    ):
        read_corpus(CorpusRecipe((source,)), site)


def test_the_licence_of_a_corpus_is_its_own_or_its_sources(site: project.Project) -> None:
    put(site, {"a.txt": DATA, "b.txt": DATA, "c.txt": DATA})
    sources = tuple(
        Source(file=f"{n}.txt", licence=licence)
        for n, licence in zip("abc", ("X", "Y", "X"), strict=True)
    )
    assert read_corpus(CorpusRecipe(sources), site).licence == "X, Y"
    assert read_corpus(CorpusRecipe(sources, licence="Z"), site).licence == "Z"


@pytest.mark.skipif(sys.platform == "win32", reason="its library's line ends are its own")
def test_the_standard_library_is_a_ready_corpus(site: project.Project) -> None:
    (found,) = find(site, Source(ready="python-stdlib"), exclude=("email",))
    shown = names([found])
    assert "python-stdlib/argparse.py" in shown
    assert "python-stdlib/json/decoder.py" in shown
    assert shown == sorted(shown, key=lambda name: name.split("/"))
    words = {word for name in shown for word in name.split("/")}
    assert not words & {"test", "tests", "site-packages", "idlelib", "email", "sitecustomize.py"}
    record = found.record()
    assert record == {
        "ready": "python-stdlib", "sha256": found.sha256, "files": len(shown),
        "python": platform.python_version(), "licence": "PSF-2.0",
    }  # fmt: skip
    wrong = Source(ready="python-stdlib", sha256="0" * 64)
    with pytest.raises(CorpusError) as caught:
        find(site, wrong, exclude=("email",))
    assert str(caught.value) == (
        f"the {len(shown)} files of python-stdlib {platform.python_version()}: their sha256 is "
        f"{found.sha256}, and the recipe names {'0' * 64}"
    )


ZIP = b"PK\x03\x04" + b"\0" * 40
TAR = b"a.txt".ljust(257, b"\0") + b"ustar\0" + b"\0" * 300


@pytest.mark.parametrize(
    ("files", "source", "exclude", "message"),
    [
        ({"empty/.keep": b""}, {"file": "empty"}, [], "the folder 'empty' holds no file"),
        ({"t/a.txt": DATA}, {"file": "t"}, ["*.txt"], "'exclude' leaves nothing of 't'"),
        ({"t/a.txt": DATA}, {"file": "t/a.txt"}, ["t"], "'exclude' leaves nothing of 't/a.txt'"),
        ({}, {"file": "a**"}, [], "'a**' is not a pattern of file names"),
        ({}, {"file": "/nowhere/*.txt"}, [], "no file matches '/nowhere/*.txt' in blog/"),
        ({}, {"ready": "python-stdlib"}, ["*"], "python-stdlib: 'exclude' leaves nothing, or this Python keeps no source files"),
        ({"a.gz": DATA}, {"file": "a.gz"}, [], "a.gz: named as gzip, and it is not; fetch it or make it again"),
        ({"a.gz": gzip.compress(DATA)[:-9]}, {"file": "a.gz"}, [], "a.gz: damaged or cut short; fetch it or make it again"),
        ({"a.gz": gzip.compress(DATA)[:-8] + b"\0" * 8}, {"file": "a.gz"}, [], "a.gz: damaged or cut short; fetch it or make it again"),
        ({"a.bz2": bz2.compress(DATA)[:30] + b"x" * 30}, {"file": "a.bz2"}, [], "a.bz2: damaged or cut short; fetch it or make it again"),
        ({"a.xz": lzma.compress(DATA)[:99]}, {"file": "a.xz"}, [], "a.xz: damaged or cut short; fetch it or make it again"),
        ({"a.zip": ZIP}, {"file": "a.zip"}, [], "a.zip: damaged or cut short; fetch it or make it again"),
        ({"a.tar": TAR}, {"file": "a.tar"}, [], "a.tar: a tar archive; unpack it, or pack it as zip"),
        ({"a.tgz": gzip.compress(TAR)}, {"file": "a.tgz"}, [], "a.tgz: a tar archive; unpack it, or pack it as zip"),
        ({"t/a.txt": DATA, "t/b.doc": b"ok\nno \xe9\n", "t/c.doc": b"\xff"}, {"file": "t"}, [],
         "t/b.doc:2: not UTF-8: the byte 0xe9 is not part of any character; convert it (iconv -f WINDOWS-1252 -t UTF-8), name its encoding (encoding: windows-1252), or exclude it\n"
         "t/c.doc:1: not UTF-8: the byte 0xff is not part of any character; convert it (iconv -f WINDOWS-1252 -t UTF-8), name its encoding (encoding: windows-1252), or exclude it"),
        ({"a.txt.gz": gzip.compress(DATA * 2 + b"\n\xe9")}, {"file": "a.txt.gz"}, [],
         "a.txt.gz:202: not UTF-8: the byte 0xe9 is not part of any character; convert it (iconv -f WINDOWS-1252 -t UTF-8), name its encoding (encoding: windows-1252), or exclude it"),
    ],
)  # fmt: skip
def test_errors(
    site: project.Project,
    files: dict[str, bytes],
    source: dict[str, str],
    exclude: list[str],
    message: str,
) -> None:
    put(site, files)
    with pytest.raises(CorpusError) as caught:
        read_corpus(CorpusRecipe((Source(**source),), exclude=tuple(exclude)), site)  # type: ignore[arg-type]
    assert str(caught.value) == message
    assert list(site.cache.glob("encoded/*")) == []


def test_damaged_and_empty_zips(site: project.Project) -> None:
    pack(site.root / "empty.zip", {})
    pack(site.root / "bad.zip", {"a.txt": DATA, "b.txt": DATA})
    data = bytearray((site.root / "bad.zip").read_bytes())
    data[60] ^= 0xFF
    (site.root / "bad.zip").write_bytes(data)
    pack(site.root / "excluded.zip", {"a.txt": DATA})
    messages = []
    for name in ("empty", "excluded"):
        with pytest.raises(CorpusError) as caught:
            find(site, Source(file=f"{name}.zip"), exclude=("a.txt",))
        messages.append(str(caught.value))
    with pytest.raises(CorpusError) as caught:
        read_corpus(CorpusRecipe((Source(file="bad.zip"),)), site)
    messages.append(str(caught.value))
    assert messages == [
        "empty.zip: the archive holds no file",
        "excluded.zip: 'exclude' leaves nothing of it",
        "bad.zip/a.txt: damaged or cut short; fetch it or make it again",
    ]


def test_all_sources_that_are_missing_are_named_at_once(site: project.Project) -> None:
    with pytest.raises(CorpusError) as caught:
        find(site, Source(file="a.txt"), Source(file="b/*.txt"))
    assert (
        str(caught.value) == "no file matches 'a.txt' in blog/\nno file matches 'b/*.txt' in blog/"
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("url: http://x", "recipe.yml:1:20: a source needs a 'file', a 'ready' corpus, or a 'sha256' with or without a 'url'"),
        ("ready: python", "recipe.yml:1:28: 'ready' must be one of python-stdlib, not 'python'"),
        ("ready: python-stdlib, file: x", "recipe.yml:1:20: a 'ready' corpus has no 'file' and no 'url'"),
    ],
)  # fmt: skip
def test_mistakes_in_a_source_are_located(source: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(Recipe, f"corpus: {{sources: [{{{source}}}]}}", Place(Path("recipe.yml"), 1))
    assert str(caught.value) == message


def test_a_remembered_digest_is_never_that_of_another_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "LARGE", 4)
    path, memory = tmp_path / "text", tmp_path / "memory"

    def ask() -> str:
        return digests.remembered_digest(path, memory)

    def sha256(data: bytes) -> str:
        return hashlib.sha256(data).hexdigest()

    path.write_bytes(b"first")
    assert ask() == sha256(b"first")
    assert not memory.exists()  # it has just been written: it may be written again unseen
    monkeypatch.setattr(digests, "SETTLED", -1)
    assert ask() == sha256(b"first")
    (entry,) = memory.iterdir()
    known = entry.read_text()
    entry.write_text(known.replace(sha256(b"first"), "0" * 64))
    assert ask() == "0" * 64  # it is believed
    times = path.stat()
    path.write_bytes(b"other")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # size and time are as before
    assert ask() == sha256(b"other")
    entry.write_text("broken")
    assert ask() == sha256(b"other")
    entry.unlink()
    memory.rmdir()
    memory.write_text("a file where the folder should be")
    assert ask() == sha256(b"other")
