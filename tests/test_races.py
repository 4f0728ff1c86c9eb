"""A few rounds of `benchmarks/races.py`, which prints figures of many."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

PATH = Path(__file__).parents[1] / "benchmarks" / "races.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("races", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["races"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(os.name == "nt", reason="what is killed there says something else")
def test_nothing_goes_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    races = load()
    wrong = races.run(list(races.ROUNDS), rounds=2, seed=7, jobs=2)
    told = capsys.readouterr()
    assert wrong == 0, told.err
    for kind in ("together", "beside", "kills"):
        assert f"{kind}: 2 rounds" in told.out
