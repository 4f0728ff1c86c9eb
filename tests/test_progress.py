"""Long work on a terminal says how far it is; other work says nothing."""

from __future__ import annotations

import subprocess
import sys

from support.terminal import run_in_terminal

CODE = """
import sys, time
from escriba.ground import progress
progress.PATIENCE = float(sys.argv[1])
with progress.shown_progress() as report:
    for share in (0.25, 0.5):
        report("writing samples", share)
        time.sleep(0.2)
print("done", "rich" in sys.modules)
"""


def test_long_work_has_a_bar():
    shown = run_in_terminal(sys.executable, "-c", CODE, "0")
    assert "writing samples" in shown
    assert "50%" in shown
    assert shown.rstrip().endswith("done True")


def test_what_is_printed_meanwhile_goes_where_it_should(tmp_path):
    """Standard output may be a file while standard error is a terminal: `check --diff > FILE`."""
    code = (
        "import sys; from escriba.ground import progress; progress.PATIENCE = 0\n"
        "with progress.shown_progress() as report:\n"
        "    report('writing samples', 0.5); print('a difference')\n"
    )
    command = f'{sys.executable} -c "$0" > {tmp_path}/out'
    shown = run_in_terminal("sh", "-c", command, code)
    assert "writing samples" in shown
    assert "a difference" not in shown
    assert (tmp_path / "out").read_text() == "a difference\n"


def test_short_work_has_none():
    assert run_in_terminal(sys.executable, "-c", CODE, "60").rstrip() == "done False"


def test_without_a_terminal_nothing_is_shown():
    command = [sys.executable, "-c", CODE, "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("done False\n", "")
