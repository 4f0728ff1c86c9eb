"""Pages are made by their templates; one that is made of the same as before is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from escriba.ground.errors import EscribaError, Problem
from escriba.ground.mistakes import Mistakes
from escriba.ground.reads import Reads, Trace
from escriba.markup.html import tags
from escriba.site.incremental.cache import PAGE, Cache, Kept, pack
from escriba.site.incremental.reads import LINKS
from escriba.site.incremental.workers import run
from escriba.site.output.contents import Packed, sign
from escriba.site.pages.blog import Job

FAILED = 5  # pages of a kind that may fail before the others of it are left undone


@dataclass(frozen=True)
class Outcome:
    """What came of a page: the mistakes or, if there are none, what is kept of it."""

    errors: tuple[tuple[type[EscribaError], tuple[Problem, ...]], ...]
    kept: Kept | None = None


@dataclass(frozen=True)
class Composed:
    """The pages of a site by their addresses, and the links of each, if they were wanted."""

    pages: Mapping[str, Packed]
    links: Mapping[str, Sequence[tags.Reference]]

    def read(self, url: str) -> bytes | None:
        """The bytes of a page, if there is one."""
        return self.pages[url].read() if url in self.pages else None


def compose(
    jobs: Sequence[Job], reads: Reads, cache: Cache, mistakes: Mistakes, *, links: bool
) -> Composed:
    """Every page. Mistakes are those of templates; whether the `links` of pages are wanted must be
    part of what they are made of."""
    kept = cache.load(PAGE)
    found: dict[str, Kept] = {}
    rest: list[Job] = []
    for job in jobs:
        old = kept.get(job.url)
        if old is not None and reads.stands(old.trace):
            found[job.url] = old
        else:
            rest.append(job)
    failed: Counter[str] = Counter()

    def make(job: Job) -> Outcome:
        return _make(job, reads, links) if failed[job.kind] < FAILED else Outcome(())

    new: dict[str, Kept] = {}
    for job, outcome in run(rest, make):
        failed[job.kind] += len(outcome.errors)
        if failed[job.kind] - len(outcome.errors) < FAILED:
            for kind, problems in outcome.errors:
                mistakes.add(kind(problems))
        if outcome.kept is not None:
            new[job.url] = outcome.kept
    on_disk = cache.keep(PAGE, new)
    cache.forget(PAGE, kept.keys() - {job.url for job in jobs})
    found |= new
    ordered = {job.url: found[job.url] for job in jobs if job.url in found}
    return _collect(ordered, cache if on_disk else None, links=links)


def _collect(ordered: Mapping[str, Kept], cache: Cache | None, *, links: bool) -> Composed:
    """The pages; those that can be read again from a cache are not held in memory."""

    def pack_page(url: str, kept: Kept) -> Packed:
        read = kept.read if cache is None else cache.reader(PAGE, url, kept.digest)
        return Packed(kept.digest, kept.facts["size"], read)

    return Composed(
        {url: pack_page(url, kept) for url, kept in ordered.items()},
        {url: [tags.Reference(*r) for r in each.facts["links"]] for url, each in ordered.items()}
        if links
        else {},
    )


def _make(job: Job, reads: Reads, links: bool) -> Outcome:
    mistakes = Mistakes()
    with reads.recording() as made, mistakes.collect():
        reads.note(LINKS, "*")
        page = job.make()
        text = page.decode()
        facts: dict[str, Any] = {"size": len(page)}
        if links:
            facts["links"] = [[r.address, r.element, r.attribute] for r in tags.find(text)]
        trace: Trace = reads.trace(made)
        return Outcome((), Kept(trace, facts, pack(page), sign(page)))
    return Outcome(tuple((type(error), error.problems) for error in mistakes.errors))
