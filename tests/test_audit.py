"""Links, anchors, images and files that are not there: each is told once, where it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from escriba.site.build import build
from support.blogs import complaints, make_blog, run

POST = "posts/2020-01-01-a.md"


def told(folder: Path, text: str, **more: str | bytes) -> list[str]:
    """What is said of a post with this text, without its path."""
    files = {name.replace("__", "/"): content for name, content in more.items()}
    return [
        line.removeprefix(f"{POST}:")
        for line in complaints(make_blog(folder, {**files, POST: text}))
    ]


def test_all_that_leads_nowhere_is_told_with_its_place(tmp_path: Path) -> None:
    text = (
        "[page](/nowhere/) [post](missing.md) [anchor](#nowhere) ![image](images/none.png)\n\n"
        '<img srcset="a.png 1x, big.png 2x" src="a.png">\n\n'
        '<object data="b.pdf"></object> <svg><use href="c.svg#x"/></svg>\n\n'
        '<p style="background: url(d.png)">x</p>\n<style>p { background: url("e.png") }</style>\n'
        '<video poster="f.jpg"><source src="g.mp4"><track src="h.vtt"></video>'
    )
    assert told(tmp_path, text) == [
        "4:8: no page '/nowhere/'",
        "4:26: no post and no page 'missing.md'",
        "4:47: no '#nowhere' in this page",
        "4:66: no image 'images/none.png'",
        "6:14: no image 'a.png'",
        "6:24: no image 'big.png'",
        "6:41: no image 'a.png'",
        "8:15: no file 'b.pdf'",
        "8:48: no image 'c.svg#x'",
        "10:27: no image 'd.png'",
        "11:29: no image 'e.png'",
        "12:16: no image 'f.jpg'",
        "12:36: no file 'g.mp4'",
        "12:55: no file 'h.vtt'",
    ]


def test_what_others_have_is_never_asked_for(tmp_path: Path) -> None:
    text = (
        "[a](https://example.org/gone/) [b](//example.org/gone) [c](mailto:a@b.c) [d](tel:1)\n"
        '[e](#) [f](#top) [g](?q=1) [h](#:~:text=x) <a href="javascript:void(0)">i</a>\n'
        '<img alt="" src="data:image/gif;base64,R0lGODlhAQABAAAAACw="> <a href="">j</a>\n'
        '<form action="/api/mail"><button formaction="/api/x">k</button></form>\n'
        "<a>l</a> <a name='m'>m</a> [m](#m) [n](http://[x]/)\n\n## Été\n\n[o](#été) [p](#%C3%A9t%C3%A9)"
    )
    site = make_blog(tmp_path, {POST: text, "escriba.yml": "url: https://example.org\n"})
    assert build(site).posts == 1


def test_all_that_the_site_will_hold_is_there(tmp_path: Path) -> None:
    text = (
        "[a](/) [b](/archive/) [c](/archive) [d](/tags/x/) [e](/categories/c/) [f](/feed.xml)\n"
        "[g](2020-01-02-b.md#two) [h](/2020/01/02/b.html#two) [i](/2020/01/02/b) [j](../01/a.html)\n"
        "[k](/blog/archive/) [l](/blog) [m](/archive/index.html) [n](/posts/2020-01-02-b.md)\n"
        "[o](../pages/about.md) [p](/about/#us) [q](/about) [r](../../../../about/) [s](/robots.txt)\n"
        "![t](x%20y.png) ![u](/x y.png) [v](/caf%C3%A9/) [w](/café/) [x](..\\pages\\about.md)\n"
        "[y](./2020-01-02-b.md?x#two) <a href=' /about/ '>z</a> [aa](/404.html) [bb](/sitemap.xml)"
    )
    more = {
        "escriba.yml": "url: https://example.org\nbaseurl: /blog\n",
        POST: f"---\ntags: [x]\ncategory: c\n---\n{text}\n",
        "posts/2020-01-02-b.md": "# Two\n",
        "posts/x y.png": b"",
        "pages/about.md": '<h2 id="us">Us</h2>',
        "pages/café.md": "x",
    }
    site = make_blog(tmp_path, more)
    assert build(site).warnings == ()
    page = (site.output / "c/2020/01/01/a.html").read_text("utf-8")
    assert page.count('href="../../../../about/"') == 6  # with the navigation
    assert page.count('href="../../../../2020/01/02/b.html"') == 3
    assert page.count('src="../../../../x%20y.png"') == 2


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("/abuot/", "no page '/abuot/' (did you mean '/about/'?)"),
        ("/About/", "no page '/About/' (it is '/about/': capital letters count)"),
        ("/about.html", "no page '/about.html' (did you mean '/about/'?)"),
        ("../pages/abut.md", "no post and no page '../pages/abut.md' (did you mean '../pages/about.md'?)"),
        ("/about/#our-team", "no '#our-team' in the page /about/ (did you mean 'our-teams'?)"),
        ("/about/#Our-Teams", "no '#Our-Teams' in the page /about/ (it is 'our-teams': capital letters count)"),
        ("img/curve.svg", "no image 'img/curve.svg' (did you mean 'img/curva.svg'?)"),
        ("img/Curva.svg", "no image 'img/Curva.svg' (it is 'img/curva.svg': capital letters count)"),
        ("www.example.com/x", "no page 'www.example.com/x' (did you mean 'https://www.example.com/x'?)"),
        ("example.com", "no file 'example.com' (did you mean 'https://example.com'?)"),
        ("/2019/ABOUT", "no page '/2019/ABOUT' (did you mean '/about/'?)"),
        ("about.md", "no post and no page 'about.md' (did you mean '../pages/about.md'?)"),
        ("/idea/", "no page '/idea/'"),
        ("drafts/idea.md", "no post and no page 'drafts/idea.md': posts/drafts/idea.md is left out, since it "
                           "is a draft or not published"),
        ("2020-01-02-b.md", "no post and no page '2020-01-02-b.md': posts/2020-01-02-b.md is left out, since "
                            "it is a draft or not published"),
        ("/2020/01/02/b.html", "no page '/2020/01/02/b.html': posts/2020-01-02-b.md is left out, since it is "
                               "a draft or not published"),
        ("/team/", "no page '/team/' (a page is in pages/, and team.md is not; move it there)"),
        ("/.env", "no page '/.env': '.env' is there, and not published: '.env' is hidden or private"),
        ("../escriba.yml", "no file '../escriba.yml': 'escriba.yml' is there, and not published: "
                           "'escriba.yml' has settings"),
        ("/models/m/x.txt", "no file '/models/m/x.txt': 'models/m/x.txt' is there, and not published: the "
                            "site is made of what is in 'models'; 'static' of escriba.yml can name it"),
        ("/notes.md", "no post and no page '/notes.md': 'notes.md' is there, and not published: it is Markdown, "
                      "and neither a post nor a page in pages/; 'static' of escriba.yml can name it"),
        ("/feed.xml", "no file '/feed.xml'"),  # of a site without an address of its own
        ("/tags/", "no page '/tags/'"),  # of one without topics
        ("/" + "x" * 300, f"no page '/{'x' * 78}…'"),
        ("../../../../etc/passwd", "no page '../../../../etc/passwd'"),
        ("%00", "no page '%00'"),
        ("/a%2F%2e%2e%2f%2e%2e%2fx", "no page '/a%2F%2e%2e%2f%2e%2e%2fx'"),
    ],
)  # fmt: skip
def test_what_may_have_been_meant(tmp_path: Path, link: str, problem: str) -> None:
    site = make_blog(
        tmp_path,
        {
            POST: f"[x]({link})",
            "posts/2020-01-02-b.md": "---\npublished: false\n---\n",
            "posts/drafts/idea.md": "x",
            "posts/img/curva.svg": "<svg/>",
            "pages/about.md": "# Our teams\n",
            "team.md": "x",
            "notes.md": "x",
            ".env": "x",
            "models/m/x.txt": "x",
        },
    )
    assert complaints(site) == [f"{POST}:4:5: {problem}"]


def test_the_place_is_that_in_the_authors_file(tmp_path: Path) -> None:
    include = 'x\n<a href="/included/">x</a> <img src="{{ include.file }}">\n'
    text = (
        "`[x](/gone/)` and\n\n```\n[x](/gone/)\n```\n\n<!-- [x](/gone/) -->\n\n[x](/gone/) [y](/gone/more/)"
        "\n\n{% if true %}\n{% include a.html file='/file.png' %}\n{% endif %}\n[z]({{ site.title }}/z/)\n\n"
        "[one][r] [two][r] [&](/a?b=c&amp;d)\n\n[r]: /defined/\n\n\\[[x](/under\\_score/)\n"
        "- [x](/list/)\n\n> [x](/quote/)\n\n|[x](/table/)|\n"
    )
    files = {"escriba.yml": "title: /title\n", "_includes/a.html": include, POST: text}
    assert complaints(make_blog(tmp_path, files)) == [
        "_includes/a.html:2:10: no page '/included/'",
        f"{POST}:12:5: no page '/gone/'",
        f"{POST}:12:17: no page '/gone/more/'",
        f"{POST}:15:25: no image '/file.png'",
        f"{POST}:17:5: no page '/title/z/'",
        f"{POST}:19:23: no page '/a?b=c&d'",
        f"{POST}:21:6: no page '/defined/'",
        f"{POST}:23:7: no page '/under\\_score/'",
        f"{POST}:24:7: no page '/list/'",
        f"{POST}:26:7: no page '/quote/'",
        f"{POST}:28:6: no page '/table/'",
    ]


def test_an_anchor_may_be_anywhere_in_the_page(tmp_path: Path) -> None:
    layout = (
        '{% extends "post.html" %}{% block main %}{{ super() }}<p id="comments"></p>'
        '<p id="{{ post.slug }}-x"></p>{% endblock %}'
    )
    text = "---\nlayout: mine\n---\n[a](#comments) [b](#a-x) [c](#fn:1) x[^1]\n\n[^1]: note\n"
    site = make_blog(tmp_path, {POST: text, "templates/mine.html": layout})
    assert build(site).posts == 1
    add = text.replace("[a]", "[d](#commnets) [a]")
    assert complaints(make_blog(tmp_path, {POST: add})) == [
        f"{POST}:4:5: no '#commnets' in this page (did you mean 'comments'?)"
    ]
    # With other mistakes no page is made, and what its template writes by itself is not told.
    assert complaints(make_blog(tmp_path, {POST: add + "[x](/gone/) [e](#nope)\n"})) == [
        f"{POST}:4:5: no '#commnets' in this page",
        f"{POST}:7:5: no page '/gone/'",
        f"{POST}:7:17: no '#nope' in this page",
    ]


def test_all_mistakes_of_a_run_are_told_at_once(tmp_path: Path) -> None:
    files = {
        "escriba.yml": "nav: [{A: /abuot/}]\n",
        POST: "[x](/gone/) [y](#gone)\n\n$$\\frac{$$\n",
        "posts/2020-01-02-b.md": "[x](gone.md)",
        "templates/assets/a.css": "p { x: url(gone.png) }",
    }
    lines = complaints(make_blog(tmp_path, files))
    assert [line.split(":")[0] for line in lines] == [
        "escriba.yml", POST, POST, POST, "posts/2020-01-02-b.md", "templates/assets/a.css",
    ]  # fmt: skip
    # Of a post that cannot be read nobody knows the address.
    files["posts/2020-01-03-c.md"] = "---\ntoc: maybe\n---\n"
    assert [line.split(":")[0] for line in complaints(make_blog(tmp_path, files))] == [
        POST, "posts/2020-01-03-c.md",
    ]  # fmt: skip


def test_how_loudly(tmp_path: Path) -> None:
    lines = [f"{POST}:4:5: no page '/gone/'", f"{POST}:4:17: no '#gone' in this page"]
    text = "[x](/gone/) [y](#gone)"
    assert complaints(make_blog(tmp_path / "a", {POST: text})) == lines
    site = make_blog(tmp_path / "b", {POST: text, "escriba.yml": "links: warn\n"})
    loud = [line.replace(": no", ": warning: no") for line in lines]
    assert [str(warning) for warning in build(site).warnings] == loud
    site = make_blog(tmp_path / "c", {POST: text, "escriba.yml": "links: ignore\n"})
    assert build(site).warnings == ()
    # A blog that was Jekyll's is published, and says what is lost.
    post = "_posts/2020-01-01-a.md"
    jekyll = {"_config.yml": "title: x\n", "escriba.yml": "posts: _posts\n", post: text}
    site = make_blog(tmp_path / "d", jekyll)
    result = run(site.root, "build")
    assert result.returncode == 0
    assert result.stderr == "".join(line.replace(POST, post) + "\n" for line in loud)
    jekyll["escriba.yml"] += "links: error\n"
    assert len(complaints(make_blog(tmp_path / "d", jekyll))) == 2


def test_a_setting_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "escriba.yml").write_text("links: loud\n")
    result = run(tmp_path, "build")
    assert result.returncode == 3
    assert result.stderr == (
        "escriba.yml:1:8: 'links' must be one of error, warn, ignore, not 'loud'\n"
    )


def test_many_that_lead_nowhere_take_time_in_proportion(tmp_path: Path) -> None:
    text = " ".join(f"[x](/gone-{number}/)" for number in range(3000))
    lines = complaints(make_blog(tmp_path, {POST: text}))
    assert len(lines) == 3000


def test_links_of_ones_own_templates(tmp_path: Path) -> None:
    base = (
        '<!doctype html><html lang="en"><head><title>x</title><link href="/assets/mine.css"></head><body>\n'
        '{# <a href="/gone/"> #}<a href="/gone/">x</a> <a href="{{ link("/gone-too/") }}">x</a>\n'
        '<a href="{{ link("/about/") }}">x</a> <a href="/about/">x</a> <img src="/logo.png" alt="">\n'
        '<a href="{{ site.baseurl }}/about/">x</a> <a href="https://example.org/">x</a> <a href="#x">x</a>\n'
        "{% block head %}{% endblock %}{% block main %}{% endblock %}</body></html>\n"
    )
    files = {
        "templates/base.html": base, "pages/about.md": "x", "logo.png": b"", POST: "[x](/lost/)",
        "escriba.yml": "baseurl: /blog\nlinks: warn\n",
    }  # fmt: skip
    site = make_blog(tmp_path, files)
    where = "templates/base.html"
    assert [str(warning).replace(" warning:", "") for warning in build(site).warnings] == [
        f"{POST}:4:5: no page '/lost/'",
        f"{where}:1:66: no file '/assets/mine.css'",
        f"{where}:2:33: no page '/gone/'",
        f"{where}:2:65: no page '/gone-too/'",
        f"{where}:3:48: no page '/about/' (it lacks the baseurl /blog; write {{{{ link('/about/') }}}})",
        f"{where}:3:73: no image '/logo.png' (it lacks the baseurl /blog; write {{{{ link('/logo.png') }}}})",
    ]
    assert (site.output / "logo.png").exists()
    files["escriba.yml"] = ""
    assert len(complaints(make_blog(tmp_path, files))) == 1, (
        "that of the post, before a page is made"
    )
    files[POST] = "x"
    assert len(complaints(make_blog(tmp_path, files))) == 3


def test_places_behind_a_block_are_those_in_the_text(tmp_path: Path) -> None:
    text = (
        "```escriba sample\nmodel: no\n```\n\n[x](/gone/) `escriba no.layers`\n\n> ```escriba sample\n> model: no\n"
        "> ```\n>\n> [y](/lost/) and $$\\nope$$\n\n<p>\n<a href='/z/'>z</a></p>\n\n~~~\nx\n"
    )
    assert [line.split(" ")[0] for line in told(tmp_path, text)] == [
        "5:8:", "8:5:", "8:13:", "11:10:", "14:7:", "14:21:", "17:10:", "19:1:"
    ]  # fmt: skip
