"""A formula to a `math` element."""

from __future__ import annotations

from html import escape

from escriba.ground.language import tr
from escriba.tex import mathml
from escriba.tex.commands import COMMANDS
from escriba.tex.environments import write_lines
from escriba.tex.formula import Formula
from escriba.tex.mathml import LONGEST
from escriba.tex.page import Page
from escriba.tex.tokens import TexError


def translate(tex: str, display: bool, page: Page) -> str:
    """A formula as a `math` element, with its TeX in an `annotation` so that it can be copied.

    Its references are marks until `page.resolve` is asked. Raises TexError.
    """
    if len(tex) > LONGEST:
        raise TexError(
            tr("the formula is longer than {longest} characters", longest=LONGEST), LONGEST
        )
    formula = Formula(tex, display, page, COMMANDS)
    html = mathml.as_one(write_lines(formula))
    if formula.parts:
        mathml.refuse_depth(html)
    block = ' display="block"' if display else ""
    kept = escape(tex, quote=False)
    return (
        f"<math{block}><semantics>{html}"
        f'<annotation encoding="application/x-tex">{kept}</annotation></semantics></math>'
    )


def render(tex: str, display: bool) -> str:
    """The same for a formula that stands alone. Raises TexError."""
    page = Page()
    return page.resolve(translate(tex, display, page))
