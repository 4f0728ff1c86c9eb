"""Formulas of a post: from the TeX in its tree to MathML, and what is to be said of them.

They are translated when the tree is whole, in the order in which they stand in it, as a browser's
script would: a macro holds from where it is defined on, equations are numbered from top to bottom,
and a reference may come before its equation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape

from escriba import tex
from escriba.ground.errors import Place, Problem, SourceError, shorten
from escriba.ground.language import tr
from escriba.ground.mapped import Locate
from escriba.ground.mistakes import Mistakes
from escriba.markup.html.tree import Child, Formula, Node
from escriba.markup.math.delimiters import UNKNOWN, Delimiters

_ID = re.compile(r'(<mtd[^<>]*?) id="[^"]*"')
_EMPTY = "<semantics><mrow></mrow><annotation"
_TAG = re.compile(r"\A<math[^<>]*")


@dataclass(frozen=True)
class Mathematics:
    """How the formulas of a page are read: marks besides `$$`, macros by name, and whether one
    that is bad is shown as its TeX."""

    delimiters: Delimiters = UNKNOWN
    macros: Mapping[str, str] = field(default_factory=dict)
    show: bool = False


def translate(root: Node, mathematics: Mathematics, locate: Locate, mistakes: Mistakes) -> None:
    """Give every formula of a tree its HTML; bad ones are shown as their TeX. What is wrong with
    them goes to `mistakes`."""
    found = [each for each in root.all() if isinstance(each, Formula)]
    if not found:
        return
    labelled = any(r"\label" in each.tex for each in found)
    ids = {node.attributes.get("id") for node in root.nodes()} if labelled else set()
    page = tex.Page(
        tex.Macros.read(mathematics.macros),
        tex.find_references(dict.fromkeys(each.of.tex for each in found)),
        ids.__contains__,
    )
    problems: list[Problem] = []
    made: dict[Formula, str] = {}
    for each in found:
        if each.of not in made:
            made[each.of] = _translate(each.of, page, mathematics, locate, problems)
    shown = {of: page.resolve(html) for of, html in made.items()}
    for each in found:
        html = shown[each.of]
        shown[each.of] = _ID.sub(r"\1", html)  # a heading's formula is in the contents too
        each.html = _add(each.attributes, html)
    if any(_EMPTY in html for html in made.values()):
        _remove_empty(root)
    if problems and mathematics.show:
        for problem in problems:
            mistakes.warn(problem)
    elif problems:
        mistakes.add(SourceError(problems))
    for name in page.missing:
        message = tr(
            "no formula of this page has '\\label{{{name}}}', which this one refers to",
            name=shorten(name),
        )
        mistakes.warn(Problem(message, _find_reference(found, name, locate)))


def _translate(
    formula: Formula, page: tex.Page, mathematics: Mathematics, locate: Locate,
    problems: list[Problem],
) -> str:  # fmt: skip
    """The MathML of a formula; of a bad one its source."""
    stripped = formula.tex.strip()
    try:
        if not formula.whole:
            raise tex.TexError(tr("highlighted code cannot stand in a formula; put it outside"), 0)
        return tex.translate(stripped, formula.display, page)
    except tex.TexError as error:
        indent = len(formula.tex) - len(formula.tex.lstrip())
        place = locate(formula.written.locate(_follow(formula, indent + error.offset)))
        problems.append(Problem(tr("bad formula: {reason}", reason=error.message), place))
    shown = escape(stripped, quote=False)
    if not mathematics.show:
        return f"<code>{shown}</code>"
    kind = "tex-unread tex-display" if formula.display else "tex-unread"
    return f'<code class="{kind}" translate="no">{shown}</code>'


def _add(attributes: Mapping[str, str], html: str) -> str:
    """The HTML of a formula with attributes that its author gives it."""
    own = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return _TAG.sub(lambda tag: tag[0] + own, html) if own else html


def _remove_empty(root: Node) -> None:
    """Remove formulas that only define something, and paragraphs of nothing else."""
    for parent in [root, *root.nodes()]:
        kept: list[Child] = []
        removed = False
        for child in parent.children:
            if isinstance(child, str) and removed:
                child = child.removeprefix("\n")
            removed = _is_empty(child)
            if not removed and child != "":
                kept.append(child)
        parent.children = kept


def _is_empty(child: Child) -> bool:
    if isinstance(child, Formula):
        return _EMPTY in child.html
    if not isinstance(child, Node) or child.tag not in ("", "p") or child.attributes:
        return False
    rest = [each for each in child.children if not (isinstance(each, str) and not each.strip())]
    return bool(rest) and all(map(_is_empty, rest))


def _follow(formula: Formula, offset: int) -> int:
    """The position in a formula as it was written that is `offset` in its TeX: word by word, since
    quote marks and indentation may be in it, and HTML may have its characters as entities."""
    written, at = formula.written.text, 0
    for word in re.finditer(r"\S+", formula.tex):
        found = written.find(word[0], at)
        if found < 0:  # as HTML may have it
            found = written.find(escape(word[0], quote=False), at)
        if word.start() > offset or found < 0:
            break
        if word.end() >= offset:
            return found + offset - word.start()
        at = found + len(word[0])
    return at


def _find_reference(formulas: Iterable[Formula], name: str, locate: Locate) -> Place:
    """The place of the first reference to a label."""
    pattern = re.compile(rf"\\(?:eq)?ref\s*\{{\s*{re.escape(name)}\s*\}}")
    for formula in formulas:
        if match := pattern.search(formula.written.text) or pattern.search(formula.tex):
            at = match.start() if match.string == formula.written.text else 0
            return locate(formula.written.locate(at))
    return locate(0)
