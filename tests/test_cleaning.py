"""What a recipe does to documents before they are split."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest

from escriba.corpora.cleaning import clean
from escriba.corpora.corpus import Corpus, read_corpus
from escriba.corpora.sources import find_sources
from escriba.corpora.stripping import strip_front_matter, strip_html, strip_markdown
from escriba.ground import project, schema
from escriba.ground.errors import CorpusError, Place, SourceError
from escriba.ground.project import Project
from escriba.records.recipe import CorpusRecipe, Source


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("ESCRIBA_CORPORA", raising=False)
    (tmp_path / "escriba.yml").write_text("title: test\n")
    (tmp_path / "t").mkdir()
    return project.load(tmp_path)


def write(site: Project, **files: str | bytes) -> None:
    for name, text in files.items():
        data = text.encode() if isinstance(text, str) else text
        (site.root / "t" / name.replace("_", ".")).write_bytes(data)


def read(site: Project, **options: object) -> Corpus:
    options = {"split": (98, 2, 0), **options}
    return read_corpus(CorpusRecipe((Source(file="t"),), **options), site)  # type: ignore[arg-type]


def text_of(corpus: Corpus) -> str:
    return "".join(corpus.vocabulary.decode(part[:].tolist()) for part in corpus.parts)


def cleaned(site: Project, **options: object) -> str:
    """All documents, one after the other, as they are before they are split."""
    recipe = CorpusRecipe((Source(file="t"),), **options)  # type: ignore[arg-type]
    documents = [each for found in find_sources(recipe, site) for each in found.documents]
    ready = clean(documents, recipe, site.root / "cleaned", lambda size: None)
    return "".join(b"".join(each.blocks(7)).decode() for each in ready)


LONG = "Una línea cualquiera.\n" * 20


def test_another_encoding_is_read(site: Project) -> None:
    text = "El año de la niña: “sí” — 5 €.\r\n" * 20
    write(site, a_txt=text.encode("cp1252"))
    corpus = read(site, encoding="windows-1252")
    assert text_of(corpus) == text.replace("\r\n", "\n")
    assert corpus.bytes == len(text.replace("\r\n", "\n").encode())  # of the text in UTF-8
    write(site, a_txt=text.encode("utf-16"))
    assert read(site, encoding="utf-16").digest == corpus.digest
    write(site, a_txt=b"ok\n\x81\n")
    with pytest.raises(CorpusError) as caught:
        read(site, encoding="cp1252")
    assert str(caught.value) == (
        "t/a.txt:2: not cp1252: the byte 0x81 is not part of any character; name another "
        "'encoding', or exclude it"
    )


def test_front_matter_goes(site: Project) -> None:
    write(site, a_md=f"---\ntitle: a\n---\n\n{LONG}---\nb\n---\n", b_md=LONG)
    assert cleaned(site, strip=("front-matter",)) == f"{LONG}---\nb\n---\n{LONG}"
    assert strip_front_matter("---\nno end\n") == "---\nno end\n"
    assert strip_front_matter("+++\na = 1\n+++\nb\n") == "b\n"
    assert strip_front_matter("a\n---\nb\n---\n") == "a\n---\nb\n---\n"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One\n  two <b>th</b>ree</p>\n<p>four &amp; &eacute;&#8212;", "One two three\n\nfour & é—\n"),
        ("<head><title>T</title><style>a > b {}</style></head><h1>T</h1>x<br>y<br/>z", "T\n\nx\ny\nz\n"),
        ("a<script>if (a<b) '</p>'</script> b<!-- c <p> --> d", "a b d\n"),
        ("<ul><li>a</li>\n<li>b <i>c</i></li></ul>d", "a\nb c\n\nd\n"),
        ("<table><tr><td>1<td>2<tr><th>3</th><th>4</th></table>", "1 2\n3 4\n"),
        ("<pre>a\n  b\n\nc</pre>after", "a\n  b\n\nc\n\nafter\n"),
        ("a < b and c > d & e", "a < b and c > d & e\n"),
        ("<svg><text>no</text><svg>no</svg></svg>yes<svg/>too", "yestoo\n"),
        ("a <b>never closed", "a never closed\n"),
        ("kept<!-- never closed <p>x", "kept\n"),
        ("<p></p>", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_html_is_what_a_page_says(html: str, text: str) -> None:
    assert strip_html(html) == text


def test_markdown_is_what_it_says() -> None:
    text = (
        "# Title\n\nSome *emphasis* and a [link](http://a.example 'x').\nGoes on.\n\n* one\n* two\n\n"
        "> quoted\n\n    code  *here*\n\n![alt](a.png)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<div>raw</div>\n"
    )
    assert strip_markdown(text) == (
        "Title\n\nSome emphasis and a link. Goes on.\n\none\ntwo\n\nquoted\n\ncode  *here*\n\na b\n1 2\n\nraw\n"
    )


@pytest.mark.parametrize(
    "piece", ["<!--", "<a b='", "<p", "<![CDATA[", "<svg>", "&", "</", "<?", "<pre>\n", "<script>"]
)
def test_no_page_takes_longer_than_to_read_it_once(piece: str) -> None:
    def spend(count: int) -> float:
        text = piece * count
        begun = time.process_time()
        strip_html(text)
        return time.process_time() - begun

    assert spend(40_000) < 40 * max(0.005, min(spend(4000) for _ in range(3)))


def test_html_in_a_corpus_is_cut_after_it_is_stripped(site: Project) -> None:
    write(site, a_html="<p>word word</p>\n" * 100)
    assert text_of(read(site, strip=("html",))) == "word word\n\n" * 99 + "word word\n"


def test_lines_are_dropped_by_pattern(site: Project) -> None:
    write(site, a_txt="a\n<Media omitted>\nb [x]\n\u2028c\nlast" * 1 + LONG)
    text = text_of(read(site, drop_lines=("<Media*>", "*[[]x]", "nothing")))
    assert text == "a\n\u2028c\nlast" + LONG
    write(site, a_txt="1/2/24 - Ana: hola\n" * 30 + "queda\n" * 30 + "1/2/24 - fin")
    assert text_of(read(site, drop_lines=("[0-9]*/* - *",))) == "queda\n" * 30


def test_a_pattern_takes_no_longer_than_its_line(site: Project) -> None:
    write(site, a_txt="a" * 200_000 + "\n")
    # Whoever tried all ways to fit it would not live to see the end.
    assert len(text_of(read(site, drop_lines=("*a*a*a*a*a*a*a*a*b",)))) == 200_001


def test_duplicates_are_read_once(site: Project) -> None:
    write(
        site,
        a_txt="one\ntwo\n\n one \n\nthree\n",
        b_txt="two\nfour\n",
        c_txt="one\ntwo\n\n one \n\nthree\n",
    )
    assert cleaned(site, dedupe=("lines",)) == "one\ntwo\n\n\nthree\nfour\n\n\n"
    assert cleaned(site, dedupe=("files",)) == "one\ntwo\n\n one \n\nthree\ntwo\nfour\n"


def test_lower_case(site: Project) -> None:
    write(site, a_txt="ÁRBOL Año ΣΟΦΟΣ İ\n" * 20)
    assert text_of(read(site, lower_case=True)) == "árbol año σοφος i̇\n" * 20


def test_rare_characters_go_or_become_one(site: Project) -> None:
    write(site, a_txt=LONG + "漢XYZ字\n" + LONG + "漢\n" + LONG)
    gone = read(site, min_count=3)
    assert text_of(gone) == LONG + "\n" + LONG + "\n" + LONG
    assert not set("漢字XYZ") & set(gone.vocabulary.symbols)
    assert sum(map(len, gone.parts)) == gone.characters == len(text_of(gone))
    one = read(site, min_count=3, rare="\ufffd")
    assert text_of(one) == LONG + "\ufffd" * 5 + "\n" + LONG + "\ufffd\n" + LONG
    assert gone.digest != one.digest


def test_the_mark_is_never_rare(site: Project) -> None:
    write(site, **{f"{n:02}_txt": LONG + str(n) for n in range(40)})
    corpus = read(site, split=(80, 10, 10), min_count=500)
    assert corpus.vocabulary.mark is not None


def test_patterns_choose_files_and_members(site: Project) -> None:
    write(site, a_md="a" * 100, b_txt="b" * 100, c_html="c" * 100)
    with zipfile.ZipFile(site.root / "t" / "d.zip", "w") as archive:
        archive.writestr("in/e.md", "e" * 100)
        archive.writestr("in/f.css", "f" * 100)
    assert cleaned(site, include=("*.md",)) == "a" * 100 + "e" * 100
    assert cleaned(site, include=("*.md",), exclude=("in",)) == "a" * 100
    (site.root / "t" / "d.zip").unlink()
    with pytest.raises(CorpusError, match="'include' names no file of 't'"):
        read(site, include=("*.rst",))


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (
            "encoding: punycode",
            "'encoding' must be one that Python knows, such as windows-1252, not 'punycode'",
        ),
        (
            "encoding: rot13",
            "'encoding' must be one that Python knows, such as windows-1252, not 'rot13'",
        ),
        (
            "encoding: klingon",
            "'encoding' must be one that Python knows, such as windows-1252, not 'klingon'",
        ),
        ("strip: [tags]", "'strip' must be one of front-matter, html, markdown, not 'tags'"),
        ("min-count: 2\nunit: bytes", "'min-count' is for characters, and the 'unit' is bytes"),
        ("min-count: 2\nrare: ab", "'rare' must be one character, or nothing"),
        ("rare: a", "'rare' stands for what is seen less often than 'min-count', which is missing"),
    ],
)
def test_what_cannot_be_done_is_told(lines: str, problem: str) -> None:
    with pytest.raises(SourceError) as caught:
        schema.read(CorpusRecipe, f"sources:\n- file: a\n{lines}\n", Place(Path("recipe.yml")))
    assert problem in str(caught.value)


def test_a_recipe_that_cleans_nothing_keeps_its_key(site: Project) -> None:
    write(site, a_txt="".join(f"Línea {n}.\n" for n in range(50)))
    key = read(site).train.path.parent.name
    assert read(site, encoding="UTF8", rare="", include=("*.txt",)).train.path.parent.name == key
    others = [
        {"strip": ("html",)},
        {"lower_case": True},
        {"min_count": 2},
        {"dedupe": ("lines",)},
        {"drop_lines": ("x",)},
        {"encoding": "cp1252"},
    ]
    keys = {read(site, **each).train.path.parent.name for each in others}
    assert len(keys) == len(others) and key not in keys
