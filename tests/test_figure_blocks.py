"""The blocks that draw: what they say, their mistakes, records of every kind, hostile texts."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from markdown import markdown

from escriba.article.extension import Context, EscribaExtension
from escriba.ground.errors import EscribaError, ModelError, SourceError
from escriba.ground.project import Project, Settings
from escriba.ground.reads import Reads
from escriba.templating.templates import Templates
from support.models import FixedAnswers, make_model, make_record, open_library

POST = Path("posts/a.md")
HOSTILE = (
    "</pre><script>alert(1)</script> *a* {{ b }} {% c %} `d` $$e$$ &amp; <!-- \x00\x02 \u202e [TOC]"
)
Page = Callable[..., str]


def write(folder: Path, *entries: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"characters": 1000 * int(str(e["step"])), **e}) for e in entries]
    (folder / "training.jsonl").write_text("".join(f"{line}\n" for line in lines))


def steps(step: int, **values: object) -> dict[str, object]:
    plain = {"seconds": 0.1 * step, "loss": 2.0, "gradient": 0.5, "largest": 1.0, "clipped": 0.0}
    return {"step": step, **plain, **values}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project") / "models"
    for name in ("tolstoi", "clasicos", "tres", "cuatro", "cinco"):
        make_record(folder / name, old=name == "clasicos", lines=6 if name == "tres" else 4)
    make_model(folder / "tolstoi")
    make_model(folder / "bytes", unit="bytes", symbols="".join(map(chr, range(256))))
    make_record(folder / "bytes")
    make_model(folder / "plano", cell="rnn", layers=9, residual=False)
    (folder / "vacio").mkdir()
    write(folder / "roto", steps(100), {"step": 50, "loss": 1})
    write(folder / "uno", {"step": 0, "plan": {"clip": None}}, steps(100))
    write(
        folder / "explota",
        {"step": 0, "plan": {"clip": None}},
        steps(100),
        steps(200, loss=9.5, gradient=1e9, largest=1e12),
        steps(300, loss=None, gradient=None, largest=None),
    )
    far = {"seconds": 10**300, "loss": 1e300, "gradient": 1e-300, "largest": 1e308, "clipped": 1}
    write(
        folder / "enorme",
        {"step": 0, "plan": {"clip": 1e300}},
        steps(100, **far),
        {"step": 10**15 - 1, **far, "loss": 1e-300},
        {"step": 10**15, "seconds": 10**300, "validation": 1e300},
    )
    write(folder / "mudo", {"step": 100, "validation": 1.5, "seconds": 1})
    write(folder / "hostil", {"step": 100, "sample": HOSTILE, "prompt": "<p>", "loss": 1.0})
    (folder / "tolstoi" / "evaluation.yml").write_text("test: {nats: '1.2', unigram: '1.75'}\n")
    return folder


@pytest.fixture
def page(models: Path) -> Page:
    def convert(text: str, lang: str = "en") -> str:
        context = Context(
            project=Project(models.parent, Settings()),
            library=open_library(models),
            answers=FixedAnswers(),
            templates=Templates(None, Path("templates")),
            reads=Reads(models.parent),
            lang=lang,
            path=POST,
        )
        html = markdown(text, extensions=[EscribaExtension(context)])
        context.mistakes.check()
        return html

    return convert


def block(kind: str, **options: object) -> str:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in options.items()]
    return "\n".join([f"```escriba {kind}", *lines, "```"])


def drawing(html: str) -> Tag:
    (svg,) = BeautifulSoup(html, "html.parser").select("svg[role=img]")
    return svg


FAR = (
    "1e-300", "1e300", "0.5", "1" + "0" * 100 + "1", "1" + "0" * 100 + "2", "9" * 300, "1e-399",
    "3.0000000000000000000000000000001", "0", "-1e300",
)  # fmt: skip


@pytest.mark.parametrize("kind", ["loss", "gradients"])
@pytest.mark.parametrize("low", FAR)
@pytest.mark.parametrize("high", FAR)
def test_axes_of_any_size(page: Page, kind: str, low: str, high: str) -> None:
    """The figure, or a sentence; either at once."""
    for scale in ("linear", "log"):
        options = {"x_scale": scale} | ({"y_scale": scale} if kind == "loss" else {})
        try:
            html = page(block(kind, models="[enorme, tolstoi]", y=f"[{low}, {high}]", **options))
        except SourceError as error:
            assert "'y'" in str(error)
        else:
            assert len(html) < 100_000 and "E+" not in html


EVERY = [
    block("loss", model="tolstoi", caption="c"),
    block("loss", model="tolstoi", y="[1.2, 1.4]", baselines="[unigram]", x_scale="log"),
    block("loss", models="[tolstoi, clasicos, tres, cuatro]", x="steps", y_scale="log"),
    block("loss", models="[explota, mudo, uno, bytes]", x="minutes"),
    block("loss", model="uno", x_scale="log", y_scale="log"),
    block("gradients", model="tolstoi"),
    block("gradients", models="[explota, clasicos]", x="minutes", x_scale="log", y="[0.1, 10]"),
    block("gradients", model="uno"),
    block("diagram", model="tolstoi", text="ab"),
    block("diagram", model="plano", text='"abc def!"'),
    block("diagram", model="bytes", text='añ\\"&'),
]


@pytest.mark.parametrize("source", EVERY)
@pytest.mark.parametrize("lang", ["en", "es"])
def test_every_drawing(page: Page, source: str, lang: str) -> None:
    html = page(f"{source}\n\n{source}", lang)
    first, second = html.split("\n</figure>")[:2]
    assert first.strip() == second.strip(), "the same figure twice on a page"
    svg = re.search(
        r"<svg class=\"escriba-chart\".*</svg>(?=\n<figcaption>)", html.split("</figure>")[0], re.S
    )
    assert svg is not None
    tree = ET.fromstring(svg[0])  # it is also XML, for whoever takes it out of the page
    assert [child.tag for child in tree][:2] == ["title", "desc"]
    assert all(len(" ".join(str(child.text).split())) > 20 for child in tree[:2])
    assert " id=" not in html, "no two figures of a page or feed can meet"
    assert "var(" not in html, "what needs a style sheet is in the style sheet"
    assert not re.search(r"nan|inf\b|None|Infinity|E[+-]?\d", svg[0])
    attributes = " ".join(value for element in tree.iter() for value in element.attrib.values())
    assert not re.search(r"\d\.\d{3}", attributes), "coordinates are rounded"
    sizes = [int(text.get("font-size", 12)) for text in tree.iter("text")]
    assert min(sizes) >= 11


def test_the_words_of_a_loss(page: Page) -> None:
    html = page(block("loss", models="[tolstoi, explota]", labels="[a, b]"), "es")
    assert str(drawing(html).desc.string) == (  # type: ignore[union-attr]
        "a: la pérdida de entrenamiento va de 2,00 a 1,12. La mejor pérdida de validación de a es "
        "1,225, tras 819\u202fk caracteres. b: la pérdida de entrenamiento va de 2,00 a ∞."
    )
    legend = BeautifulSoup(html, "html.parser").select(".escriba-legend li")
    assert [" ".join(item.get_text().split()) for item in legend] == [
        "a entrenamiento, al final 1,125 validación, la mejor 1,225",
        "b entrenamiento, al final ∞",
    ]


def test_the_words_of_gradients(page: Page) -> None:
    html = page(block("gradients", models="[tolstoi, explota, clasicos]"))
    assert str(drawing(html).desc.string) == (  # type: ignore[union-attr]
        "tolstoi: the mean norm is 0.938 over all steps, 0.250 over the first ones, 2.00 over the "
        "last. The largest is 6.00. Clipped at 0.5: 38% of the steps. explota: the mean norm is ∞ "
        "over all steps, 0.500 over the first ones, ∞ over the last. The largest is ∞. Never "
        "clipped. clasicos: the mean norm is 0.938 over all steps, 0.250 over the first ones, 2.00 "
        "over the last. Clipped: 38% of the steps."
    )
    titles = [t.get_text() for t in drawing(html).select("text[font-weight='600']")]
    assert titles == ["Norm of the gradient, before clipping", "Steps clipped", "Characters read"]


def test_nothing_clipped_has_no_panel_of_it(page: Page) -> None:
    text = drawing(page(block("gradients", model="uno"))).get_text()
    assert "Steps clipped" not in text


def test_the_words_of_a_diagram(page: Page) -> None:
    html = page(block("diagram", model="tolstoi", text='"a b"'))
    assert str(drawing(html).desc.string) == (  # type: ignore[union-attr]
        "From bottom to top: each of 32 characters has a vector of 16 numbers; 2 layers of 16 LSTM "
        "units; a linear layer that scores every one of the 32 as the next. From left to right, "
        "each layer hands its state to its own next moment. Around each layer a shortcut adds what "
        "came in to what goes out. Moment 1: it reads “a”, and “␣” should be predicted. Moment 2: "
        "it reads “␣”, and “b” should be predicted. Parameters: vectors 512, each layer 2,176, "
        "linear layer 544, 5,408 in all."
    )
    assert 512 + 2 * 2176 + 544 == 5408


def test_series_differ_by_colour_dashes_and_markers(page: Page) -> None:
    svg = drawing(page(block("loss", models="[tolstoi, clasicos, tres, cuatro]")))
    strong = svg.select("path[stroke-width='2']")
    faint = svg.select("path[stroke-width='1.25']")
    assert (len(strong), len(faint)) == (7, 1), "a few validations are points, not yet a curve"
    for attribute in ("stroke", "stroke-dasharray", "class"):
        assert len({str(path.get(attribute)) for path in strong}) == 4, attribute
    shapes = {str(mark.find()) for mark in svg.select("svg[x]")}
    assert len(shapes) == 4


def test_a_curve_ends_at_the_edge_of_the_axis_that_the_author_chose(page: Page) -> None:
    svg = drawing(page(block("loss", model="tolstoi", y="[1.2, 1.4]", x="steps")))
    curve = str(svg.select("svg > path")[0]["d"])
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", curve)]
    assert (min(heights), max(heights)) == (34, 264)


def test_baselines_are_lines_with_their_words(page: Page) -> None:
    svg = drawing(page(block("loss", model="tolstoi", baselines="[nats, unigram]")))
    words = [text.get_text() for text in svg.select("text.escriba-halo[dy]")]
    assert words == ["nats 1.20", "character frequencies 1.75"]


@pytest.mark.parametrize("show", ["prose", "verbatim"])
def test_a_timeline_of_hostile_text(page: Page, show: str) -> None:
    html = page(block("timeline", model="hostil", show=show) + "\n\n# *End*")
    soup = BeautifulSoup(html, "html.parser")
    assert soup.select("script, li em, li a") == []
    assert "\x00" not in html
    for control in soup.select("data.escriba-control"):
        control.replace_with(chr(int(str(control["value"]))))
    (text,) = soup.select(".escriba-text")
    assert text.get_text().strip("\n") == "<p>" + HOSTILE
    assert [span.get_text() for span in soup.select(".escriba-prompt")] == ["<p>"]


def test_a_timeline_chooses_from_first_to_last(page: Page, models: Path) -> None:
    written = [{"step": step, "sample": f"s{step}"} for step in (100, 300, 500, 700, 1000, 2000,
                                                                 3000, 5000, 10000)]  # fmt: skip
    write(models / "largo", *written)
    soup = BeautifulSoup(page(block("timeline", model="largo")), "html.parser")
    shown = [b.get_text() for b in soup.select(".escriba-stage b")]
    assert shown == ["Step 100", "Step 500", "Step 700", "Step 2,000", "Step 3,000", "Step 10,000"]
    html = page(block("timeline", model="largo", steps="[300, 1_000]", length=3))
    soup = BeautifulSoup(html, "html.parser")
    assert [p.get_text() for p in soup.select("blockquote p")] == ["s30 […]", "s10 […]"]
    assert len(soup.select(".escriba-stage span")) == 2, "no loss is known, so none is told"


MISTAKES = [
    ("loss", {}, SourceError, ["1:1: a figure needs 'model', or a list of 'models', and not both"]),
    ("loss", {"model": "tolstoi", "models": "[uno]"}, SourceError,
     ["2:1: a figure needs 'model', or a list of 'models', and not both"]),
    ("loss", {"models": "[tolstoi, tolstoy, vacio]", "xx": 1, "y": "[1, a]"}, SourceError,
     ["2:19: unknown model 'tolstoy' (did you mean 'tolstoi'?)",
      "2:28: the model 'vacio' has no record of its training; train it with: escriba train vacio",
      "3:1: unknown option 'xx' (did you mean 'x'?)",
      "4:4: 'y' must be a number, not 'a'"]),
    ("loss", {"models": "[tolstoi, clasicos, tres, cuatro, cinco]"}, SourceError,
     ["2:1: 'models' must be up to 4 different ones"]),
    ("loss", {"models": "[tolstoi, tolstoi]"}, SourceError,
     ["2:1: 'models' must be up to 4 different ones"]),
    ("loss", {"model": "tolstoi", "labels": "[a, b]"}, SourceError,
     ["2:1: 'labels' must have one for each model: 1, not 2"]),
    ("loss", {"model": "tolstoi", "y": "[2, 1]"}, SourceError,
     ["2:1: 'y' must be a list of two numbers, the lower one first"]),
    ("loss", {"model": "tolstoi", "y": "[0, 1]", "y_scale": "log"}, SourceError,
     ["2:1: 'y' must begin above 0 with 'y-scale: log'"]),
    ("loss", {"model": "tolstoi", "x": "epochs"}, SourceError,
     ["3:4: 'x' must be one of characters, steps, minutes, not 'epochs'"]),
    ("loss", {"model": "tolstoi", "baselines": "[unigrma, ngram-20]"}, SourceError,
     ["3:13: unknown baseline 'unigrma' (did you mean 'unigram'?)",
      "3:22: the model 'tolstoi' has no baseline 'ngram-20'; "
      "measure it with: escriba evaluate tolstoi"]),
    ("loss", {"model": "roto"}, ModelError,
     ["roto/training.jsonl:2: the log is damaged: step 50 comes after step 100; "
      "restore it, or train again"]),
    ("gradients", {"model": "mudo"}, SourceError,
     ["1:1: the record of the model 'mudo' has no gradients"]),
    ("gradients", {"model": "tolstoi", "y": "[0, 1]"}, SourceError,
     ["2:1: 'y' must begin above 0: the axis is logarithmic"]),
    ("gradients", {"model": "tolstoi", "y_scale": "log"}, SourceError,
     ["3:1: unknown option 'y-scale' (did you mean 'x-scale'?)"]),
    ("timeline", {"model": "tolstoi", "steps": "[100, 200, 450]"}, SourceError,
     ["3:14: the record of the model 'tolstoi' has no sample at step 200 (it has: 100, 300)",
      "3:19: the record of the model 'tolstoi' has no sample at step 450 (it has: 100, 300)"]),
    ("timeline", {"model": "tolstoi", "steps": "[300, 100]"}, SourceError,
     ["2:1: 'steps' must go up"]),
    ("timeline", {"model": "uno"}, SourceError,
     ["2:8: the record of the model 'uno' has no samples"]),
    ("timeline", {"model": "tolstoi", "length": 0, "show": "math"}, SourceError,
     ["3:9: 'length' must be at least 1, not '0'",
      "4:7: 'show' must be one of prose, verbatim, not 'math'"]),
    ("diagram", {"model": "tolstoi", "text": "aña"}, SourceError,
     ["3:7: the model 'tolstoi' does not know 'ñ', only:  !,.?abcdefghijklmnopqrstuvwxyz"]),
    ("diagram", {"model": "tolstoi", "text": "a"}, SourceError,
     ["2:1: 'text' must have at least 2 characters"]),
    ("diagram", {"model": "tolstoi", "text": "abcdefghi"}, SourceError,
     ["3:7: 'text' must have at most 8 characters, and it has 9"]),
    ("diagram", {"model": "bytes", "text": "ñandúes"}, SourceError,
     ["3:7: 'text' must have at most 8 bytes, and it has 9"]),
    ("diagram", {"model": "clasicos"}, SourceError,
     ["2:1: 'text' is missing",
      "2:8: the model 'clasicos' has no weights; train it with: escriba train clasicos"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "options", "error", "messages"), MISTAKES)
def test_mistake(
    page: Page,
    kind: str,
    options: dict[str, object],
    error: type[EscribaError],
    messages: list[str],
) -> None:
    with pytest.raises(EscribaError) as caught:
        page(block(kind, **options))
    assert str(caught.value).split("\n") == [
        f"models/{m}" if "/" in m.partition(":")[0] else f"posts/a.md:{m}" for m in messages
    ]
    assert type(caught.value) is error


# ---- baselines beyond the axis ----


def levels(page: Page, models: Path, evaluation: str, **options: str) -> tuple[Tag, list[float]]:
    """The drawing of a loss with baselines, and the heights of their lines, in order."""
    make_record(models / "niveles")
    make_model(models / "niveles")
    (models / "niveles" / "evaluation.yml").write_text(f"test: {evaluation}\n")
    names = re.findall(r"([\w-]+):", evaluation)
    svg = drawing(
        page(block("loss", model="niveles", baselines=f"[{', '.join(names)}]", **options))
    )
    rules = svg.select("line[stroke-dasharray]")
    assert len(rules) == len(names) == len(svg.select("text.escriba-halo[dy]"))
    return svg, [float(str(rule["y1"])) for rule in rules]


@pytest.mark.parametrize(
    ("evaluation", "options"),
    [
        ("{unigram: '3.06'}", {}),
        ("{unigram: '3.06', ngram-20: '1.27'}", {"x_scale": "log"}),
        ("{uniform: '44.9', ngram-5: '0.01'}", {}),
        ("{unigram: '9.5', ngram-5: '0.2'}", {"y_scale": "log"}),
        ("{unigram: '3.06'}", {"y": "[1.2, 1.4]"}),
        ("{unigram: '0.9'}", {"y": "[1.2, 1.4]"}),
        ("{unigram: '1e9', ngram-3: '1e-9'}", {"y": "[1.2, 1.4]", "y_scale": "log"}),
        ("{unigram: 3}", {}),
        ("{unigram: '2'}", {}),
        ("{ngram-3: '-1.5'}", {}),
    ],
)
def test_the_axis_grows_until_it_holds_every_baseline(
    page: Page, models: Path, evaluation: str, options: dict[str, str]
) -> None:
    svg, heights = levels(page, models, evaluation, **options)
    assert all(34 <= height <= 264 for height in heights)
    curves = [str(path["d"]) for path in svg.select("svg > path")]
    assert curves


def test_an_axis_that_holds_its_baselines_does_not_grow(page: Page, models: Path) -> None:
    with_one, _ = levels(page, models, "{unigram: '1.75'}")
    without = drawing(page(block("loss", model="niveles")))
    paths = [[str(path["d"]) for path in svg.select("svg > path")] for svg in (with_one, without)]
    assert paths[0] == paths[1]


@pytest.mark.parametrize(
    "evaluation",
    [
        "{unigram: '1.60', ngram-3: '1.61'}",
        "{unigram: '1.60', ngram-3: '1.60', ngram-5: '1.60', ngram-10: '1.60'}",
        "{ngram-3: '0.05', ngram-5: '0.03', ngram-10: '0.01'}",
        "{unigram: '9.99', ngram-3: '9.98', ngram-5: '0.01', ngram-10: '0.02'}",
    ],
)
def test_the_words_of_baselines_do_not_stand_on_each_other(
    page: Page, models: Path, evaluation: str
) -> None:
    svg, _ = levels(page, models, evaluation)
    words = svg.select("text.escriba-halo[dy]")
    lines = sorted(float(str(text["y"])) + float(str(text["dy"])) for text in words)
    assert all(below - above >= 13.9 for above, below in pairwise(lines))
    assert max(lines) <= 264


def test_a_baseline_that_a_logarithmic_axis_cannot_show_is_told(page: Page, models: Path) -> None:
    with pytest.raises(EscribaError) as caught:
        levels(page, models, "{unigram: '0', ngram-3: '-1'}", y_scale="log")
    assert [problem.message for problem in caught.value.problems] == [
        "the baseline 'unigram' is 0, which a logarithmic axis cannot show",
        "the baseline 'ngram-3' is -1, which a logarithmic axis cannot show",
    ]
