"""A blog by chance, and every kind of edit that is done to it, for edits.py."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from support.editing import disk, entries, mistakes, models, settings, sources
from support.editing.folder import (
    MODELS,
    SETTINGS,
    WISHES,
    Folder,
    freeze,
    list_models,
    name_sample,
)
from support.editing.hand import Hand, Kinds
from support.editing.pieces import draw_sample_text, write_entry
from support.editing.sources import INCLUDES, PICTURE

KINDS = Kinds()
for _kinds in (e.KINDS for e in (entries, sources, settings, models, disk, mistakes)):
    KINDS |= _kinds


def draw_edit(hand: Hand, without: Sequence[str] = ()) -> tuple[str, str]:
    """Do one edit by chance: its kind, and what it did."""
    names = [name for name in KINDS if not name.startswith(tuple(without))]
    weights = [KINDS[name][0] for name in names]
    while True:
        name = hand.random.choices(names, weights)[0]
        told = KINDS[name][1](hand)
        if told is not None:
            return name, told


@KINDS.add("checkout", 3)
def _check_out(hand: Hand) -> str | None:
    if len(hand.past) < 3:
        return None
    back = hand.random.randrange(2, min(30, len(hand.past)) + 1)
    hand.adopt(hand.past[-back])
    return f"all as it was {back} builds before"


@KINDS.add("several", 4)
def _edit_several(hand: Hand) -> str | None:
    simple = ("several", "checkout", "nothing", "mistake", "output", "cache", "touch")
    return "; ".join(draw_edit(hand, simple)[1] for _ in range(hand.random.randint(2, 5)))


@KINDS.add("mistakes", 2)
def _make_mistakes(hand: Hand) -> str | None:
    """Several at once, so that their order is tried."""
    others = [name for name in KINDS if not name.startswith("mistake ")]
    return "; ".join(draw_edit(hand, others)[1] for _ in range(hand.random.randint(2, 4)))


def draw_blog(random: Random, size: int = 35) -> Folder:
    """A new blog, with about so many posts and pages, and all that they refer to."""
    folder = Folder()
    folder.write(
        SETTINGS,
        "title: A blog\ndescription: By chance\nauthor: Ana\nurl: https://example.org\n"
        "latest: 8\nlinks: warn\nmath: [dollars, environments]\nmacros: {R: '\\mathbb{R}'}\n"
        "own: mine\ndeep: {key: 1}\nstatic: [notes/talk.txt]\npermalink: pretty\n",
    )
    folder.write("_data/people.yml", "ana:\n  name: Ana\n  town: Town 1\n")
    folder.write("_data/places.csv", "name,height\nHill,300\nValley,20\n")
    folder.write("_data/numbers.json", '{"one": 1, "list": [1, 2, 3]}\n')
    folder.write("_data/deep/inner.yml", "word: word 5\n")
    for number, text in enumerate(INCLUDES[:3]):
        folder.write(f"_includes/{('note', 'other', 'marks')[number]}.html", text)
    folder.write("_includes/nested.html", "{% include note.html word='inner' %} nested\n")
    for name in ("images/a.svg", "images/b.svg", "posts/d.svg", "posts/travel/e.svg"):
        folder.write(name, PICTURE.format(1))
    folder.files["images/photo.png"] = bytes(range(256)) * 20
    folder.write("notes/data.csv", "a,b\n1,2\n")
    folder.write("notes/talk.txt", "a talk\n")
    folder.write("templates/wide.html", '{% extends "post.html" %}\n')
    folder.write("templates/assets/extra.css", ".a { background: url(icon.svg) }\n")
    folder.write("templates/assets/icon.svg", PICTURE.format(2))
    folder.files |= dict(list_models())
    for name in MODELS:
        folder.write(f"models/{name}/evaluation.yml", "test:\n  nats: '1.5'\n  unigram: '3.1'\n")
    for wish in WISHES:
        folder.files[name_sample(wish)] = freeze(wish, draw_sample_text(random))
    write_entry(random, folder, "pages/about.md", page=True)
    write_entry(random, folder, "pages/docs/index.md", page=True)
    hand = Hand(random, folder)
    while len(folder.entries()) < size:
        entries.KINDS["add"][1](hand)
    for _ in range(4):
        entries.KINDS["translation"][1](hand)
    return folder
