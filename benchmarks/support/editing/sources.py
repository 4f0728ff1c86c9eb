"""Edits of what posts and pages are made with: includes, data, templates, files; for edits.py."""

from __future__ import annotations

import re

from support.editing.folder import ROOT, Folder
from support.editing.hand import Hand, Kinds

KINDS = Kinds()


PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 {}h9"/></svg>\n'
INCLUDES = [
    "<p>{{ include.word }} of {{ page.title }}</p>\n",
    '<p class="note">A note. {{ site.data.people.ana.name }}</p>\n',
    "*Marks* and [a page](/about/) and {{ site.title }}\n",
    "{% for p in site.posts limit:2 %}<a href='{{ p.url }}'>{{ p.title }}</a>{% endfor %}\n",
    "{{ page.mood }} {{ page.nothing }}\n",
]  # fmt: skip
# Of templates that a site may have its own of: before which text something is put into it.
TEMPLATES = {
    "base.html": "</footer>", "home.html": "{% endblock %}", "post.html": "</article>",
    "page.html": "{% endblock %}", "archive.html": "{% endblock %}", "list.html": "</li>",
    "group.html": "{% endblock %}", "topics.html": "{% endblock %}", "404.html": "{% endblock %}",
    "feed.xml": "</feed>", "sitemap.xml": "</urlset>", "blocks/sample.html": "</figcaption>",
    "blocks/loss.html": "</figure>", "blocks/timeline.html": "</figure>",
    "blocks/runs.html": "{%- endmacro -%}", "figures/chart.svg": "</svg>",
}  # fmt: skip
INSERT = "<!-- edition {} -->"
# What the templates of pages show of the site, and some of them alone.
SITE_INSERTS = [INSERT, "<!-- {} {{{{ site.title }}}} -->", "<!-- {} {{{{ site.own }}}} -->"]
PAGE_INSERTS = [
    "<p>{} {{{{ data.people.ana.name }}}}</p>", "<p>{} {{{{ catalogue.posts | length }}}}</p>",
    "<p>{} {{{{ catalogue.posts[0].title }}}}</p>", "<p>{} {{{{ page.title }}}}</p>",
]  # fmt: skip
PAGES_OF = ("base.html", "home.html", "post.html", "archive.html", "group.html", "404.html")


@KINDS.add("include", 6)
def _edit_include(hand: Hand) -> str | None:
    random, folder = hand.random, hand.folder
    includes = folder.includes()
    way = random.choice(["add", "edit", "edit", "edit", "remove"])
    if way == "add" or not includes:
        path = f"_includes/inc-{hand.number()}.html"
        folder.write(path, random.choice(INCLUDES))
        return f"new {path}"
    path = hand.choose(includes)
    name = path.removeprefix("_includes/")
    if way == "edit":
        more = [f"<p>edition {hand.number()}</p>\n", random.choice(INCLUDES)]
        if "nested" in name:
            more.append("{% include note.html word='deep' %}\n")
        folder.write(path, folder.read(path)[:400] + random.choice(more))
        return f"edited {path}"
    if name == "note.html":  # another includes it
        return None
    using = [p for p in folder.entries() if f"include {name}" in folder.read(p)]
    for other in using if random.random() < 0.8 else ():
        kept = [piece for piece in folder.pieces(other) if f"include {name}" not in piece]
        folder.put(other, kept or ["Nothing is left."])
    del folder.files[path]
    return f"no {path}"


@KINDS.add("data", 5)
def _edit_data(hand: Hand) -> str | None:
    random, folder = hand.random, hand.folder
    path = hand.choose([*folder.data(), f"_data/more-{hand.number()}.yml"])
    if path not in folder.files:
        folder.write(path, f"key: {hand.number()}\n")
        return f"new {path}"
    if "more-" in path and random.random() < 0.6:
        del folder.files[path]
        return f"no {path}"
    text = re.sub(r"\d+", lambda match: str(hand.number()), folder.read(path), count=1)
    if random.random() < 0.3:
        text = re.sub("Ana|Eva", hand.choose(["Ana", "Eva"]), text)
    folder.write(path, text)
    return f"numbers in {path}"


@KINDS.add("template", 7)
def _edit_template(hand: Hand) -> str | None:
    random, folder = hand.random, hand.folder
    own = [path for path in folder.overrides() if path.removeprefix("templates/") in TEMPLATES]
    if own and random.random() < 0.35:
        path = hand.choose(own)
        del folder.files[path]
        return f"no {path}"
    if own and random.random() < 0.4:
        path = hand.choose(own)
    else:
        path = f"templates/{hand.choose(list(TEMPLATES))}"
    name = path.removeprefix("templates/")
    inserts = [INSERT] if "/" in name else SITE_INSERTS
    if name in PAGES_OF:
        inserts = [*SITE_INSERTS, *PAGE_INSERTS]
    insert_into(folder, path, random.choice(inserts).format(hand.number()))
    return f"edited {path}"


def insert_into(folder: Folder, path: str, text: str) -> None:
    """Put a text into a template of the site's own, which is escriba's if there is none yet."""
    before = TEMPLATES[path.removeprefix("templates/")]
    folder.files.setdefault(path, (ROOT / path).read_bytes())
    head, found, rest = folder.read(path).rpartition(before)
    assert found, f"there is no {before} in {path}"
    folder.write(path, f"{head}{text}{before}{rest}")


@KINDS.add("layout of one's own", 2)
def _edit_wide(hand: Hand) -> str | None:
    folder, path = hand.folder, "templates/wide.html"
    if path in folder.files and hand.random.random() < 0.3:
        del folder.files[path]
        for other in folder.entries() if hand.random.random() < 0.8 else ():
            if folder.get(other, "layout") == "wide":
                folder.set(other, "layout", None)
        return f"no {path}"
    text = f"<p>{hand.number()} {{{{ post.title }}}} {{{{ article.minutes }}}}</p>"
    folder.write(path, f'{{% extends "post.html" %}}\n{{% block head %}}{text}{{% endblock %}}\n')
    return f"edited {path}"


@KINDS.add("words", 3)
def _edit_strings(hand: Hand) -> str | None:
    path = hand.choose(["templates/strings.yml", "templates/blocks/strings.yml"])
    if path in hand.folder.files and hand.random.random() < 0.3:
        del hand.folder.files[path]
        return f"no {path}"
    keys = ["seed", "mean", "reproduce"] if "blocks" in path else ["archive", "feed", "contents"]
    key, lang = hand.choose(keys), hand.choose(["en", "es"])
    value = "'seed {value} of N'" if key == "seed" else f"Word {hand.number()}"
    hand.folder.write(path, f"{lang}:\n  {key}: {value}\n")
    return f"{key} of {lang} in {path}"


@KINDS.add("asset", 4)
def _edit_asset(hand: Hand) -> str | None:
    folder = hand.folder
    names = ["extra.css", "icon.svg", "fonts/a.woff2", "page.css", "playground.js"]
    path = f"templates/assets/{hand.choose(names)}"
    if path in folder.files and hand.random.random() < 0.4:
        del folder.files[path]
        return f"no {path}"
    if path.endswith(".css"):
        icon = " background: url(icon.svg);" if "templates/assets/icon.svg" in folder.files else ""
        own = " src: url(/images/a.svg);" if hand.random.random() < 0.3 else ""
        folder.write(path, f".a {{ width: {hand.number()}px;{icon}{own} }}\n")
    elif path.endswith(".svg"):
        folder.write(path, PICTURE.format(hand.number()))
    else:
        folder.write(path, f"// {hand.number()}\n")
    return f"edited {path}"


@KINDS.add("file", 6)
def _edit_file(hand: Hand) -> str | None:
    folder, posts = hand.folder, hand.folder.place("posts")
    paths = [
        "images/a.svg", "images/b.svg", f"images/c-{hand.number()}.svg", f"{posts}d.svg",
        f"{posts}travel/e.svg", "favicon.ico", "robots.txt", "notes/data.csv", "notes/talk.txt",
        f"{posts}2020-01-01-old.textile", "downloads/matter.txt",
    ]  # fmt: skip
    path = hand.choose(paths)
    kept = ("notes/", "images/a.svg")  # what settings and style sheets name
    if path in folder.files and not path.startswith(kept) and hand.random.random() < 0.4:
        del folder.files[path]
        return f"no {path}"
    if path.endswith(".svg"):
        folder.write(path, PICTURE.format(hand.number()))
    elif path.endswith((".textile", "matter.txt")):
        folder.write(path, f"---\ntitle: {hand.number()}\n---\nas it is\n")
    else:
        folder.write(path, f"a,b\n1,{hand.number()}\n")
    return f"edited {path}"
