"""What the addresses in the entries of a site lead to: that is looked for again where an entry has
changed, or what there is in the site, or a file that was looked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from escriba.markup.html.tags import Reference
from escriba.site.content.catalogue import Catalogue
from escriba.site.content.converted import Converted
from escriba.site.content.memory import Memory
from escriba.site.content.post import Post
from escriba.site.links.addresses import Addresses, leads_elsewhere


@dataclass(frozen=True)
class Led:
    """What the addresses in an entry lead to in the site.

    `asked` are the files that were looked for, with the addresses of those that are published. It
    is `sound` if each address is of another site or leads to a whole page or file of this one.
    """

    targets: Mapping[str, str]
    asked: Mapping[str, str | None]
    sound: bool


def find_targets(
    catalogue: Catalogue, converted: Mapping[Path, Converted], addresses: Addresses, memory: Memory
) -> dict[Path, Led]:
    """What the addresses in each entry that was converted lead to, by its source."""
    site = memory.same("site", (addresses.baseurl, addresses.known, addresses.sources))
    publish = addresses.publish

    def stands(led: Led) -> bool:
        # What is asked for is part of the site; as long as the answers are the same, so are the
        # questions, and no further.
        return all(publish(name) == found for name, found in led.asked.items())

    found: dict[Path, Led] = {}
    for entry in catalogue.entries:
        if each := converted.get(entry.source):
            work = partial(_resolve, entry, each.references, addresses)
            state = each.digest, entry.url, site
            found[entry.source] = memory.recall("targets", entry.source, state, work, stands)
    return found


def _resolve(entry: Post, references: Iterable[Reference], addresses: Addresses) -> Led:
    source = entry.source.as_posix()
    asked: dict[str, str | None] = {}

    def publish(name: str) -> str | None:
        asked[name] = addresses.publish(name)
        return asked[name]

    noting = replace(addresses, publish=publish)
    links = dict.fromkeys(reference.address for reference in references)
    led = {link: noting.resolve(link, source, entry.url) for link in links}
    targets = {link: to for link, to in led.items() if to is not None}
    return Led(targets, asked, all(_is_sound(link, targets) for link in links))


def _is_sound(address: str, targets: Mapping[str, str]) -> bool:
    link = address.strip()
    if leads_elsewhere(link):
        return not link.startswith("#")
    return "#" not in link and address in targets
