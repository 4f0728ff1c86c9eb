"""A blog as its author has it in mind, for edits.py: its files, and how it is to be built."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from escriba.evidence import answer
from escriba.evidence.samples import SAMPLES
from escriba.records.model import read_model
from escriba.sampling.request import Options, Request

ROOT = Path(__file__).parents[3]
SETTINGS = "escriba.yml"
MODELS = ("recortado", "sin-recorte")  # the two smallest of this repository
GAP = "\n\n\n"  # between the pieces of a text
DRAFTS = ("drafts", "_drafts")


@dataclass(frozen=True)
class Order:
    """How a blog is to be built: the options of a build, the terminal's language, and the edition
    of escriba's own code."""

    drafts: bool = False
    unpublished: bool = False
    address: str = ""
    language: str = "en"
    code: int = 0


@dataclass
class Folder:
    """All files of a project, by their paths; and the order to build it."""

    files: dict[str, bytes] = field(default_factory=dict)
    order: Order = Order()

    def copy(self) -> Folder:
        return Folder(dict(self.files), self.order)

    def read(self, path: str) -> str:
        """The text of a file, with line ends of Unix, whatever was done to it."""
        return self.files[path].decode("utf-8", "replace").replace("\r\n", "\n")

    def write(self, path: str, text: str) -> None:
        self.files[path] = text.encode()

    def move(self, old: str, new: str) -> None:
        self.files[new] = self.files.pop(old)

    def find(self, *starts: str, end: str | tuple[str, ...] = "") -> list[str]:
        """The files in folders, sorted."""
        return sorted(p for p in self.files if p.startswith(starts) and p.endswith(end))

    # The settings, and the front matter of a post: lines `key: value`.

    def get(self, path: str, key: str) -> str | None:
        match = re.search(rf"^{re.escape(key)}: (.*)$", self._head(path), re.M)
        return match[1] if match else None

    def set(self, path: str, key: str, value: str | None) -> None:
        """Give a key its value, in a file that has some; None leaves the key out."""
        text = self.read(path)
        head = self._head(path)
        lines = [line for line in head.splitlines() if not line.startswith(f"{key}: ")]
        if value is not None:
            lines.append(f"{key}: {value}")
        self.write(path, text.replace(head, "".join(f"{line}\n" for line in lines), 1))

    def keys(self, path: str) -> list[str]:
        return re.findall(r"^([\w-]+): ", self._head(path), re.M)

    def _head(self, path: str) -> str:
        text = self.read(path)
        if not path.endswith((".md", ".html")):
            return text
        match = re.match(r"---\n(.*?)^---\n", text, re.S | re.M)
        return match[1] if match else ""

    # The pieces of a post's body.

    def pieces(self, path: str) -> list[str]:
        return _split(self.read(path))[1].strip("\n").split(GAP)

    def put(self, path: str, pieces: list[str]) -> None:
        self.write(path, _split(self.read(path))[0] + GAP.join(pieces) + "\n")

    # What there is.

    def place(self, setting: str) -> str:
        """The folder of a setting, with its slash."""
        default = "site" if setting == "output" else setting
        return (self.get(SETTINGS, setting) or default) + "/"

    def posts(self) -> list[str]:
        """The posts that are no drafts."""
        return [p for p in self.find(self.place("posts"), end=(".md", ".html")) if not is_draft(p)]

    def pages(self) -> list[str]:
        return self.find(self.place("pages"), end=".md")

    def drafts(self) -> list[str]:
        return [p for p in self.find(self.place("posts"), end=".md") if is_draft(p)]

    def entries(self) -> list[str]:
        return [*self.posts(), *self.pages(), *self.drafts()]

    def includes(self) -> list[str]:
        return self.find("_includes/")

    def data(self) -> list[str]:
        return self.find("_data/")

    def pictures(self) -> list[str]:
        return self.find("images/", self.place("posts"), end=(".svg", ".png"))

    def overrides(self) -> list[str]:
        return self.find("templates/", end=(".html", ".xml", "chart.svg"))

    def samples(self) -> list[str]:
        return [path for path in self.find("models/") if "/samples/" in path]


def is_draft(path: str) -> bool:
    return not set(DRAFTS).isdisjoint(path.split("/")[:-1])


def _split(text: str) -> tuple[str, str]:
    """The front matter of a post, with its marks, and the rest."""
    match = re.match(r"---\n.*?^---\n", text, re.S | re.M)
    return (match[0], text[match.end() :]) if match else ("", text)


@dataclass(frozen=True)
class Wish:
    """A request that posts make: options of a block, and those of `Options`."""

    model: str
    options: Options

    @property
    def yaml(self) -> str:
        lines = [f"model: {self.model}", f"length: {self.options.length}"]
        if self.options.prompt:
            lines.append(f'prompt: "{self.options.prompt}"')
        if self.options.seed != Options().seed:
            lines.append(f"seed: {self.options.seed}")
        return "\n".join(lines)


WISHES = [
    Wish(MODELS[0], Options(prompt="Well, Prince", length=120)),
    Wish(MODELS[0], Options(prompt="The", length=60, seed=7)),
    Wish(MODELS[0], Options(length=200, seed=3)),
    Wish(MODELS[1], Options(prompt="a", length=20)),
    Wish(MODELS[1], Options(length=90, seed=5)),
    Wish(MODELS[1], Options(prompt="It was", length=150, seed=11)),
]


def list_models() -> Iterator[tuple[str, bytes]]:
    """The files of the models, but for frozen samples and evaluations."""
    for name in MODELS:
        for path in sorted((ROOT / "models" / name).iterdir()):
            if path.is_file():
                yield f"models/{name}/{path.name}", path.read_bytes()


@cache
def name_sample(wish: Wish) -> str:
    """Where the text of a wish is frozen."""
    request = Request(read_model(ROOT / "models" / wish.model), wish.options)
    return f"models/{wish.model}/samples/{request.digest[:12]}.txt"


def freeze(wish: Wish, text: str) -> bytes:
    """The file of a frozen sample with that text."""
    request = Request(read_model(ROOT / "models" / wish.model), wish.options)
    folder = Path(tempfile.mkdtemp())
    try:
        answer.write(folder / "sample.txt", SAMPLES, request, text)
        return (folder / "sample.txt").read_bytes()
    finally:
        shutil.rmtree(folder)
