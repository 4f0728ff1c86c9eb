"""The Sphinx extension: blocks as a directive, and values as a role, in MyST and in reST."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from escriba.article.blocks.panels import Panels
from escriba.article.context import Context, furnish, open_context
from escriba.article.document import write
from escriba.article.source.fences import found_by
from escriba.article.values.inline import show_value
from escriba.ground import files, mistakes, project
from escriba.ground.errors import Place

ASSETS = "_static/escriba/"  # of the site


class Block(SphinxDirective):
    """The kind of a block is the argument, and its options are the content."""

    context: Context
    has_content, optional_arguments, final_argument_whitespace = True, 1, True

    def run(self) -> list[nodes.Node]:
        source, line = self.state_machine.get_source_and_line(self.lineno)
        place, html = Place(self.context.project.shown(Path(source)), line), ""
        with self.context.noting(self.env.note_dependency):
            below = files.read_text(Path(source), place.path).splitlines()[line:]
            fence = found_by(" ".join(self.arguments), list(self.content), place, below)
            html = write(fence, self.context)
        return [nodes.raw("", html, format="html")]


@mistakes.ending()
def setup(app: Sphinx) -> dict[str, bool]:
    """Begin, as Sphinx has read `conf.py`; `escriba_frozen` there samples nothing."""
    app.add_config_value("escriba_frozen", False, "env", (bool,))
    frozen, lang, panels = app.config.escriba_frozen, app.config.language, Panels()
    site = project.find(Path(app.confdir))
    context = open_context(site, frozen=frozen, lang=lang, panels=panels)
    app.add_directive("escriba", type("", (Block,), {"context": context}), override=True)

    def value(name: str, raw: str, text: str, line: int, inliner: Any, *_: Any, **__: Any) -> Any:
        """{escriba}`tolstoi.parameters` in MyST, and :escriba:`tolstoi.parameters` in reST."""
        source, line = inliner.reporter.get_source_and_line(line)
        place, html = Place(context.project.shown(Path(source)), line), ""
        with context.noting(app.env.note_dependency):
            html = show_value(text, context.library, context.lang, place).html
        return [nodes.raw("", html, format="html")], []

    app.add_role("escriba", value, override=True)
    folder = Path(app.outdir, ASSETS)  # its files are known when the pages are read
    app.connect("env-get-outdated", lambda *_: () if folder.exists() else app.env.found_docs)

    def keep(*_: Any) -> None:  # with the page, which may have been read in another process
        if panels.files:
            with context.mistakes.collect():
                panels.script(context.templates)
                panels.write(folder)
        app.env.metadata[app.env.docname][ASSETS] = context.mistakes.take()

    def check(*_: Any) -> None:  # all has been read, and nothing written
        for facts in app.env.metadata.values():
            context.mistakes.errors += facts.get(ASSETS, ())
        context.mistakes.check()

    def complete(_: Sphinx, page: str, template: str, content: dict[str, Any], tree: Any) -> None:
        address = content["pathto"](ASSETS, resource=True)
        content["body"] = furnish(content.get("body", ""), context, address)

    app.connect("doctree-read", keep)
    app.connect("env-updated", mistakes.ending()(check))
    app.connect("html-page-context", mistakes.ending()(complete))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
