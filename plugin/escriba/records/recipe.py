"""`models/<name>/recipe.yml`: what to train, and on what."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from escriba.ground import schema
from escriba.ground.errors import ModelError, Place, shorten, suggest
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import Project
from escriba.ground.schema import Mistake, Range
from escriba.ground.unicode import normalize
from escriba.records.model import Cell, Network
from escriba.records.vocabulary import MARK, Unit

FILE = "recipe.yml"

Ready = Literal["python-stdlib"]
Strip = Literal["front-matter", "html", "markdown"]
Budget = Literal["1 minute", "10 minutes", "1 hour", "best"]
Optimiser = Literal["adamw", "muon"]
Engine = Literal["exact", "torch"]

LAYERS = 4
# In a minute twice the text read is worth more than twice the layers: docs/experiments.md.
SHORT_LAYERS: Mapping[Budget | None, int] = {"1 minute": 2}

SOURCES = 1000  # of a corpus, and patterns that leave files out, at most
TEXTS = 100_000  # characters of names, licences and origins: they all go into the model's header
LONGEST = 10**12  # steps of a training, at most: a thousand a second for thirty years
MINUTES = 10**7  # twenty years
PATTERN = 500  # characters
# Not of texts in files, or slower the longer a text is.
NO_ENCODINGS = frozenset(
    {
        "idna",
        "punycode",
        "unicode-escape",
        "raw-unicode-escape",
        "undefined",
        "utf-7",
        "mbcs",
        "oem",
    }
)


@dataclass(frozen=True)
class Source:
    """Texts: a file, folder or glob (relative to the project), a ready corpus, or a digest.

    A source with a digest is looked for by content: its file, the cache, the local corpora
    folders, and only then its URL. Of several files the digest is the SHA-256 of the list of
    theirs, one a line. `origin` says in words where the text comes from, `place` where the recipe
    names it.
    """

    file: str | None = None
    url: str | None = None
    sha256: str | None = None
    ready: Ready | None = None
    origin: str = ""
    licence: str = ""  # where the corpus mixes several
    place: Place | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.file is None and self.sha256 is None and self.ready is None:
            raise Mistake(
                tr(
                    "a source needs a 'file', a 'ready' corpus, or a 'sha256' with or without a "
                    "'url'"
                )
            )
        if self.ready is not None and (self.file is not None or self.url is not None):
            raise Mistake(tr("a 'ready' corpus has no 'file' and no 'url'"))
        if self.sha256 is not None and (
            len(self.sha256) != 64 or set(self.sha256) - set("0123456789abcdef")
        ):
            found = shorten(self.sha256)
            raise Mistake(
                tr("'sha256' must be 64 lower-case hex digits, not '{sha256}'", sha256=found)
            )
        if self.url is not None:
            _refuse_address(self.url)


@dataclass(frozen=True)
class CorpusRecipe:
    """The text to learn. `split` is in percent of bytes: of each file's, in their order, or of all
    files together."""

    sources: tuple[Source, ...]
    name: str = ""
    language: str = ""
    licence: str = ""
    exclude: tuple[str, ...] = ()  # patterns of files, folders, and members of zip archives
    include: tuple[str, ...] = ()  # of those that are read, if not all
    encoding: str = "utf-8"
    strip: tuple[Strip, ...] = ()
    drop_lines: tuple[str, ...] = ()  # patterns of lines, as those of files
    dedupe: tuple[Literal["lines", "files"], ...] = ()  # of which each is read once
    lower_case: bool = False
    min_count: Annotated[int, Range(1, 10**9)] = 1  # of a character in the training part
    rare: str = ""  # what stands for characters that are seen less often; nothing: they go
    unit: Unit = "characters"
    unwrap: bool = False  # join the hard-wrapped lines of each paragraph
    split: tuple[int, ...] = (80, 10, 10)  # train, validation, test
    stretches: Annotated[int, Range(1, 10_000)] = 1  # equal ones of each file, each split so
    # Whole files to each part, or a share of each file; None: as many files as there are.
    split_by: Literal["files", "bytes"] | None = None

    def __post_init__(self) -> None:
        if not self.sources:
            raise Mistake(tr("'sources' must name at least one text"))
        for key in ("sources", "exclude", "include", "drop_lines"):
            if (found := len(getattr(self, key))) > SOURCES:
                raise Mistake(
                    tr("'{key}' has {found} entries, of at most {most}",
                       key=key.replace("_", "-"), found=found, most=SOURCES)
                )  # fmt: skip
        _refuse_cleaning(self)
        if len(self.split) != 3 or sum(self.split) != 100 or min(self.split) < 0:
            shown = shorten(str(self.split))
            raise Mistake(
                tr("'split' must be three shares that add up to 100, not {split}", split=shown)
            )
        if not self.split[0] or not self.split[1]:
            raise Mistake(
                tr("'split' must leave something to train on and something to validate on")
            )
        if self.split_by == "files" and self.stretches > 1:
            raise Mistake(tr("'stretches' are of files that are split: 'split-by: bytes'"))
        texts = [self.name, self.language, self.licence]
        for s in self.sources:
            texts += [s.origin, s.licence, s.url or "", s.file or ""]
        if (length := sum(map(len, texts))) > TEXTS:
            raise Mistake(
                tr("its names, licences, origins and addresses have {length} characters, of at "
                   "most {most}", length=length, most=TEXTS)
            )  # fmt: skip


def _refuse_cleaning(recipe: CorpusRecipe) -> None:
    """Raise Mistake for what cannot be done to a text."""
    try:
        info = codecs.lookup(recipe.encoding)
        right = info._is_text_encoding and info.name not in NO_ENCODINGS
    except (LookupError, ValueError):
        right = False
    if not right:
        raise Mistake(
            tr("'encoding' must be one that Python knows, such as windows-1252, not '{encoding}'",
               encoding=shorten(recipe.encoding))
        )  # fmt: skip
    if any(len(pattern) > PATTERN for pattern in recipe.drop_lines):
        raise Mistake(tr("a pattern of 'drop-lines' has at most {most} characters", most=PATTERN))
    if recipe.min_count > 1 and recipe.unit == "bytes":
        raise Mistake(tr("'min-count' is for characters, and the 'unit' is bytes"))
    if (
        len(normalize(recipe.rare)) > 1
        or recipe.rare == MARK
        or "\ud800" <= recipe.rare <= "\udfff"
    ):
        raise Mistake(tr("'rare' must be one character, or nothing"))
    if recipe.rare and recipe.min_count == 1:
        raise Mistake(
            tr("'rare' stands for what is seen less often than 'min-count', which is missing")
        )


@dataclass(frozen=True)
class NetworkRecipe:
    """The network; the defaults are the founding article's: 4 LSTM layers of 128."""

    cell: Cell = "lstm"
    layers: Annotated[int, Range(1, 64)] | None = None  # 4, or fewer for a short budget
    hidden: Annotated[int, Range(1, 8192)] = 128
    residual: bool = True  # add each layer's input to its output
    dropout: Annotated[float, Range(0, 0.9)] | None = None  # on each layer's output


@dataclass(frozen=True)
class TrainingRecipe:
    """How to train. What is not named follows from the budget: see `settings.py`.

    Of `steps`, `epochs` and `minutes` the one reached first ends the training, and so does a
    validation loss that falls no more. A `clip` of null leaves gradients as long as they are.
    """

    engine: Engine | None = None  # exact where torch is not installed
    budget: Budget | None = None
    minutes: Annotated[float, Range(above=0, high=MINUTES)] | None = None
    epochs: Annotated[float, Range(above=0, high=LONGEST)] | None = None
    steps: Annotated[int, Range(above=0, high=LONGEST)] | None = None
    batch: Annotated[int, Range(1, 65536)] | None = None  # streams read side by side
    window: Annotated[int, Range(1, 65536)] = 64  # characters through which gradients flow
    optimiser: Optimiser = "adamw"
    learning_rate: Annotated[float, Range(0, 10)] | None = None
    warmup: Annotated[int, Range(0, LONGEST)] = 200  # steps
    weight_decay: Annotated[float, Range(0, 10)] = 0.1
    clip: Annotated[float, Range(0)] | None = 1.0  # largest norm of the gradient
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    patience: bool = True  # end when the validation loss falls no more
    log_every: Annotated[int, Range(1, 100_000)] = 100  # steps, whose losses wait in memory
    seed: Annotated[int, Range(0, 2**63 - 1)] = 1

    def __post_init__(self) -> None:
        if self.engine == "exact":
            for key, own in ("precision", ("auto", "float32")), ("optimiser", ("adamw",)):
                if getattr(self, key) not in own:
                    raise Mistake(
                        tr("the exact engine has {key}: {own}", key=key, own=own[-1]), key
                    )


@dataclass(frozen=True)
class Recipe:
    """All that determines a model, but for the machine's rounding. `from_` is the key `from`: the
    model whose weights the training begins with."""

    corpus: CorpusRecipe
    network: NetworkRecipe = field(default_factory=NetworkRecipe)
    training: TrainingRecipe = field(default_factory=TrainingRecipe)
    from_: str | None = None

    def __post_init__(self) -> None:
        if self.from_ is not None and not is_name(self.from_):
            raise Mistake(
                tr("'from' must be the name of a model, that of its folder, not '{name}'",
                   name=shorten(self.from_)), "from_",
            )  # fmt: skip

    def architecture(self) -> Network:
        """The network. It depends on nothing but the recipe, so that what a command says of the
        time leaves a model that can be trained further."""
        own = self.network
        layers = own.layers or SHORT_LAYERS.get(self.training.budget, LAYERS)
        return Network(own.cell, layers, own.hidden, own.residual)


def read_recipe(models: Path, name: str, root: Path, changes: Sequence[str] = ()) -> Recipe:
    """The recipe of a model, with what a command changes in it (KEY=VALUE). Raises ModelError for
    an unknown name, SourceError for mistakes."""
    path = models / name / FILE
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    if not os.path.lexists(path):
        known = [p.parent.name for p in models.glob(f"*/{FILE}")]
        raise ModelError(
            tr("there is no model '{name}'{hint}", name=name, hint=suggest(name, known)),
            Place(shown),
        )
    return schema.read_file(Recipe, path, shown, changes)


def admit_model(project: Project, name: str, files: Iterable[str]) -> Path:
    """The folder of a model that is to be read and written, with these files in it. Raises
    SourceError if any of it, links followed, lies outside the project."""
    folder = project.models / name
    mistakes = Mistakes()
    for path in (folder, *(folder / file for file in (FILE, *files))):
        with mistakes.collect():
            project.admit(path)
    mistakes.check()
    return folder


def is_name(text: str) -> bool:
    """Whether a model may be called so, as its folder is in `models/`."""
    return 0 < len(text) <= 255 and text[0] != "." and not set(text) & set("/\\\0")


def _refuse_address(url: str) -> None:
    """Raise Mistake for what is no address of the web: `file:` would be a file of this machine."""
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:  # urllib's, for a host in brackets and a port that is no number
        right = False
    if not right or not url.isprintable() or " " in url:
        raise Mistake(
            tr("'url' must be like https://example.org/book.txt, not '{url}'", url=shorten(url))
        )
