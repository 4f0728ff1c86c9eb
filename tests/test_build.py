"""A folder of posts becomes a site: what is in it, and what becomes of mistakes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from escriba.ground import project
from escriba.ground.errors import EscribaError, FrozenError, SourceError
from escriba.ground.project import Project
from escriba.markup import markdown
from escriba.markup.markdown import Text
from escriba.records.model import FILE, read_model
from escriba.sampling.engine import Engine
from escriba.sampling.request import Options
from escriba.site.build import Result, build
from support.blogs import SITES, make_site, run, tree

PAGES = {
    "2020/networks/index.html",
    "2020/redes/index.html",
    "404.html",
    "archive/index.html",
    "categories/aprendizaje/index.html",
    "categories/profundo/index.html",
    "feed.xml",
    "img/curva.svg",
    "index.html",
    "robots.txt",
    "sitemap.xml",
    "tags/index.html",
    "tags/lstm/index.html",
    "tags/redes-recurrentes/index.html",
}


def site_files(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {name: file for name, file in tree(folder).items() if not name.startswith(".escriba/")}


def read(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text("utf-8"), "html.parser")


def test_a_site_is_built_and_a_second_build_writes_nothing(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    first = build(site)
    assert {path.parent.as_posix() for path in first.frozen} == {"models/mini/samples"}
    assert replace(first, frozen=()) == Result(posts=2, written=16, unchanged=0, removed=0)
    before = site_files(site.output)
    assert {name for name in before if not name.startswith("assets/")} == PAGES
    assert build(site, frozen=True) == Result(posts=2, written=0, unchanged=16, removed=0)
    assert site_files(site.output) == before


def test_a_change_touches_only_what_it_changes(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    build(site)
    before = site_files(site.output)
    post = site.posts / "2020-11-02-networks.md"
    post.write_text(post.read_text() + "\nOne more sentence.\n")
    assert build(site) == Result(posts=2, written=2, unchanged=14, removed=0)
    after = site_files(site.output)
    assert {name for name in before if before[name] != after[name]} == {
        "2020/networks/index.html",
        "feed.xml",
    }
    post.unlink()
    settings = site.root / "escriba.yml"
    settings.write_text(settings.read_text() + "links: warn\n")  # of the post that linked to it
    result = build(project.load(site.root))
    assert result.removed == 1
    assert "2020/networks/index.html" not in site_files(site.output)


def test_drafts_and_unpublished_posts_are_shown_on_demand(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    result = build(site, drafts=True, unpublished=True, output=tmp_path / "preview")
    assert result.posts == 4
    assert not site.output.exists()
    page = read(tmp_path / "preview" / "drafts" / "idea" / "index.html")
    assert page.select_one("meta[name=robots]")["content"] == "noindex"  # type: ignore[index]
    assert page.select_one(".draft").text == "borrador"  # type: ignore[union-attr]
    sitemap = (tmp_path / "preview" / "sitemap.xml").read_text()
    assert "/cuaderno/2020/redes/" in sitemap
    assert "idea" not in sitemap
    assert "oculto" not in sitemap
    assert build(site).posts == 2


def test_the_same_input_gives_the_same_bytes_anywhere(tmp_path: Path) -> None:
    first = make_site(tmp_path / "one")
    build(first)
    other = tmp_path / "a folder" / "señal"
    other.parent.mkdir()
    shutil.copytree(first.root, other, ignore=shutil.ignore_patterns("site", ".escriba"))
    result = run(
        other, "build", "--frozen",
        TZ="Asia/Tokyo", LC_ALL="C", LANG="tr_TR", PYTHONHASHSEED="7", SOURCE_DATE_EPOCH="0",
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")
    one = {name: data for name, (data, _) in tree(first.output).items()}
    two = {name: data for name, (data, _) in tree(other / "site").items()}
    assert one == two


@pytest.mark.parametrize(
    ("change", "without"),
    [
        ("\nMore.\n", "torch numpy wasmtime watchfiles rich"),
        ("", "torch jinja2 markdown pygments babel"),
    ],
    ids=["something changed", "nothing changed"],
)
def test_a_frozen_build_imports_what_it_needs(tmp_path: Path, change: str, without: str) -> None:
    site = make_site(tmp_path / "site")
    build(site)
    with (site.posts / "2020-11-02-networks.md").open("a") as post:
        post.write(change)
    code = (
        "import sys; from pathlib import Path; from escriba.ground import project\n"
        "from escriba.site.build import build\n"
        "build(project.load(Path.cwd()), frozen=True, output=Path('other'))\n"
        f"print(sorted({set(without.split())!r} & set(sys.modules)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=site.root, capture_output=True, text=True, check=False
    )
    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_a_post_in_its_page(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    build(site)
    page = read(site.output / "2020" / "redes" / "index.html")
    assert page.html["lang"] == "es"  # type: ignore[index]
    assert [h.text for h in page.select("h1")] == ["Redes & <caracteres>"]
    assert page.select_one("article time")["datetime"] == "2020-10-01T23:30:34-06:00"  # type: ignore[index]
    assert page.select_one("article time").text == "1 de octubre de 2020"  # type: ignore[union-attr]
    assert [a.text for a in page.select(".contents a")] == [
        "La fórmula", "El código", "La tabla", "La muestra",
    ]  # fmt: skip
    assert len(page.select("math")) == 2
    assert len(page.select(".escriba-sample")) == 2
    links = {a.text: a["href"] for a in page.select("a")}
    assert links["la traducción"] == "../networks/#code"
    assert links["English"] == "../networks/"
    assert page.select_one(".prose img")["src"] == "../../img/curva.svg"  # type: ignore[index]
    assert {m["hreflang"]: m["href"] for m in page.select("link[hreflang]")} == {
        "es": "https://example.org/cuaderno/2020/redes/",
        "en": "https://example.org/cuaderno/2020/networks/",
    }
    other = read(site.output / "2020" / "networks" / "index.html")
    assert other.html["lang"] == "en"  # type: ignore[index]
    assert other.select_one("article time").text == "November 2, 2020"  # type: ignore[union-attr]
    assert other.select_one("meta[name=description]")["content"] == "The same, in English."  # type: ignore[index]
    assert not other.select(".contents"), "one heading needs no table of contents"


def test_every_link_within_the_site_leads_somewhere(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    build(site, drafts=True, unpublished=True)
    links = 0
    for path in sorted(site.output.rglob("*.html")):
        page = read(path)
        ids = [element["id"] for element in page.select("[id]")]
        assert len(ids) == len(set(ids)), path
        for element in page.select("[href], [src]"):
            link = str(element.get("href") or element.get("src"))
            file, _, fragment = link.partition("#")
            if "://" in link or not (file or fragment):
                continue
            if file.startswith("/"):
                assert path.name == "404.html", link
                goal = site.output / file.removeprefix("/cuaderno/")
            else:
                goal = path.parent / file if file else path
            goal = goal / "index.html" if goal.is_dir() else goal
            assert goal.is_file(), f"{path}: {link}"
            if fragment:
                assert read(goal).find(id=fragment), f"{path}: {link}"
            links += 1
    assert links > 100


INVALID = sorted(path.name for path in (SITES / "invalid").iterdir())


@pytest.mark.parametrize("name", INVALID)
def test_bad_input_is_told_and_the_old_site_stays(tmp_path: Path, name: str) -> None:
    site = make_site(tmp_path / "site")
    build(site)
    before = tree(site.output)
    case = SITES / "invalid" / name
    shutil.copytree(case, site.root, dirs_exist_ok=True)
    if name == "truncated-weights":
        weights = site.models / "mini" / FILE
        weights.write_bytes(weights.read_bytes()[:-100])
    code, messages = (case / "expected.txt").read_text("utf-8").split("\n", 1)
    result = run(site.root, "build")
    assert (result.returncode, result.stdout, result.stderr) == (int(code), "", messages)
    assert tree(site.output) == before
    with pytest.raises(EscribaError) as caught:
        build(project.load(site.root), output=site.root / "elsewhere")
    assert f"{caught.value}\n" == messages
    assert not (site.root / "elsewhere").exists(), "a failed build made its folder"


def test_a_frozen_build_refuses_a_sample_that_is_not_frozen(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    build(site)
    before = tree(site.output)
    post = site.posts / "2020-10-01-redes.md"
    post.write_text(post.read_text().replace("seed: 7", "seed: 8"))
    models = tree(site.models)
    with pytest.raises(FrozenError) as caught:
        build(site, frozen=True)
    (problem,) = caught.value.problems
    assert str(problem.place) == "posts/2020-10-01-redes.md:31:1"
    assert problem.message.endswith("a build that is not frozen makes it")
    assert (tree(site.output), tree(site.models)) == (before, models)
    assert build(site).written == 2, "the page and the feed"
    assert build(site, frozen=True).written == 0


def test_a_post_cannot_take_the_address_of_a_page(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    for name, link in (("a", "/archive/"), ("c", "/404")):
        (site.posts / f"2020-01-01-{name}.md").write_text(f"---\npermalink: {link}\n---\n")
    with pytest.raises(SourceError) as caught:
        build(site)
    assert str(caught.value) == (
        "posts/2020-01-01-a.md:2:12: the address /archive/ is already that of a page that every "
        "site has; choose another\n"
        "posts/2020-01-01-c.md:2:12: the address /404 is already that of a page that every site "
        "has; choose another"
    )


def test_a_file_cannot_either(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    (site.posts / "Feed.xml").write_text("<feed/>")
    (site.posts / "archive").mkdir()
    (site.posts / "archive" / "index.html").write_text("mine")
    (site.posts / "robots.txt").write_text("User-agent: *\nDisallow: /\n")
    with pytest.raises(SourceError) as caught:
        build(site)
    problem = "its address is already that of a page that every site has; rename it"
    assert str(caught.value) == f"posts/Feed.xml: {problem}\nposts/archive/index.html: {problem}"
    (site.posts / "Feed.xml").unlink()
    (site.posts / "archive" / "index.html").unlink()
    build(site)
    assert (site.output / "robots.txt").read_text() == "User-agent: *\nDisallow: /\n"


def clashes(site: Project, **posts: str) -> list[str]:
    """What is told of a site with some posts more, given by their front matter."""
    for name, front in posts.items():
        (site.posts / f"2020-01-01-{name}.md").write_text(f"---\n{front}\n---\nx\n")
    with pytest.raises(SourceError) as caught:
        build(site)
    return [str(problem) for problem in caught.value.problems]


def test_every_file_of_a_site_has_one_owner(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    build(site)
    style = next(site.output.glob("assets/style.*.css")).relative_to(site.output).as_posix()
    (site.posts / "img" / "x.html").write_text("")
    (site.posts / "img" / "CURVA.svg").write_text("")
    (site.posts / "Sitemap.xml").mkdir()
    (site.posts / "Sitemap.xml" / "a.png").write_text("")
    (site.posts / "categories").write_text("")
    every = "a page that every site has"
    assert clashes(
        site,
        a="permalink: /tags/lstm/",
        b="tags: ['...']",
        c=f"permalink: /{style}/",
        d="permalink: /img/x",
        e="permalink: /img/curva.svg/x/",
        f="permalink: /feed.xml/",
        g="permalink: /robots.txt/x",
        h="permalink: /Tags",
    ) == [
        "posts/2020-01-01-a.md:2:12: the address /tags/lstm/ is already that of the page of 'lstm';"
        " choose another",
        f"posts/2020-01-01-b.md:2:7: the address /tags/ is already that of {every}; choose another "
        "name",
        f"posts/2020-01-01-c.md:2:12: the address /{style}/ needs a folder where that of {every}, "
        f"/{style}, is a file; choose another",
        "posts/2020-01-01-d.md:2:12: the address /img/x is already that of posts/img/x.html; choose "
        "another",
        "posts/2020-01-01-e.md:2:12: the address /img/curva.svg/x/ needs a folder where that of "
        "posts/img/CURVA.svg, /img/CURVA.svg, is a file; choose another",
        f"posts/2020-01-01-f.md:2:12: the address /feed.xml/ needs a folder where that of {every}, "
        "/feed.xml, is a file; choose another",
        f"posts/2020-01-01-g.md:2:12: the address /robots.txt/x needs a folder where that of {every}, "
        "/robots.txt, is a file; choose another",
        f"posts/Sitemap.xml/a.png: the address /Sitemap.xml/a.png needs a folder where that of {every}, "
        "/sitemap.xml, is a file; rename it",
        "posts/categories: the address /categories is a file where that of the page of "
        "'aprendizaje', /categories/aprendizaje/, needs a folder; rename it",
        "posts/img/curva.svg: its address is already that of posts/img/CURVA.svg; rename it",
    ]


def test_a_permalink_into_our_own_folder_changes_nothing(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    build(site)
    before = tree(site.output)
    (line,) = clashes(site, a="permalink: /.escriba/plan/")
    assert line == (
        "posts/2020-01-01-a.md:2:12: a page cannot have the address /.escriba/plan/: '.escriba' is a "
        "folder of escriba's own; choose another"
    )
    assert tree(site.output) == before
    (site.posts / "2020-01-01-a.md").unlink()
    assert build(site).written == 0


def test_the_files_of_a_playground_have_one_owner_too(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    post = site.posts / "2020-11-02-networks.md"
    post.write_text(post.read_text() + "\n```escriba playground\nmodel: mini\nlength: 20\n```\n")
    build(site)
    kernel = next(site.output.glob("assets/kernel.*.wasm")).relative_to(site.output).as_posix()
    (site.posts / "assets").mkdir()
    (site.posts / kernel).write_text("mine")
    (line,) = clashes(site)
    assert line == (
        f"posts/{kernel}: its address is already that of a page that every site has; rename it"
    )


def test_a_post_is_converted_once_and_only_if_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(tmp_path / "site")
    build(site)
    rendered: list[str] = []
    original = markdown.convert

    def convert(text: Text, **options: Any) -> Any:
        rendered.append(text.start.path.name)
        return original(text, **options)

    monkeypatch.setattr(markdown, "convert", convert)
    post = site.posts / "2020-10-01-redes.md"
    post.write_text(post.read_text().replace("seed: 7", "seed: 8"))
    assert build(site).written == 2
    assert rendered == ["2020-10-01-redes.md"]


def test_a_site_without_an_address_has_no_feed(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    settings = site.root / "escriba.yml"
    settings.write_text(
        settings.read_text().replace("url: https://example.org\nbaseurl", "baseurl")
    )
    build(project.load(site.root))
    assert {"feed.xml", "sitemap.xml", "robots.txt"}.isdisjoint(site_files(site.output))
    assert not read(site.output / "index.html").select("[rel=canonical], [rel=alternate]")


def test_an_empty_project_is_a_site(tmp_path: Path) -> None:
    (tmp_path / "escriba.yml").write_text("")
    assert build(project.load(tmp_path)).posts == 0
    page = read(tmp_path / "site" / "index.html")
    assert page.main.p.text == "There are no articles yet."  # type: ignore[union-attr]


def test_a_project_overrides_a_template_a_string_and_a_style(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    site.templates.mkdir()
    (site.templates / "404.html").write_text(
        '{% extends "base.html" %}{% block main %}<h1>{{ t.not_found }}</h1>{% endblock %}'
    )
    (site.templates / "strings.yml").write_text("es: {not_found: Nada por aquí}\n")
    (site.templates / "assets").mkdir()
    (site.templates / "assets" / "zz.css").write_text("h1 { color: green }\n")
    build(site)
    page = read(site.output / "404.html")
    assert page.main.text.strip() == "Nada por aquí"  # type: ignore[union-attr]
    assert page.select_one("nav a").text == "Archivo"  # type: ignore[union-attr]
    sheet = page.select_one("link[rel=stylesheet]")["href"].removeprefix("/cuaderno/")  # type: ignore[index,union-attr]
    style = (site.output / sheet).read_text()
    assert style.endswith("h1 { color: green }\n")
    assert "--rubric" in style


def test_a_mistake_in_any_post_is_found_before_anything_is_sampled(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    post = site.posts / "2020-11-02-networks.md"
    post.write_text(post.read_text() + "\n```escriba sample\nmodel: mini\nlenght: 5\n```\n")
    with pytest.raises(SourceError):
        build(site)
    assert not (site.models / "mini" / "samples").exists()


def test_an_end_that_the_model_cannot_write_has_its_place(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    post = site.posts / "2020-11-02-networks.md"
    lines = post.read_text().count("\n")
    post.write_text(
        post.read_text() + "\n```escriba sample\nmodel: mini\nprompt: the\nuntil: 日\n```\n"
    )
    with pytest.raises(SourceError) as caught:
        build(site)
    assert str(caught.value).startswith(
        f"posts/2020-11-02-networks.md:{lines + 5}:8: 'until' has the character '日' (U+65E5, "
    )


def test_many_samples_are_written_together_and_each_in_its_place(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    post = site.posts / "2020-11-02-networks.md"
    block = "\n```escriba sample\nmodel: mini\nlength: 80\nseed: {}\nshow: verbatim\n```\n"
    post.write_text(post.read_text() + "".join(block.format(seed) for seed in range(70)))
    build(site)
    frozen_files = list((site.models / "mini" / "samples").iterdir())
    assert len(frozen_files) == 2 + 70
    first = tree(site.output)
    assert build(site, frozen=True).written == 0
    assert tree(site.output) == first
    page = BeautifulSoup((site.output / "2020/networks/index.html").read_bytes(), "html.parser")
    texts = [element.get_text() for element in page.find_all("pre")]
    texts = [text for text in texts if not text.startswith("escriba sample")]
    engine = Engine(read_model(site.models / "mini"))
    expected = [engine.sample(Options(length=80, seed=seed)) for seed in range(70)]
    assert [t.strip("\n") for t in texts[-70:]] == [e.strip("\n") for e in expected]
