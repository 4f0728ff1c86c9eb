"""What is done to a blog on the disk, and changes little or nothing of it, for edits.py."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from escriba.site.incremental.cache import find_path
from support.editing.folder import SETTINGS
from support.editing.hand import Hand, Kinds

KINDS = Kinds()


@KINDS.add("nothing", 4)
def _do_nothing(hand: Hand) -> str | None:
    return "nothing"


@KINDS.add("touch", 3)
def _touch(hand: Hand) -> str | None:
    paths = hand.random.sample(sorted(hand.folder.files), 3)

    def act(root: Path) -> None:
        for path in paths:
            os.utime(root / path)

    hand.acts.append(act)
    return f"touched, and the same: {', '.join(paths)}"


@KINDS.add("stealth", 3)
def _edit_by_stealth(hand: Hand) -> str | None:
    """Another letter, the size and the time as before: what rsync and archives may do."""
    folder = hand.folder
    path = hand.choose([*folder.entries(), *folder.includes(), *folder.data()])
    text = folder.read(path)
    places = [m.start() for m in re.finditer(r"(?<=[a-z] )[a-z](?=[a-z]+[ .,])", text)]
    if b"\r" in folder.files[path] or not places:
        return None
    at = hand.random.choice(places)
    letter = "e" if text[at] != "e" else "o"
    folder.write(path, text[:at] + letter + text[at + 1 :])
    hand.quiet.add(path)
    return f"a letter of {path}, which has its old size and time"


@KINDS.add("line ends", 2)
def _edit_ends(hand: Hand) -> str | None:
    folder = hand.folder
    path = hand.choose([*folder.entries(), *folder.includes(), *folder.data(), SETTINGS])
    crlf = b"\r\n" in folder.files[path]
    text = folder.read(path)
    folder.write(path, text if crlf else text.replace("\n", "\r\n"))
    return f"other line ends in {path}"


@KINDS.add("output", 3)
def _ruin_output(hand: Hand) -> str | None:
    if not hand.site:
        return None
    output = hand.folder.place("output")
    name = hand.choose(hand.site)
    way = hand.choose(["removed", "removed", "edited", "same size", "all removed"])

    def act(root: Path) -> None:
        path = root / output / name
        if way == "all removed":
            shutil.rmtree(root / output)
        elif way == "removed":
            path.unlink()
        elif way == "edited":
            path.write_bytes(path.read_bytes() + b"more")
        else:
            path.write_bytes(b"x" * path.stat().st_size)

    hand.acts.append(act)
    return f"of the output: {way}{'' if way == 'all removed' else ' ' + name}"


def _list_caches(root: Path) -> list[Path]:
    """The files of what a project's builds have kept."""
    path = find_path(root)
    return sorted(path.parent.glob(f"{path.name}*")) if path else []


@KINDS.add("cache removed", 2)
def _remove_cache(hand: Hand) -> str | None:
    def act(root: Path) -> None:
        for path in _list_caches(root):
            path.unlink()

    hand.restart = True  # who has it open goes on with what was removed
    hand.acts.append(act)
    return "no cache"


@KINDS.add("cache damaged", 3)
def _ruin_cache(hand: Hand) -> str | None:
    """A file of the cache is cut short, emptied, removed, or has another byte."""
    way, draw = hand.choose(["cut", "emptied", "removed", "changed"]), hand.random.random()
    hand.restart |= hand.random.random() < 0.7  # who has it in memory may never know

    def act(root: Path) -> None:
        found = _list_caches(root)
        if not found:
            return
        path = found[int(draw * len(found))]
        data = bytearray(path.read_bytes())
        if way == "removed":
            path.unlink()
        elif way == "changed" and data:
            data[int(draw * len(data))] ^= 1 << int(draw * 8)
            path.write_bytes(data)
        else:
            path.write_bytes(data[: len(data) // 2 if way == "cut" else 0])

    hand.acts.append(act)
    return f"a file of the cache is {way}"
