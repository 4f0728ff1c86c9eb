"""The first day: a new blog has a sample at its first build, a Jekyll blog becomes one of escriba's,
and either is published by a workflow."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest
import yaml
from bs4 import BeautifulSoup

from escriba.ground import install, project
from escriba.ground.errors import EscribaError, SourceError
from escriba.ground.install import Origin
from escriba.records.model import read_model
from escriba.records.recipe import read_recipe
from escriba.site.build import build
from escriba.site.new import scaffold, starters, workflows
from escriba.site.new.blog import Made, create
from escriba.site.new.workflows import find_installation
from escriba.upkeep.check import check

ROOT = Path(__file__).parents[1]
FOLDER = starters.FOLDER
INDEX = Origin("index", "0.1.0")


def files(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def refusal(folder: Path, lang: str = "en", **options: Any) -> str:
    with pytest.raises(SourceError) as caught:
        create(folder, lang, **options)
    assert len(caught.value.problems) == 1
    return str(caught.value)


def page_of(blog: Path) -> BeautifulSoup:
    """The page of the first post, by a frozen build."""
    build(project.load(blog), frozen=True)
    (post,) = (blog / "posts").iterdir()
    inside = Path(*post.stem[:10].split("-")) / post.stem[11:] / "index.html"
    return BeautifulSoup((blog / "site" / inside).read_text(encoding="utf-8"), "html.parser")


# A new blog.


@pytest.mark.parametrize("name", [None, "shakespeare", "quijote"])
@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_first_build_shows_a_model_at_work(tmp_path: Path, lang: str, name: str | None) -> None:
    blog = tmp_path / "my-blog"
    create(blog, lang, model=name)
    page = page_of(blog)  # frozen: nothing is sampled
    assert page.html is not None
    assert page.html["lang"] == lang
    assert len(page.select("escriba-playground")) == 1
    assert len(page.select(".escriba-sample")) == 2
    assert len(page.select("figure.escriba-loss")) == 1
    assert len(page.select("figure.escriba-timeline")) == 1
    assert page.select("math")
    text = page.get_text()
    assert "%" not in re.sub(r"\d+ ?%", "", text)  # nothing is left to be filled in
    model = name or {"en": "shakespeare", "es": "quijote"}[lang]
    assert model in text
    right = check(project.load(blog))
    assert "2" in str(right)
    assert [
        p.name for p in (blog / "models").iterdir() if p.name in {s.name for s in starters.STARTERS}
    ] == [model]


@pytest.mark.parametrize("lang", ["en", "es"])
def test_without_a_model_it_has_a_recipe(tmp_path: Path, lang: str) -> None:
    create(tmp_path / "blog", lang, model="none")
    page = page_of(tmp_path / "blog")
    assert page.select("math")
    assert not page.select(".escriba-sample")
    (recipe,) = (tmp_path / "blog" / "models").glob("*/recipe.yml")
    name = recipe.parent.name
    assert read_recipe(recipe.parents[1], name, tmp_path / "blog").corpus.language == lang
    (post,) = (tmp_path / "blog" / "posts").iterdir()
    assert f"escriba train {name}" in post.read_text(encoding="utf-8")
    # What it needs is said as it works here.
    assert f"# escriba train {name}     (faster with torch: {install.name_command('train')})" in (
        recipe.read_text(encoding="utf-8").splitlines()
    )


def test_an_unknown_model_is_suggested(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a", model="quijotes") == (
        "no model 'quijotes' comes with escriba (did you mean 'quijote'?)"
    )
    assert refusal(tmp_path / "a", model="zzz") == (
        "no model 'zzz' comes with escriba (allowed: none, quijote, shakespeare)"
    )
    assert not (tmp_path / "a").exists()


# The models that come with escriba.


@pytest.mark.parametrize("starter", starters.STARTERS, ids=lambda s: s.name)
def test_a_starter_is_small_and_says_where_it_is_from(starter: starters.Starter) -> None:
    folder = FOLDER / starter.name
    model = read_model(folder)
    assert model.path.stat().st_size < 700_000
    assert sum(p.stat().st_size for p in folder.rglob("*")) < 900_000
    assert model.record["corpus"]["licence"] == "public domain"
    recipe = read_recipe(FOLDER, starter.name, FOLDER)
    assert recipe.corpus.language == starter.lang
    (source,) = recipe.corpus.sources
    assert source.sha256
    assert "https://" in f"{source.url} {source.origin}"
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert "public domain" in readme
    assert model.digest[:12] in readme
    assert str(f"{model.parameters:,}") in readme
    assert not list(folder.rglob("checkpoint"))


def test_every_starter_is_read_whole() -> None:
    for starter in starters.STARTERS:
        names = set(starters.read(starter))
        assert {"recipe.yml", "weights.safetensors", "training.jsonl", "README.md"} <= names
        assert sum(name.startswith("samples/") for name in names) == 2


# A folder with something in it.


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    there = {
        "README.md": b"mine", ".gitignore": b"/site/\n*.tmp\n", "posts/notes.txt": b"n",
        "models/.gitattributes": b"mine", "corpora/a.txt": b"a",
    }  # fmt: skip
    for name, data in there.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    made = create(tmp_path, "en")
    found = files(tmp_path)
    assert {name: found[name] for name in there} == there
    assert made.lines == (
        "kept models/.gitattributes, which was there",
        "kept .gitignore; add to it: /.escriba/ /models/*/checkpoint/",
    )
    assert set(made.written) == set(found) - set(there)
    build(project.load(tmp_path), frozen=True)


def test_posts_that_are_there_need_no_first_one(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "2020-01-01-a.md").write_text("---\n---\nHello.\n")
    create(tmp_path, "en")
    assert [p.name for p in (tmp_path / "posts").iterdir()] == ["2020-01-01-a.md"]
    assert build(project.load(tmp_path), frozen=True).posts == 1


def test_a_model_of_that_name_stays_as_it_is(tmp_path: Path) -> None:
    own = tmp_path / "models" / "shakespeare" / "recipe.yml"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    made = create(tmp_path, "en")
    assert files(own.parent) == {"recipe.yml": b"mine"}
    assert "kept models/shakespeare/, which was there" in made.lines


def test_a_site_is_no_new_one(tmp_path: Path) -> None:
    create(tmp_path / "blog", "en")
    before = files(tmp_path)
    assert refusal(tmp_path / "blog").endswith(
        "escriba.yml: is a site already; `escriba serve` shows it, and `escriba new` adds to it "
        "what --ci or --model name"
    )
    assert files(tmp_path) == before
    made = create(tmp_path / "blog", "en", model="quijote")
    assert {name.split("/")[1] for name in made.written} == {"quijote"}
    assert {name: data for name, data in files(tmp_path).items() if name in before} == before


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    assert refusal(tmp_path / "a") == (
        f"{tmp_path}/a: is not a folder; name one, or one that does not exist"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="links are made as on Unix")
@pytest.mark.parametrize("name", ["models", "posts"])
def test_a_link_leads_nothing_out_of_the_folder(tmp_path: Path, name: str) -> None:
    elsewhere, blog = tmp_path / "elsewhere", tmp_path / "blog"
    elsewhere.mkdir()
    blog.mkdir()
    (blog / name).symlink_to(elsewhere)
    assert "this leads out of " in refusal(blog)
    assert files(elsewhere) == {}
    assert files(blog) == {}


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notes.txt").write_text("n")
    open_path, left = Path.open, iter(range(10**9))

    def refuse(self: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        if mode == "xb" and next(left) == 5:
            raise OSError(28, "No space left on device", str(self))
        return open_path(self, mode, *rest, **more)

    monkeypatch.setattr(Path, "open", refuse)
    assert refusal(tmp_path).endswith("cannot be written: No space left on device")
    assert files(tmp_path) == {"notes.txt": b"n"}


# A Jekyll blog.

CONFIG = """\
title: "Diario: de un físico"
description: >-
  Cosas
  que pasan
author: {name: Ana, email: ana@example.org}
url: https://ana.example.org/
baseurl: /diario/
permalink: /:categories/:year/:title/
lang: es
markdown: kramdown
plugins: [jekyll-feed]
"""


def make_jekyll(root: Path, config: str | None = CONFIG) -> Path:
    (root / "_posts").mkdir(parents=True)
    (root / "_posts" / "2020-02-03-hola.md").write_text(
        "---\ntitle: Hola\ncategories: física\n---\nUno.\n", encoding="utf-8"
    )
    if config is not None:
        (root / "_config.yml").write_text(config, encoding="utf-8")
    return root


def test_a_jekyll_blog_keeps_its_settings(tmp_path: Path) -> None:
    blog = make_jekyll(tmp_path / "blog")
    (blog / "_layouts").mkdir()
    (blog / "_drafts").mkdir()
    before = files(blog)
    made = create(blog, "en")
    assert made.lines == (
        "found a Jekyll blog, 1 post in _posts/",
        "its settings: title, description, author, email, url, baseurl, permalink, lang",
        "_layouts/ is not used: pages have escriba's theme, which templates/ may change",
        "_drafts/ is not read: drafts may be in _posts/_drafts/",
        "for Jekyll, add to 'exclude' of _config.yml: escriba.yml, models, site",
    )
    found = files(blog)
    assert {name: found[name] for name in before} == before
    settings = project.load(blog).settings
    assert (settings.title, settings.description) == ("Diario: de un físico", "Cosas que pasan")
    assert (settings.author, settings.email) == ("Ana", "ana@example.org")
    assert (settings.url, settings.baseurl) == ("https://ana.example.org", "/diario")
    assert (settings.permalink, settings.lang) == ("/:categories/:year/:title/", "es")
    assert settings.posts == Path("_posts")
    assert build(project.load(blog), frozen=True).posts == 1
    assert (blog / "site" / "física" / "2020" / "hola" / "index.html").is_file()
    assert "models/shakespeare/weights.safetensors" in made.written


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (None, {"title": "escriba", "posts": Path("_posts"), "lang": "en"}),
        ("", {"title": "escriba", "permalink": "date"}),
        (
            "name: Mine\nauthor: Ana\nlocale: es_ES\n",
            {"title": "Mine", "author": "Ana", "lang": "es-ES"},
        ),
        ("title: 2020\n", {"title": "2020"}),
        ("baseurl: ''\nurl: ''\n", {"baseurl": "", "url": ""}),
        ("baseurl: blog\n", {"baseurl": "/blog"}),
        ("baseurl: /\n", {"baseurl": ""}),
        ("title:\n  en: a\n", {"title": "escriba"}),
        ("author: [a, b]\nemail: a@b.c\n", {"author": "", "email": "a@b.c"}),
        ("author: {twitter: x}\n", {"author": ""}),
        ("collections_dir: .\n", {"posts": Path("_posts")}),
        (
            "title: '{{ site.x }}: # & \" \\'' \n".replace("\\''", "'''"),
            {"title": "{{ site.x }}: # & \" '"},
        ),
        ("permalink: pretty\n", {"permalink": "pretty"}),
        ("title: 'Ünïcode — ✓'\n", {"title": "Ünïcode — ✓"}),
        ("title: null\nauthor: 5\nemail: true\n", {"title": "escriba", "author": "5", "email": ""}),
        ("title: x\nname: y\n", {"title": "x"}),
        ("baseurl: //blog//\n", {"baseurl": "/blog"}),
        ("url: https://a.org///\n", {"url": "https://a.org"}),
        ("lang: pt_BR\n", {"lang": "pt-BR"}),
        ("collections_dir: ../elsewhere\n", {"posts": Path("_posts")}),
        ("collections_dir: [a]\n", {"posts": Path("_posts")}),
        ("\ufefftitle: with a mark\r\nlang: es\r\n", {"title": "with a mark", "lang": "es"}),
        (
            "title: a\npermalink: /blog/:year-:month/:title.html\n",
            {"permalink": "/blog/:year-:month/:title.html"},
        ),
    ],
)
def test_settings_of_jekyll_as_people_write_them(
    tmp_path: Path, config: str | None, expected: dict[str, Any]
) -> None:
    blog = make_jekyll(tmp_path / "blog", config)
    create(blog, "en", model="none")
    settings = project.load(blog).settings
    assert {key: getattr(settings, key) for key in expected} == expected
    build(project.load(blog), frozen=True)


def test_settings_that_escriba_cannot_have_are_named(tmp_path: Path) -> None:
    blog = make_jekyll(tmp_path / "blog", "permalink: /:yaer/:title/\nbaseurl: /a/../b\ntitle: x\n")
    made = create(blog, "en", model="none")
    told = [line for line in made.lines if "is left out" in line]
    assert [line.split(" is left out: ")[0] for line in told] == [
        "'baseurl' of _config.yml", "'permalink' of _config.yml",
    ]  # fmt: skip
    assert "did you mean 'year'?" in told[1]
    assert project.load(blog).settings.title == "x"


@pytest.mark.parametrize("config", ["a: [", "- a\n", "a: b\na: c\n", "just words"])
def test_a_config_that_cannot_be_read_is_one_error(tmp_path: Path, config: str) -> None:
    blog = make_jekyll(tmp_path / "blog", config)
    before = files(blog)
    assert f"{blog}/_config.yml:" in refusal(blog)
    assert files(blog) == before


def test_a_config_of_another_kind_is_named(tmp_path: Path) -> None:
    (tmp_path / "_config.toml").write_text("title = 'x'\n")
    made = create(tmp_path, "en", model="none")
    assert "_config.toml is not read: say in escriba.yml what it says" in made.lines


def test_a_repository_that_was_just_cloned(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "LICENSE").write_text("mine")
    made = create(tmp_path, "es")
    assert made.lines == ()
    assert page_of(tmp_path).html is not None


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert refusal(tmp_path / "a").endswith("cannot be written: Permission denied")


def test_posts_of_jekyll_may_be_elsewhere(tmp_path: Path) -> None:
    blog = tmp_path / "blog"
    (blog / "content" / "_posts").mkdir(parents=True)
    (blog / "content" / "_posts" / "2020-02-03-a.md").write_text("---\n---\nUno.\n")
    (blog / "_config.yml").write_text("collections_dir: content\n")
    made = create(blog, "es", model="none")
    assert made.lines[0] == "found a Jekyll blog, 1 post in content/_posts/"
    assert build(project.load(blog), frozen=True).posts == 1


@pytest.mark.parametrize("there", ["_config.yml", "_posts"])
def test_a_build_in_a_jekyll_blog_says_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str
) -> None:
    blog = tmp_path / "my blog"
    blog.mkdir()
    (blog / there).mkdir() if there == "_posts" else (blog / there).touch()
    text = (
        f"no escriba.yml in {{}} or above it, and {blog} is a Jekyll blog; "
        "`escriba new {}` makes one of its settings, and changes none of its files"
    )
    (blog / "_posts" / "2020").mkdir(parents=True)
    for folder in (blog, blog / "_posts" / "2020"):
        monkeypatch.chdir(folder)
        with pytest.raises(SourceError) as caught:
            project.find(folder)
        named = "." if folder == blog else f"'{blog}'"
        assert str(caught.value) == text.format(folder, named)
    monkeypatch.chdir(blog)
    create(Path(), "en")
    assert project.find(blog).root == blog


# Workflows.


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        (INDEX, "escriba==0.1.0"),
        (Origin("git", "0.1.0", "https://x.org/e.git", "c0ffee"),
         "'escriba @ git+https://x.org/e.git@c0ffee'"),
        (Origin("wheel", "0.1.0", "https://x.org/escriba-0.1.0-py3-none-any.whl"),
         "'escriba @ https://x.org/escriba-0.1.0-py3-none-any.whl'"),
    ],
)  # fmt: skip
def test_what_anybody_can_fetch_is_named(origin: Origin, command: str) -> None:
    found = find_installation(origin)
    assert found.command == f"python -m pip install --disable-pip-version-check {command}"
    assert found.wheels == {}


def test_a_wheel_of_this_machine_goes_with_the_blog(tmp_path: Path) -> None:
    wheel = tmp_path / "escriba-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    origin = Origin("wheel", "0.1.0", wheel.as_uri())
    made = create(tmp_path / "blog", "en", model="none")
    assert isinstance(made, Made)
    written = workflows.write("github", origin)
    assert written[f"wheels/{wheel.name}"] == b"wheel"
    (steps,) = [
        job["steps"]
        for job in yaml.safe_load(written[".github/workflows/publish.yml"])["jobs"].values()
    ]
    assert f"python -m pip install --disable-pip-version-check wheels/{wheel.name}" in [
        step.get("run") for step in steps
    ]
    with pytest.raises(SourceError, match="is not the file that was installed"):
        workflows.write("github", Origin("wheel", "0.1.0", wheel.as_uri(), sha256="00"))
    wheel.unlink()
    with pytest.raises(SourceError, match="is not there any more; install escriba from"):
        workflows.write("gitlab", origin)


def test_no_password_is_published() -> None:
    url = "https://ana:secret@x.org/e.git"
    with pytest.raises(SourceError) as caught:
        find_installation(Origin("git", "0.1.0", url.replace("x.org", "127.0.0.1:9"), "c0ffee"))
    assert "pip cannot make a wheel of it" in str(caught.value)


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_a_workflow_joins_a_blog_that_is_there(
    tmp_path: Path, forge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflows, "find_origin", lambda: INDEX)
    create(tmp_path / "blog", "en")
    before = files(tmp_path / "blog")
    made = create(tmp_path / "blog", "en", ci=forge)
    assert made.written == (workflows.FILES[forge],)
    found = files(tmp_path / "blog")
    assert {name: found[name] for name in before} == before
    again = create(tmp_path / "blog", "en", ci=forge)
    assert again.written == ()
    assert again.lines[-1] == f"kept {workflows.FILES[forge]}, which was there"
    assert found == files(tmp_path / "blog")


def steps_of(forge: str, text: bytes) -> list[str]:
    """The commands of a workflow, in the order in which the forge runs them."""
    workflow = yaml.safe_load(text)
    if forge == "gitlab":
        return list(workflow["pages"]["script"])
    return [step["run"] for step in workflow["jobs"]["publish"]["steps"] if "run" in step]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout, as pip makes it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    if done.returncode:
        pytest.skip(f"pip cannot make a wheel here: {done.stderr.strip().splitlines()[-1]}")
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment of its own with that wheel in it: the folder of its programs."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    command = [
        str(programs / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        str(wheel),
    ]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    if done.returncode:
        pytest.skip(f"pip reaches no index: {done.stderr.strip().splitlines()[-1]}")
    return programs


def run_in(programs: Path, folder: Path, command: str, **more: str) -> str:
    environment = {
        key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")
    }
    environment |= {
        "PATH": f"{programs}{os.pathsep}{environment['PATH']}",
        "LANGUAGE": "en",
        **more,
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=environment,
        capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="the forges' machines run bash")
@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_a_workflow_publishes_the_blog(fresh: Path, tmp_path: Path, forge: Any) -> None:
    """Its steps, read out of it, on a copy of the blog as it would be cloned."""
    run_in(fresh, tmp_path, f"escriba new my-blog --ci {forge} --lang es")
    blog = tmp_path / "my-blog"
    path = workflows.FILES[forge]
    steps = steps_of(forge, (blog / path).read_bytes())
    assert len(steps) == 3
    assert steps[0].startswith("python -m pip install ")
    address = "https://ana.example.org/my-blog/"
    for step in steps:
        step = step.replace("${{ steps.pages.outputs.base_url }}", address)
        assert "${{" not in step
        run_in(fresh, blog, step, CI_PAGES_URL=address)
    output = blog / ("public" if forge == "gitlab" else "_published")
    assert 'href="/my-blog/' in (output / "404.html").read_text(encoding="utf-8")
    assert "https://ana.example.org/my-blog/" in (output / "sitemap.xml").read_text("utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="bash runs the commands")
def test_three_commands_and_no_torch(fresh: Path, tmp_path: Path) -> None:
    run_in(fresh, tmp_path, "escriba new my-blog")
    blog = tmp_path / "my-blog"
    assert "1 post" in run_in(fresh, blog, "escriba build --frozen")
    run_in(fresh, blog, "escriba check")
    (blog / "models" / "own").mkdir()
    (blog / "models" / "own" / "recipe.yml").write_text(
        "corpus: {sources: [{file: own.txt}]}\nnetwork: {hidden: 16, layers: 1}\n"
        "training: {steps: 30}\n"
    )
    (blog / "own.txt").write_text("uno dos tres cuatro cinco\n" * 200)
    run_in(fresh, blog, "escriba train own -q")
    run_in(fresh, blog, "escriba evaluate own")
    assert "uno" in run_in(fresh, blog, "escriba sample own -p uno -n 20")
    done = run_in(fresh, blog, "python -c 'import torch' || echo missing")
    assert "missing" in done


def test_the_licence_is_in_the_wheel(wheel: Path) -> None:
    from zipfile import ZipFile  # of this test and the one below

    with ZipFile(wheel) as archive:
        names = archive.namelist()
        (licence,) = [name for name in names if name.endswith("licenses/LICENSE")]
        assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()
        (metadata,) = [name for name in names if name.endswith("METADATA")]
        assert "License-Expression: MIT" in archive.read(metadata).decode()


def test_every_file_beside_the_code_is_in_the_wheel(wheel: Path) -> None:
    from zipfile import ZipFile  # of this test and the one above

    with ZipFile(wheel) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    for root, name in (
        (ROOT / "plugin" / "escriba", "escriba"),
        (ROOT / "templates", "escriba/templates"),
    ):
        for path in root.rglob("*"):
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                assert inside[f"{name}/{path.relative_to(root).as_posix()}"] == path.read_bytes()


# The address of a site.


@pytest.mark.parametrize(
    ("address", "url", "baseurl"),
    [
        ("https://a.org", "https://a.org", ""),
        ("https://a.org/", "https://a.org", ""),
        ("http://a.org:8080/b/c/", "http://a.org:8080", "/b/c"),
    ],
)
def test_a_site_can_be_built_for_another_address(
    tmp_path: Path, address: str, url: str, baseurl: str
) -> None:
    (tmp_path / "escriba.yml").write_text("url: https://x.org\nbaseurl: /old\n")
    settings = project.publish_at(project.load(tmp_path), address).settings
    assert (settings.url, settings.baseurl) == (url, baseurl)


@pytest.mark.parametrize(
    "address", ["", "a.org", "ftp://a.org", "https://", "https://a.org/b?c", "https://a.org/../b",
                "https://a.org//b", "https://a b/", "x" * 5000],
)  # fmt: skip
def test_an_address_that_is_none(tmp_path: Path, address: str) -> None:
    (tmp_path / "escriba.yml").write_text("")
    with pytest.raises(EscribaError) as caught:
        project.publish_at(project.load(tmp_path), address)
    assert len(str(caught.value)) < 300


def test_the_words_of_a_new_site_are_in_both_languages() -> None:
    words = [scaffold.read_strings(lang) for lang in ("en", "es")]
    assert set(words[0]) == set(words[1])
    assert {starter.name for starter in starters.STARTERS} < set(words[0])
    for kind in ("first", "bare"):
        texts = [
            (scaffold.FOLDER / f"{kind}.{lang}.md").read_text("utf-8") for lang in ("en", "es")
        ]
        one, other = (sorted(re.findall(r"%\w+%|^```.*$", text, re.M)) for text in texts)
        assert one == other
