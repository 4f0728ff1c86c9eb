"""What a playground needs in the reader's browser: the kernel, and models in integers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from escriba.ground.atomic import open_atomically
from escriba.ground.errors import SourceError
from escriba.ground.files import refusals
from escriba.ground.language import tr
from escriba.records.model import Model

if TYPE_CHECKING:
    from escriba.templating.templates import Templates

Find = Callable[[str, Callable[[], bytes]], bytes]

PLAYGROUND = "<escriba-playground "  # in the HTML of a page that needs the script


class Panels:
    """The files of the playgrounds of a site, by their fingerprinted names.

    A model's file is the length of some JSON (uint32, low byte first), the JSON (its vocabulary),
    zeros up to a multiple of 16, and the image of docs/exact-sampling.md, 6. `address` is that of
    the folder that they are in, with its slash, where no theme says so. Whoever keeps files of
    models gives what `find`s one by the model's digest, or else makes it.
    """

    def __init__(self, address: str = "", find: Find = lambda model, make: make()) -> None:
        self._address = escape(address)
        self._find = find
        self._files: dict[str, bytes] = {}
        self._models: dict[str, str] = {}

    @property
    def models(self) -> Mapping[str, str]:
        """The names of the files of models, by the digests of these."""
        return self._models

    @property
    def files(self) -> Mapping[str, bytes]:
        return self._files

    @property
    def kernel(self) -> str:
        """The name of the kernel's file."""
        from escriba.sampling.wasm import PATH

        return self._add("kernel", "wasm", PATH.read_bytes())

    def script(self, theme: Templates, address: str | None = None) -> str:
        """The element that puts the panels into a page; its scripts are among the files, and these
        at an `address` of their own, if one is given. They find each other by their names."""
        main, panel = (self._add_script(theme, name) for name in ("playground", "panel"))
        at = self._address if address is None else escape(address)
        return (
            f'<script type="module" id="escriba-playground" src="{at}{main}" '
            f'data-panel="{panel}" data-kernel="{self.kernel}"></script>'
        )

    def add(self, model: Model) -> str:
        """The name of a model's file. Raises ModelError for a model that cannot be run exactly."""
        if model.digest not in self._models:
            data = self._find(model.digest, lambda: pack(model))
            self._models[model.digest] = self._add(model.name, "bin", data)
        return self._models[model.digest]

    def write(self, folder: Path) -> None:
        """Put the files into a folder. Raises SourceError where that is refused."""
        for name, data in self._files.items():
            path = folder / name
            with (
                refusals(SourceError, path, tr("cannot be written")),
                open_atomically(path) as file,
            ):
                file.write(data)

    def _add_script(self, theme: Templates, name: str) -> str:
        return self._add(name, "js", theme.read(f"assets/{name}.js"))

    def _add(self, stem: str, suffix: str, data: bytes) -> str:
        name = f"{stem}.{hashlib.sha256(data).hexdigest()[:10]}.{suffix}"
        self._files[name] = data
        return name


def pack(model: Model) -> bytes:
    """The file of a model. Raises ModelError for one that cannot be run exactly."""
    from escriba.sampling.wasm import Wasm, padded

    vocabulary = {"unit": model.vocabulary.unit, "symbols": model.vocabulary.symbols}
    facts = json.dumps(vocabulary, ensure_ascii=False, separators=(",", ":")).encode()
    head = len(facts).to_bytes(4, "little") + facts
    return head.ljust(padded(len(head)), b"\0") + Wasm(model).image
