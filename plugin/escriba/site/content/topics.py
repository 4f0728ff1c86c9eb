"""Names of topics, and the addresses of their pages.

Names that differ only in case or punctuation are one topic: `Deep Learning`, `deep-learning`. Signs
tell them apart: `C`, `C++` and `C#` are three, and where two of them would have one address, those
with signs have theirs spelled out.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

from escriba.site.content import permalink

Key = tuple[str, str]  # of a topic: its name as an address has it, and the signs of the name

_SIGNS = "#%*@"  # and what Unicode calls symbols
_SYMBOLS = frozenset(("Sm", "Sc", "So"))
_SPELLED_OUT = 5  # signs of a name that its address has
_SPELLED = {
    "+": "plus", "#": "sharp", "*": "star", "@": "at", "%": "percent", "=": "equals", "<": "less",
    ">": "greater", "|": "bar", "~": "tilde", "$": "dollar", "€": "euro",
}  # fmt: skip


@lru_cache(maxsize=4096)
def identify(name: str) -> Key:
    """What all spellings of a topic have in common."""
    slug = permalink.slugify(name)
    signs = "".join(c for c in name if c in _SIGNS or unicodedata.category(c) in _SYMBOLS)
    return (slug, signs) if slug else (permalink.slugify(name, name), "")


def name_pages(keys: Iterable[Key]) -> Mapping[Key, str]:
    """The name in its address of each topic's page; all are different, and none depends on the
    order in which posts name them."""
    ordered = sorted(set(keys), key=lambda key: (key[1], key[0]))  # those without signs come first
    slugs = Counter(slug for slug, _ in ordered)
    named: dict[Key, str] = {}
    taken: set[str] = set()
    for key in ordered:
        slug, signs = key
        name = _spell(slug, signs) if signs and slugs[slug] > 1 else slug
        number = 1
        while name in taken or (name in slugs and name != slug):
            number += 1
            name = f"{_spell(slug, signs)}-{number}"
        named[key] = name
        taken.add(name)
    return named


def _spell(slug: str, signs: str) -> str:
    words = (_SPELLED.get(sign) or _describe(sign) for sign in signs[:_SPELLED_OUT])
    return "-".join(word for word in (slug, *words) if word)


def _describe(sign: str) -> str:
    return permalink.slugify(unicodedata.name(sign, f"u{ord(sign):x}"))
