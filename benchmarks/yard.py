"""A small project to be ruined, with a model and a frozen sample, for growth.py and fuzz.py."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from escriba.article.context import open_context
from escriba.evidence.ledger import Ledger
from escriba.ground import project
from escriba.ground.project import Project
from escriba.records.evaluation import FILE as EVALUATION
from escriba.records.model import read_model
from escriba.sampling.request import Options, Request
from escriba.site import build
from escriba.site.output.contents import Content

HERE = Path(__file__).parents[1]
MODEL = "recortado"
POST = "posts/2020-01-01-a.md"
SETTINGS = (
    b"title: Yard\nurl: https://example.org\nbaseurl: /blog\nauthor: A\n"
    b"math: [dollars, brackets, environments]\n"
)
FRONT = b"---\ntitle: A\ntags: [one, two]\n---\n"
# What shows everything that the files of a model hold.
SHOWN = f"""
`escriba {MODEL}.parameters` `escriba {MODEL}.validation:.2f` `escriba {MODEL}.test.nats`
`escriba {MODEL}.corpus.name` `escriba {MODEL}.log.gradient`

```escriba loss
model: {MODEL}
baselines: [unigram]
```

```escriba gradients
model: {MODEL}
```

```escriba timeline
model: {MODEL}
```
""".encode()
# What needs what is imported only on demand.
ORDINARY = b"""# A

Text, `code`, {{ page.title }} and $$x$$.

{% highlight python %}
a = 1
{% endhighlight %}
"""
SAMPLES = "".join(
    f"```escriba sample\nmodel: {MODEL}\nprompt: a\nlength: 20\n{more}\n```\n\n"
    for more in ("show: prose", "show: code\nlanguage: python", "show: math", "show: verbatim")
).encode()
FOLDERS = ("posts", "templates", "_includes", "site")  # of a yard, empty or not there at first

Files = Mapping[str, Content]


@dataclass(frozen=True)
class Yard:
    """A project to be ruined; `project` has it as it was made, `written` what was put into it."""

    project: Project
    written: list[Path] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)  # names of what lies where the project does

    @property
    def root(self) -> Path:
        return self.project.root

    def put(self, path: str, data: bytes) -> Path:
        """The file of that name, relative to the project, with that content."""
        target = self.root / path
        self.written.append(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return target

    def restore(self, template: Path) -> None:
        """Make the project again what it was when `template` was copied from it."""
        for name in FOLDERS:
            path = self.root / name
            if path.is_symlink() or path.is_file():
                path.unlink()
            shutil.rmtree(path, ignore_errors=True)
        (self.root / "posts").mkdir(exist_ok=True)
        for path in self.written:
            own = template / path.relative_to(self.root)
            if own.is_file():
                shutil.copyfile(own, path)
            else:
                path.unlink(missing_ok=True)
        self.written.clear()

    def render(self, site: Project | None = None) -> Files:
        """The site in memory, as `build --frozen` makes it before it is written."""
        site = site or self.project
        context = open_context(site, frozen=True)
        return build.render(site, context, drafts=True, unpublished=True).files


def open_yard(folder: Path) -> Yard:
    """A new project in a folder that is not there yet, with a model and a frozen sample."""
    (folder / "posts").mkdir(parents=True)
    (folder / project.NAME).write_bytes(SETTINGS)
    shutil.copytree(HERE / "models" / MODEL, folder / "models" / MODEL)
    (folder / "models" / MODEL / EVALUATION).write_text("test:\n  nats: '1.5'\n  unigram: '3.1'\n")
    yard = Yard(project.load(folder))
    freeze(yard, "a frozen sample")
    return yard


def freeze(yard: Yard, text: str) -> Path:
    model = read_model(yard.project.models / MODEL)
    request = Request(model, Options(prompt="a", length=20))
    ledger = Ledger(yard.project)
    ledger.freeze(request, text)
    path = ledger.path(request)
    yard.written.append(path)
    return path
