"""The ways by which a text gets into a blog, each as a function that growth.py and fuzz.py call.

A door takes a yard, which is a small project in a folder of its own, and the bytes that a stranger
has written; it puts them where they belong, and does what a build without sampling would do with
them. It returns the files of the site, if there is one. Raises EscribaError for what is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from markdown import Markdown
from trees import plant
from yard import FRONT, HERE, MODEL, POST, SAMPLES, SHOWN, Files, Yard, freeze

from escriba.article.context import open_context
from escriba.article.extension import EscribaExtension
from escriba.ground import errors, mistakes, project
from escriba.hosts.expand import expand_stream
from escriba.records.evaluation import FILE as EVALUATION
from escriba.records.model import FILE as WEIGHTS
from escriba.records.recipe import FILE as RECIPE
from escriba.records.recipe import read_recipe
from escriba.records.training import FILE as RECORD
from escriba.records.vocabulary import Vocabulary
from escriba.sampling.request import Options
from escriba.sampling.writer import Writer
from escriba.site.output import write as output

PIECE = 32  # symbols that a writer gets at a time
BETWEEN = b"\n%%%\n"  # the posts of the door `site`


def _post(yard: Yard, data: bytes) -> Files:
    yard.put(POST, FRONT + data)
    return yard.render()


def _page(yard: Yard, data: bytes) -> Files:
    yard.put(POST, data)
    return yard.render()


def _front(yard: Yard, data: bytes) -> Files:
    yard.put(POST, b"---\n" + data + b"\n---\nText.\n")
    return yard.render()


def _site(yard: Yard, data: bytes) -> Files:
    for number, text in enumerate(data.split(BETWEEN)):
        yard.put(f"posts/2020-01-01-a{number}.md", text)
    return yard.render()


def _names(yard: Yard, data: bytes) -> Files:
    for line in data.split(b"\n"):
        parts = Path(line.decode("utf-8", "surrogateescape")).parts
        if parts and ".." not in parts and b"\0" not in line and parts[0] != "/":
            try:
                yard.put("posts/" + "/".join(parts), FRONT + b"Text.\n")
            except (OSError, RecursionError):  # a name that cannot be made here
                continue
    return yard.render()


def _include(yard: Yard, data: bytes) -> Files:
    yard.put("_includes/a.html", data)
    return _post(yard, b"before\n\n{% include a.html x='y' %}\n\nafter\n")


def _html(yard: Yard, data: bytes) -> Files:
    yard.put("posts/2020-01-03-html.html", FRONT + data)
    return yard.render()


def _data(yard: Yard, data: bytes) -> Files:
    """What lies beside the posts, in each of the ways in which it is read; the first letter says
    which."""
    suffix = (".yml", ".json", ".csv", ".tsv", "")[sum(data[:1]) % 5]
    yard.put(f"_data/a{suffix}" if suffix else "_config.yml", data)
    shown = b"{% for a in site.data.a %}{{ a }}{{ a.b | jsonify }}{% endfor %}{{ site.own }}"
    return _post(yard, shown + b"{{ site.data | jsonify }}\n")


def _template(yard: Yard, data: bytes) -> Files:
    yard.put("templates/post.html", data)
    return _post(yard, b"# A\n\nText.\n")


def _block_template(yard: Yard, data: bytes) -> Files:
    yard.put("templates/blocks/sample.html", data)
    return _post(yard, SAMPLES)


def _style(yard: Yard, data: bytes) -> Files:
    yard.put("templates/assets/a.css", data)
    return _post(yard, b"Text.\n")


def _strings(yard: Yard, data: bytes) -> Files:
    yard.put("templates/strings.yml", data)
    yard.put("templates/blocks/strings.yml", data)
    return _post(yard, SHOWN + SAMPLES)


def _settings(yard: Yard, data: bytes) -> Files:
    yard.put(project.NAME, data)
    found = project.load(yard.root)
    own, usual = found.settings, yard.project.settings
    folders = ("posts", "pages", "templates", "models", "output", "documents", "corpora")
    if any(getattr(own, name) != getattr(usual, name) for name in folders):
        return {}  # another folder of this machine is nobody's to read
    yard.put(POST, FRONT + b"Text.\n")
    return yard.render(found)


def _recipe(yard: Yard, data: bytes) -> Files:
    yard.put(f"models/{MODEL}/{RECIPE}", data)
    read_recipe(yard.project.models, MODEL, yard.root).architecture()
    return {}


def _record(yard: Yard, data: bytes) -> Files:
    yard.put(f"models/{MODEL}/{RECORD}", data)
    return _post(yard, SHOWN)


def _evaluation(yard: Yard, data: bytes) -> Files:
    yard.put(f"models/{MODEL}/{EVALUATION}", data)
    return _post(yard, SHOWN)


def _weights(yard: Yard, data: bytes) -> Files:
    """The header of a model's file; its weights stay as they are."""
    own = (HERE / "models" / MODEL / WEIGHTS).read_bytes()
    rest = own[8 + int.from_bytes(own[:8], "little") :]
    yard.put(f"models/{MODEL}/{WEIGHTS}", len(data).to_bytes(8, "little") + data + rest)
    return _post(yard, SHOWN + f"```escriba diagram\nmodel: {MODEL}\ntext: abc\n```\n".encode())


def _frozen(yard: Yard, data: bytes) -> Files:
    freeze(yard, "").write_bytes(data)
    return _post(yard, SAMPLES)


def _sample(yard: Yard, data: bytes) -> Files:
    freeze(yard, data.decode("utf-8", "replace"))
    return _post(yard, SAMPLES)


def _expand(yard: Yard, data: bytes) -> Files:
    return {"expanded": expand_stream(yard.project, data, frozen=True, style=True)}


def _host(yard: Yard, data: bytes) -> Files:
    """Another program's Python-Markdown, without our kramdown."""
    context = open_context(yard.project, frozen=True)
    html = Markdown(extensions=[EscribaExtension(context)]).convert(data.decode("utf-8", "replace"))
    context.mistakes.check()
    return {"hosted": html.encode()}


def _plan(yard: Yard, data: bytes) -> Files:
    return _write_over(yard, "plan", data)


def _manifest(yard: Yard, data: bytes) -> Files:
    return _write_over(yard, "manifest", data)


def _write_over(yard: Yard, name: str, data: bytes) -> Files:
    folder = yard.put(f"site/.escriba/{name}", data).parents[1]
    output.write({"index.html": b"new", "a/b.html": b"new"}, folder, Path("site"))
    return {}


def _until(rule: str) -> Door:
    """A sample that grows to the length of the text, and is searched for its end as it does."""

    def write(yard: Yard, data: bytes) -> Files:
        symbols = "".join(map(chr, range(256)))
        options = Options(length=max(1, min(len(data), 1_000_000)), until=rule)
        writer = Writer(Vocabulary("bytes", symbols), options)
        for start in range(0, len(data), PIECE):
            if writer.write(data[start : start + PIECE]):
                break
        return {}

    return write


Door = Callable[[Yard, bytes], Files]
DOORS: Mapping[str, Door] = {
    "post": _post, "page": _page, "front": _front, "site": _site, "names": _names,
    "include": _include, "html": _html, "data": _data, "template": _template,
    "block template": _block_template, "style": _style, "strings": _strings,
    "settings": _settings, "recipe": _recipe, "record": _record, "evaluation": _evaluation,
    "weights": _weights, "frozen": _frozen, "sample": _sample, "expand": _expand, "host": _host,
    "plan": _plan, "manifest": _manifest,
    "tree": plant, "until paragraph": _until("paragraph"), "until sentence": _until("sentence"),
    "until text": _until("aaaaaaaaaaaaaaab"),
}  # fmt: skip


def knock(yard: Yard, door: str, data: bytes) -> Files:
    """What a door does with a text; a refusal is put into words, as a command does. Raises
    EscribaError, and whatever nobody foresaw as it is, which elsewhere ends in a report."""
    foreseeing = mistakes.is_unforeseen
    mistakes.is_unforeseen = lambda error: False
    try:
        return DOORS[door](yard, data)
    except errors.EscribaError as error:
        str(error)
        raise
    finally:
        mistakes.is_unforeseen = foreseeing
