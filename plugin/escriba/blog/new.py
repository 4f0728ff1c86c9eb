"""A new site: its settings, a first post, and a recipe ready to be trained."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import date
from pathlib import Path

from escriba.errors import SourceError
from escriba.files import is_dir, refusals
from escriba.language import tr
from escriba.project import NAME

SETTINGS = """\
title: {title}
description: {description}
lang: {lang}
url: https://example.org
permalink: pretty
"""

RECIPE = """\
# escriba train {model}     (needs torch: pip install 'escriba[train]')
corpus:
  name: {corpus}
  language: {lang}
  licence: {licence}
  sources:
    - file: corpora/*.txt
training:
  minutes: 10
"""

POST = """\
---
title: {title}
date: {day}
tags: [escriba]
---
{opening}

$$p_i = \\frac{{e^{{z_i/T}}}}{{\\sum_j e^{{z_j/T}}}}$$

```python
print("escriba")
```

{training}

````
```escriba sample
model: {model}
prompt: "{prompt}"
length: 400
temperature: 0.7
seed: 42
```
````
"""

WORDS = {
    "en": {
        "title": "My experiments",
        "description": "Notes with language models small enough to read",
        "post": "First notes",
        "model": "mine",
        "corpus": "My texts",
        "licence": "mine",
        "prompt": "The ",
        "opening": (
            "A formula becomes MathML and code is highlighted when the site is built; "
            "the reader's browser runs nothing."
        ),
        "training": (
            "Put some text into `corpora/`, run `escriba train mine`, and take the outer fence off "
            "this block: the next build writes the sample and freezes it under `models/mine/`."
        ),
    },
    "es": {
        "title": "Mis experimentos",
        "description": "Notas con modelos de lenguaje que caben en una página",
        "post": "Primeras notas",
        "model": "mio",
        "corpus": "Mis textos",
        "licence": "mía",
        "prompt": "La ",
        "opening": (
            "Al construir el sitio, una fórmula se vuelve MathML y el código se colorea; "
            "el navegador de quien lee no ejecuta nada."
        ),
        "training": (
            "Pon algún texto en `corpora/`, ejecuta `escriba train mio` y quita la cerca exterior "
            "de este bloque: la siguiente construcción escribe la muestra y la congela en "
            "`models/mio/`."
        ),
    },
}


def create(folder: Path, lang: str) -> None:
    """Write a new site into a folder that is empty or does not exist yet.

    Raises SourceError if something is there already, and where nothing can be written; nothing is
    overwritten, and nothing of a site is left that is not whole.
    """
    with refusals(SourceError, folder):
        taken = os.path.lexists(folder) and (not is_dir(folder) or any(folder.iterdir()))
    if taken:
        raise SourceError(
            tr("{folder} is not empty; name a folder that does not exist", folder=folder.as_posix())
        )
    words = WORDS[lang]
    day = date.today().isoformat()
    slug = words["post"].lower().replace(" ", "-")
    files = {
        NAME: SETTINGS.format(
            title=words["title"], description=words["description"], lang=lang
        ),
        f"posts/{day}-{slug}.md": POST.format(
            title=words["post"], day=day, model=words["model"], prompt=words["prompt"],
            opening=words["opening"], training=words["training"],
        ),
        f"models/{words['model']}/recipe.yml": RECIPE.format(
            model=words["model"], corpus=words["corpus"], lang=lang, licence=words["licence"]
        ),
        "models/.gitattributes": "# A frozen sample is its bytes.\n*.txt -text\n",
        "corpora/.gitkeep": "",
        ".gitignore": "/site/\n/.escriba/\n/models/*/checkpoint/\n",
    }  # fmt: skip
    written: list[Path] = []
    try:
        for name, text in files.items():
            path = folder / name
            with refusals(SourceError, path, tr("cannot be written")):
                path.parent.mkdir(parents=True, exist_ok=True)
                written.append(path)
                path.write_text(text, encoding="utf-8", newline="\n")
    except BaseException:
        _remove(written, folder)
        raise


def _remove(paths: list[Path], folder: Path) -> None:
    """Take back files that were written, and the folders that are empty without them."""
    for path in reversed(paths):
        with suppress(OSError):
            path.unlink(missing_ok=True)
            for parent in path.relative_to(folder).parents:
                (folder / parent).rmdir()
