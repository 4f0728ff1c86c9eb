"""How the formulas of a site are read: what its settings say, or what a blog of Jekyll's has its
pages' script do, MathJax or KaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from escriba.ground import files
from escriba.ground.errors import SourceError
from escriba.ground.project import Project
from escriba.markup.math.delimiters import Delimiters
from escriba.markup.math.formulas import Mathematics
from escriba.site.content.post import Post

CONFIG = "_config.yml"
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


def of_site(project: Project) -> Mathematics:
    """How formulas are read in a project."""
    settings = project.settings
    show = settings.math_errors == "show"
    if settings.math is not None:
        words = dict.fromkeys(settings.math, True)
        return Mathematics(Delimiters(**words), settings.macros, show)
    found = find(project)
    return replace(found, macros={**found.macros, **settings.macros}, show=show)


def of_post(site: Mathematics, post: Post) -> Mathematics:
    """The same of a post, which may have macros of its own, and a switch as themes ask for."""
    macros = {**site.macros, **post.front.macros}
    extra = {str(key).lower(): value for key, value in post.front.extra.items()}
    asked = any(extra.get(name) is True for name in SWITCHES)
    if asked and not site.delimiters and not site.delimiters.given:
        return Mathematics(_jekyll(dollars=True), macros, site.show)
    return replace(site, macros=macros)


def find(project: Project) -> Mathematics:
    """What a site of Jekyll's in the project's folder has its pages' script read; nothing, where
    there is none."""
    config = project.root / CONFIG
    if not files.is_file(config):
        return Mathematics()
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
        return Mathematics()
    if loaded and not scripts:  # with what a script reads if it is told nothing
        dollars = False
    return Mathematics(_jekyll(dollars=dollars), macros)


def _jekyll(*, dollars: bool) -> Delimiters:
    return Delimiters(dollars, brackets=True, environments=True, kramdown=True, given=False)


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
