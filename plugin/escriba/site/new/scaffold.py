"""The files of a new site, from `templates/new/`: always escriba's own, whatever a project has.

A file may have fields, `%model%`: YAML, workflows and TeX have braces and dollars of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from escriba.ground import files
from escriba.templating.strings import read_words
from escriba.templating.templates import packaged

FOLDER = packaged() / "new"


def fill(name: str, /, **values: str) -> bytes:
    """A file, with values for its fields. Raises KeyError for a field without one."""
    text = files.read_text(FOLDER / name)
    return re.sub(r"%(\w+)%", lambda match: values[match[1]], text).encode()


def read_strings(lang: str) -> Mapping[str, str]:
    """What a new site says in a language, by key."""
    path = FOLDER / "strings.yml"
    return read_words(path, path, {})[lang]
