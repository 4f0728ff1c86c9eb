"""Edits of posts and pages, for edits.py."""

from __future__ import annotations

import re

from support.editing.folder import DRAFTS, SETTINGS, Folder
from support.editing.hand import Hand, Kinds
from support.editing.pieces import (
    HEADINGS,
    KEYS,
    TOPICS,
    draw_name,
    draw_piece,
    draw_prose,
    write_entry,
)
from support.prose import draw_sentence

KINDS = Kinds()
FEW = 25  # posts and pages of which none is removed


@KINDS.add("text", 14)
def _edit_text(hand: Hand) -> str | None:
    random, folder = hand.random, hand.folder
    path = hand.choose(folder.entries())
    pieces = folder.pieces(path)
    at = random.randrange(len(pieces))
    way = random.choice(["sentence", "sentence", "piece", "add", "remove", "swap"])
    if way == "sentence":
        pieces[at] += f" {draw_sentence(random, 6)}" if pieces[at][:1].isalpha() else "\n\nMore."
    elif way == "piece":
        pieces[at] = draw_piece(random, folder, path)
    elif way == "add":
        pieces.insert(at, draw_piece(random, folder, path))
    elif way == "remove" and len(pieces) > 1:
        del pieces[at]
    elif len(pieces) > 1:
        other = random.randrange(len(pieces))
        pieces[at], pieces[other] = pieces[other], pieces[at]
    folder.put(path, pieces)
    return f"{way} in {path}"


@KINDS.add("front matter", 12)
def _edit_front(hand: Hand) -> str | None:
    random, folder = hand.random, hand.folder
    path = hand.choose(folder.entries())
    values = {
        "title": draw_name(random),
        "description": hand.choose(["Described.", "<b>Described</b> & more", HEADINGS[5]]),
        "tags": f"[{', '.join(random.sample(TOPICS, random.randint(1, 3)))}]",
        "categories": f"[{hand.choose(TOPICS)}]",
        "lang": hand.choose(["en", "es", "pt-BR"]),
        "author": hand.choose(["Ana", "Berta"]),
        "toc": hand.choose(["true", "false"]),
        "date": f"2020-{random.randint(1, 12):02}-{random.randint(1, 28):02} 10:00:00 +0200",
        "last_modified_at": f"2021-0{random.randint(1, 9)}-05 10:00:00 +0100",
        "macros": hand.choose(["{R: '\\mathbb{R}_0'}", "{X: 'x'}"]),
        "nav_order": str(random.randint(1, 9)),
        "nav": hand.choose(["false", "Another name", "true"]),
        hand.choose(KEYS): hand.choose(["calm", "wild", "late"]),
    }
    key = hand.choose(list(values))
    if key.startswith("nav") and path not in folder.pages():
        return None
    if folder.get(path, key) is not None and key != "title" and random.random() < 0.35:
        folder.set(path, key, None)
        return f"no {key} in {path}"
    folder.set(path, key, values[key])
    return f"{key} of {path} is {values[key]}"


@KINDS.add("published", 4)
def _edit_published(hand: Hand) -> str | None:
    path = hand.choose(hand.folder.entries())
    hidden = hand.folder.get(path, "published")
    hand.folder.set(path, "published", None if hidden else "false")
    return f"{path} is {'published' if hidden else 'not published'}"


@KINDS.add("add", 6)
def _add(hand: Hand) -> str | None:
    random, folder = hand.random, hand.folder
    slug = f"{hand.choose(['tale', 'note', 'nota', 'essay'])}-{hand.number()}"
    posts, pages = folder.place("posts"), folder.place("pages")
    day = f"2020-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
    way = random.choice(["post", "post", "deep", "page", "docs", "draft", "html"])
    path = {
        "post": f"{posts}{day}-{slug}.md", "deep": f"{posts}travel/{day}-{slug}.md",
        "page": f"{pages}{slug}.md", "docs": f"{pages}docs/{slug}.md",
        "draft": f"{posts}{hand.choose(DRAFTS)}/{slug}.md", "html": f"{posts}{day}-{slug}.html",
    }[way]  # fmt: skip
    if way == "html":
        text = f"{draw_sentence(random, 9)} {{{{ page.title }}}} <a href='/about/'>a</a>"
        folder.write(path, f"---\ntitle: {draw_name(random)}\n---\n<p>{text}</p>\n")
    else:
        write_entry(random, folder, path, page=way in ("page", "docs"))
    return f"new {path}"


@KINDS.add("remove", 4)
def _remove(hand: Hand) -> str | None:
    folder = hand.folder
    if len(folder.entries()) < FEW:
        return None
    path = hand.choose(folder.entries())
    slug = _name_slug(folder, path)
    del folder.files[path]
    tidy = hand.random.random() < 0.8
    if tidy:
        _forget(hand, path, slug)
    return f"no {path}{'' if tidy else ', which others may refer to'}"


@KINDS.add("rename", 5)
def _rename(hand: Hand) -> str | None:
    random, folder = hand.random, hand.folder
    path = hand.choose(folder.entries())
    inside, _, name = path.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    ways = [f"{inside}/{stem}-{hand.number()}{dot}{suffix}"]
    if path in folder.pages():
        ways.append(f"{inside}/{stem}/index.md" if stem != "index" else f"{inside}/moved/index.md")
    elif path in folder.posts() and re.match(r"\d{4}-", stem):
        ways.append(f"{inside}/2020-0{random.randint(1, 9)}-17{stem[10:]}.{suffix}")
        ways.append(f"{folder.place('posts')}drafts/{stem}.{suffix}")
    elif path in folder.drafts():
        day = "" if re.match(r"\d{4}-", stem) else f"2020-0{random.randint(1, 9)}-18-"
        ways.append(f"{folder.place('posts')}{day}{stem}.{suffix}")
    new = random.choice(ways)
    if new in folder.files:
        return None
    slug = _name_slug(folder, path)
    folder.move(path, new)
    way = random.choice(["follow", "follow", "forget", ""])
    if way == "follow":
        old_stem, new_stem = (p.rpartition("/")[2].rpartition(".")[0] for p in (path, new))
        for other in _find(folder, path):
            folder.write(other, folder.read(other).replace(old_stem, new_stem))
        _untranslate(folder, slug)
    elif way == "forget":
        _forget(hand, path, slug)
    return f"{path} is {new}{'' if way else ', and others may not know'}"


def _name_slug(folder: Folder, path: str) -> str:
    if path in folder.pages():
        return path.removeprefix(folder.place("pages")).removesuffix(".md")
    return re.sub(r"^\d{4}-\d\d-\d\d-", "", path.rpartition("/")[2].rpartition(".")[0])


def _find(folder: Folder, path: str) -> list[str]:
    """The texts that name an entry, other than itself."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    if stem in ("index", "about"):
        return [p for p in folder.entries() if f"link {path}" in folder.read(p)]
    return [p for p in folder.entries() if p != path and stem in folder.read(p)]


def _forget(hand: Hand, path: str, slug: str) -> None:
    """Leave out what refers to an entry that is not there any more."""
    folder = hand.folder
    stem = path.rpartition("/")[2].rpartition(".")[0]
    for other in _find(folder, path):
        kept = [piece for piece in folder.pieces(other) if stem not in piece]
        folder.put(other, kept or [draw_prose(hand.random, folder, other)])
    _untranslate(folder, slug)


def _untranslate(folder: Folder, slug: str) -> None:
    for other in folder.entries():
        if folder.get(other, "translates") == slug:
            folder.set(other, "translates", None)


@KINDS.add("translation", 4)
def _translate(hand: Hand) -> str | None:
    folder = hand.folder
    entries = hand.random.choice([folder.posts(), folder.pages()])
    if translated := [path for path in entries if folder.get(path, "translates")]:
        path = hand.choose(translated)
        if hand.random.random() < 0.5:
            folder.set(path, "translates", None)
            return f"{path} translates nothing"
    spanish = [path for path in entries if folder.get(path, "lang") == "es"]
    others = [path for path in entries if folder.get(path, "lang") is None]
    if not spanish or not others or folder.get(SETTINGS, "lang") == "es":
        return None
    path, original = hand.choose(spanish), _name_slug(folder, hand.choose(others))
    folder.set(path, "translates", original)
    return f"{path} translates {original}"


@KINDS.add("address", 3)
def _edit_address(hand: Hand) -> str | None:
    path = hand.choose(hand.folder.entries())
    key = hand.choose(["permalink", "slug"])
    value = f"/own/{hand.number()}/" if key == "permalink" else f"slug-{hand.number()}"
    slug = hand.folder.get(path, "slug") or _name_slug(hand.folder, path)
    if key == "slug":
        _untranslate(hand.folder, slug)
    given = None if hand.folder.get(path, key) and hand.random.random() < 0.5 else value
    hand.folder.set(path, key, given)
    return f"{key} of {path} is {given}"


@KINDS.add("layout", 2)
def _edit_layout(hand: Hand) -> str | None:
    if "templates/wide.html" not in hand.folder.files:
        return None
    path = hand.choose(hand.folder.entries())
    value = None if hand.folder.get(path, "layout") else "wide"
    hand.folder.set(path, "layout", value)
    return f"layout of {path} is {value}"
