"""Evaluation: what a text costs a model and simpler ones, in all, by class, and on disk."""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

torch = pytest.importorskip("torch", reason="torch is not installed")

from click.testing import CliRunner  # noqa: E402
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from safetensors.numpy import load_file, save_file  # noqa: E402

from escriba.article.values.inline import show_value  # noqa: E402
from escriba.charlm.evaluation import ngram  # noqa: E402
from escriba.charlm.evaluation.evaluate import Outsider, evaluate, read_outside  # noqa: E402
from escriba.charlm.evaluation.ngram import Subject, measure_baselines, spread  # noqa: E402
from escriba.charlm.evaluation.score import Score, Tally, classify  # noqa: E402
from escriba.charlm.measure import measure  # noqa: E402
from escriba.charlm.network import CharLSTM, load_network  # noqa: E402
from escriba.cli import cli  # noqa: E402
from escriba.cli.scores import print_scores  # noqa: E402
from escriba.corpora.corpus import Corpus, encode, read_corpus  # noqa: E402
from escriba.ground import project  # noqa: E402
from escriba.ground.errors import CorpusError, EscribaError, ModelError, Place, SourceError  # noqa: E402
from escriba.records import model as modelfile  # noqa: E402
from escriba.records.evaluation import (  # noqa: E402
    BASELINES,
    CLASSES,
    MEASURES,
    POSITIONS,
    check_name,
    read_evaluation,
    write_parts,
)
from escriba.records.model import Model, Network, read_model  # noqa: E402
from escriba.records.recipe import CorpusRecipe, Source, read_recipe  # noqa: E402
from escriba.records.vocabulary import Unit, collect  # noqa: E402
from support.models import (  # noqa: E402
    make_model,
    open_library,
)

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and special files of POSIX")

TEXT = "¿Qué año es? Don't ask; it's 1869 — said Natásha.\r\n\tElla se fue = x²\r\n" * 60
RECIPE_AS_IT_IS = CorpusRecipe((Source(file="text.txt"),))
RECIPE = "corpus:\n  sources:\n    - file: text.txt\n  unit: {unit}\n"


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def make_site(root: Path, unit: Unit = "characters") -> tuple[project.Project, Corpus, Model]:
    """A project with a corpus and a model of random weights that says it was trained on it."""
    (root / "escriba.yml").write_text("title: test\n")
    (root / "text.txt").write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    folder = root / "models" / "small"
    folder.mkdir(parents=True)
    (folder / "recipe.yml").write_text(RECIPE.format(unit=unit))
    site = project.load(root)
    corpus = read_corpus(read_recipe(site.models, "small", root).corpus, site)
    made = make_model(folder, symbols=corpus.vocabulary.symbols, unit=unit)
    record = {"corpus": {"digest": corpus.digest}}
    metadata = modelfile.header(made.network, made.vocabulary, record)
    save_file(load_file(made.path), made.path, metadata)
    return site, corpus, read_model(folder)


@pytest.fixture(scope="module")
def measured(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[project.Project, Corpus, Model, tuple[Score, ...]]:
    site, corpus, model = make_site(tmp_path_factory.mktemp("site"))
    return site, corpus, model, evaluate(site, "small", device="cpu")


def test_the_whole_loss_is_what_measure_says(
    measured: tuple[project.Project, Corpus, Model, tuple[Score, ...]],
) -> None:
    _, corpus, model, scores = measured
    network = load_network(model)
    assert [score.part for score in scores] == ["validation", "test"]
    for score, part, before in zip(scores, corpus.parts[1:], corpus.parts, strict=False):
        assert score.nats == pytest.approx(measure(network, part, before), rel=1e-6)
        assert (score.characters, score.bytes) == (len(part), part.bytes)
        assert score.nats_per_byte == pytest.approx(score.nats * len(part) / part.bytes)
        assert score.bits == pytest.approx(score.nats / math.log(2))
        assert score.model == model.digest


def test_baselines_stand_beside_it_from_weak_to_strong(
    measured: tuple[project.Project, Corpus, Model, tuple[Score, ...]],
) -> None:
    _, corpus, _, scores = measured
    for score in scores:
        assert tuple(score.baselines) == BASELINES
        assert score.baselines["uniform"] == pytest.approx(math.log(len(corpus.vocabulary)))
        losses = [*score.baselines.values()]
        assert losses[:4] == sorted(losses[:4], reverse=True)
        assert score.baselines["ngram-20"] < 0.1  # the text repeats itself
        assert score.counted == score.countable == len(corpus.train)


def test_classes_share_out_the_characters_and_the_loss(
    measured: tuple[project.Project, Corpus, Model, tuple[Score, ...]],
) -> None:
    for score in measured[-1]:
        groups = {group.name: group for group in score.groups}
        classes = [group for group in score.groups if group.name in CLASSES]
        assert [*groups] == [n for n in (*CLASSES, *POSITIONS) if n not in ("letters", "other")]
        assert sum(group.share for group in classes) == pytest.approx(1)
        assert sum(group.loss for group in classes) == pytest.approx(1)
        assert sum(group.share * group.nats for group in classes) == pytest.approx(score.nats)
        best = score.baselines[score.best_ngram]
        assert sum(g.share * g.ngram for g in classes if g.ngram is not None) == pytest.approx(best)
        letters = groups["lowercase"].share + groups["uppercase"].share
        assert groups["word-first"].share + groups["word-inner"].share == pytest.approx(letters)


def test_a_model_of_bytes_is_measured_per_character_and_per_byte(tmp_path: Path) -> None:
    site, corpus, model = make_site(tmp_path, "bytes")
    score = evaluate(site, "small", device="cpu")[1]
    nats = measure(load_network(model), corpus.test, corpus.validation) * len(corpus.test)
    assert score.characters == corpus.test.characters < len(corpus.test)
    assert score.nats == pytest.approx(nats / score.characters, rel=1e-6)
    assert score.nats_per_byte == pytest.approx(nats / corpus.test.bytes, rel=1e-6)
    assert [g.name for g in score.groups][:2] == ["lowercase", "uppercase"]


KINDS = {
    "a": "lowercase", "é": "lowercase", "A": "uppercase", "ǅ": "uppercase", "ª": "letters",
    "中": "letters", "\u0301": "letters", "7": "digits", "²": "digits", "Ⅷ": "digits",
    " ": "spaces", "\t": "spaces", "\u00a0": "spaces", "\n": "line-ends", "\u2028": "line-ends",
    "¿": "punctuation", "\\": "punctuation", "—": "punctuation", "$": "symbols", "=": "symbols",
    "😀": "symbols", "\0": "other", "\u200b": "other",
}  # fmt: skip


@pytest.mark.parametrize("unit", ["characters", "bytes"])
@pytest.mark.parametrize("block", [1, 2, 7, 1000])
def test_every_character_has_its_class(unit: Unit, block: int) -> None:
    text = "".join(KINDS)
    vocabulary = collect([text], unit)
    found = classify(encode(text, vocabulary), vocabulary, block=block)
    names = [CLASSES[code % len(CLASSES)] for code in found.codes[found.begins].tolist()]
    assert names == [*KINDS.values()]
    assert len(found.codes) == (len(text.encode()) if unit == "bytes" else len(text))


@pytest.mark.parametrize("unit", ["characters", "bytes"])
@pytest.mark.parametrize("block", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("Qué año", "1220122"),
        ("don't 'tis", "1220200122"),
        ("x² rock’n’roll", "10012220202222"),
        ("a''b", "1001"),
        ("e\u0301l", "122"),
    ],
)
def test_positions_in_words(unit: Unit, block: int, text: str, places: str) -> None:
    vocabulary = collect([text], unit)
    found = classify(encode(text, vocabulary), vocabulary, block=block)
    codes = found.codes[found.begins] // len(CLASSES)
    assert "".join(map(str, codes.tolist())) == places


def test_a_long_text_is_predicted_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    train, text = random.integers(0, 4, 500), random.integers(0, 4, 300)
    vocabulary = collect(["abcd"], "characters")

    def sums() -> dict[str, np.ndarray]:
        tallies = [Tally(classify(part, vocabulary)) for part in (text, text[:50])]
        subjects = [Subject(text, train, tallies[0]), Subject(text[:50], train[:3], tallies[1])]
        measure_baselines(train, subjects, 4, lambda what, share: None)
        return {name: tallies[0].sums[name] + 10 * tallies[1].sums[name] for name in BASELINES}

    whole = sums()
    monkeypatch.setattr(ngram, "TEXT_LIMIT", 37)
    pieces = sums()
    for name in BASELINES:
        np.testing.assert_allclose(pieces[name], whole[name], rtol=1e-12)


def test_n_grams_of_a_long_corpus_are_counted_on_pieces_of_all_of_it() -> None:
    text = np.arange(100_000)
    np.testing.assert_array_equal(spread(text, 100_000), text)
    found = spread(text, 6_400)
    assert len(found) == 6_400
    assert (found[0], found[-1]) == (0, 99_999)
    assert np.count_nonzero(np.diff(found) != 1) == 63


def test_a_text_file_is_read_as_the_corpus_was(tmp_path: Path) -> None:
    site, corpus, model = make_site(tmp_path)
    data = "\ufeffQue\u0301 ñ?\r\nElla\r\n".replace("ñ", "n").encode()
    (tmp_path / "other.txt").write_bytes(data)
    (score,) = evaluate(site, "small", Outsider(tmp_path / "other.txt", "other.txt"), device="cpu")
    text = encode("Qué n?\nElla\n", corpus.vocabulary)
    first = encode("\n", corpus.vocabulary)
    assert score.nats == pytest.approx(measure(load_network(model), text, first), rel=1e-6)
    assert (score.characters, score.bytes, score.skipped) == (len(text), len(data), 0)
    assert score.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("unit", ["characters", "bytes"])
def test_unknown_characters_are_named_or_left_out(tmp_path: Path, unit: Unit) -> None:
    site, _, _ = make_site(tmp_path, unit)
    path = tmp_path / "other.txt"
    path.write_text("Ella\nse fue 中中 €\n", encoding="utf-8")
    with pytest.raises(CorpusError) as caught:
        evaluate(site, "small", Outsider(path, "other.txt"), device="cpu")
    assert str(caught.value) == (
        f"{path.as_posix()}:2: the character '中' (U+4E2D, CJK UNIFIED IDEOGRAPH-4E2D) is not in "
        "the vocabulary of the model 'small', nor is 1 other (3 in the whole text); "
        "leave them out with: --skip-unknown"
    )
    outsider = Outsider(path, "other.txt", skip_unknown=True)
    (score,) = evaluate(site, "small", outsider, baselines=False, device="cpu")
    kept = "Ella\nse fue  \n"
    assert (score.characters, score.bytes, score.skipped) == (len(kept), len(kept.encode()), 3)
    assert score.baselines == {}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "there is nothing to predict: it is empty"),
        (
            b"%PDF-1.4",
            "is a PDF, not text in UTF-8; take its text out: pdftotext -enc UTF-8 {path}",
        ),
        (b"\x89PNG\r\n\x1a\n", "is an image, not text in UTF-8"),
        (b"\xef\xbb\xbf", "there is nothing to predict: it is empty"),
        (
            "中".encode(),
            "there is nothing to predict: no character of it is in the vocabulary",
        ),
        (
            b"one\ntwo \xe9\n",
            "2: not UTF-8: the byte 0xe9 is not part of any character; convert it (iconv -f WINDOWS-1252 -t UTF-8), name its encoding (encoding: windows-1252), or exclude it",
        ),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_text_that_cannot_be_measured(tmp_path: Path, data: bytes | None, message: str) -> None:
    site, _, _ = make_site(tmp_path)
    path = tmp_path / "bad.txt"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(CorpusError) as caught:
        evaluate(site, "small", Outsider(path, "bad", skip_unknown=True), device="cpu")
    message = message.replace("{path}", path.as_posix())
    located = message if message[0].isdigit() else f" {message}"
    assert str(caught.value) == f"{path.as_posix()}:{located}"


def test_a_text_needs_no_corpus_without_baselines(tmp_path: Path) -> None:
    site, _, _ = make_site(tmp_path)
    (tmp_path / "other.txt").write_text("Ella\n")
    (tmp_path / "text.txt").unlink()
    outsider = Outsider(tmp_path / "other.txt", "other")
    (score,) = evaluate(site, "small", outsider, baselines=False, device="cpu")
    assert score.nats > 0
    with pytest.raises(CorpusError):
        evaluate(site, "small", outsider, device="cpu")


def test_parts_of_another_split_are_refused(tmp_path: Path) -> None:
    site, _, _ = make_site(tmp_path)
    recipe = site.models / "small" / "recipe.yml"
    recipe.write_text(recipe.read_text() + "  split: [20, 40, 40]\n")
    with pytest.raises(ModelError) as caught:
        evaluate(site, "small", device="cpu")
    assert str(caught.value) == (
        "models/small/weights.safetensors: the model was trained on another corpus than the "
        "recipe's; train it again with: escriba train small --restart"
    )


def run(site: project.Project, *arguments: str, code: int = 0) -> tuple[str, str]:
    """`escriba evaluate small …`: standard output and standard error."""
    command = ["-C", str(site.root), "evaluate", "small", "--device", "cpu", *arguments]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == code, result.output
    return result.stdout, result.stderr


def test_the_command_prints_tables_and_records_them(tmp_path: Path) -> None:
    site, _, model = make_site(tmp_path)
    output, errors = run(site)
    lines = [line.rstrip() for line in output.splitlines()]
    losses = ["small", "ngram-20", "ngram-10", "ngram-5", "ngram-3", "unigram", "uniform"]
    assert lines[0] == "validation: 408 characters, 462 bytes"
    assert lines[1].split() == ["nats/char", "bits/char", "nats/byte", "bits/byte"]
    assert [line.split()[0] for line in lines if line] == [
        "validation:", "nats/char", *losses, "test:", "nats/char", *losses,
        "test", "share", *(g for g in (*CLASSES, *POSITIONS) if g not in ("letters", "other")),
        "n-grams:", "written",
    ]  # fmt: skip
    assert lines[-2:] == [
        "n-grams: interpolated modified Kneser-Ney, counted on 3,264 symbols of the training part",
        "written to models/small/evaluation.yml",
    ]
    assert all(len(line) <= 80 for line in lines[:-2])
    assert errors == ""
    recorded = site.models / "small" / "evaluation.yml"
    before = recorded.read_text()
    assert before.startswith(f"model: {model.digest}\nvalidation:\n  characters: 408\n")

    other = tmp_path / "other.txt"
    other.write_text("Ella se fue\n")
    output, _ = run(site, "--text", str(other))
    assert output.startswith("other.txt: 12 characters, 12 bytes\n")
    assert recorded.read_text() == before
    run(site, "--text", str(other), "--record", "reversed")
    assert recorded.read_text().startswith(before + "reversed:\n  characters: 12\n")

    make_model(site.models / "small", symbols=model.vocabulary.symbols, seed=1)
    _, errors = run(site, "--text", str(other), "--record", "other", "--no-baselines")
    assert errors == "removed from it, as of other weights: reversed, test, validation\n"


@pytest.mark.parametrize("option", [["--skip-unknown"], ["--record", "x"]])
def test_options_that_need_a_text(tmp_path: Path, option: list[str]) -> None:
    _, errors = run(make_site(tmp_path)[0], *option, code=2)
    assert errors.endswith("Error: --skip-unknown and --record need --text\n")


SCORE = Score("test", "a" * 64, bytes=100, characters=90, nats=1.5)


def record(folder: Path, *scores: Score) -> list[str]:
    parts = {score.part: score.to_dict() for score in scores}
    return write_parts(folder, scores[0].model, parts, Path("models/x"))


def test_what_is_written_is_what_posts_show(
    measured: tuple[project.Project, Corpus, Model, tuple[Score, ...]],
) -> None:
    site, corpus, model, scores = measured
    folder = site.models / "small"
    record(folder, *scores)
    models = open_library(site.models)
    for key in models.evaluation("small").values:
        assert key.partition(".")[2] in MEASURES
    place = Place(Path("a.md"), 1)
    found = {
        key: show_value(f"small.{key}", models, "en", place).machine
        for key in ("test.unigram-per-byte", "validation.unigram", "test.lowercase.share",
                    "test.best-ngram", "test.ngram-symbols")
    }  # fmt: skip
    test = scores[1]
    assert found == {
        "test.unigram-per-byte": f"{test.per_byte(test.baselines['unigram']):.4f}".rstrip("0"),
        "validation.unigram": f"{scores[0].baselines['unigram']:.4f}".rstrip("0"),
        "test.lowercase.share": f"{test.groups[0].share:.4f}".rstrip("0"),
        "test.best-ngram": test.best_ngram.removeprefix("ngram-"),
        "test.ngram-symbols": str(len(corpus.train)),
    }
    assert models.evaluation("small").model == model.digest


def test_recorded_texts_stay_while_the_weights_do(tmp_path: Path) -> None:
    other = replace(SCORE, part="b-text", sha256="0" * 64, skipped=2)
    assert record(tmp_path, other) == []
    assert record(tmp_path, SCORE, replace(SCORE, part="validation")) == []
    text = (tmp_path / "evaluation.yml").read_text()
    assert [*yaml.safe_load(text)] == ["model", "validation", "test", "b-text"]
    assert read_evaluation(tmp_path, tmp_path).values["b-text.sha256"] == "0" * 64
    trained = replace(SCORE, model="c" * 64)
    assert record(tmp_path, SCORE) == []
    assert record(tmp_path, trained) == ["b-text", "validation"]
    assert [*yaml.safe_load((tmp_path / "evaluation.yml").read_text())] == ["model", "test"]


def test_a_broken_evaluation_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "evaluation.yml").write_text("- 1\n")
    with pytest.raises(EscribaError) as caught:
        record(tmp_path, SCORE)
    assert str(caught.value) == (
        "models/x/evaluation.yml:1: expected a mapping of parts, each with its measures"
    )


@pytest.mark.parametrize("name", ["test", "corpus", "log", "model", "A", "a.b", "", "-a", "ñ"])
def test_names_that_a_text_cannot_have(name: str) -> None:
    with pytest.raises(SourceError) as caught:
        check_name(name)
    assert str(caught.value) == (
        f"a text cannot be recorded as '{name}': the name must be of the letters a to z, digits "
        "and hyphens, and none of validation, test, model, corpus, log"
    )
    check_name("hadji-murat-2")


def test_names_are_neither_markup_nor_commands(capsys: pytest.CaptureFixture[str]) -> None:
    score = Score("\x1b[31m[/a].txt", "", 10, 10, 1.0)
    print_scores([score], "[red]x[/]")
    shown = capsys.readouterr().out
    assert shown.startswith("␛[31m[/a].txt: 10 characters, 10 bytes\n")
    assert "[red]x[/]" in shown


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, number: float) -> None:
    site, corpus, model = make_site(tmp_path)
    weights = load_file(model.path)
    weights["head.bias"][3] = number
    record = {"corpus": {"digest": corpus.digest}}
    save_file(weights, model.path, modelfile.header(model.network, model.vocabulary, record))
    with pytest.raises(ModelError) as caught:
        evaluate(site, "small", device="cpu")
    assert str(caught.value) == (
        "models/small/weights.safetensors: the tensor 'head.bias' has numbers that are not finite"
    )


def test_a_loss_that_is_no_number_is_not_recorded(tmp_path: Path) -> None:
    site, corpus, model = make_site(tmp_path)
    weights = {name: np.full_like(w, 3e38) for name, w in load_file(model.path).items()}
    record = {"corpus": {"digest": corpus.digest}}
    save_file(weights, model.path, modelfile.header(model.network, model.vocabulary, record))
    with pytest.raises(ModelError, match="its loss on 'validation' is not a number: its weights"):
        evaluate(site, "small", device="cpu")


@pytest.mark.parametrize("recorded", [None, 1, "x", [], {"digest": None}, {"digest": 5}])
def test_a_record_that_is_none_is_no_accident(tmp_path: Path, recorded: object) -> None:
    site, _, model = make_site(tmp_path)
    metadata = modelfile.header(model.network, model.vocabulary, {"corpus": recorded})
    save_file(load_file(model.path), model.path, metadata)
    if recorded == {"digest": 5}:
        with pytest.raises(ModelError, match="the model was trained on another corpus"):
            evaluate(site, "small", device="cpu")
    else:
        assert len(evaluate(site, "small", device="cpu")) == 2


@posix
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (os.mkfifo, "is a FIFO, not a file"),
        (os.mkdir, "is a folder, not a file"),
        (lambda p: p.symlink_to(p), "cannot be read: Too many levels of symbolic links"),
        (lambda p: p.symlink_to("nowhere"), "cannot be read: a link to nowhere, which is not there"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_file_is_named(tmp_path: Path, make, message: str) -> None:  # type: ignore[no-untyped-def]
    site, _, _ = make_site(tmp_path)
    path = tmp_path / "other"
    make(path)
    with pytest.raises(CorpusError) as caught:
        evaluate(site, "small", Outsider(path, "other"), device="cpu")
    assert str(caught.value) == f"{path.as_posix()}: {message}"


def test_a_text_that_is_too_large_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site, _, _ = make_site(tmp_path)
    path = tmp_path / "large.txt"
    path.write_text("Ella " * 500_000)
    monkeypatch.setattr("escriba.charlm.evaluation.evaluate.LONGEST", 1 << 20)
    with pytest.raises(CorpusError, match=r"is larger than 1 MB, the most that is read$"):
        evaluate(site, "small", Outsider(path, "large"), device="cpu")


@posix
@pytest.mark.parametrize("name", [".", "recipe.yml", "weights.safetensors", "evaluation.yml"])
def test_a_model_that_leads_out_of_the_project_is_not_measured(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    site, _, _ = make_site(tmp_path)
    (site.models / "small" / "evaluation.yml").write_text("model: x\n")
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "theirs"
    path = site.models / "small" / name
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(SourceError, match=r"this leads to .* outside the project"):
        evaluate(site, "small", device="cpu")


def test_the_scores_in_memory_do_not_grow_with_the_vocabulary(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = CharLSTM(Network("rnn", 1, 4, True), 1000)
    text = np.random.default_rng(1).integers(1000, size=3000)
    whole = measure(network, text)
    sizes: list[int] = []
    forward = CharLSTM.forward

    def watch(self: CharLSTM, symbols: torch.Tensor, state: object = None):  # type: ignore[no-untyped-def]
        sizes.append(symbols.numel() * 1000)
        return forward(self, symbols, state)  # type: ignore[arg-type]

    monkeypatch.setattr(CharLSTM, "forward", watch)
    monkeypatch.setattr("escriba.charlm.measure.LOGITS", 100_000)
    assert measure(network, text) == pytest.approx(whole, rel=1e-6)
    assert max(sizes) <= 100_000


ODD = st.sampled_from(
    ["1", "0", "-1", ".nan", ".inf", "1e400", "1e-400", "'x'", "null", "[]", "{}", "{a: b}",
     "[[[[1]]]]", "9" * 500, "true", "2020-01-01", "'\\0'", "&a [1]", "*a", "!!python/object:os.system x",
     "{? [1]: 2}", "'1.5'", "0x10", "1_0", "{" * 60 + "}" * 60]
)  # fmt: skip


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(["model", "test", "validation", "x", "1", "-"]), ODD))
def test_an_evaluation_of_anything_is_replaced_or_refused(
    tmp_path: Path, entries: dict[str, str]
) -> None:
    path = tmp_path / "evaluation.yml"
    path.write_text("".join(f"{key}: {value}\n" for key, value in entries.items()), "utf-8")
    before = path.read_bytes()
    try:
        record(tmp_path, SCORE)
    except EscribaError as error:
        assert str(error).startswith("models/x/evaluation.yml")
        assert path.read_bytes() == before
    else:
        assert yaml.safe_load(path.read_text("utf-8"))["test"]["nats"] == "1.5000"


def test_a_text_is_cleaned_and_unpacked_as_the_corpus_was(tmp_path: Path) -> None:
    site, _, model = make_site(tmp_path)
    plain, packed = tmp_path / "plain.txt", tmp_path / "page.html.gz"
    plain.write_text("ella se fué\n\nese año é\n")
    html = "<title>x</title><p>Ella SE\nfué</p><p>ese AÑO €</p>".encode("cp1252")
    packed.write_bytes(gzip.compress(html))
    recipe = CorpusRecipe(
        (Source(file="text.txt"),), encoding="cp1252", strip=("html",), lower_case=True,
        min_count=2, rare="é",
    )  # fmt: skip
    wanted = read_outside(plain, model.vocabulary, "small", RECIPE_AS_IT_IS, skip_unknown=False)
    found = read_outside(packed, model.vocabulary, "small", recipe, skip_unknown=False)
    assert np.array_equal(found.symbols, wanted.symbols)
    assert found.bytes == wanted.bytes + 1 and found.skipped == 0  # of the euro there are three
    assert found.sha256 == hashlib.sha256(packed.read_bytes()).hexdigest()
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a", "a")
        archive.writestr("b", "b")
    with pytest.raises(CorpusError, match="holds 2 texts; take out the one to measure on"):
        evaluate(site, "small", Outsider(tmp_path / "two.zip", "x"), baselines=False)
