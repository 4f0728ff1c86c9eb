"""kramdown's attribute lists: `{: .class #id key="value" reference}`."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

from escriba.markup.kramdown.grammar import WORD

_ITEM = re.compile(
    rf"""(?:\A|(?<=\s))(?:
        (?P<key>{WORD}+)=(?P<quote>["'])
      | (?:(?P<ref>{WORD}+)
      | (?P<marks>(?:\#[A-Za-z][\w:-]*+|\.[^\s.#]++)++))(?=\s|\Z)
    )""",
    re.X,
)
_MARK = re.compile(r"#([A-Za-z][\w:-]*)|\.([^\s.#]+)")
# A quote that may end a value; one after a backslash may only if no other does.
_END = re.compile(r"""(\\)?(["'])(?=\s|\Z)""")

SHORT = 200  # characters of a list that may be referred to as often as one likes
ALLOWANCE = 300_000  # characters that all references to a longer one may add to a document


@dataclass
class Attributes:
    """What one or more lists say: attributes, and the names of lists defined elsewhere."""

    values: dict[str, str] = field(default_factory=dict)
    references: list[str] = field(default_factory=list)
    spent: int = 0

    def read(self, text: str) -> Attributes:
        """Add what stands between `{:` and `}`."""
        classes = [self.values["class"]] if "class" in self.values else []
        ends = _Ends(text)
        at = 0
        while item := _ITEM.search(text, at):
            at = item.end()
            if item["ref"]:
                self.references.append(item["ref"])
            elif item["marks"]:
                for name, kind in _MARK.findall(item["marks"]):
                    if kind:
                        classes.append(kind)
                    else:
                        self.values["id"] = name
            elif (end := ends.after(item["quote"], at)) >= 0:
                value = re.sub(rf"\\(\}}|{item['quote']})", r"\1", text[at:end])
                at = end + 1
                if item["key"] == "class":
                    classes = [value]
                else:
                    self.values[item["key"]] = value
        if classes:
            self.values["class"] = " ".join(classes)
        return self

    def apply(self, given: dict[str, str], definitions: Mapping[str, Attributes]) -> None:
        """Add to the attributes of an element; classes add up, the rest replaces."""
        for name in dict.fromkeys(self.references):
            if name in definitions and definitions[name]._may_be_used():
                definitions[name].apply(given, {})
        for key, value in self.values.items():
            if key == "class":
                value = f"{given.get('class', '')} {value}".lstrip()
            given[key] = value

    def _may_be_used(self) -> bool:
        """Whether a definition may be used once more: its length times its uses is bounded."""
        size = sum(len(key) + len(value) for key, value in self.values.items())
        self.spent += size if size > SHORT else 0
        return self.spent <= ALLOWANCE


class _Ends:
    """Where the values of a list may end."""

    def __init__(self, text: str):
        self.text = text
        self._plain: dict[str, list[int]] = {}
        self._escaped: dict[str, int] = {}

    def after(self, quote: str, at: int) -> int:
        """The first end from a place on; -1 if there is none."""
        if not self._plain:
            self._plain = {'"': [], "'": []}
            for match in _END.finditer(self.text):
                if match[1]:
                    self._escaped[match[2]] = match.start(2)
                else:
                    self._plain[match[2]].append(match.start(2))
        ends = self._plain[quote]
        number = bisect_left(ends, at)
        escaped = self._escaped.get(quote, -1)
        return ends[number] if number < len(ends) else escaped if escaped > at else -1
