"""A new site: settings, a first post, a model that writes in it; and a folder that becomes one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from escriba.ground import files, install
from escriba.ground.errors import Place, SourceError
from escriba.ground.files import refusals
from escriba.ground.language import plural, tr
from escriba.ground.project import NAME, is_jekyll
from escriba.site.new import jekyll, scaffold, starters, workflows
from escriba.site.new.starters import Starter
from escriba.site.new.workflows import Forge

NO_MODEL = "none"
SUFFIXES = (".md", ".markdown", ".mkd", ".html")


@dataclass(frozen=True)
class Made:
    """What was done to a folder: `lines` say it, `written` are the new files' paths in it."""

    lines: tuple[str, ...]
    written: tuple[str, ...]


def create(folder: Path, lang: str, *, model: str | None = None, ci: Forge | None = None) -> Made:
    """Make a folder a site, and overwrite nothing that is there.

    `model` names a starter model, or is `none`; without it a new site has that of its language.
    `ci` writes a workflow that publishes the site. Of a Jekyll blog the settings are taken over; a
    folder that is a site already gets what is asked for by name, and no more. Raises SourceError
    for what is asked for and cannot be done; then nothing is left that was not there before.
    """
    is_new, is_site = _look_at(folder)
    if is_site and ci is None and model in (None, NO_MODEL):
        raise SourceError(
            tr("is a site already; `escriba serve` shows it, and `escriba new` adds to it what "
               "--ci or --model name"), Place(folder / NAME),
        )  # fmt: skip
    words = scaffold.read_strings(lang)
    starter = None
    if model != NO_MODEL and not (is_site and model is None):
        starter = starters.choose(model, lang)
    found = None if is_new or is_site or not is_jekyll(folder) else jekyll.read(folder)
    lines = _describe(found, folder) if found else []
    posts = "" if is_site else found.posts if found else "posts"
    wanted = {} if is_site else _write_settings(found, words, lang)
    wanted["models/.gitattributes"] = scaffold.fill("gitattributes")
    if not is_site:
        wanted[".gitignore"] = scaffold.fill("gitignore")
    if starter:
        home = f"models/{starter.name}"
        if files.exists(folder / home):
            lines.append(tr("kept {file}, which was there", file=f"{home}/"))
        else:
            wanted |= {f"{home}/{name}": data for name, data in starters.read(starter).items()}
    if posts and not _has_posts(folder / posts):
        wanted |= _write_post(posts, words, lang, starter)
    if ci:
        wanted |= workflows.write(ci)
    kept = [name for name in wanted if os.path.lexists(folder / name)]
    lines += [_say_kept(folder, name, wanted[name]) for name in kept]
    new = {name: data for name, data in wanted.items() if name not in kept}
    _write(folder, new)
    return Made(tuple(lines), tuple(new))


def _look_at(folder: Path) -> tuple[bool, bool]:
    """Whether a folder is new, or empty, and whether it is a site. Raises SourceError."""
    with refusals(SourceError, folder):
        there = os.path.lexists(folder)
        if there and not files.is_dir(folder):
            raise SourceError(
                tr("is not a folder; name one, or one that does not exist"), Place(folder)
            )
        is_new = not there or not any(folder.iterdir())
    return is_new, not is_new and files.exists(folder / NAME)


def _write_settings(
    found: jekyll.Found | None, words: Mapping[str, str], lang: str
) -> dict[str, bytes]:
    """The settings of a site, those of a Jekyll blog if it is one; else with a recipe."""
    if found:
        settings = {"lang": lang, **found.settings, "posts": found.posts}
        return {NAME: jekyll.write(settings).encode()}
    settings = {"title": words["title"], "description": words["description"], "lang": lang}
    settings |= {"url": "https://example.org", "permalink": "pretty"}
    return {NAME: jekyll.write(settings).encode(), **_write_recipe(words, lang)}


def _write_recipe(words: Mapping[str, str], lang: str) -> dict[str, bytes]:
    """A recipe for the author's own texts, and the folder where they go."""
    values = {"lang": lang, "command": install.name_command("train"), **words}
    recipe = scaffold.fill("recipe.yml", **values)
    return {f"models/{words['model']}/recipe.yml": recipe, "corpora/.gitkeep": b""}


def _write_post(
    posts: str, words: Mapping[str, str], lang: str, starter: Starter | None
) -> dict[str, bytes]:
    """The first post, by its path."""
    day = date.today().isoformat()
    kind = "first" if starter else "bare"
    name = f"{posts}/{day}-{words[kind]}.md"
    values = {"day": day, "file": name, "mine": words["model"]}
    if starter:
        values |= {
            "model": starter.name, "corpus": words[starter.name], "prompt": starter.prompt,
            "second": starter.second, "show": starter.show,
        }  # fmt: skip
    return {name: scaffold.fill(f"{kind}.{lang}.md", **values)}


def _has_posts(folder: Path) -> bool:
    if not files.is_dir(folder):
        return False
    return any(path.suffix in SUFFIXES for path in folder.rglob("*"))


def _describe(found: jekyll.Found, folder: Path) -> list[str]:
    """What a Jekyll blog is, in sentences."""
    count = sum(path.suffix in SUFFIXES for path in (folder / found.posts).glob("**/*"))
    posts = plural("{number} post", "{number} posts", count)
    lines = [tr("found a Jekyll blog, {posts} in {folder}/", posts=posts, folder=found.posts)]
    if found.settings:
        lines.append(tr("its settings: {keys}", keys=", ".join(found.settings)))
    lines += found.notes
    lines.append(
        tr(
            "for Jekyll, add to 'exclude' of _config.yml: {names}",
            names="escriba.yml, models, site",
        )
    )
    return lines


def _say_kept(folder: Path, name: str, data: bytes) -> str:
    """That a file stays as it is; of one with lines, which of them it lacks."""
    if name == ".gitignore":
        with suppress(SourceError):
            there = files.read_text(folder / name).splitlines()
            lacks = [line for line in data.decode().splitlines() if line not in there]
            if lacks:
                return tr("kept {file}; add to it: {lines}", file=name, lines=" ".join(lacks))
    return tr("kept {file}, which was there", file=name)


def _write(folder: Path, wanted: Mapping[str, bytes]) -> None:
    """Write files that are not there yet, all of them or none. Raises SourceError."""
    written: list[Path] = []
    try:
        for name, data in wanted.items():
            path = folder / name
            with refusals(SourceError, path, tr("cannot be written")):
                path.parent.mkdir(parents=True, exist_ok=True)
                _refuse_stray(folder, path)
                with path.open("xb") as file:
                    written.append(path)
                    file.write(data)
    except BaseException:
        _remove(written, folder)
        raise


def _refuse_stray(folder: Path, path: Path) -> None:
    """Raise SourceError if a link in the folder leads a file out of it."""
    if not files.resolve(path.parent).is_relative_to(files.resolve(folder)):
        raise SourceError(tr("this leads out of {folder}", folder=folder.as_posix()), Place(path))


def _remove(paths: list[Path], folder: Path) -> None:
    """Take back files that were written, and the folders that are empty without them."""
    for path in reversed(paths):
        with suppress(OSError):
            path.unlink(missing_ok=True)
            for parent in path.relative_to(folder).parents:
                (folder / parent).rmdir()
