"""Trainings that do not fit into memory: refused before they begin, or ended with one sentence."""

from __future__ import annotations

import errno
import math
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from escriba.charlm import memory  # noqa: E402
from escriba.charlm.device import find_memory  # noqa: E402
from escriba.charlm.evaluation.evaluate import evaluate  # noqa: E402
from escriba.charlm.memory import bounded_memory, estimate  # noqa: E402
from escriba.charlm.training import calibrate, loop, torch_machine  # noqa: E402
from escriba.charlm.training.engine import Engine  # noqa: E402
from escriba.charlm.training.settings import Limit, Settings, settle  # noqa: E402
from escriba.charlm.training.train import train  # noqa: E402
from escriba.ground.errors import Place, TrainingError  # noqa: E402
from escriba.records.model import LARGEST  # noqa: E402
from escriba.records.recipe import (  # noqa: E402
    CorpusRecipe,
    NetworkRecipe,
    Recipe,
    Source,
    TrainingRecipe,
)
from support.training import make_site  # noqa: E402

CPU = torch.device("cpu")
REMEDY = "make hidden, layers, batch or window of its recipe smaller"


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def refusal(tmp_path: Path, network: str, more: str = "") -> str:
    site = make_site(tmp_path)
    recipe = site.models / "count" / "recipe.yml"
    text = recipe.read_text().replace("layers: 2, hidden: 16", network)
    recipe.write_text(text.replace("batch: 4, window: 16", more) if more else text)
    with pytest.raises(TrainingError) as caught:
        train(site, "count")
    assert sorted(p.name for p in recipe.parent.iterdir()) == ["recipe.yml"]
    return str(caught.value)


@pytest.mark.parametrize(
    ("network", "size"),
    [
        ("layers: 64, hidden: 8192", "137.5 GB"),
        ("layers: 4, hidden: 8192", "8.6 GB"),
        ("layers: 1, hidden: 8192", "2.1 GB"),
        ("layers: 64, hidden: 1024", "2.1 GB"),
    ],
)
def test_a_network_that_could_not_be_sampled_is_refused_at_once(
    tmp_path: Path, network: str, size: str
) -> None:
    (layers, hidden) = (part.split()[1] for part in network.split(", "))
    assert refusal(tmp_path, network) == (
        f"models/count/recipe.yml: {layers} layers of {hidden} units have weights of {size}, and "
        "a model that can be sampled has at most 1.1 GB; make layers or hidden smaller"
    )


def test_more_symbols_than_a_model_may_have_are_refused(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    text = "".join(map(chr, range(0x30000, 0x30000 + 70_000)))
    (site.root / "text.txt").write_text(text * 2, "utf-8")
    with pytest.raises(TrainingError) as caught:
        train(site, "count")
    assert str(caught.value) == (
        "models/count/recipe.yml: the corpus has 70000 different characters, and a model has at "
        "most 65536; leave some files out, or learn bytes: unit: bytes"
    )


def test_what_the_machine_has_no_memory_for_never_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_machine, "find_memory", lambda device: 3_000_000)
    found = refusal(tmp_path, "layers: 2, hidden: 128")
    assert found == (
        "models/count/recipe.yml: this training needs about 6 MB of memory, and 3 MB are free; "
        + REMEDY
    )


def test_a_batch_is_judged_by_what_is_read_of_a_short_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(tmp_path)
    recipe = site.models / "count" / "recipe.yml"
    huge = recipe.read_text().replace("batch: 4, window: 16", "batch: 65536, window: 65536")
    recipe.write_text(huge)  # of 7,800 characters, windows of 1,559 are read two by two
    monkeypatch.setattr(torch_machine, "find_memory", lambda device: 30_000_000)
    assert train(site, "count", steps=1).finished


def network_and_settings(**recipe: Any) -> tuple[Any, Any]:
    whole = Recipe(
        CorpusRecipe((Source(file="a"),)),
        NetworkRecipe(cell=recipe.get("cell", "lstm"), hidden=recipe.get("hidden", 128)),
        TrainingRecipe(batch=recipe.get("batch", 32)),
    )
    return whole.architecture(), settle(whole, Limit())


def test_what_is_estimated_grows_with_everything() -> None:
    def judge(symbols: int = 80, precision: str = "float32", world: int = 1, **recipe: Any) -> int:
        network, settings = network_and_settings(**recipe)
        return estimate(network, symbols, settings.batch * settings.window // world, precision)

    usual = judge()
    assert 30e6 < usual < 60e6  # bytes; 45 MB were measured
    assert judge(precision="bfloat16") < usual
    assert judge(world=2) < usual
    assert judge(cell="rnn") < usual
    assert judge(symbols=8000) > usual + 200e6
    assert min(judge(hidden=256), judge(batch=64)) > 1.5 * usual


def test_what_is_estimated_is_no_more_than_what_is_taken() -> None:
    """Counted by what the gradients' computation holds on to: no allocator's habits in it."""
    from escriba.charlm.network import CharLSTM

    network, settings = network_and_settings(hidden=64)
    module, held = CharLSTM(network, 50), {}
    symbols = torch.zeros(settings.window, settings.batch, dtype=torch.int64)

    def keep(tensor: Any) -> Any:
        held[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        logits, _ = module(symbols)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), symbols.flatten())
    weights = sum(parameter.numel() for parameter in module.parameters())
    needed = (
        estimate(network, 50, settings.batch * settings.window, "float32")
        - 4 * memory.COPIES * weights
    )
    assert needed < 2 * sum(held.values())
    loss.backward()


def test_the_memory_of_this_machine_is_found() -> None:
    found = find_memory(CPU)
    if sys.platform == "linux":
        assert found is not None
        assert 1 << 24 < found < 1 << 48
    assert find_memory(SimpleNamespace(type="xpu")) is None  # type: ignore[arg-type]


def test_the_memory_of_a_device_is_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (5 << 30, 80 << 30))
    assert find_memory(torch.device("cuda", 1)) == 5 << 30


def test_a_batch_is_not_doubled_beyond_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    network, settings = network_and_settings()
    monkeypatch.setattr(calibrate, "_measure_speed", lambda m, s, settings: 10**settings.batch)

    def choose(there: int) -> int:
        def fits(larger: Settings) -> bool:
            return estimate(network, 80, larger.batch * larger.window, "float32") <= there

        return calibrate.choose_batch(make_none, 80, 10**8, settings, fits)

    assert (choose(10**9), choose(100_000_000)) == (512, 64)


def make_none(settings: Settings) -> Engine:
    raise AssertionError


CPU_FULL = (
    "[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: "
    "you tried to allocate 4398046511104 bytes. Error code 12 (Cannot allocate memory)"
)


@pytest.mark.parametrize(
    ("error", "device"),
    [
        (MemoryError(), ""),
        (RuntimeError(CPU_FULL), ""),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:81] . DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."), ""),
        (RuntimeError("std::bad_alloc"), ""),
        (RuntimeError("could not create a primitive"), ""),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), ""),
        (ImportError("libx.so: failed to map segment from shared object"), ""),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0 has …"), "CUDA"),
        (torch.AcceleratorError("CUDA error: out of memory", 2)
         if hasattr(torch, "AcceleratorError") else RuntimeError("CUDA error: out of memory"), "CUDA"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), "CUDA"),
        (RuntimeError("MPS backend out of memory (MPS allocated: 18.13 GB, other allocations: 1 MB)"), "MPS"),
        (RuntimeError("Invalid buffer size: 12.00 GB, of MPS"), "MPS"),
    ],
)  # fmt: skip
def test_a_full_memory_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, device: str
) -> None:
    site = make_site(tmp_path)

    def fail(*given: object) -> None:
        raise error

    monkeypatch.setattr(loop, "take_step", fail)
    with pytest.raises(TrainingError) as caught:
        train(site, "count")
    what = f"the memory of the {device} device" if device else "the memory"
    assert str(caught.value) == f"models/count/recipe.yml: {what} is full; {REMEDY}"
    assert caught.value.exit_code == 7


def test_an_evaluation_that_does_not_fit_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(tmp_path)
    train(site, "count", steps=30)

    def fail(*given: object, **named: object) -> None:
        raise RuntimeError(CPU_FULL)

    monkeypatch.setattr("escriba.charlm.measure.measure", fail)
    with pytest.raises(TrainingError) as caught:
        evaluate(site, "count")
    assert str(caught.value) == (
        "models/count/weights.safetensors: the memory is full; measure it on another device, or "
        "without n-grams: --no-baselines"
    )


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), ValueError("x"), KeyError("y")])
def test_other_errors_are_not_taken_for_it(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, bounded_memory("", Place(Path("x"))):
        raise error
    assert caught.value is error


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_a_process_that_may_have_little_memory_says_so(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    program = """
import resource, sys
from pathlib import Path
import torch
from escriba.ground import project
from escriba.charlm.training import torch_machine
from escriba.charlm.training.train import train
from escriba.ground.errors import EscribaError
torch.set_num_threads(1)
torch_machine.find_memory = lambda device: None  # as where nothing is known of the machine
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (30 << 20), used + (30 << 20)))
try:
    train(project.load(Path(sys.argv[1])), "count")
except EscribaError as error:
    print(error.exit_code, error)
"""
    recipe = site.models / "count" / "recipe.yml"
    recipe.write_text(recipe.read_text().replace("hidden: 16", "hidden: 512"))
    done = subprocess.run(
        [sys.executable, "-c", program, str(site.root)], capture_output=True, encoding="utf-8"
    )
    assert done.stdout == f"7 models/count/recipe.yml: the memory is full; {REMEDY}\n", done.stderr


def test_what_may_be_sampled_is_what_a_model_may_weigh() -> None:
    shapes = NetworkRecipe(layers=1, hidden=5000)
    whole = Recipe(CorpusRecipe((Source(file="a"),)), shapes)
    weights = sum(math.prod(s) for s in whole.architecture().shapes(80).values())
    assert 4 * weights < LARGEST
    memory.refuse_network(whole.architecture(), 80, Place(Path("recipe.yml")))
