"""A site of which nothing has changed since it was last rendered: it is what was kept of it.

Only a site of which nothing had to be said is kept: what is said of a link may depend on files that
belong to no site.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from escriba.ground.project import Project
from escriba.ground.reads import FILE, Reads, once
from escriba.site.incremental.base import BASE
from escriba.site.incremental.cache import ASSET, PAGE, PANEL, Cache, Kept
from escriba.site.output.contents import Content, Packed, sign
from escriba.site.sources import list_sources

KIND = "site"
KINDS = (PAGE, PANEL, ASSET)  # what has the bytes of a site's files
SOURCES = "sources"  # all files that a site is made of


def add_sources(reads: Reads, project: Project) -> None:
    """What all sources of a site are, as one."""

    def write() -> str:
        paths = list_sources(project, folders=True)
        names = sorted(project.shown(path).as_posix() for path in paths)
        return repr([(name, reads.digest(FILE, name)) for name in names])

    reads.add(SOURCES, once(write))


def find(
    name: str, project: Project, reads: Reads, cache: Cache, asked: set[Path]
) -> tuple[int, dict[str, Content]] | None:
    """How many posts a site has, and its files, if they were kept under a name and nothing has
    changed; None if not. `asked` becomes the files that were looked for elsewhere."""
    kept = cache.get(KIND, name)
    if kept is None or not reads.stands(kept.trace):
        return None
    asked |= {project.root / each for kind, each in kept.trace if kind == FILE}
    try:
        known = {kind: cache.digests(kind) for kind in KINDS}
        return int(kept.facts["posts"]), _restore(kept.facts["files"], known, project, cache)
    except (KeyError, TypeError, ValueError):
        return None


def keep(
    name: str,
    posts: int,
    files: Mapping[str, Content],
    kept: Mapping[str, tuple[str, str]],
    asked: Iterable[Path],
    project: Project,
    reads: Reads,
    cache: Cache,
) -> None:
    """Keep a site under a name; `kept` has the kinds and names under which those of its files are
    that the cache may have already, and `asked` are files that were looked for elsewhere."""
    known, assets = {kind: cache.digests(kind) for kind in KINDS}, dict[str, Kept]()
    listed: dict[str, list[Any]] = {}
    for file, content in files.items():
        if isinstance(content, Path):
            listed[file] = ["copy", project.shown(content).as_posix()]
        elif isinstance(content, Packed):
            listed[file] = [*kept[file], content.digest, content.size]
        else:
            digest = sign(content)
            kind, at = kept.get(file, ("", ""))
            if not kind or known[kind].get(at) != digest:
                kind, at = ASSET, file
                if known[ASSET].get(file) != digest:
                    assets[file] = Kept.of_bytes(content, digest)
            listed[file] = [kind, at, digest, len(content)]
    others = [(FILE, project.shown(path).as_posix()) for path in asked]
    trace = {read: reads.digest(*read) for read in [(BASE, "*"), (SOURCES, "*"), *others]}
    cache.keep(ASSET, assets)
    cache.forget(ASSET, known[ASSET].keys() - {at for of, at, *_ in listed.values() if of == ASSET})
    cache.keep(KIND, {name: Kept(trace, {"posts": posts, "files": listed}, b"")})


def _restore(
    listed: Mapping[str, list[Any]],
    known: Mapping[str, Mapping[str, str]],
    project: Project,
    cache: Cache,
) -> dict[str, Content]:
    """Raises KeyError if something that was kept is not any more."""
    files: dict[str, Content] = {}
    for file, (kind, name, *rest) in listed.items():
        if kind == "copy":
            files[file] = project.root / name
            continue
        digest, size = rest
        if known[kind][name] != digest:
            raise KeyError(name)
        files[file] = Packed(digest, size, cache.reader(kind, name, digest))
    return files
