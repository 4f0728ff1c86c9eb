"""The assets of a theme: its files under names that hold their digests, and one style sheet."""

from __future__ import annotations

import difflib
import hashlib
import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from escriba import tex
from escriba.ground import files
from escriba.ground.errors import Place, SourceError, shorten
from escriba.ground.files import read_text, refusals
from escriba.ground.language import tr
from escriba.markup.html import css
from escriba.markup.liquid.trace import Source
from escriba.site.links.addresses import Addresses, cut, leads_elsewhere, relative
from escriba.site.links.guesses import MOST
from escriba.templating.templates import Templates, packaged

FOLDER = "assets"
STYLE = "style.css"
CODE = "code.css"  # the colours of code: escriba's, whatever a project has; its sheets come after
_SHEET = ".css"
Tell = Callable[[str, Place], None]  # of an address that leads nowhere: what, and where


@dataclass(frozen=True)
class Assets:
    """`paths` are those within the site, which hold the digest of the content, by the names of the
    assets; `files` the bytes by the path in the site."""

    paths: Mapping[str, str]
    files: Mapping[str, bytes]


def read_assets(templates: Templates, addresses: Addresses, tell: Tell) -> Assets:
    """Each file below `assets/` by its path there, and `style.css`: all the style sheets as one.

    The addresses in them become those of the site; `tell` hears of one that is not there. Raises
    SourceError for what cannot be read.
    """
    others, sheets = _list_assets(templates)
    data = {name: templates.read_asset(path) for name, path in others.items()}
    paths = {name: _sign(name, content) for name, content in data.items()}
    style = [read_text(packaged() / CODE), tex.stylesheet()]
    for name, path in sheets:
        reader = _Sheet(path, templates.shown(path), posixpath.dirname(name), paths, addresses)
        style.append(reader.read(tell))
    data[STYLE] = "\n".join(style).encode()
    paths[STYLE] = _sign(STYLE, data[STYLE])
    return Assets(paths, {paths[name][1:]: content for name, content in data.items()})


@dataclass(frozen=True)
class _Sheet:
    """A style sheet in a `folder` of the assets, which have these `paths` in the site."""

    path: Path
    shown: Path
    folder: str
    paths: Mapping[str, str]
    addresses: Addresses

    def read(self, tell: Tell) -> str:
        """Its text, as a part of the one sheet of the site."""
        text = read_text(self.path, self.shown)
        if self.path.is_relative_to(packaged()):
            return text
        source = Source(text, Place(self.shown, 1))
        lost = [
            (start, link)
            for start, _, link in css.find(text)
            if self._is_ours(link) and self._find(link) is None
        ]
        for number, (start, link) in enumerate(lost):
            hint = self._hint(link) if number < MOST else ""
            tell(tr("no file '{link}'{hint}", link=shorten(link), hint=hint), source.place(start))
        return css.rewrite(text, self._change)

    def _change(self, link: str) -> str:
        path = self._find(link) if self._is_ours(link) else None
        return link if path is None else relative(path, f"/{FOLDER}/{STYLE}")

    def _is_ours(self, link: str) -> bool:
        return not leads_elsewhere(link) and bool(cut(link)[0])

    def _find(self, link: str) -> str | None:
        """The path in the site that an address means: an asset, or a file of the site."""
        path, rest = cut(link)
        inside = posixpath.normpath(posixpath.join(self.folder, unquote(path)))
        if inside in self.paths:
            return self.paths[inside] + rest
        return self.addresses.resolve(link, self.shown.as_posix())

    def _hint(self, link: str) -> str:
        inside = posixpath.normpath(posixpath.join(self.folder, unquote(cut(link)[0])))
        near = difflib.get_close_matches(inside[:200], self.paths, n=1, cutoff=0.6)
        if not near:
            return ""
        name = posixpath.relpath(near[0], self.folder or ".")
        return " " + tr("(did you mean '{name}'?)", name=name)


def _sign(name: str, data: bytes) -> str:
    """The path of an asset within the site."""
    path = PurePosixPath(name)
    digest = hashlib.sha256(data).hexdigest()[:10]
    return f"/{FOLDER}/{path.with_name(f'{path.stem}.{digest}{path.suffix}')}"


def _list_assets(templates: Templates) -> tuple[dict[str, Path], list[tuple[str, Path]]]:
    """The files by their path in `assets/`; and the style sheets, in order.

    First come the colours of code, then what blocks need anywhere, then the theme, which may thus
    overrule both.
    """
    sheets: dict[tuple[int, str], Path] = {}
    others: dict[str, Path] = {}
    for folder in reversed(templates.folders):  # a project's own file replaces ours of that name
        for path in _list(folder / "blocks", templates):
            if path.suffix == _SHEET:
                sheets[(0, path.name)] = path
        for path in _walk(folder / FOLDER, templates, frozenset()):
            name = path.relative_to(folder / FOLDER).as_posix()
            if path.suffix == _SHEET:
                sheets[(1, name)] = path
            else:
                others[name] = path
    ordered = [("" if key[0] == 0 else key[1], sheets[key]) for key in sorted(sheets)]
    return {name: others[name] for name in sorted(others)}, ordered


def _walk(folder: Path, templates: Templates, trail: frozenset[tuple[int, int]]) -> Iterator[Path]:
    """The files in a folder and below. Raises SourceError for a link that leads round."""
    for path in _list(folder, templates):
        if not files.is_dir(path) or path.suffix == _SHEET:
            yield path  # and a folder named like a sheet is told when it is read
            continue
        found = path.stat()
        identity = (found.st_dev, found.st_ino)
        if identity in trail:
            problem = tr("this link leads back to a folder that it is in")
            raise SourceError(problem, Place(templates.shown(path)))
        yield from _walk(path, templates, trail | {identity})


def _list(folder: Path, templates: Templates) -> list[Path]:
    """What is in a folder of a theme, without the hidden. Raises SourceError."""
    if not files.exists(folder):
        return []
    with refusals(SourceError, templates.shown(folder)):
        found = sorted(templates.admit(folder).iterdir())
    for path in found:
        if not path.name.isprintable():
            message = tr("a file's name must be text: {name}", name=ascii(path.name))
            raise SourceError(message, Place(templates.shown(folder)))
    return [templates.admit(path) for path in found if not path.name.startswith(".")]
