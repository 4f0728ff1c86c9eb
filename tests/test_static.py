"""Files outside of posts: what is published, and what never is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from escriba.ground.project import Project, load
from escriba.site.build import build
from support.blogs import complaints, make_blog, run, tree

POST = "posts/2020-01-01-a.md"
OURS = (
    "404.html",
    "archive/",
    "assets/favicon.37",
    "assets/style.",
    "index.html",
    ".escriba/",
    "2020/",
)


def published(site: Project, **options: object) -> list[str]:
    """The files of a built site that no theme and no post made."""
    build(site, **options)  # type: ignore[arg-type]
    return [name for name in tree(site.output) if not name.startswith(OURS)]


def test_what_every_blog_calls_so_is_published(tmp_path: Path) -> None:
    names = ["assets/a.png", "assets/css/x/main.css", "images/b.jpg", "img/c.svg", "files/d.pdf",
             "favicon.ico", "robots.txt", "CNAME", "css/e.css", "js/f.js"]  # fmt: skip
    others = ["README.md", "notes.txt", "Gemfile", "src/x.png", "assets/.DS_Store", "assets/_x.scss",
              "assets/x.png~", "img/node_modules/x/y.js", "_data/x.yml", "_site/index.html"]  # fmt: skip
    text = "![x](/assets/a.png)"
    site = make_blog(tmp_path, {POST: text, **dict.fromkeys([*names, *others], b"x")})
    assert published(site) == sorted(names)
    assert build(site).written == 0


def test_what_a_post_links_to_is_published(tmp_path: Path) -> None:
    text = (
        "[a](/papers/a.pdf) [b](../talks/b.pdf) <img src='/x/c%20d.png'> <img srcset='/x/e.png 2x'>\n"
        "<p style='background: url(/x/f.png)'>g</p> [h](/data/h.csv?raw#1) {% include i.html %}\n"
        "[LICENSE](/LICENSE)"
    )
    names = ["LICENSE", "data/h.csv", "papers/a.pdf", "talks/b.pdf", "x/c d.png", "x/e.png", "x/f.png",
             "x/i.mp4"]  # fmt: skip
    include = "<video src='/x/i.mp4'></video>"
    files = {POST: text, "_includes/i.html": include, "x/not.png": b"x"}
    site = make_blog(tmp_path, {**files, **dict.fromkeys(names, b"x")})
    assert published(site) == names
    page = (site.output / "2020/01/01/a.html").read_text()
    assert 'href="../../../talks/b.pdf"' in page
    assert 'src="../../../x/c%20d.png"' in page
    assert 'href="../../../data/h.csv?raw#1"' in page


def test_what_static_names_is_published(tmp_path: Path) -> None:
    settings = "static: [extra, notes.txt, '*.pdf', 'docs/**/*.png', .well-known, models/m/w.bin]\n"
    names = [".well-known/security.txt", "a.pdf", "docs/a.png", "docs/b/c/d.png", "extra/x/y.txt",
             "extra/z.html", "models/m/w.bin", "notes.txt"]  # fmt: skip
    others = ["b.txt", "docs/a.txt", "extra/.hidden", "extra/.git/config", "models/m/x.bin", "venv/a.pdf",
              "venv/pyvenv.cfg", "sub/a.pdf", ".well-known/.x"]  # fmt: skip
    files = dict.fromkeys([*names, *others], b"x")
    site = make_blog(tmp_path, {"escriba.yml": settings, **files})
    assert published(site) == names


def test_a_pattern_for_everything_has_nothing_private(tmp_path: Path) -> None:
    private = ["escriba.yml", "_config.yml", ".env", ".git/config", "node_modules/a.js", "env/x/a.js",
               "env/pyvenv.cfg", "models/m/recipe.yml", "templates/assets/a.js", "posts/a.txt",
               "pages/b.txt", "corpora/c.txt", "old/.escriba/manifest", "old/a.html",
               "x/__pycache__/a.pyc", "_includes/a.html", "#x#", "x~"]  # fmt: skip
    settings = "static: ['**']\ncorpora: [corpora]\n"
    site = make_blog(
        tmp_path, {**dict.fromkeys(private, b"x"), "y/a.js": b"", "escriba.yml": settings}
    )
    expected = ["a.txt", "b.txt", "y/a.js"]  # the first two as files among posts and pages
    found = [name for name in published(site) if not name.startswith("assets/")]
    assert found == expected
    assert [name for name in published(site) if not name.startswith("assets/")] == expected, "again"


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ("gone", "'static' names 'gone', which is not there (allowed: escriba.yml, fonts, notes.txt, posts, x)"),
        ("note.txt", "'static' names 'note.txt', which is not there (did you mean 'notes.txt'?)"),
        ("'*.zip'", "nothing fits '*.zip' in 'static'"),
        ("'gone/*.zip'", "'static' names 'gone/*.zip', which is not there (allowed: escriba.yml, fonts, "
                         "notes.txt, posts, x)"),
        (".", "'static' names '.'; it must be a file or a folder in the project"),
        ("..", "'static' names '..'; it must be a file or a folder in the project"),
        ("../other", "'static' names '../other'; it must be a file or a folder in the project"),
        ("/etc/passwd", "'static' names '/etc/passwd'; it must be a file or a folder in the project"),
        (".git", "'static' names '.git', which cannot be published: '.git' is a folder of Git's own"),
        (".escriba/x", "'static' names '.escriba/x', which cannot be published: '.escriba' is a folder of "
                       "escriba's own"),
    ],
)  # fmt: skip
def test_items_that_are_of_no_use(tmp_path: Path, item: str, problem: str) -> None:
    files = {
        "escriba.yml": f"static:\n  - fonts\n  - {item}\n",
        "notes.txt": "x",
        "fonts/a": b"",
        "x/y": b"",
    }
    site = make_blog(tmp_path, {**files, ".git/config": b"", ".escriba/x": b"", POST: "x"})
    assert complaints(site) == [f"escriba.yml:3:5: {problem}"]


def test_clashes_name_both(tmp_path: Path) -> None:
    files = {
        POST: "---\npermalink: /img/x.html\n---\n[a](/archive/index.html) [b](/papers/c.html)\n",
        "posts/img/a.png": b"1",
        "img/a.png": b"2",
        "img/x.html": b"",
        "pages/papers/c.html": b"",
        "papers/c.html": b"",
        "robots.txt": b"mine",
        "escriba.yml": "url: https://example.org\n",
    }
    assert complaints(make_blog(tmp_path, files)) == [
        "img/a.png: its address is already that of posts/img/a.png; rename it",
        f"{POST}:2:12: the address /img/x.html is already that of img/x.html; choose another",
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs and links")
def test_links_and_special_files_are_named(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "secret.txt").write_text("secret")
    site = make_blog(
        tmp_path / "blog", {POST: "[x](/x/secret.txt) [y](/y.txt)", "x/a": b"", ".env": b"secret"}
    )
    (site.root / "assets").mkdir()
    os.mkfifo(site.root / "assets" / "fifo")
    (site.root / "assets" / "gone.png").symlink_to("nowhere.png")
    (site.root / "assets" / "out.txt").symlink_to(other / "secret.txt")
    (site.root / "assets" / "env.txt").symlink_to("../.env")
    (site.root / "assets" / "round").symlink_to(".")
    (site.root / "img").symlink_to(other)
    (site.root / "x" / "secret.txt").symlink_to(other / "secret.txt")
    (site.root / "y.txt").symlink_to(".env")
    remedy = "if that is meant, name its folder in 'outside' of escriba.yml"
    secret = (other / "secret.txt").as_posix()
    assert complaints(site) == [
        "assets/env.txt: is a link to what is not published: '.env' is hidden or private",
        "assets/fifo: is a FIFO, not a file",
        "assets/gone.png: cannot be read: a link to nowhere.png, which is not there",
        f"assets/out.txt: this leads to {secret}, outside the project; {remedy}",
        "assets/round: this link leads back to a folder that it is in",
        f"img: this leads to {other.as_posix()}, outside the project; {remedy}",
        f"{POST}:4:5: no file '/x/secret.txt': 'x/secret.txt' is there, and not published: it is a link that "
        "leads out of the project",
        f"{POST}:4:24: no file '/y.txt': 'y.txt' is there, and not published: '.env' is hidden or private",
    ]


def test_names_that_no_site_can_have(tmp_path: Path) -> None:
    site = make_blog(
        tmp_path, {POST: "[x](/x/what%3F.txt)", "assets/con.png": b"", "x/what?.txt": b""}
    )
    assert complaints(site) == [
        "assets/con.png: cannot be a file of the site: no file on Windows can be named 'con.png'; rename it",
        f"{POST}:4:5: no file '/x/what%3F.txt': 'x/what?.txt' is there, and not published: no file on Windows "
        "can have a '?' in its name",
    ]


def test_front_matter_that_nobody_reads_is_told(tmp_path: Path) -> None:
    site = make_blog(
        tmp_path, {"assets/main.scss": "---\n---\n@import 'x';\n", "assets/b.css": "p {}"}
    )
    assert [str(warning) for warning in build(site).warnings] == [
        "assets/main.scss:1: warning: is published as it is, with its front matter: only posts and pages "
        "are read"
    ]


def test_a_large_file_is_never_in_memory(tmp_path: Path) -> None:
    site = make_blog(tmp_path, {POST: "[film](/films/a.mp4)", "films/x": b""})
    with (site.root / "films" / "a.mp4").open("wb") as file:
        file.truncate(3 << 30)  # a hole: it takes no room, and 3 GB in memory would
    from escriba.article.context import open_context
    from escriba.site.build import render

    context = open_context(site, frozen=True)
    made = render(site, context, drafts=False, unpublished=False)
    assert made.files["films/a.mp4"] == site.root / "films" / "a.mp4"


def test_the_output_is_no_source(tmp_path: Path) -> None:
    files = {"escriba.yml": "static: [extra]\n", "extra/a.txt": b"", "assets/a.txt": b"", POST: "x"}
    site = make_blog(tmp_path, files)
    for folder, shown in (("extra/out", "extra"), ("assets", "assets"), ("assets/www", "assets")):
        (line,) = complaints(site, output=site.root / folder)
        verb = "it is" if folder == shown else "it lies in"
        assert line.endswith(f"{verb} '{shown}', a source of the site; choose another folder")
    (tmp_path / "escriba.yml").write_text("output: img\n")
    site = load(tmp_path)
    build(site)
    assert build(site).written == 0, "what was written there is not published again"


def test_liquid_links_to_static_files_and_pages(tmp_path: Path) -> None:
    text = "[a]({% link assets/a.pdf %}) [b]({% link pages/about.md %}) [c]({% link posts/img/c.png %})"
    files = {POST: text, "assets/a.pdf": b"", "pages/about.md": "x", "posts/img/c.png": b""}
    site = make_blog(tmp_path, files)
    build(site)
    page = (site.output / "2020/01/01/a.html").read_text()
    assert all(
        f'href="../../../{name}"' in page for name in ("assets/a.pdf", "about/", "img/c.png")
    )


def test_assets_of_a_theme_may_lie_in_folders(tmp_path: Path) -> None:
    layout = '{% extends "post.html" %}{% block head %}{{ super() }}<link href="{{ asset("fonts/a.woff2") }}">{% endblock %}'
    css = (
        '@font-face { src: url("../fonts/a.woff2?#iefix"), url(data:x) }\n'
        "p { background: url(/img/b.png) } q { background: url(../../img/b.png), url(#c) }\n"
        "/* url(no.png) */ r { background: url(../fonts/b.woff2) }\n"
    )
    files = {
        "templates/post2.html": layout,
        "templates/assets/css/x/a.css": css.replace("../", "../../"),
        "templates/assets/fonts/a.woff2": b"font",
        "templates/assets/fonts/OFL": b"licence",
        "img/b.png": b"",
        POST: "---\nlayout: post2\n---\nx\n",
    }
    site = make_blog(tmp_path, files)
    assert complaints(site) == [
        "templates/assets/css/x/a.css:3:39: no file '../../fonts/b.woff2' (did you mean "
        "'../../fonts/a.woff2'?)"
    ]
    path = site.templates / "assets/css/x/a.css"
    path.write_text(path.read_text().replace("b.woff2", "a.woff2"))
    build(site)
    names = [name for name in tree(site.output) if name.startswith("assets/")]
    font, licence = (
        next(n for n in names if n.startswith(f"assets/fonts/{s}.")) for s in ("a", "OFL")
    )
    assert font.endswith(".woff2") and len(licence) == len("assets/fonts/OFL.0123456789")
    style = (site.output / next(n for n in names if n.endswith(".css"))).read_text()
    inside = font.removeprefix("assets/")
    assert f'@font-face {{ src: url("{inside}?#iefix"), url(data:x) }}' in style
    assert (
        'p { background: url("../img/b.png") } q { background: url("../img/b.png"), url(#c) }'
        in style
    )
    assert f'href="../../../{font}"' in (site.output / "2020/01/01/a.html").read_text()


def test_the_posts_of_a_jekyll_blog(tmp_path: Path) -> None:
    files = {"_config.yml": "title: x\n", "_posts/2020-01-01-a.md": "x"}
    site = make_blog(tmp_path, files)
    result = run(site.root, "build")
    assert (result.returncode, result.stderr) == (
        3,
        "escriba.yml:1: there is no post in posts/, and there is a folder _posts/, as _config.yml beside it "
        "has it; say 'posts: _posts' in escriba.yml\n",
    )
    (site.root / "escriba.yml").write_text("posts: _posts\n")
    assert build(load(site.root)).posts == 1
    (site.root / "_config.yml").unlink()
    (site.root / "escriba.yml").write_text("")
    assert complaints(load(site.root)) == [
        "escriba.yml:1: there is no post in posts/, and there is a folder _posts/; say 'posts: _posts' in "
        "escriba.yml"
    ]
