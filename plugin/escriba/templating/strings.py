"""The words of a theme: `strings.yml`, language → key → text.

A text may have fields, `{count}`, which are filled in with `str.format`. Which ones is decided by
escriba's own English text; a translation may leave one out, but have no other, and nothing but its
name in the braces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter

import yaml

from escriba.ground.errors import Place, Problem, SourceError
from escriba.ground.files import read_text
from escriba.ground.language import tr
from escriba.ground.yaml import compose, place_of

Words = dict[str, dict[str, str]]


def read_words(path: Path, shown: Path, known: Mapping[str, str]) -> Words:
    """The words of a file. `known` are escriba's own English ones.

    Raises SourceError, with every mistake and its place, for a file that is not so.
    """
    start = Place(shown, 1)
    root = compose(read_text(path, shown), start)
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise SourceError(tr("expected languages, each with its texts"), start)
    words: Words = {}
    problems: list[Problem] = []
    for tag, texts in root.value:
        if not isinstance(texts, yaml.MappingNode):
            message = tr("expected texts under '{tag}'", tag=tag.value)
            problems.append(Problem(message, Place(shown, place_of(start, texts).line)))
            continue
        for key, text in texts.value:
            place = place_of(start, text)
            if not isinstance(text, yaml.ScalarNode) or text.tag == "tag:yaml.org,2002:null":
                problems.append(Problem(tr("'{key}' must be a text", key=key.value), place))
                continue
            problems += (
                Problem(message, place)
                for message in _check(key.value, text.value, known.get(key.value, ""))
            )
            words.setdefault(tag.value, {})[key.value] = text.value
    if problems:
        raise SourceError(problems)
    return words


def _check(key: str, text: str, known: str) -> Iterator[str]:
    """What is wrong with the fields of a text that takes the place of a known one."""
    allowed = {field for _, field, _, _ in Formatter().parse(known) if field is not None}
    if not allowed:  # nothing will be filled in, and braces are braces
        return
    names = ", ".join(f"{{{field}}}" for field in sorted(allowed))
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        yield tr("'{key}' has a brace without the other; it may have {names}", key=key, names=names)
        return
    for _, field, spec, conversion in parts:
        if field is not None and (field not in allowed or spec or conversion):
            shown = field + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            yield tr("'{key}' has the field '{field}', and may have {names}",
                     key=key, field=f"{{{shown}}}", names=names)  # fmt: skip
