"""Pieces of posts by chance, for edits.py: everything that a post may hold, and that ties it to the
rest of its blog."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from support.editing.folder import GAP, MODELS, WISHES, Folder
from support.prose import draw_paragraph, draw_sentence

_SPANISH = """
la de que el en y a los se del las un por con no una su para es al lo como más pero sus le ya o este
sí porque esta entre cuando muy sin sobre también hasta hay donde quien desde todo nos durante todos
uno les ni contra otros ese eso ante ellos niño año corazón canción pingüino
"""
HEADINGS = [
    "The first part", "A network", "What is left", "Notes", "The end", "Más allá", "El final",
    "Una señal", "Numbers", "The same again",
]  # fmt: skip
TOPICS = ["lstm", "C", "C++", "letters", "redes", "años", "deep learning", "notes", "Letters"]
KEYS = ["mood", "place", "subtitle", "weather"]  # an author's own, in front matter
MATTERS = ["people", "places", "numbers", "deep.inner"]  # of `_data`
VALUES = [
    "parameters", "validation:.2f", "layers", "vocabulary", "log.loss:.3f", "log.steps", "digest",
    "log.best.validation", "log.1000.loss", "log.gradient", "corpus.name", "test.nats:.2f",
    "test.unigram", "minutes:.1f",
]  # fmt: skip
LIQUID = [
    "{{ page.title }} of {{ site.title }}",
    "{{ site.posts | size }} posts, the newest {{ site.posts.first.title }}",
    "{% for p in site.posts limit:3 %}[{{ p.title }}]({{ p.url | relative_url }}) {% endfor %}",
    "before {{ page.previous.title }} and after {{ page.next.title }}",
    "{{ page.next.url }} {{ page.mood | default: 'calm' }}",
    "{{ site.posts.last.excerpt | strip_html | truncate: 60 }}",
    "{{ site.posts.first.content | size }} characters",
    "{{ site.tags.letters | size }} and {{ site.categories.notes | size }}",
    "{% for tag in site.tags %}{{ tag[0] }} {% endfor %}",
    "{{ site.time | date: '%Y-%m-%d' }}",
    "{{ site.own }}, {{ site.deep.key }}, {{ site.author }}",
    "{{ site.description | upcase }}",
    "{{ page.mood }} {{ site.time | date_to_string }}",
    "{{ site.nothing }} and {{ page.nowhere.at.all }}",
    "{% assign found = site.posts | where: 'mood', 'calm' %}{{ found | size }} calm",
    "{{ page.path }} {{ page.id }} {{ page.collection }} {{ page.draft }}",
    "{% if site.posts.size > 20 %}many{% else %}few{% endif %} posts",
    "{{ 'a b' | slugify }} {{ '/about/' | absolute_url }}",
    "{% raw %}{{ raw }}{% endraw %}",
]
DATA = [
    "{{ site.data.people.ana.name }} of {{ site.data.people.ana.town }}",
    "{% for place in site.data.places %}{{ place.name }}: {{ place.height }}; {% endfor %}",
    "{{ site.data.numbers.one }} {{ site.data.numbers.list | join: '-' }}",
    "{{ site.data.deep.inner.word }}",
    "{{ site.data.places | jsonify }}",
]
CODES = [
    "```python\ndef read(a, b=1):\n    return [a] * b  # as often\n\n\nread('x')\n```",
    "```js\nconst a = (b) => `${b} and more`;\n```",
    "{% highlight python linenos %}\nimport os\nprint(os.sep)\n{% endhighlight %}",
    "~~~\nno language, & <none>\n~~~",
    "```yaml\nkey: [1, 2]\n```",
    "    indented code\n    of two lines",
]
FORMULAS = [
    r"The state $$h_t = \tanh(W x_t + b)$$ in a line.",
    "$$\n\\begin{align} a &= b \\label{b} \\\\ d &= \\R \\end{align}\n$$\n\nIt is \\eqref{b}.",
    r"Some dollars, $x_1 + \R$ and $5, are read or not.",
    "$$\n\\sum_{i=1}^{n} \\frac{1}{i^2} = \\frac{\\pi^2}{6}\n$$",
    r"$$\newcommand{\net}[1]{N_{#1}} \net{2}$$ has a macro of its own.",
    r"\(a^2\) and \[b^2\] in brackets.",
]
TABLES = [
    "| a | b |\n|---|--:|\n| 1 | *two* |\n| 3 | `four` |",
    "Term\n: what it means\n: and once more",
    "- [ ] to do\n- [x] done",
    "1. one\n2. two\n\n   in two paragraphs\n3. three",
    "* a\n  * b\n    * c",
    "> quoted\n> twice\n{: .quote}",
    "Of HTML and more.\n\n*[HTML]: a language of marks",
    '<div markdown="1">\nThere is *something* in it, <a href="/about/">a link</a>.\n</div>',
    "* contents\n{:toc}",
    "<!--more-->",
    "Words with \"quotes\", dashes -- two --- and three... ~~struck~~ <kbd>Ctrl</kbd>.",
]  # fmt: skip

Draw = Callable[[Random, Folder, str], str]


def draw_piece(random: Random, folder: Folder, path: str) -> str:
    """A piece for the entry of that path."""
    draws = [draw for draw, weight in _DRAWS.items() for _ in range(weight)]
    return random.choice(draws)(random, folder, path)


def draw_prose(random: Random, folder: Folder, path: str) -> str:
    if folder.get(path, "lang") == "es":
        words = random.choices(_SPANISH.split(), k=random.randint(8, 50))
        return " ".join(words).capitalize() + "."
    return draw_paragraph(random, random.randint(8, 60))


def _draw_heading(random: Random, folder: Folder, path: str) -> str:
    marks = random.choice(["##", "##", "###"])
    own = f" {{#own-{random.randrange(3)}}}" if random.random() < 0.15 else ""
    return f"{marks} {random.choice(HEADINGS)}{own}\n\n{draw_prose(random, folder, path)}"


def _draw_link(random: Random, folder: Folder, path: str) -> str:
    return f"{draw_sentence(random, 5)} {_refer(random, folder, path)} {draw_sentence(random, 4)}"


def _refer(random: Random, folder: Folder, path: str) -> str:
    """One reference to something of the blog, nearly always of what is there."""
    posts, pages, pictures = folder.posts(), folder.pages(), folder.pictures()
    kind = random.randrange(12)
    if kind < 3 and posts:
        return f"[a post]({relate(random.choice(posts), path)})"
    if kind < 5 and posts:
        other = random.choice(posts)
        titles = re.findall(r"^##+ ([^{\n]*)", folder.read(other), re.M) or HEADINGS[:1]
        name = random.choice(titles).strip().lower().replace(" ", "-")
        return f"[a part]({'' if other == path else relate(other, path)}#{name})"
    if kind == 5 and pages:
        return f"[a page]({relate(random.choice(pages), path)})"
    if kind == 6 and pages:
        name = random.choice(pages).removeprefix(folder.place("pages")).removesuffix(".md")
        return f"[a page](/{name}/)"
    if kind == 7 and pictures:
        return f"![a picture]({relate(random.choice(pictures), path)})"
    if kind == 8 and posts:
        stem = random.choice(posts).rpartition("/")[2].rpartition(".")[0]
        return "[as posted]({% post_url " + stem + " %})"
    if kind == 9 and pages:
        return "[as linked]({% link " + random.choice(pages) + " %})"
    if kind == 10:
        return f"[a file]({relate(random.choice(['notes/data.csv', 'notes/talk.txt']), path)})"
    return random.choice(
        ["[archive](/archive/)", "[topics](/tags/)", "[other](https://example.com/a?b=c#d)",
         "[lost](/abuot/)", "[lost](nowhere.md)", "[lost](#nowhere)", "<https://example.net/>"]
    )  # fmt: skip


def relate(target: str, path: str) -> str:
    """The path of a file as another names it."""
    return os.path.relpath(target, Path(path).parent).replace(os.sep, "/")


def _draw_liquid(random: Random, folder: Folder, path: str) -> str:
    return f"{draw_sentence(random, 4)} {random.choice(LIQUID)}"


def _draw_data(random: Random, folder: Folder, path: str) -> str:
    return f"{draw_sentence(random, 4)} {random.choice(DATA)}"


def _draw_include(random: Random, folder: Folder, path: str) -> str:
    if not folder.includes():
        return draw_prose(random, folder, path)
    name = random.choice(folder.includes()).removeprefix("_includes/")
    return f"{{% include {name} word='{random.choice(KEYS)}' %}}"


def _draw_of(texts: Sequence[str]) -> Draw:
    return lambda random, folder, path: random.choice(texts)


def _draw_sample(random: Random, folder: Folder, path: str) -> str:
    show = random.choice(["", "show: code", "show: verbatim", "show: math", "caption: A caption"])
    kind = "playground" if random.random() < 0.15 else "sample"
    return f"```escriba {kind}\n{random.choice(WISHES).yaml}\n{show}\n```"


def _draw_figure(random: Random, folder: Folder, path: str) -> str:
    name, both = random.choice(MODELS), f"[{', '.join(MODELS)}]"
    return random.choice(
        [f"```escriba loss\nmodels: {both}\nx-scale: log\n```",
         f"```escriba loss\nmodel: {name}\nbaselines: [unigram]\n```",
         f"```escriba gradients\nmodel: {name}\ncaption: Norms\n```",
         f"```escriba timeline\nmodel: {name}\nlength: 80\n```",
         f"```escriba diagram\nmodel: {name}\ntext: abc\n```"]
    )  # fmt: skip


def _draw_values(random: Random, folder: Folder, path: str) -> str:
    values = [f"`escriba {random.choice(MODELS)}.{random.choice(VALUES)}`" for _ in range(2)]
    return f"{draw_sentence(random, 5)} {' and '.join(values)}."


def _draw_note(random: Random, folder: Folder, path: str) -> str:
    name = f"n{random.randrange(9999)}"
    return f"{draw_sentence(random, 6)}[^{name}]\n\n[^{name}]: {draw_sentence(random, 5)}"


_DRAWS: dict[Draw, int] = {
    draw_prose: 7, _draw_heading: 6, _draw_link: 8, _draw_liquid: 6, _draw_data: 3,
    _draw_include: 4, _draw_of(CODES): 2, _draw_of(FORMULAS): 3, _draw_of(TABLES): 4,
    _draw_sample: 3, _draw_figure: 1, _draw_values: 2, _draw_note: 1,
}  # fmt: skip


def draw_front(random: Random, folder: Folder, path: str, *, page: bool) -> list[str]:
    """The lines of a front matter."""
    lines = [f"title: {draw_name(random)}"]
    if random.random() < 0.4:
        lines.append("lang: es")
    if page:
        if random.random() < 0.3:
            lines.append(f"nav_order: {random.randint(1, 9)}")
    else:
        lines.append(f"tags: [{', '.join(random.sample(TOPICS, random.randint(1, 3)))}]")
        if random.random() < 0.3:
            lines.append(f"categories: [{random.choice(TOPICS)}]")
    if random.random() < 0.3:
        lines.append(f"{random.choice(KEYS)}: {random.choice(['calm', 'wild', 'late'])}")
    return lines


def draw_name(random: Random) -> str:
    return f"{random.choice(HEADINGS)} {random.randrange(100)}"


def write_entry(random: Random, folder: Folder, path: str, *, page: bool = False) -> None:
    """A new post, draft or page."""
    lines = draw_front(random, folder, path, page=page)
    folder.write(path, "".join(f"{line}\n" for line in ["---", *lines, "---"]))
    pieces = [draw_piece(random, folder, path) for _ in range(random.randint(2, 5))]
    folder.put(path, [draw_prose(random, folder, path), *pieces])


def draw_sample_text(random: Random) -> str:
    """What a model may have written: nothing of it means anything to a page."""
    hostile = ["<b>", "*a*", "{{ x }}", "{% y %}", "$$z$$", "\n\n", "&amp;", "`", "[a](b)", GAP]
    words = [draw_sentence(random, 5), random.choice(hostile), draw_sentence(random, 9)]
    return " ".join(words)
