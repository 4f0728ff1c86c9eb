"""YAML with bounds: text → a tree of nodes with positions.

A few lines of YAML can mean a tree of a billion nodes (aliases of aliases), one without end (an
alias of what it stands in), or one too deep for any function that calls itself. Here the events of
the parser become nodes one by one, and each node knows how large and deep it is once its aliases
are written out; so whoever walks the tree needs no care.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from escriba.ground.errors import Place, Problem, SourceError, shorten
from escriba.ground.language import tr

LONGEST = 4 << 20  # characters of a document
NODES = 100_000  # of a document, aliases written out
DEEPEST = 50  # lists and mappings within each other

NULL = "tag:yaml.org,2002:null"
_MERGE = "tag:yaml.org,2002:merge"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def compose(text: str, start: Place) -> yaml.Node | None:
    """The node tree of one YAML document, None if it is empty; `start` is the place of its first
    line. All keys of its mappings are scalars, each given once, and no node is within itself.

    Raises SourceError, with the place, for broken syntax, for keys that are no scalars or given
    twice, and for more than NODES nodes, DEEPEST levels or LONGEST characters.
    """
    if len(text) > LONGEST:
        raise SourceError(
            tr("more YAML than is read: {length} characters of at most {longest}",
               length=len(text), longest=LONGEST), start,
        )  # fmt: skip
    try:
        return _Composer(_Loader(text), start).compose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = place_of_mark(start, mark) if mark else start
        raise SourceError(
            tr("broken YAML: {reason}", reason=error.problem or error.context), place
        ) from None
    except yaml.reader.ReaderError as error:
        character = error.character
        shown = f"U+{character:04X}" if isinstance(character, int) else repr(character)
        raise _not_allowed(shown, text, error.position, start) from None
    except UnicodeEncodeError as error:  # half of a pair, which no UTF-8 has
        shown = f"U+{ord(text[error.start]):04X}"
        raise _not_allowed(shown, text, error.start, start) from None


def describe(node: yaml.Node) -> str:
    """What a node is, in the words of a message."""
    if isinstance(node, yaml.MappingNode):
        return tr("a mapping")
    if isinstance(node, yaml.SequenceNode):
        return tr("a list")
    if node.tag == NULL:
        return tr("nothing")
    return f"'{shorten(' '.join(str(node.value).split()))}'"


def place_of(start: Place, node: yaml.Node) -> Place:
    """Where a node stands in a text that begins at `start`; one that is of no text has its own
    place."""
    own = getattr(node, "place", None)
    return own if isinstance(own, Place) else place_of_mark(start, node.start_mark)


def place_of_mark(start: Place, mark: Any) -> Place:
    """Where a mark of PyYAML stands in a text that begins at `start`."""
    # A block's YAML starts at column 1 of its own line, so only lines are shifted.
    return Place(start.path, start.line + mark.line, mark.column + 1)


@dataclass
class _Open:
    """A list or a mapping whose end has not come yet."""

    node: yaml.CollectionNode
    anchor: str | None
    items: list[yaml.Node] = field(default_factory=list)
    size: int = 1
    depth: int = 1


class _Composer:
    """Builds the tree of one document from a parser's events, without calling itself."""

    def __init__(self, loader: Any, start: Place):
        self.loader = loader
        self.start = start
        self.anchors: dict[str, yaml.Node] = {}
        self.extents: dict[int, tuple[int, int]] = {}  # id of a node → its size and depth
        self.open: list[_Open] = []
        self.total = 0  # nodes made so far, aliases written out
        self.problems: list[Problem] = []

    def compose(self) -> yaml.Node | None:
        self.loader.get_event()  # the start of the stream
        if self.loader.check_event(yaml.StreamEndEvent):
            return None
        self.loader.get_event()  # the start of the document
        root = self._read()
        self.loader.get_event()  # its end
        if not self.loader.check_event(yaml.StreamEndEvent):
            mark = self.loader.get_event().start_mark
            raise SourceError(
                tr("broken YAML: a second document begins here; only one is read"),
                place_of_mark(self.start, mark),
            )
        if self.problems:
            raise SourceError(self.problems)
        return root

    def _read(self) -> yaml.Node:
        while True:
            event = self.loader.get_event()
            if isinstance(event, yaml.CollectionEndEvent):
                node = self._close(event)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._begin(event)
                continue
            elif isinstance(event, yaml.AliasEvent):
                node = self._follow(event)
            else:
                node = self._scalar(event)
            if not self.open:
                return node
            self._add(node)

    def _begin(self, event: Any) -> None:
        mapping = isinstance(event, yaml.MappingStartEvent)
        kind = yaml.MappingNode if mapping else yaml.SequenceNode
        tag = event.tag
        if tag is None or tag == "!":
            tag = self.loader.resolve(kind, None, event.implicit)
        node = kind(tag, [], event.start_mark, None, flow_style=event.flow_style)
        if len(self.open) == DEEPEST:
            self._refuse_depth(node)
        self._forget(event.anchor)
        self.open.append(_Open(node, event.anchor))

    def _close(self, event: Any) -> yaml.Node:
        done = self.open.pop()
        node = done.node
        node.end_mark = event.end_mark
        if isinstance(node, yaml.MappingNode):
            node.value = list(zip(done.items[::2], done.items[1::2], strict=True))
            self._check_keys(node)
        else:
            node.value = done.items
        return self._keep(node, done.anchor, done.size, done.depth)

    def _scalar(self, event: Any) -> yaml.Node:
        tag = event.tag
        if tag is None or tag == "!":
            tag = self.loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        node = yaml.ScalarNode(
            tag, event.value, event.start_mark, event.end_mark, style=event.style
        )
        return self._keep(node, event.anchor, 1, 0)

    def _follow(self, event: Any) -> yaml.Node:
        node = self.anchors.get(event.anchor)
        if node is None:
            within = any(each.anchor == event.anchor for each in self.open)
            raise SourceError(
                tr("the alias '*{name}' stands within what it names", name=shorten(event.anchor))
                if within
                else tr(
                    "the alias '*{name}' has no '&{name}' before it", name=shorten(event.anchor)
                ),
                place_of_mark(self.start, event.start_mark),
            )
        return node

    def _keep(self, node: yaml.Node, anchor: str | None, size: int, depth: int) -> yaml.Node:
        self.extents[id(node)] = size, depth
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def _forget(self, anchor: str | None) -> None:
        # A name that is given anew means nothing until what it now names is whole.
        if anchor is not None:
            self.anchors.pop(anchor, None)

    def _add(self, node: yaml.Node) -> None:
        """Put a node into the innermost list or mapping."""
        size, depth = self.extents[id(node)]
        holder = self.open[-1]
        holder.items.append(node)
        holder.size += size
        holder.depth = max(holder.depth, 1 + depth)
        if len(self.open) + depth > DEEPEST:
            self._refuse_depth(node)
        if holder.size > NODES or len(self.extents) > NODES:
            raise SourceError(
                tr("more than {nodes} values, with each alias written out", nodes=NODES),
                place_of(self.start, node),
            )

    def _refuse_depth(self, node: yaml.Node) -> None:
        raise SourceError(
            tr("lists and mappings are nested more than {deepest} deep", deepest=DEEPEST),
            place_of(self.start, node),
        )

    def _check_keys(self, node: yaml.MappingNode) -> None:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            place = place_of(self.start, key)
            if not isinstance(key, yaml.ScalarNode):
                self.problems.append(
                    Problem(tr("a key must be text, not a list or mapping"), place)
                )
            elif key.value in seen and key.tag != _MERGE:
                problem = tr(
                    "'{key}' is given twice (first in line {first})",
                    key=key.value, first=seen[key.value],
                )  # fmt: skip
                self.problems.append(Problem(problem, place))
            else:
                seen[key.value] = place.line


def _not_allowed(shown: str, text: str, position: int, start: Place) -> SourceError:
    return SourceError(
        tr("broken YAML: the character {shown} is not allowed", shown=shown),
        start.moved(text.count("\n", 0, position)),
    )
