"""Training: it learns, keeps the best, stops when asked, and goes on where it stopped."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from escriba import project  # noqa: E402
from escriba.charlm.corpus import encode, read_corpus  # noqa: E402
from escriba.charlm.evaluate import evaluate, write_evaluation  # noqa: E402
from escriba.charlm.recipe import TrainingRecipe, read_recipe  # noqa: E402
from escriba.charlm.schedule import learning_rate  # noqa: E402
from escriba.charlm.train import train  # noqa: E402
from escriba.charlm.windows import Reader  # noqa: E402
from escriba.errors import ModelError, SourceError, TrainingError  # noqa: E402
from escriba.model import read_model  # noqa: E402

RECIPE = """
corpus:
  name: counting
  licence: none
  sources:
    - file: text.txt
network: {layers: 2, hidden: 16, cell: CELL}
training: {epochs: 4, batch: 4, window: 16, learning-rate: 0.02, warmup: 5, clip: 1.0}
"""
TEXT = "uno dos tres cuatro cinco\n" * 300


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def make_site(root: Path, cell: str = "lstm") -> project.Project:
    folder = root / "models" / "count"
    folder.mkdir(parents=True)
    (root / "escriba.yml").write_text("title: test\n")
    (root / "text.txt").write_text(TEXT)
    (folder / "recipe.yml").write_text(RECIPE.replace("CELL", cell))
    return project.load(root)


def weights(site: project.Project) -> bytes:
    return (site.models / "count" / "weights.safetensors").read_bytes()


def log_of(site: project.Project) -> list[dict[str, object]]:
    text = (site.models / "count" / "training.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_regular_text_is_learnt(tmp_path: Path, cell: str) -> None:
    site = make_site(tmp_path, cell)
    result = train(site, "count")
    model = read_model(site.models / "count")
    assert result.finished
    assert result.best < 0.4  # nats; the unigram entropy of the text is 2.3
    assert model.network.cell == cell
    assert model.record["training"]["validation"] == f"{result.best:.4f}"
    assert model.record["corpus"]["characters"] == len(TEXT)
    assert (
        model.record["corpus"]["digest"]
        == read_corpus(read_recipe(site.models, "count", site.root).corpus, site).digest
    )
    found = evaluate(site, "count")
    assert [e.part for e in found] == ["validation", "test"]
    assert found[0].nats == pytest.approx(result.best, abs=5e-3)
    assert found[0].bits == pytest.approx(found[0].nats / math.log(2))
    assert "nats-per-byte" in write_evaluation(site.models / "count", found).read_text()


def test_an_interrupted_run_ends_in_the_same_weights(tmp_path: Path) -> None:
    whole = make_site(tmp_path / "whole")
    train(whole, "count")
    broken = make_site(tmp_path / "broken")
    for steps in (37, 120):
        count = iter(range(10**9))
        result = train(broken, "count", stop=lambda c=count, n=steps: next(c) >= n)
        assert not result.finished
    result = train(broken, "count")
    assert result.finished
    assert _tensors(whole) == _tensors(broken)
    steps = [line["step"] for line in log_of(broken) if "loss" in line]
    assert steps == [line["step"] for line in log_of(whole) if "loss" in line]


def _tensors(site: project.Project) -> dict[str, bytes]:
    model = read_model(site.models / "count")
    data = weights(site)
    return {name: data[t.start : t.end] for name, t in model.tensors.items()}


def test_a_finished_run_is_not_repeated_and_restart_begins_again(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    first = train(site, "count")
    before = weights(site)
    assert train(site, "count").step == first.step
    assert weights(site) == before
    assert train(site, "count", epochs=1, restart=True).step < first.step


def test_a_changed_recipe_does_not_go_on_silently(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    train(site, "count", epochs=1)
    recipe = site.models / "count" / "recipe.yml"
    recipe.write_text(recipe.read_text().replace("hidden: 16", "hidden: 17"))
    with pytest.raises(TrainingError) as caught:
        train(site, "count")
    assert str(caught.value) == (
        "models/count/recipe.yml: the recipe or the corpus has changed since the checkpoint was "
        "written; undo the change, or begin again with: escriba train count --restart"
    )


def test_a_broken_checkpoint_is_named(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    train(site, "count", epochs=1)
    (site.models / "count" / "checkpoint" / "state.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match=r"begin again with: escriba train count --restart$"):
        train(site, "count")


def test_an_exploding_loss_stops_with_the_best_weights_kept(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    train(site, "count", epochs=1)
    kept = weights(site)
    recipe = site.models / "count" / "recipe.yml"
    recipe.write_text(
        recipe.read_text().replace("0.02", "10").replace("clip: 1.0", "clip: 1.0e+30, seed: 2")
    )
    with pytest.raises(TrainingError, match="the best weights"):
        train(site, "count", restart=True, epochs=300, stop=_poison())
    assert weights(site) == kept


def _poison():  # type: ignore[no-untyped-def]
    """Makes the 20th step's numbers infinite, as a real explosion would."""
    count = iter(range(10**9))
    handles = []

    def stop() -> bool:
        if next(count) == 20:
            hook = torch.nn.modules.module.register_module_forward_hook(
                lambda module, given, out: out * math.inf
                if isinstance(module, torch.nn.Linear) else None
            )  # fmt: skip
            handles.append(hook)
        return False

    class Stop:
        def __call__(self) -> bool:
            return stop()

        def __del__(self) -> None:
            for hook in handles:
                hook.remove()

    return Stop()


def test_the_recorded_loss_is_that_of_the_whole_validation_part(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    (tmp_path / "text.txt").write_text(TEXT[: len(TEXT) * 9 // 10] + "xyz\n" * 200)
    result = train(site, "count", validate_on=50)
    model = read_model(site.models / "count")
    assert model.record["training"]["validation"] == f"{result.best:.4f}"
    assert evaluate(site, "count")[0].nats == pytest.approx(result.best, abs=5e-3)
    curve = [float(str(line["validation"])) for line in log_of(site) if "validation" in line]
    assert min(curve) != pytest.approx(result.best, abs=1e-3)


def test_bytes_are_learnt_too(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    (tmp_path / "text.txt").write_text("señor ¿qué? " * 400)
    recipe = site.models / "count" / "recipe.yml"
    recipe.write_text(recipe.read_text().replace("licence: none", "unit: bytes"))
    train(site, "count", epochs=1)
    model = read_model(site.models / "count")
    assert model.vocabulary.unit == "bytes"
    assert len(model.vocabulary) == len(set("señor ¿qué? ".encode()))


def test_the_log_holds_losses_gradients_and_previews(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    train(site, "count", epochs=12)
    lines = log_of(site)
    losses = [line for line in lines if "loss" in line]
    assert set(losses[0]) == {
        "step", "characters", "seconds", "loss", "gradient", "clipped", "rate",
    }  # fmt: skip
    assert losses[0]["characters"] == 100 * 4 * 16
    samples = [line for line in lines if "sample" in line]
    assert [line["step"] for line in samples] == [100, 300, 1000]
    assert all(len(str(line["sample"])) == 300 for line in samples)


def test_windows_cover_the_text_in_order_and_resume_anywhere() -> None:
    text = torch.arange(1000)
    reader = Reader(text, batch=3, window=10, seed=5)
    windows = []
    for window in reader.read():
        if window.epoch == 2:
            break
        windows.append(window)
    assert len(windows) == 2 * reader.steps
    first = windows[: reader.steps]
    streams = torch.cat([w.symbols for w in first])  # (steps * 10, 3)
    assert torch.equal(streams[1:], streams[:-1] + 1)
    assert all(torch.equal(w.targets, w.symbols + 1) for w in windows)
    assert [w.fresh for w in first] == [True] + [False] * (reader.steps - 1)
    resumed = next(reader.read(1, 7))
    assert torch.equal(resumed.symbols, windows[reader.steps + 7].symbols)


@pytest.mark.parametrize("length", [3, 10, 100, 5000])
def test_a_reader_fits_a_short_text(length: int) -> None:
    reader = Reader(torch.arange(length), batch=32, window=64, seed=1).fitted()
    window = next(reader.read())
    assert window.symbols.shape == (reader.window, reader.batch)


def test_the_rate_warms_up_and_ends_low() -> None:
    settings = TrainingRecipe(learning_rate=0.01, warmup=100)
    assert learning_rate(settings, 0, 0.0) == pytest.approx(0.0001)
    assert learning_rate(settings, 99, 0.0) == pytest.approx(0.01)
    assert learning_rate(settings, 5, 0.1) > 0.009  # a short schedule warms up in a tenth of it
    assert learning_rate(settings, 10**6, 1.0) == pytest.approx(0.0002)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("hidden", "hiden"), "models/count/recipe.yml:7:22: unknown key 'hiden' (did you mean 'hidden'?)"),
        (("CELL", "lstn"), "models/count/recipe.yml:7:40: 'cell' must be one of rnn, gru, lstm, not 'lstn'"),
        (("epochs: 4", "epochs: many"), "models/count/recipe.yml:8:20: 'epochs' must be a number, not 'many'"),
        (("- file: text.txt", "- url: http://x"), "models/count/recipe.yml:6:7: a source needs a 'file', or a 'sha256' with or without a 'url'"),
    ],
)  # fmt: skip
def test_a_wrong_recipe_is_located(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    site = make_site(tmp_path)
    text = RECIPE.replace(*change).replace("CELL", "lstm")
    (site.models / "count" / "recipe.yml").write_text(text)
    with pytest.raises(SourceError) as caught:
        read_recipe(site.models, "count", site.root)
    assert str(caught.value) == message


def test_an_unknown_model_is_suggested(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    with pytest.raises(ModelError) as caught:
        read_recipe(site.models, "cuont", site.root)
    assert str(caught.value) == (
        "models/cuont/recipe.yml: there is no model 'cuont' (did you mean 'count'?)"
    )


def test_encoding_matches_the_model_file(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    train(site, "count", epochs=1)
    model = read_model(site.models / "count")
    indices = encode("uno dos", model.vocabulary)
    assert model.vocabulary.decode(indices.tolist()) == "uno dos"
