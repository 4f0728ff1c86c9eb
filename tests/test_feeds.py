"""The feed and the site map, as their readers understand them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import feedparser

from escriba.site.build import build
from support.blogs import make_site

SITE = "https://example.org/cuaderno"


def test_the_feed_has_the_whole_posts_under_absolute_addresses(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    build(site)
    feed = feedparser.parse((site.output / "feed.xml").read_bytes())
    assert not feed.bozo
    assert (feed.feed.title, feed.feed.id) == ("Cuaderno", f"{SITE}/")
    assert feed.feed.updated == "2021-01-05T10:00:00+01:00", "the last change of a post"
    assert [(e.title, e.link, e.published, e.updated) for e in feed.entries] == [
        (
            "Networks",
            f"{SITE}/2020/networks/",
            "2020-11-02T08:00:00+01:00",
            "2021-01-05T10:00:00+01:00",
        ),
        (
            "Redes & <caracteres>",
            f"{SITE}/2020/redes/",
            "2020-10-01T23:30:34-06:00",
            "2020-10-01T23:30:34-06:00",
        ),
    ]
    content = feed.entries[1].content[0]
    assert content.language == "es"
    assert f'href="{SITE}/2020/networks/#code"' in content.value
    assert f'src="{SITE}/img/curva.svg"' in content.value
    assert "la red" in content.value
    assert [tag.term for tag in feed.entries[1].tags] == [
        "aprendizaje", "profundo", "lstm", "redes recurrentes",
    ]  # fmt: skip


def test_what_xml_cannot_hold_does_not_break_the_feed(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    (site.posts / "2021-01-01-raro.md").write_text(
        "---\ntitle: a\n---\n]]> \f\x0b &amp; \ufffe <b>\n"
    )
    build(site)
    feed = ET.parse(site.output / "feed.xml").getroot()
    content = feed.find("{*}entry/{*}content")
    assert content is not None
    assert "\N{REPLACEMENT CHARACTER}" in str(content.text)


def test_the_site_map_lists_every_page_but_the_404(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    build(site)
    found = {
        url.findtext("{*}loc"): url.findtext("{*}lastmod")
        for url in ET.parse(site.output / "sitemap.xml").getroot()
    }
    assert found == {
        f"{SITE}/": None,
        f"{SITE}/2020/networks/": "2021-01-05T10:00:00+01:00",
        f"{SITE}/2020/redes/": "2020-10-01T23:30:34-06:00",
        f"{SITE}/archive/": None,
        f"{SITE}/tags/": None,
        f"{SITE}/tags/lstm/": None,
        f"{SITE}/tags/redes-recurrentes/": None,
        f"{SITE}/categories/aprendizaje/": None,
        f"{SITE}/categories/profundo/": None,
    }
    robots = (site.output / "robots.txt").read_text()
    assert robots == f"User-agent: *\nDisallow:\nSitemap: {SITE}/sitemap.xml\n"
