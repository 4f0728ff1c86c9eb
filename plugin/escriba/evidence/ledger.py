"""Frozen samples: `models/<name>/samples/<first 12 hex of the request digest>.txt`.

A file is a YAML header (the request, and the digest of the text), a line `---`, and the text,
byte for byte. Reading one needs neither numpy nor the model's weights. Git may change the line ends
of text files as it checks them out (`core.autocrlf`), or as it takes them in: a text that has its
digest with others is the one that was sampled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escriba.ground import schema
from escriba.ground.atomic import is_draft, open_draft
from escriba.ground.digest import digest, text_digest
from escriba.ground.errors import EscribaError, FrozenError, ModelError, Place, Problem, SourceError
from escriba.ground.files import read_bytes, refusals
from escriba.ground.language import tr
from escriba.ground.progress import Report
from escriba.ground.project import Project, Settings
from escriba.records.model import Model, read_model
from escriba.sampling.request import Request, decimal_text

if TYPE_CHECKING:
    from escriba.sampling.engine import Engine

FOLDER = "samples"
REASONS = 3  # that a message gives, at most, for calling a sample edited
SEPARATOR = b"\n---\n"
_SEPARATOR = re.compile(rb"(\r?\n---\r?\n)")

# As `Project.admit`: the path, or an error of the kind where the project does not hold it.
Admit = Callable[[Path, Place | None, type[EscribaError]], Path]


@dataclass(frozen=True)
class FrozenSample:
    """A sample on disk. `request` is as in `Request.to_dict`, `digest` is its digest."""

    request: Mapping[str, Any]
    digest: str
    text: str
    path: Path


@dataclass(frozen=True)
class Use:
    """A block that asks for a sample, and where it stands."""

    request: Request
    place: Place

    @property
    def digest(self) -> str:
        return self.request.digest


@dataclass(frozen=True)
class Header:
    """The YAML header, as `schema` reads it. `text` is the SHA-256 of the text."""

    model: str
    arithmetic: str
    prompt: str
    length: int
    temperature: Decimal
    seed: int
    text: str
    until: str | None = None
    top_k: int | None = None
    top_p: Decimal | None = None
    min_p: Decimal | None = None

    def to_dict(self) -> dict[str, Any]:
        """The request of this header, as in `Request.to_dict`."""
        return {
            name: decimal_text(value) if isinstance(value, Decimal) else value
            for name, value in vars(self).items()
            if value is not None and name != "text"
        }


class LineEndsError(FrozenError):
    """A text whose line ends were changed, and that cannot be told from what is left of them."""


class Store:
    """The frozen samples of a project: gives the text of a request, and remembers who asked.

    `models` is the folder of all models, `root` the project's folder, to which the paths in
    messages are relative. With `frozen` nothing is sampled and nothing is written. `admit` is that
    of the project, and refuses what links lead out of it; a sample is written while `locked()`.
    """

    def __init__(
        self,
        models: Path,
        root: Path,
        *,
        frozen: bool,
        admit: Admit | None = None,
        locked: Callable[[], AbstractContextManager[None]] = nullcontext,
    ):
        self.models = models
        self.root = root
        self.frozen = frozen
        self.admit = admit or Project(root, Settings()).admit
        self.locked = locked
        self.used: list[Use] = []
        self._engines: dict[str, Engine] = {}

    def obtain(self, request: Request, place: Place) -> str:
        """The text of a request: the frozen one or, unless `frozen`, a new one, now frozen.

        Raises FrozenError for a frozen sample that was edited, or that is not there in a frozen
        build; SourceError for a prompt that the model cannot read; ModelError for a model that
        cannot be run. The first two are at `place`.
        """
        self.used.append(Use(request, place))
        path = sample_path(self.models, request)
        shown = relative(path, self.root)
        self.admit(path, Place(shown), FrozenError)
        if is_there(path, shown):
            return read_as_asked(path, request, place, shown).text
        if self.frozen:
            raise FrozenError(
                tr(
                    "the sample is not frozen: {shown} is missing, or stale because the request or "
                    "the model changed; a build that is not frozen makes it",
                    shown=shown,
                ),
                place,
            )
        return self._make(request, place)

    def files(self, since: int = 0) -> list[Path]:
        """The files of the samples asked for, after so many others."""
        return [sample_path(self.models, use.request) for use in self.used[since:]]

    def fill(self) -> frozenset[Path]:
        """Make what `obtain` put off, if it did; the paths of the pages that are to be rendered
        again then, whose uses are forgotten."""
        return frozenset()

    def _make(self, request: Request, place: Place) -> str:
        model = request.model
        with located(model, place, self.root):
            if model.digest not in self._engines:
                self._engines[model.digest] = load_engine(model)
            text = self._engines[model.digest].sample(request.options)
        with self.locked():
            self._freeze(request, text)
        return text

    def _freeze(self, request: Request, text: str) -> None:
        freeze(sample_path(self.models, request), request, text, self.root)


class PatientStore(Store):
    """A store that samples nothing until `fill`, and then everything that is missing together.

    Meanwhile it gives an empty text; so a mistake in any post is found before anything is sampled.
    """

    def __init__(
        self,
        models: Path,
        root: Path,
        *,
        frozen: bool,
        report: Report | None = None,
        admit: Admit | None = None,
        locked: Callable[[], AbstractContextManager[None]] = nullcontext,
    ):
        super().__init__(models, root, frozen=frozen, admit=admit, locked=locked)
        self._report = report
        self._missing: dict[str, list[Use]] = {}

    def fill(self) -> frozenset[Path]:
        """Sample what is missing, if anything is, and freeze each text once it is written, so that
        whoever interrupts this loses none; the paths of the pages that asked for it. Raises
        ModelError, and FrozenError where nothing can be written."""
        missing, self._missing = self._missing, {}
        uses = [same[0] for same in missing.values()]
        if uses:
            with self.locked():
                sweep(self.models)
                sample_together(
                    uses, self.root, self._report, lambda use, text: self._freeze(use.request, text)
                )
        waiting = frozenset(use.place.path for same in missing.values() for use in same)
        self.used = [use for use in self.used if use.place.path not in waiting]
        return waiting

    def _make(self, request: Request, place: Place) -> str:
        from escriba.sampling.stream import make_stream

        with located(request.model, place, self.root):
            make_stream(request.model, request.options)  # the prompt is one that it can read
        self._missing.setdefault(request.digest, []).append(Use(request, place))
        return ""


def sample_together(
    uses: Sequence[Use],
    root: Path,
    report: Report | None = None,
    keep: Callable[[Use, str], None] = lambda use, text: None,
) -> dict[str, str]:
    """Request digest → text, of requests that all differ; those of each model in one go.

    `report` is told how much is written; `keep` gets each text once it is, in any thread. Raises
    SourceError, at its place, for a prompt that a model cannot read; ModelError for a model that
    cannot be run.
    """
    from escriba.sampling.stream import make_stream

    by_model: dict[str, list[Use]] = {}
    for use in uses:
        by_model.setdefault(use.request.model.digest, []).append(use)
    texts: dict[str, str] = {}
    total, done = sum(use.request.options.length for use in uses), 0

    def advance(symbols: int) -> None:
        nonlocal done
        done += symbols
        if report:
            report(tr("writing samples"), done / total)

    def end(group: Sequence[Use], number: int, text: str) -> None:
        keep(group[number], text)

    for group in by_model.values():
        model = group[0].request.model
        for use in group:
            with located(model, use.place, root):
                make_stream(model, use.request.options)
        with located(model, group[0].place, root):
            options = [use.request.options for use in group]
            written = load_engine(model).sample_many(options, partial(end, group), advance)
        texts.update(zip((use.digest for use in group), written, strict=True))
    return texts


def load_engine(model: Model) -> Engine:
    """What samples a model. Raises ModelError for weights that are others by now: what they write
    would be frozen as the text of the first."""
    from escriba.sampling.engine import Engine

    engine = Engine(model)
    if read_model(model.path.parent).digest != model.digest:
        raise ModelError(
            tr("its weights were changed meanwhile, by a training perhaps; run this again"),
            Place(model.path),
        )
    return engine


def sample_path(models: Path, request: Request) -> Path:
    """Where the frozen sample of a request is, or would be."""
    return models / request.model.name / FOLDER / f"{request.digest[:12]}.txt"


def is_there(path: Path, shown: Path) -> bool:
    """Whether there is anything of that name. Raises FrozenError where nobody may look."""
    with refusals(FrozenError, shown):
        try:
            path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True


def relative(path: Path, root: Path) -> Path:
    """A path as messages name it: relative to the project, if it is inside."""
    return path.relative_to(root) if path.is_relative_to(root) else path


@contextmanager
def located(model: Model, place: Place, root: Path) -> Iterator[None]:
    """Give what goes wrong in sampling its place: a prompt's in the post, a model's in its file."""
    try:
        yield
    except SourceError as error:
        raise SourceError([Problem(p.message, place) for p in error.problems]) from None
    except ModelError as error:
        at = Place(relative(model.path, root))
        raise ModelError([Problem(p.message, at) for p in error.problems]) from None


def edited(shown: Path, reason: str) -> str:
    """What a message says of an edited sample."""
    return tr(
        "the frozen sample {path} was edited: {reason}; `escriba refresh` writes it again",
        path=shown, reason=reason,
    )  # fmt: skip


def read_as_asked(path: Path, request: Request, place: Place, shown: Path) -> FrozenSample:
    """The frozen sample of a request. Raises FrozenError, at `place`, if it is not as written."""
    try:
        sample = read(path, shown)
    except LineEndsError as error:
        raise FrozenError([Problem(p.message, place) for p in error.problems]) from None
    except FrozenError as error:
        reasons = ", ".join(
            tr("{problem} (line {line})", problem=p.message, line=p.place.line)
            if p.place and p.place.line
            else p.message
            for p in error.problems[:REASONS]
        )
        if len(error.problems) > REASONS:
            reasons += ", …"
        raise FrozenError(edited(shown, reasons), place) from None
    if sample.digest != request.digest:
        raise FrozenError(edited(shown, tr("its header is of another request")), place)
    return sample


def read(path: Path, shown: Path | None = None) -> FrozenSample:
    """The frozen sample of a file; `shown` is the path that errors name.

    Raises FrozenError, located in the file, if it cannot be read or its text is not the one
    that its header tells.
    """
    place = Place(shown or path, 1)
    data = read_bytes(path, place.path, kind=FrozenError)
    head, separator, body = _split(data)
    if not separator:
        raise FrozenError(tr("no line '---' ends its header"), place)
    try:
        header = schema.read(Header, head.decode().replace("\r\n", "\n"), place)
        text = body.decode()
    except SourceError as error:
        raise FrozenError(error.problems) from None
    except UnicodeDecodeError as error:
        before = data[: error.start + (len(head + separator) if error.object == body else 0)]
        line = before.count(b"\n") + 1
        raise FrozenError(tr("not UTF-8"), Place(place.path, line)) from None
    known = next(
        (each for each in _with_other_ends(text) if text_digest(each) == header.text), None
    )
    if known is None:
        at = Place(place.path, head.count(b"\n") + 3)
        if b"\r" in separator:
            raise LineEndsError(_of_windows(place.path), at)
        raise FrozenError(tr("its text is not the one that was sampled"), at)
    text = known
    request = header.to_dict()
    return FrozenSample(request, digest(request), text, path)


def read_text(path: Path) -> str | None:
    """The text of a file that may have been edited, whatever its header says; None if there is
    none."""
    try:
        _, separator, body = _split(read_bytes(path, kind=FrozenError))
        text = body.decode()
        return (text.replace("\r\n", "\n") if b"\r" in separator else text) if separator else None
    except (FrozenError, UnicodeDecodeError):
        return None


def _of_windows(shown: Path) -> str:
    return tr(
        "the frozen sample {path} has line ends of Windows, and its text is not the one that was "
        "sampled: git changed more line ends than it can change back, or it was edited; with "
        "`*.txt -text` in models/.gitattributes git changes none, and `escriba refresh` writes it "
        "again",
        path=shown,
    )


def _split(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Header, separator and text; with line ends of Windows, too. No separator: nothing of it."""
    parts = _SEPARATOR.split(data, maxsplit=1)
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else (data, b"", b"")


def _with_other_ends(text: str) -> Iterator[str]:
    """A text as it stands, and as it was if its line ends were changed."""
    yield text
    plain = text.replace("\r\n", "\n")
    if plain != text:
        yield plain
    elif "\n" in text:
        yield text.replace("\n", "\r\n")


def freeze(path: Path, request: Request, text: str, root: Path) -> None:
    """The same as `write`. Raises FrozenError where nothing can be written."""
    with refusals(FrozenError, relative(path, root), tr("cannot be written")):
        write(path, request, text)


def sweep(models: Path) -> None:
    """Remove what killed processes left half-written among the samples. Whoever calls this holds
    the project's lock."""
    for path in models.glob(f"*/{FOLDER}/.*"):
        if is_draft(path):
            with suppress(OSError):
                path.unlink()


def write(path: Path, request: Request, text: str) -> None:
    """Freeze a sample: all of the file, or nothing, appears under its name. Raises OSError."""
    lines = [
        f"{name.replace('_', '-')}: {_quote(value) if name in _FREE_TEXT else value}"
        for name, value in request.to_dict().items()
    ]
    lines.append(f"text: {text_digest(text)}")
    data = "\n".join(lines).encode() + SEPARATOR + text.encode()
    with open_draft(path) as file:
        file.write(data)


_FREE_TEXT = ("prompt", "until")
_SPECIAL = re.compile(r'["\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufeff\ufffe\uffff]')
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def _quote(text: str) -> str:
    """A YAML scalar on one line that any YAML reader gives back as it is."""
    return '"' + _SPECIAL.sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _NAMED.get(character) or f"\\u{ord(character):04x}"
