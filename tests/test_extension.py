"""The Markdown extension: what a page becomes, which mistakes it reports, and hostile samples."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import Markdown, markdown

from escriba.article.blocks.diagram import DiagramOptions
from escriba.article.blocks.gradients import GradientsOptions
from escriba.article.blocks.loss import LossOptions
from escriba.article.blocks.sample import SampleOptions, write_command
from escriba.article.blocks.timeline import TimelineOptions
from escriba.article.extension import Context, EscribaExtension
from escriba.article.values.inline import KEYS, MEASURED
from escriba.article.values.logged import AT_STEP, WHOLE
from escriba.evidence.answers import Answers
from escriba.evidence.ledger import Ledger
from escriba.ground.errors import EscribaError, FrozenError, ModelError, Place, SourceError
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import Project, Settings
from escriba.ground.reads import Reads
from escriba.records.vocabulary import as_read
from escriba.sampling.request import Options
from escriba.templating.templates import Templates
from support.articles import render_article
from support.models import FixedAnswers, make_model, make_record, open_library

CASES = sorted((Path(__file__).parent / "cases" / "blocks").glob("*.md"))
POST = Path("posts/a.md")
HOSTS = [
    [],
    ["extra"],
    ["fenced_code", "codehilite", "sane_lists", "smarty", "toc"],
    ["pymdownx.superfences", "pymdownx.highlight", "pymdownx.inlinehilite", "footnotes"],
    ["extra", "nl2br", "admonition", "meta", "abbr", "wikilinks", "md_in_html"],
]
HOSTILE = (
    "\n\n<script>alert(1)</script> </samp></pre></figure> <!-- *a* __b__ `c` {{ d }} {% raw %} "
    "{# e #} $$x$$ \\[y\\] $z$ &amp; &lt; & &#0; [l](javascript:x) ![i](x) \x02 \x03 "
    "\x02wzxhzdk:0\x03 \x02klzzwxh:0001\x03 wzxhzdk:0 klzzwxh:0001 \x02amp\x03 \x0265\x03 \x00 \r "
    "\r\n \x1b \x7f \x85 \x0c \ufeff \ufffe \u202e \u2066 \u200f \u2028 \u2029 \xa0 \t [TOC] "
    "zz1337820767766393449qq qq3936677670287331zz\n```\n~~~\n    code\n# h\n* a\n\n1. b\n---\n\n  "
)


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("Well, Prince", "-p 'Well, Prince' "),
        ("-", "-p @@- "),
        ("@here", "-p @@@here "),
        ("-a", "-p -a "),
        ("", ""),
    ],
)
def test_the_command_of_a_sample_gives_its_text(prompt: str, words: str) -> None:
    command = write_command("mini", Options(prompt=prompt, length=9))
    assert command == f"escriba sample mini {words}-n 9 -t 0.8 -s 1"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    (root / "escriba.yml").write_text("lang: es\n")
    for name in ("tolstoi", "clasicos"):
        make_model(root / "models" / name)
        make_record(root / "models" / name, old=name == "clasicos")
    evaluation = "test: {nats: '1.2', unigram: '2.75', ngram-20: '1.25'}\n"
    (root / "models" / "tolstoi" / "evaluation.yml").write_text(evaluation)
    (root / "models" / "vacio").mkdir()
    return root


@pytest.fixture
def page(project: Path) -> Callable[..., Context]:
    def make(text: str = "and then.", lang: str = "en", templates: Path | None = None) -> Context:
        return Context(
            project=Project(project, Settings()),
            library=open_library(project / "models"),
            answers=FixedAnswers(text),  # type: ignore[arg-type]
            templates=Templates(templates, Path("templates")),
            reads=Reads(project),
            lang=lang,
            path=POST,
            first_line=10,
        )

    return make


def convert(text: str, context: Context, extensions: list[str] | None = None) -> str:
    html = markdown(text, extensions=[*(extensions or []), EscribaExtension(context)])
    context.mistakes.check()
    return html


def block(show: str, **options: str) -> str:
    lines = [f"{name}: {value}" for name, value in {"model": "tolstoi", **options}.items()]
    return "\n".join(["```escriba sample", *lines, f"show: {show}", "```"])


def read_back(html: str, selector: str) -> str:
    """The text of the one element, as a reader's program would get it."""
    (element,) = BeautifulSoup(html, "html.parser").select(selector)
    for control in element.select("data.escriba-control"):
        control.replace_with(chr(int(str(control["value"]))))
    return element.get_text()


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_case(case: Path, page: Callable[..., Context]) -> None:
    source = case.read_text()
    lang = "es" if case.stem.endswith(".es") else "en"
    text = "First line\nsecond <line>.\n\nNew *paragraph* of $x_1$ and $\\oops$.\n"
    html = convert(source, page(text, lang), ["tables", "fenced_code"])
    # Digests are tested by themselves; here they would only hide what changed.
    html = re.sub(r"\b[0-9a-f]{64}\b", "DIGEST", html)
    html = re.sub(r"\b[0-9a-f]{12}\b", "DIGEST", html)
    assert html + "\n" == case.with_suffix(".html").read_text()


def test_digest_of_the_request_is_shown(page: Callable[..., Context]) -> None:
    context = page()
    code = BeautifulSoup(convert(block("prose"), context), "html.parser").select_one("summary code")
    (use,) = context.answers.asked
    request, place = use.question, use.place
    assert isinstance(code, Tag)
    assert (code["title"], code.get_text()) == (request.digest, request.digest[:12])
    assert place == Place(POST, 10, 1)


@pytest.mark.parametrize("extensions", HOSTS, ids=" ".join)
@pytest.mark.parametrize("last", [False, True])
def test_in_any_company(page: Callable[..., Context], extensions: list[str], last: bool) -> None:
    source = (
        "# A title\n\ntext\n{}\ntext\n\n> quote\n>\n> {}\n\n- item\n\n{}\n\n~~~~\n"
        "```escriba sample\nmodel: shown\n```\n~~~~\n\n"
        "The `escriba tolstoi.layers` and ``escriba a.b``.\n"
    ).format(
        block("prose"),
        block("verbatim").replace("\n", "\n> "),
        "    " + block("code").replace("\n", "\n    "),
    )
    context = page("*a* <b>")
    ours: list[EscribaExtension | str] = [EscribaExtension(context)]
    html = markdown(source, extensions=[*extensions, *ours] if last else [*ours, *extensions])
    context.mistakes.check()
    soup = BeautifulSoup(html, "html.parser")
    assert [f.parent.name for f in soup.select("figure") if f.parent] == [
        "[document]", "blockquote", "li",
    ]  # fmt: skip
    texts = [" ".join(e.get_text().split()) for e in soup.select("figure .escriba-text")]
    assert texts == ["*a* <b>"] * 3
    assert soup.select("p figure") == []
    assert [data["value"] for data in soup.select("data")] == ["2"]
    assert "model: shown" in soup.get_text()
    assert "escriba a.b" in [code.get_text() for code in soup.select("code")]


@pytest.mark.parametrize("extensions", HOSTS, ids=" ".join)
@pytest.mark.parametrize("options", [{"show": "verbatim"}, {"show": "code"},
                                     {"show": "code", "language": "html"},
                                     {"show": "code", "language": "python"}])  # fmt: skip
def test_hostile_text_comes_out_as_it_went_in(
    page: Callable[..., Context], options: dict[str, str], extensions: list[str]
) -> None:
    source = f"{block(**options, prompt='a b')}\n\n# *End*\n\n`escriba tolstoi.layers`\n"
    html = convert(source, page(HOSTILE), extensions)
    assert read_back(html, "samp") == "a b" + HOSTILE
    assert read_back(html, "samp .escriba-prompt") == "a b"
    soup = BeautifulSoup(html, "html.parser")
    assert soup.select("script, samp em, samp strong, samp a, samp img, samp code") == []
    assert len(soup.select("figure > figcaption")) == 1
    # Nothing that HTML or XML (feeds) cannot hold.
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe]", html)


@pytest.mark.parametrize("extensions", HOSTS, ids=" ".join)
@pytest.mark.parametrize("show", ["prose", "math"])
def test_hostile_prose(page: Callable[..., Context], show: str, extensions: list[str]) -> None:
    text = HOSTILE.replace("$$x$$", "").replace("\\[y\\]", "").replace("$z$", "")
    html = convert(block(show), page(text), extensions)
    soup = BeautifulSoup(html, "html.parser")
    paragraphs = soup.select("blockquote.escriba-text > p")
    for control in soup.select("data.escriba-control"):
        control.replace_with(chr(int(str(control["value"]))))
    shown = [re.sub("[ \t\n]+", " ", p.get_text()).strip(" ") for p in paragraphs]
    wanted = [re.sub("[ \t\n]+", " ", part).strip(" ") for part in re.split(r"\n\s*?\n", text)]
    assert shown == [part for part in wanted if part]
    assert soup.select("script, p em, p a, p img") == []


@given(st.text(), st.text())
@settings(max_examples=60)
def test_any_text_comes_out_as_it_went_in(
    page: Callable[..., Context], prompt: str, text: str
) -> None:
    written = "".join(f"\\U{ord(character):08x}" for character in prompt)
    html = convert(block("verbatim", prompt=f'"{written}"'), page(text))
    assert read_back(html, "samp") == as_read(prompt) + text


def test_formulas_of_a_sample(page: Callable[..., Context]) -> None:
    text = (
        "Let $x<y$ be, \\(a\\) and \\[\\frac{1}{2}\\]\n\\begin{align}a&=b\\label{l}\\end{align} "
        "or $\\nope$, \\begin{equation}\\end{align}, \\$5, $</math><script>$ {{ $x }}\n\n"
        "$\\text{</annotation></math><script>}$ $a\x02b$ new $\n\n$ end $ $"
    )
    html = convert(block("math"), page(text))
    soup = BeautifulSoup(html, "html.parser")
    assert [m.get("display") for m in soup.select("math")] == [
        None, None, "block", "block", None, None, None,
    ]  # fmt: skip
    assert [c.get_text() for c in soup.select("p code")] == ["$\\nope$", "$a␂b$"]
    assert soup.select("script, a, [id]") == []
    assert "\x02" not in html
    for formula in soup.select("math"):
        formula.replace_with("M")
    assert [" ".join(p.get_text().split()) for p in soup.select("blockquote p")] == [
        "Let M be, M and M M or $\\nope$, \\begin{equation}\\end{align}, \\$5, M {{ $x }}",
        "M $a␂b$ new $",
        "M $",
    ]


@pytest.mark.parametrize("tex", ["{" * 999, "\\sqrt{" * 150, "\\left(" * 160, "x^{" * 300])
def test_deep_formulas_do_no_harm(page: Callable[..., Context], tex: str) -> None:
    html = convert(block("math"), page(f"${tex}{'}' * tex.count('{')}$ ${tex}$"))
    assert "figcaption" in html


ERRORS = [
    ("```escriba sample\nmodel: tolstoi\ntemprature: 1\n```",
     SourceError, ["posts/a.md:12:1: unknown option 'temprature' (did you mean 'temperature'?)"]),
    ("- item\n\n    ```escriba sample\n    model: tolstoi\n    show: prosa\n    ```",
     SourceError,
     ["posts/a.md:14:11: 'show' must be one of prose, code, math, verbatim, not 'prosa'"]),
    ("> ```escriba sample\n> model: tolstoy\n> lenght: 5\n> ```",
     SourceError,
     ["posts/a.md:11:10: unknown model 'tolstoy' (did you mean 'tolstoi'?)",
      "posts/a.md:12:3: unknown option 'lenght' (did you mean 'length'?)"]),
    ("```escriba sampel\nmodel: tolstoi\n```",
     SourceError, ["posts/a.md:10:12: unknown block 'escriba sampel' (did you mean 'sample'?)"]),
    ("```escriba\nmodel: tolstoi\n```",
     SourceError, ["posts/a.md:10:12: a block needs its kind after 'escriba': diagram, gradients, "
      "loss, playground, sample, timeline"]),
    ("text\n\n```escriba sample\nmodel: tolstoi\n\nmore text",
     SourceError, ["posts/a.md:12:1: the block is never closed: no line '```' ends it"]),
    ("```escriba sample\n```", SourceError, ["posts/a.md:10:1: 'model' is missing"]),
    ("```escriba sample\nmodel: [\n```", SourceError,
     ["posts/a.md:12:1: broken YAML: did not find expected node content"]),
    ("```escriba sample\nmodel: tolstoi\nmodel: clasicos\n```", SourceError,
     ["posts/a.md:12:1: 'model' is given twice (first in line 11)"]),
    ("```escriba sample\nmodel: tolstoi\ntemperature: hot\n```", SourceError,
     ["posts/a.md:12:14: 'temperature' must be a number, not 'hot'"]),
    ("```escriba sample\nmodel: tolstoi\nlanguage: python\n```", SourceError,
     ["posts/a.md:11:1: 'language' is for 'show: code', not 'show: prose'"]),
    ("```escriba sample\nmodel: tolstoi\nshow: code\nlanguage: pyhton\n```", SourceError,
     ["posts/a.md:13:11: unknown language 'pyhton' (did you mean 'python'?)"]),
    ("```escriba sample\nmodel: vacio\n```", ModelError,
     ["posts/a.md:11:8: the model 'vacio' has no weights; "
      "train it with: escriba train vacio"]),
    ("a `escriba tolstoi.layres` b\n\n~~~\n`escriba tolstoi.layres`\n~~~\n\nand\n"
     "`escriba tolstoi.layres` `escriba nobody.bits`", SourceError,
     ["posts/a.md:10:3: unknown value 'layres' (did you mean 'layers'?)",
      "posts/a.md:17:1: unknown value 'layres' (did you mean 'layers'?)",
      "posts/a.md:17:26: unknown model 'nobody' (allowed: clasicos, tolstoi, vacio)"]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "kind", "messages"), ERRORS)
def test_mistake(
    page: Callable[..., Context], source: str, kind: type[EscribaError], messages: list[str]
) -> None:
    with pytest.raises(EscribaError) as caught:
        convert(source, page())
    assert str(caught.value).split("\n") == messages
    assert type(caught.value) is kind


def test_all_mistakes_of_a_page_and_what_is_right(page: Callable[..., Context]) -> None:
    context = page()
    source = "\n\n".join([block("prose"), block("prosa"), block("prose", model="x"), "text"])
    html = markdown(source, extensions=[EscribaExtension(context)])
    soup = BeautifulSoup(html, "html.parser")
    assert len(soup.select("figure")) == 1
    assert len(soup.select("div.escriba-error")) == 2
    assert soup.select("p")[-1].get_text() == "text"
    with pytest.raises(SourceError) as caught:
        context.mistakes.check()
    assert [str(p) for p in caught.value.problems] == [
        "posts/a.md:17:7: 'show' must be one of prose, code, math, verbatim, not 'prosa'",
        "posts/a.md:21:8: unknown model 'x' (allowed: clasicos, tolstoi, vacio)",
    ]


def test_wrong_prompt_is_placed_at_the_prompt(page: Callable[..., Context]) -> None:
    context = page()
    answers = Answers(Ledger(context.project), frozen=False)
    with pytest.raises(SourceError, match=r"^posts/a.md:12:9: the character 'ñ' "):
        convert(block("prose", prompt="ñ"), replace(context, answers=answers))


def test_an_end_that_the_model_does_not_know_is_placed_there(page: Callable[..., Context]) -> None:
    context = page()
    answers = Answers(Ledger(context.project), frozen=False)
    problem = r"^posts/a.md:12:8: the model 'tolstoi' knows no end of a document"
    with pytest.raises(SourceError, match=problem):
        convert(block("prose", until="document"), replace(context, answers=answers))


def test_alone_it_finds_the_project_and_freezes(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "posts").mkdir(exist_ok=True)
    monkeypatch.chdir(project / "posts")
    source = block("verbatim", length="30", seed="7")
    frozen = {"escriba": {"frozen": True, "path": "b.md"}}
    with pytest.raises(FrozenError, match=r"^b.md:1:1: the sample is not frozen: models/tolstoi/"):
        markdown(source, extensions=["escriba"], extension_configs=frozen)
    html = markdown(source, extensions=["escriba"])
    assert len(read_back(html, "samp")) == 30
    assert "semilla 7" in html
    assert markdown(source, extensions=["escriba"], extension_configs=frozen) == html


def test_alone_it_raises_all_mistakes_at_the_end(project: Path) -> None:
    options = {"escriba": {"root": str(project), "lang": "en"}}
    md = Markdown(extensions=["escriba", "toc"], extension_configs=options)
    with pytest.raises(SourceError) as caught:
        md.convert(f"# `escriba tolstoi.bit`\n\n{block('prosa')}")
    assert str(caught.value).split("\n") == [
        "<markdown>:1:3: unknown value 'bit' (did you mean 'bits'?)",
        "<markdown>:5:7: 'show' must be one of prose, code, math, verbatim, not 'prosa'",
    ]
    # Nothing of it is left for the next document, whether or not it is reset.
    assert md.convert("# `escriba tolstoi.layers`") == (
        '<h1 id="2"><data class="escriba-value" value="2">2</data></h1>'
    )


def test_alone_it_brings_what_blocks_need_once(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    options = {
        "root": str(project), "style": True, "assets": str(folder), "address": "/path/files/",
        "line": 4,
    }  # fmt: skip
    md = Markdown(extensions=["escriba"], extension_configs={"escriba": options})
    played = block("verbatim", length="30").replace("escriba sample", "escriba playground")
    html = md.convert(f"{played}\n\n{played}\n\n{block('verbatim', length='9')}")
    assert html.count("<style>") == html.count('<script type="module"') == 1
    (script,) = re.findall(r'src="/path/files/([^"]+)"', html)
    names = re.findall(r'data-(?:model|panel|kernel)="([^"]+)"', html)
    assert {script, *names} == {path.name for path in folder.iterdir()}
    assert md.convert("text") == "<p>text</p>"
    plain = markdown(
        played, extensions=["escriba"], extension_configs={"escriba": options | {"style": False}}
    )
    assert (plain.count("<style>"), plain.count('<script type="module"')) == (0, 1)
    with pytest.raises(SourceError, match=r"^<markdown>:5:12: unknown block"):
        md.convert("a\n```escriba sampel\n```")


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("superfences", ["pymdownx.superfences", "fenced_code"])
def test_the_order_of_extensions_does_not_matter(
    project: Path, first: bool, superfences: str
) -> None:
    others = [
        superfences,
        "attr_list",
        "toc",
        "md_in_html",
        "admonition",
        "pymdownx.tabbed",
        "tables",
    ]
    extensions = ["escriba", *others] if first else [*others[::-1], "escriba"]
    inside = block("verbatim", length="40", seed="3")
    text = "\n\n".join([
        inside,
        "- item\n\n" + indent(inside, "    "),
        "> quote\n>\n" + indent(inside, "> ", lambda line: True),
        '!!! note "Title"\n\n' + indent(inside, "    "),
        '=== "Tab"\n\n' + indent(inside, "    "),
        f'<div markdown="1">\n\n{inside}\n\n</div>',
        "[TOC]\n\n# Heading {#own}",
    ])  # fmt: skip
    options: dict[str, dict[str, Any]] = {
        "escriba": {"root": str(project)}, "pymdownx.tabbed": {"alternate_style": True},
    }  # fmt: skip
    html = markdown(text, extensions=extensions, extension_configs=options)
    soup = BeautifulSoup(html, "html.parser")
    shown = [each.get_text() for each in soup.select("pre samp")]
    assert len(shown) == 6
    assert set(shown) == {shown[0]}
    assert len(shown[0]) == 40
    for place in ("li", "blockquote", ".admonition", ".tabbed-block", "div"):
        assert soup.select_one(f"{place} figure samp"), place


def test_text_without_blocks_needs_no_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert markdown("`escriba build` *a*", extensions=["escriba"]) == (
        "<p><code>escriba build</code> <em>a</em></p>"
    )
    with pytest.raises(SourceError, match=r"^no escriba.yml in .*; `escriba new` makes one$"):
        markdown(block("prose"), extensions=["escriba"])


def test_one_extension_serves_many_threads(page: Callable[..., Context]) -> None:
    extension = EscribaExtension(page("text"))
    results: dict[int, str] = {}

    def work(number: int) -> None:
        md = Markdown(extensions=[extension])
        for _ in range(5):
            results[number] = md.reset().convert(
                f"n{number}\n\n{block('verbatim', prompt=f'p{number}')}"
            )

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, html in results.items():
        assert read_back(html, "samp") == f"p{number}text"
    assert len(results) == 4


def test_project_template_replaces_the_packaged_one(
    page: Callable[..., Context], tmp_path: Path
) -> None:
    (tmp_path / "blocks").mkdir()
    template = tmp_path / "blocks" / "sample.html"
    template.write_text("<b>{{ sample.model }} {{ sample.caption }}</b>")
    assert convert(block("prose", caption="<i>"), page(templates=tmp_path)) == (
        "<b>tolstoi &lt;i&gt;</b>"
    )


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("a\n{{ sample.nope }}", "templates/blocks/sample.html:2: template: "
         "'escriba.article.blocks.sample.Sample object' has no attribute 'nope'"),
        ("a\n\n{% if %}", "templates/blocks/sample.html:3: template: "
         "Expected an expression, got 'end of statement block'"),
        ("{% include 'x.html' %}", "templates/blocks/sample.html:1: template: "
         "there is no 'x.html'"),
        ("\n{{ 1 / 0 }}", "templates/blocks/sample.html:2: template: division by zero"),
    ],
)  # fmt: skip
def test_mistake_in_a_template(
    page: Callable[..., Context], tmp_path: Path, template: str, message: str
) -> None:
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "sample.html").write_text(template)
    with pytest.raises(SourceError) as caught:
        convert(block("prose"), page(templates=tmp_path))
    assert str(caught.value) == message


def test_project_words_replace_single_packaged_ones(tmp_path: Path) -> None:
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "strings.yml").write_text("es:\n  seed: grano {value}\npt:\n  seed: s\n")
    theme = Templates(tmp_path)
    assert theme.strings("blocks/strings.yml", "es-GT")["seed"] == "grano {value}"
    assert theme.strings("blocks/strings.yml", "es-GT")["temperature"] == "temperatura {value}"
    assert theme.strings("blocks/strings.yml", "pt")["seed"] == "s"
    assert theme.strings("blocks/strings.yml", "pt")["temperature"] == "temperature {value}"
    (tmp_path / "blocks" / "strings.yml").write_text("es: no\n")
    with pytest.raises(SourceError, match=r"strings.yml:1: expected texts under 'es'$"):
        Templates(tmp_path).strings("blocks/strings.yml", "es")


def test_documentation_names_every_option_and_value() -> None:
    page = (Path(__file__).parents[1] / "docs" / "blocks.md").read_text(encoding="utf-8")
    page = page.partition("\n## Templates\n")[0]
    rows = {name for row in re.findall(r"(?m)^\| (.*?) \|", page) for name in row.split("`")}
    kinds = (SampleOptions, LossOptions, GradientsOptions, TimelineOptions, DiagramOptions)
    options = {f.name.replace("_", "-") for kind in kinds for f in dataclasses.fields(kind)}
    logged = {f"log.{key}" for key in WHOLE} | {f"log.1000.{key}" for key in AT_STEP}
    known = options | set(KEYS) | set(MEASURED) | logged
    assert known <= rows
    assert rows - {"", ", ", "key", "option", "---", "---|---"} <= known


def test_importing_it_needs_nothing_heavy() -> None:
    code = (
        "import sys, escriba.article.extension; "
        "print(sorted({'torch', 'numpy', 'wasmtime', 'babel', 'pygments', 'liquid'} "
        "& set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_mistakes_of_a_context_are_its_owners(page: Callable[..., Context]) -> None:
    context = page()
    assert isinstance(context.mistakes, Mistakes)
    markdown(block("prosa"), extensions=[EscribaExtension(context)])
    assert len(context.mistakes.errors) == 1


def test_a_page_has_five_hundred_blocks_at_most(page: Callable[..., Context]) -> None:
    """Each may draw a figure of a long record: seven thousand of them took over a minute."""
    block = "```escriba diagram\nmodel: tolstoi\ntext: ab\n```\n\n"
    with pytest.raises(SourceError) as caught:
        convert(block * 501, page())
    assert str(caught.value) == "posts/a.md:2510:1: the page has 501 blocks, of at most 500"


# ---- code that shows how an inline value is written ----

SHOWN = "`escriba tolstoi.layers`"
LITERAL = [
    f"`` {SHOWN} ``",
    f"``` {SHOWN} ```",
    f"`` a {SHOWN} b ``",
    f"``\n{SHOWN}\n``",
    f"`` {SHOWN} and {SHOWN} ``",
    f"# `` {SHOWN} ``",
    f"- a\n- `` {SHOWN} ``\n- b",
    f"> *`` {SHOWN} ``*",
    f"[`` {SHOWN} ``](x)",
    f"a ` b\n\n`` {SHOWN} ``",
    f"`` ``` {SHOWN} ``",
    f"`` \\{SHOWN} ``",
]


@pytest.mark.parametrize("extensions", HOSTS, ids=lambda names: "+".join(names) or "none")
@pytest.mark.parametrize("literal", LITERAL)
def test_longer_code_shows_a_value_as_it_is_written(
    page: Callable[..., Context], literal: str, extensions: list[str]
) -> None:
    html = convert(f"{literal}\n\nNow: {SHOWN}.", page(), extensions)
    soup = BeautifulSoup(html, "html.parser")
    assert [value.get_text() for value in soup.select("data.escriba-value")] == ["2"]
    code = " ".join(each.get_text() for each in soup.select("code"))
    assert code.count("escriba tolstoi.layers") == literal.count("escriba tolstoi.layers")
    assert not re.search("[\x02\x03]|klzzwxh", html)


def test_texts_that_end_alike_are_not_taken_for_each_other(page: Callable[..., Context]) -> None:
    texts = [
        f"{SHOWN} `` c",
        f"`` {SHOWN} `` c",
        f"{SHOWN} {SHOWN} `` c",
        f"`` {SHOWN} {SHOWN} `` c",
    ]
    soup = BeautifulSoup(convert("\n\n".join(texts * 2), page()), "html.parser")
    found = [len(each.select("data.escriba-value")) for each in soup.select("p")]
    assert found == [1, 0, 2, 0] * 2


def test_a_table_shows_a_value_as_it_is_written(page: Callable[..., Context]) -> None:
    text = f"| a | b |\n|---|---|\n| `` {SHOWN} `` | {SHOWN} |\n"
    soup = BeautifulSoup(convert(text, page(), ["tables"]), "html.parser")
    assert [cell.get_text() for cell in soup.select("td")] == [SHOWN, "2"]


def test_mistakes_are_told_at_values_and_not_at_what_is_shown(page: Callable[..., Context]) -> None:
    wrong = SHOWN.replace("layers", "layer")
    text = f"`` {wrong} ``\n\n`` a\n{wrong} ``\n\n- a ` b\n- {wrong}\n\n{wrong} and {wrong}\n"
    with pytest.raises(EscribaError) as caught:
        convert(text, page())
    places = [(problem.place.line, problem.place.column) for problem in caught.value.problems]
    assert places == [(16, 3), (18, 1), (18, 29)]


@pytest.mark.parametrize("literal", [each for each in LITERAL if "`` ```" not in each])  # kramdown
def test_so_it_does_in_a_blog(page: Callable[..., Context], literal: str) -> None:
    context = page()
    html = render_article(f"{literal}\n\nNow: {SHOWN}.", context)
    context.mistakes.check()
    soup = BeautifulSoup(html, "html.parser")
    assert [value.get_text() for value in soup.select("data.escriba-value")] == ["2"]
    code = " ".join(each.get_text() for each in soup.select("code"))
    assert code.count("escriba tolstoi.layers") == literal.count("escriba tolstoi.layers")
