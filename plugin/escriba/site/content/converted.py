"""An entry as HTML, and what is to be known of it: what a build keeps of one that was converted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from escriba.article.blocks.panels import PLAYGROUND
from escriba.ground.digest import digest, text_digest
from escriba.markup.html import prose, tags
from escriba.markup.html.summary import summarise
from escriba.markup.html.tags import Reference
from escriba.markup.html.text import prose_of
from escriba.markup.markdown import Heading, Rendered
from escriba.site.content.post import Post

WORDS_PER_MINUTE = 220


@dataclass(frozen=True)
class Converted:
    """`html` stands under the title of a page. `references` are the addresses in it, in their
    order; `models` those of its playgrounds. It is not `whole` if Liquid failed."""

    html: str
    headings: tuple[Heading, ...]
    summary: str
    minutes: int
    references: tuple[Reference, ...]
    models: tuple[str, ...] = ()
    whole: bool = True

    @property
    def playground(self) -> bool:
        return PLAYGROUND in self.html

    @cached_property
    def digest(self) -> str:
        """Of all that a page can show of it."""
        facts = [[h.level, h.id, h.text] for h in self.headings], self.summary, self.minutes
        return digest([text_digest(self.html), *facts])

    def to_facts(self) -> dict[str, Any]:
        """All but the HTML, as plain values."""
        return {
            "headings": [[h.level, h.id, h.text] for h in self.headings],
            "summary": self.summary,
            "minutes": self.minutes,
            "references": [[r.address, r.element, r.attribute] for r in self.references],
            "models": list(self.models),
        }


def describe(post: Post, rendered: Rendered, models: tuple[str, ...]) -> Converted:
    """What is known of a post that was rendered."""
    html = prose.furnish(rendered.html)
    words = len(re.findall(r"\w+", prose_of(rendered.html)))
    return Converted(
        html=html,
        headings=rendered.headings,
        summary=post.front.description or summarise(rendered.html),
        minutes=max(1, round(words / WORDS_PER_MINUTE)),
        references=tuple(tags.find(html)),
        models=models,
        whole=rendered.text.whole,
    )


def restore(html: str, facts: Mapping[str, Any]) -> Converted:
    """What `to_facts` gave, and the HTML, as they were. Raises KeyError and TypeError for what it
    did not give."""
    return Converted(
        html=html,
        headings=tuple(Heading(*each) for each in facts["headings"]),
        summary=facts["summary"],
        minutes=facts["minutes"],
        references=tuple(Reference(*each) for each in facts["references"]),
        models=tuple(facts["models"]),
    )
