"""Standard output and error that are closed, full, read by nobody, or of a few letters only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.models import make_model

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="closes streams as a shell does")

FULL = "standard output cannot be written: No space left on device\n"
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("streams")
    (root / "escriba.yml").touch()
    (root / "posts").mkdir()
    (root / "posts" / "2020-01-01-a.md").write_text("---\ntitle: A\n---\nText.\n")
    make_model(root / "models" / "babel")
    make_model(root / "models" / "wild", symbols="\x1b[31m\r\n\u202eé—ab")
    return root


def shell(site: Path, command: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, output and errors of a pipeline, in which `escriba` is the command."""
    program = f"{sys.executable} -W error -m escriba"
    done = subprocess.run(
        ["bash", "-c", "set -o pipefail\n" + command.replace("escriba", program)],
        cwd=site, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
        capture_output=True, encoding="utf-8",
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "command",
    ["sample babel -n 200000", "build", "--help", "expand posts/2020-01-01-a.md -o x", "--version"],
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_who_goes_away_is_no_failure(site: Path, command: str, unbuffered: str) -> None:
    assert shell(site, f"escriba {command} | head -c 0", PYTHONUNBUFFERED=unbuffered) == (0, "", "")


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams(site: Path, redirection: str) -> None:
    for command, code in (
        ("sample babel -n 10", 0), ("sample nobody", 4), ("build --nothing", 2), ("expand", 0),
    ):  # fmt: skip
        ended, _, errors = shell(site, f"escriba {command} {redirection}")
        assert ended == code, (command, errors)
        assert not errors or code


def test_a_closed_stream_is_not_the_next_file_that_is_opened(site: Path) -> None:
    """Else what is printed would land in it."""
    (site / "site").mkdir(exist_ok=True)
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    assert shell(site, "escriba build -o built >&- 2>&-")[0] == 0
    assert {path: path.read_bytes() for path in before} == before
    pages = [path.read_text("utf-8") for path in (site / "built").rglob("*.html")]
    assert pages and all(page.endswith("</html>\n") for page in pages)


@needs_full
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_full_output_is_one_sentence(site: Path, unbuffered: str) -> None:
    for command in ("sample babel -n 10", "sample babel -n 100000", "build", "--help"):
        code, _, errors = shell(site, f"escriba {command} >/dev/full", PYTHONUNBUFFERED=unbuffered)
        assert (code, errors) == (1, FULL), command
    assert shell(site, "escriba sample nobody >/dev/full 2>/dev/full") == (4, "", "")
    assert shell(site, "escriba sample babel -n 0 2>/dev/full") == (3, "", "")


@pytest.mark.parametrize(
    ("encoding", "lost"), [("cp1252", "\u202e"), ("ascii", "\u202eé—"), ("latin-1", "\u202e—")]
)
def test_letters_that_the_encoding_lacks_are_replaced(site: Path, encoding: str, lost: str) -> None:
    def write(encoding: str) -> bytes:
        done = subprocess.run(
            [sys.executable, "-m", "escriba", "sample", "wild", "-n", "300"],
            cwd=site, env={**os.environ, "PYTHONIOENCODING": encoding}, capture_output=True,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        return done.stdout

    whole = write("utf-8").decode()
    assert set(lost) < set(whole)
    assert write(encoding) == whole.encode(encoding, "replace")


def test_a_full_pipe_that_does_not_wait_is_waited_for(site: Path) -> None:
    reader = (
        "import os, subprocess, sys, time\n"
        "inside, outside = os.pipe()\n"
        "os.set_blocking(outside, False)\n"
        "command = [sys.executable, '-m', 'escriba', 'sample', 'babel', '-n', '100000']\n"
        "process = subprocess.Popen(command, stdout=outside)\n"
        "os.close(outside)\n"
        "time.sleep(0.5)\n"
        "total = 0\n"
        "while data := os.read(inside, 4096):\n"
        "    total += len(data)\n"
        "print(total, process.wait())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", reader], cwd=site, capture_output=True, encoding="utf-8"
    )
    assert (done.stdout, done.stderr) == ("100001 0\n", "")
