"""How long does a whole blog take, built from nothing, again, and after an edit, beside Hugo?

    python benchmarks/build.py [--posts N] [--rounds N] [--only full,unchanged,edit,hugo,demo]

`hugo` and `full` build the same posts (support/articles.py) from nothing: no output, no cache.
`unchanged` builds once more, and `edit` after one sentence of one post was changed. `demo` builds
the blog of this repository from nothing. They take turns within each round; medians over the
rounds, after one round to warm up: then there are `.pyc` files, and escriba's own templates are
compiled.

Hugo has a theme of the same pages as escriba's (support/hugo/): home with the latest posts, posts
with contents, topics and neighbours, archive, topics, feed, site map, 404, highlighted code. Hugo
looks up no link. Ratios are to what it takes in the same run.

Exits with 1 if a site lacks a page or the edited sentence, or if the site that an edit left is not
the one that is then built from nothing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from support.articles import name_file, name_post, write_posts

HERE = Path(__file__).parent
ROOT = HERE.parent
THEME = HERE / "support" / "hugo"
ASSETS = {"page.css": "style.css", "favicon.svg": "favicon.svg"}  # of escriba's theme, for Hugo's
SETTINGS = "title: A blog\nauthor: Somebody\nurl: https://example.org\npermalink: /posts/:title/\n"
DEMONSTRATION = ("escriba.yml", "posts", "pages", "models", "_includes", "_data", "images")
LABELS = {
    "hugo": "Hugo, from nothing",
    "full": "escriba, from nothing",
    "unchanged": "escriba, nothing changed",
    "edit": "escriba, one post edited",
    "demo": "escriba, demonstration blog",
}
CACHE = ".escriba"  # of a project
SENTENCES = ("Of this sentence there is a first edition.", "Of this sentence, a second one.")


@dataclass(frozen=True)
class Cost:
    """Of one command and all processes that it starts: seconds on the wall and of processors, and
    bytes of the largest of them."""

    wall: float
    processor: float
    memory: int


def measure(command: list[str], folder: Path, environment: Mapping[str, str]) -> Cost:
    """Run a command, whose output is shown only if it fails."""
    with tempfile.TemporaryFile() as said:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=dict(environment), stdout=said, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            text = said.read().decode("utf-8", "replace")
            sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{text}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss << 10)


class Stage:
    """The blogs to be built, in a folder, and what is done with them."""

    def __init__(self, folder: Path, posts: int, seed: int):
        self.blog, self.hugo, self.demonstration = folder / "blog", folder / "hugo", folder / "demo"
        self.posts, self.round = posts, 0
        # Without .pyc files imports would take two to four times as long.
        hidden = ("PYTHONDONTWRITEBYTECODE", "HUGO_CACHEDIR")
        self._environment = {k: v for k, v in os.environ.items() if k not in hidden}
        self._environment |= {"LANGUAGE": "en"}
        for project in (self.blog, self.demonstration):
            find_caches(project).mkdir(mode=0o700)
        write_posts(self.blog / "posts", posts, seed)
        (self.blog / "escriba.yml").write_text(SETTINGS)
        self._edited = posts // 2
        self._after_edit = ""

    def set_up_hugo(self) -> None:
        shutil.copytree(THEME, self.hugo)
        for name, theirs in ASSETS.items():
            (self.hugo / "assets").mkdir(exist_ok=True)
            shutil.copyfile(ROOT / "templates" / "assets" / name, self.hugo / "assets" / theirs)
        (self.hugo / "content").mkdir()
        shutil.copytree(self.blog / "posts", self.hugo / "content" / "posts")

    def set_up_demonstration(self) -> None:
        self.demonstration.mkdir()
        for name in DEMONSTRATION:
            source = ROOT / name
            if source.is_dir():
                ignored = shutil.ignore_patterns("checkpoint")
                shutil.copytree(source, self.demonstration / name, ignore=ignored)
            elif source.exists():
                shutil.copyfile(source, self.demonstration / name)

    def run_hugo(self) -> Cost:
        for name in ("public", "resources", "cache"):
            shutil.rmtree(self.hugo / name, ignore_errors=True)
        command = ["hugo", "--quiet", "--cacheDir", str(self.hugo / "cache")]
        cost = measure(command, self.hugo, self._environment)
        self._check_pages(self.hugo / "public")
        return cost

    def run_full(self) -> Cost:
        _clear(self.blog)
        cost = self._build(self.blog)
        self._check_pages(self.blog / "site")
        if self._after_edit and digest(self.blog / "site") != self._after_edit:
            sys.exit("after an edit the site was not what a build from nothing makes")
        self._after_edit = ""
        return cost

    def run_unchanged(self) -> Cost:
        self._prepare()
        before = digest(self.blog / "site")
        cost = self._build(self.blog)
        if digest(self.blog / "site") != before:
            sys.exit("nothing was changed, and the site is another")
        return cost

    def run_edit(self) -> Cost:
        self._prepare()
        self.round += 1
        path = self.blog / "posts" / name_file(self._edited, self.posts)
        text = path.read_text("utf-8")
        old, new = SENTENCES[self.round % 2], SENTENCES[(self.round + 1) % 2]
        if old in text:
            text = text.replace(old, new)
        else:
            head, separator, rest = text.rpartition("\n\n## ")
            text = f"{head} {new}{separator}{rest}"
        path.write_text(text, "utf-8", newline="\n")
        cost = self._build(self.blog)
        page = self.blog / "site" / "posts" / name_post(self._edited) / "index.html"
        if new not in page.read_text("utf-8"):
            sys.exit("the edited post was not built again")
        self._after_edit = digest(self.blog / "site")
        return cost

    def run_demo(self) -> Cost:
        _clear(self.demonstration)
        return self._build(self.demonstration)

    def _build(self, folder: Path) -> Cost:
        command = [sys.executable, "-m", "escriba", "build", "--frozen"]
        environment = {**self._environment, "XDG_CACHE_HOME": str(find_caches(folder))}
        return measure(command, folder, environment)

    def _prepare(self) -> None:
        if not (self.blog / "site").exists():
            self._build(self.blog)

    def _check_pages(self, site: Path) -> None:
        made = sum(1 for _ in (site / "posts").glob("*/index.html"))
        if made != self.posts:
            sys.exit(f"{made} of {self.posts} posts have a page in {site}")


def find_caches(project: Path) -> Path:
    """The folder of caches of one project: what clears it leaves that of others alone."""
    return project.with_name(f"{project.name}-caches")


def _clear(project: Path) -> None:
    """Remove all that a build left."""
    for name in ("site", CACHE):
        shutil.rmtree(project / name, ignore_errors=True)
    shutil.rmtree(find_caches(project) / "escriba" / "builds", ignore_errors=True)


def digest(folder: Path) -> str:
    """Of all files of a site, but those that escriba keeps there for itself."""
    found = sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and CACHE not in path.relative_to(folder).parts:
            found.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def show(costs: Mapping[str, list[Cost]]) -> None:
    """The table: medians, the range of the wall time, and ratios to Hugo's."""

    def median(name: str, of: Callable[[Cost], float]) -> float:
        return statistics.median(of(cost) for cost in costs[name])

    print(f"{'':<29}  seconds   (range)          processor      MB   of Hugo's: wall  processor")
    for name, found in costs.items():
        wall, processor = median(name, _wall), median(name, _processor)
        walls = [cost.wall for cost in found]
        spread = f"({min(walls):.2f}-{max(walls):.2f})"
        memory = median(name, lambda cost: cost.memory) / 2**20
        line = f"{LABELS[name]:<29}{wall:9.2f}   {spread:<16}{processor:10.2f}{memory:8.0f}"
        if "hugo" in costs and name not in ("hugo", "demo"):
            line += f"{wall / median('hugo', _wall):18.2f}"
            line += f"{processor / median('hugo', _processor):11.2f}"
        print(line)


def _wall(cost: Cost) -> float:
    return cost.wall


def _processor(cost: Cost) -> float:
    return cost.processor


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1, help="of the posts")
    parser.add_argument("--only", default=",".join(LABELS), help="which, with commas between them")
    parser.add_argument("--folder", type=Path, help="where to build (default: a temporary one)")
    options = parser.parse_args()
    wanted = options.only.split(",")
    if unknown := set(wanted) - LABELS.keys():
        parser.error(f"no {', '.join(sorted(unknown))}; there are {', '.join(LABELS)}")
    names = [name for name in LABELS if name in wanted]
    if "hugo" in names and shutil.which("hugo") is None:
        parser.error("hugo is not installed; leave it out with --only")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        stage = Stage(Path(folder), options.posts, options.seed)
        if "hugo" in names:
            stage.set_up_hugo()
        if "demo" in names:
            stage.set_up_demonstration()
        runs = {name: getattr(stage, f"run_{name}") for name in names}
        costs: dict[str, list[Cost]] = {name: [] for name in names}
        for number in range(options.rounds + 1):
            for name, run in runs.items():
                cost = run()
                if number:  # the first round warms up
                    costs[name].append(cost)
        if "full" in names and "edit" in names:
            stage.run_full()  # compares with the site that the last edit left
    print(f"{options.posts} posts, {options.rounds} rounds, {os.cpu_count()} processors")
    show(costs)


if __name__ == "__main__":
    main()
