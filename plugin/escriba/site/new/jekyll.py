"""What a Jekyll blog says of itself, as settings of escriba."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from escriba.ground import files, schema
from escriba.ground.errors import Place, SourceError
from escriba.ground.language import tr
from escriba.ground.project import JEKYLL, NAME, POSTS
from escriba.ground.schema import plain
from escriba.ground.settings import Settings
from escriba.ground.yaml import compose
from escriba.site.content import permalink

KEYS = ("title", "description", "author", "email", "url", "baseurl", "permalink", "lang")
_START = Place(Path("settings"), 1)


@dataclass(frozen=True)
class Found:
    """The settings of a Jekyll blog, where its posts are, and what of it there is to know."""

    settings: Mapping[str, str]
    posts: str
    notes: tuple[str, ...]


def read(folder: Path) -> Found:
    """What the folder of a Jekyll blog tells. Raises SourceError for a `_config.yml` that cannot be
    read."""
    config = _read_config(folder)
    settings, notes = {}, []
    for key, value in _translate(config):
        try:
            schema.build(Settings, compose(write({key: value}), _START), _START)
            if key == "permalink":
                permalink.expand(value, permalink.EXAMPLE, _START)
        except SourceError as error:
            reason = error.problems[0].message
            notes.append(tr("'{key}' of {file} is left out: {reason}", key=key, file=JEKYLL[0],
                            reason=reason))  # fmt: skip
        else:
            settings[key] = value
    inside = config.get("collections_dir")
    inside = inside.strip("/") if isinstance(inside, str) else ""
    posts = f"{inside}/{POSTS}" if inside and ".." not in inside.split("/") else POSTS
    notes += _list_differences(folder)
    return Found(settings, posts, tuple(notes))


def write(settings: Mapping[str, str]) -> str:
    """Settings as YAML, a line each."""
    return "".join(
        yaml.safe_dump({key: value}, allow_unicode=True, width=1 << 20)
        for key, value in settings.items()
    )


def _read_config(folder: Path) -> Mapping[str, Any]:
    path = folder / JEKYLL[0]
    if not files.exists(path):
        return {}
    place = Place(path, 1)
    node = compose(files.read_text(path), place)
    config = {} if node is None else plain(node)
    if not isinstance(config, dict):
        raise SourceError(tr("expected 'key: value' lines"), place)
    return config


def _translate(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The settings that Jekyll and its usual themes and plugins know, as escriba's."""
    author = config.get("author")
    if isinstance(author, dict):
        config = {"email": author.get("email"), **config, "author": author.get("name")}
    lang = config.get("lang") or config.get("locale") or ""
    config = {
        **config,
        "title": config.get("title") or config.get("name"),
        "url": str(config.get("url") or "").rstrip("/"),
        "baseurl": re.sub(r"^/*(.*?)/*$", r"/\1", str(config.get("baseurl") or "")).rstrip("/"),
        "lang": str(lang).replace("_", "-"),
    }
    for key in KEYS:
        value = config.get(key)
        known = isinstance(value, str | int | float) and not isinstance(value, bool)
        text = str(value) if known else ""  # `title: 2020`
        if text.strip():
            yield key, " ".join(text.split())


def _list_differences(folder: Path) -> Iterator[str]:
    """What of the blog a build does not take as Jekyll does."""
    if files.exists(folder / JEKYLL[2]):
        yield tr("{file} is not read: say in {name} what it says", file=JEKYLL[2], name=NAME)
    if files.is_dir(folder / "_layouts"):
        yield tr("_layouts/ is not used: pages have escriba's theme, which templates/ may change")
    if files.is_dir(folder / "_drafts"):
        yield tr("_drafts/ is not read: drafts may be in {posts}/_drafts/", posts=POSTS)
