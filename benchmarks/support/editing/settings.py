"""Edits of the settings of a blog, and of how it is built, for edits.py."""

from __future__ import annotations

from dataclasses import replace

from support.editing.folder import SETTINGS
from support.editing.hand import Hand, Kinds

KINDS = Kinds()
MARKS = ("", "dollars", "brackets", "kramdown", "dollars, environments")


@KINDS.add("settings", 12)
def _edit_settings(hand: Hand) -> str | None:
    random, folder = hand.random, hand.folder
    values = {
        "title": f"Blog {hand.number()}",
        "description": hand.choose(["All of it", "Todo & más"]),
        "author": hand.choose(["Ana", "Berta"]),
        "email": "ana@example.org",
        "url": hand.choose(["https://example.org", "https://blog.example.net"]),
        "baseurl": hand.choose(["/blog", "/a/b"]),
        "lang": hand.choose(["en", "es"]),
        "permalink": hand.choose(["date", "pretty", "/:year/:title/", "/:categories/:title.html"]),
        "latest": str(random.randint(1, 12)),
        "math": f"[{hand.choose(MARKS)}]",
        "macros": hand.choose(["{R: '\\mathbb{R}'}", "{R: '\\mathbf{R}', X: 'x'}"]),
        "math-errors": hand.choose(["error", "show"]),
        "links": hand.choose(["warn", "warn", "warn", "ignore", "ignore", "error"]),
        "nav": hand.choose(["[about, {Writing: archive}]", "[{Home: /}, topics, {Out: 'https://example.com'}]"]),
        "static": hand.choose(["[notes]", "[notes/talk.txt]", "['notes/*.csv']"]),
        "own": hand.choose(["mine", "yours", "[1, 2]"]),
        "deep": f"{{key: {hand.number()}}}",
    }  # fmt: skip
    key = hand.choose(list(values))
    needed = ("macros", "links", "deep", "own")  # of what posts ask for
    if folder.get(SETTINGS, key) is not None and key not in needed and random.random() < 0.35:
        folder.set(SETTINGS, key, None)
        return f"no {key}"
    if key == "lang":
        for path in folder.entries():
            folder.set(path, "translates", None)
    folder.set(SETTINGS, key, values[key])
    return f"{key} is {values[key]}"


@KINDS.add("folder", 2)
def _move_folder(hand: Hand) -> str | None:
    folder = hand.folder
    key, names = hand.random.choice(
        [("posts", ("posts", "articles")), ("pages", ("pages", "seiten")),
         ("output", ("site", "public")), ("output", ("site", "public"))]
    )  # fmt: skip
    old = folder.get(SETTINGS, key) or names[0]
    new = names[1] if old == names[0] else names[0]
    folder.set(SETTINGS, key, new)
    for path in folder.find(f"{old}/") if key != "output" else ():
        folder.move(path, new + path.removeprefix(old))
    return f"{key} are in {new}" if key != "output" else f"the output is {new}"


@KINDS.add("jekyll", 2)
def _edit_config(hand: Hand) -> str | None:
    path = "_config.yml"
    if path in hand.folder.files and hand.random.random() < 0.5:
        del hand.folder.files[path]
        return f"no {path}"
    hand.folder.write(path, f"own: {hand.number()}\n{hand.choose(['', 'mathjax: true'])}\n")
    return f"edited {path}"


@KINDS.add("options", 5)
def _edit_options(hand: Hand) -> str | None:
    order = hand.folder.order
    way = hand.choose(["drafts", "drafts", "unpublished", "address", "language"])
    if way == "language":
        hand.restart = True  # a process speaks one language
        hand.folder.order = replace(order, language="en" if order.language == "es" else "es")
    elif way == "address":
        hand.folder.order = replace(
            order, address="" if order.address else hand.choose(["https://other.example/sub/way"])
        )
    elif way == "drafts":
        hand.folder.order = replace(order, drafts=not order.drafts)
    else:
        hand.folder.order = replace(order, unpublished=not order.unpublished)
    return f"with {hand.folder.order}"


@KINDS.add("code", 2)
def _edit_code(hand: Hand) -> str | None:
    hand.restart = True  # a process has the code that it was started with
    code = 0 if hand.folder.order.code else hand.random.randint(1, 3)
    hand.folder.order = replace(hand.folder.order, code=code)
    return f"the code is edition {code}"


@KINDS.add("restart", 3)
def _restart(hand: Hand) -> str | None:
    hand.restart = True
    return "a new process"
