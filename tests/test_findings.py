"""What authors met who trained models of their own texts, each with its smallest input, as commands.

Nothing of escriba is imported, so that these run against any version of it:

    PYTHONPATH=OTHER/plugin python -m pytest tests/test_findings.py
"""

from __future__ import annotations

import gzip
import hashlib
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed")
posix = pytest.mark.skipif(sys.platform == "win32", reason="pipes, terminals and signals of POSIX")

RECIPE = """
corpus: {sources: [{SOURCE}]}
network: {layers: 1, hidden: 16, NETWORK}
training: {batch: 4, window: 16, warmup: 5, precision: float32, learning-rate: 0.02, TRAINING}
"""
TEXT = "uno dos tres cuatro cinco\n" * 200
ESCRIBA = [sys.executable, "-m", "escriba"]


def make(root: Path, text: str = TEXT, *, source: str = "file: text.txt", network: str = "",
         training: str = "steps: 60") -> Path:  # fmt: skip
    folder = root / "models" / "m"
    folder.mkdir(parents=True)
    (root / "escriba.yml").write_text("title: test\n")
    (root / "text.txt").write_text(text)
    recipe = RECIPE.replace("SOURCE", source).replace("NETWORK", network)
    (folder / "recipe.yml").write_text(recipe.replace("TRAINING", training))
    return root


def run(root: Path, *arguments: str, code: int = 0, **options: Any) -> tuple[str, str]:
    """What a command wrote to its two streams; it ends with that code, and without a traceback."""
    done = subprocess.run(
        [*ESCRIBA, *arguments], cwd=root, capture_output=True, encoding="utf-8", timeout=300,
        env={**os.environ, "LANGUAGE": "en", "OMP_NUM_THREADS": "1"},
        **options,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def log_of(root: Path) -> list[dict[str, Any]]:
    lines = (root / "models" / "m" / "training.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def record_of(root: Path) -> dict[str, Any]:
    data = (root / "models" / "m" / "weights.safetensors").read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    record: dict[str, Any] = json.loads(header["__metadata__"]["escriba"])["record"]
    return record


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that nothing changes."""
    text = TEXT.replace("tres", "tr\u00e9s")
    root = make(tmp_path_factory.mktemp("trained"), text, training="steps: 200")
    run(root, "train", "m")
    return root


def test_1_a_finished_model_without_a_checkpoint_is_not_overwritten(tmp_path: Path) -> None:
    root = make(tmp_path)
    run(root, "train", "m")
    folder = root / "models" / "m"
    for path in (folder / "checkpoint").rglob("*"):
        if path.is_file():
            path.unlink()
    before = [(folder / name).read_bytes() for name in ("weights.safetensors", "training.jsonl")]
    run(root, "train", "m", "--steps", "4", code=7)
    assert before == [
        (folder / name).read_bytes() for name in ("weights.safetensors", "training.jsonl")
    ]


def test_2_a_model_of_many_posts_learns_how_a_post_ends(tmp_path: Path) -> None:
    root = make(tmp_path, source="file: posts", training="steps: 700")
    (root / "posts").mkdir()
    for number in range(60):
        lines = "".join(f"line {line} of post {number:02}\n" for line in range(4))
        (root / "posts" / f"{number:02}.txt").write_text(f"START\n{lines}THE-END\n")
    run(root, "train", "m")
    written, _ = run(root, "sample", "m", "-n", "2000")
    assert written.count("THE-END") > 3


def test_3_a_training_that_ended_early_goes_on(tmp_path: Path) -> None:
    words = " ".join(Random(1).choices(TEXT.split()[:5], k=300))
    root = make(tmp_path, words, training="steps: 100000")
    run(root, "train", "m")
    ended = log_of(root)[-1]["step"]
    run(root, "train", "m", "--steps", str(ended + 200), "--force")
    assert log_of(root)[-1]["step"] > ended


def test_4_an_early_end_is_told(tmp_path: Path) -> None:
    words = " ".join(Random(1).choices(TEXT.split()[:5], k=300))
    root = make(tmp_path, words, training="steps: 100000")
    written, _ = run(root, "train", "m")
    assert "because the validation loss fell no more" in written
    assert "-grams there" in written


def test_5_no_minutes_are_a_mistake(tmp_path: Path) -> None:
    root = make(tmp_path)
    _, told = run(root, "train", "m", "--minutes", "0", code=3)
    assert "0" in told
    recipe = root / "models" / "m" / "recipe.yml"
    recipe.write_text(recipe.read_text().replace("steps: 60", "minutes: 0"))
    run(root, "train", "m", code=3)


def test_6_no_steps_are_a_mistake_that_leaves_nothing_behind(tmp_path: Path) -> None:
    root = make(tmp_path)
    run(root, "train", "m", "--steps", "0", code=3)
    run(root, "train", "m", "--steps", "30")
    assert record_of(root)["training"]["steps"] > 0


@posix
def test_7_two_do_not_train_one_model_at_once(tmp_path: Path) -> None:
    root = make(tmp_path, training="steps: 1000000, patience: false")
    first = subprocess.Popen(
        [*ESCRIBA, "train", "m"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        while not (root / "models" / "m" / "training.jsonl").exists():
            assert first.poll() is None
            time.sleep(0.05)
        _, told = run(root, "train", "m", code=7)
        assert f"{first.pid}" in told
    finally:
        first.kill()
        first.communicate()


def test_8_what_the_author_repeats_too_is_not_held_against_a_model(tmp_path: Path) -> None:
    frame = "<html><head><link rel=stylesheet href=site.css></head><body class=page>\n"
    random = Random(3)
    pages = (
        frame + " ".join(random.choices(TEXT.split()[:5], k=9)) + "\n</body></html>\n"
        for _ in range(400)
    )
    root = make(tmp_path, "".join(pages), training="steps: 400")
    written, _ = run(root, "train", "m")
    assert "needs more text" not in written
    assert "of unseen text of the corpus" in written


def test_10_a_range_has_its_ends(tmp_path: Path) -> None:
    run(make(tmp_path, network="dropout: 0.9", training="steps: 2"), "train", "m")


@posix
def test_11_a_closed_pipe_is_no_defect(trained: Path) -> None:
    command = (
        f"'{sys.executable}' -m escriba sample m -n 100000 | head -c 20; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", command], cwd=trained, capture_output=True)
    assert done.stdout.endswith(b"0\n") and not done.stdout.endswith(b"10\n")
    assert done.stderr == b""


@posix
def test_12_a_terminal_that_wants_no_colours_gets_none(trained: Path) -> None:
    assert b"\x1b" in speak(trained, {})
    assert b"\x1b" not in speak(trained, {"NO_COLOR": "1"})
    assert b"\x1b" not in speak(trained, {"TERM": "dumb"})


def speak(root: Path, environment: dict[str, str]) -> bytes:
    """What a sample looks like on a terminal."""
    import pty

    ours, theirs = pty.openpty()
    plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(
        [*ESCRIBA, "sample", "m", "-n", "20", "-p", "uno"], cwd=root, stdout=theirs, stderr=theirs,
        env={**plain, "TERM": "xterm", **environment},
    ) as process:  # fmt: skip
        process.wait()
    written = os.read(ours, 10_000)
    os.close(ours)
    os.close(theirs)
    return written


def test_13_a_record_is_of_one_moment(tmp_path: Path) -> None:
    words = " ".join(Random(1).choices(TEXT.split()[:5], k=300))
    root = make(tmp_path, words, training="steps: 100000")
    run(root, "train", "m")
    plan, training = log_of(root)[0]["plan"], record_of(root)["training"]
    assert training["steps"] < log_of(root)[-1]["step"]
    assert training["characters"] == training["steps"] * plan["batch"] * plan["window"]


def test_14_an_end_is_composed_as_a_prompt_is(trained: Path) -> None:
    whole, _ = run(trained, "sample", "m", "-n", "200", "--until", "\u00e9s")
    assert run(trained, "sample", "m", "-n", "200", "--until", "e\u0301s") == (whole, "")
    assert whole.endswith("\u00e9s\n") and len(whole) < 100
    _, told = run(trained, "sample", "m", "--until", "\u65e5", code=3)
    assert "\u65e5" in told


def test_15_a_prompt_may_have_the_line_ends_of_windows(trained: Path) -> None:
    plain = run(trained, "sample", "m", "-n", "20", "-p", "uno\ndos")
    assert run(trained, "sample", "m", "-n", "20", "-p", "uno\r\ndos") == plain


@posix
def test_16_a_training_that_is_told_to_end_keeps_its_state(tmp_path: Path) -> None:
    root = make(tmp_path, training="steps: 1000000, patience: false")
    with subprocess.Popen([*ESCRIBA, "train", "m"], cwd=root, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, encoding="utf-8") as process:  # fmt: skip
        log = root / "models" / "m" / "training.jsonl"
        while not log.exists() or len(log.read_text().splitlines()) < 5:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    assert "interrupted at step" in told


def test_17_a_network_that_is_too_large_is_told_at_once(tmp_path: Path) -> None:
    root = make(tmp_path)
    recipe = root / "models" / "m" / "recipe.yml"
    recipe.write_text(
        recipe.read_text().replace("layers: 1, hidden: 16", "layers: 64, hidden: 8192")
    )
    _, told = run(root, "train", "m", code=7, preexec_fn=bounded)
    assert "models/m/recipe.yml" in told and "GB" in told


def bounded() -> None:
    """On a system that has such limits, no more memory than this: the rest of the machine works."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))


class Server(http.server.BaseHTTPRequestHandler):
    """Half of a file, or a way round in a circle."""

    def do_GET(self) -> None:
        if self.path == "/loop":
            self.send_response(302)
            self.send_header("Location", "/loop")
            self.end_headers()
            return
        data = TEXT.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])

    def log_message(self, *given: object) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("path", "words"), [("/half", "it was cut short"), ("/loop", "redirect")], ids=["18", "25"]
)
def test_a_download_that_fails_says_how(tmp_path: Path, path: str, words: str) -> None:
    with served() as address:
        digest = hashlib.sha256(TEXT.encode()).hexdigest()
        root = make(tmp_path, source=f"url: '{address}{path}', sha256: '{digest}'")
        _, told = run(root, "train", "m", code=6)
    assert words in told
    assert len(told.splitlines()) == 1


def test_19_what_is_no_text_is_recognised(tmp_path: Path) -> None:
    root = make(tmp_path, source="file: texts")
    (root / "texts").mkdir()
    for name, data in {
        "a.txt": TEXT.encode(), "b.txt": TEXT.encode("utf-16"), "c.pdf": b"%PDF-1.7\n\xff\xfe",
        "d.png": b"\x89PNG\r\n\x1a\n\0\0", "e.txt": TEXT.replace("o", "\u00f3").encode("latin-1"),
    }.items():  # fmt: skip
        (root / "texts" / name).write_bytes(data)
    _, told = run(root, "train", "m", code=6)
    for words in ("UTF-16", "PDF", "exclude"):
        assert words in told
    (root / "texts" / "b.txt").unlink()
    (root / "texts" / "c.pdf").unlink()
    (root / "texts" / "d.png").unlink()
    _, told = run(root, "train", "m", code=6)
    assert "iconv" in told and "encoding:" in told


def test_20_a_packed_text_is_measured_as_a_packed_corpus_is(trained: Path, tmp_path: Path) -> None:
    packed = tmp_path / "a.txt.gz"
    packed.write_bytes(gzip.compress(TEXT.replace("tres", "dos").encode()))
    written, _ = run(trained, "evaluate", "m", "--text", str(packed), "--no-baselines")
    assert f"{len(TEXT.replace('tres', 'dos')):,} characters" in written


def test_21_weights_that_have_learnt_nothing_are_called_so(tmp_path: Path) -> None:
    root = make(tmp_path, training="steps: 40")
    recipe = root / "models" / "m" / "recipe.yml"
    recipe.write_text(recipe.read_text().replace("learning-rate: 0.02", "learning-rate: 1.0e-9"))
    written, _ = run(root, "train", "m")
    assert "these weights are untrained" in written


def test_22_a_batch_that_cannot_be_shared_is_told_once(tmp_path: Path) -> None:
    root = make(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=3", "--standalone",
         "-m", "escriba", "train", "m"],
        cwd=root, capture_output=True, encoding="utf-8", timeout=120,
        env={**os.environ, "LANGUAGE": "en", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.stderr.count("a batch of 4 cannot be shared by 3 processes") == 1


def test_23_a_prompt_comes_from_a_file_or_a_pipe(trained: Path, tmp_path: Path) -> None:
    expected = run(trained, "sample", "m", "-n", "20", "-p", "uno dos")
    (tmp_path / "prompt.txt").write_text("uno dos")
    assert run(trained, "sample", "m", "-n", "20", "-p", f"@{tmp_path / 'prompt.txt'}") == expected
    assert run(trained, "sample", "m", "-n", "20", "-p", "-", input="uno dos") == expected


@pytest.mark.parametrize("name", ["foo", "mps"])
def test_26_a_device_that_is_not_there_is_told_in_one_line(trained: Path, name: str) -> None:
    _, told = run(trained, "train", "m", "--steps", "300", "--device", name, code=7)
    assert len(told.splitlines()) == 1 and len(told) < 300
    assert "cpu" in told or "Apple GPU" in told
    assert "vulkan" not in told  # which torch knows, and cannot train on
