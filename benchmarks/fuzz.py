"""Is every strange text, at every door of a blog, either built or refused in words?

    python benchmarks/fuzz.py [--seconds N | --cases N] [--seed N] [--only DOOR,…] [--found FOLDER]
    python benchmarks/fuzz.py FILE…

Draws texts (support/strange.py) from a seed and puts each through its door (support/doors.py) as a
build would. Found is whatever raises anything but EscribaError, takes more than 10 seconds of
processor time or 2 GB, ends the process, tells a mistake in more than one line, or leaves marks of
our own or broken XML in what it makes. Each kind of it is cut down to a small text and saved to a
file, which given as FILE is tried again. Case number N of a seed is the same wherever and whenever
it runs. Exits with 1 if anything was found.
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from xml.parsers import expat

from escriba.ground.errors import EscribaError
from support.doors import DOORS, knock
from support.strange import draw
from support.yard import ORDINARY, SAMPLES, SHOWN, Files, Yard, open_yard

SLOW = 10  # processor seconds
WAITING = 120  # seconds after which a case waits for something that does not come
MEMORY = 2 << 30  # bytes
TRIES, FEW_TRIES = 1500, 12  # at making one finding smaller, and one that ends the process
SHRINKING = 60  # processor seconds
LONGEST = 4000  # characters of a message
CASES = 1 << 40
# Characters and words that stand for something while a page is made, and never after.
OURS = re.compile(rb"\xef\xb7[\x90\x91]|klzzwxh|wzxhzdk|escriba[0-9a-f]{16}x\d+x")
OURS_WRITTEN = re.compile(
    rb"fdd[01]|EFB79[01]|6497[67]|klzzwxh|wzxhzdk|escriba[0-9a-f]{16,}x", re.I
)  # letters alone


@dataclass(frozen=True)
class Case:
    """A text for a door."""

    door: str
    data: bytes

    @property
    def name(self) -> str:
        """Of its file: the door, and a digest that keeps it from others."""
        return f"{self.door.replace(' ', '-')}.{hashlib.sha256(self.data).hexdigest()[:10]}"


def read_case(path: Path) -> Case:
    """The case of a file that `save` wrote."""
    door = path.name.partition(".")[0].replace("-", " ")
    return Case(door, path.read_bytes())


class Judge:
    """Tries cases in a yard of its own, which each of them finds as it was made."""

    def __init__(self, folder: Path):
        folder.mkdir()
        self.yard = open_yard(folder / "yard")
        self._template = folder / "template"
        self._ruined = False  # so that putting back what was written is not enough
        self.warm()
        shutil.rmtree(self.yard.root / "posts")
        self.yard.written.clear()
        shutil.copytree(self.yard.root, self._template)

    def warm(self) -> None:
        """Import and compile what is needed once, so that it is not a case's time."""
        for door, data in (("post", SHOWN + SAMPLES), ("expand", SHOWN), ("host", SHOWN)):
            knock(self.yard, door, data)
        knock(self.yard, "post", ORDINARY)

    def judge(self, case: Case) -> str:
        """What is wrong with what a case does, in a line; nothing if it is as it should be."""
        if self._ruined:
            shutil.rmtree(self.yard.root)
            shutil.copytree(self._template, self.yard.root)
        else:
            self.yard.restore(self._template)
        self._ruined = case.door == "tree"
        signal.alarm(WAITING)
        started = time.process_time()
        found = _try(self.yard, case)
        spent = time.process_time() - started
        signal.alarm(0)
        return found or (f"slow: {SLOW} s" if spent > SLOW else "")

    def judge_apart(self, case: Case) -> str:
        """The same, in a process that may hang, be killed, or take all memory."""
        self._ruined = True  # what another process did in this yard is not known here
        return next((found for _, found in [*self.run(iter([case]))] if found), "")

    def run(
        self, cases: Iterator[Case], until: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[int, str]]:
        """(number of a case, what is wrong with it) of those where something is, and of the last,
        tried in one process, which ends with a case that kills it."""
        receiver, sender = os.pipe()
        last = -1
        with tempfile.TemporaryFile() as log:
            child = os.fork()
            if not child:
                try:
                    _work(self, cases, until, sender, log.fileno())
                finally:
                    os._exit(0)
            os.close(sender)
            with os.fdopen(receiver) as pipe:
                for line in pipe:
                    last, found = json.loads(line)
                    if found:
                        yield last, found
            _, status = os.waitpid(child, 0)
            log.seek(0)
            yield last, _describe_end(status, log.read().decode("utf-8", "replace"))


def _work(
    judge: Judge, cases: Iterator[Case], until: Callable[[], bool], sender: int, log: int
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    faulthandler.enable(log, all_threads=False)
    for ending in (signal.SIGXCPU, signal.SIGALRM):
        faulthandler.register(ending, log, all_threads=False, chain=True)
    for number, case in enumerate(cases):
        if until():
            break
        _limit(SLOW + 2)
        os.write(sender, (json.dumps([number, ""]) + "\n").encode())
        found = judge.judge(case)
        if found:
            os.write(sender, (json.dumps([number, found]) + "\n").encode())


def _limit(seconds: int) -> None:
    """Let this process take so many more seconds, and not all memory; warnings are errors in it."""
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + seconds, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, resource.RLIM_INFINITY))
    warnings.simplefilter("error")


def _describe_end(status: int, log: str) -> str:
    if not os.WIFSIGNALED(status):
        return ""
    name = signal.Signals(os.WTERMSIG(status)).name
    frames = re.findall(r'File "(.*)", line \d+ in (.*)', log)
    own = next(
        (
            f"{Path(file).name}:{function}"
            for file, function in frames
            if "escriba" in file and "/benchmarks/" not in file
        ),
        "",
    )
    kind = {"SIGXCPU": "slow", "SIGALRM": "slow: waits"}.get(name, name)
    return f"{kind} in {own or 'no function of ours'}"


def _try(yard: Yard, case: Case) -> str:
    try:
        files = knock(yard, case.door, case.data)
    except EscribaError as error:
        return _examine_error(error, placed=case.door != "tree")
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of a package in Rust is no Exception
        return _describe(error)
    return _examine(files, case.data)


def _describe(error: BaseException) -> str:
    """An error's kind, and the innermost function of ours and of others that it passed through."""
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, RecursionError):
        names = [frame for frame in frames if "/escriba/" in frame.filename][:12]
    else:
        names = [frame for frame in frames if "/escriba/" in frame.filename]
    if not names:
        return f"{type(error).__name__}: {error}"
    own = f"{Path(names[-1].filename).name}:{names[-1].name}"
    last = f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else ""
    where = own if own == last else f"{own} ({last})"
    return f"{type(error).__name__} in {where}: {' '.join(str(error)[:160].split())}"


def _examine_error(error: EscribaError, *, placed: bool) -> str:
    for problem in error.problems:
        kind = re.sub(r"['\"‘“].*", "", problem.message)[:60]
        if not problem.message.strip():
            return f"a mistake without words at {problem.place}"
        if re.search(r"[\n\r\x00-\x08\x0b-\x1f]", str(problem)):
            return f"a mistake in more than one line, or with controls: {kind!r}"
        if len(problem.message) > LONGEST:
            return f"a mistake of {len(problem.message)} characters: {kind!r}"
        if problem.place is None and placed:
            return f"a mistake without a place: {kind!r}"
    return "" if error.problems else "an error without mistakes"


def _examine(files: Files, given: bytes) -> str:
    # An author may write them, also apart in a formula, or by a number in YAML.
    ours = not OURS.search(given) and not OURS_WRITTEN.search(re.sub(rb"[^\w]+", b"", given))
    for name, content in files.items():
        if isinstance(content, Path):  # a copy of what the author has
            continue
        data = content if isinstance(content, bytes) else content.read()
        if ours and name.endswith((".html", ".xml")) and (match := OURS.search(data)):
            return f"marks of ours are left: {match[0]!r} in {Path(name).suffix}"
        if name.startswith("/") or ".." in Path(name).parts or "\0" in name:
            return "a file outside the site"
        if name in ("feed.xml", "sitemap.xml"):
            try:
                expat.ParserCreate().Parse(data, True)
            except expat.ExpatError as error:
                return f"{name} is not XML: {expat.ErrorString(error.code)}"
    return ""


def shrink(judge: Judge, case: Case, found: str) -> Case:
    """A smaller case of the same kind; the same one if that cannot be had."""
    kind = kind_of(found)
    if kind.startswith(("slow", "SIG")):
        return _leave_out(
            case, lambda smaller: kind_of(judge.judge_apart(smaller)) == kind, FEW_TRIES
        )
    with tempfile.TemporaryFile() as file:
        child = os.fork()
        if not child:
            try:
                _limit(SHRINKING)
                small = _leave_out(
                    case, lambda smaller: kind_of(judge.judge(smaller)) == kind, TRIES
                )
                file.write(small.data)
                file.flush()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        file.seek(0)
        return Case(case.door, file.read() or case.data)


def _leave_out(case: Case, is_same: Callable[[Case], bool], tries: int) -> Case:
    """Lines and then bytes are left out, as long as it stays the same."""
    for unit in (b"\n", b""):
        pieces = case.data.split(unit) if unit else [bytes([byte]) for byte in case.data]
        size = max(1, len(pieces) // 2)
        while size and tries > 0:
            at = 0
            while at < len(pieces) and tries > 0:
                fewer = pieces[:at] + pieces[at + size :]
                tries -= 1
                if is_same(smaller := Case(case.door, unit.join(fewer))):
                    pieces, case = fewer, smaller
                else:
                    at += size
            size //= 2
    return case


def kind_of(found: str) -> str:
    """What two findings have in common that are one."""
    return re.sub(r"\d+", "N", found.split(": ")[0] if " in " in found else found)


def _cases(seed: int, first: int, last: int, doors: list[str]) -> Iterator[Case]:
    for number in range(first, last):
        yield Case(*draw(Random(f"{seed}:{number}"), doors))


def search(
    judge: Judge,
    spare: Judge,
    seed: int,
    cases: int,
    seconds: float,
    doors: list[str],
    folder: Path | None,
) -> tuple[int, Counter[str]]:
    """How many cases were tried, and how often each kind of finding was met. Saves one of each,
    made small by the `spare` judge while the other goes on."""
    ends = time.monotonic() + seconds
    kinds: Counter[str] = Counter()
    number = 0
    while number < cases and time.monotonic() < ends:
        first, last = number, -1
        for last, found in judge.run(
            _cases(seed, first, cases, doors), lambda: time.monotonic() > ends
        ):
            if not found:
                continue
            kinds[kind_of(found)] += 1
            if kinds[kind_of(found)] == 1:
                (case,) = _cases(seed, first + last, first + last + 1, doors)
                print(f"{seed}:{first + last} {case.door}: {found}", flush=True)
                if folder is not None:
                    case = shrink(spare, case, found)
                    path = folder / case.name
                    path.write_bytes(case.data)
                    print(f"    {path} ({len(case.data)} bytes) {case.data[:160]!r}", flush=True)
        number = first + last + 1
    return number, kinds


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="saved cases to try again"
    )
    parser.add_argument(
        "--seconds", type=float, default=60, help="how long, unless --cases says how many"
    )
    parser.add_argument("--cases", type=int, help="how many texts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="doors, with commas between them")
    parser.add_argument("--found", type=Path, help="folder for what is found")
    options = parser.parse_args()
    doors = [door for door in options.only.split(",") if door]
    if unknown := set(doors) - DOORS.keys():
        parser.error(f"no door {', '.join(sorted(unknown))}; there are {', '.join(DOORS)}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        judge, spare = (Judge(Path(folder) / name) for name in ("judge", "spare"))
        gc.collect()
        gc.freeze()
        if options.files:
            failed = [path for path in options.files if _retry(judge, path)]
            sys.exit(1 if failed else 0)
        if options.found:
            options.found.mkdir(parents=True, exist_ok=True)
        seconds = float("inf") if options.cases else options.seconds
        number, kinds = search(
            judge, spare, options.seed, options.cases or CASES, seconds, doors, options.found
        )
    for kind, times in kinds.most_common():
        print(f"{times:6}  {kind}")
    print(f"{number} texts of seed {options.seed}; {len(kinds)} kinds of findings")
    sys.exit(1 if kinds else 0)


def _retry(judge: Judge, path: Path) -> str:
    found = judge.judge_apart(read_case(path))
    print(f"{path}: {found or 'as it should be'}")
    return found


if __name__ == "__main__":
    main()
