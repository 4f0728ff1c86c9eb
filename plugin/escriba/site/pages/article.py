"""The articles of a site, as templates see them: what they ask for is noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from markupsafe import Markup

from escriba.ground.reads import Reads
from escriba.markup.html.tags import Change, rewrite
from escriba.markup.markdown import Heading
from escriba.site.content.converted import Converted
from escriba.site.content.post import Post
from escriba.site.incremental.reads import ARTICLE, CARD, CATALOGUE
from escriba.site.links.addresses import Addresses, globaliser, localiser


@dataclass(frozen=True)
class Article:
    """A converted post; the links in its `content` are relative to its page. A `playground` in it
    needs a script."""

    post: Post
    _converted: Converted = field(repr=False)
    _targets: Mapping[str, str] = field(repr=False)
    _reads: Reads = field(repr=False, compare=False)

    @property
    def content(self) -> Markup:
        return self._write(localiser(self._targets, self.post.url))

    def globalise(self, addresses: Addresses) -> Markup:
        """The content for readers elsewhere: all its links are absolute."""
        local = localiser(self._targets, self.post.url)
        absolute = globaliser(addresses, self.post.url)
        return self._write(lambda link: absolute(replace(link, address=local(link))))

    def _write(self, change: Change) -> Markup:
        self.note()
        return Markup(rewrite(self._converted.html, self._converted.slots, change))

    @property
    def headings(self) -> tuple[Heading, ...]:
        self.note()
        return self._converted.headings

    @property
    def summary(self) -> str:
        self._reads.note(CARD, self.post.source.as_posix())
        return self._converted.summary

    @property
    def minutes(self) -> int:
        self._reads.note(CARD, self.post.source.as_posix())
        return self._converted.minutes

    @property
    def playground(self) -> bool:
        self._reads.note(CARD, self.post.source.as_posix())
        return self._converted.playground

    def note(self) -> None:
        """All of it is asked for."""
        self._reads.note(ARTICLE, self.post.source.as_posix())


class Articles(Mapping[Path, Article]):
    """The articles of a site by the sources of their posts. Which there are is noted if somebody
    goes through them."""

    def __init__(
        self,
        entries: tuple[Post, ...],
        converted: Mapping[Path, Converted],
        targets: Mapping[str, Mapping[str, str]],
        reads: Reads,
    ):
        self._articles = {
            post.source: Article(
                post, converted[post.source], targets[post.source.as_posix()], reads
            )
            for post in entries
        }
        self._reads = reads

    def __getitem__(self, source: Path) -> Article:
        return self._articles[source]

    def __contains__(self, source: object) -> bool:
        self._reads.note(CATALOGUE, "entries")
        return source in self._articles

    def __iter__(self) -> Iterator[Path]:
        self._reads.note(CATALOGUE, "entries")
        return iter(self._articles)

    def __len__(self) -> int:
        self._reads.note(CATALOGUE, "entries")
        return len(self._articles)
