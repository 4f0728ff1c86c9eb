"""The commands as processes: what they print, and their exit codes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from escriba.sampling.engine import Engine
from escriba.sampling.request import Options
from models import make_model


def escriba(
    *arguments: str | Path, cwd: Path, code: int = 0, stdin: str | None = None
) -> tuple[str, str]:
    """Run the command; standard output and standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "escriba", *map(str, arguments)],
        cwd=cwd, capture_output=True, encoding="utf-8", input=stdin,
        env=os.environ | {"PYTHONUTF8": "1"},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "escriba.yml").write_text("title: test\n")
    make_model(tmp_path / "models" / "babel")
    return tmp_path


def test_help_needs_click_alone(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "sys.argv = ['escriba', '--help']\n"
        "from escriba.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'torch', 'rich', 'jinja2', 'markdown', 'yaml', 'wasmtime', 'babel'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, encoding="utf-8"
    )
    assert done.stderr == "[]\n"
    assert "build" in done.stdout


def test_sample_prints_the_prompt_and_what_the_engine_writes(site: Path) -> None:
    output, _ = escriba("sample", "babel", "-p", "the ", "-n", 300, "-t", "0.7", "-s", 5, cwd=site)  # type: ignore[arg-type]
    model = make_model(site / "other" / "babel")
    from decimal import Decimal

    text = Engine(model).sample(
        Options(prompt="the ", length=300, temperature=Decimal("0.7"), seed=5)
    )
    assert output == f"the {text}\n"
    assert len(text) == 300


def test_sample_into_a_closed_pipe_ends_quietly(site: Path) -> None:
    command = f"{sys.executable} -m escriba sample babel -n 200000 | head -c 10"
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=site, capture_output=True, encoding="utf-8"
    )
    assert len(done.stdout) == 10
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["babble"], 4, "there is no model 'babble' (did you mean 'babel'?)\n"),
        (
            ["babel", "-p", "ñu"],
            3,
            "the character 'ñ' (U+00F1, LATIN SMALL LETTER N WITH TILDE), number 1 of the prompt, "
            "is not in the model's vocabulary of 32:  !,.?abcdefghijklmnopqrstuvwxyz\n",
        ),
        (
            ["babel", "-t", "101"],
            3,
            "'temperature' must be from 0 to 100 with at most 3 decimals, not '101'\n",
        ),
        (
            ["babel", "-t", "0.1234"],
            3,
            "'temperature' must be from 0 to 100 with at most 3 decimals, not '0.1234'\n",
        ),
        (["babel", "-n", "0"], 3, "'length' must be from 1 to 1000000, not '0'\n"),
    ],
)
def test_wrong_requests(site: Path, arguments: list[str], code: int, message: str) -> None:
    _, errors = escriba("sample", *arguments, cwd=site, code=code)
    assert errors == message


def test_usage_errors_exit_with_2(site: Path) -> None:
    _, errors = escriba("sample", "babel", "-t", "hot", cwd=site, code=2)
    assert errors.endswith(
        "Error: Invalid value for '-t' / '--temperature': 'hot' is not a number\n"
    )
    escriba("biuld", cwd=site, code=2)


def test_outside_a_project(tmp_path: Path) -> None:
    _, errors = escriba("build", cwd=tmp_path, code=3)
    assert errors.startswith("no escriba.yml in ")


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_new_site_builds_at_once_and_is_not_overwritten(tmp_path: Path, lang: str) -> None:
    escriba("new", "blog", "--lang", lang, cwd=tmp_path)
    blog = tmp_path / "blog"
    escriba("build", cwd=blog)
    (post,) = (blog / "posts").iterdir()
    page = blog / "site" / post.name[:10].replace("-", "/") / post.stem[11:] / "index.html"
    html = page.read_text(encoding="utf-8")
    assert "<math" in html
    assert f'<html lang="{lang}"' in html
    _, errors = escriba("new", "blog", cwd=tmp_path, code=3)
    assert errors == "blog is not empty; name a folder that does not exist\n"


def test_corpus_to_model_to_sample(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    folder = make_training_site(tmp_path, epochs=6)
    output, _ = escriba("train", "mine", cwd=tmp_path)
    assert "\nmodels/mine: validation " in output
    output, _ = escriba("sample", "mine", "-p", "uno ", "-t", "0", "-n", 9, cwd=tmp_path)  # type: ignore[arg-type]
    assert output == "uno dos tres \n"
    output, _ = escriba("evaluate", "mine", cwd=tmp_path)
    assert output.startswith("validation: 780 characters, 780 bytes\n")
    assert output.endswith("\nwritten to models/mine/evaluation.yml\n")
    assert (folder / "evaluation.yml").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is sent as on Unix")
def test_ctrl_c_keeps_the_work_and_the_next_run_goes_on(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    folder = make_training_site(tmp_path, epochs=100000)
    process = subprocess.Popen(
        [sys.executable, "-m", "escriba", "train", "mine"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    log = folder / "training.jsonl"
    deadline = time.monotonic() + 120
    while not (log.exists() and '"validation"' in log.read_text()):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    told = re.search(r"interrupted at step (\d+); go on with: escriba train mine\n$", errors)
    assert told, errors
    assert (folder / "weights.safetensors").is_file()
    output, _ = escriba("train", "mine", "--epochs", "1", cwd=tmp_path)
    ended = re.search(r" (\d+) steps", output)
    assert ended
    assert int(ended[1]) >= int(told[1])


def make_training_site(root: Path, *, epochs: int) -> Path:
    folder = root / "models" / "mine"
    folder.mkdir(parents=True)
    (root / "escriba.yml").write_text("title: test\n")
    (root / "text.txt").write_text("uno dos tres cuatro cinco\n" * 300)
    (folder / "recipe.yml").write_text(
        "corpus:\n  sources:\n    - file: text.txt\nnetwork: {layers: 1, hidden: 24}\n"
        f"training: {{epochs: {epochs}, batch: 4, window: 16, learning-rate: 0.02, warmup: 5}}\n"
    )
    return folder
