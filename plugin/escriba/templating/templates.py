"""Templates: the project's own first, then the ones that escriba brings.

A template that is wrong is its author's mistake, so it is reported with its file and line.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import (
    FunctionLoader,
    TemplateError,
    TemplateNotFound,
    TemplatesNotFound,
    TemplateSyntaxError,
)
from markupsafe import Markup

from escriba.ground import files
from escriba.ground.caches import find_folder
from escriba.ground.errors import EscribaError, Place, SourceError
from escriba.ground.language import tr
from escriba.ground.program import packaged as packaged
from escriba.ground.project import Project
from escriba.ground.reads import FILE, Reads
from escriba.ground.settings import Settings
from escriba.templating.formats import format_compact, format_figures, format_number, format_share
from escriba.templating.passage import show
from escriba.templating.policy import offer
from escriba.templating.sandbox import Sandbox
from escriba.templating.strings import Words, read_words

TEXTS = frozenset({".css", ".js", ".json", ".mjs", ".svg", ".txt", ".xml"})  # among assets


def _join_lines(text: Markup) -> Markup:
    # Not split(), which would also take the no-break spaces of numbers.
    return Markup(re.sub("[ \n]+", " ", text).strip())


def open_templates(project: Project, reads: Reads | None = None) -> Templates:
    """The templates of a project; those that are looked for are noted in `reads`."""
    folder = project.templates
    return Templates(folder, project.shown(folder), project, reads)


class Templates:
    """A theme: Jinja2 with everything escaped and nothing undefined, for templates of anyone's.

    `folder` is the project's `templates/`, which need not exist; `shown` is how errors name it.
    Both a page and a block may be overridden there by a file of the same name. Nothing is read
    that the `project` does not hold; without one, nothing that leads out of the folder.
    """

    def __init__(
        self,
        folder: Path | None = None,
        shown: Path | None = None,
        project: Project | None = None,
        reads: Reads | None = None,
    ):
        own = [(folder, shown or folder)] if folder is not None else []
        self.folders = (*(path for path, _ in own), packaged())
        self._shown = (*(name for _, name in own), packaged())
        self._project = project or Project(self.folders[0], Settings())
        self._reads = reads or Reads(self._project.root)
        self._read: set[str] = set()  # the files of templates
        filters = {
            "show": show,
            "number": format_number,
            "compact": format_compact,
            "figures": format_figures,
            "share": format_share,
            "oneline": _join_lines,
        }
        cache = find_folder("templates", project.root) if project is not None else None
        self.environment = Sandbox(
            FunctionLoader(self._load), filters, packaged(), cache, self._note
        )
        self._strings: dict[str, Words] = {}

    def find(self, name: str) -> Path | None:
        """The file of a template or asset, from the first folder that has it, whatever it is.

        Raises SourceError if it leads to where nothing may be read.
        """
        parts = PurePosixPath(name).parts
        if not parts or parts[0] == "/" or ".." in parts or "\\" in name:
            return None
        self._note(name)
        for folder in self.folders:
            if os.path.lexists(folder / name):
                return self.admit(folder / name)
        return None

    def _note(self, name: str) -> None:
        """A file is looked for, first in the project's own folder; ours are part of the program."""
        for shown in self._shown[:-1]:
            self._reads.note(FILE, (shown / name).as_posix())

    def admit(self, path: Path) -> Path:
        """A path, if it may be read. Raises SourceError."""
        if path.is_relative_to(packaged()):
            return path
        return self._project.admit(path, Place(self.shown(path)))

    def shown(self, path: Path) -> Path:
        """A path as messages name it."""
        for folder, shown in zip(self.folders, self._shown, strict=True):
            if path.is_relative_to(folder):
                return shown / path.relative_to(folder)
        return self._project.shown(path)

    def read(self, name: str) -> bytes:
        """The bytes of an asset; none if there is no such file. Raises SourceError."""
        path = self.find(name)
        return self.read_asset(path) if path else b""

    def read_asset(self, path: Path) -> bytes:
        """The bytes of the file of an asset, those of a text with its line ends as LF, whatever git
        made of them. Raises SourceError."""
        data = files.read_bytes(path, self.shown(path))
        return data.replace(b"\r\n", b"\n") if path.suffix in TEXTS else data

    def strings(self, name: str, lang: str) -> Mapping[str, str]:
        """The words of a theme in a language, from the YAML file `name`: language → key → text.

        What the language lacks is taken from its parent (pt-BR → pt), then from English; and what
        the project's file lacks, from escriba's. Raises SourceError for a file that is not so.
        """
        self._note(name)
        if name not in self._strings:
            self._strings[name] = self._read_strings(name)
        known = self._strings[name]
        parts = lang.split("-")
        tags = ["-".join(parts[:length]) for length in range(1, len(parts) + 1)]
        return {key: text for tag in ("en", *tags) for key, text in known.get(tag, {}).items()}

    def _read_strings(self, name: str) -> Words:
        found: Words = {}
        for folder in reversed(self.folders):
            path = folder / name
            if os.path.lexists(path):
                words = read_words(self.admit(path), self.shown(path), dict(found.get("en", {})))
                for tag, texts in words.items():
                    found.setdefault(tag, {}).update(texts)
        return found

    def style(self) -> str:
        """The CSS that the blocks need, without its comments."""
        path = self.find("blocks/blocks.css")
        css = files.read_text(path, self.shown(path)) if path else ""
        css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
        return "\n".join(filter(None, map(str.strip, css.split("\n")))) + "\n"

    def render(self, name: str, **values: Any) -> str:
        """The text that a template gives. Raises SourceError with the template's file and line."""
        try:
            with self.environment.spending():
                text = self.environment.get_template(name).render(offer(values))
            text.encode()
            return text
        except UnicodeEncodeError as error:
            code = f"U+{ord(error.object[error.start]):04X}"
            message = tr("it writes {code}, which is no character", code=code)
            raise _refusal(message, self._top(name)) from None
        except EscribaError:
            raise
        except TemplateSyntaxError as error:
            place = self._place(error.filename, error.lineno) or self._top(name)
            raise _refusal(error.message, place) from None
        except RecursionError as error:
            raise _refusal(self._circle(error), self._innermost(error) or self._top(name)) from None
        except Exception as error:  # a template may do anything, and a value then says anything
            raise _refusal(_say(error), self._innermost(error) or self._top(name)) from None

    def _load(self, name: object) -> tuple[str, str, Callable[[], bool]] | None:
        path = self.find(name) if isinstance(name, str) else None
        if path is None:
            return None
        text = files.read_text(path, self.shown(path))
        self._read.add(str(path))
        return text, str(path), lambda: True

    def _top(self, name: str) -> Place | None:
        """The place of a template of which no line is known."""
        return next((self._place(path, 1) for path in self._read if path.endswith(name)), None)

    def _innermost(self, error: Exception) -> Place | None:
        # Jinja rewrites tracebacks so that a template's frames name its own file and line.
        frames = traceback.extract_tb(error.__traceback__)
        found = [frame for frame in frames if frame.filename in self._read]
        return self._place(found[-1].filename, found[-1].lineno) if found else None

    def _circle(self, error: RecursionError) -> str:
        """What is said of templates that include each other, or a macro that calls itself."""
        frames = traceback.extract_tb(error.__traceback__)
        inside = (frame.filename for frame in frames if frame.filename in self._read)
        names = [self.shown(Path(name)).as_posix() for name, _ in groupby(inside)]
        last, rest = names[-1:], names[:-1][::-1]
        circle = [*last, *rest[: rest.index(last[0]) + 1]] if rest and last[0] in rest else last * 2
        shown = " → ".join(circle[::-1])
        return tr("this includes or calls itself without an end: {names}", names=shown)

    def _place(self, filename: str | None, line: int | None) -> Place | None:
        return Place(self.shown(Path(filename)), line or 0) if filename is not None else None


def _refusal(message: object, place: Place | None) -> SourceError:
    return SourceError(tr("template: {reason}", reason=message), place)


def _say(error: Exception) -> object:
    """Why a template failed, in words."""
    if isinstance(error, TemplatesNotFound):
        return tr("there is none of {names}", names=", ".join(map(repr, error.templates)))
    if isinstance(error, TemplateNotFound):
        return tr("there is no '{name}'", name=error.name)
    if isinstance(error, TemplateError):
        return error.message
    if isinstance(error, OverflowError):
        return tr("a number that is too large")
    if isinstance(error, KeyError):
        return tr("there is no {name} in it", name=error)
    return str(error) or type(error).__name__
