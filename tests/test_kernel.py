"""The kernel against the reference, character for character, and in every engine there is."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escriba.ground.errors import ModelError
from escriba.records.model import FILE, GATES, Model, read_model
from escriba.sampling import wasm
from escriba.sampling.engine import Engine
from escriba.sampling.quantised import quantise
from escriba.sampling.reference import Reference
from escriba.sampling.request import Options
from escriba.sampling.stream import BATCH, make_stream
from escriba.sampling.wasm import Wasm
from support.kernel import in_chromium, in_node
from support.models import LETTERS, make_model

KERNEL = wasm.PATH.parent
REAL = Path(__file__).parents[1] / "models" / "tolstoi"

MIXED = [
    Options(
        prompt=("", "a", "the end of it. ")[i % 3],
        length=(1, 20, 60, 33)[i % 4],
        temperature=Decimal(("0", "0.001", "0.5", "0.8", "1.3", "100")[i % 6]),
        top_k=(None, 1, 5, 1000)[i % 4],
        top_p=(None, Decimal("0.9"), None, Decimal("0.000001"), Decimal(1))[i % 5],
        min_p=(None, None, Decimal("0.05"), Decimal(1), Decimal(0), None, None)[i % 7],
        seed=(i, 2**63 + i, 2**64 - 1 - i)[i % 3],
    )
    for i in range(64)
]


def with_kernel(model: Model, options: Sequence[Options]) -> list[str]:
    return Engine(model, Wasm(model)).sample_many(options)


def with_reference(model: Model, options: Sequence[Options]) -> list[str]:
    return Engine(model, Reference(quantise(model))).sample_many(options)


def without_prompts(options: Sequence[Options]) -> list[Options]:
    return [Options(**{**vars(each), "prompt": ""}) for each in options]


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("cell", GATES)
@pytest.mark.parametrize(
    ("layers", "hidden"), [(1, 1), (2, 7), (1, 13), (3, 16), (2, 30), (1, 129), (4, 8)]
)
def test_equals_reference(tmp_path, cell, residual, layers, hidden):
    model = make_model(
        tmp_path / "m", cell=cell, residual=residual, layers=layers, hidden=hidden, seed=hidden
    )
    assert with_kernel(model, MIXED[:24]) == with_reference(model, MIXED[:24])


@pytest.mark.parametrize("symbols", [2, 3, 17, 200, 5000])
def test_equals_reference_for_vocabularies_of_any_size(tmp_path, symbols):
    characters = "".join(chr(0x4E00 + i) for i in range(symbols))
    model = make_model(tmp_path / "m", hidden=5, symbols=characters)
    options = without_prompts(MIXED[:20])
    assert with_kernel(model, options) == with_reference(model, options)


def test_equals_reference_for_one_symbol(tmp_path):
    model = make_model(tmp_path / "m", symbols="x")
    options = without_prompts(MIXED[:5])
    assert with_kernel(model, options) == ["x" * each.length for each in options]
    assert with_reference(model, options) == ["x" * each.length for each in options]


def test_equals_reference_for_bytes(tmp_path):
    model = make_model(
        tmp_path / "m", unit="bytes", symbols="".join(map(chr, range(256))), hidden=9
    )
    options = [Options(prompt="¡á!", length=300, seed=seed) for seed in range(5)]
    texts = with_kernel(model, options)
    assert texts == with_reference(model, options)
    assert "�" in texts[0]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("rnn", "xrjxsaijyyj!j!fhjytkjij j!fj!fj jbjyw jyrjxrj\nrjahrljyrj!bj\n"),
        ("gru", "etwuuuurwyarwurrurturrrrrrjpbrrpbsbut jxrrtsbpbt!ayxrurw!at "),
        ("lstm", "brnrnuurrurhurifjbutifffjhihrfja,xtyjbijffjererkrfkwfjfjeg!a"),
    ],
)
def test_a_text_never_changes(tmp_path, cell, text):
    """If this fails, the arithmetic is another one: request.ARITHMETIC must say so."""
    shape = {"cell": cell, "layers": 2, "hidden": 11}
    model = make_model(tmp_path / "m", **shape)
    tensors = {}
    for number, (name, tensor) in enumerate(sorted(model.tensors.items())):
        values = np.arange(np.prod(tensor.shape)) * (31 + 2 * number) % 127 - 63
        values = values / 64 + values**2 % 89 / 6000  # 8 bits must round them
        tensors[name] = values.astype(np.float32).reshape(tensor.shape)
    model = make_model(tmp_path / "m", tensors=tensors, **shape)
    assert with_kernel(model, [Options(prompt="abc", length=60, seed=42)]) == [text]


@pytest.mark.parametrize("size", [1, 7, 8, 64])
def test_a_text_does_not_depend_on_its_batch(tmp_path, size):
    model = make_model(tmp_path / "m", hidden=13)
    engine = Engine(model, Wasm(model))
    alone = [engine.sample(each) for each in MIXED[:size]]
    assert engine.sample_many(MIXED[:size]) == alone
    assert engine.sample_many(MIXED[:size][::-1]) == alone[::-1]
    assert len(set(alone)) > size // 2  # and these are not all the same text


def test_more_than_a_batch(tmp_path):
    model = make_model(tmp_path / "m", hidden=5)
    options = [Options(length=10 + seed % 7, seed=seed) for seed in range(131)]
    engine = Engine(model, Wasm(model))
    assert engine.sample_many(options) == [engine.sample(each) for each in options]


@pytest.mark.parametrize(("count", "workers"), [(2, 2), (64, 2), (131, 3), (200, 2)])
def test_a_text_does_not_depend_on_threads(tmp_path, count, workers):
    model = make_model(tmp_path / "m", hidden=5)
    options = [Options(length=2000 // count + seed % 7, seed=seed) for seed in range(count)]
    options[0] = Options(length=3000)
    alone = Engine(model, Wasm(model), workers=1).sample_many(options)
    engine = Engine(model, Wasm(model), workers=workers)
    assert engine.sample_many(options) == alone
    assert engine.sample_many(options[::-1]) == alone[::-1]


def test_a_hundred_thousand_characters(tmp_path):
    model = make_model(tmp_path / "m", layers=1, hidden=13, symbols="\n abcdefg")
    options = [Options(length=100_000, seed=42)]
    (text,) = with_kernel(model, options)
    assert len(text) == 100_000
    assert [text] == with_reference(model, options)


@pytest.mark.skipif(not (REAL / FILE).exists(), reason="models/tolstoi is not trained")
def test_the_real_model():
    model = read_model(REAL)
    options = [
        Options(prompt="“Well, Prince", length=4000, temperature=Decimal("0.7"), seed=42),
        Options(length=1000, top_p=Decimal("0.9"), seed=1),
    ]
    if "“" not in model.vocabulary.symbols:
        options[0] = Options(**{**vars(options[0]), "prompt": "Well, Prince"})
    assert with_kernel(model, options) == with_reference(model, options)


@given(
    cell=st.sampled_from(sorted(GATES)),
    residual=st.booleans(),
    layers=st.integers(1, 3),
    hidden=st.integers(1, 20),
    scale=st.sampled_from([0.0, 1e-30, 1e-3, 0.3, 1.0, 3.0, 10.0, 40.0]),
    constant=st.sampled_from([None, 0.0, 1.0, -1.0, 7.5, 1000.0]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60)
def test_extreme_weights(tmp_path, cell, residual, layers, hidden, scale, constant, seed):
    shape = {"cell": cell, "residual": residual, "layers": layers, "hidden": hidden}
    model = make_model(tmp_path / "m", scale=scale, seed=seed, **shape)
    if constant is not None:  # all of one sign: sums as large as they can be
        names = [name for name in model.tensors if name != "embedding.weight"]
        tensors = {n: np.full(model.tensors[n].shape, constant, np.float32) for n in names}
        model = make_model(tmp_path / "m", scale=scale, seed=seed, tensors=tensors, **shape)
    try:
        expected = with_reference(model, MIXED[:8])
    except ModelError as error:
        assert "too large to be run exactly" in str(error)
        return
    assert with_kernel(model, MIXED[:8]) == expected


OPTIONS = st.builds(
    Options,
    prompt=st.text("abc", max_size=3),
    length=st.integers(1, 30),
    temperature=st.decimals(0, 100, places=3),
    top_k=st.none() | st.integers(1, 8),
    top_p=st.none() | st.decimals("0.000001", 1, places=6),
    min_p=st.none() | st.decimals(0, 1, places=6),
    seed=st.integers(0, 2**64 - 1),
)


@given(options=st.lists(OPTIONS, min_size=1, max_size=9))
def test_any_options(tmp_path, options):
    model = make_model(tmp_path / "m", hidden=7, symbols="abcdefg")
    assert with_kernel(model, options) == with_reference(model, options)


def test_ten_thousand_requests(tmp_path):
    random = Random(7)

    def draw() -> Options:
        return Options(
            prompt="".join(random.choices("abcdefg", k=random.randrange(4))),
            length=random.randint(1, 8),
            temperature=Decimal(random.choice([0, 1, 500, 800, 1000, random.randrange(100_000)]))
            / 1000,
            top_k=random.choice([None, None, random.randint(1, 9)]),
            top_p=random.choice([None, None, Decimal(random.randint(1, 10**6)) / 10**6]),
            min_p=random.choice([None, None, Decimal(random.randint(0, 10**6)) / 10**6]),
            seed=random.getrandbits(64),
        )

    for number in range(20):
        shape = {"cell": sorted(GATES)[number % 3], "residual": bool(number % 2), "layers": 1}
        scale = (0.3, 1.0, 4.0)[number // 3 % 3]
        model = make_model(
            tmp_path / "m", hidden=1 + number, symbols="abcdefg", seed=number, scale=scale, **shape
        )
        requests = [draw() for _ in range(500)]
        assert with_kernel(model, requests) == with_reference(model, requests)


def test_sums_at_the_limit_of_32_bits(tmp_path):
    """Every weight and every activation at its bound: one more unit would not be accepted."""
    hidden, symbols = 16, "ab"
    model = make_model(tmp_path / "m", layers=1, hidden=hidden, symbols=symbols)
    tensors = {n: np.ones(t.shape, np.float32) for n, t in model.tensors.items()}
    tensors["embedding.weight"] = np.array([[14.0] * hidden, [-14.0] * hidden], np.float32)
    tensors["layers.0.weight_ih"] *= 3.0
    tensors["head.weight"] = np.array([[4.25] * hidden, [-4.25] * hidden], np.float32)
    model = make_model(tmp_path / "m", layers=1, hidden=hidden, symbols=symbols, tensors=tensors)
    weights = quantise(model)
    bounds = np.full(hidden, 15 << weights.activation_shift)
    head = weights.head.q.astype(np.int64) * weights.head.factors[:, None]
    largest = np.abs(head) @ bounds + weights.head.bias
    assert 2**30 < largest.max() < 2**31
    options = [Options(length=50, temperature=Decimal(100), seed=seed) for seed in range(4)]
    assert with_kernel(model, options) == with_reference(model, options)


def test_the_cell_saturates(tmp_path):
    """Reading "a" opens the gates wide: c grows by one each step until it stops at 1024.

    Reading "b" makes it forget: how many it takes until "b" is the likelier symbol tells c.
    """
    shape = {"layers": 1, "hidden": 3, "symbols": "ab", "residual": False}
    tensors = {
        name: np.zeros(tensor.shape, np.float32)
        for name, tensor in make_model(tmp_path / "m", **shape).tensors.items()
    }
    tensors["embedding.weight"][0] = 1
    tensors["layers.0.weight_ih"][:] = np.repeat([6.0, 6.0, 6.0, 0.0], 3)[:, None]
    tensors["layers.0.bias_ih"] = np.repeat([-8.0, 2.0, 0.0, 8.0], 3).astype(np.float32)
    tensors["head.weight"][0] = 1
    tensors["head.bias"][1] = 1.5  # "b" if h < 0.5
    model = make_model(tmp_path / "m", tensors=tensors, **shape)
    reference = Reference(quantise(model))
    state = reference.network.zero_state()
    for _ in range(1030):
        reference.network.step(0, state)
    assert state[1].tolist() == [[1024 << 20] * 3]
    options = [
        Options(prompt="a" * 1030 + "b" * count, length=1, temperature=Decimal(0))
        for count in range(58, 62)
    ]
    texts = with_kernel(model, options)
    assert texts == with_reference(model, options)
    assert texts == ["a", "a", "b", "b"]


def biased(folder: Path, bias: list[float]) -> Model:
    """A model whose logits are always these, whatever it reads."""
    symbols = "abcdefgh"[: len(bias)]
    model = make_model(folder, hidden=3, symbols=symbols)
    tensors = {
        "head.weight": np.zeros(model.tensors["head.weight"].shape, np.float32),
        "head.bias": np.array(bias, np.float32),
    }
    return make_model(folder, hidden=3, symbols=symbols, tensors=tensors)


def test_ties(tmp_path):
    model = biased(tmp_path / "m", [0.5, 1, 1, 1, 1])
    cases = [
        (Options(temperature=Decimal(0)), "b"),
        (Options(top_k=1), "b"),
        (Options(top_k=3), "bcd"),
        (Options(top_k=4, top_p=Decimal("0.5")), "bc"),  # exactly half
        (Options(top_k=4, top_p=Decimal("0.500001")), "bcd"),
        (Options(min_p=Decimal(1)), "bcde"),
    ]
    texts = with_kernel(model, [options for options, _ in cases])
    assert ["".join(sorted(set(text))) for text in texts] == [kept for _, kept in cases]
    assert texts == with_reference(model, [options for options, _ in cases])


def test_logits_far_apart(tmp_path):
    """At temperature 100, 1100 nats are a weight of 1 in 60,000, and 2500 are none."""
    model = biased(tmp_path / "m", [-3000, 1500, 2600, 100])
    options = [Options(temperature=Decimal(100), length=100_000, seed=seed) for seed in range(4)]
    text = "".join(with_kernel(model, options))
    assert 1 <= text.count("b") < 30
    assert text.count("a") == text.count("d") == 0


def test_the_committed_kernel_is_what_its_source_gives(tmp_path):
    if not shutil.which("clang-14") or not shutil.which("wasm-ld-14"):
        pytest.skip("needs Debian's clang-14 and lld-14")
    if not shutil.which("make"):
        pytest.skip("needs make")
    for path in (KERNEL / "Makefile", *KERNEL.glob("*.[ch]")):
        shutil.copy(path, tmp_path)
    subprocess.run(["make", "-C", tmp_path, "kernel.wasm"], check=True, capture_output=True)
    assert (tmp_path / "kernel.wasm").read_bytes() == wasm.PATH.read_bytes()


def test_the_kernel_imports_nothing():
    wasmtime = pytest.importorskip("wasmtime")
    module = wasmtime.Module(wasmtime.Engine(), wasm.PATH.read_bytes())
    assert module.imports == []
    assert {export.name for export in module.exports} == {
        "memory", "heap", "lay_out", "pack", "room", "prepare", "stream_size", "start", "start_all",
        "run", "drawn", "feed", "weights",
    }  # fmt: skip


@pytest.mark.parametrize("at", [0, 4])
def test_an_image_of_another_version_is_refused(tmp_path, at):
    wasmtime = pytest.importorskip("wasmtime")
    kernel = Wasm(make_model(tmp_path / "m", hidden=3))
    base, image = kernel.call("heap"), bytearray(kernel.image)
    image[at] += 1
    kernel.write(base, bytes(image))
    with pytest.raises(wasmtime.Trap):
        kernel.call("room", base)


def test_a_batch_is_bounded(tmp_path):
    model = make_model(tmp_path / "m", hidden=3)
    batch = Wasm(model).begin(501)
    stream = make_stream(model, Options())
    with pytest.raises(ValueError, match="9 streams for 8 free places"):
        batch.add([stream] * 9)
    assert batch.add([stream] * 5) == [0, 1, 2, 3, 4]
    batch.remove(1)
    batch.remove(3)
    assert batch.add([stream] * 3) == [1, 3, 5]
    with pytest.raises(ValueError, match="3 streams for 2 free places"):
        batch.add([stream] * 3)
    with pytest.raises(ValueError, match="more symbols than the batch has room: 501"):
        batch.add([make_stream(model, Options(length=501))])


def test_a_stream_moves(tmp_path):
    """It goes on in another instance where it was; the others stay as they are."""
    model = make_model(tmp_path / "m", hidden=13)
    streams = [make_stream(model, Options(prompt="abc" * s, length=200, seed=s)) for s in range(4)]
    runner = Wasm(model)
    whole = runner.begin(400)
    whole.add(streams)
    expected = whole.advance(400)
    one, other = runner.begin(400), runner.copy().begin(400)
    one.add(streams)
    found = one.advance(51)
    for place in (1, 3):
        one.move(place, other)
    with pytest.raises(ValueError, match="place 0 of the other batch is taken"):
        other.add(streams[:1])
        one.move(0, other)
    other.remove(0)
    for batch in (one, other):
        for place, drawn in batch.advance(400).items():
            found[place] += drawn
    assert found == expected


def test_a_stream_moves_into_the_same_room_alone(tmp_path):
    model = make_model(tmp_path / "m", hidden=3)
    runner = Wasm(model)
    one, other = runner.begin(100), runner.copy().begin(101)
    one.add([make_stream(model, Options(length=50))])
    with pytest.raises(ValueError, match="has other room"):
        one.move(0, other)


def test_the_kernel_refuses_more_than_a_batch(tmp_path):
    wasmtime = pytest.importorskip("wasmtime")
    kernel = Wasm(make_model(tmp_path / "m", hidden=3))
    batch = kernel.begin(600)
    batch.add([make_stream(kernel._model, Options())] * BATCH)
    with pytest.raises(wasmtime.Trap):
        kernel.call("run", kernel._image, batch._addresses_at, BATCH + 1, 1)


# In other engines than wasmtime


def portable_cases(folder: Path) -> list[tuple[Model, list[Options]]]:
    return [
        (make_model(folder / cell, cell=cell, hidden=30, layers=2, symbols=LETTERS), MIXED)
        for cell in GATES
    ]


@pytest.mark.parametrize("engine", [in_node, in_chromium])
def test_other_engines_give_the_same_text(tmp_path, engine):
    for model, options in portable_cases(tmp_path):
        assert engine(model, options) == with_kernel(model, options)
