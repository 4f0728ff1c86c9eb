from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from escriba.ground.errors import SourceError
from escriba.records.vocabulary import MARKS
from escriba.sampling import engine
from escriba.sampling import workers as pools
from escriba.sampling.engine import Engine, load_runner
from escriba.sampling.reference import Reference
from escriba.sampling.request import Options
from escriba.sampling.stream import make_stream
from support.models import make_model


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("models") / "m", hidden=13)


@pytest.fixture(scope="module")
def bytes_model(tmp_path_factory):
    symbols = "".join(map(chr, [10, 32, 46, 65, 66, 0xC3, 0xA1, 0xB1, 0xE2, 0x82, 0xAC]))
    return make_model(tmp_path_factory.mktemp("models") / "m", unit="bytes", symbols=symbols)


def test_the_same_seed_draws_the_same_numbers(model):
    """Common random numbers: options change what a draw means, not which draw it is."""
    cold = Options(prompt="abc", temperature=Decimal(0), length=40)
    assert Engine(model).sample(cold) == Engine(model).sample(
        Options(prompt="abc", temperature=Decimal("0.9"), top_k=1, length=40, seed=99)
    )


def test_seeds_and_prompts_matter(model):
    texts = Engine(model).sample_many(
        [Options(prompt=p, seed=s, length=50) for p in ("a", "b") for s in (1, 2, 2**40, 2**63)]
    )
    assert len(set(texts)) == 8


def test_an_empty_prompt_is_a_new_line(model):
    assert Engine(model).sample(Options(seed=3)) == Engine(model).sample(
        Options(prompt="\n", seed=3)
    )


def test_a_length_is_a_limit(model):
    assert len(Engine(model).sample(Options(length=777))) == 777


@pytest.mark.parametrize("until", [None, "paragraph", "sentence", "\n", "a", "\n\n", "zzzz"])
@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_a_text_does_not_depend_on_its_pieces(model, bytes_model, until, chunk, monkeypatch):
    for each in (model, bytes_model):
        if until in ("a", "zzzz") and each is bytes_model:  # which has no such letters
            continue
        options = [Options(length=400, until=until, seed=seed) for seed in range(6)]
        whole = Engine(each).sample_many(options)
        for name in ("CHUNK", "LOOK", "LEAST"):
            monkeypatch.setattr(pools, name, chunk)
        monkeypatch.setattr(engine, "PIECE", chunk)
        assert Engine(each).sample_many(options) == whole
        assert ["".join(Engine(each).stream(o)) for o in options] == whole
        monkeypatch.undo()


def test_an_end_is_composed_as_the_texts_of_models_are(tmp_path):
    model = make_model(tmp_path / "models" / "accents", symbols="\n aé")
    plain = Engine(model).sample(Options(length=400))
    cut = Engine(model).sample(Options(length=400, until="e\u0301"))
    assert cut == plain[: plain.index("é") + 1]


@pytest.mark.parametrize("until", ["日", "a日", "🙂"])
def test_an_end_that_a_model_cannot_write_is_a_mistake(model, bytes_model, until):
    for each in (model, bytes_model):
        with pytest.raises(SourceError) as caught:
            Engine(each).sample(Options(until=until))
        named = "a" if until[0] == "a" and each is bytes_model else until[-1]
        assert str(caught.value).startswith(f"'until' has the character {named!r} (U+")


def test_what_no_bytes_are_shown_as_may_end_a_text(bytes_model):
    text = Engine(bytes_model).sample(Options(length=400, until="\ufffd"))
    assert text.endswith("\ufffd") and text.count("\ufffd") == 1


def test_until_cuts(model):
    plain = Engine(model).sample(Options(length=400, seed=5))
    assert "." in plain[:-1]
    cut = Engine(model).sample(Options(length=400, seed=5, until="."))
    assert cut == plain[: plain.index(".") + 1]


def test_a_stream_comes_in_pieces(model):
    pieces = list(Engine(model).stream(Options(length=100)))
    assert len(pieces) > 3
    assert all(pieces)


def test_two_things_at_a_time(model):
    """The kernel's memory holds one batch: better an error than another text."""
    writer = Engine(model)
    pieces = writer.stream(Options(length=100))
    next(pieces)
    writer.sample(Options(length=100, seed=2))
    with pytest.raises(RuntimeError, match="another batch has begun"):
        next(pieces)


def test_half_a_character_at_the_end(bytes_model):
    texts = Engine(bytes_model).sample_many([Options(length=9, seed=s) for s in range(30)])
    assert any(text.endswith("�") for text in texts)
    assert any("á" in text or "ñ" in text for text in texts)


def test_a_prompt_outside_the_vocabulary(model):
    with pytest.raises(SourceError) as caught:
        Engine(model).sample(Options(prompt="ab€"))
    assert str(caught.value) == (
        "the character '€' (U+20AC, EURO SIGN), number 3 of the prompt, is not in the model's "
        "vocabulary of 32:  !,.?abcdefghijklmnopqrstuvwxyz"
    )


def test_without_wasmtime_the_reference_runs(model, monkeypatch):
    expected = Engine(model).sample(Options(length=60))
    monkeypatch.setitem(sys.modules, "wasmtime", None)  # makes `import wasmtime` fail
    runner = engine.load_runner(model)
    assert isinstance(runner, Reference)
    assert Engine(model, runner).sample(Options(length=60)) == expected


def test_importing_costs_nothing():
    code = (
        "import sys, escriba.sampling.engine, escriba.evidence.proof, escriba.evidence.ledger;"
        "print([name for name in ('numpy', 'wasmtime', 'torch', 'safetensors') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """Models that know the end of a document, of characters and of bytes."""
    folder = tmp_path_factory.mktemp("marked")
    return [
        make_model(folder / "characters", symbols="\n abc.é\uffff", scale=0.4),
        make_model(folder / "bytes", unit="bytes", symbols="\n ab.\xc3\xa9\xff", scale=0.4),
    ]


def draws(model, **values):
    """The symbols that are drawn, whatever they mean."""
    stream = make_stream(model, Options(**values))
    batch = load_runner(model).begin(len(stream.prompt) + stream.length)
    (place,) = batch.add([stream])
    symbols = [model.vocabulary.symbols[i] for i in batch.advance(2000)[place]]
    return "".join(symbols)


def spoken(model, symbols):
    return (
        symbols
        if model.vocabulary.unit == "characters"
        else symbols.encode("latin-1").decode("utf-8", "replace")
    )


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_a_text_ends_where_its_document_does(marked, chunk, monkeypatch):
    monkeypatch.setattr(engine, "PIECE", chunk)
    for model in marked:
        mark = MARKS[model.vocabulary.unit]
        ended = 0
        for seed in range(12):
            drawn = draws(model, length=60, seed=seed)
            cut, found, _ = drawn.partition(mark)
            ended += bool(found)
            options = Options(length=60, seed=seed, until="document")
            text = Engine(model).sample(options)
            assert text == spoken(model, cut) == "".join(Engine(model).stream(options))
            # Without it a text goes on, and the mark, which no one sees, ends a line.
            whole = Engine(model).sample(Options(length=60, seed=seed))
            assert whole == spoken(model, drawn.replace(mark, "\n"))
        assert ended > 5


def test_an_empty_prompt_begins_a_document(marked):
    for model in marked:
        assert make_stream(model, Options()).prompt == (model.vocabulary.mark,)
        assert model.vocabulary.decode([model.vocabulary.mark]) == "\n"
        assert model.vocabulary.encode("a\uffff") == [
            model.vocabulary.indices["a"],
            model.vocabulary.mark,
        ]


def test_a_model_that_knows_no_end_of_a_document_is_told(model):
    with pytest.raises(SourceError) as caught:
        Engine(model).sample(Options(until="document"))
    assert str(caught.value) == (
        f"the model '{model.name}' knows no end of a document: its corpus was not split by files "
        "(split-by: files)"
    )
