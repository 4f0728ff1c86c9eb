"""Inline values and how languages write numbers."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from escriba.article.values.inline import KEYS, SPAN, show_value
from escriba.ground.errors import Place, SourceError
from escriba.records.library import Library
from escriba.templating.formats import format_compact, format_number
from support.models import make_model, make_record, open_library

PLACE = Place(Path("posts/a.md"), 3, 7)
EVALUATION = """\
validation: {characters: 300, bytes: 310, nats: '1.2000'}
test: {characters: 300, bytes: 310, nats: '1.1651', bits: '1.6809', nats-per-byte: '1.1276'}
"""
CURRENT = """\
model: DIGEST
test:
  nats: '1.1651'
  ngram-20: '1.2688'
  ngram-20-per-byte: '1.2454'
  best-ngram: 10
  lowercase: {share: '0.7772', nats: '1.2396', loss: '0.8365', ngram: '1.3004'}
hadji-murat: {sha256: 'SHA', characters: 12, nats: '1.5000'}
"""


HOSTILE = {
    "training": {
        "validation": "1e-300", "characters": 166_985_728, "seconds": 10**30, "epochs": "1e300",
    },
    "corpus": {"characters": [1], "bytes": 1.5, "name": "n", "licence": None},
}  # fmt: skip


def rewrite_record(folder: Path, record: object) -> None:
    """Put another record into a model's file."""
    path = folder / "weights.safetensors"
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    entries = json.loads(data[8 : 8 + length])
    value = json.loads(entries["__metadata__"]["escriba"])
    entries["__metadata__"]["escriba"] = json.dumps({**value, "record": record})
    head = json.dumps(entries).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + data[8 + length :])


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("hostile")
    make_model(folder / "h")
    rewrite_record(folder / "h", HOSTILE)
    (folder / "h" / "evaluation.yml").write_text(
        "test: {nats: '1e300', characters: 1" + "0" * 200 + "}"
    )
    return open_library(folder)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        ("h.characters", "166,985,728"),
        ("h.characters:d", "166,985,728"),
        ("h.characters:k", "167\u202fM"),
        ("h.characters:3g", "1.67\u202f×\u202f10⁸"),
        ("h.seconds", "1" + ",000" * 10),
        ("h.minutes", "16" + ",666" * 8),
        ("h.bits", "0.000"),
        ("h.epochs:2g", "1.0\u202f×\u202f10³⁰⁰"),
        ("h.epochs:d", "1" + ",000" * 100),
        ("h.epochs:.1%", "100" + ",000" * 100 + ".0%"),
        ("h.test.nats:1g", "1\u202f×\u202f10³⁰⁰"),
        ("h.test.characters:k", "100" + ",000" * 63 + "\u202fG"),
    ],
)
def test_values_of_any_size(hostile: Library, span: str, text: str) -> None:
    assert show_value(span, hostile, "en", PLACE).text.startswith(text[:40])


@pytest.mark.parametrize("key", ["corpus.characters", "corpus.bytes", "corpus.licence"])
def test_what_a_record_has_in_a_values_place_is_told(hostile: Library, key: str) -> None:
    with pytest.raises(SourceError) as caught:
        show_value(f"h.{key}", hostile, "en", PLACE)
    assert str(caught.value) == f"{PLACE}: the record of the model 'h' has no '{key}'"


def test_a_step_of_five_thousand_digits(hostile: Library, tmp_path: Path) -> None:
    make_record(tmp_path / "m")
    with pytest.raises(SourceError, match="unknown value"):
        show_value(f"m.log.{'9' * 5000}.loss", open_library(tmp_path), "en", PLACE)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("models")
    make_model(folder / "tolstoi")
    make_model(folder / "tolstoi.2", layers=3)
    make_model(folder / "measured")
    (folder / "measured" / "evaluation.yml").write_text(EVALUATION)
    for name, digest in (("current", make_model(folder / "current").digest), ("stale", "0" * 64)):
        make_model(folder / name)
        text = CURRENT.replace("DIGEST", digest).replace("SHA", "ab" * 32)
        (folder / name / "evaluation.yml").write_text(text)
    make_model(folder / "broken")
    (folder / "broken" / "evaluation.yml").write_text("- 1\n")
    return open_library(folder)


@pytest.mark.parametrize(
    ("span", "lang", "text", "machine"),
    [
        ("tolstoi.parameters", "en", "5,408", "5408"),
        ("tolstoi.parameters", "es", "5.408", "5408"),
        ("tolstoi.parameters", "es-GT", "5,408", "5408"),
        ("tolstoi.parameters", "fr", "5\u202f408", "5408"),
        ("tolstoi.parameters", "xx-yy", "5,408", "5408"),
        ("tolstoi.parameters:k", "es", "5,4\u202fk", "5408"),
        ("tolstoi.parameters:.1f", "en", "5,408.0", "5408"),
        ("tolstoi.layers", "en", "2", "2"),
        ("tolstoi.2.layers", "en", "3", "3"),
        ("tolstoi.hidden", "en", "16", "16"),
        ("tolstoi.cell", "en", "LSTM", "LSTM"),
        ("tolstoi.vocabulary", "en", "32", "32"),
        ("tolstoi.validation", "es", "1,234", "1.234"),
        ("tolstoi.validation:.2f", "en", "1.23", "1.234"),
        ("tolstoi.validation:d", "en", "1", "1.234"),
        ("tolstoi.bits", "en", "1.780", "1.780286"),
        ("tolstoi.characters", "es", "1.000.000", "1000000"),
        ("tolstoi.characters:k", "es", "1,0\u202fM", "1000000"),
        ("tolstoi.seconds", "en", "60", "60"),
        ("tolstoi.minutes", "en", "1", "1"),
        ("tolstoi.corpus.characters", "en", "1,000", "1000"),
        ("tolstoi.corpus.bytes", "en", "1,100", "1100"),
        ("tolstoi.corpus.name", "en", "random.txt", "random.txt"),
        ("tolstoi.corpus.licence", "en", "public domain", "public domain"),
        ("measured.test.nats", "en", "1.165", "1.1651"),
        ("measured.test.nats-per-byte:.2f", "es", "1,13", "1.1276"),
        ("measured.validation.bytes", "en", "310", "310"),
        ("measured.validation", "en", "1.234", "1.234"),
        ("current.test.ngram-20", "es", "1,269", "1.2688"),
        ("current.test.ngram-20-per-byte:.2f", "en", "1.25", "1.2454"),
        ("current.test.best-ngram", "en", "10", "10"),
        ("current.test.lowercase.nats", "en", "1.240", "1.2396"),
        ("current.test.lowercase.share", "en", "0.777", "0.7772"),
        ("current.hadji-murat.nats", "en", "1.500", "1.5"),
        ("current.hadji-murat.sha256", "en", "abababababab", "ab" * 32),
        ("stale.parameters", "en", "5,408", "5408"),
    ],
)
def test_value(models: Library, span: str, lang: str, text: str, machine: str) -> None:
    shown = show_value(span, models, lang, PLACE)
    assert (shown.text, shown.machine) == (text, machine)


def test_digest_is_shown_short(models: Library) -> None:
    shown = show_value("tolstoi.digest", models, "en", PLACE)
    assert shown.machine == models.get("tolstoi", PLACE).digest
    assert shown.text == shown.machine[:12]


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ("tolstio.layers", "posts/a.md:3:7: unknown model 'tolstio' (did you mean 'tolstoi'?)"),
        ("tolstoi.layer", "posts/a.md:3:7: unknown value 'layer' (did you mean 'layers'?)"),
        ("tolstoi.test.natz", "posts/a.md:3:7: unknown value 'test.natz' "
         "(did you mean 'test.nats'?)"),
        ("tolstoi.zzz", "posts/a.md:3:7: unknown value 'zzz' (allowed: bits, cell, characters, "
         "corpus.bytes, corpus.characters, corpus.licence, corpus.name, digest, epochs, hidden, "
         "layers, minutes, parameters, seconds, test.…, validation, vocabulary)"),
        ("tolstoi.epochs", "posts/a.md:3:7: the record of the model 'tolstoi' has no 'epochs'"),
        ("tolstoi.test.nats", "posts/a.md:3:7: the model 'tolstoi' has no 'test.nats'; "
         "measure it with: escriba evaluate tolstoi"),
        ("tolstoi.validation.digits.share", "posts/a.md:3:7: the model 'tolstoi' has no "
         "'validation.digits.share'; measure it with: escriba evaluate tolstoi"),
        ("stale.test.nats", "posts/a.md:3:7: the evaluation of 'stale' is of other weights than "
         "the model has now; measure it again with: escriba evaluate stale"),
        ("stale.test.digits.nats", "posts/a.md:3:7: the evaluation of 'stale' is of other weights "
         "than the model has now; measure it again with: escriba evaluate stale"),
        ("stale.hadji-murat.nats", "posts/a.md:3:7: the evaluation of 'stale' is of other weights "
         "than the model has now; measure it again with: escriba evaluate stale --text FILE "
         "--record hadji-murat"),
        ("tolstoi.layers:x", "posts/a.md:3:7: unknown format ':x' (allowed: :d, :k, :.2f, :%, :.1%, :3g)"),
        ("tolstoi.layers:", "posts/a.md:3:7: unknown format ':' (allowed: :d, :k, :.2f, :%, :.1%, :3g)"),
        ("tolstoi.cell:d", "posts/a.md:3:7: 'tolstoi.cell' is text, and takes no format ':d'"),
        ("broken.layers", "models/broken/evaluation.yml:1: "
         "expected a mapping of parts, each with its measures"),
    ],
)  # fmt: skip
def test_wrong_value(models: Library, span: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        show_value(span, models, "en", PLACE)
    assert str(caught.value) == message


def test_project_without_models(tmp_path: Path) -> None:
    models = open_library(tmp_path / "models")
    with pytest.raises(SourceError) as caught:
        show_value("tolstoi.layers", models, "en", PLACE)
    assert str(caught.value) == "posts/a.md:3:7: unknown model 'tolstoi' (models/ has none)"


@pytest.mark.parametrize("key", KEYS)
def test_missing_record_is_a_located_mistake(tmp_path: Path, key: str) -> None:
    """Whatever training did not write down is told, at its place, or the header has it."""
    from safetensors.numpy import load_file, save_file

    from escriba.records.model import FILE, header

    model = make_model(tmp_path / "bare")
    metadata = header(model.network, model.vocabulary, {"corpus": {"name": ""}})
    save_file(load_file(model.path), tmp_path / "bare" / FILE, metadata)
    try:
        shown = show_value(f"bare.{key}", open_library(tmp_path), "en", PLACE)
    except SourceError as error:
        assert str(error) == f"posts/a.md:3:7: the record of the model 'bare' has no '{key}'"
    else:
        assert shown.text
        assert key in ("parameters", "layers", "hidden", "cell", "vocabulary", "digest")


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("`escriba a.b`", ["a.b"]),
        ("`escriba my-model_2.corpus.bytes` `escriba  a.b:.2f `", ["my-model_2.corpus.bytes",
                                                                   "a.b:.2f"]),
        ("`escriba build` `escriba.yml` `escriba sample a` `escriba train a.b c`", []),
        ("`escriba posts/a.md` `escriba a.b/c` `escriba .b` `escriba a.` `Escriba a.b`", []),
        ("``escriba a.b`` \\`escriba a.b` ```escriba a.b```", []),
    ],
)  # fmt: skip
def test_which_code_spans_are_values(text: str, spans: list[str]) -> None:
    assert [match["value"] for match in re.finditer(SPAN, text)] == spans


@pytest.mark.parametrize(
    ("value", "lang", "decimals", "text"),
    [
        (0, "en", None, "0"),
        (-1234567, "en", None, "-1,234,567"),
        (Decimal("0.70"), "es", None, "0,7"),
        (Decimal("0.125"), "en", 2, "0.12"),
        (Decimal("1234.5"), "de", 1, "1.234,5"),
        (Decimal("0.000001"), "en", None, "0.000001"),
        (Decimal("1E+2"), "en", None, "100"),
    ],
)
def test_format_number(value: int | Decimal, lang: str, decimals: int | None, text: str) -> None:
    assert format_number(value, lang, decimals) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (999, "999"),
        (9_949, "9.9\u202fk"),
        (1000, "1.0\u202fk"),
        (550_017, "550\u202fk"),
        (999_700, "1.0\u202fM"),
        (9_960, "10\u202fk"),
        (1_234_567, "1.2\u202fM"),
        (7_000_000_000, "7.0\u202fG"),
    ],
)
def test_format_compact(value: int, text: str) -> None:
    assert format_compact(value, "en") == text


@pytest.mark.parametrize("measure", ["true", "yes", ".nan", "1e999999999", "[1]", "'٣'", "0x10"])
def test_what_is_no_measure(tmp_path: Path, measure: str) -> None:
    make_model(tmp_path / "m")
    (tmp_path / "m" / "evaluation.yml").write_text(f"test: {{nats: {measure}}}\n", "utf-8")
    with pytest.raises(SourceError) as caught:
        show_value("m.test.nats", open_library(tmp_path), "en", PLACE)
    assert str(caught.value) == "models/m/evaluation.yml:1: a measure is not a number"
