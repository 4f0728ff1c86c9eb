"""Who wants which file of a site: no two may want one, on any system, nor one a file where another
needs a folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from escriba.ground.errors import Place, SourceError
from escriba.ground.language import tr
from escriba.ground.mistakes import Mistakes
from escriba.ground.unicode import fold
from escriba.site.content.post import Post
from escriba.site.output.plan import ancestors


@dataclass(frozen=True)
class Claim:
    """A file of the site, `target`, that somebody wants, under an address.

    `owner` is how messages name who; `remedy` what can be done about it, at `place`. A post has a
    `key` of its front matter, too; and the place of a `file` tells its address.
    """

    target: str
    url: str
    owner: str
    place: Place
    remedy: str
    key: str = ""
    file: bool = False


def refuse_clashes(posts: Iterable[Post], mistakes: Mistakes, before: Iterable[Claim] = ()) -> None:
    """Collect, at the later of two claims, that they cannot both be met: of those that come
    `before` and those of the pages of posts, by their sources."""
    first, ordered = tuple(before), sorted(posts, key=lambda post: post.source.as_posix())
    targets = [*(claim.target for claim in first), *(post.target for post in ordered)]
    if not _are_apart(targets):
        _tell_clashes((*first, *map(_claim, ordered)), mistakes)


def _are_apart(targets: Sequence[str]) -> bool:
    """Whether all files can be, which is known sooner than who wants them."""
    names = set(map(fold, targets))
    folders = {folder for name in names for folder in ancestors(name)}
    return len(names) == len(targets) and names.isdisjoint(folders)


def _claim(post: Post) -> Claim:
    key = "permalink" if post.front.permalink else "slug"
    owner = post.source.as_posix()
    return Claim(post.target, post.url, owner, post.place(key), tr("choose another"), key)


def _tell_clashes(claims: Iterable[Claim], mistakes: Mistakes) -> None:
    files: dict[str, Claim] = {}
    folders: dict[str, Claim] = {}
    for claim in claims:
        name = fold(claim.target)
        around = ancestors(name)
        outer = next((files[folder] for folder in around if folder in files), None)
        if name in files:
            _tell(claim, files[name], _describe_twin(claim, files[name]), mistakes)
        elif outer:
            problem = tr(
                "the address {url} needs a folder where that of {owner}, {other}, is a file",
                url=claim.url, owner=outer.owner, other=outer.url,
            )  # fmt: skip
            _tell(claim, outer, problem, mistakes)
        elif name in folders:
            inner = folders[name]
            problem = tr(
                "the address {url} is a file where that of {owner}, {other}, needs a folder",
                url=claim.url, owner=inner.owner, other=inner.url,
            )  # fmt: skip
            _tell(claim, inner, problem, mistakes)
        else:
            files[name] = claim
            for folder in around:
                folders.setdefault(folder, claim)


def _describe_twin(claim: Claim, first: Claim) -> str:
    if claim.target.casefold() == first.target.casefold():
        if claim.file:
            return tr("its address is already that of {owner}", owner=first.owner)
        return tr("the address {url} is already that of {owner}", url=claim.url, owner=first.owner)
    return tr(
        "the address {url} is, on some systems, that of {owner}, {other}",
        url=claim.url, owner=first.owner, other=first.url,
    )  # fmt: skip


def _tell(claim: Claim, first: Claim, problem: str, mistakes: Mistakes) -> None:
    remedy = claim.remedy
    if claim.key and first.key:
        remedy = tr("give one of them another '{key}'", key=claim.key)
    message = tr("{problem}; {remedy}", problem=problem, remedy=remedy)
    mistakes.add(SourceError(message, claim.place))
