"""What the results of a site are made of, by kind, besides files: how the digest of each is found.

Whoever makes a page of a site has no other way to what is in it: see `ground.reads`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from escriba.ground.digest import text_digest
from escriba.ground.reads import FILE, Reads, once
from escriba.site.content.catalogue import Catalogue, Group
from escriba.site.content.converted import Converted
from escriba.site.content.post import Post
from escriba.site.incremental.base import BASE as BASE

POST = "post"  # what the front matter and the name of an entry say, by its source
POSTS = "posts"  # the same of all
ARTICLE = "article"  # all that a page can show of an entry, by its source
CARD = "card"  # what a list shows of its text: summary, minutes
GROUP = "group"  # which posts a topic has, by its address
CATALOGUE = "catalogue"  # one of its parts: which entries are in it, in which order
AROUND = "around"  # an entry's neighbours, translations and topics, by its source
MENU = "menu"  # the items of the navigation, by language
ASSET = "asset"  # the address of an asset, by name
PLAN = "plan"  # the addresses of all pages
LINKS = "links"  # whether the links of pages are wanted


def add_content(
    reads: Reads,
    catalogue: Catalogue,
    converted: Mapping[Path, Converted],
    targets: Mapping[str, Mapping[str, str]],
) -> None:
    """What is known of entries once they are converted, and what the addresses in them lead to."""
    entries = {entry.source.as_posix(): entry for entry in catalogue.entries}
    made = {source: converted[entry.source] for source, entry in entries.items()}
    groups = {group.url: group for group in (*catalogue.tags, *catalogue.categories)}

    # What is there no more has no digest, and no result that was made of it stands.
    def article(source: str) -> str:
        if source not in entries:
            return ""
        return text_digest(repr((made[source].digest, sorted(targets[source].items()))))

    def card(source: str) -> str:
        if source not in entries:
            return ""
        each = made[source]
        return repr((each.minutes, each.playground)) + text_digest(each.summary)

    def around(source: str) -> str:
        if source not in entries:
            return ""
        return text_digest(repr(_look_around(catalogue, entries[source])))

    reads.add(POST, lambda s: entries[s].digest if s in entries else "")
    reads.add(POSTS, once(lambda: repr([reads.digest(POST, source) for source in entries])))
    reads.add(ARTICLE, article)
    reads.add(CARD, card)
    reads.add(GROUP, lambda u: text_digest(repr(_list(groups[u]))) if u in groups else "")
    reads.add(CATALOGUE, lambda part: text_digest(repr(_show(getattr(catalogue, part)))))
    reads.add(AROUND, around)


def watch(reads: Reads) -> dict[type, Callable[[object, str], None]]:
    """What is noted when a template asks for an attribute of an object."""

    def post(obj: object, attribute: str) -> None:
        assert isinstance(obj, Post)
        reads.note(POST, obj.source.as_posix())
        if attribute in ("body", "places", "first_line"):
            reads.note(FILE, obj.source.as_posix())

    def group(obj: object, attribute: str) -> None:
        assert isinstance(obj, Group)
        if obj.url:
            reads.note(GROUP, obj.url)
        else:
            reads.note(CATALOGUE, "years")

    def catalogue(obj: object, attribute: str) -> None:
        if hasattr(obj, attribute):
            reads.note(CATALOGUE, attribute)

    return {Post: post, Group: group, Catalogue: catalogue}


def _list(group: Group) -> object:
    return group.name, group.url, group.keys, [str(post.source) for post in group.posts]


def _look_around(catalogue: Catalogue, post: Post) -> object:
    neighbours = catalogue.neighbours.get(post.source, ())
    translations = catalogue.translations.get(post.source, ())
    topics = catalogue.topics.get(post.source, ())
    return (
        [each and str(each.source) for each in neighbours],
        [str(each.source) for each in translations],
        [(topic.name, topic.url) for topic in topics],
    )


def _show(value: object) -> object:
    """A value of the catalogue with the names of entries and groups in their place."""
    if isinstance(value, Post):
        return str(value.source)
    if isinstance(value, Group):  # whoever asks for its posts notes that
        return (value.name, value.url) if value.url else _list(value)
    if isinstance(value, (tuple, list)):
        return [_show(each) for each in value]
    if isinstance(value, Mapping):
        return sorted((str(key), _show(each)) for key, each in value.items())
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    return value
