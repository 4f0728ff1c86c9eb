"""What every result of a site is made of: this program, its language, the settings."""

from __future__ import annotations

from escriba.ground.language import reading_language
from escriba.ground.program import digest_program, packaged
from escriba.ground.project import Project
from escriba.ground.reads import Reads, once
from escriba.site.content.scripts import Script

BASE = "base"


def find_program() -> str:
    """The digest of this program."""
    return digest_program(packaged())


def add_base(reads: Reads, project: Project, script: Script) -> None:
    """The part of everything; `script` is what the pages of a blog of Jekyll's have."""

    def write() -> str:
        return repr((
            find_program(), reading_language(), project.settings, script,
            project.shown(project.templates), project.shown(project.models),
        ))  # fmt: skip

    reads.add(BASE, once(write))
