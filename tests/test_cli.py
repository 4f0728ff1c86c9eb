"""The commands as processes: what they print, and their exit codes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import click
import pytest

from escriba.cli import cli
from escriba.ground.errors import ModelError, SourceError
from escriba.ground.terminal import visible
from escriba.sampling.engine import Engine
from escriba.sampling.request import Options
from support.models import make_model
from support.terminal import run_in_terminal
from support.waiting import wait_until


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
    text = Engine(model).sample(
        Options(prompt="the ", length=300, temperature=Decimal("0.7"), seed=5)
    )
    assert output == f"the {text}\n"
    assert len(text) == 300


@pytest.mark.parametrize(
    ("option", "stdin", "prompt"),
    [
        ("@here.txt", None, "the\nend\n"),
        ("-", "\ufeffthe\r\nend\n", "the\nend\n"),
        ("a\r\nb", None, "a\nb"),
        ("@@the", None, "the"),
    ],
)
def test_a_prompt_comes_from_a_file_or_from_standard_input(
    site: Path, option: str, stdin: str | None, prompt: str
) -> None:
    (site / "here.txt").write_bytes(b"the\r\nend\r\n")
    output, _ = escriba("sample", "babel", "-p", option, "-n", "9", cwd=site, stdin=stdin)
    assert output.startswith(prompt)
    assert output == escriba("sample", "babel", "-p", prompt, "-n", "9", cwd=site)[0]


def test_after_two_marks_a_prompt_names_no_file(site: Path) -> None:
    make_model(site / "models" / "marks", symbols="-@ab")
    for text in ("-", "@here.txt", "@@a", "@-"):
        with pytest.raises(SourceError) as caught:  # not that there is no such file
            cli(["-C", str(site), "sample", "marks", "-p", f"@@{text}ñ"], standalone_mode=False)
        assert "the character" in str(caught.value)
    output, _ = escriba("sample", "marks", "-p", "@@@@-", "-n", "9", cwd=site)
    assert output.startswith("@@-") and len(output) == 13


@pytest.mark.parametrize(
    ("option", "stdin", "message"),
    [
        ("@nowhere", None, "nowhere: cannot be read: No such file or directory\n"),
        ("@models", None, "models: is a folder, not a file\n"),
        ("@large", None, "large: is larger than 4 MB, the most that is read\n"),
        ("-", "a" * ((4 << 20) + 1), "<stdin>: is larger than 4 MB, the most that is read\n"),
    ],
)
def test_a_prompt_that_cannot_be_read(
    site: Path, option: str, stdin: str | None, message: str
) -> None:
    (site / "large").write_bytes(b"a" * ((4 << 20) + 1))
    assert escriba("sample", "babel", "-p", option, cwd=site, stdin=stdin, code=3)[1] == message


def test_a_terminal_without_colours_gets_no_style(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-m", "escriba", "-C", str(site), "sample", "babel", "-p", "the"]
    for value, terminal, styled in (
        ("", "xterm", True), ("1", "xterm", False), ("", "dumb", False),
    ):  # fmt: skip
        monkeypatch.setenv("NO_COLOR", value)
        monkeypatch.setenv("TERM", terminal)
        assert run_in_terminal(*command).startswith("\x1b[1mthe\x1b[0m" if styled else "the")


def test_a_difference_has_colours_where_there_are_any(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "from escriba.cli.output import show_difference; show_difference('-a\\n+b\\n@@ c')"
    for value, terminal, shown in (
        ("", "xterm", "\x1b[31m-a\x1b[0m\r\n\x1b[32m+b\x1b[0m\r\n\x1b[36m@@ c\x1b[0m\r\n"),
        ("1", "xterm", "-a\r\n+b\r\n@@ c\r\n"),
        ("", "dumb", "-a\r\n+b\r\n@@ c\r\n"),
    ):
        monkeypatch.setenv("NO_COLOR", value)
        monkeypatch.setenv("TERM", terminal)
        assert run_in_terminal(sys.executable, "-c", program) == shown


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
        (
            ["babel", "--until", "THE"],
            3,
            "'until' has the character 'T' (U+0054, LATIN CAPITAL LETTER T), which the model cannot "
            "write: it is not in its vocabulary of 32:  !,.?abcdefghijklmnopqrstuvwxyz\n",
        ),
    ],
)
def test_wrong_requests(site: Path, arguments: list[str], code: int, message: str) -> None:
    _, errors = escriba("sample", *arguments, cwd=site, code=code)
    assert errors == message


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("-n", "1.5"), ("-n", "inf"), ("-n", "0x10"), ("-n", "١٢"), ("-n", "1" * 5000), ("-n", ""),
        ("-s", "nan"), ("-s", "1e3"), ("--top-k", "1" * 500),
        ("-t", "nan"), ("-t", "-inf"), ("-t", "sNaN"), ("-t", "1e-999999999"), ("-t", "1e999999999"),
        ("-t", "1" * 5000), ("-t", "٠٫٧"), ("--top-p", "1e-999999999"), ("--min-p", "Infinity"),
    ],
)  # fmt: skip
def test_what_is_no_number(option: str, value: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        cli(["sample", "babel", option, value], standalone_mode=False)
    kind = "number" if option in ("-t", "--top-p", "--min-p") else "whole number"
    start = value if len(value) <= 60 else value[:60] + "…"
    assert caught.value.message == f"'{start}' is not a {kind}"


@pytest.mark.parametrize(
    ("option", "value", "name", "bounds"),
    [
        ("-n", "1000000000000", "length", "from 1 to 1000000"),
        ("-n", "-1", "length", "from 1 to 1000000"),
        ("-s", "-1", "seed", "from 0 to 18446744073709551615"),
        ("-s", "18446744073709551616", "seed", "from 0 to 18446744073709551615"),
        ("-t", "1e400", "temperature", "from 0 to 100 with at most 3 decimals"),
        ("-t", "1e-400", "temperature", "from 0 to 100 with at most 3 decimals"),
        ("--top-k", "0", "top-k", "from 1 to 65536"),
        ("--top-p", "0", "top-p", "from 0.000001 to 1 with at most 6 decimals"),
        ("--min-p", "-0.1", "min-p", "from 0 to 1 with at most 6 decimals"),
    ],
)
def test_numbers_out_of_bounds(
    site: Path, monkeypatch: pytest.MonkeyPatch, option: str, value: str, name: str, bounds: str
) -> None:
    monkeypatch.chdir(site)
    with pytest.raises(SourceError) as caught:
        cli(["sample", "babel", option, value], standalone_mode=False)
    number = str(Decimal(value)) if option in ("-t", "--top-p", "--min-p") else value
    assert str(caught.value) == f"'{name}' must be {bounds}, not '{number}'"


@pytest.mark.parametrize("value", ["inf", "nan", "-inf", "1e400", "-1", "1e10", "many", ""])
def test_seconds_are_a_finite_number(value: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        cli(["train", "babel", "--checkpoint-every", value], standalone_mode=False)
    assert caught.value.message in (
        f"'{value}' is not a number",
        f"'{value}' is not from 0 to 1,000,000,000",
    )


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--minutes", "many", "'many' is not a number"),
        ("--epochs", "", "'' is not a number"),
        ("--steps", "1.5", "'1.5' is not a whole number"),
        ("--steps", "inf", "'inf' is not a whole number"),
    ],
)
def test_how_long_to_train_is_a_number(option: str, value: str, message: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        cli(["train", "babel", option, value], standalone_mode=False)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("option", "value", "found"),
    [
        ("--minutes", "0", "0.0"),
        ("--minutes", "1e400", "inf"),
        ("--epochs", "inf", "inf"),
        ("--epochs", "nan", "nan"),
        ("--steps", "0", "0"),
        ("--steps", "-1", "-1"),
    ],
)
def test_a_training_has_a_length(site: Path, option: str, value: str, found: str) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    with pytest.raises(SourceError) as caught:
        cli(["-C", str(site), "train", "babel", option, value], standalone_mode=False)
    name, most = option[2:], "10,000,000" if option == "--minutes" else "1,000,000,000,000"
    assert str(caught.value) == f"'{name}' must be more than 0, at most {most}, not {found}"
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("value", ["0", "65536", "-1", "1e3", "", "٨٠٠٠", "1" * 5000])
def test_ports(value: str) -> None:
    with pytest.raises(click.BadParameter):
        cli(["serve", "--port", value], standalone_mode=False)


@pytest.mark.parametrize("value", ["meta", "", "cuda:99999999999", "\x1b[31m", "CPU", "cpu:"])
def test_devices(value: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        cli(["train", "babel", "--device", value], standalone_mode=False)
    assert caught.value.message == (
        f"'{visible(value)}' is not a device such as cpu, cuda, cuda:1 or mps"
    )


@pytest.mark.parametrize("command", ["sample", "train", "evaluate"])
@pytest.mark.parametrize(
    "name",
    [
        "../../x", ".", "..", "a/b", "a\\b", "/etc", "babel/", "babel/samples", "", ".hidden",
        "a\0b", "\ud800", "n" * 256, "ñ" * 128, "../outside/babel",
    ],
)  # fmt: skip
def test_a_models_name_is_that_of_a_folder_of_models(
    site: Path, monkeypatch: pytest.MonkeyPatch, command: str, name: str
) -> None:
    make_model(site / "outside" / "babel")
    monkeypatch.chdir(site)
    with pytest.raises(ModelError) as caught:
        cli([command, name], standalone_mode=False)
    start = name if len(name) <= 60 else name[:60] + "…"
    assert str(caught.value) == (
        f"there is no model '{visible(start)}': a model is known by its folder's name in models/"
    )


def test_a_model_that_a_link_leads_out_of_the_project_for(
    site: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    make_model(outside / "babel")
    (site / "models" / "far").symlink_to(outside / "babel")
    _, errors = escriba("sample", "far", cwd=site, code=4)
    assert errors.startswith(f"models/far: this leads to {outside.as_posix()}/babel, outside")


@pytest.mark.parametrize(
    "arguments",
    [
        ["-C", "PATH", "build"], ["new", "PATH"], ["build", "-o", "PATH"], ["expand", "PATH"],
        ["expand", "x.md", "-o", "PATH"], ["expand", "x.md", "-o", "y", "--assets", "PATH"],
        ["evaluate", "babel", "--text", "PATH"],
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "a path cannot be empty"),
        ("a\0b", "'a␀b' has a character that no path has"),
        ("a\ud800b", "'aU+D800b' has a character that no path has"),
        (
            "x/" + "n" * 256,
            f"the name '{'n' * 60}…' is longer than the 255 bytes that a name may have",
        ),
        ("a/" * 600, f"the path '{'a/' * 30}…' is too long"),
        ("long/" * 900, f"the path '{'long/' * 12}…' is too long"),
    ],
)
def test_paths_that_no_file_has(arguments: list[str], path: str, message: str) -> None:
    words = [path if word == "PATH" else word for word in arguments]
    with pytest.raises(click.BadParameter) as caught:
        cli(words, standalone_mode=False)
    assert caught.value.message == message


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no FIFO")
def test_a_fifo_is_no_file_and_no_folder(site: Path) -> None:
    os.mkfifo(site / "fifo")
    _, errors = escriba("expand", "fifo", "-o", "x", cwd=site, code=3)
    assert errors.startswith("fifo: is a FIFO, not a file")
    _, errors = escriba("build", "-o", "fifo", cwd=site, code=3)
    assert len(errors.splitlines()) == 1
    _, errors = escriba("new", "fifo", cwd=site, code=3)
    assert errors == "fifo: is not a folder; name one, or one that does not exist\n"


def test_standard_input_has_a_bound_and_may_be_anything(site: Path) -> None:
    endless = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m escriba expand < /dev/zero"],
        cwd=site, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert (endless.returncode, endless.stdout) == (3, "")
    assert endless.stderr == "<stdin>: is larger than 64 MB, the most that is read\n"


def test_a_record_needs_a_name(site: Path) -> None:
    (site / "text.txt").write_text("text")
    for name in ("", "../x", "a b", "\x1b"):
        _, errors = escriba(
            "evaluate", "babel", "--text", "text.txt", "--record", name, cwd=site, code=3
        )
        assert errors.startswith(f"a text cannot be recorded as '{visible(name)}': ")
    escriba("evaluate", "babel", "--record", "", cwd=site, code=2)


def test_words_of_strangers_command_no_terminal(site: Path) -> None:
    """Names of files, keys of YAML and arguments, in messages and in results."""
    escape = "\x1b]0;title\x07\u202e"
    (site / "posts").mkdir()
    post = site / "posts" / f"2020-01-01-{escape}.md"
    post.write_text(f"---\n'a{escape}b': 1\ntitel\\n: 1\n---\n```escriba {escape}\n```\n")
    for command in (["build"], ["refresh", escape], ["explain", escape], [escape], ["-C", escape]):
        done = subprocess.run(
            [sys.executable, "-m", "escriba", *command],
            cwd=site, capture_output=True, encoding="utf-8",
        )  # fmt: skip
        assert done.returncode in (2, 3), done.stderr
        assert done.stderr
        assert not set(done.stdout + done.stderr) & {"\x1b", "\x07", "\u202e"}


def test_a_terminal_shows_what_a_model_writes_and_obeys_nothing(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    model = make_model(site / "models" / "wild", symbols="\x1b[31m\r\n\x07\u202eab")
    text = Engine(model).sample(Options(length=300))
    assert {"\x1b", "\r", "\x07"} < set(text)
    piped = subprocess.run(
        [sys.executable, "-m", "escriba", "sample", "wild", "-n", "300"],
        cwd=site, capture_output=True, env=os.environ | {"PYTHONUTF8": "1"},
    )  # fmt: skip
    assert piped.stdout.decode() == f"{text}\n", "elsewhere it is what it is"
    shown = run_in_terminal(
        sys.executable, "-m", "escriba", "-C", str(site), "sample", "wild", "-n", "300"
    )
    assert shown.replace("\r\n", "\n") == f"{visible(text)}\n"
    prompted = run_in_terminal(
        sys.executable, "-m", "escriba", "-C", str(site), "sample", "wild", "-n", "9", "-p", "\x1b["
    )
    assert prompted.startswith("\x1b[1m␛[\x1b[0m")
    for plain in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        asked = run_in_terminal(
            sys.executable, "-m", "escriba", "-C", str(site), "sample", "wild", "-n", "9", "-p",
            "ab", environment=os.environ | plain,
        )  # fmt: skip
        assert asked.startswith("ab")
        assert "\x1b" not in asked
    assert set(re.sub(r"\x1b\[[01]m", "", prompted)) & {"\x1b"} == set()


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
    assert errors == (
        "blog/escriba.yml: is a site already; `escriba serve` shows it, and `escriba new` adds to "
        "it what --ci or --model name\n"
    )


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
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_stop_keeps_the_work_and_the_next_run_goes_on(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    folder = make_training_site(tmp_path, epochs=100000)
    process = subprocess.Popen(
        [sys.executable, "-m", "escriba", "train", "mine"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    log = folder / "training.jsonl"
    try:
        wait_until(
            lambda: (
                process.poll() is not None or (log.exists() and '"validation"' in log.read_text())
            )
        )
        assert process.poll() is None, process.communicate()
        process.send_signal(number)
        _, errors = process.communicate()
    finally:
        process.kill()
        process.wait()
    assert process.returncode == code
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
