"""The parts of a line: what kramdown's span parser finds, in time proportional to the text.

kramdown tries an element where it may begin, reads on until its end, and goes back if there is
none. What it then reads again is the same text in another *context*: which elements are around it.
So each step, from one place where something may begin to the next, is made once for each of the
few contexts and remembered, and so is where an element that begins at a place ends, or that it
does not. Going back costs nothing then.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Container, Iterator

from escriba.markup.kramdown.spans import leaves
from escriba.markup.kramdown.spans.links import Targets
from escriba.markup.kramdown.spans.nodes import (
    AttributeList,
    Image,
    Link,
    Node,
    Shown,
    Span,
)
from escriba.markup.kramdown.spans.text import Text
from escriba.markup.math.delimiters import Delimiters

# What is around a place, and whether the nearest element is emphasis, or holds no Markdown.
EM, STRONG, LINK, IN_EM, RAW = 1, 2, 4, 8, 16
AROUND = EM | STRONG | LINK

DEEPEST = 40  # elements of HTML, or images, within each other; what is deeper is text

# A stop by its number in the text; its complement directly after a part, if a list of attributes
# for that part may stand there. The number of stops is the end of the text.
State = int
Step = tuple[Node | None, int, State]  # a part (None: text as it stands), its end, the next stop
_VARIES: Step = (None, -1, -1)  # what begins here depends on the context


class Reader:
    """The parts of one text. `notes` and `references` are the names that are defined."""

    def __init__(
        self,
        source: str,
        notes: Container[str],
        references: Container[str],
        delimiters: Delimiters | None = None,
    ):
        self.source = source
        self.text = Text(source, notes, delimiters)
        self.stops = self.text.stops
        self.targets = Targets(self.text, references)
        self.covered: list[tuple[int, int]] = []  # stretches that turned out to be no prose
        self.depth = 0
        self._fixed: dict[int, Step] = {}
        self._raw: dict[int, Step] = {}  # the same within elements that hold HTML
        self._steps: dict[tuple[int, State], Step] = {}
        self._ends: dict[tuple[int, str], dict[State, int]] = {}
        self._brackets: dict[int, dict[State, int]] = {}

    def parts(self, start: int, end: int, context: int = 0) -> Iterator[tuple[Node, int, int]]:
        """Each part between two places, with where it begins and ends; the rest is text."""
        state = bisect_left(self.stops, start)
        count = bisect_left(self.stops, end)
        while (number := max(state, ~state)) < count:
            node, after, state = self.step(state, context)
            if node is not None:
                yield node, self.stops[number], after

    def step(self, state: State, context: int) -> Step:
        """The part that begins at a stop."""
        number = max(state, ~state)
        fixed = self._raw if context & RAW else self._fixed
        step = fixed.get(number)
        if step is None:
            at = self.stops[number]
            read = leaves.read_raw if context & RAW else leaves.read
            found = read(self.text, at)
            step = fixed[number] = self._step(number, found) if found else _VARIES
        return self._vary(number, state, context) if step is _VARIES else step

    def _vary(self, number: int, state: State, context: int) -> Step:
        step = self._steps.get((context, state))
        if step is None:
            at = self.stops[number]
            step = self._step(number, self._read_varying(at, state, context))
            if self.source[at] in "<!":  # what depends on how deep it was when it was first met
                self._steps[context, state] = step
        return step

    def _step(self, number: int, found: leaves.Found) -> Step:
        node, end = found
        after = number + 1
        if after < len(self.stops) and self.stops[after] < end:
            after = bisect_left(self.stops, end, after)
        text = node is None or isinstance(node, Shown)
        if not text and self.source.startswith("{:", end):
            after = ~after
        return node, end, after

    def _read_varying(self, at: int, state: State, context: int) -> leaves.Found:
        character = self.source[at]
        if character in "*_":
            return self._read_emphasis(at, context)
        if character == "<":
            return self._read_tag(at, context)
        if character == "{":
            if state < 0:
                end = leaves.read_brace(self.text, at + 2)
                return AttributeList(self.source[at + 2 : end]), end + 1
            return None, at + 1
        return self._read_link(at, context)

    # -- emphasis

    def _read_emphasis(self, at: int, context: int) -> leaves.Found:
        mark = self.source[at]
        strong = self.source.startswith(mark, at + 1)
        if context & (STRONG if strong else EM):
            return None, at + 1 + strong
        within = context & AROUND
        found = None
        if strong:
            found = self._emphasis("strong", mark * 2, at + 2, within | STRONG)
        if not found and not (strong and context & IN_EM):
            found = self._emphasis("em", mark, at + 1, within | EM | IN_EM)
        return found or (None, at + 1 + strong)

    def _emphasis(self, tag: str, mark: str, start: int, context: int) -> leaves.Found | None:
        source = self.source

        def ends(at: int) -> bool:
            after = at + len(mark)
            if at == start or source[at - 1] in leaves.SPACE:
                return False
            if tag == "em" and source[after : after + 1] == mark != source[after + 1 : after + 2]:
                return False  # the end of something strong
            return not (mark[0] == "_" and source[after : after + 1].isalnum())

        end = self._find_end(start, context, mark, ends)
        return (Span(tag, start, end, context), end + len(mark)) if end >= 0 else None

    # -- elements of HTML

    def _read_tag(self, at: int, context: int) -> leaves.Found:
        tag = self.text.tags.at(at)
        assert tag is not None
        if tag.is_block:
            return None, tag.end
        if self.depth >= DEEPEST:
            return None, at + 1
        raw = tag.is_raw(bool(context & RAW))
        within = context & AROUND | (RAW if raw else 0)
        attributes = {k: v for k, v in tag.attributes.items() if k != "markdown"}
        if tag.whole:
            return Span(tag.name, tag.end, tag.end, within, attributes, tag.places), tag.end
        closings = self.text.closings

        def ends(at: int) -> bool:
            return at in closings and tag.ends_with(closings[at][0])

        end = -1
        if self.text.closed.get(tag.name.lower(), -1) >= tag.end:
            self.depth += 1
            end = self._find_end(tag.end, within, "</" + tag.name, ends)
            self.depth -= 1
        after = closings[end][1] if end >= 0 else len(self.source)
        end = end if end >= 0 else after  # without an end tag it goes on to the end of its text
        return Span(tag.name, tag.end, end, within, attributes, tag.places), after

    def _find_end(self, start: int, context: int, mark: str, ends: Callable[[int], bool]) -> int:
        """The first stop from `start` on, between two parts, where an element ends; or -1."""
        known = self._ends.setdefault((context, mark), {})
        state: State = bisect_left(self.stops, start)
        begin = "</" if mark[0] == "<" else mark
        passed = []
        found = -1
        while (number := max(state, ~state)) < len(self.stops):
            at = self.stops[number]
            if self.source.startswith(begin, at) and ends(at):
                found = at
                break
            if state in known:
                found = known[state]
                break
            passed.append(state)
            state = self.step(state, context)[2]
        known.update(dict.fromkeys(passed, found))
        return found

    # -- links

    def _read_link(self, at: int, context: int) -> leaves.Found:
        image = self.source[at] == "!"
        start = at + 1 + image
        if (self.depth >= DEEPEST) if image else (context & LINK):
            return None, start
        within = context & AROUND | LINK
        self.depth += 1
        end = self._find_bracket(start, within)
        self.depth -= 1
        found = self.targets.at(start, end) if end >= 0 else None
        if not found:
            return None, start
        target, after = found
        if image:
            return Image(start, end, target), after
        return Link(start, end, within, target), after

    def _find_bracket(self, start: int, context: int) -> int:
        """The `]` that ends the text of a link or image which begins at `start`; or -1.

        Brackets within pair; those of an image that is one do not count.
        """
        known = self._brackets.setdefault(context, {})
        state: State = bisect_left(self.stops, start)
        opened: list[State] = [state]
        while opened[0] not in known:
            number = max(state, ~state)
            if number >= len(self.stops):
                known.update(dict.fromkeys(opened, -1))
                break
            at = self.stops[number]
            node, _, after = self.step(state, context)
            if self.source[at] == "]":
                known[opened.pop()] = at
                if not opened:
                    return at
            elif self.source.startswith(("[", "!["), at) and not isinstance(node, Image):
                opened.append(after)
                inner = known.get(after)
                if inner == -1:  # nor does what is around it end
                    known.update(dict.fromkeys(opened, -1))
                    break
                if inner is not None:
                    opened.pop()
                    after = self.step(bisect_left(self.stops, inner), context)[2]
            state = after
        return known[opened[0]]
