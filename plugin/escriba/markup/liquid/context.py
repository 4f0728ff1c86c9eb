"""What Liquid can see, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from escriba.ground.errors import Place, Problem, SourceError
from escriba.markup.liquid.pieces import Flaw
from escriba.markup.liquid.trace import Source, Trace, line_ends
from escriba.markup.math.delimiters import NONE, Delimiters


@dataclass(frozen=True)
class LiquidContext:
    """What a post's Liquid can see.

    `site` and `page` are the variables of these names; `includes` the folders in which
    `{% include %}` looks, in order; `posts` maps `2020-10-01-name` to a URL for `{% post_url %}`;
    `links` maps a source path (`_posts/2020-10-01-name.md`) to a URL for `{% link %}`.
    URLs are without the site's `baseurl`, which `site["baseurl"]` holds and the tags prepend.
    `optional` are the keys that some page has: an include may ask for one that this page has not.
    `delimiters` are those of formulas in which no Liquid is looked for, besides `$$`.
    `admit` raises SourceError for an include that may not be read; `shown` is how messages name it.
    `markdownify` makes HTML of a text in Markdown; `note` is told each file that is looked for.
    """

    site: Mapping[str, object] = field(default_factory=dict)
    page: Mapping[str, object] = field(default_factory=dict)
    includes: tuple[Path, ...] = ()
    posts: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    optional: Container[str] = ()
    delimiters: Delimiters = NONE
    admit: Callable[[Path], object] = lambda path: None
    shown: Callable[[Path], Path] = lambda path: path
    markdownify: Callable[[str], str] = lambda text: text
    note: Callable[[Path], object] = lambda path: None


class LiquidSourceError(SourceError):
    """Mistakes in a post's Liquid; their lines are already those of the files."""


@dataclass(frozen=True)
class Evaluated:
    """The text that Liquid makes, the HTML for each mark that it leaves for Markdown, and where
    everything comes from; without a `trace`, from where it stands. `warnings` are what its author
    should know."""

    text: str
    code: Mapping[str, str] = field(default_factory=dict)
    trace: Trace | None = None
    warnings: tuple[Problem, ...] = ()

    def locator(self, first_line: int, *, outer: bool = False) -> Callable[[Place], Place]:
        """A function from the place of something in `text`, whose first line has this number, to
        the place that it comes from: in an include or, with `outer`, in the post itself."""
        trace = self.trace
        if trace is None:
            return lambda place: place
        ends = [0, *line_ends(self.text)]

        def locate(place: Place) -> Place:
            index = min(max(place.line - first_line, 0), len(ends) - 1)
            found = trace.find(ends[index] + max(place.column - 1, 0), outer=outer) or place
            return found if place.column else Place(found.path, found.line)

        return locate


def located(flaws: Sequence[Flaw], source: Source) -> LiquidSourceError:
    """The error of what is wrong in a text."""
    return LiquidSourceError([Problem(flaw.message, source.place(flaw.at)) for flaw in flaws])
