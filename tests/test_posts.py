"""The demonstration articles: their code runs, prints what they show, and is right.

Everything here is read from the posts themselves.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import math_core
import numpy as np
import pytest
import yaml

from escriba.article.blocks import KINDS

POSTS = Path(__file__).parents[1] / "posts"
FENCE = re.compile(r"^```(\S+)([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Article:
    text: str

    @cached_property
    def front_matter(self) -> Mapping[str, Any]:
        front: Mapping[str, Any] = yaml.safe_load(self.text.split("---\n")[1])
        return front

    @cached_property
    def fences(self) -> list[tuple[str, str]]:
        """(language, body) of each fence, in order."""
        return [(language, body) for language, _, body in FENCE.findall(self.text)]

    @cached_property
    def prose(self) -> str:
        return FENCE.sub("", self.text.split("---\n", 2)[2])

    @property
    def formulas(self) -> list[str]:
        return re.findall(r"\$\$(.+?)\$\$", self.prose, re.DOTALL)

    @property
    def blocks(self) -> list[tuple[str, dict[str, Any]]]:
        """The blocks, each with its kind, without what only the reader sees."""
        found = [
            (kind.strip(), yaml.safe_load(body))
            for language, kind, body in FENCE.findall(self.text)
            if language == "escriba"
        ]
        words = ("caption", "labels")
        return [(kind, {k: v for k, v in b.items() if k not in words}) for kind, b in found]

    @property
    def inline_values(self) -> list[str]:
        return re.findall(r"`escriba (\S+)`", self.prose)

    @property
    def links(self) -> list[str]:
        return re.findall(r"\]\((\S+)\)", self.prose)

    @property
    def code(self) -> list[str]:
        return [body for language, body in self.fences if language == "python"]


@dataclass(frozen=True)
class Run:
    """The article's Python after all of it has run, in order, in one namespace."""

    names: Mapping[str, Any]
    printed: list[str]
    shown: list[str]  # the `text` fence that follows each block, or nothing


def read(name: str) -> Article:
    return Article((POSTS / name).read_text(encoding="utf-8"))


def run(article: Article) -> Run:
    names: dict[str, Any] = {}
    printed, shown = [], []
    following = [*article.fences[1:], ("", "")]
    for (language, body), (after, output) in zip(article.fences, following, strict=True):
        if language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(body, "article", "exec"), names)
            printed.append(out.getvalue())
            shown.append(output if after == "text" else "")
    return Run(names, printed, shown)


SPANISH = read("2026-11-23-redes-neuronales-recurrentes.md")
ENGLISH = read("2026-11-23-recurrent-neural-networks.md")
both = pytest.mark.parametrize("article", [SPANISH, ENGLISH], ids=["es", "en"])


@pytest.fixture(scope="module")
def names() -> Mapping[str, Any]:
    """What the article's code defines; the English one is shown to be the same below."""
    return run(SPANISH).names


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch", reason="torch is not installed: no oracle for the code")


@both
def test_the_code_prints_what_the_article_shows(article: Article) -> None:
    done = run(article)
    assert len(done.printed) >= 6
    assert done.printed == done.shown


def bare(code: str) -> str:
    """A block's syntax tree without comments and docstrings."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            del node.body[0]
    return ast.dump(tree)


def test_the_translation_keeps_code_formulas_requests_values_and_links() -> None:
    assert [bare(code) for code in ENGLISH.code] == [bare(code) for code in SPANISH.code]
    assert ENGLISH.formulas == SPANISH.formulas
    assert ENGLISH.blocks == SPANISH.blocks
    assert ENGLISH.inline_values == SPANISH.inline_values
    assert ENGLISH.links == SPANISH.links
    languages = [language for language, _ in SPANISH.fences]
    assert [language for language, _ in ENGLISH.fences] == languages


def test_the_front_matter_joins_the_two_languages() -> None:
    assert (SPANISH.front_matter["lang"], ENGLISH.front_matter["lang"]) == ("es", "en")
    assert ENGLISH.front_matter["translates"] == SPANISH.front_matter["slug"]
    assert ENGLISH.front_matter["date"] == SPANISH.front_matter["date"]


@both
def test_every_formula_is_tex_that_we_can_set(article: Article) -> None:
    converter = math_core.LatexToMathML()
    assert len(article.formulas) >= 30
    for formula in article.formulas:
        markup = converter.convert_with_local_state(formula.strip(), displaystyle=True)
        assert markup.startswith("<math"), formula


def test_every_kind_of_figure_is_in_place() -> None:
    # A playground is a sample that readers can write again.
    assert {kind for kind, _ in SPANISH.blocks} == set(KINDS) - {"sample"}


def test_the_three_temperatures_share_prompt_and_seed() -> None:
    samples = [block for kind, block in SPANISH.blocks if kind == "playground"]
    tolstoi = [request for request in samples if request["model"] == "tolstoi"]
    assert [request.pop("temperature") for request in tolstoi] == [0.4, 0.7, 1.0]
    assert tolstoi == [tolstoi[0]] * 3


@pytest.mark.parametrize(
    ("input_size", "hidden_size"), [(1, 1), (5, 8), (3, 17), (64, 32), (128, 128)]
)
def test_the_cell_is_torch_rnn(
    names: Mapping[str, Any], torch: Any, input_size: int, hidden_size: int
) -> None:
    rng = np.random.default_rng(input_size)
    cell = names["RNNCell"](input_size, hidden_size, rng)
    oracle = torch.nn.RNN(input_size, hidden_size, dtype=torch.float64)
    copy_weights(cell, oracle, 0)
    sequence = rng.normal(size=(300, input_size))

    h, states = np.zeros(hidden_size), []
    for x in sequence:
        h = cell(x, h)
        states.append(h)

    with torch.no_grad():
        expected, _ = oracle(torch.from_numpy(sequence))
    np.testing.assert_allclose(np.stack(states), expected.numpy(), rtol=0, atol=1e-12)


def test_the_plain_stack_is_torch_rnn_with_layers(names: Mapping[str, Any], torch: Any) -> None:
    rng = np.random.default_rng(1)
    cells = [names["RNNCell"](8, 8, rng) for _ in range(4)]
    oracle = torch.nn.RNN(8, 8, num_layers=4, dtype=torch.float64)
    for layer, cell in enumerate(cells):
        copy_weights(cell, oracle, layer)
    sequence = rng.normal(size=(100, 8))

    with torch.no_grad():
        expected, _ = oracle(torch.from_numpy(sequence))
    outputs = names["run"](cells, sequence, residual=False)
    np.testing.assert_allclose(outputs, expected.numpy(), rtol=0, atol=1e-12)


def test_the_residual_stack_adds_each_layer_to_its_input(
    names: Mapping[str, Any], torch: Any
) -> None:
    rng = np.random.default_rng(2)
    cells = [names["RNNCell"](8, 8, rng) for _ in range(4)]
    sequence = rng.normal(size=(100, 8))

    x = torch.from_numpy(sequence)
    for cell in cells:
        layer = torch.nn.RNN(8, 8, dtype=torch.float64)
        copy_weights(cell, layer, 0)
        with torch.no_grad():
            x = x + layer(x)[0]
    np.testing.assert_allclose(names["run"](cells, sequence), x.numpy(), rtol=0, atol=1e-12)


def copy_weights(cell: Any, oracle: Any, layer: int) -> None:
    """torch's weights of a layer, drawn anew by torch, into the article's cell."""
    for name in ("w_ih", "w_hh", "b_ih", "b_hh"):
        kind, place = name.split("_")
        tensor = getattr(oracle, f"{ {'w': 'weight', 'b': 'bias'}[kind] }_{place}_l{layer}")
        assert getattr(cell, name).shape == tuple(tensor.shape)
        setattr(cell, name, tensor.detach().numpy())


@pytest.mark.parametrize("max_norm", [0.01, 1.0, 5.0, 1000.0])
@pytest.mark.parametrize("shapes", [[(3,)], [(4, 5), (5,), ()], [(128, 64), (128,), (2, 3, 4)]])
def test_clipping_is_torch_clip_grad_norm(
    names: Mapping[str, Any], torch: Any, shapes: list[tuple[int, ...]], max_norm: float
) -> None:
    rng = np.random.default_rng(len(shapes))
    before = [np.asarray(rng.normal(size=shape)) for shape in shapes]
    parameters = []
    for gradient in before:
        parameter = torch.nn.Parameter(torch.zeros(gradient.shape, dtype=torch.float64))
        parameter.grad = torch.from_numpy(gradient.copy())
        parameters.append(parameter)
    gradients = [gradient.copy() for gradient in before]

    norm = names["clip_by_norm"](gradients, max_norm)

    expected = torch.nn.utils.clip_grad_norm_(parameters, max_norm)
    assert norm == pytest.approx(expected.item(), rel=1e-12)
    for gradient, parameter in zip(gradients, parameters, strict=True):
        # torch divides by the norm plus 1e-6
        np.testing.assert_allclose(gradient, parameter.grad.numpy(), rtol=1e-5)
    after = np.concatenate([gradient.ravel() for gradient in gradients])
    assert np.linalg.norm(after) == pytest.approx(min(norm, max_norm), rel=1e-12)


def test_clipping_leaves_a_null_gradient_alone(names: Mapping[str, Any]) -> None:
    gradients = [np.zeros(3)]
    assert names["clip_by_norm"](gradients, 1.0) == 0
    assert not gradients[0].any()


@pytest.mark.parametrize("temperature", [0.1, 0.7, 1.0, 3.0])
def test_softmax_is_torch_softmax(names: Mapping[str, Any], torch: Any, temperature: float) -> None:
    scores = np.random.default_rng(0).normal(size=87) * 300
    expected = torch.softmax(torch.from_numpy(scores) / temperature, 0).numpy()
    np.testing.assert_allclose(names["softmax"](scores, temperature), expected, atol=1e-14)


def test_writing_reads_the_whole_prompt_and_then_its_own_symbols(
    names: Mapping[str, Any],
) -> None:
    """The step here is sure that the symbol after s is s + 1, modulo 5."""

    def step(symbol: int, read: tuple[int, ...]) -> tuple[Any, tuple[int, ...]]:
        states.append(read := (*read, int(symbol)))
        return 1000.0 * np.eye(5)[(symbol + 1) % 5], read

    states: list[tuple[int, ...]] = []
    rng = np.random.default_rng(0)
    written: Iterator[int] = names["write"](step, (), [4, 2], 6, 1.0, rng)
    assert [int(symbol) for symbol in written] == [3, 4, 0, 1, 2, 3]
    assert states[-1] == (4, 2, 3, 4, 0, 1, 2, 3)


def test_drawing_follows_the_probabilities(names: Mapping[str, Any]) -> None:
    scores = np.array([2.0, 1.0, 0.0])
    rng = np.random.default_rng(0)
    written = names["write"](lambda symbol, state: (scores, state), None, [0], 20_000, 0.7, rng)
    counts = np.bincount(np.fromiter(written, int), minlength=3)
    np.testing.assert_allclose(counts / 20_000, names["softmax"](scores, 0.7), atol=0.01)
