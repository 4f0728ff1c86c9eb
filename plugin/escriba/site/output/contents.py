"""What the files of a site hold: bytes that were made, a page that is kept, or a file that they are
a copy of, which may be larger than memory."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from escriba.ground import files as disk
from escriba.ground.errors import SourceError
from escriba.ground.mistakes import Mistakes
from escriba.site.output.plan import is_ours

CHUNK = 1 << 20  # bytes of a large file in memory
WHOLE = 1 << 40  # bytes that `read` reads at most


@dataclass(frozen=True)
class Packed:
    """A file that is kept, with its digest and its size; `read` gives its bytes."""

    digest: str
    size: int
    read: Callable[[], bytes]


Content = bytes | Packed | Path


def sign(data: bytes) -> str:
    """The digest of a file."""
    return hashlib.sha256(data).hexdigest()


def read(files: Mapping[str, Content], name: str) -> bytes:
    """The bytes of a file of a site. Raises SourceError if it is a copy and cannot be read."""
    content = files[name]
    if isinstance(content, Packed):
        return content.read()
    return content if isinstance(content, bytes) else disk.read_bytes(content, limit=WHOLE)


class Sources:
    """How contents compare with files of an output, and become some; what is copied is read once.

    `root` is the folder to which messages name the paths of what is copied.
    """

    def __init__(self, root: Path | None):
        self._root = root

    def find_changed(self, files: Mapping[str, Content], output: Path) -> list[str]:
        """Which files of the output are not what they should be. Raises SourceError, OSError."""
        mistakes, changed = Mistakes(), []
        for name in sorted(files):
            try:
                if self._differs(output / name, files[name]):
                    changed.append(name)
            except SourceError as error:
                mistakes.add(error)
        mistakes.check()
        return changed

    def copy(self, content: Content, path: Path) -> None:
        """Write a content to a file that is not there yet. Raises SourceError, OSError."""
        if not isinstance(content, Path):
            path.write_bytes(content if isinstance(content, bytes) else content.read())
            return
        with disk.open_file(content, self._name(content)) as source, path.open("xb") as file:
            shutil.copyfileobj(source, file, CHUNK)

    def _differs(self, path: Path, content: Content) -> bool:
        if not is_ours(path):
            return True
        if isinstance(content, bytes):
            return path.stat().st_size != len(content) or path.read_bytes() != content
        if isinstance(content, Packed):
            return path.stat().st_size != content.size or sign(path.read_bytes()) != content.digest
        if path.stat().st_size != self._measure(content):
            return True
        with path.open("rb") as old, disk.open_file(content, self._name(content)) as new:
            while True:
                one, two = old.read(CHUNK), new.read(CHUNK)
                if one != two:
                    return True
                if not one:
                    return False

    def _measure(self, content: Path) -> int:
        with disk.refusals(SourceError, self._name(content), path=content):
            return content.stat().st_size

    def _name(self, content: Path) -> Path:
        if self._root is not None and content.is_relative_to(self._root):
            return content.relative_to(self._root)
        return content
