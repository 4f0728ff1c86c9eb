"""Recipes: whatever stands in one, it is refused with its place, or trained without an accident."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from escriba import project  # noqa: E402
from escriba.charlm.training.train import train  # noqa: E402
from escriba.errors import EscribaError  # noqa: E402
from escriba.model import read_model  # noqa: E402
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


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
