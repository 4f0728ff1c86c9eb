"""How the formulas of a site are read: what its settings say, or what a blog of Jekyll's has its
pages' script do, MathJax or KaTeX."""

from __future__ import annotations

from dataclasses import replace

from escriba.ground.project import Project
from escriba.markup.math.delimiters import Delimiters
from escriba.markup.math.formulas import Mathematics
from escriba.site.content.post import Post
from escriba.site.content.scripts import SWITCHES, Script, find


def of_site(project: Project, script: Script | None = None) -> Mathematics:
    """How formulas are read in a project, with the `script` that its pages have, if that is known
    already."""
    settings = project.settings
    show = settings.math_errors == "show"
    if settings.math is not None:
        words = dict.fromkeys(settings.math, True)
        return Mathematics(Delimiters(**words), settings.macros, show)
    script = script or find(project)
    if not script.is_there:
        return Mathematics(macros=settings.macros, show=show)
    macros = {**script.macros, **settings.macros}
    return Mathematics(_jekyll(dollars=script.dollars), macros, show)


def of_post(site: Mathematics, post: Post) -> Mathematics:
    """The same of a post, which may have macros of its own, and a switch as themes ask for."""
    macros = {**site.macros, **post.front.macros}
    extra = {str(key).lower(): value for key, value in post.front.extra.items()}
    asked = any(extra.get(name) is True for name in SWITCHES)
    if asked and not site.delimiters and not site.delimiters.given:
        return Mathematics(_jekyll(dollars=True), macros, site.show)
    return replace(site, macros=macros)


def _jekyll(*, dollars: bool) -> Delimiters:
    return Delimiters(dollars, brackets=True, environments=True, kramdown=True, given=False)
