"""TeX formulas to MathML, when a site is built.

    TeX → tokens → expansion → formula, commands, environments, text → mathml (math-core) → MathML

A `Page` is what the formulas of one page share: macros, numbers, labels.
"""

from __future__ import annotations

from escriba.tex.kinds import ENVIRONMENTS
from escriba.tex.macros import Macros
from escriba.tex.mathml import LONGEST, UNCLOSED
from escriba.tex.page import Page, find_references
from escriba.tex.sheet import stylesheet
from escriba.tex.structure import DEEPEST
from escriba.tex.tokens import TexError
from escriba.tex.translate import render, translate

__all__ = [
    "DEEPEST", "ENVIRONMENTS", "LONGEST", "UNCLOSED", "Macros", "Page", "TexError",
    "find_references", "render", "stylesheet", "translate",
]  # fmt: skip
