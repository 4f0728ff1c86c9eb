"""A model file of eight bits: the same integers, the same text, and one error for what is none."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from escriba.ground.errors import ModelError
from escriba.records.model import FILE, GATES, Model, read_model
from escriba.records.tensors import FACTORS
from escriba.sampling.compact import compact
from escriba.sampling.engine import Engine
from escriba.sampling.quantised import quantise
from escriba.sampling.request import Options
from escriba.sampling.wasm import Wasm
from support.models import make_model

REAL = Path(__file__).parents[1] / "models" / "tolstoi"


def make_compact(folder: Path, **shape: Any) -> tuple[Model, Model]:
    """A random model, and its eight bits in `folder`."""
    whole = make_model(folder.with_name("whole"), **shape)
    folder.mkdir(exist_ok=True)
    (folder / FILE).write_bytes(compact(whole))
    return whole, read_model(folder)


def widen(path: Path) -> None:
    """Write the numbers of a compact file out as float32, as safetensors does."""
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    tensors = load(data)
    numbers = {
        name: values.astype(np.float32) * tensors[name + FACTORS][:, None]
        if values.dtype == np.int8
        else values
        for name, values in tensors.items()
        if not name.endswith(FACTORS)
    }
    path.write_bytes(save(numbers, header["__metadata__"]))


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("cell", GATES)
def test_its_integers_are_those_that_the_engines_make(
    tmp_path: Path, cell: Any, residual: bool
) -> None:
    whole, model = make_compact(tmp_path / "m", cell=cell, residual=residual, hidden=24)
    assert model.path.stat().st_size < 0.6 * whole.path.stat().st_size
    integers, stored = quantise(model), load(model.path.read_bytes())
    assert np.array_equal(integers.head.q, stored["head.weight"])
    first = integers.layers[0]
    rows = {"rnn": 24, "lstm": 96, "gru": 48}[cell]  # of the gru's n the two parts are apart
    assert np.array_equal(first.q[:rows, :24], stored["layers.0.weight_ih"][:rows])
    assert np.array_equal(first.q[:rows, 24:], stored["layers.0.weight_hh"][:rows])
    factors = stored["layers.0.weight_hh.factors"]
    assert np.array_equal(first.factors[:rows] / 2.0**first.shift, factors[:rows])
    image = Wasm(model).image
    widen(model.path)
    assert Wasm(read_model(tmp_path / "m")).image == image


@pytest.mark.parametrize("cell", GATES)
def test_it_writes_what_its_numbers_as_float32_write(tmp_path: Path, cell: Any) -> None:
    _, model = make_compact(tmp_path / "m", cell=cell)
    options = Options(prompt="a", length=200, seed=3)
    text, digest, parameters = Engine(model).sample(options), model.digest, model.parameters
    widen(model.path)
    again = read_model(tmp_path / "m")
    assert Engine(again).sample(options) == text
    assert again.parameters == parameters
    assert again.digest != digest  # another file of weights, and no other text


def test_rounding_again_changes_nothing(tmp_path: Path) -> None:
    _, model = make_compact(tmp_path / "m")
    assert compact(model) == model.path.read_bytes()


@pytest.mark.parametrize("seed", range(8))
def test_factors_settle(tmp_path: Path, seed: int) -> None:
    """Rows of which one weight is far above the others: rounded, they have other factors."""
    random = np.random.default_rng(seed)
    rows = random.normal(0, 0.3, (64, 16)).astype(np.float32)
    rows *= random.choice([0.01, 1, 9, 40], size=(64, 1)).astype(np.float32)
    _, model = make_compact(tmp_path / "m", tensors={"layers.0.weight_ih": rows})
    assert compact(model) == model.path.read_bytes()


@pytest.mark.skipif(not (REAL / FILE).exists(), reason="models/tolstoi is not trained")
def test_a_trained_model_is_nearly_its_own(tmp_path: Path) -> None:
    whole = read_model(REAL)
    (tmp_path / FILE).write_bytes(compact(whole))
    model = read_model(tmp_path)
    assert model.path.stat().st_size < 700_000
    assert (model.record, model.vocabulary) == (whole.record, whole.vocabulary)
    one, other = quantise(whole), quantise(model)
    same = [np.mean(a.q == b.q) for a, b in zip(one.layers, other.layers, strict=True)]
    assert min(same) > 0.9


def test_torch_reads_it(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    from escriba.charlm.network import (
        load_network,
        tensors,  # with torch
    )

    _, model = make_compact(tmp_path / "m")
    found = tensors(load_network(model))
    with model.path.open("rb") as file:
        for name, tensor in model.tensors.items():
            assert found[name].numpy().tobytes() == b"".join(tensor.read(file)), name


def test_its_digest_and_its_integers_need_no_numpy(tmp_path: Path) -> None:
    make_compact(tmp_path / "m")
    program = (
        "import sys; from pathlib import Path; from escriba.records.model import read_model;"
        "from escriba.sampling.wasm import Wasm; model = read_model(Path(sys.argv[1]));"
        "model.digest; Wasm(model).image; print('numpy' in sys.modules)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "m")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


def rewrite(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the JSON header of a model file."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    entries = json.loads(data[8 : 8 + length])
    change(entries)
    head = json.dumps(entries).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + data[8 + length :])


def swap(entries: dict[str, Any], one: str, other: str) -> None:
    entries[one]["data_offsets"], entries[other]["data_offsets"] = (
        entries[other]["data_offsets"], entries[one]["data_offsets"],
    )  # fmt: skip


HEAD, ROWS = "head.weight", "head.weight.factors"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda e: e.pop(ROWS), f"the tensor '{ROWS}' is missing or does not belong"),
        (lambda e: e.pop(HEAD), f"the tensor '{HEAD}' is missing or does not belong"),
        (lambda e: e.update({"x" * 999: e[ROWS]}), f"'{'x' * 79}…' is missing or does not belong"),
        (lambda e: e[HEAD].update(dtype="F32"), f"the tensor '{ROWS}' is missing or does not belong"),
        (lambda e: e[HEAD].update(dtype="U8"), f"the tensor '{ROWS}' is missing or does not belong"),
        (lambda e: e[HEAD].update(dtype=["I8"]), f"the tensor '{ROWS}' is missing or"),
        (lambda e: e[ROWS].update(dtype="I8"), f"the tensor '{ROWS}' is I8 [32], not F32 [32]"),
        (lambda e: e[ROWS].update(dtype="F16"), f"the tensor '{ROWS}' is F16 [32], not F32 [32]"),
        (lambda e: e[ROWS].update(shape=[32, 1]), f"the tensor '{ROWS}' is F32 [32, 1], not F32 [32]"),
        (lambda e: e[HEAD].update(shape=[16, 32]), f"the tensor '{HEAD}' is I8 [16, 32], not I8 [32, 16]"),
        (lambda e: e["head.bias"].update(dtype="I8"), "the tensor 'head.bias' is I8 [32], not F32 [32]"),
        (lambda e: e["embedding.weight"].update(dtype="I8"), "'embedding.weight.factors' is missing"),
        (lambda e: swap(e, HEAD, ROWS), f"the tensor '{ROWS}' has wrong offsets"),
        (lambda e: e[ROWS].update(data_offsets=e["head.bias"]["data_offsets"]), "has wrong offsets"),
        (lambda e: e[ROWS].update(data_offsets=[True, 124]), "has wrong offsets"),
        (lambda e: e[HEAD].update(data_offsets=[-496, 0]), f"the tensor '{HEAD}' has wrong offsets"),
        (lambda e: e.update({ROWS: None}), "not subscriptable"),
        (lambda e: e.update({HEAD: "I8"}), f"the tensor '{ROWS}' is missing or does not belong"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_one_error(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    make_compact(tmp_path / "m")
    rewrite(tmp_path / "m" / FILE, change)
    with pytest.raises(ModelError) as caught:
        read_model(tmp_path / "m", Path("models/m"))
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"models/m/{FILE}: not a model of escriba: ")
    assert reason in problem.message


@pytest.mark.parametrize("factor", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize("load_it", [quantise, Wasm])
def test_factors_that_give_no_numbers(
    tmp_path: Path, factor: float, load_it: Callable[[Model], object]
) -> None:
    _, model = make_compact(tmp_path / "m")
    at = model.tensors["layers.1.weight_hh"].factors
    assert at is not None
    data = bytearray(model.path.read_bytes())
    data[at.start : at.start + 4] = np.float32(factor).tobytes()
    model.path.write_bytes(data)
    with pytest.raises(ModelError) as caught:
        load_it(read_model(tmp_path / "m"))
    assert str(caught.value) == (
        f"{model.path}: the tensor 'layers.1.weight_hh' has numbers that are not finite"
    )


@pytest.mark.parametrize("value", [-128, 0])
def test_numbers_that_rounding_never_gives_are_numbers(tmp_path: Path, value: int) -> None:
    """-128, and a row of zeros: both engines write the same, whatever is in the file."""
    _, model = make_compact(tmp_path / "m")
    tensor = model.tensors["head.weight"]
    data = bytearray(model.path.read_bytes())
    data[tensor.start : tensor.start + 16] = np.full(16, value, np.int8).tobytes()
    model.path.write_bytes(data)
    model = read_model(tmp_path / "m")
    integers, image = quantise(model), Wasm(model)
    assert np.all(np.abs(integers.head.q.astype(int)) <= 127)
    assert image.logit_shift == integers.head.shift + integers.activation_shift


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    _, model = make_compact(tmp_path / "m")
    model.path.write_bytes(model.path.read_bytes()[:-1])
    with pytest.raises(ModelError, match="the file is truncated or padded"):
        read_model(tmp_path / "m")


@given(data=st.data())
@settings(max_examples=60)
def test_any_header_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("any") / "m"
    make_compact(folder, hidden=3, layers=1, symbols="abc")
    path = folder / FILE

    def change(entries: dict[str, Any]) -> None:
        names = sorted(set(entries) - {"__metadata__"})
        entry = entries[data.draw(st.sampled_from(names))]
        key = data.draw(st.sampled_from(["dtype", "shape", "data_offsets"]))
        entry[key] = data.draw(
            st.sampled_from(
                ["F32", "I8", "F16", None, 3, [3], [9, 3], [0, 12], [[0], 12], [1e9, 2]]
            )
        )

    rewrite(path, change)
    try:
        text = Engine(read_model(folder)).sample(Options(length=5))
    except ModelError as error:
        assert str(error).startswith(f"{path}: ")
        assert len(error.problems) == 1
    else:
        assert len(text) == 5
