"""Thirty posts in the manner of Jekyll blogs: each loss is named once, at its place, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.blogs import run

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)
TOPICS = ("rnn", "lstm", "gradients", "language", "C++")
SITE = """\
title: Notes on learning
url: https://notes.example.org
permalink: /:year/:title/
author: Ana
mathjax: true
markdown: kramdown
"""
HEAD = """\
<script>MathJax = {tex: {inlineMath: [["$", "$"], ["\\\\(", "\\\\)"]]}};</script>
"""
# Number of a post → what it has besides, from line 30 on, and what is said of it.
LOST: dict[int, tuple[str, list[str]]] = {
    4: ("See [nothing](/2021/nothing/) and ![lost](/assets/images/lost.png).",
        ["30:15: warning: no page '/2021/nothing/'",
         "30:43: warning: no image '/assets/images/lost.png' "
         "(did you mean '/assets/images/net.png'?)"]),
    9: ("An [anchor](#nowhere), a [paper](/assets/paper.pdf).",
        ["30:13: warning: no '#nowhere' in this page"]),
    12: ("{{ site.nope }} and {{ page.undefined_thing }}.",
         ["30:4: warning: Liquid's 'site.nope' is not there, and shows nothing",
          "30:24: warning: Liquid's 'page.undefined_thing' is not there, and shows nothing"]),
    15: ('{% include figure.html src="/assets/images/gone.png" alt="gone" %}',
         ["30:29: warning: no image '/assets/images/gone.png' "
          "(did you mean '/assets/images/net.png'?)"]),
    21: ("{% for p in site.data.people %}{{ p.name }} {% endfor %} `[a](/b/)` $5", []),
    27: ('<a href="/about/">about</a> <img src="assets/images/net.png">',
         ["30:10: warning: no page '/about/'",
          "30:39: warning: no image 'assets/images/net.png' "
          "(did you mean '/assets/images/net.png'?)"]),
}  # fmt: skip
WRONG = {
    18: ("$$\\frac{a}{b}_{c}_{d}$$",
         "30:18: bad formula: two subscripts or two superscripts of one thing; put what they belong "
         "to in braces, as in {a_b}_c"),
    24: ("![a]({{ site.baseurl }}/assets/images/cell.png) {% post_url 2021-01-01-missing %}",
         "30:61: no post '2021-01-01-missing' (allowed: "),
}  # fmt: skip


def name(number: int) -> str:
    topic = TOPICS[number % 5].lower().replace("++", "")
    return f"2021-{1 + number % 12:02}-{1 + number % 28:02}-note-{number}-{topic}"


def post(number: int, more: str) -> str:
    before = f"[note {number - 1}](/2021/{name(number - 1)[11:]}/)" if number > 1 else "nothing"
    return f"""\
---
layout: post
title: "Note {number}: {TOPICS[number % 5]}"
date: 2021-{1 + number % 12:02}-{1 + number % 28:02} 10:00:00 +0100
tags: [{TOPICS[number % 5]}, notes]
---

The state $h_{{{number}}} = \\tanh(W x_t + b)$ goes on, and \\\\(c_t\\\\) too.

![A curve]({{{{ site.baseurl }}}}/assets/images/{("curve", "net", "cell")[number % 3]}.png)

$$
\\begin{{align}}
L &= -\\sum_t \\log p_t \\label{{eq:loss{number}}} \\\\
  &\\le \\log V
\\end{{align}}
$$

By $\\eqref{{eq:loss{number}}}$, as {{{{ site.author }}}} writes in {{{{ site.title }}}}, it is bounded.

Before it: {before}.

```python
price = "$5"  # not a formula, [nor a link](/nowhere/)
```

- one
- two

{more}
"""


@pytest.fixture
def blog(tmp_path: Path) -> Path:
    root = tmp_path / "blog"
    files: dict[str, str | bytes] = {
        "_config.yml": SITE,
        "_includes/head.html": HEAD,
        "_includes/figure.html": '<figure><img src="{{ include.src }}" alt="x"></figure>\n',
        "_layouts/post.html": "<h1>{{ page.title }}</h1>{{ content }}\n",
        "_data/people.yml": "- name: Ana\n- name: Luis\n",
        "assets/paper.pdf": b"%PDF-1.4\n",
        "favicon.ico": PIXEL,
        **{f"assets/images/{picture}.png": PIXEL for picture in ("curve", "net", "cell")},
    }
    for number in range(1, 31):
        text = post(number, LOST.get(number, ("", []))[0])
        if number == 20:
            text = text.replace("layout: post\n", "layout: post\ntitel: x\n")
        files[f"_posts/{name(number)}.md"] = text
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data.encode() if isinstance(data, str) else data)
    done = run(root, "new", ".", "--no-model")
    assert done.returncode == 0, done.stderr
    return root


def expected() -> list[str]:
    known = [
        f"_posts/{name(number)}.md:{said}" for number, (_, lost) in LOST.items() for said in lost
    ]
    known.append(
        f"_posts/{name(20)}.md:3:1: warning: 'titel' is no key of escriba's, and is kept for "
        "templates alone (did you mean 'title'?)"
    )
    return sorted(known)


def test_each_loss_is_named_once_and_nothing_else(blog: Path) -> None:
    done = run(blog, "build")
    assert done.returncode == 0, done.stderr
    assert sorted(done.stderr.splitlines()) == expected()
    pages = sorted((blog / "site").glob("2021/*/index.html"))
    assert len(pages) == 30
    for page in pages:
        html = page.read_text("utf-8")
        assert len(re.findall("<math", html)) == 4
        assert "\\(" not in re.sub(r"<annotation.*?</annotation>", "", html)
        assert (blog / "site" / "assets" / "images" / "curve.png").is_file()
    assert (blog / "site" / "assets" / "paper.pdf").is_file()
    assert "Ana Luis" in (blog / "site" / "2021" / name(21)[11:] / "index.html").read_text("utf-8")


def test_what_is_wrong_is_told_with_the_losses(blog: Path) -> None:
    for number, (more, _) in WRONG.items():
        (blog / "_posts" / f"{name(number)}.md").write_text(post(number, more))
    done = run(blog, "build")
    assert done.returncode == 3
    lines = done.stderr.splitlines()
    wrong = [f"_posts/{name(number)}.md:{said}" for number, (_, said) in WRONG.items()]
    warned = [line for line in lines if ": warning: " in line]
    assert sorted(warned) == expected()
    others = sorted(line for line in lines if ": warning: " not in line)
    assert len(others) == len(wrong)
    for line, said in zip(others, sorted(wrong), strict=True):
        assert line.startswith(said)
    assert not (blog / "site").exists()
