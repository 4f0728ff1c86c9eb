"""The hand that edits a blog, and kinds of edits, for edits.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from support.editing.folder import Folder

Act = Callable[[Path], None]  # done to the project on the disk


@dataclass
class Hand:
    """What an edit works on. `site` are the files of the site as it was built last, `past` the
    blog as it was. Of what an edit does, `acts` are done to the disk besides, files in `quiet`
    keep their size and times, and with `restart` the process that builds is a new one."""

    random: Random
    folder: Folder
    site: Sequence[str] = ()
    past: Sequence[Folder] = ()
    acts: list[Act] = field(default_factory=list)
    quiet: set[str] = field(default_factory=set)
    restart: bool = False

    def choose(self, items: Sequence[str]) -> str:
        return self.random.choice(items)

    def number(self) -> int:
        return self.random.randrange(1000)

    def adopt(self, old: Folder) -> None:
        """Make the blog what it was. A process has one language, and the code of its start."""
        now, then = self.folder.order, old.order
        self.restart |= (now.language, now.code) != (then.language, then.code)
        self.folder.files, self.folder.order = dict(old.files), then


# Does an edit and says what it did, or None, having done nothing, where there is nothing to do.
Edit = Callable[[Hand], str | None]


class Kinds(dict[str, tuple[int, Edit]]):
    """Edits by their names, and how often each is done."""

    def add(self, name: str, weight: int) -> Callable[[Edit], Edit]:
        def keep(edit: Edit) -> Edit:
            self[name] = (weight, edit)
            return edit

        return keep
