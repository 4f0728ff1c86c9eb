"""Is what is built after any edit what a build from nothing makes, byte for byte?

    python benchmarks/edits.py [--edits N] [--seed N] [--entries N] [--without KIND,...]
        [--remember]

A random blog (support/editing/) goes through random edits: of posts, pages, includes, data,
templates, settings, models, frozen samples, files; mistakes and their mending; options of the
build, another edition of the code, the output and the cache ruined. After each it is built, frozen,
into the output that is there, by a process that goes on, and every tenth time by a new one before
that; and a copy without output and cache is built from nothing. The files must be the same, byte
for byte, and so must warnings and mistakes, in their order, and what is said of files written. A
file whose bytes do not change keeps its time; and a build that fails leaves the site as it was.

With `--remember` the process that goes on renders as `escriba serve` does, from its memory.

Prints what differs, the edit and the seed, and keeps the blog; exits with 1 if anything did. The
same seed draws the same edits.
"""

from __future__ import annotations

import argparse
import difflib
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from escriba.article.context import open_context
from escriba.ground import errors, language, mistakes, project, reads
from escriba.ground.errors import EscribaError
from escriba.ground.project import Project
from escriba.site.build import Result, build, render
from escriba.site.content import converted
from escriba.site.content.memory import Memory
from escriba.site.incremental import base
from escriba.site.incremental.cache import ASSET, PAGE, PANEL, Cache, find_path, open_cache
from escriba.site.output import write as disk
from escriba.site.territory import admit_output
from support.editing.changes import KINDS, draw_blog, draw_edit
from support.editing.folder import Folder, Order
from support.editing.hand import Hand

NEW_PROCESS = 10  # builds from one that a new process makes to the next
PATIENCE = 3  # builds that may fail before all is as it was when one did not
SHOWN = 12  # lines of a difference
OWN = ".escriba"  # of a project and of an output: what escriba keeps there for itself
MANIFEST = f"{OWN}/manifest"
LOG = "edits.txt"

_forks = multiprocessing.get_context("fork")


def pretend(code: int) -> None:
    """Be another edition of escriba's code, in this process: pages have other minutes to read.

    Whatever tells a cache which code it is of must be another one here, too.
    """
    converted.WORDS_PER_MINUTE = 220 - 40 * code
    base.find_program = lambda: f"edition {code}"
    os.environ["ESCRIBA_EDITS_CODE"] = str(code)


@dataclass(frozen=True)
class Outcome:
    """How a build ended: `ending` is the kind of error, or nothing. Of what nobody foresaw, the
    traceback is in `defect`."""

    ending: str = ""
    problems: Sequence[str] = ()
    warnings: Sequence[str] = ()
    posts: int = 0
    written: int = 0
    unchanged: int = 0
    removed: int = 0
    defect: str = ""


class Session:
    """Builds again and again as `serve` renders: from memory."""

    def __init__(self) -> None:
        reads.FRESH = 0.02  # seconds: edits come faster than any author's
        self._cache: Cache | None = None
        self._memory, self._states = Memory(), reads.States()

    def build(self, found: Project, *, frozen: bool, drafts: bool, unpublished: bool) -> Result:
        if self._cache is None:
            self._cache = open_cache(found, session=True)
            for kind in (PAGE, PANEL, ASSET):
                self._cache.load(kind)
        context = open_context(found, frozen=frozen, locked=True, states=self._states)
        output, shown = found.output, found.shown(found.output)
        admit_output(found, output, found.place("output"))
        disk.recover(output, shown)
        site = render(
            found, context, drafts=drafts, unpublished=unpublished, cache=self._cache,
            memory=self._memory,
        )  # fmt: skip
        done = disk.write(site.files, output, shown, root=found.root)
        return Result(site.posts, done.written, done.unchanged, done.removed, site.warnings)


def build_once(root: Path, order: Order, build: Callable[..., Result] = build) -> Outcome:
    """Build a project as it is ordered, in this process."""
    mistakes.is_unforeseen = lambda error: False
    try:
        found = project.load(root)
        if order.address:
            found = project.publish_at(found, order.address)
        done = build(found, frozen=True, drafts=order.drafts, unpublished=order.unpublished)
    except EscribaError as error:
        problems, warnings = map(_list, (error.problems, error.warnings))
        return Outcome(type(error).__name__, problems, warnings)
    except Exception as error:
        return Outcome(type(error).__name__, defect=traceback.format_exc())
    counts = done.posts, done.written, done.unchanged, done.removed
    return Outcome("", (), _list(done.warnings), *counts)


def _list(problems: Sequence[errors.Problem]) -> list[str]:
    return [str(problem) for problem in problems]


def _settle(order: Order) -> None:
    """Be a process that is ordered so, once for all."""
    os.environ["LANGUAGE"] = order.language
    language._catalogue.cache_clear()  # that of the process that this one is a fork of
    os.fsync = lambda fd: None  # the disk is not tried here, and it takes time
    pretend(order.code)


class Builder:
    """A process that builds one project again and again."""

    def __init__(self, root: Path, order: Order, *, remember: bool = False):
        self._pipe, end = _forks.Pipe()
        arguments = end, root, order, remember
        self._process: BaseProcess = _forks.Process(target=_serve, args=arguments)
        self._process.start()
        end.close()

    def build(self, order: Order) -> None:
        """Begin; `finish` has the outcome."""
        self._pipe.send(order)

    def finish(self) -> Outcome:
        try:
            found = self._pipe.recv()
        except EOFError:
            return Outcome("a process that ended", defect="the process that builds has ended")
        assert isinstance(found, Outcome)
        return found

    def stop(self) -> None:
        with suppress(OSError):
            self._pipe.send(None)
        self._process.join()


def _serve(pipe: Connection, root: Path, order: Order, remember: bool) -> None:
    _settle(order)
    work = Session().build if remember else build
    while (order_now := pipe.recv()) is not None:
        pipe.send(build_once(root, order_now, work))


def build_apart(root: Path, order: Order) -> Outcome:
    """Build in a new process, with another seed of hashes and in another time zone."""
    environment = {**os.environ, "TZ": "Pacific/Auckland", "PYTHONHASHSEED": "random"}
    done = subprocess.run(
        [sys.executable, "-W", "error", __file__, "--once", str(root), json.dumps(asdict(order))],
        env=environment, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    if done.returncode:
        return Outcome("a process that failed", defect=done.stderr)
    return Outcome(**json.loads(done.stdout))


@dataclass(frozen=True)
class Tree:
    """The files of an output: their bytes, and when they were written. Of what escriba keeps there
    for itself, only the list of files is one, and that at no time."""

    data: Mapping[str, bytes]
    times: Mapping[str, int]

    @staticmethod
    def of(folder: Path) -> Tree:
        data, times = {}, {}
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and (name == MANIFEST or not name.startswith(f"{OWN}/")):
                data[name] = path.read_bytes()
                times[name] = 0 if name == MANIFEST else path.stat().st_mtime_ns
        return Tree(data, times)

    @property
    def names(self) -> list[str]:
        return [name for name in self.data if name != MANIFEST]


@dataclass
class Trial:
    """A blog that goes through edits; `kept` is built again and again, and `clean` from nothing."""

    root: Path
    seed: int
    entries: int = 35
    without: Sequence[str] = ()
    remember: bool = False
    seen: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.kept, self.clean = self.root / "kept", self.root / "clean"
        self._random = random.Random(f"edits {self.seed}")
        self._folder = draw_blog(self._random, self.entries)
        self._there: dict[str, bytes] = {}
        self._past: list[Folder] = []  # as it was at each build
        self._good: Folder | None = None  # as it was when a build did not fail
        self._failures = 0
        self._hand = Hand(self._random, self._folder)
        self.kept.mkdir(parents=True)
        self.clean.mkdir()

    def run(self, edits: int) -> list[str]:
        """Go through so many edits, until something differs: what does."""
        builder = self._open()
        try:
            for number in range(edits + 1):
                told = self._edit(number)
                with (self.root / LOG).open("a", encoding="utf-8") as log:
                    log.write(f"{number}: {told}\n")
                self._write()
                if self._hand.restart:
                    builder.stop()
                    builder = self._open()
                if found := self._compare(builder, number):
                    return [f"seed {self.seed}, after edit {number}: {told}", *found]
        finally:
            builder.stop()
        return []

    def _open(self) -> Builder:
        return Builder(self.kept, self._folder.order, remember=self.remember)

    def _edit(self, number: int) -> str:
        """Do the next edit in mind: what it is."""
        site = Tree.of(self.kept / self._folder.place("output")).names
        before, self._hand = self._folder, Hand(self._random, self._folder.copy(), site, self._past)
        self._folder = self._hand.folder
        if number == 0:
            return "nothing yet"
        if self._failures and self._good:
            self.seen["after a failure"] += 1
            chance = self._random.random()
            if self._failures >= PATIENCE or chance < 0.3:
                self._hand.adopt(self._good)
                return "all is as it was when a build did not fail"
            if chance < 0.7 and len(self._past) > 1:
                self._hand.adopt(self._past[-2])
                return "the last edit is undone"
        kind, told = draw_edit(self._hand, self.without)
        if self._hand.folder.files == before.files:
            self.seen["edits of no file"] += 1
        self.seen[f"kind {kind}"] += 1
        return f"{kind}: {told}"

    def _write(self) -> None:
        """Bring the disk to what is in mind, and do what is done besides."""
        files = self._folder.files
        changed = [name for name in files if self._there.get(name) != files[name]]
        removed = [name for name in self._there if name not in files]
        for root in (self.kept, self.clean):
            for name in removed:
                (root / name).unlink()
                _tidy(root / name, root)
            for name in changed:
                path = root / name
                old = path.stat() if path.exists() else None
                path.parent.mkdir(parents=True, exist_ok=True)
                if old and name not in self._hand.quiet and len(files[name]) % 2:
                    path.unlink()  # some editors write a new file, others into the old one
                path.write_bytes(files[name])
                if old and name in self._hand.quiet:
                    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
        for act in self._hand.acts:
            act(self.kept)
        self._there = dict(files)

    def _compare(self, builder: Builder, number: int) -> list[str]:
        """Build in every way: what differs."""
        order = self._folder.order
        folder = self.kept / self._folder.place("output")
        self._clear()
        before = Tree.of(folder)
        outcomes = {}
        anew = Builder(self.clean, order)
        anew.build(order)
        if number % NEW_PROCESS == NEW_PROCESS - 1:
            outcomes["a new process"] = build_apart(self.kept, order), Tree.of(folder)
        builder.build(order)
        outcomes["the process that goes on"] = builder.finish(), Tree.of(folder)
        wanted = anew.finish()
        anew.stop()
        self._note(wanted)
        target = Tree.of(self.clean / self._folder.place("output"))
        found = [f"a defect:\n{wanted.defect}"] if wanted.defect else []
        for name, (outcome, after) in outcomes.items():
            expected = before if wanted.ending else target
            differences = _differ(outcome, wanted, before, after, expected)
            found += [f"{name}: {difference}" for difference in differences]
            before = after
        return found

    def _note(self, outcome: Outcome) -> None:
        """Keep how the blog is now, by how it was built."""
        state = self._folder.copy()
        self._past = [*self._past[-40:], state]
        self._failures = self._failures + 1 if outcome.ending else 0
        if not outcome.ending:
            self._good = state
        self.seen[outcome.ending or "built"] += 1
        self.seen["warnings"] += len(outcome.warnings)
        self.seen["mistakes"] += len(outcome.problems)

    def _clear(self) -> None:
        """Make the copy one that was never built. Where the blog has an output, it has a folder."""
        for name in ("site", "public", OWN):
            shutil.rmtree(self.clean / name, ignore_errors=True)
        if cache := find_path(self.clean):
            for path in cache.parent.glob(f"{cache.name}*"):
                path.unlink()
        for name in ("site", "public"):
            if (self.kept / name).exists():
                (self.clean / name).mkdir()


def _tidy(path: Path, root: Path) -> None:
    """Remove the folders that a file leaves empty."""
    for folder in path.parents:
        if folder == root or any(folder.iterdir()):
            return
        folder.rmdir()


def _differ(
    outcome: Outcome, wanted: Outcome, before: Tree, after: Tree, expected: Tree
) -> Iterator[str]:
    """What is not as it should be about a build; each in some lines."""
    if outcome.defect:
        yield f"a defect:\n{outcome.defect}"
    elif outcome.ending != wanted.ending:
        yield f"ends with {outcome.ending or 'a site'} instead of {wanted.ending or 'a site'}"
    for name in ("problems", "warnings"):
        ours, theirs = getattr(outcome, name), getattr(wanted, name)
        if list(ours) != list(theirs):
            yield f"other {name}:\n{_show_difference(theirs, ours)}"
    for name in sorted(expected.data.keys() | after.data.keys()):
        ours, theirs = after.data.get(name), expected.data.get(name)
        if ours is None or theirs is None:
            yield f"{name} is {'missing' if ours is None else 'too much'}"
        elif ours != theirs:
            lines = [data.decode("utf-8", "replace").splitlines() for data in (theirs, ours)]
            yield f"{name} differs:\n{_show_difference(*lines)}"
        elif before.data.get(name) == ours and before.times[name] != after.times[name]:
            yield f"{name} was written again, and is the same"
    if not outcome.ending:
        counts = _count(before, after)
        if (said := (outcome.written, outcome.unchanged, outcome.removed)) != counts:
            yield f"files written, unchanged, removed: {said} were told, and {counts} are true"
        if outcome.posts != wanted.posts:
            yield f"{outcome.posts} posts instead of {wanted.posts}"


def _count(before: Tree, after: Tree) -> tuple[int, int, int]:
    same = sum(before.data.get(name) == after.data[name] for name in after.names)
    gone = sum(name not in after.data for name in before.names)
    return len(after.names) - same, same, gone


def _show_difference(wanted: Sequence[str], found: Sequence[str]) -> str:
    lines = list(difflib.unified_diff(wanted, found, "from nothing", "found", n=0, lineterm=""))
    more = [f"… {len(lines) - SHOWN} lines more"] if len(lines) > SHOWN else []
    return "\n".join(f"    {line[:300]}" for line in (*lines[:SHOWN], *more))


def warm() -> None:
    """Import and compile all that a build needs, by one of another blog, before processes fork."""
    folder = Path(tempfile.mkdtemp())
    try:
        blog = draw_blog(random.Random("warm"), 60)
        for name, data in blog.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        outcome = build_once(folder, Order())
        assert not outcome.defect, outcome.defect
    finally:
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--edits", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--entries", type=int, default=35, help="posts and pages, about")
    parser.add_argument("--without", default="", help="kinds of edits, with commas between them")
    parser.add_argument("--folder", type=Path, help="where the blog is kept (default: temporary)")
    parser.add_argument("--remember", action="store_true", help="render as serve does")
    parser.add_argument("--once", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        root, order = Path(options.once[0]), Order(**json.loads(options.once[1]))
        _settle(order)
        print(json.dumps(asdict(build_once(root, order))))
        return
    without = [name for name in options.without.split(",") if name]
    if unknown := [name for name in without if not any(k.startswith(name) for k in KINDS)]:
        parser.error(f"no kind {', '.join(unknown)}; there are {', '.join(KINDS)}")
    trial = options.edits, options.seed, options.entries, without, options.folder
    sys.exit(run(*trial, remember=options.remember))


def run(
    edits: int,
    seed: int,
    entries: int = 35,
    without: Sequence[str] = (),
    folder: Path | None = None,
    *,
    remember: bool = False,
) -> int:
    """A trial, and what is to be said of it; 1 if anything differed."""
    root = Path(tempfile.mkdtemp(prefix="edits-", dir=folder))
    caches = root / "caches"
    caches.mkdir(mode=0o700)
    os.environ["XDG_CACHE_HOME"] = str(caches)
    warm()
    trial = Trial(root, seed, entries, without, remember)
    found = trial.run(edits)
    if found:
        print("\n".join(found))
        print(f"the blog is in {root}, and its edits in {LOG} there")
        return 1
    shutil.rmtree(root)
    print(describe(trial.seen))
    print(f"{edits} edits of seed {seed}; nothing differs")
    return 0


def describe(seen: Mapping[str, int]) -> str:
    """How builds ended, and which edits there were."""
    kinds = sorted(name for name in seen if name.startswith("kind "))
    ends = [f"{name} {seen[name]}" for name in sorted(seen) if name not in kinds]
    named = [f"{name.removeprefix('kind ')} {seen[name]}" for name in kinds]
    return f"builds: {', '.join(ends)}\nedits: {', '.join(named)}"


if __name__ == "__main__":
    main()
