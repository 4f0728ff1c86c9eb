"""Templates: the project's own first, then the ones that escriba brings.

A template that is wrong is its author's mistake, so it is reported with its file and line.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import (
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from markupsafe import Markup

from escriba import schema
from escriba.article.numbers import format_compact, format_figures, format_number, format_share
from escriba.article.passage import show
from escriba.errors import Place, SourceError
from escriba.files import read_text
from escriba.language import tr
from escriba.project import Project
from escriba.yaml import compose


def packaged() -> Path:
    """The folder of escriba's own templates: in the wheel, or at the top of a source checkout.

    >>> (packaged() / "blocks" / "sample.html").is_file()
    True
    """
    package = Path(__file__).resolve().parents[1]
    inside = package / "templates"
    return inside if inside.is_dir() else package.parents[1] / "templates"


def _join_lines(text: Markup) -> Markup:
    # Not split(), which would also take the no-break spaces of numbers.
    return Markup(re.sub("[ \n]+", " ", text).strip())


def _open_cache(folder: Path) -> FileSystemBytecodeCache | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:  # a folder that may not be written
        return None
    return FileSystemBytecodeCache(str(folder))


def open_templates(project: Project) -> Templates:
    """The templates of a project."""
    folder = project.templates
    return Templates(folder, project.shown(folder), project.cache / "templates")


class Templates:
    """A theme: Jinja2 with everything escaped and nothing undefined.

    `folder` is the project's `templates/`, which need not exist; `shown` is how errors name it.
    Both a page and a block may be overridden there by a file of the same name. Compiled
    templates are kept in `cache` for the next build, if that folder can be made.
    """

    def __init__(
        self, folder: Path | None = None, shown: Path | None = None, cache: Path | None = None
    ):
        own = [(folder, shown or folder)] if folder is not None else []
        self.folders = (*(path for path, _ in own), packaged())
        self._shown = (*(name for _, name in own), packaged())
        self.environment = Environment(
            loader=FileSystemLoader(self.folders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            bytecode_cache=_open_cache(cache) if cache is not None else None,
        )
        self.environment.filters.update(
            {
                "show": show,
                "number": format_number,
                "compact": format_compact,
                "figures": format_figures,
                "share": format_share,
                "oneline": _join_lines,
            }
        )
        self._strings: dict[str, dict[str, dict[str, str]]] = {}

    def strings(self, name: str, lang: str) -> Mapping[str, str]:
        """The words of a theme in a language, from the YAML file `name`: language → key → text.

        What the language lacks is taken from its parent (pt-BR → pt), then from English; and what
        the project's file lacks, from escriba's. Raises SourceError for a file that is not so.
        """
        if name not in self._strings:
            self._strings[name] = self._read_strings(name)
        known = self._strings[name]
        parts = lang.split("-")
        tags = ["-".join(parts[:length]) for length in range(1, len(parts) + 1)]
        return {key: text for tag in ("en", *tags) for key, text in known.get(tag, {}).items()}

    def _read_strings(self, name: str) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for folder, shown in reversed(list(zip(self.folders, self._shown, strict=True))):
            if not (folder / name).is_file():
                continue
            place = Place((shown or folder) / name, 1)
            node = compose(read_text(folder / name, place.path), place)
            languages = schema.plain(node) if node is not None else {}
            if not isinstance(languages, dict):
                raise SourceError(tr("expected languages, each with its texts"), place)
            for tag, texts in languages.items():
                if not isinstance(texts, dict):
                    raise SourceError(tr("expected texts under '{tag}'", tag=tag), place)
                found.setdefault(tag, {}).update({k: str(v) for k, v in texts.items()})
        return found

    def render(self, name: str, **values: Any) -> str:
        """The text that a template gives. Raises SourceError with the template's file and line."""
        try:
            return self.environment.get_template(name).render(values)
        except TemplateSyntaxError as error:
            message = tr("template: {reason}", reason=error.message)
            raise SourceError(message, self._place(error.filename, error.lineno)) from None
        except TemplateNotFound as error:
            place = self._innermost(error)
            raise SourceError(
                tr("template: there is no '{name}'", name=error.name), place
            ) from None
        except TemplateError as error:
            raise SourceError(
                tr("template: {reason}", reason=error.message), self._innermost(error)
            ) from None
        except Exception as error:
            # Raised by an expression of the template itself, such as `{{ 1 / 0 }}`; what comes
            # from deeper down is an error of its own.
            place = self._innermost(error, last=True)
            if place is None:
                raise
            raise SourceError(tr("template: {reason}", reason=error), place) from None

    def style(self) -> str:
        """The CSS that the blocks need, without its comments."""
        path = self.find("blocks/blocks.css")
        css = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8") if path else "", flags=re.S)
        return "\n".join(filter(None, map(str.strip, css.split("\n")))) + "\n"

    def find(self, name: str) -> Path | None:
        """The file of a template or asset, from the first folder that has it."""
        return next((path for f in self.folders if (path := f / name).is_file()), None)

    def _innermost(self, error: Exception, *, last: bool = False) -> Place | None:
        # Jinja rewrites tracebacks so that a template's frames name its own file and line.
        frames = traceback.extract_tb(error.__traceback__)
        for frame in reversed(frames[-1:] if last else frames):
            if any(Path(frame.filename).is_relative_to(folder) for folder in self.folders):
                return self._place(frame.filename, frame.lineno)
        return None

    def _place(self, filename: str | None, line: int | None) -> Place | None:
        if filename is None:
            return None
        path = Path(filename)
        for folder, shown in zip(self.folders, self._shown, strict=True):
            if path.is_relative_to(folder):
                path = (shown or folder) / path.relative_to(folder)
                break
        return Place(path, line or 0)
