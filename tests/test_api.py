"""What programs and notebooks call: the same as the commands give, and errors of one sentence."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import escriba
from escriba.sampling.reference import Reference
from support.models import LETTERS, make_model
from support.training import make_site, weights

TEXT = "the end, and then? " * 30


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("api")
    (root / "escriba.yml").write_text("title: test\n")
    make_model(root / "models" / "babel")
    make_model(root / "models" / "gru", cell="gru", residual=False, symbols=LETTERS + "<&>é")
    make_model(root / "models" / "rnn", cell="rnn", layers=1)
    make_model(root / "models" / "octets", unit="bytes", symbols=LETTERS + "Ã©")
    return root


def test_importing_it_imports_nothing_more(tmp_path: Path) -> None:
    program = (
        "import sys; before = set(sys.modules); import escriba\n"
        "print(sorted(set(sys.modules) - before))\n"
        "print(set(escriba.__all__) <= set(dir(escriba)), escriba.load.__name__)\n"
        "print(sorted({'torch', 'rich', 'jinja2', 'markdown', 'babel'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("['escriba']\nTrue load\n[]\n", "")
    with pytest.raises(AttributeError, match="module 'escriba' has no attribute 'lood'"):
        escriba.lood  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], {}),
        (["-p", "the ", "-n", "90", "-t", "0.7", "-s", "5"],
         {"prompt": "the ", "length": 90, "temperature": 0.7, "seed": 5}),
        (["-t", "1.25", "--top-k", "5", "--until", "sentence"],
         {"temperature": Decimal("1.25"), "top_k": np.int64(5), "until": "sentence"}),
        (["-t", "1", "--top-p", "0.9", "--min-p", "0.05", "-s", str(2**64 - 1)],
         {"temperature": 1, "top_p": np.float32(0.9), "min_p": "0.05", "seed": 2**64 - 1}),
    ],
)  # fmt: skip
def test_a_sample_is_what_the_command_writes(
    site: Path, arguments: list[str], options: dict[str, Any]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "escriba", "sample", "babel", *arguments],
        cwd=site, capture_output=True, check=True,
    )  # fmt: skip
    sample = escriba.load("babel", project=site).sample(**options)
    assert f"{sample}\n".encode() == done.stdout
    assert sample.prompt + sample.text == str(sample)
    assert sample.prompt == options.get("prompt", "")


def test_several_samples_have_seeds_that_follow_each_other(site: Path) -> None:
    model = escriba.load("babel", project=site)
    several = model.samples(3, "the ", seed=7, length=50, temperature=1)
    assert several == [
        model.sample("the ", seed=seed, length=50, temperature=1) for seed in (7, 8, 9)
    ]
    assert [each.options["seed"] for each in several] == [7, 8, 9]
    assert model.samples(0) == []


def test_a_notebook_shows_a_sample_and_nothing_in_it_is_html(site: Path) -> None:
    sample = escriba.load("gru", project=site).sample("<b>&", length=300, temperature=3)
    assert "<" in sample.text and ">" in sample.text
    html = sample._repr_html_()
    start, _, rest = html.partition("<strong>")
    assert start.startswith("<pre dir=") and start.count("<") == 1
    assert rest.startswith("&lt;b&gt;&amp;</strong>") and rest.endswith("</pre>")
    assert rest.count("<") == 2
    assert "color" not in html and "background" not in html


@pytest.mark.parametrize("name", ["babel", "gru", "rnn"])
def test_scores_are_the_logarithms_of_probabilities(site: Path, name: str) -> None:
    model = escriba.load(name, project=site)
    rows, scores = model.distributions(TEXT), model.scores(TEXT)
    assert rows.shape == (len(TEXT), len(model.vocabulary))
    assert scores.shape == (len(TEXT),)
    np.testing.assert_allclose(np.exp(rows).sum(axis=1), 1)
    assert (scores == rows[np.arange(len(TEXT)), model.vocabulary.encode(TEXT)]).all()
    assert model.loss(TEXT) == pytest.approx(-scores.mean())


def test_a_text_is_read_after_its_prompt_or_the_end_of_a_line(site: Path) -> None:
    model = escriba.load("babel", project=site)
    whole, start = model.scores(TEXT), 333
    assert (model.scores(TEXT, prompt="\n") == whole).all()
    rest = model.scores(TEXT[start:], prompt="\n" + TEXT[:start])
    assert (rest == whole[start:]).all()
    states = model.states(TEXT).hidden[:, start:]
    assert (model.states(TEXT[start:], prompt="\n" + TEXT[:start]).hidden == states).all()


def test_the_likeliest_symbol_of_a_place_is_what_is_written_there(site: Path) -> None:
    model = escriba.load("babel", project=site)
    text = model.sample("the", length=200, temperature=0).text
    likeliest = model.distributions(text, prompt="the").argmax(axis=1)
    assert model.vocabulary.decode(likeliest) == text


def test_without_wasmtime_the_numbers_are_the_same(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = escriba.load("babel", project=site).distributions(TEXT)
    monkeypatch.setattr("escriba.sampling.wasm.is_available", lambda: False)
    model = escriba.load("babel", project=site)
    assert isinstance(model._engine._runners[0], Reference)
    assert (model.distributions(TEXT) == rows).all()


@pytest.mark.parametrize("name", ["babel", "gru", "rnn"])
def test_numbers_are_those_of_the_network_but_for_rounding(site: Path, name: str) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from escriba.charlm.network import load_network
    from escriba.records.model import read_model

    model = escriba.load(name, project=site)
    network = load_network(read_model(site / "models" / name))
    read = torch.tensor(model.vocabulary.encode("\n" + TEXT[:60])).unsqueeze(1)
    with torch.inference_mode():
        logits, after = network(read)
    expected = torch.log_softmax(logits[:-1, 0].double(), 1).numpy()
    assert np.abs(model.distributions(TEXT[:60]) - expected).max() < 0.1
    states = model.states(TEXT[:60])
    layers, hidden = model.network.layers, model.network.hidden
    assert states.hidden.shape == (layers, 60, hidden)
    for layer in range(layers):
        assert np.abs(states.hidden[layer, -1] - after[layer][0][0, 0].numpy()).max() < 0.05
        if name == "babel":
            assert states.cells is not None and states.cells.shape == states.hidden.shape
            assert np.abs(states.cells[layer, -1] - after[layer][1][0, 0].numpy()).max() < 0.1
        else:
            assert states.cells is None


def test_symbols_are_those_of_the_vocabulary(site: Path) -> None:
    octets, accents = (escriba.load(name, project=site) for name in ("octets", "gru"))
    assert octets.scores("hé").shape == (3,)
    assert accents.scores("he\u0301\r\n").shape == (3,)
    assert (accents.scores("he\u0301\r\n") == accents.scores("hé\n")).all()
    assert accents.scores("").shape == (0,)
    assert accents.distributions("").shape == (0, len(accents.vocabulary))
    assert accents.states("").hidden.shape == (2, 0, 16)


def test_facts(site: Path) -> None:
    model = escriba.load("babel", project=site)
    read = make_model(site / "other" / "babel")
    assert (model.name, model.parameters, model.digest) == ("babel", read.parameters, read.digest)
    assert model.record["training"]["validation"] == "1.234"
    assert model.vocabulary.symbols == LETTERS
    assert repr(model) == "<escriba.Model 'babel': lstm 2 × 16, 32 symbols, 5,408 parameters>"


def test_a_model_is_found_by_name_from_where_one_is(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site / "posts").mkdir(exist_ok=True)
    monkeypatch.chdir(site / "posts")
    assert escriba.load("babel").name == "babel"
    monkeypatch.chdir(site / "models" / "babel")
    assert escriba.load(".").name == "babel"
    assert escriba.load("weights.safetensors").name == "babel"
    assert escriba.load(Path("weights.safetensors")).name == "babel"
    assert escriba.load("../gru").name == "gru"
    elsewhere = site / "fetched.safetensors"
    elsewhere.write_bytes(Path("weights.safetensors").read_bytes())
    assert escriba.load(elsewhere).name == "fetched"
    assert escriba.load(elsewhere).digest == escriba.load("babel").digest


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda m: m.sample(temperature="hot"), "OptionError",
         "'temperature' must be a number, not 'hot'"),
        (lambda m: m.sample(top_p=float("nan")), "OptionError",
         "'top-p' must be a number, not 'nan'"),
        (lambda m: m.sample(temperature=0.1 + 0.2), "OptionError",
         "'temperature' must be from 0 to 100 with at most 3 decimals, not "
         "'0.30000000000000004'"),
        (lambda m: m.sample(length=2.5), "OptionError",
         "'length' must be a whole number, not '2.5'"),
        (lambda m: m.samples("many"), "OptionError",
         "'number' must be a whole number, not 'many'"),
        (lambda m: m.sample(3), "OptionError", "'prompt' must be text, not 3"),
        (lambda m: m.sample("Ñ"), "SourceError",
         "the character 'Ñ' (U+00D1, LATIN CAPITAL LETTER N WITH TILDE), number 1 of the prompt, "
         f"is not in the model's vocabulary of 32: {LETTERS[1:]}"),
        (lambda m: m.scores("a Ñ"), "SourceError",
         "the character 'Ñ' (U+00D1, LATIN CAPITAL LETTER N WITH TILDE), number 3 of the text, "
         f"is not in the model's vocabulary of 32: {LETTERS[1:]}"),
        (lambda m: m.states(None), "SourceError", "expected text, not None"),
        (lambda m: m.loss(""), "SourceError", "a text without symbols has no loss"),
        (lambda m: escriba.load("babble"), "ModelError",
         "there is no model 'babble' (did you mean 'babel'?)"),
        (lambda m: escriba.load(""), "ModelError",
         "there is no model '': a model is known by its folder's name in models/"),
        (lambda m: escriba.load("./nobody"), "ModelError",
         "nobody: cannot be read: No such file or directory"),
        (lambda m: escriba.load("escriba.yml/"), "ModelError",
         "escriba.yml: not a whole model file (12 bytes); restore it, or fetch it again"),
        (lambda m: escriba.load("./models"), "ModelError",
         "models/weights.safetensors: the model 'models' has no weights; train it with: "
         "escriba train models"),
        (lambda m: escriba.load("babel", project="/"), "SourceError",
         "no escriba.yml in / or above it; `escriba new` makes one"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(
    site: Path, monkeypatch: pytest.MonkeyPatch, call: Callable[[Any], Any], kind: str, message: str
) -> None:
    monkeypatch.chdir(site)
    with pytest.raises(escriba.EscribaError) as caught:
        call(escriba.load("babel"))
    assert (type(caught.value).__name__, str(caught.value)) == (kind, message)


def test_states_are_of_the_weights_that_were_loaded(tmp_path: Path) -> None:
    make_model(tmp_path / "m")
    model = escriba.load(tmp_path / "m")
    make_model(tmp_path / "m", seed=1)
    assert model.sample(length=9).text  # in memory already
    with pytest.raises(escriba.EscribaError, match="its weights were changed meanwhile"):
        model.states("abc")


def test_a_model_that_cannot_be_run_exactly_is_not_loaded(tmp_path: Path) -> None:
    make_model(tmp_path / "m", scale=1e9)
    with pytest.raises(escriba.EscribaError, match="too large to be run exactly"):
        escriba.load(tmp_path / "m")


def test_training_is_that_of_the_command(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    site, other = make_site(tmp_path / "one"), make_site(tmp_path / "two")
    result = escriba.train("count", project=site.root, steps=40, quiet=True)
    assert capfd.readouterr() == ("", "")
    assert (result.finished, result.step) == (True, 40)
    subprocess.run(
        [sys.executable, "-m", "escriba", "train", "count", "--steps", "40"],
        cwd=other.root, check=True, capture_output=True,
    )  # fmt: skip
    one, two = (escriba.load("count", project=each.root) for each in (site, other))
    assert one.digest == two.digest
    assert one.record["training"]["steps"] == 40
    assert result.best == pytest.approx(float(one.record["training"]["validation"]), abs=1e-4)


def test_training_works_in_any_thread_and_tells_what_is_wrong(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    site = make_site(tmp_path)
    results: list[Any] = []
    thread = threading.Thread(
        target=lambda: results.append(
            escriba.train("count", project=site.root, steps=20, quiet=True)
        )
    )
    thread.start()
    thread.join()
    assert results[0].finished and weights(site)
    for name, options, message in (
        ("coun", {}, "there is no model 'coun'"),
        ("../count", {}, "there is no model '../count'"),
        ("count", {"budget": "1 week"},
         "'budget' must be one of '1 minute', '10 minutes', '1 hour', 'best', not '1 week'"),
        ("count", {"minutes": "few"}, "'minutes' must be a number, not 'few'"),
        ("count", {"epochs": float("nan")}, "'epochs' must be a number, not 'nan'"),
        ("count", {"steps": 2.5}, "'steps' must be a whole number, not '2.5'"),
        ("count", {"checkpoint_every": -1}, "'checkpoint-every' must be at least 0, not -1"),
        ("count", {"device": "foo"}, "the device 'foo' cannot be used"),
    ):  # fmt: skip
        with pytest.raises(escriba.EscribaError, match=re.escape(message)):
            escriba.train(name, project=site.root, quiet=True, **options)  # type: ignore[arg-type]
