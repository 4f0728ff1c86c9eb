"""Recipes: whatever stands in one, it is refused with its place, or trained without an accident."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from escriba.charlm.training.train import train  # noqa: E402
from escriba.ground import project, schema  # noqa: E402
from escriba.ground.errors import EscribaError, Place, SourceError  # noqa: E402
from escriba.records.model import read_model  # noqa: E402
from escriba.records.recipe import Recipe  # noqa: E402
from escriba.sampling.engine import Engine  # noqa: E402
from escriba.sampling.request import Options  # noqa: E402

TEXT = "uno dos tres cuatro cinco\n" * 40
SOURCE = "sources: [{file: text.txt}]"

# Numbers as strangers write them.
ODD = [
    ".nan", ".inf", "-.inf", "nan", "inf", "1e400", "-1e400", "1e-400", "1e999999999", "-1", "0",
    "-0.0", "1e30", "1" + "0" * 30, "9223372036854775807", "9223372036854775808",
    "18446744073709551616", "9" * 5000, "0x10", "1_0", "１２", "''", "null", "[]", "{}", "true",
    "1.5", "4294967296", "65536", "65537", "1e-5", "0.9", "10", "1e308", "2147483648",
]  # fmt: skip
# Of each key what it may well be, and small; 'hidden' never so large that it takes long.
USUAL = {
    "network": {
        "cell": ["rnn", "gru", "lstm", "x"],
        "layers": ["1", "2", "64", "65"],
        "hidden": ["1", "2", "7", "8192", "8193"],
        "residual": ["true", "false"],
        "dropout": ["0", "0.5", "0.9"],
    },
    "training": {
        "budget": ["1 minute", "best", "1 day"],
        "minutes": ["0", "0.001", "1e7", "1e8"],
        "epochs": ["0", "0.5", "1e-9", "1e12"],
        "steps": ["0", "1", "2", "9", "1000000000000"],
        "batch": ["1", "3", "65536"],
        "window": ["1", "5", "65536"],
        "optimiser": ["adamw", "muon"],
        "learning-rate": ["0", "0.01", "10"],
        "warmup": ["0", "1", "1000000000000"],
        "weight-decay": ["0", "0.1", "10"],
        "clip": ["null", "0", "1", "1e308"],
        "precision": ["auto", "float32", "bfloat16"],
        "patience": ["true", "false"],
        "log-every": ["1", "2", "100000", "100001"],
        "seed": ["0", "1", "9223372036854775807"],
    },
    "corpus": {
        "unit": ["characters", "bytes"],
        "unwrap": ["true"],
        "split": ["[80, 10, 10]", "[1, 1, 98]", "[98, 2, 0]", "[1e9, 0, 0]", "[.nan, 1, 1]",
                  "[100, 0, 0]", "[200, -50, -50]", "[33]", "[" + "1, " * 300 + "1]"],
        "stretches": ["1", "10000", "10001"],
        "exclude": ["['*.png']", "['text.txt']", "['**']", "[']']"],
        "name": ["x", "'\\0'", '"\\u0000"', '"\\e[2J"'],
    },
}  # fmt: skip
KEYS = [(section, key) for section, keys in USUAL.items() for key in keys]


@st.composite
def recipes(draw: st.DrawFn) -> str:
    """The text of a recipe with a few keys set to what is usual for them, or to anything."""
    sections: dict[str, dict[str, str]] = {"corpus": {}, "network": {}, "training": {}}
    for section, key in draw(st.lists(st.sampled_from(KEYS), max_size=6, unique=True)):
        usual = st.sampled_from(USUAL[section][key])
        sections[section][key] = draw(st.one_of(*[usual] * 5, st.sampled_from(ODD)))
    small = {"hidden": "3", "layers": "1"}
    sections["network"] = small | sections["network"]
    lines = {
        name: ", ".join(f"{k}: {v}" for k, v in keys.items()) for name, keys in sections.items()
    }
    return (
        f"corpus: {{{SOURCE}, {lines['corpus']}}}\n"
        f"network: {{{lines['network']}}}\ntraining: {{{lines['training']}}}\n"
    )


def make_site(root: Path, recipe: str) -> project.Project:
    folder = root / "models" / "count"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (root / "escriba.yml").write_text("title: test\n")
    (root / "text.txt").write_text(TEXT)
    (folder / "recipe.yml").write_text(recipe, "utf-8")
    return project.load(root)


@settings(max_examples=25)
@given(recipes())
def test_a_recipe_is_refused_or_trained(tmp_path: Path, recipe: str) -> None:
    torch.set_num_threads(1)
    site = make_site(tmp_path, recipe)
    looks = count()
    try:
        train(site, "count", stop=lambda: next(looks) > 0, checkpoint_every=0, validate_every=5)
        train(site, "count", steps=9)
    except EscribaError as error:
        assert "models/count/recipe.yml" in str(error) or "too small" in str(error), str(error)
    if (site.models / "count" / "weights.safetensors").exists():
        text = Engine(read_model(site.models / "count")).sample(Options(length=5))
        assert len(text) >= 2


def read(text: str) -> Recipe:
    return schema.read(Recipe, text, Place(Path("recipe.yml"), 1))


def refusal(text: str) -> str:
    with pytest.raises(SourceError) as caught:
        read(text)
    return str(caught.value)


NUMBER = "must be a number"
WHOLE = "must be a whole number"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("training: {learning-rate: .nan}", f"2:27: 'learning-rate' {NUMBER}, not '.nan'"),
        ("training: {learning-rate: nan}", f"2:27: 'learning-rate' {NUMBER}, not 'nan'"),
        ("training: {learning-rate: 10.1}", "2:27: 'learning-rate' must be from 0 to 10, not '10.1'"),
        ("training: {minutes: 1e400}", f"2:21: 'minutes' {NUMBER}, not '1e400'"),
        ("training: {minutes: .inf}", f"2:21: 'minutes' {NUMBER}, not '.inf'"),
        ("training: {minutes: 1e300}", "2:21: 'minutes' must be more than 0, at most 10000000, not '1e300'"),
        ("training: {minutes: -1}", "2:21: 'minutes' must be more than 0, at most 10000000, not '-1'"),
        ("training: {epochs: inf}", f"2:20: 'epochs' {NUMBER}, not 'inf'"),
        ("training: {epochs: 1e300}", "2:20: 'epochs' must be more than 0, at most 1000000000000, not '1e300'"),
        (f"training: {{steps: 1{'0' * 30}}}", f"2:19: 'steps' must be more than 0, at most 1000000000000, not '1{'0' * 30}'"),
        (f"training: {{steps: {'9' * 5000}}}", f"2:19: 'steps' {WHOLE}, not '{'9' * 79}…'"),
        ("training: {steps: 1e3}", f"2:19: 'steps' {WHOLE}, not '1e3'"),
        ("training: {seed: 9223372036854775808}", "2:18: 'seed' must be from 0 to 9223372036854775807, not '9223372036854775808'"),
        ("training: {clip: .nan}", f"2:18: 'clip' {NUMBER}, not '.nan'"),
        ("training: {clip: -1}", "2:18: 'clip' must be at least 0, not '-1'"),
        ("training: {batch: 65537}", "2:19: 'batch' must be from 1 to 65536, not '65537'"),
        ("training: {window: 0}", "2:20: 'window' must be from 1 to 65536, not '0'"),
        ("training: {warmup: 99999999999999}", "2:20: 'warmup' must be from 0 to 1000000000000, not '99999999999999'"),
        ("training: {log-every: 100001}", "2:23: 'log-every' must be from 1 to 100000, not '100001'"),
        ("training: {weight-decay: -.inf}", f"2:26: 'weight-decay' {NUMBER}, not '-.inf'"),
        ("network: {dropout: 0.91}", "2:20: 'dropout' must be from 0 to 0.9, not '0.91'"),
        ("network: {hidden: 8193}", "2:19: 'hidden' must be from 1 to 8192, not '8193'"),
        ("network: {layers: ２}", f"2:19: 'layers' {WHOLE}, not '２'"),
    ],
)  # fmt: skip
def test_a_number_that_is_none_or_too_large_is_located(line: str, message: str) -> None:
    assert refusal(f"corpus: {{{SOURCE}}}\n{line}") == f"recipe.yml:{message}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("split: [1e9, 0, 0]", f"1:46: 'split' {WHOLE}, not '1e9'"),
        (f"split: [{'9' * 300}, 0, 1]", f"1:9: 'split' must be three shares that add up to 100, not ({'9' * 78}…"),
        (f"split: [{', '.join(['1'] * 5000)}]", "1:9: 'split' must be three shares that add up to 100, not (" + "1, " * 26 + "…"),
        ("stretches: 10001", "1:50: 'stretches' must be from 1 to 10000, not '10001'"),
        ("unit: bits", "1:45: 'unit' must be one of characters, bytes, not 'bits'"),
        (f"exclude: [{', '.join(['a'] * 1001)}]", "1:9: 'exclude' has 1001 entries, of at most 1000"),
        (f"name: {'x' * 99_993}", "1:9: its names, licences, origins and addresses have 100001 characters, of at most 100000"),
    ],
)  # fmt: skip
def test_what_a_corpus_cannot_be_is_located(line: str, message: str) -> None:
    assert refusal(f"corpus: {{{SOURCE}, {line}}}") == f"recipe.yml:{message}"


def test_there_are_only_so_many_sources() -> None:
    lines = "".join(f"    - file: {n}.txt\n" for n in range(1001))
    assert refusal(f"corpus:\n  sources:\n{lines}") == (
        "recipe.yml:2:3: 'sources' has 1001 entries, of at most 1000"
    )


def test_aliases_are_written_out_before_they_are_counted() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in zip("abcdef", "bcdefg", strict=True)
    ]
    found = refusal("\n".join([*lines, f"corpus: {{{SOURCE}, exclude: *g}}"]))
    assert found.startswith("recipe.yml:")
    assert "values, with each alias written out" in found


@pytest.mark.parametrize("sha256", ["0" * 63, "G" * 64, "0" * 100_000])
def test_a_digest_that_is_none_is_shown_in_part(sha256: str) -> None:
    found = refusal(f"corpus: {{sources: [{{sha256: '{sha256}'}}]}}")
    assert found.startswith("recipe.yml:1:20: 'sha256' must be 64 lower-case hex digits, not '")
    assert len(found) < 200


def test_bounds_are_included() -> None:
    recipe = read(
        f"corpus: {{{SOURCE}}}\nnetwork: {{dropout: 0.9}}\n"
        "training: {seed: 9223372036854775807, learning-rate: 10, clip: 0, minutes: 1e7}"
    )
    assert recipe.network.dropout == 0.9
    assert recipe.training.seed == 2**63 - 1


@pytest.mark.parametrize("seed", ["0", "18446744073709", "9223372036854775807"])
def test_every_seed_can_be_trained_with(tmp_path: Path, seed: str) -> None:
    torch.set_num_threads(1)
    recipe = (
        f"corpus: {{{SOURCE}}}\nnetwork: {{hidden: 3, layers: 1}}\ntraining: {{seed: {seed}}}\n"
    )
    site = make_site(tmp_path, recipe)
    assert train(site, "count", epochs=2).finished


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"minutes": float("inf")}, "'minutes' must be more than 0, at most 10,000,000, not inf"),
        ({"minutes": float("nan")}, "'minutes' must be more than 0, at most 10,000,000, not nan"),
        ({"epochs": float("inf")}, "'epochs' must be more than 0, at most 1,000,000,000,000, not inf"),
        ({"epochs": 1e300}, "'epochs' must be more than 0, at most 1,000,000,000,000, not 1e+300"),
        ({"steps": 10**30}, f"'steps' must be more than 0, at most 1,000,000,000,000, not {10**30}"),
        ({"steps": -1}, "'steps' must be more than 0, at most 1,000,000,000,000, not -1"),
        ({"steps": 0}, "'steps' must be more than 0, at most 1,000,000,000,000, not 0"),
        ({"minutes": 0}, "'minutes' must be more than 0, at most 10,000,000, not 0"),
        ({"epochs": 0.0}, "'epochs' must be more than 0, at most 1,000,000,000,000, not 0.0"),
        ({"checkpoint_every": float("nan")}, "'checkpoint-every' must be at least 0, not nan"),
    ],
)  # fmt: skip
def test_options_of_the_command_are_numbers_too(
    tmp_path: Path, option: dict[str, float], message: str
) -> None:
    site = make_site(tmp_path, f"corpus: {{{SOURCE}}}\n")
    with pytest.raises(SourceError) as caught:
        train(site, "count", **option)  # type: ignore[arg-type]
    assert str(caught.value) == message
