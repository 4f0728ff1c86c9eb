"""Puts what is needed to count its work into a parsed template.

Jinja lets its operators, calls, filters and tests be watched, and nothing else. So the tree of a
template gets calls of filters whose names no template can write: at the beginning of each body
that may be run more than once, and around what would make or compare a value unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.visitor import NodeTransformer

from escriba.ground.language import tr
from escriba.ground.numbers import DIGITS
from escriba.templating.budget import too_long

STEP, LOOK, JOIN = "escriba: step", "escriba: look", "escriba: join"

DEEPEST = 100  # nodes of a tree within each other
LOOPS = 15  # Python has room for 20 blocks
NAMES = 1000  # of variables: Jinja copies the table of them at each `if`
FUNCTIONS = 1000  # that Python makes of blocks and macros, in time of the square of their number
_SIZE = 16  # characters of text that count as one node
_INCLUDE = 100  # nodes that to begin a template is worth

_REPEATED = (nodes.Block, nodes.CallBlock, nodes.For, nodes.Macro, nodes.Template)
_FUNCTIONS = (nodes.Block, nodes.CallBlock, nodes.Macro)
_FIXED = (nodes.Const, nodes.TemplateData)


def check(tree: nodes.Template, name: str | None, filename: str | None) -> None:
    """Refuse a tree that is too deep or has too much in it for what follows, or has too long a
    number. Raises TemplateSyntaxError."""
    names: set[str] = set()
    functions = 0
    rest: list[tuple[nodes.Node, int, int]] = [(tree, 0, 0)]
    while rest:
        node, depth, loops = rest.pop()
        loops += isinstance(node, nodes.For)
        if depth > DEEPEST or loops > LOOPS:
            raise TemplateSyntaxError(too_deep(), node.lineno, name, filename)
        if isinstance(node, nodes.Name):
            names.add(node.name)
        functions += isinstance(node, _FUNCTIONS)
        if len(names) > NAMES or functions > FUNCTIONS:
            message = too_many_names() if len(names) > NAMES else too_many_functions()
            raise TemplateSyntaxError(message, node.lineno, name, filename)
        number = node.value if isinstance(node, nodes.Const) else 0
        if isinstance(number, int) and number.bit_length() > 4 * DIGITS:
            raise TemplateSyntaxError(too_long(), node.lineno, name, filename)
        rest += [(child, depth + 1, loops) for child in node.iter_child_nodes()]


def too_deep() -> str:
    """What is said of a template with too much in each other."""
    return tr("too much is nested in each other here; use macros or variables for the inner parts")


def too_many_names() -> str:
    """What is said of a template with more variables than one may have."""
    return tr("more than {most} variables, the most that a template may have", most=NAMES)


def too_many_functions() -> str:
    """The same of one with too many blocks and macros."""
    return tr("more than {most} blocks and macros, the most that a template may have",
              most=FUNCTIONS)  # fmt: skip


class Meter(NodeTransformer):
    """Puts the calls into a tree, in place."""

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        weight = _weigh(node.body) if isinstance(node, _REPEATED) else 0
        weight += _INCLUDE if isinstance(node, nodes.Template) else 0
        super().generic_visit(node)
        if isinstance(node, _REPEATED):
            node.body.insert(0, nodes.ExprStmt(_call(STEP, nodes.Const(weight), node)))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _call(JOIN, nodes.List(node.nodes, lineno=node.lineno), node)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        node.expr = _watch(node.expr)
        for operand in node.ops:
            operand.expr = _watch(operand.expr)
        return node

    def visit_List(self, node: nodes.List) -> nodes.Node:
        self.generic_visit(node)
        return node if all(isinstance(each, _FIXED) for each in node.items) else _watch(node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        self.generic_visit(node)
        fixed = node.ctx != "load" or all(isinstance(each, _FIXED) for each in node.items)
        return node if fixed else _watch(node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:
        self.generic_visit(node)
        return _watch(node)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        return _watch(node) if isinstance(node.arg, nodes.Slice) else node


def meter(tree: nodes.Template) -> nodes.Template:
    """The same tree, with the calls in it."""
    Meter().visit(tree)
    return tree


def _watch(node: nodes.Expr) -> nodes.Expr:
    return node if isinstance(node, _FIXED) else _call(LOOK, node, node)


def _call(name: str, value: nodes.Expr, node: nodes.Node) -> nodes.Filter:
    return nodes.Filter(value, name, [], [], None, None, lineno=node.lineno)


def _weigh(body: Sequence[nodes.Node]) -> int:
    """How much is done each time that a body is run, without the bodies in it."""
    weight = 1
    rest = list(body)
    while rest:
        node = rest.pop()
        text = getattr(node, "data" if isinstance(node, nodes.TemplateData) else "value", None)
        weight += 1 + (len(text) // _SIZE if isinstance(text, str) else 0)
        rest += node.iter_child_nodes(exclude=("body",) if isinstance(node, _REPEATED) else ())
    return weight
