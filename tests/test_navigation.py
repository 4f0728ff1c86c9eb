"""Pages beside the posts, and the navigation that leads to them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from escriba.ground.project import Project, load
from escriba.site.build import build
from escriba.upkeep.check import check, collect, prune, refresh
from support.blogs import complaints, make_blog, make_site, run, tree

POST = "posts/2020-01-01-a.md"


def page(site: Project, name: str = "index.html") -> BeautifulSoup:
    return BeautifulSoup((site.output / name).read_text("utf-8"), "html.parser")


def menu(site: Project, name: str = "index.html") -> list[tuple[str, str]]:
    return [(a.text, str(a["href"])) for a in page(site, name).select("header nav a")]


def test_a_page_has_an_address_and_no_date(tmp_path: Path) -> None:
    files = {
        "escriba.yml": "url: https://example.org\ntitle: Site\n",
        "pages/about.md": "# Us\n\n$$x^2$$ and {{ page.title }} at {{ site.title }}: `{{ page.url }}` {{ page.url }}",
        "pages/docs/index.md": "---\n---\n[x](x.md) [up](../about.md)\n",
        "pages/docs/x.md": "![c](c.png) [post](/2020/01/01/a.html)",
        "pages/docs/c.png": b"png",
        "pages/own.md": "---\ntitle: Own\npermalink: /me.html\ndescription: Mine\n---\nx\n",
        "pages/100% mine?.md": "x",
        POST: "---\ntitle: Post\ntags: [t]\n---\n[about](../pages/about.md)\n",
    }
    del files["pages/100% mine?.md"]
    files["pages/100% mine.md"] = "x"
    site = make_blog(tmp_path, files)
    assert build(site).posts == 1
    names = set(tree(site.output))
    assert {"about/index.html", "docs/index.html", "docs/x/index.html", "docs/c.png", "me.html",
            "100% mine/index.html"} <= names  # fmt: skip
    about = page(site, "about/index.html")
    assert [h.text for h in about.select("h1, h2")] == ["T", "Us"]
    assert about.math and "T at Site" in about.text and "/about/" in about.text
    assert not about.select("time, .neighbours, .topics, .meta")
    assert about.select_one("meta[property='og:type']")["content"] == "website"  # type: ignore[index]
    assert page(site, "docs/index.html").h1.text == "Docs"  # type: ignore[union-attr]
    assert [a["href"] for a in page(site, "docs/index.html").select(".prose a")] == [
        "x/",
        "../about/",
    ]
    assert page(site, "docs/x/index.html").select_one(".prose img")["src"] == "../c.png"  # type: ignore[index]
    assert page(site, "me.html").select_one("meta[name=description]")["content"] == "Mine"  # type: ignore[index]
    feed = (site.output / "feed.xml").read_text()
    assert "https://example.org/about/" in feed, "the post links to it"
    assert feed.count("<entry") == 1
    listed = page(site).text + page(site, "archive/index.html").text
    assert "Own" in listed and "X" not in page(site).text
    sitemap = ET.parse(site.output / "sitemap.xml").getroot()
    locations = [node.text for node in sitemap.findall(".//{*}loc")]
    assert {
        f"https://example.org/{n}"
        for n in ("about/", "docs/", "docs/x/", "me.html", "100%25%20mine/")
    } <= set(locations)
    assert len(sitemap.findall(".//{*}lastmod")) == 1


def test_pages_are_in_the_navigation(tmp_path: Path) -> None:
    files = {
        POST: "---\ntags: [t]\n---\n",
        "pages/zebra.md": "---\ntitle: Zebra\nnav-order: 1\n---\n",
        "pages/about.md": "---\ntitle: about\n---\n",
        "pages/Books.md": "---\ntitle: Books\nnav: My books\n---\n",
        "pages/hidden.md": "---\nnav: false\n---\n",
        "pages/docs/index.md": "---\ntitle: Docs\n---\n",
        "pages/docs/deep.md": "---\ntitle: Deep\n---\n",
        "pages/docs/deeper.md": "---\ntitle: Deeper\nnav_order: 2.5\n---\n",
        "pages/drafts/idea.md": "---\ntitle: Idea\n---\n",
        "pages/later.md": "---\npublished: false\n---\n",
    }
    site = make_blog(tmp_path, files)
    build(site)
    assert menu(site) == [
        ("Archive", "archive/"), ("Topics", "tags/"), ("Zebra", "zebra/"), ("Deeper", "docs/deeper/"),
        ("about", "about/"), ("My books", "Books/"), ("Docs", "docs/"),
    ]  # fmt: skip
    (current,) = page(site, "about/index.html").select("[aria-current]")
    assert (current.text, current["href"]) == ("about", "./")
    assert menu(site, "404.html")[2] == ("Zebra", "/zebra/")
    assert not (site.output / "drafts").exists()
    build(site, drafts=True, unpublished=True)
    assert page(site, "drafts/idea/index.html").select_one(".draft").text == "draft"  # type: ignore[union-attr]
    assert (site.output / "later" / "index.html").exists()


def test_a_navigation_of_ones_own(tmp_path: Path) -> None:
    settings = (
        "baseurl: /blog\nnav:\n  - about\n  - Writing: archive\n  - topics\n  - Code: https://example.org/x\n"
        "  - Deep: docs/deep.md\n  - Posts: /archive/\n  - File: /cv.pdf\n  - Us: /blog/about/#us\n"
    )
    files = {
        "escriba.yml": settings,
        "pages/about.md": "---\ntitle: About\n---\n",
        "pages/other.md": "x",
        "pages/docs/deep.md": "x",
        "cv.pdf": b"pdf",
        POST: "---\ntags: [t]\n---\n",
    }
    site = make_blog(tmp_path, files)
    build(site)
    assert menu(site) == [
        ("About", "about/"), ("Writing", "archive/"), ("Topics", "tags/"), ("Code", "https://example.org/x"),
        ("Deep", "docs/deep/"), ("Posts", "archive/"), ("File", "cv.pdf"), ("Us", "about/#us"),
    ]  # fmt: skip
    assert (site.output / "cv.pdf").read_bytes() == b"pdf"
    assert menu(site, "404.html")[0] == ("About", "/blog/about/")
    site = make_blog(tmp_path, {"escriba.yml": "nav: []\n"})
    build(site)
    assert menu(site) == []


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ("abuot", "4:5: 'nav' names 'abuot', which is no page (did you mean 'about'?)"),
        ("x: /abuot/", "4:5: 'nav' names '/abuot/', which is no page (did you mean '/about/'?)"),
        ("x: gone", "4:5: 'nav' names 'gone', which is no page (allowed: about, archive, docs/deep, topics)"),
        ("/about/", "4:5: 'nav' names '/about/', which is no page (did you mean 'about'?)"),
        ("https://example.org", "4:5: 'nav' names 'https://example.org', which is no page (allowed: about, "
                                "archive, docs/deep, topics)"),
        ("{a: about, b: about}", "4:5: an item of 'nav' is a page's name, or 'title: address'"),
        ("a: [about]", "4:5: an item of 'nav' is a page's name, or 'title: address'"),
        ("{}", "4:5: an item of 'nav' is a page's name, or 'title: address'"),
    ],
)  # fmt: skip
def test_what_the_navigation_cannot_name(tmp_path: Path, item: str, problem: str) -> None:
    files = {
        "pages/about.md": "x",
        "pages/docs/deep.md": "x",
        "escriba.yml": f"title: x\nnav:\n  - about\n  - {item}\n",
        POST: "x",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        text = content if name == "escriba.yml" else f"---\n---\n{content}\n"
        (tmp_path / name).write_text(text)
    result = run(tmp_path, "build")
    assert (result.returncode, result.stderr) == (3, f"escriba.yml:{problem}\n")


def test_pages_in_two_languages(tmp_path: Path) -> None:
    files = {
        "escriba.yml": "lang: es\nurl: https://example.org\n",
        "pages/acerca.md": "---\ntitle: Acerca\n---\n[b](about.md)\n",
        "pages/about.md": "---\ntitle: About\nlang: en\ntranslates: acerca\n---\nx\n",
        "pages/solo.md": "---\ntitle: Alone\nlang: en\n---\nx\n",
        "posts/2020-01-01-a.md": "---\nlang: en\n---\n",
        "posts/2020-01-01-about.md": "---\nlang: de\n---\n",  # a post may have the name of a page
    }
    site = make_blog(tmp_path, files)
    build(site)
    assert menu(site) == [("Archivo", "archive/"), ("Acerca", "acerca/"), ("Alone", "solo/")]
    assert menu(site, "about/index.html") == [
        ("Archive", "../archive/"), ("About", "./"), ("Alone", "../solo/"),
    ]  # fmt: skip
    assert page(site).select_one("header nav a[lang]")["lang"] == "en"  # type: ignore[index]
    about = page(site, "about/index.html")
    assert about.html["lang"] == "en"  # type: ignore[index]
    assert [a["href"] for a in about.select(".meta a")] == ["../acerca/"]
    assert {link["hreflang"] for link in about.select("link[hreflang]")} == {"es", "en"}
    assert "hreflang" in (site.output / "sitemap.xml").read_text()
    (tmp_path / "pages/about.md").write_text("---\ntranslates: gone\nlang: en\n---\n")
    assert complaints(site) == [
        "pages/about.md:2:13: no page has the slug 'gone' that this one translates (allowed: acerca, solo)",
    ]


def test_mistakes_in_pages(tmp_path: Path) -> None:
    files = {
        "pages/about.md": "---\npermalink: /archive/\n---\n",
        "pages/index.md": "x",
        "pages/a.md": "---\npermalink: /:year/x/\n---\n",
        "pages/b.md": "---\nnav_order: first\n---\n",
        "pages/c.md": "---\nlayout: nope\n---\n",
        "pages/d.md": "# no front matter\n",
        "pages/con.md": "x",
        "pages/e.md": "---\ntitle: E\n---\n$$\\frac{$$\n",
    }
    site = make_blog(tmp_path, files)
    (tmp_path / "pages/d.md").write_text("# no front matter\n")
    lines = complaints(site)
    assert [line.split(": ")[0] for line in lines] == [
        "pages/a.md:2:12", "pages/about.md:2:12", "pages/b.md:2:12", "pages/con.md:1", "pages/d.md:1",
        "pages/e.md:4:8", "pages/index.md:1",
    ]  # fmt: skip
    assert lines[1].endswith(
        "the address /archive/ is already that of a page that every site has; choose another"
    )


def test_the_folder_of_pages(tmp_path: Path) -> None:
    site = make_blog(
        tmp_path, {"escriba.yml": "pages: _pages\n", "_pages/about.md": "x", "pages/x.md": "y"}
    )
    build(site)
    assert (site.output / "about/index.html").exists()
    assert not (site.output / "x").exists()
    for folder in ("posts", "posts/pages", ".", "templates", "../x"):
        (tmp_path / "posts" / "pages").mkdir(parents=True, exist_ok=True)
        (tmp_path / "templates").mkdir(exist_ok=True)
        (tmp_path / "escriba.yml").write_text(f"title: x\npages: {folder}\n")
        result = run(tmp_path, "build")
        assert result.returncode == 3
        assert result.stderr.startswith("escriba.yml:2:8: 'pages'")
        assert result.stderr.count("\n") == 1


def test_samples_of_pages_are_kept_proved_and_explained(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    block = "```escriba sample\nmodel: mini\nlength: 20\nseed: 99\n```\n"
    (site.root / "pages").mkdir()
    (site.root / "pages" / "about.md").write_text(f"---\ntitle: About\n---\n\n{block}")
    build(site)
    assert page(site, "about/index.html").select(".escriba-sample")
    assert "pages/about.md" in {str(use.place.path) for use in collect(site, strict=True).uses}
    assert check(site).samples == 3
    samples = {path.name for path in (site.models / "mini" / "samples").iterdir()}
    assert prune(site, dry_run=True) == []
    result = run(site.root, "explain", "pages/about.md")
    assert result.stdout.startswith("pages/about.md:5:1: sample\n")
    for path in (site.models / "mini" / "samples").iterdir():
        path.unlink()
    assert refresh(site, ["about"]).samples == 1
    refresh(site)
    assert {path.name for path in (site.models / "mini" / "samples").iterdir()} == samples
    (site.root / "pages" / "about.md").unlink()
    assert len(prune(load(site.root))) == 1
