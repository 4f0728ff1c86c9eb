"""What the pages of a blog of Jekyll's have their script read as formulas, MathJax or KaTeX: what
decides how formulas are read, found without reading any."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from escriba.ground import files
from escriba.ground.errors import SourceError
from escriba.ground.project import CONFIG, Project

_MOST = 500  # files that are looked into
_LARGEST = 1 << 20  # bytes of each
_FOLDERS = ("_includes", "_layouts")
_SCRIPTS = ("assets", "js", "javascripts", "_data", "static")
_SUFFIXES = frozenset((".html", ".htm", ".js", ".yml", ".yaml"))

_SCRIPT = re.compile(r"mathjax|katex|tex2jax", re.I)
# `inlineMath: [['$', '$'], …]`, of MathJax, and `{left: "$", right: "$"}`, of KaTeX.
_DOLLAR = re.compile(
    r"""inlineMath["']?\s*[:=]\s*\[[^;]{0,200}?["']\$["']|left["']?\s*:\s*["']\$["']"""
)
# Switches of themes, in `_config.yml` and in front matter; what they load has `$` for formulas.
SWITCHES = ("mathjax", "use_math", "katex", "math", "enable_math", "usemathjax", "usekatex")
_SWITCH = re.compile(
    rf"^\s*(?:{'|'.join(SWITCHES)})\s*:[ \t]*(?:true|yes|on|\d\.\d|\n\s+enabled?\s*:\s*true)",
    re.M | re.I,
)
_THEME = re.compile(r"^\s*(?:remote_)?theme\s*:.*(?:chirpy|al-folio|academicpages)", re.M | re.I)
# `macros: {RR: "\\bf R", bold: ["{\\bf #1}", 1]}`.
_MACROS = re.compile(r"""["']?[mM]acros["']?\s*:\s*\{""")
_MACRO = re.compile(
    r"""\s*["']?(?P<name>\\{0,2}[a-zA-Z]+)["']?\s*:\s*\[?\s*(?P<mark>["'])(?P<tex>(?:\\.|(?!(?P=mark)).)*)(?P=mark)"""
    r"""(?:\s*,\s*\d(?:\s*,\s*["'][^"']*["'])?)?\s*\]?\s*(?:,|(?=\}))\s*""", re.S
)  # fmt: skip


@dataclass(frozen=True)
class Script:
    """Whether there is one, whether it reads what is between dollars, and the macros that it knows,
    by name."""

    is_there: bool = False
    dollars: bool = False
    macros: Mapping[str, str] = field(default_factory=dict)


def find(project: Project) -> Script:
    """The script of a site of Jekyll's in the project's folder, unless its settings say themselves
    how formulas are read."""
    config = project.root / CONFIG
    if project.settings.math is not None or not files.is_file(config):
        return Script()
    text = _read(config)
    on = bool(_SWITCH.search(text) or _THEME.search(text))
    dollars = on
    scripts = loaded = False
    macros: dict[str, str] = {}
    for path in _list(project.root):
        code = _read(path)
        if not _SCRIPT.search(code):
            continue
        loaded = loaded or path.suffix in (".html", ".htm")
        if _DOLLAR.search(code):
            scripts = dollars = True
        macros |= _find_macros(code)
    if not (on or loaded or scripts):
        return Script()
    if loaded and not scripts:  # with what a script reads if it is told nothing
        dollars = False
    return Script(True, dollars, macros)


def _list(root: Path) -> Iterator[Path]:
    """The files in which a site may tell its script what to read."""
    left = _MOST
    for name in (*_FOLDERS, *_SCRIPTS):
        folder = root / name
        if not files.is_dir(folder) or folder.is_symlink():
            continue
        for path in sorted(folder.rglob("*")):
            named = name in _FOLDERS or re.search("math|katex", path.name, re.I)
            if path.suffix.lower() in _SUFFIXES and named and not path.is_symlink():
                if not left or not files.is_file(path):
                    return
                left -= 1
                yield path


def _read(path: Path) -> str:
    try:
        return files.read_bytes(path, limit=_LARGEST).decode("utf-8", "replace")
    except SourceError:  # too large, or not to be read; nobody asked for it
        return ""


def _find_macros(code: str) -> dict[str, str]:
    """The macros that a script of a page defines, as far as they are plain text."""
    found: dict[str, str] = {}
    for opening in _MACROS.finditer(code):
        at = opening.end()
        while match := _MACRO.match(code, at):
            found[match["name"].lstrip("\\")] = match["tex"].replace("\\\\", "\\")
            at = match.end()
    return found
