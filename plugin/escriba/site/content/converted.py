"""An entry as HTML, and what is to be known of it: what a build keeps of one that was converted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from sys import intern  # few names, of which ten thousand posts have many
from typing import Any

from escriba.article.blocks.panels import PLAYGROUND
from escriba.ground.digest import digest, text_digest
from escriba.markup.html.prose import furnish
from escriba.markup.html.summary import summarise
from escriba.markup.html.tags import Reference, Slot
from escriba.markup.html.text import count_words
from escriba.markup.html.write import write
from escriba.markup.markdown import Heading, Rendered
from escriba.site.content.post import Post

WORDS_PER_MINUTE = 220


@dataclass(frozen=True)
class Converted:
    """`html` stands under the title of a page, and is read where it is needed. `references` are
    the addresses in it, in their order, and `slots` where it has them; `models` those of its
    playgrounds. It is not `whole` if
    Liquid failed."""

    digest: str  # of all that a page can show of it
    headings: tuple[Heading, ...]
    summary: str
    minutes: int
    references: tuple[Reference, ...]
    slots: tuple[Slot, ...]
    playground: bool
    read: Callable[[], str] = field(repr=False, compare=False)  # gives the HTML
    models: tuple[str, ...] = ()
    whole: bool = True

    @property
    def html(self) -> str:
        return self.read()

    def to_facts(self) -> dict[str, Any]:
        """All but the HTML, as plain values."""
        return {
            "digest": self.digest,
            "headings": [[h.level, h.id, h.text] for h in self.headings],
            "summary": self.summary,
            "minutes": self.minutes,
            "references": [[r.address, r.element, r.attribute, r.at] for r in self.references],
            "slots": [[s.start, s.end, s.element, s.attribute] for s in self.slots],
            "playground": self.playground,
            "models": list(self.models),
        }


def describe(post: Post, rendered: Rendered, models: tuple[str, ...]) -> Converted:
    """What is known of a post that was rendered, whose tree is made ready for its page."""
    root = rendered.root
    minutes = max(1, round(count_words(root) / WORDS_PER_MINUTE))
    summary = post.front.description or summarise(root)
    furnish(root)
    written = write(root)
    headings = [[h.level, h.id, h.text] for h in rendered.headings]
    return Converted(
        digest=digest([text_digest(written.html), headings, summary, minutes]),
        headings=rendered.headings,
        summary=summary,
        minutes=minutes,
        references=written.references,
        slots=written.slots,
        playground=PLAYGROUND in written.html,
        read=Given(written.html),
        models=models,
        whole=rendered.text.whole,
    )


@dataclass(frozen=True)
class Given:
    """A text that is at hand, and can be sent to another process."""

    text: str

    def __call__(self) -> str:
        return self.text


def restore(read: Callable[[], str], facts: Mapping[str, Any]) -> Converted:
    """What `to_facts` gave, as it was; `read` gives the HTML. Raises KeyError and TypeError for
    what it did not give."""
    return Converted(
        digest=facts["digest"],
        read=read,
        playground=facts["playground"],
        headings=tuple(Heading(*each) for each in facts["headings"]),
        summary=facts["summary"],
        minutes=facts["minutes"],
        references=tuple(
            Reference(a, intern(e), intern(n), at) for a, e, n, at in facts["references"]
        ),
        slots=tuple(Slot(a, b, intern(e), intern(n)) for a, b, e, n in facts["slots"]),
        models=tuple(facts["models"]),
    )
