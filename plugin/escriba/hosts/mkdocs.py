"""The MkDocs plugin `escriba`: its blocks in a MkDocs site, with Material or without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from mkdocs.config import base
from mkdocs.config import config_options as options
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File
from mkdocs.utils import get_relative_url

from escriba.article.blocks.panels import PLAYGROUND, Panels
from escriba.article.context import open_context
from escriba.article.extension import EscribaExtension
from escriba.article.source.fences import NAME
from escriba.ground import project
from escriba.ground.mistakes import ending

ASSETS = "assets/escriba/"  # of the site


class Config(base.Config):
    """Of `plugins: [escriba: {…}]` in `mkdocs.yml`."""

    root = options.Type(str, default="")  # folder of escriba.yml; default: of mkdocs.yml, or above
    frozen = options.Type(bool, default=False)  # sample nothing


class EscribaPlugin(BasePlugin[Config]):
    """Blocks of every page, with all mistakes of all pages at the end; then no page is written."""

    @ending(PluginError)
    def on_config(self, config: Any) -> None:
        """Join the extension to the site's own."""
        file = Path(config.config_file_path or "mkdocs.yml").resolve()
        site = project.find(file.parent / self.config.root)
        lang = str(config.theme.get("language") or config.theme.get("locale") or "")
        self.panels, frozen = Panels(), self.config.frozen
        self.context = open_context(site, frozen=frozen, lang=lang, panels=self.panels)
        self.extension = EscribaExtension(self.context)
        config.markdown_extensions.append(self.extension)
        config.extra_css.append(ASSETS + "blocks.css")

    def on_files(self, files: Any, *, config: Any) -> None:
        """`--dirty` passes over what is older than its page; what has blocks has other sources."""
        for file in files.documentation_pages():
            if NAME in file.content_string:
                file.is_modified = lambda: True

    @event_priority(100)  # before what other plugins do to the text
    @ending(PluginError)
    def on_page_markdown(self, markdown: str, *, page: Any, config: Any, files: Any) -> None:
        """Say where the text that comes next is from."""
        source = page.file.content_string
        before = source[: -len(markdown)] if markdown and source.endswith(markdown) else ""
        path = Path(page.file.abs_src_path or page.file.src_uri)
        lang = str(page.meta.get("lang") or self.context.lang)
        shown, first = self.context.project.shown(path), 1 + before.count("\n")
        self.extension.settings = replace(self.context, path=shown, first_line=first, lang=lang)

    @ending(PluginError)
    def on_page_content(self, html: str, *, page: Any, config: Any, files: Any) -> str:
        """The page, with the script of its playgrounds."""
        if PLAYGROUND in html:
            address = get_relative_url(ASSETS, page.url)
            html += "\n" + self.panels.script(self.context.templates, address)
        return html

    @ending(PluginError)
    def on_env(self, env: Any, *, config: Any, files: Any) -> None:
        """When all pages have been read, and none has been written."""
        self.context.mistakes.check()
        own = {"blocks.css": self.context.templates.style().encode(), **self.panels.files}
        for name, data in own.items():
            files.append(File.generated(config, ASSETS + name, content=data))
