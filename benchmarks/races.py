"""Do site and samples stay whole when commands run at once, and when commands are killed?

    python benchmarks/races.py [together] [beside] [kills] [--rounds N] [--seed N] [--jobs N]

`together`: two builds into one output, at moments that are drawn, of one project that is edited in
between or of two. The site must be all of one edition, and of the last one. `beside`: a build,
`refresh` and `prune` at once, on a site with stale, missing and unused samples; or on one
where nothing is wrong, and there what only reads, too. All must end well, saying nothing but for
whom they wait, and the samples be what the posts ask for. `kills`: `build`, `refresh`, `prune` and
`expand` are killed (kill -9), half of them at a moment drawn over their length, half while a file
is being written. No file may be half-written, and the same command, run again, must leave what it
leaves undisturbed, and nothing besides.

Prints what was wrong, and how often; exits with 1 if anything was. The same seed draws the same
moments.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODEL = "recortado"  # the smallest of this repository
POSTS = 6
SAMPLES = 3  # of each post
POLL = 0.0005  # seconds
WAITING = re.compile(r".*: waiting for .*, at work there\n?")
COMMANDS = {
    "build": ["build"],
    "refresh": ["refresh"],
    "prune": ["prune"],
    "expand": ["expand", "docs", "-o", "out", "--no-style"],
}


@dataclass
class Outcome:
    """What was wrong in a round, by kind, and what happened besides."""

    wrong: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    details: list[str] = field(default_factory=list)

    def blame(self, kind: str, detail: str) -> None:
        self.wrong[kind] += 1
        self.details.append(f"{kind}: {detail}")


@dataclass(frozen=True)
class Blog:
    """A project with posts, a model, documents of another generator, and what was made of them."""

    root: Path

    @property
    def samples(self) -> Path:
        return self.root / "models" / MODEL / "samples"

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "escriba", *words], cwd=self.root, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "LANGUAGE": "en", "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip

    def run(self, *words: str) -> None:
        process = self.start(*words)
        _, message = process.communicate()
        if process.returncode or message:
            sys.exit(f"escriba {' '.join(words)} ended with {process.returncode}:\n{message}")

    def write(self, edition: int, *, seeds: int | None = None) -> None:
        """Posts and documents of an edition, which may ask for the samples of another."""
        for number in range(POSTS):
            blocks = "".join(
                f"\n```escriba sample\nmodel: {MODEL}\nlength: 60\nseed: {seed}\n```\n"
                for seed in range(100 * (edition if seeds is None else seeds) + number, 10**6, 7)[
                    :SAMPLES
                ]
            )
            text = f"Edition {edition}. " * 200 + f"\n\n## {edition}\n{blocks}"
            head = f"---\ntags: [{'odd' if edition % 2 else 'even'}, t{edition}]\n---\n"
            put(self.root / "posts" / f"2020-01-0{number + 1}-post-{number}.md", head + text)
            put(self.root / "docs" / "deep" / f"{number}.md", text)

    def copy(self, root: Path) -> Blog:
        shutil.copytree(self.root, root, symlinks=True)
        return Blog(root)

    def site(self) -> dict[str, bytes]:
        """The site, without our own folder in it; that must hold its manifest alone."""
        return {
            name: data
            for name, data in tree(self.root / "site").items()
            if name != ".escriba/manifest"
        }

    def state(self) -> dict[str, bytes]:
        """All that commands write."""
        parts = {"site": self.site(), "out": tree(self.root / "out"), "samples": tree(self.samples)}
        return {
            f"{part}/{name}": data for part, files in parts.items() for name, data in files.items()
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("kinds", nargs="*", metavar="together|beside|kills")
    parser.add_argument("--rounds", type=int, default=100, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="rounds side by side")
    options = parser.parse_args()
    kinds = options.kinds or list(ROUNDS)
    if unknown := set(kinds) - ROUNDS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    sys.exit(1 if run(kinds, options.rounds, options.seed, options.jobs or 1) else 0)


def run(kinds: Sequence[str], rounds: int, seed: int, jobs: int = 1) -> int:
    """Run so many rounds of each kind, and print what came of them: how much was wrong."""
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        stage = Stage(Path(name))
        for kind in kinds:

            def trial(number: int, kind: str = kind) -> Outcome:
                draw = random.Random(f"{seed} {kind} {number}")
                outcome = Outcome()
                folder = Path(name) / f"{kind}-{number}"
                ROUNDS[kind](stage, folder, draw, outcome)
                shutil.rmtree(folder, ignore_errors=True)
                return outcome

            with ThreadPoolExecutor(jobs) as pool:
                outcomes = list(shown(kind, pool.map(trial, range(rounds)), rounds))
            wrong += report(kind, outcomes)
    return wrong


class Stage:
    """Blogs from which rounds start, and how each command leaves them undisturbed."""

    def __init__(self, folder: Path):
        self.editions = []
        self.sites = []
        for edition in range(2):
            blog = make_blog(folder / f"edition-{edition}")
            blog.write(edition)
            blog.run("build")
            self.editions.append(blog)
            self.sites.append(blog.site())
        self.wrong = make_wrong(self.editions[0].copy(folder / "wrong"))
        self.lengths: dict[str, float] = {}
        self.ends: dict[str, dict[str, bytes]] = {}
        for name, words in COMMANDS.items():
            blog = self.wrong.copy(folder / name)
            begun = time.perf_counter()
            blog.run(*words)
            self.lengths[name] = time.perf_counter() - begun
            self.ends[name] = blog.state()


def make_blog(root: Path) -> Blog:
    put(root / "escriba.yml", "url: https://example.org\npermalink: /:title/\n")
    for name in ("weights.safetensors", "training.jsonl"):
        put(root / "models" / MODEL / name, (ROOT / "models" / MODEL / name).read_bytes())
    return Blog(root)


def make_wrong(blog: Blog) -> Blog:
    """A site with something to do for everybody: other posts, half of which ask for other samples,
    one sample that is missing, and one that nobody asks for."""
    blog.run(*COMMANDS["expand"])
    blog.write(1, seeds=0)
    for path in sorted((blog.root / "posts").iterdir())[: POSTS // 2]:
        path.write_text(re.sub(r"seed: (\d+)", r"seed: 9\1", path.read_text()))
    unused, missing = sorted(blog.samples.iterdir())[:2]
    (blog.samples / "abcdefabcdef.txt").write_bytes(unused.read_bytes())
    missing.unlink()
    return blog


def race(processes: Sequence[subprocess.Popen[str]], outcome: Outcome) -> None:
    """Wait for all; each must end well, and say nothing but for whom it waits."""
    for process in processes:
        _, message = process.communicate()
        words = " ".join(map(str, process.args[3:]))  # type: ignore[index]
        said = [line for line in message.splitlines() if not WAITING.fullmatch(line)]
        outcome.seen["waits that were told"] += len(message.splitlines()) - len(said)
        if process.returncode or said:
            outcome.blame("false messages", f"escriba {words}: {process.returncode} {said[:3]}")


def together(stage: Stage, folder: Path, draw: random.Random, outcome: Outcome) -> None:
    """Two builds into one output, of one project that is edited meanwhile, or of two."""
    first = stage.editions[0].copy(folder / "a")
    second = first if draw.random() < 1 / 2 else stage.editions[1].copy(folder / "b")
    words = ["build", "--output", str(folder / "a" / "site")]
    processes = [first.start(*words)]
    time.sleep(draw.choice([0, 0, draw.uniform(0, stage.lengths["build"])]))
    if second is first:
        first.write(1)  # file by file, so that the first build may see some of each
    processes.append(second.start(*words))
    race(processes, outcome)
    if second is first:
        race([first.start("build", "--frozen", "--output", str(folder / "whole"))], outcome)
        editions = [without_ours(tree(folder / "whole"))]
    else:
        editions = stage.sites
    if first.site() not in editions:
        outcome.blame("mixed sites", f"{folder.name}: {differences(first.site(), editions)}")


def beside(stage: Stage, folder: Path, draw: random.Random, outcome: Outcome) -> None:
    """Builds, refresh and prune at once; where nothing is wrong, what only reads, too."""
    right = draw.random() < 1 / 2
    blog = (stage.editions[0] if right else stage.wrong).copy(folder)
    words = [["build"], ["refresh"], ["prune"]]
    if right:
        (blog.samples / "abcdefabcdef.txt").write_text("unused\n")
        words += [["build", "--frozen"], ["check"], ["explain", "post-1"]]
    processes = []
    for each in draw.sample(words, len(words)):
        processes.append(blog.start(*each))
        time.sleep(draw.choice([0, 0, draw.uniform(0, 0.5)]))
    race(processes, outcome)
    after = Outcome()
    race([blog.start("check")], after)
    race([blog.start("build", "--frozen", "--output", str(folder / "whole"))], after)
    for detail in after.details:
        outcome.blame("samples lost or wrong", detail)
    if blog.site() != (whole := without_ours(tree(folder / "whole"))):
        outcome.blame("mixed sites", f"{folder.name}: {differences(blog.site(), [whole])}")
    shutil.rmtree(folder / "whole", ignore_errors=True)
    look_for_leftovers(blog, outcome)


def kills(stage: Stage, folder: Path, draw: random.Random, outcome: Outcome) -> None:
    """A command that is killed, and run again."""
    blog = stage.wrong.copy(folder)
    before = blog.state()
    name = draw.choice(list(COMMANDS))
    process = blog.start(*COMMANDS[name])
    aimed = draw.random() < 1 / 2
    if aimed:
        while process.poll() is None and not is_writing(blog):
            time.sleep(POLL)
        time.sleep(draw.uniform(0, 0.01))
    else:
        time.sleep(draw.uniform(0, stage.lengths[name]))
    process.kill()
    process.communicate()
    if process.returncode != -signal.SIGKILL:
        outcome.seen[f"{name} was over"] += 1
    else:
        fell = "while writing" if is_writing(blog) else "between"
        outcome.seen[f"{name} killed {fell}"] += 1
    end = stage.ends[name]
    whole = {*before.values(), *end.values()}
    for path, data in blog.state().items():
        if not is_temporary(path) and data not in whole:
            outcome.blame("half-written files", f"{name}: {path}")
    race([blog.start(*COMMANDS[name])], outcome)
    if blog.state() != end:
        outcome.blame("not made whole", f"{name}: {differences(blog.state(), [end])}")
    look_for_leftovers(blog, outcome)


ROUNDS: dict[str, Callable[[Stage, Path, random.Random, Outcome], None]] = {
    "together": together,
    "beside": beside,
    "kills": kills,
}


def is_writing(blog: Blog) -> bool:
    """Whether a file is being written, or was left half-written."""
    ours = blog.root / "site" / ".escriba"
    return (
        (ours / "staging").exists()
        or (ours / "plan").exists()
        or any(map(is_temporary, os.listdir(blog.samples)))  # noqa: PTH208 - as quick as can be
        or any((blog.root / "out").glob("deep/.*"))
    )


def is_temporary(name: str) -> bool:
    return re.search(r"(^|/)\.[^/]+\.[0-9a-f]{8}$|/\.escriba/", name) is not None


def look_for_leftovers(blog: Blog, outcome: Outcome) -> None:
    for path in sorted(blog.root.rglob(".*")):
        inside = path.relative_to(blog.root).as_posix()
        if inside != ".escriba" and inside != "site/.escriba":
            outcome.blame("files left behind", inside)
    for name in ("lock", "plan", "staging"):
        if (blog.root / "site" / ".escriba" / name).exists():
            outcome.blame("files left behind", f"site/.escriba/{name}")


def differences(found: dict[str, bytes], editions: Sequence[dict[str, bytes]]) -> str:
    """Where a state differs from the nearest of those that it may be."""
    names = [
        sorted(n for n in found.keys() | edition.keys() if found.get(n) != edition.get(n))
        for edition in editions
    ]
    return ", ".join(min(names, key=len)[:4])


def without_ours(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if name != ".escriba/manifest"}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def put(path: Path, data: str | bytes) -> None:
    """Write a file so that nobody sees a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(data.encode() if isinstance(data, str) else data)
    new.replace(path)


def shown(kind: str, outcomes: Iterator[Outcome], count: int) -> Iterator[Outcome]:
    """The same, with a line on standard error for each."""
    for number, outcome in enumerate(outcomes, start=1):
        found = "; ".join(outcome.details) or "right"
        print(f"{kind} {number}/{count}: {found}", file=sys.stderr)
        yield outcome


def report(kind: str, outcomes: Sequence[Outcome]) -> int:
    """Print the sums; how much was wrong."""
    seen: Counter[str] = sum((outcome.seen for outcome in outcomes), Counter())
    wrong: Counter[str] = sum((outcome.wrong for outcome in outcomes), Counter())
    print(f"{kind}: {len(outcomes)} rounds")
    for name, number in [*sorted(seen.items()), *((n, wrong[n]) for n in WRONG[kind])]:
        print(f"  {name:<28} {number:>5}")
    return wrong.total()


WRONG = {
    "together": ["mixed sites", "false messages"],
    "beside": ["mixed sites", "false messages", "samples lost or wrong", "files left behind"],
    "kills": ["half-written files", "not made whole", "false messages", "files left behind"],
}


if __name__ == "__main__":
    main()
