"""What is no text is named, and answered with what to do."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from escriba.corpora.corpus import read_corpus
from escriba.corpora.foreign import recognise
from escriba.ground import project
from escriba.ground.errors import CorpusError
from escriba.ground.project import Project
from escriba.records.recipe import CorpusRecipe, Source

TEXT = "Había una vez, y dos. 漢\n" * 30
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("ESCRIBA_CORPORA", raising=False)
    (tmp_path / "escriba.yml").write_text("title: test\n")
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.txt").write_text(TEXT, "utf-8")
    return project.load(tmp_path)


def archive(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name in names:
            file.writestr(
                name, "application/epub+zip" if name == "mimetype" else f"<p>{name}</p>\n" * 9
            )
    return data.getvalue()


def refusal(site: Project, **options: object) -> str:
    with pytest.raises(CorpusError) as caught:
        read_corpus(CorpusRecipe((Source(file="t"),), **options), site)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("b.txt", TEXT.encode("utf-16"), "is UTF-16, not text in UTF-8; convert it: iconv -f UTF-16 -t UTF-8 t/b.txt > t/utf8-b.txt; or write in the recipe: encoding: utf-16"),
        ("b.txt", "Sin marca.\n".encode("utf-16-le"), "is UTF-16, not text in UTF-8; convert it: iconv -f UTF-16 -t UTF-8 t/b.txt > t/utf8-b.txt; or write in the recipe: encoding: utf-16"),
        ("b.txt", TEXT.encode("utf-32"), "is UTF-32, not text in UTF-8; convert it: iconv -f UTF-32 -t UTF-8 t/b.txt > t/utf8-b.txt; or write in the recipe: encoding: utf-32"),
        ("b.pdf", b"%PDF-1.7\n%\xe2\xe3", "is a PDF, not text in UTF-8; take its text out: pdftotext -enc UTF-8 t/b.pdf; or leave it out: exclude: [\"*.pdf\"]"),
        ("b.epub", archive("mimetype", "c.xhtml"), "is an EPUB, not text in UTF-8; name it .zip and write: include: [\"*html\"], strip: [html]"),
        ("b.docx", archive("[Content_Types].xml", "word/document.xml"), "is a document of a word processor, not text in UTF-8; save it as plain text in UTF-8; or leave it out: exclude: [\"*.docx\"]"),
        ("b.png", PNG, "is an image, not text in UTF-8; leave it out: exclude: [\"*.png\"]"),
        ("cover", b"\xff\xd8\xff\xe0JFIF", "is an image, not text in UTF-8; leave it out: exclude: [\"cover\"]"),
        ("b.mp3", b"ID3\x04\0", "is a sound, not text in UTF-8; leave it out: exclude: [\"*.mp3\"]"),
        ("b.7z", b"7z\xbc\xaf\x27\x1c", "is an archive, not text in UTF-8; unpack it; or leave it out: exclude: [\"*.7z\"]"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_named(site: Project, name: str, data: bytes, message: str) -> None:
    (site.root / "t" / name).write_bytes(data)
    assert refusal(site) == f"t/{name}: {message}"


def test_many_of_a_kind_are_one_mistake(site: Project) -> None:
    for number in range(3):
        (site.root / "t" / f"p{number}.png").write_bytes(PNG)
    (site.root / "t" / "z.zip").write_bytes(archive("a.txt"))
    with zipfile.ZipFile(site.root / "t" / "z.zip", "a") as file:
        file.writestr("b.gif", b"GIF89a\1")
    assert refusal(site) == (
        't/p0.png: is an image, not text in UTF-8 (and so are 2 others); leave it out: exclude: ["*.png"]\n'
        't/z.zip/b.gif: is an image, not text in UTF-8; leave it out: exclude: ["*.gif"]'
    )
    corpus = read_corpus(CorpusRecipe((Source(file="t"),), exclude=("*.png", "*.gif")), site)
    assert corpus.characters > 500


def test_the_answers_work(site: Project) -> None:
    (site.root / "t" / "a.txt").write_bytes(TEXT.encode("utf-16"))
    corpus = read_corpus(CorpusRecipe((Source(file="t"),), encoding="UTF16"), site)
    assert corpus.characters == len(TEXT)
    (site.root / "t" / "a.txt").unlink()
    (site.root / "t" / "b.zip").write_bytes(archive("mimetype", "c.xhtml", "d.css"))
    recipe = CorpusRecipe((Source(file="t"),), include=("*html",), strip=("html",))
    corpus = read_corpus(recipe, site)
    assert corpus.vocabulary.decode(corpus.train[:20].tolist()) == "c.xhtml\n\nc.xhtml\n\nc."


@pytest.mark.parametrize(
    "data",
    [TEXT.encode(), b"", b"a", b"\0" * 600, b"a\0b" * 200, "¡BM0123\0\0\0\0".encode(), b"MZ is a text", b"PK", b"RIFFs", gzip.compress(b"")[:1]],
)  # fmt: skip
def test_texts_are_texts(data: bytes) -> None:
    assert recognise(data[:512]) is None
