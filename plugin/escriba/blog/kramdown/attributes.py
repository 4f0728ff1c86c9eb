"""kramdown's attribute lists: `{: .class #id key="value" reference}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from escriba.blog.kramdown.grammar import WORD

_ITEM = re.compile(
    rf"""(?:\A|(?<=\s))(?:
        (?P<key>{WORD})=(?P<quote>["'])(?P<value>(?:\\\}}|\\(?P=quote)|(?!(?P=quote))[^}}])*?)(?P=quote)
      | (?P<ref>{WORD})
      | (?P<marks>(?:\#[A-Za-z][\w:-]*|\.[^\s.#]+)+)
    )(?=\s|\Z)""",
    re.X,
)
_MARK = re.compile(r"#([A-Za-z][\w:-]*)|\.([^\s.#]+)")


@dataclass
class Attributes:
    """What one or more lists say: attributes, and the names of lists defined elsewhere."""

    values: dict[str, str] = field(default_factory=dict)
    references: list[str] = field(default_factory=list)

    def read(self, text: str) -> Attributes:
        """Add what stands between `{:` and `}`."""
        for item in _ITEM.finditer(text):
            if item["ref"]:
                self.references.append(item["ref"])
            elif item["marks"]:
                for name, kind in _MARK.findall(item["marks"]):
                    if kind:
                        self._add_class(kind)
                    else:
                        self.values["id"] = name
            else:
                value = re.sub(rf"\\(\}}|{item['quote']})", r"\1", item["value"])
                self.values[item["key"]] = value
        return self

    def _add_class(self, name: str) -> None:
        self.values["class"] = f"{self.values.get('class', '')} {name}".lstrip()

    def apply(self, element: Element, definitions: Mapping[str, Attributes]) -> None:
        """Set the attributes on an element; classes add up, the rest replaces."""
        for name in self.references:
            if name in definitions:
                definitions[name].apply(element, {})
        for key, value in self.values.items():
            if key == "class":
                value = f"{element.get('class', '')} {value}".lstrip()
            element.set(key, value)
