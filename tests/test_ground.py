"""Errors with places, digests, projects, the model file."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escriba.ground import project
from escriba.ground.digest import canonical, digest
from escriba.ground.errors import FrozenError, ModelError, Place, Problem, SourceError, suggest
from escriba.ground.mistakes import Mistakes
from escriba.records.model import read_model
from escriba.sampling.engine import Engine
from escriba.sampling.request import Options
from support.models import make_model


def test_a_place_reads_as_compilers_write_it() -> None:
    path = Path("posts") / "a.md"
    assert str(Place(path)) == "posts/a.md"
    assert str(Place(path, 14)) == "posts/a.md:14"
    assert str(Place(path, 14, 3)) == "posts/a.md:14:3"
    assert str(SourceError("unknown option", Place(path, 14).moved(2, 1))) == (
        "posts/a.md:16:1: unknown option"
    )


def test_mistakes_are_raised_together_sorted_and_once() -> None:
    mistakes = Mistakes()
    mistakes.check()
    a, b = Problem("second", Place(Path("b"), 2)), Problem("first", Place(Path("a"), 9))
    for error in (FrozenError(a), ModelError(b), ModelError(b), FrozenError("nowhere")):
        with mistakes.collect():
            raise error
    with pytest.raises(ModelError) as caught:
        mistakes.check()
    assert [str(p) for p in caught.value.problems] == ["a:9: first", "b:2: second", "nowhere"]
    assert caught.value.exit_code == 4


def test_warnings_end_nothing_and_are_told_with_what_does() -> None:
    mistakes = Mistakes()
    here = Place(Path("a"), 9, 2)
    for place in (here, Place(Path("a"), 3), here):
        mistakes.warn(Problem("this is lost", place))
    mistakes.check()
    told = ["a:3: warning: this is lost", "a:9:2: warning: this is lost"]
    assert [str(w) for w in mistakes.sorted_warnings()] == told
    mistakes.add(FrozenError("nowhere"))
    with pytest.raises(FrozenError) as caught:
        mistakes.check()
    assert [str(w) for w in caught.value.warnings] == told
    assert pickle.loads(pickle.dumps(caught.value)).warnings == caught.value.warnings


def test_suggestions() -> None:
    assert suggest("temprature", ["temperature", "seed"]) == " (did you mean 'temperature'?)"
    assert suggest("x", ["temperature", "seed"]) == " (allowed: seed, temperature)"
    assert suggest("x", []) == ""


def test_canonical_bytes_do_not_depend_on_order_and_refuse_floats() -> None:
    assert canonical({"b": [1, None], "a": "ñ"}) == '{"a":"ñ","b":[1,null]}'.encode()
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    for value in (0.5, [0.5], {"a": {"b": 0.5}}):
        with pytest.raises(TypeError):
            canonical(value)
    with pytest.raises(TypeError):
        canonical({1: "a"})


def test_a_project_is_found_from_any_folder_inside(tmp_path: Path) -> None:
    (tmp_path / "escriba.yml").write_text("title: Mío\noutput: public\n", encoding="utf-8")
    inside = tmp_path / "posts" / "2020"
    inside.mkdir(parents=True)
    found = project.find(inside)
    assert found.settings.title == "Mío"
    assert found.output == tmp_path.resolve() / "public"
    assert found.shown(inside / "a.md") == Path("posts/2020/a.md")


def test_no_project_and_wrong_settings(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"^no escriba.yml in .*; `escriba new` makes one$"):
        project.find(tmp_path)
    (tmp_path / "escriba.yml").write_text("titel: x\nurl: https://a.b/\n")
    with pytest.raises(SourceError) as caught:
        project.find(tmp_path)
    assert str(caught.value).splitlines() == [
        "escriba.yml:1:1: unknown key 'titel' (did you mean 'title'?)",
        "escriba.yml:2:6: 'url' must not end in '/', and it is 'https://a.b/'",
    ]


def test_the_digest_covers_weights_and_not_the_record(tmp_path: Path) -> None:
    first = make_model(tmp_path / "a", seed=1)
    again = make_model(tmp_path / "b", seed=1)
    other = make_model(tmp_path / "c", seed=2)
    assert first.digest == again.digest != other.digest
    assert first.parameters == sum(
        (tensor.end - tensor.start) // 4 for tensor in first.tensors.values()
    )


def rewrite(path: Path, change) -> None:  # type: ignore[no-untyped-def]
    """Change the JSON header of a model file."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    entries = json.loads(data[8 : 8 + length])
    change(entries)
    head = json.dumps(entries).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + data[8 + length :])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: p.unlink(), "the model 'm' has no weights; train it with: escriba train m"),
        (
            lambda p: p.write_bytes(b"abc"),
            "not a whole model file (3 bytes); restore it, or train it with: escriba train m",
        ),
        (
            lambda p: p.write_bytes((1 << 60).to_bytes(8, "little") + b"{}"),
            "not a whole model file (10 bytes); restore it, or train it with: escriba train m",
        ),
        (
            lambda p: rewrite(p, lambda e: e["__metadata__"].update(format="other/2")),
            "not a model of escriba: its format is 'other/2', not 'escriba-charlm/1'; "
            "train it with: escriba train m",
        ),
        (
            lambda p: rewrite(p, lambda e: e.pop("head.bias")),
            "not a model of escriba: the tensor 'head.bias' is missing or does not belong; "
            "train it with: escriba train m",
        ),
        (
            lambda p: rewrite(p, lambda e: e.pop("__metadata__")),
            "not a model of escriba: lacks '__metadata__'; train it with: escriba train m",
        ),
    ],
)
def test_a_damaged_model_file_is_named(tmp_path: Path, damage, message: str) -> None:  # type: ignore[no-untyped-def]
    make_model(tmp_path / "m")
    damage(tmp_path / "m" / "weights.safetensors")
    with pytest.raises(ModelError) as caught:
        read_model(tmp_path / "m", Path("models/m"))
    assert str(caught.value) == f"models/m/weights.safetensors: {message}"


def test_a_truncated_model_file_is_named(tmp_path: Path) -> None:
    make_model(tmp_path / "m")
    path = tmp_path / "m" / "weights.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[:-100])
    with pytest.raises(ModelError) as caught:
        read_model(tmp_path / "m", Path("models/m"))
    assert str(caught.value) == (
        "models/m/weights.safetensors: the file is truncated or padded: "
        f"{len(data) - 100} bytes instead of {len(data)}; "
        "restore it, or train it with: escriba train m"
    )


def network_with(**values: object):  # type: ignore[no-untyped-def]
    def change(entries: dict[str, dict[str, str]]) -> None:
        header = json.loads(entries["__metadata__"]["escriba"])
        header["network"].update(values)
        entries["__metadata__"]["escriba"] = json.dumps(header)

    return change


def vocabulary_with(**values: object):  # type: ignore[no-untyped-def]
    def change(entries: dict[str, dict[str, str]]) -> None:
        header = json.loads(entries["__metadata__"]["escriba"])
        header["vocabulary"].update(values)
        entries["__metadata__"]["escriba"] = json.dumps(header)

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (network_with(hidden=16.0), "a network of Network(cell='lstm', layers=2, hidden=16.0, "),
        (network_with(layers=True), "a network of Network(cell='lstm', layers=True, "),
        (network_with(layers=65), "a network of Network(cell='lstm', layers=65, "),
        (network_with(hidden=10**30), "a network of Network(cell='lstm', layers=2, hidden=1000"),
        (network_with(residual="no"), "a network of Network("),
        (network_with(layers=64, hidden=8192), "it has 131090 MB of weights, of at most 1024"),
        (network_with(cell=["lstm"]), "unhashable type"),
        (
            vocabulary_with(symbols="ba"),
            "the symbols of its vocabulary are not in order, each once",
        ),
        (vocabulary_with(symbols=""), "a vocabulary of 0 symbols"),
        (vocabulary_with(symbols=list("abc")), "its vocabulary is not one of characters or bytes"),
        (vocabulary_with(symbols="a\ud800"), "its vocabulary has symbols that no text has"),
        (
            vocabulary_with(unit="bytes", symbols="a☃"),
            "its vocabulary has symbols that no text has",
        ),
        (
            lambda e: e["head.bias"].update(data_offsets=[0.0, 128.0]),
            "the tensor 'head.bias' has wrong",
        ),
        (lambda e: e["head.bias"].update(data_offsets=[0, 128]), "has wrong offsets"),
        (lambda e: e["head.bias"].update(data_offsets=[-128, 0]), "has wrong offsets"),
        (lambda e: e["head.bias"].update(shape=[1, 32]), "is F32 [1, 32], not F32 [32]"),
    ],
)
def test_a_hostile_header_is_refused(tmp_path: Path, change, reason: str) -> None:  # type: ignore[no-untyped-def]
    make_model(tmp_path / "m")
    rewrite(tmp_path / "m" / "weights.safetensors", change)
    with pytest.raises(ModelError) as caught:
        read_model(tmp_path / "m", Path("models/m"))
    message = str(caught.value)
    assert message.startswith("models/m/weights.safetensors: not a model of escriba: ")
    assert reason in message


def test_a_header_that_nests_without_end_is_refused(tmp_path: Path) -> None:
    make_model(tmp_path / "m")
    head = b"[" * 1_000_000
    path = tmp_path / "m" / "weights.safetensors"
    path.write_bytes(len(head).to_bytes(8, "little") + head)
    with pytest.raises(ModelError, match="not a model of escriba"):
        read_model(tmp_path / "m")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ('{"a": 1e999999}', "not a number of at most 400 digits"),
        ('{"a": 1e309}', "a number larger than any that is computed with"),
        ('{"a": NaN}', "NaN is not a number"),
        ('{"a": ' + "9" * 5000 + "}", "not a whole number of at most 400 digits"),
        ('{"a": ' + "[" * 60 + "]" * 60 + "}", "lists and mappings are nested more than 50 deep"),
    ],
)
def test_a_record_out_of_bounds_is_refused(tmp_path: Path, record: str, reason: str) -> None:
    make_model(tmp_path / "m")

    def change(entries: dict[str, dict[str, str]]) -> None:
        text = entries["__metadata__"]["escriba"]
        value = json.loads(text)
        value["record"] = "HERE"
        entries["__metadata__"]["escriba"] = json.dumps(value).replace('"HERE"', record)

    rewrite(tmp_path / "m" / "weights.safetensors", change)
    with pytest.raises(ModelError, match=f"not a model of escriba: {reason}"):
        read_model(tmp_path / "m")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(data=st.data())
@settings(max_examples=150)
def test_any_header_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    """One value anywhere in the header is another: then the model runs, or a sentence says why."""
    make_model(tmp_path / "m", hidden=3, layers=1, symbols="abc")
    path = tmp_path / "m" / "weights.safetensors"

    def change(entries: dict[str, object]) -> None:
        header = json.loads(entries["__metadata__"]["escriba"])  # type: ignore[index]
        at: object = data.draw(st.sampled_from([entries, header, header]))
        whole = at
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))  # type: ignore
            key = data.draw(st.sampled_from(keys))
            inner = at[key]  # type: ignore[index]
            if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
                at[key] = data.draw(JSON)  # type: ignore[index]
                break
            at = inner
        if whole is header:
            entries["__metadata__"]["escriba"] = json.dumps(header)  # type: ignore[index]

    rewrite(path, change)
    try:
        model = read_model(tmp_path / "m")
        text = Engine(model).sample(Options(length=5))
    except ModelError as error:
        assert str(error).startswith(f"{path}: ")
    else:
        assert len(text) == 5
