"""Nikola's compiler of Markdown, with escriba's blocks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from nikola.plugins.compile import markdown  # Nikola takes every plugin in sight for ours
from nikola.utils import LocaleBorg

from escriba.article.blocks.panels import PLAYGROUND, Panels
from escriba.article.context import MARK, furnish, open_context
from escriba.article.extension import EscribaExtension
from escriba.ground import project
from escriba.ground.mistakes import Mistakes, ending

ASSETS = "/assets/escriba/"  # of the site


class CompileEscriba(markdown.CompileMarkdown):
    """`COMPILERS["escriba"] = COMPILERS.pop("markdown")`; ESCRIBA_FROZEN samples nothing."""

    name = "escriba"

    def set_site(self, site: Any) -> None:
        """Find the project, from the folder that Nikola runs in."""
        super().set_site(site)
        frozen = bool(site.config.get("ESCRIBA_FROZEN"))
        self.config_dependencies.append(f"frozen: {frozen}")
        with ending():
            self.context = open_context(project.find(Path.cwd()), frozen=frozen, panels=Panels())
        if not any(Path(site.config["OUTPUT_FOLDER"] + ASSETS).glob("*.js")):
            for page in Path(site.config["CACHE_FOLDER"]).rglob("*.html"):
                if PLAYGROUND in page.read_text("utf-8"):  # whose files are there no more
                    page.unlink()

    def _read_extra_deps(self, post: Any, lang: str) -> list[str]:
        """A sample that is gone makes the list shorter: its post is compiled again, and says so."""
        return [path for path in super()._read_extra_deps(post, lang) if Path(path).exists()]

    def compile(self, source: str, dest: str, *others: Any, **options: Any) -> None:
        """Leave no half-written file, which Nikola would take for a finished one."""
        try:
            super().compile(source, dest, *others, **options)
        except SystemExit:
            Path(dest).unlink(missing_ok=True)
            raise

    def compile_string(
        self, data: str, source_path: Any = None, is_two_file: bool = True, post: Any = None,
        lang: str | None = None,
    ) -> tuple[str, Any]:  # fmt: skip
        """The HTML of a document. A mistake in one of its blocks ends Nikola."""
        lang = lang or str(LocaleBorg().current_lang)
        text = data if is_two_file else self.split_metadata(data, post, lang)[1]
        first = 1 + data.removesuffix(text).count("\n")
        path, mistakes = Path(source_path or "<string>"), Mistakes()
        context = replace(self.context, path=path, first_line=first, lang=lang, mistakes=mistakes)
        EscribaExtension(context).extendMarkdown(self.converters[lang].markdown)
        noted: list[Path] = []
        with context.noting(noted.append):
            html, dependencies = super().compile_string(data, source_path, is_two_file, post, lang)
        with ending():
            mistakes.check()
            html = furnish(html, context, ASSETS)  # Nikola makes this relative to the page
            if context.panels is not None:
                context.panels.write(Path(self.site.config["OUTPUT_FOLDER"] + ASSETS))
        return html, [*dependencies, *map(str, noted if MARK in html else ())]
