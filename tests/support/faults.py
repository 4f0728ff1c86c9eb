"""Defects put into escriba for a test: a function of its own fails in a program that is run.

`FAULT` names what fails (`escriba.site.build:render`), `ERROR` how, and the folder of `install` on
PYTHONPATH does it, before anything else is imported.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

SENTENCE = re.compile(
    r"escriba met something that nobody foresaw: (?P<what>.*); please report it with the file "
    r"(?P<file>\S+), which has the details"
)
HOSTED = (  # what fails while another generator renders a document with blocks
    "escriba.article.blocks:KINDS.sample",
    "escriba.article.blocks.panels:Panels.script",
    "escriba.ground.project:find_root",
)
HOOK = """
import importlib.abc, importlib.util, os, sys

MODULE, _, NAME = os.environ.get("FAULT", "").partition(":")

def fail(*arguments, **options):
    error = os.environ.get("ERROR", "TypeError")
    if error == "RecursionError":
        return fail(*arguments, **options)
    if error == "panic":
        raise type("PanicException", (BaseException,), {"__module__": "pyo3_runtime"})("a defect")
    raise {"TypeError": TypeError, "MemoryError": MemoryError}[error]("a defect \\x1b[31m\\nof two lines")

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module
        def exec_module(module):
            load(module)
            *parents, last = NAME.split(".")
            for parent in parents:
                module = getattr(module, parent)
            if isinstance(module, dict):
                module[last] = fail
            else:
                setattr(module, last, fail)
        spec.loader.exec_module = exec_module
        return spec

if MODULE:
    sys.meta_path.insert(0, Finder())
"""


def install(folder: Path, fault: str, error: str = "TypeError") -> dict[str, str]:
    """The environment in which a program has this fault; its reports go to the folder, too."""
    source = Path(__file__).parents[2] / "plugin"
    (folder / "hook").mkdir(parents=True, exist_ok=True)
    (folder / "hook" / "sitecustomize.py").write_text(HOOK)
    (folder / "reports").mkdir(exist_ok=True)
    return {
        "FAULT": fault,
        "ERROR": error,
        "PYTHONPATH": f"{folder / 'hook'}:{source}",
        "TMPDIR": str(folder / "reports"),
    }


def check_host(command: Sequence[str | Path], root: Path, fault: str) -> None:
    """That another generator, run in a folder, ends with the sentence where this fails."""
    environment = {**os.environ, "COLUMNS": "500", "NO_COLOR": "1", **install(root.parent, fault)}
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert SENTENCE.search(said), said
    assert "Traceback" not in said and "\x1b[31m\n" not in said
