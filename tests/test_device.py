"""The device and the precision of a training."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from escriba.charlm import device  # noqa: E402
from escriba.charlm.device import can_train, choose_device, choose_precision  # noqa: E402
from escriba.charlm.training.train import train  # noqa: E402
from escriba.ground.errors import TrainingError  # noqa: E402
from support.training import make_site  # noqa: E402

CPU = torch.device("cpu")


def layers_that_take(monkeypatch: pytest.MonkeyPatch, **seconds: float) -> None:
    """A device whose layers take so long in each precision, and know no other."""

    def time_layer(device: object, precision: str, count: int = 8) -> float:
        if precision not in seconds:
            raise RuntimeError("could not create a primitive descriptor")
        return seconds[precision]

    monkeypatch.setattr(device, "_time_layer", time_layer)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ({"float32": 1.0, "bfloat16": 0.5}, "bfloat16"),
        ({"float32": 1.0, "bfloat16": 0.9}, "float32"),
        ({"float32": 1.0}, "float32"),
    ],
)
def test_bfloat16_is_chosen_where_it_is_clearly_faster(
    monkeypatch: pytest.MonkeyPatch, seconds: dict[str, float], expected: str
) -> None:
    layers_that_take(monkeypatch, **seconds)
    assert choose_precision(CPU) == expected


def test_what_this_machine_chooses_it_can_train_in() -> None:
    assert can_train(CPU, "float32")
    assert can_train(CPU, choose_precision(CPU))


def test_a_precision_that_the_device_does_not_have_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(tmp_path)
    recipe = site.models / "count" / "recipe.yml"
    recipe.write_text(recipe.read_text().replace("precision: float32", "precision: bfloat16"))
    layers_that_take(monkeypatch, float32=1.0)
    with pytest.raises(TrainingError) as caught:
        train(site, "count")
    assert str(caught.value) == (
        "models/count/recipe.yml: precision: bfloat16, and the device 'cpu' cannot train in it; "
        "write precision: auto"
    )


def test_a_training_does_not_go_on_in_a_precision_that_the_device_does_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(tmp_path)
    recipe = site.models / "count" / "recipe.yml"
    recipe.write_text(recipe.read_text().replace("precision: float32", "precision: auto"))
    monkeypatch.setattr(
        "escriba.charlm.training.torch_machine.choose_precision", lambda where: "bfloat16"
    )
    monkeypatch.setattr(
        "escriba.charlm.training.torch_machine.can_train", lambda where, precision: True
    )
    monkeypatch.setattr(
        "escriba.charlm.training.torch_engine.mixed", lambda *given: device.mixed(CPU, "")
    )
    assert not train(site, "count", stop=lambda: True).finished
    monkeypatch.undo()
    layers_that_take(monkeypatch, float32=1.0)
    with pytest.raises(TrainingError) as caught:
        train(site, "count")
    assert str(caught.value) == (
        "models/count/recipe.yml: this training began in bfloat16, and the device 'cpu' cannot "
        "train in it; go on where it began, or --restart"
    )


@pytest.mark.parametrize(
    "name",
    ["nowhere", "", "meta", "vulkan", "mkldnn", "hpu", "é", "cuda:99999999999999", "cuda:-1",
     "cuda:x", "cpu:x", "CPU", "cpu ", "xla:0", "privateuseone", "x" * 1000],
)  # fmt: skip
def test_a_device_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(TrainingError) as caught:
        choose_device(name)
    message = str(caught.value)
    assert message.startswith(f"the device '{name}' cannot be used: ")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("foo", "it must be one of cpu, cuda, mps, xpu, or such as cuda:1"),
        ("cuda:x", "it must be one of cpu, cuda, mps, xpu, or such as cuda:1"),
        ("cpu:7", "they are counted from 0, and there are 1"),
        ("mps", "there is no Apple GPU here that this torch (2.0) can use"),
        ("cuda", "there is no NVIDIA or AMD GPU here that this torch (2.0) can use"),
        ("xpu:1", "there is no Intel GPU here that this torch (2.0) can use"),
    ],
)
def test_why_a_device_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    monkeypatch.setattr(torch, "__version__", "2.0")
    for kind in (torch.cuda, torch.xpu, torch.backends.mps):
        monkeypatch.setattr(kind, "is_available", lambda: False)
    with pytest.raises(TrainingError) as caught:
        choose_device(name)
    assert str(caught.value) == f"the device '{name}' cannot be used: {reason}"


def test_gpus_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(TrainingError) as caught:
        choose_device("cuda:2")
    assert str(caught.value) == (
        "the device 'cuda:2' cannot be used: they are counted from 0, and there are 2"
    )
