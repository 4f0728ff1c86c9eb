"""What the tests of other generators share: their site, and what must hold of its pages."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

from escriba.ground import project
from escriba.ground.project import Project
from escriba.records.model import read_model
from escriba.sampling.engine import Engine
from escriba.sampling.request import Options
from support.blogs import REPOSITORY
from support.chromium import opened
from support.models import make_model, make_record
from support.pages import served
from support.playground import open_panel, reproduce

ARTICLE = """\
Parámetros: `escriba mini.parameters`.

```escriba playground
model: hostile
length: 300
show: verbatim
```

> ```escriba sample
> model: mini
> length: 40
> show: verbatim
> ```

```escriba loss
models: [mini]
```

La celda: $$c_t = f_t \\cdot c_{t-1}$$, y su código:

```python
print("hola")
```
"""
ITEM_AND_QUOTE = """
1. item

   ```escriba sample
   model: hostile
   length: 400
   show: verbatim
   ```

> quote
>
> ```escriba sample
> model: hostile
> length: 300
> seed: 2
> show: code
> ```

The end.
"""
HOSTILE = "\n {}%<>$*_`#&|'\"\\-+!:ab"  # what Markdown, Liquid, Hugo and HTML take for theirs


def find_program(host: str) -> Path:
    """A host's program, in the environment that `make hosts` gives it."""
    return REPOSITORY / f".venv-{host}" / "bin" / host


def make_host_site(root: Path, page: str, text: str) -> Project:
    """A project with the models `mini`, which has a record, and `hostile`, and one document."""
    root.mkdir(exist_ok=True)
    (root / "escriba.yml").touch()
    make_model(root / "models" / "mini")
    make_record(root / "models" / "mini")
    make_model(root / "models" / "hostile", symbols=HOSTILE)
    (root / page).parent.mkdir(parents=True)
    (root / page).write_text(text, "utf-8")
    return project.load(root)


def written(site: Project, model: str, length: int, seed: int = 1) -> str:
    return Engine(read_model(site.models / model)).sample(Options(length=length, seed=seed))


def samples(html: str) -> list[str]:
    found = BeautifulSoup(html, "html.parser").select("figure pre samp")
    return [each.get_text() for each in found]


def check_article(site: Project, html: str) -> None:
    """ARTICLE, in Spanish, has become what it should be on a page."""
    page = BeautifulSoup(html, "html.parser")
    assert samples(html)[:2] == [written(site, "hostile", 300), written(site, "mini", 40)]
    assert page.select_one("blockquote figure samp")
    assert page.select_one("figure.escriba-loss svg")
    values = {each.get_text() for each in page.select("data.escriba-value")}
    assert values == {"5.408"}, "as Spanish writes it"
    assert r"c_t = f_t \cdot c_{t-1}" in page.get_text(), "as MathJax and KaTeX look for it"
    assert 'print("hola")' in [each.get_text().strip() for each in page.select("pre")]
    assert not page.select(".escriba-error")


def place_of(part: str, text: str, path: str) -> str:
    """File and line of a part of a document, as messages begin."""
    return f"{path}:{1 + text[: text.index(part)].count(chr(10))}:"


@contextmanager
def changed(path: Path, text: str | None) -> Iterator[None]:
    """A file with another text for a while; None: without the file."""
    before = path.read_bytes()
    try:
        if text is None:
            path.unlink()
        else:
            path.write_text(text, "utf-8")
        yield
    finally:
        path.write_bytes(before)


def spoiled(site: Project, change: str) -> Any:
    """The frozen sample of `mini` missing, or edited, for a while."""
    (path,) = (site.models / "mini" / "samples").iterdir()
    return changed(path, None if change == "missing" else path.read_text("utf-8") + "!")


def noise_of(browser: Any, site: Project, path: str, handler: Any) -> list[str]:
    """Reproduce the first playground of a page under a path; what the console says of it."""
    (site.root / "served" / "favicon.ico").touch()  # which browsers ask for, whatever a page says
    with (
        served(site.root / "served", handler) as root,
        opened(browser, f"{root}some/path/{path}") as shown,
    ):
        panel = open_panel(shown, 0)
        chances = panel.locator(".escriba-next").text_content()
        assert "," in chances and "." not in chances, "as Spanish writes them"
        assert reproduce(shown, panel).startswith("Idéntic")
        style = "getComputedStyle(document.querySelector('pre.escriba-text')).whiteSpace"
        assert shown.evaluate(style) == "pre-wrap", "the blocks' CSS is there"
        return list(shown.noise)


@contextmanager
def windows(site: Project) -> Iterator[None]:
    """The project as git checks it out with `core.autocrlf`, for a while."""
    folders = [site.models, *(site.root / name for name in ("docs", "content", "posts", "source"))]
    kept = {}
    for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if b"\0" not in data and b"\r" not in data:
            kept[path] = data
            path.write_bytes(data.replace(b"\n", b"\r\n"))
    try:
        yield
    finally:
        for path, data in kept.items():
            path.write_bytes(data)


def check_line_ends(
    build: Callable[..., subprocess.CompletedProcess[str]], site: Project, page: Path
) -> None:
    """That a site checked out with line ends of Windows is built frozen into the same page."""
    assert build(site).returncode == 0
    before = page.read_text("utf-8")
    with windows(site):
        done = build(site, frozen=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert page.read_text("utf-8") == before
