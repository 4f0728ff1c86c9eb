"""Each sentence of `docs/security.md` that stands after a dash, word by word, as a test."""

from __future__ import annotations

import http.client
import http.server
import inspect
import json
import os
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from safetensors.numpy import load_file

from escriba.ground.digest import text_digest
from escriba.ground.errors import CorpusError, EscribaError, FrozenError, ModelError, SourceError
from escriba.ground.project import Project, load
from escriba.records.model import FILE
from escriba.records.recipe import read_recipe
from escriba.site.build import build
from escriba.site.incremental.cache import find_path
from escriba.upkeep.check import check, prune
from support.blogs import make_site, run, tree
from support.models import make_model
from support.serving import serving
from support.waiting import PATIENCE

PAGE = Path(__file__).parents[1] / "docs" / "security.md"
POST = "2020-10-01-redes.md"
SECRET = "the secret of another folder"


def sentences() -> list[str]:
    text = PAGE.read_text("utf-8")
    found = re.findall(r"^- (.*(?:\n  .*)*)", text, re.M)
    return [" ".join(each.split()) for each in found]


def of(sentence: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Marks a test of a sentence."""

    def mark(test: Callable[..., None]) -> Callable[..., None]:
        test.__doc__ = sentence
        return test

    return mark


def test_every_sentence_has_a_test_and_every_test_a_sentence() -> None:
    tests = [
        " ".join(inspect.getdoc(test).split())  # type: ignore[union-attr]
        for name, test in globals().items()
        if name.startswith("test_")
        and test is not test_every_sentence_has_a_test_and_every_test_a_sentence
    ]
    assert tests == sentences()


@pytest.fixture
def site(tmp_path: Path) -> Project:
    """A site that is built, beside a folder of somebody else's."""
    made = make_site(tmp_path / "blog")
    build(made)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "secret.txt").write_text(SECRET)
    return made


def put(site: Project, name: str, text: str) -> Project:
    """The project with a file more or another one."""
    path = site.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return load(site.root) if name == "escriba.yml" else site


def claim(site: Project, names: str) -> None:
    """Put names, one a line, among those of files that a build takes for its own."""
    path = site.output / ".escriba" / "manifest"
    path.write_text(path.read_text() + names)


def add(site: Project, text: str) -> None:
    """Put something at the end of a post."""
    path = site.posts / POST
    path.write_text(f"{path.read_text()}\n{text}\n")


def article(site: Project) -> BeautifulSoup:
    return BeautifulSoup((site.output / "2020/redes/index.html").read_text(), "html.parser")


def refused(site: Project, **options: object) -> str:
    """What a frozen build says, which leaves the old site as it was."""
    before = tree(site.output)
    with pytest.raises(EscribaError) as caught:
        build(site, frozen=True, **options)  # type: ignore[arg-type]
    assert tree(site.output) == before
    assert SECRET not in str(caught.value)
    return str(caught.value)


# An author's own project.


@of(
    "A project reads and writes in its own folder, and outside of it only where `outside` of "
    "escriba.yml names a folder."
)
def test_folders_of_a_project(site: Project) -> None:
    settings = (site.root / "escriba.yml").read_text()
    for name in ("posts", "templates", "models", "output", "documents"):
        for folder in ("../other", str(site.root.parent / "other"), "../../", "models/../../other"):
            value = f"[{folder}]" if name == "documents" else folder
            with pytest.raises(SourceError) as caught:
                put(site, "escriba.yml", f"{settings}{name}: {value}\n")
            assert f"'{name}': " in str(caught.value)
            assert "name its folder in 'outside' of escriba.yml" in str(caught.value)
    assert put(site, "escriba.yml", f"{settings}models: ../other\noutside: [../other]\n").models


PLACES = {
    "posts": ("posts/x.txt", "posts/folder", "posts/2020-01-01-x.md"),
    "documents": ("docs/x.md",),
    "includes": ("_includes/x.html",),
    "templates": ("templates/404.html", "templates/assets/x.js", "templates/assets/x.css"),
    "models": ("models/mini/weights.safetensors", "models/mini/evaluation.yml"),
    "samples": ("models/mini/samples",),
    "output": ("site/2020",),
}


@of(
    "Posts, documents, includes, templates, models, samples and the output are refused where a "
    "link leads out of the project."
)
def test_links_out_of_a_project(site: Project) -> None:
    other = site.root.parent / "other"
    put(site, "docs/a.md", "a\n")
    site = put(site, "escriba.yml", (site.root / "escriba.yml").read_text() + "documents: [docs]\n")
    add(site, "{% include x.html %}")
    put(site, "_includes/x.html", "fine")
    put(site, "templates/assets/fine.css", "p { color: red }\n")
    build(site, frozen=True)
    sample = next((site.models / "mini" / "samples").iterdir())
    before = sample.read_bytes()
    for name in [name for names in PLACES.values() for name in names]:
        path = site.root / name
        aside = path.with_name("aside")
        if path.exists():
            path.rename(aside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(other if "." not in path.name else other / "secret.txt")
        with pytest.raises(EscribaError) as caught:
            check(site) if name.startswith("docs") else build(site, frozen=True)
            pytest.fail(name)
        assert any(part in str(caught.value) for part in (name, path.name)), name
        assert SECRET not in str(caught.value)
        path.unlink()
        if aside.exists():
            aside.rename(path)
    assert sample.read_bytes() == before
    assert SECRET.encode() not in b"".join(data for data, _ in tree(site.output).values())
    assert [each.name for each in other.iterdir()] == ["secret.txt"]
    assert build(site, frozen=True).written == 0


JINJA = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.system('touch MARK') }}",
    "{{ lipsum.__globals__['os'].popen('touch MARK').read() }}",
    "{{ self.__init__.__globals__.__builtins__.open('MARK', 'w') }}",
    "{{ link.__globals__ }}",
    "{{ site.__init__.__globals__ }}",
    "{{ page.title.__class__ }}",
    "{% include '/etc/passwd' %}",
    "{% include '../../other/secret.txt' %}",
    "{% extends '../../../other/secret.txt' %}",
]
LIQUID = [
    "{% include ../../other/secret.txt %}",
    "{% include /etc/passwd %}",
    "{% include_relative ../../other/secret.txt %}",
    "{{ site.__class__ }}{{ page.__init__ }}",
    "{% render '../other/secret.txt' %}",
]


@of(
    "Of other files of the project those are published that a post links to, that `static` of "
    "escriba.yml names, or that have the name of a folder that every site has; what is hidden, "
    "settings and models are not, unless `static` names them."
)
def test_what_is_published_of_a_project(site: Project) -> None:
    for name in (".env", "_private/a.txt", "papers/a.pdf", "other/b.pdf", "img/c.png", "img/.env"):
        put(site, name, SECRET if ".env" in name or "_" in name else "fine")
    add(site, "[a](/papers/a.pdf)")
    build(site, frozen=True)
    found = {name for name in tree(site.output) if name.endswith((".pdf", "c.png", "env", "a.txt"))}
    assert found == {"papers/a.pdf", "img/c.png"}
    secret = ("/.env", "../.env", "/_private/a.txt", "/img/.env", "/%2eenv", "/x/..%2f.env",
              "../escriba.yml", "/models/mini/weights.safetensors", "/.ENV", "/ESCRIBA.YML")  # fmt: skip
    post = site.posts / POST
    text = post.read_text()
    for link in secret:
        post.write_text(f"{text}\n[b]({link})\n")
        assert f"'{link}'" in refused(site)
    post.write_text(text)
    settings = (site.root / "escriba.yml").read_text()
    site = put(
        site, "escriba.yml", f"{settings}static: [models/mini/weights.safetensors, '**/*.pdf']\n"
    )
    build(site, frozen=True)
    assert {"models/mini/weights.safetensors", "other/b.pdf"} <= tree(site.output).keys()


@of(
    "Templates and Liquid compute text: they reach no file but templates and includes, no program, "
    "no network."
)
def test_templates_and_liquid(site: Project) -> None:
    mark = site.root.parent / "mark"
    put(site, "_includes/fine.html", "fine")
    for template in JINJA:
        put(site, "templates/404.html", template.replace("MARK", mark.as_posix()))
        message = refused(site)
        assert message.startswith("templates/404.html"), template
    (site.templates / "404.html").unlink()
    before = (site.posts / POST).read_text()
    for text in LIQUID:
        (site.posts / POST).write_text(f"{before}\n{text}\n")
        try:
            build(site, frozen=True)
        except SourceError as error:
            assert SECRET not in str(error)
        assert SECRET not in article(site).text
        assert "<class" not in article(site).text
        assert "root:" not in article(site).text
    assert not mark.exists()


@of("The folder that a person names with `-o` may be anywhere.")
def test_output_of_a_person(site: Project) -> None:
    folder = site.root.parent / "other" / "site"
    assert run(site.root, "build", "-o", str(folder)).returncode == 0
    assert (folder / "index.html").exists()


@of(
    "No site is written where it would ruin something: to a folder that is, holds or lies in a "
    "source, or that is or holds the project, another project or the home folder."
)
def test_output_that_ruins(site: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(site.root.parent / "home" / "ada"))
    put(site, "../home/ada/x", "")
    put(site, "../project/escriba.yml", "")
    put(site, "models/mini/x/y", "")
    folders = [
        site.posts, site.posts / "x", site.models, site.models / "mini", site.root / "_includes",
        site.root, site.root.parent, Path("/"), site.root / ".git",
        site.root.parent / "project", site.root.parent / "home", site.root.parent / "home" / "ada",
    ]  # fmt: skip
    for folder in folders:
        assert "the site cannot be written to " in refused(site, output=folder)


@of("A build removes only files of the output that it lists as its own, and follows no link there.")
def test_output_of_others(site: Project) -> None:
    other = site.root.parent / "other"
    put(site, "site/CNAME", "example.org")
    put(site, "site/tags/mine.html", "mine")
    (site.output / "link").symlink_to(other)
    claim(site, "link/secret.txt\n../../other/secret.txt\n")
    (site.posts / "2020-11-02-networks.md").unlink()
    settings = (site.root / "escriba.yml").read_text()
    site = put(site, "escriba.yml", f"{settings}links: warn\n")  # of the post that linked to it
    assert build(site, frozen=True).removed == 1
    assert (other / "secret.txt").read_text() == SECRET
    assert (site.output / "tags" / "mine.html").read_text() == "mine"
    assert (site.output / "CNAME").read_text() == "example.org"
    (site.posts / "link").mkdir()
    put(site, "posts/link/x.png", "")
    assert refused(site).startswith("site/link: this folder is a link")


@of("`prune` removes frozen samples, and nothing else.")
def test_prune(site: Project) -> None:
    for name in ("README.md", "samples/README.md", "samples/.gitkeep", "recipe.yml", "x.txt"):
        put(site, f"models/mini/{name}", "")
    before = tree(site.root)
    (unused,) = [put(site, "models/mini/samples/abcdefabcdef.txt", "") and site.models]
    removed = prune(site)
    assert removed == [unused / "mini" / "samples" / "abcdefabcdef.txt"]
    assert tree(site.root) == before


@of(
    "HTML and scripts in a post are published as they are: who may write posts may run scripts in "
    "a reader's browser."
)
def test_html(site: Project) -> None:
    add(site, '<script>alert("mine")</script>')
    build(site, frozen=True)
    assert '<script>alert("mine")</script>' in str(article(site))


# A pull request of somebody else's, in `build --frozen`.


@of(
    "change escriba.yml, and with `outside` there publish any file that the build may read: look "
    "at that line first."
)
def test_outside(site: Project) -> None:
    site = put(
        site, "escriba.yml", (site.root / "escriba.yml").read_text() + "outside: [../other]\n"
    )
    (site.posts / "secret.txt").symlink_to(site.root.parent / "other" / "secret.txt")
    build(site, frozen=True)
    assert (site.output / "secret.txt").read_text() == SECRET


@of("publish any HTML and any script.")
def test_any_html(site: Project) -> None:
    put(site, "posts/page.html", "<script>1</script>")
    put(site, "templates/404.html", "<script>2</script>")
    build(site, frozen=True)
    assert (site.output / "page.html").read_text() == "<script>1</script>"
    assert (site.output / "404.html").read_text() == "<script>2</script>"


@of("put files into the output folder, if the repository holds that, which the build leaves there.")
def test_files_in_the_output(site: Project) -> None:
    put(site, "site/evil.html", "evil")
    build(site, frozen=True)
    assert (site.output / "evil.html").read_text() == "evil"


@of("make the build fail, with a message.")
def test_a_build_fails(site: Project) -> None:
    add(site, "```escriba sample\nmodel: none\n```")
    result = run(site.root, "build", "--frozen")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (3, "", 1)


@of("bring along a forged sample, with its digest: `check` finds it, `build --frozen` does not.")
def test_a_forged_sample(site: Project) -> None:
    path = next((site.models / "mini" / "samples").iterdir())
    head, mark, text = path.read_text().partition("\n---\n")
    path.write_text(head.replace(text_digest(text), text_digest("forged")) + mark + "forged")
    build(site, frozen=True)
    assert "forged" in article(site).text
    with pytest.raises(FrozenError, match="its text is not what the model writes"):
        check(site)


@of(
    "run a program, or code in Python, through templates, Liquid, YAML, models or compiled templates."
)
def test_no_code_is_run(site: Project) -> None:
    mark = site.root.parent / "mark"
    run_it = f"__import__('pathlib').Path({mark.as_posix()!r}).touch()"
    plant_bytecode(site, run_it)
    build(site, frozen=True)
    yaml = f"!!python/object/apply:os.system ['touch {mark.as_posix()}']"
    settings = (site.root / "escriba.yml").read_text()
    post = (site.posts / POST).read_text()
    for name, text in (
        ("escriba.yml", f"{settings}description: {yaml}\n"),
        (f"posts/{POST}", post.replace("---\n", f"---\nx: {yaml}\n", 1)),
        ("models/mini/evaluation.yml", f"test: {yaml}\n"),
        ("templates/strings.yml", f"es: {yaml}\n"),
        ("templates/404.html", "{% import 'os' as os %}{{ os.system('true') }}"),
        ("templates/404.html", f"{{{{ {run_it} }}}}"),
    ):
        path = site.root / name
        before = path.read_text() if path.exists() else None
        with suppress(EscribaError):
            build(put(site, name, text), frozen=True)
        if before is None:
            path.unlink()
        else:
            path.write_text(before)
    pickled = b"cos\nsystem\n(S'touch %s'\ntR." % mark.as_posix().encode()
    (site.models / "mini" / FILE).write_bytes(pickled)
    refused(site)
    assert not mark.exists()


def plant_bytecode(site: Project, code: str) -> None:
    """Compiled templates, as Jinja would take them for its own, that run some code."""
    from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader

    from escriba.templating.templates import packaged

    folder = site.cache / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    cache = FileSystemBytecodeCache(str(folder))
    environment = Environment(loader=FileSystemLoader(packaged()))
    for path in packaged().glob("*.html"):
        source = path.read_text()
        for filename in (str(path), None):
            bucket = cache.get_bucket(environment, path.name, filename, source)
            bucket.code = compile(code, str(path), "exec")
            cache.set_bucket(bucket)


@of(
    "bring along what a build keeps for the next one: that is in the folder of a user's caches, and never in a "
    "project."
)
def test_no_cache_is_in_a_project(site: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    path = find_path(site.root)
    assert path is not None
    assert path.exists()
    assert not path.is_relative_to(site.root)
    monkeypatch.setenv("XDG_CACHE_HOME", str(site.root / ".cache"))
    assert find_path(site.root) is None
    before = {name: data for name, (data, _) in tree(site.output).items()}
    shutil.rmtree(site.output)
    build(site, frozen=True)
    assert {name: data for name, (data, _) in tree(site.output).items()} == before
    assert list((site.root / ".cache").rglob("*.sqlite")) == []


@of("read a file outside the repository, through links, `..`, absolute paths or includes.")
def test_no_file_outside_is_read(site: Project) -> None:
    secret = site.root.parent / "other" / "secret.txt"
    settings, post = (site.root / "escriba.yml").read_text(), (site.posts / POST).read_text()
    for text in (
        "{% include ../../other/secret.txt %}", f"{{% include {secret} %}}",
        "![](../../other/secret.txt)", f"![]({secret})", "[x](../../../other/secret.txt)",
        "```escriba sample\nmodel: ../../other\n```", f"```escriba loss\nmodel: {secret.parent}\n```",
        "`escriba ../other.parameters`",
    ):  # fmt: skip
        (site.posts / POST).write_text(f"{post}\n{text}\n")
        try:
            build(site, frozen=True)
        except EscribaError as error:
            assert SECRET not in str(error)
    for front in ("layout: ../../other/secret", f"layout: {secret}"):
        (site.posts / POST).write_text(post.replace("---\n", f"---\n{front}\n", 1))
        refused(site)
    (site.posts / POST).write_text(post)
    for line in ("posts: ../other", f"templates: {secret.parent}", "models: ../other"):
        with pytest.raises(SourceError):
            put(site, "escriba.yml", f"{settings}{line}\n")
    put(site, "escriba.yml", settings)
    for name in ("posts/a.txt", "templates/assets/a.js", "_includes/a.html", "templates/a.html"):
        path = site.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(secret)
    (site.posts / POST).write_text(f"{post}\n{{% include a.html %}}\n")
    refused(site)
    assert SECRET.encode() not in b"".join(data for data, _ in tree(site.output).values())


@of(
    "write or delete a file outside the output and `.escriba/`, through settings, links, "
    "addresses, or a plan or manifest that it brings along."
)
def test_nothing_outside_is_written(site: Project) -> None:
    other = site.root.parent / "other"
    settings = (site.root / "escriba.yml").read_text()
    plan = {"write": ["w/x", "../../other/x"], "remove": ["w/secret.txt"], "manifest": []}
    for number, address in enumerate(("/../../other/x/", "/..%2f..%2fother/x", "/w/x/")):
        put(
            site,
            f"posts/2020-01-0{number + 1}-x{number}.md",
            f"---\npermalink: {address}\n---\nx\n",
        )
    put(site, "site/.escriba/plan", json.dumps(plan))
    put(site, "site/.escriba/staging/w/x", "evil")
    claim(site, "w/secret.txt\n../../other/secret.txt\n")
    (site.output / "w").symlink_to(other)
    before = {name: data for name, data in tree(site.root).items() if not name.startswith("site/")}
    with pytest.raises(SourceError, match="site/w: this folder is a link"):
        build(site, frozen=True)
    (site.output / "w").unlink()
    build(site, frozen=True)
    for line in ("output: ../other", f"output: {other}", "output: models", "output: posts/x"):
        with pytest.raises(SourceError):
            build(put(site, "escriba.yml", f"{settings}{line}\n"), frozen=True)
    (site.root / "escriba.yml").write_text(settings)
    after = {name: data for name, data in tree(site.root).items() if not name.startswith("site/")}
    assert {name: data for name, (data, _) in after.items()} == {
        name: data for name, (data, _) in before.items()
    }
    assert {name: data for name, (data, _) in tree(other).items()} == {
        "secret.txt": SECRET.encode()
    }


@of("ask the network for anything.")
def test_no_network(site: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    put(site, "models/mini/recipe.yml", "corpus: {sources: [{url: 'http://127.0.0.1:9/x'}]}\n")
    add(site, '![](http://127.0.0.1:9/x.png)\n\n<img src="http://127.0.0.1:9/y.png">')
    asked = []

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(arguments)
        raise OSError("no network")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    assert build(site, frozen=True).written
    assert asked == []


@of("train or sample: what is not frozen is an error.")
def test_nothing_is_sampled(site: Project) -> None:
    add(site, "```escriba sample\nmodel: mini\nlength: 5\n```")
    before = tree(site.models)
    assert "the sample is not frozen" in refused(site)
    assert tree(site.models) == before


@of("change the text of a frozen sample alone: that is an error.")
def test_an_edited_sample(site: Project) -> None:
    path = next((site.models / "mini" / "samples").iterdir())
    path.write_bytes(path.read_bytes()[:-1] + b"~")
    assert "was edited" in refused(site)


ENDLESS = {
    "a loop": "{% for i in (1..1000000000) %}{% for j in (1..1000000000) %}x{% endfor %}{% endfor %}",
    "an include": "{% include itself.html %}",
    "a template": "",
    "aliases": "",
    "a FIFO": "",
    "formulas": "$$" + "{" * 5000 + "$$",
}


@of(
    "keep the build busy for ever, with loops, includes within themselves, aliases of YAML, or "
    "files that never end."
)
def test_a_build_ends(site: Project) -> None:
    put(site, "_includes/itself.html", "{% include itself.html %}{% include itself.html %}")
    post = (site.posts / POST).read_text()
    for what, text in ENDLESS.items():
        (site.posts / POST).write_text(f"{post}\n{text}\n")
        fifo = site.posts / "endless.png"
        if what == "a template":
            put(site, "templates/404.html", "{% for i in range(1000000000) %}{% endfor %}")
        elif what == "aliases":
            bomb = "a0: &a0 x\n" + "".join(
                f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
            )
            (site.posts / POST).write_text(post.replace("---\n", f"---\n{bomb}", 1))
        elif what == "a FIFO":
            os.mkfifo(fifo)
        refused(site)
        (site.templates / "404.html").unlink(missing_ok=True)
        fifo.unlink(missing_ok=True)


# A model from somewhere else.


@of("A model is numbers and a header in JSON: nothing in it is run, and no pickle is read.")
def test_a_pickle(site: Project) -> None:
    mark = site.root.parent / "mark"
    path = site.models / "mini" / FILE
    whole = path.read_bytes()
    pickled = b"cos\nsystem\n(S'touch %s'\ntR." % mark.as_posix().encode()
    for data in (pickled, b"\x80\x04" + pickled, whole[:8] + pickled + whole[8:]):
        path.write_bytes(data)
        for work in (lambda: build(site, frozen=True), lambda: build(site), lambda: check(site)):
            with pytest.raises(ModelError):
                work()
    assert not mark.exists()
    assert whole[8:9] == b"{"
    assert len(load_file(site.models / "mini" / FILE) if path.write_bytes(whole) else {}) > 5


@of(
    "A header that is too large, a file that is cut or padded, and numbers that do not fit are one "
    "error each."
)
def test_a_damaged_model(site: Project) -> None:
    path = site.models / "mini" / FILE
    whole = path.read_bytes()
    size = int.from_bytes(whole[:8], "little")
    header = whole[8 : 8 + size]
    for data in (
        b"", whole[:100], whole[:-1], whole + b"\0",
        (2**63).to_bytes(8, "little") + whole[8:], (1 << 40).to_bytes(8, "little") + whole[8:],
        whole[:8] + b"[" * size + whole[8 + size :],
        whole[:8] + header.replace(b'"F32"', b'"F64"') + whole[8 + size :],
        whole[:8] + header.replace(b'"data_offsets":[0,', b'"data_offsets":[9,') + whole[8 + size :],
    ):  # fmt: skip
        path.write_bytes(data)
        with pytest.raises(ModelError) as caught:
            build(site, frozen=True)
        assert len(caught.value.problems) == 1


HOSTILE = "".join(sorted("<>&\"'/`*_{}%$#[]()!-= \n\\scriptalehfwx1"))


@of("What it writes is text: no HTML, Markdown, Liquid or template of it counts in a page.")
def test_hostile_text(site: Project) -> None:
    make_model(site.models / "hostile", symbols=HOSTILE)
    prompt = '"<script>alert({{ 1 }})</script>{% raw %}**x**$$x$$`x`![](x)"'
    for show in ("prose", "verbatim"):
        add(
            site,
            f"```escriba sample\nmodel: hostile\nprompt: {prompt}\nlength: 500\nshow: {show}\n```",
        )
    build(site)
    page = article(site)
    written = page.select(".escriba-sample .escriba-text")[-2:]
    for text in written:
        assert "<script>alert({{ 1 }})</script>{% raw %}**x**$$x$$`x`![](x)" in text.get_text()
        assert not text.select("script, strong, math, img, a, code")
    assert not [script for script in page.select("script") if "alert" in script.text]


@of("Its names, vocabulary and record are text in a page, too.")
def test_hostile_names(site: Project) -> None:
    from safetensors.numpy import save_file

    from escriba.records.model import header

    name = "<img src=x onerror=alert(1)>"
    model = make_model(site.models / name, symbols=HOSTILE)
    record = json.loads(
        json.dumps(dict(model.record)).replace("public domain", name.replace('"', ""))
    )
    save_file(load_file(model.path), model.path, header(model.network, model.vocabulary, record))
    add(site, f"```escriba sample\nmodel: {name!r}\nlength: 50\n```")
    add(site, f"```escriba playground\nmodel: {name!r}\nlength: 50\n```")
    build(site)
    page = article(site)
    assert name in page.text
    assert not page.select("img[onerror]")
    for path in site.output.rglob("*.html"):
        assert not BeautifulSoup(path.read_text(), "html.parser").select("img[onerror]")


@of("What it samples is computed in WebAssembly, which reaches no memory but its own, and no file.")
def test_the_kernel_reaches_nothing() -> None:
    import wasmtime

    from escriba.sampling.wasm import PATH as KERNEL

    module = wasmtime.Module(wasmtime.Engine(), KERNEL.read_bytes())
    assert list(module.imports) == []


# `serve`.


@contextmanager
def printed(site: Project) -> Iterator[int]:
    """The port of a site's server, with its first revision."""
    with serving(site) as server:
        server.builder.rebuild()
        yield server.server_port


def get(port: int, path: str, host: str | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"Host": host} if host else {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@of("`serve` listens on this machine alone, and answers no page of another name.")
def test_only_this_machine_is_served(site: Project) -> None:
    from escriba.site.serve import open_server

    for host in ("0.0.0.0", "example.org", "::"):
        with pytest.raises(SourceError, match="this machine only"):
            open_server(site, host, 0, drafts=True)
    with printed(site) as port:
        assert get(port, "/cuaderno/")[0] == 200
        for name in ("evil.example", "127.0.0.1.evil.example", "[", "localhost@evil.example"):
            assert get(port, "/cuaderno/", name)[0] in (400, 403)


@of("It serves the files of the site and no others.")
def test_only_the_site_is_served(site: Project) -> None:
    (site.posts / "secret.txt").symlink_to(site.root.parent / "other" / "secret.txt")
    with printed(site) as port:
        for path in (
            "/cuaderno/secret.txt", "/cuaderno/../escriba.yml", "/cuaderno/..%2fescriba.yml",
            "/cuaderno/%2e%2e/other/secret.txt", "//etc/passwd", "/etc/passwd",
            "/cuaderno/.escriba/manifest", f"/cuaderno/posts/{POST}",
        ):  # fmt: skip
            status, data = get(port, path)
            assert status in (400, 403, 404, 500), path
            assert SECRET.encode() not in data
            assert b"permalink:" not in data


@of("No post, file or client ends it.")
def test_serve_goes_on(site: Project) -> None:
    with printed(site) as port:
        for data in (
            b"",
            b"\0\xff\r\n\r\n",
            b"GET / HTTP/9.9\r\nHost: [\r\n\r\n",
            b"GET " + b"x" * 99999,
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
                connection.sendall(data)
        add(site, "[a](http://[x]/)\n\n{{ 'inf' | floor }}\n")
        assert get(port, "/cuaderno/")[0] == 200
    (site.posts / "2020-01-01-x.md").write_bytes(b"\xff\0")
    os.mkfifo(site.posts / "x.png")
    with printed(site) as port:
        assert get(port, "/cuaderno/")[0] == 500
        assert get(port, "/cuaderno/")[0] == 500


# `train`.


def train(site: Project, *sources: str, network: str = "{layers: 1, hidden: 8}") -> list[str]:
    """What a training says that cannot be, line by line."""
    pytest.importorskip("torch", reason="torch is not installed")
    named = ", ".join(f"{{{source}}}" for source in sources)
    put(site, "models/new/recipe.yml", f"corpus: {{sources: [{named}]}}\nnetwork: {network}\n")
    result = run(site.root, "train", "new", "--steps", "1")
    assert result.returncode in (3, 6, 7), result.stderr
    assert SECRET not in result.stderr
    return result.stderr.splitlines()


@of(
    "A recipe reads texts in the project, in `corpora` and `outside` of escriba.yml, in the folders "
    "of the environment variable `ESCRIBA_CORPORA`, and nowhere else."
)
def test_texts_of_a_recipe(site: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    other = site.root.parent / "other"
    text = "a book " * 500
    (other / "book.txt").write_text(text)
    lines = train(site, "file: ../other/secret.txt", "file: /etc/passwd", "file: ../other/*")
    assert len(lines) == 3
    assert all("outside the project" in line for line in lines)
    (line,) = train(site, f"sha256: {text_digest(text)}")
    assert "ESCRIBA_CORPORA" in line
    monkeypatch.setenv("ESCRIBA_CORPORA", str(other))
    (line,) = train(site, "file: ../other/book.txt", "file: /etc/passwd")
    assert "/etc/passwd is outside the project" in line
    for source in (f"sha256: {text_digest(text)}", "file: ../other/book.txt"):
        put(site, "models/new/recipe.yml", f"corpus: {{sources: [{{{source}}}]}}\n")
        done = run(site.root, "train", "new", "--steps", "1", "--restart")
        assert done.returncode == 0, done.stderr


@of(
    "It fetches from `http` and `https` addresses alone, so much and so long at most, and only what "
    "has the digest that it names."
)
def test_downloads(site: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = "0" * 64
    secret = (site.root.parent / "other" / "secret.txt").as_uri()
    for url in (secret, "ftp://127.0.0.1:9/x", "data:,x"):
        source = f"{{url: '{url}', sha256: '{digest}'}}"
        put(site, "models/new/recipe.yml", f"corpus: {{sources: [{source}]}}\n")
        with pytest.raises(EscribaError) as caught:
            read_recipe(site.models, "new", site.root)
        assert SECRET not in str(caught.value)
    from escriba.corpora import download as downloads  # as fetches are bounded

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * 100_000)

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setattr(downloads, "LARGEST", 10_000)
    server = http.server.HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    target = site.root / "got"
    try:
        address = f"http://127.0.0.1:{server.server_port}/x"
        with pytest.raises(CorpusError, match="cannot be fetched"):
            downloads.download(address, digest, target, Path("got"))
        monkeypatch.setattr(downloads, "LARGEST", 1 << 30)
        with pytest.raises(CorpusError, match="has the sha256"):
            downloads.download(address, digest, target, Path("got"))
    finally:
        server.shutdown()
        server.server_close()
    assert not target.exists()


@of("It asks whatever machine it names, also one of a network behind the firewall.")
def test_machines_that_are_asked(site: Project) -> None:
    asked = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/inside"
        (line,) = train(site, f"url: '{address}', sha256: '{'0' * 64}'")
    finally:
        server.shutdown()
        server.server_close()
    assert asked == ["/inside"]
    assert "404" in line


@of("A checkpoint that somebody brought along is refused, or is numbers: nothing in it is run.")
def test_code_in_a_checkpoint(site: Project) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from escriba.charlm.training.checkpoint import FOLDER, LATEST

    class Code:
        def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
            return os.mkdir, (str(site.root / "made"),)

    put(site, "text.txt", "uno dos tres " * 1000)
    put(site, "models/new/recipe.yml", "corpus: {sources: [{file: text.txt}]}\n")
    folder = site.models / "new" / FOLDER
    folder.mkdir()
    torch.save({"step": Code()}, folder / LATEST)
    done = run(site.root, "train", "new", "--steps", "1")
    assert done.returncode == 7, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (site.root / "made").exists()
    assert pickled_by_hand(folder / LATEST, site.root / "made")


def pickled_by_hand(path: Path, made: Path) -> bool:
    """Whether the code in a checkpoint would run, were it read as a pickle."""
    import torch

    torch.load(path.rename(path.with_suffix(".pt")), weights_only=False)
    return made.exists()


@of("A network that does not fit into memory is one error.")
def test_a_network_that_is_too_large(site: Project) -> None:
    put(site, "text.txt", "uno dos tres " * 1000)
    (line,) = train(site, "file: text.txt", network="{layers: 64, hidden: 8192}")
    assert re.search("memory|GB", line)
