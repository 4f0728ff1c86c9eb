"""Nikola's compiler of Markdown, with escriba's blocks."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nikola.plugins.compile import markdown  # Nikola takes every plugin in sight for ours
from nikola.utils import LocaleBorg

from escriba import project
from escriba.article.context import furnish, open_context
from escriba.article.extension import EscribaExtension
from escriba.article.panels import Panels
from escriba.errors import EscribaError, Mistakes

ASSETS = "/assets/escriba/"  # of the site


class CompileEscriba(markdown.CompileMarkdown):
    """`COMPILERS["escriba"] = COMPILERS.pop("markdown")`; ESCRIBA_FROZEN samples nothing."""

    name = "escriba"

    def set_site(self, site: Any) -> None:
        """Find the project, from the folder that Nikola runs in."""
        super().set_site(site)
        frozen = bool(site.config.get("ESCRIBA_FROZEN"))
        self.config_dependencies.append(f"frozen: {frozen}")
        try:
            self.context = open_context(project.find(Path.cwd()), frozen=frozen, panels=Panels())
        except EscribaError as error:
            sys.exit(str(error))

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
        before = len(context.store.used)
        html, dependencies = super().compile_string(data, source_path, is_two_file, post, lang)
        dependencies = [*dependencies, *map(str, context.store.files(before))]
        try:
            mistakes.check()
        except EscribaError as error:
            sys.exit("\n".join(map(str, error.problems)))
        base = urlsplit(self.site.config["BASE_URL"]).path.rstrip("/") + ASSETS
        # Nikola makes `src` relative to the page by itself, seen from the site's own root.
        html = furnish(html, context, base).replace(f'src="{base}', f'src="{ASSETS}')
        if context.panels is not None:
            context.panels.write(Path(self.site.config["OUTPUT_FOLDER"] + ASSETS))
        return html, dependencies
