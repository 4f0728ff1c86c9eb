"""The small trained models that come with escriba, for a blog that has none yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from escriba.ground import files
from escriba.ground.errors import SourceError, suggest
from escriba.ground.language import tr

FOLDER = Path(__file__).parent / "starters"


@dataclass(frozen=True)
class Starter:
    """A model of `FOLDER`: the language of its text, and how the first post lets it write. Prompts
    are YAML; what it read is said in each language of a post, by `templates/new/strings.yml`."""

    name: str
    lang: str
    prompt: str
    second: str
    show: str


# The first of a language is that of a new blog in it.
STARTERS = (
    Starter(
        "shakespeare",
        "en",
        prompt='"ROMEO:\\n"',
        second='"JULIET:\\nWhat light "',
        show="verbatim",
    ),
    Starter(
        "quijote",
        "es",
        prompt='"En un lugar de la Mancha"',
        second='"-Señor -respondió Sancho-, "',
        show="prose",
    ),
)


def choose(name: str | None, lang: str) -> Starter:
    """The starter of that name; without one, of a language. Raises SourceError."""
    if name is None:
        return next((starter for starter in STARTERS if starter.lang == lang), STARTERS[0])
    for starter in STARTERS:
        if starter.name == name:
            return starter
    names = [*(starter.name for starter in STARTERS), "none"]
    raise SourceError(
        tr("no model '{name}' comes with escriba{hint}", name=name, hint=suggest(name, names))
    )


def read(starter: Starter) -> dict[str, bytes]:
    """The files of a starter model, by their paths in its folder, frozen samples included."""
    folder = FOLDER / starter.name
    return {
        path.relative_to(folder).as_posix(): files.read_bytes(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
