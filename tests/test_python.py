"""What docs/python.md shows works as it stands."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import escriba

ROOT = Path(__file__).parents[1]
TEXT = "Prince Andrew went into the room."


def read_code(section: str) -> list[str]:
    """The Python of a section of the document, block by block."""
    text = (ROOT / "docs" / "python.md").read_text("utf-8")
    part = text.partition(f"# {section}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", part, re.S)
    assert blocks
    return blocks


@pytest.fixture
def execute(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    monkeypatch.chdir(ROOT)

    def run(code: str, **names: Any) -> dict[str, Any]:
        exec(compile(code, "docs/python.md", "exec"), names)
        return names

    return run


def test_the_first_lines(
    execute: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = read_code("From Python")
    model = execute(code)["model"]
    first, last = capsys.readouterr().out.rstrip("\n").rsplit("\n", 1)
    assert first == str(model.sample("Well, Prince", length=200, temperature=0.7, seed=42))
    assert last == f"{model.loss(TEXT)} nats per character"


def test_the_weights_in_torch(execute: Callable[..., dict[str, Any]]) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from escriba.charlm.network import load_network
    from escriba.records.model import read_model

    loading, running = read_code("The weights in torch")
    assert len(loading.partition("\n\n")[2].splitlines()) == 3, "in three lines"
    model = escriba.load("tolstoi", project=ROOT)
    symbols = torch.tensor(model.vocabulary.encode("\n" + TEXT[:-1])).unsqueeze(1)
    with torch.inference_mode():
        logits = execute(loading + running, symbols=symbols)["logits"]
        expected, _ = load_network(read_model(ROOT / "models" / "tolstoi"))(symbols)
    torch.testing.assert_close(logits, expected, rtol=0, atol=1e-4)
    scores = torch.log_softmax(logits[:, 0].double(), 1).numpy()
    assert np.sqrt(((scores - model.distributions(TEXT)) ** 2).mean()) < 0.1


def test_onnx(
    execute: Callable[..., dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    import onnxruntime

    loading, _ = read_code("The weights in torch")
    names = execute(loading)
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's own, about itself
        exec("\n".join(read_code("ONNX")), names)
    session = onnxruntime.InferenceSession("step.onnx")
    step = names["Step"]()
    random = np.random.default_rng(0)
    for batch in (1, 3):
        h = c = np.zeros((4, batch, 128), np.float32)
        for _ in range(5):
            symbols = random.integers(82, size=(1, batch))
            with torch.inference_mode():
                expected = step(*(torch.tensor(value) for value in (symbols, h, c)))
            logits, h, c = session.run(None, {"symbols": symbols, "h": h, "c": c})
            for found, value in zip((logits, h, c), expected, strict=True):
                np.testing.assert_allclose(found, value.numpy(), rtol=0, atol=1e-4)
