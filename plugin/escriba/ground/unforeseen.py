"""What nobody foresaw: one sentence that asks for a report, and a file with the details.

The details are for somebody who mends escriba: where in the program it happened, its version and
that of Python, the platform, the command. Of the person's own there is nothing in them but names
of files and what the error itself says, which is cut short: no environment, no file's content.
"""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from escriba.ground.errors import DefectError, Place, Problem
from escriba.ground.language import tr
from escriba.ground.terminal import visible_line

WORDS = 200  # characters of what an error says
FRAMES = 40  # of a traceback, at its beginning and at its end
CAUSES = 5  # errors of which others came
PROGRAM = (
    str(Path(__file__).parents[1]),
    sys.prefix,
    sys.base_prefix,
)  # what has no text of a person's
PACKAGES = (
    "escriba", "Babel", "click", "Jinja2", "Markdown", "math-core", "numpy", "Pygments",
    "python-liquid", "PyYAML", "rich", "safetensors", "torch", "wasmtime", "watchfiles",
)  # fmt: skip


def report(error: BaseException, place: Place | None = None) -> DefectError:
    """The defect that an unforeseen error is, met during the work at a place; its details are in
    a file of the temporary folder, which nobody else can read. Never fails."""
    what = _name(error)
    try:
        path = _write(_Case(_fingerprint(error), _describe(error)))
    except Exception as refused:  # no room, no folder, no memory
        sentence = tr(
            "escriba met something that nobody foresaw: {what} ({where}); please report it: the "
            "details could not be written to a file ({reason})",
            what=what,
            where=_find_where(error),
            reason=_name(refused),
        )
    else:
        sentence = tr(
            "escriba met something that nobody foresaw: {what}; please report it with the file "
            "{path}, which has the details",
            what=what,
            path=path,
        )
    return DefectError(Problem(sentence, place))


@dataclass(frozen=True)
class _Case:
    """A defect: what tells it from others, and the details of one time that it was met."""

    mark: str
    details: str = field(compare=False)


def _fingerprint(error: BaseException) -> str:
    """What errors of one defect have in common: their kind, and the functions they come from."""
    frames = traceback.extract_tb(error.__traceback__, -FRAMES)
    names = sorted({f"{frame.filename}:{frame.name}" for frame in frames})
    return "\n".join([type(error).__qualname__, *names])


def _name(error: BaseException) -> str:
    """The kind of an error and what it says, in one line."""
    kind = type(error).__name__
    try:
        words = str(error).strip()
    except Exception:  # somebody else's __str__
        words = ""
    if len(words) > WORDS:
        words = words[:WORDS] + "…"
    return visible_line(f"{kind}: {words}" if words else kind)


def _find_where(error: BaseException) -> str:
    with suppress(Exception):
        frame = traceback.extract_tb(error.__traceback__, -1)[0]
        return f"{Path(frame.filename).name}:{frame.lineno}"
    return "?"


@lru_cache(maxsize=100)  # a defect that is in every post, or met at every save, has one report
def _write(case: _Case) -> str:
    import tempfile

    # With a name that nobody can know before, made by us, and readable by the person alone.
    number, path = tempfile.mkstemp(prefix="escriba-", suffix=".txt")
    try:
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(case.details)
    except BaseException:
        with suppress(OSError):
            Path(path).unlink()
        raise
    return path


def _describe(error: BaseException) -> str:
    import platform  # as all that few runs need: `mistakes` is part of each

    lines = ["What happened to escriba, for those who make it:", ""]
    lines += [f"command: {' '.join(map(repr, sys.argv))}"]
    lines += [f"Python {platform.python_version()} on {platform.platform()}"]
    lines += [f"{name} {found}" for name in PACKAGES if (found := _version(name))]
    seen: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in seen and len(seen) < CAUSES:
        seen.append(at)
        lines += ["", "Traceback, the last call at its end:" if len(seen) == 1 else "Because of:"]
        lines += [*_trace(at), _name(at)]
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return "\n".join(lines) + "\n"


def _trace(error: BaseException) -> list[str]:
    frames = list(traceback.walk_tb(error.__traceback__))
    left_out = len(frames) - 2 * FRAMES
    if left_out > 0:  # of a recursion
        frames = frames[:FRAMES] + frames[-FRAMES:]
    lines = []
    for number, frame in enumerate(traceback.StackSummary.extract(iter(frames))):
        if left_out > 0 and number == FRAMES:
            lines.append(f"  … {left_out} more")
        lines.append(f"  {frame.filename}:{frame.lineno}, in {frame.name}")
        # Of a template, which has frames of its own, the text would be the person's.
        if frame.filename.endswith(".py") and frame.filename.startswith(PROGRAM) and frame.line:
            lines.append(f"    {frame.line}")
    return lines


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return ""
