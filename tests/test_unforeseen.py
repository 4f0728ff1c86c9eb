"""What nobody foresaw: one sentence that asks for a report, the details in a file, exit code 1."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from escriba.ground import unforeseen
from escriba.ground.errors import DefectError, EscribaError, Place, SourceError
from escriba.ground.mistakes import Mistakes, ending, foreseen
from escriba.ground.streams import Gone
from support import faults
from support.blogs import make_site, run, tree


class Panic(BaseException):
    """As a package in Rust raises it."""

    __module__ = "pyo3_runtime"


@pytest.fixture(autouse=True)
def reports(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the details go."""
    folder = tmp_path_factory.mktemp("reports")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    unforeseen._write.cache_clear()
    return folder


def raise_(error: BaseException) -> Any:
    raise error


def met(error: BaseException) -> BaseException:
    try:
        raise_(error)
    except BaseException as caught:
        return caught
    raise AssertionError


def told(text: str) -> re.Match[str]:
    match = faults.SENTENCE.fullmatch(text)
    assert match, text
    return match


@pytest.mark.parametrize(
    ("fault", "error", "what"),
    [
        ("escriba.ground.project:find", "TypeError", "TypeError: a defect ␛[31m␊of two lines"),
        ("escriba.ground.project:find", "MemoryError", "MemoryError: a defect ␛[31m␊of two lines"),
        (
            "escriba.ground.project:find",
            "RecursionError",
            "RecursionError: maximum recursion depth exceeded",
        ),
        ("escriba.ground.project:find", "panic", "PanicException: a defect"),
        ("escriba.cli:translate", "TypeError", "TypeError: a defect ␛[31m␊of two lines"),
        ("escriba.site.output.write:write", "TypeError", "TypeError: a defect ␛[31m␊of two lines"),
    ],
)
def test_a_command_ends_with_one_sentence(
    tmp_path: Path, fault: str, error: str, what: str
) -> None:
    site = make_site(tmp_path / "site")
    environment = faults.install(tmp_path, fault, error)
    done = run(site.root, "build", **environment, SECRET="that nobody may know")
    assert (done.returncode, done.stdout) == (1, "")
    sentence = told(done.stderr.removesuffix("\n"))
    assert sentence["what"].startswith(what)
    details = Path(sentence["file"])
    assert details.parent == tmp_path / "reports"
    text = details.read_text("utf-8")
    assert "Traceback" in text and "sitecustomize.py" in text
    assert "'build'" in text
    assert f"Python {sys.version.split()[0]} on " in text and "\nescriba " in text
    assert "that nobody may know" not in text
    assert len(text) < 20_000
    if os.name == "posix":
        assert stat.S_IMODE(details.stat().st_mode) == 0o600


def test_a_defect_in_a_post_has_its_place_and_one_report_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    site = make_site(tmp_path / "site")
    assert run(site.root, "build").returncode == 0
    before = tree(site.output)
    post = site.posts / "2020-11-02-networks.md"
    post.write_text(post.read_text().replace("lang: en", "lang: <en>"))
    environment = faults.install(tmp_path, "escriba.article.blocks:KINDS.sample")
    environment["XDG_CACHE_HOME"] = str(tmp_path / "another")  # or only the new post is asked
    done = run(site.root, "build", **environment)
    assert done.returncode == 1
    *defects, mistake = done.stderr.splitlines()
    assert mistake.startswith("posts/2020-11-02-networks.md:5:7: 'lang' must be")
    places, files = set(), set()
    for line in defects:
        place, _, sentence = line.partition(": ")
        places.add(place)
        files.add(told(sentence)["file"])
    assert places == {"posts/2020-10-01-redes.md:31:1", "posts/2020-10-01-redes.md:39:1"}
    assert [str(path) for path in (tmp_path / "reports").iterdir()] == list(files)
    assert tree(site.output) == before


def test_of_a_persons_files_there_is_no_text_in_the_details(tmp_path: Path) -> None:
    """A template has a frame of its own in a traceback, with its line."""
    template = tmp_path / "page.py.html"
    template.write_text("secret line")
    code = compile("raise ValueError('x' * 5000)", str(template), "exec")
    try:
        exec(code)
    except ValueError as error:
        sentence = told(str(unforeseen.report(error)))
    text = Path(sentence["file"]).read_text("utf-8")
    assert "page.py.html:1" in text
    assert "secret" not in text
    assert "x" * 200 + "…" in text and "x" * 201 not in text


def test_a_report_tells_what_the_error_came_from() -> None:
    try:
        try:
            raise_(KeyError("first"))
        except KeyError as error:
            raise TypeError("second") from error
    except TypeError as error:
        text = Path(told(str(unforeseen.report(error)))["file"]).read_text("utf-8")
    assert text.index("TypeError: second") < text.index("Because of:") < text.index("first")


@pytest.mark.parametrize(
    "refused", [OSError(28, "No space left on device"), FileNotFoundError(2, "No"), MemoryError()]
)
def test_a_report_that_cannot_be_written_is_one_sentence_too(
    monkeypatch: pytest.MonkeyPatch, refused: Exception
) -> None:
    monkeypatch.setattr(tempfile, "mkstemp", lambda **options: raise_(refused))
    defect = unforeseen.report(met(TypeError("a defect")), Place(Path("a.md"), 3))
    assert re.sub(r":\d+\)", ":0)", str(defect)) == (
        "a.md:3: escriba met something that nobody foresaw: TypeError: a defect "
        "(test_unforeseen.py:0); please report it: the details could not be written to a file "
        f"({type(refused).__name__}{': ' + str(refused) if str(refused) else ''})"
    )


def test_a_full_disk_leaves_no_empty_report(reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fdopen", lambda *arguments, **options: raise_(OSError(28, "full")))
    assert "(OSError: [Errno 28] full)" in str(unforeseen.report(met(TypeError("a defect"))))
    assert list(reports.iterdir()) == []


def test_an_error_that_cannot_say_what_it_is() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise ValueError("mute")

    assert told(str(unforeseen.report(met(MuteError()))))["what"] == "MuteError"


def test_mistakes_are_collected_with_what_nobody_foresaw() -> None:
    mistakes = Mistakes()
    for number, error in enumerate(
        (TypeError("a"), Panic("b"), RecursionError(), SourceError("c"))
    ):
        with mistakes.collect(Place(Path("a.md"), number)):
            raise error
    with pytest.raises(DefectError) as caught:
        mistakes.check()
    assert caught.value.exit_code == 1
    first, second, third, last = map(str, caught.value.problems)
    assert told(first.removeprefix("a.md: "))["what"] == "TypeError: a"
    assert told(second.removeprefix("a.md:1: "))["what"] == "Panic: b"
    assert told(third.removeprefix("a.md:2: "))["what"] == "RecursionError"
    assert last == "c"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), Gone(), GeneratorExit()])
def test_what_ends_a_program_is_no_defect(error: BaseException) -> None:
    for context in (Mistakes().collect(), foreseen(), ending()):
        with pytest.raises(type(error)), context:
            raise error


def test_foreseen_and_ending() -> None:
    with pytest.raises(SourceError, match=r"^a mistake$"), foreseen():
        raise SourceError("a mistake")
    with pytest.raises(DefectError), foreseen():
        raise TypeError("a defect")
    with pytest.raises(SystemExit) as ended, ending():
        raise TypeError("a defect")
    assert told(ended.value.code)["what"] == "TypeError: a defect"  # type: ignore[arg-type]
    with pytest.raises(RuntimeError) as raised, ending(RuntimeError):
        raise EscribaError("a mistake")
    assert str(raised.value) == "a mistake"


def test_a_thread_that_ends_badly_has_a_sentence_too(tmp_path: Path) -> None:
    (tmp_path / "escriba.yml").touch()
    program = (
        "import sys, threading\n"
        "from escriba import __main__ as program\n"
        "from escriba.ground import project\n"
        "def fail(folder):\n"
        "    thread = threading.Thread(target=lambda: 1 / 0)\n"
        "    thread.start(); thread.join(); sys.exit(5)\n"
        "project.find = fail\n"
        "sys.argv = ['escriba', 'prune']\n"
        "program.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, encoding="utf-8",
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 5
    assert told(done.stderr.removesuffix("\n"))["what"] == "ZeroDivisionError: division by zero"
