"""What an author writes in front matter, settings and names of files is heard, or somebody says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.blogs import run


def make_site(root: Path, settings: str = "title: t\n", **posts: str) -> Path:
    (root / "escriba.yml").write_text(settings)
    (root / "posts").mkdir()
    for name, text in posts.items():
        (root / "posts" / f"2024-01-01-{name}.md").write_text(text)
    return root


@pytest.mark.parametrize(
    ("front", "warnings"),
    [
        ("titel: x", ["2:1: warning: 'titel' is no key of escriba's, and is kept for templates alone "
                      "(did you mean 'title'?)"]),
        ("Title: x", ["2:1: warning: 'Title' is no key of escriba's, and is kept for templates alone "
                      "(did you mean 'title'?)"]),
        ("catagories: [a]", ["'catagories'", "'categories'"]),
        ("last_modified: 2024-01-01", ["'last_modified'", "'last_modified_at'"]),
        ("publish: false", ["'publish'", "'published'"]),
        ("tgas: [a]", ["'tgas'", "'tags'"]),
        ("desciption: x", ["'desciption'", "'description'"]),
        ("permalnik: /a/", ["'permalnik'", "'permalink'"]),
        ("subtitle: x", []),
        ("image: a.png\nmathjax: true\ncomments: false\nheader: {teaser: a}\nseries: x", []),
        ("show_date: true\nauthor_profile: true\ntoc_sticky: true\nexcerpt: x\nsummary: y", []),
        ("last-modified-at: 2024-01-01", []),
    ],
)  # fmt: skip
def test_a_key_that_looks_like_another_is_told(
    tmp_path: Path, front: str, warnings: list[str]
) -> None:
    root = make_site(tmp_path, a=f"---\n{front}\n---\nx\n")
    done = run(root, "build")
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == bool(warnings)
    for part in warnings:
        assert part in done.stderr
    assert not warnings or done.stderr.startswith("posts/2024-01-01-a.md:2:1: warning: ")


@pytest.mark.parametrize(
    ("front", "topics", "warning"),
    [
        ("tags: a, b", ["a", "b"], "'tags' is split at its commas, and Jekyll splits at spaces; "
         "write 'tags: [a, b]', which both read alike"),
        ("tags: machine learning, deep nets,", ["deep-nets", "machine-learning"], "[machine learning, deep nets]"),
        ("categories: x y, z", ["x-y", "z"], "'categories: [x y, z]'"),
        ("tags: a b", ["a", "b"], ""),
        ("tags: [a, 'b, c']", ["a", "b-c"], ""),
        ("tag: a, b", ["a-b"], ""),
        ("tags: ','", [], "'tags: []'"),
    ],
)  # fmt: skip
def test_commas_in_topics_are_read_as_they_are_meant(
    tmp_path: Path, front: str, topics: list[str], warning: str
) -> None:
    root = make_site(tmp_path, a=f"---\n{front}\n---\nx\n")
    done = run(root, "build")
    assert done.returncode == 0
    assert warning in done.stderr
    assert bool(done.stderr) == bool(warning)
    kind = "categories" if "categories" in front else "tags"
    found = [path.parent.name for path in (root / "site" / kind).glob("*/index.html")]
    assert sorted(found) == topics


def test_every_mistake_of_settings_is_told_at_once(tmp_path: Path) -> None:
    settings = (
        "url: https://x.org/\ntittle: x\nbaseurl: blog\nlatest: 0\noutput: ../x\nmodels: ../y\n"
    )
    done = run(make_site(tmp_path, settings), "build")
    assert done.returncode == 3
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == [
        "escriba.yml:1:6", "escriba.yml:2:1", "escriba.yml:3:10", "escriba.yml:4:9",
    ]  # fmt: skip
    settings = "output: ../x\nmodels: ../y\nposts: /z\n"
    (tmp_path / "escriba.yml").write_text(settings)
    done = run(tmp_path, "build")
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == [
        "escriba.yml:1:9", "escriba.yml:2:9", "escriba.yml:3:8",
    ]  # fmt: skip


def test_every_mistake_of_a_post_is_told_at_once(tmp_path: Path) -> None:
    front = "---\nlang: klingon\npublished: perhaps\ndate: x\nlast-modified-at: 2024-01-01\nlast_modified_at: 2024-01-02\n---\n"
    done = run(make_site(tmp_path, a=front), "build")
    assert [line.split(", not")[0] for line in done.stderr.splitlines()] == [
        "posts/2024-01-01-a.md:2:7: 'lang' must be a language such as es or pt-BR",
        "posts/2024-01-01-a.md:3:12: 'published' must be true or false",
        "posts/2024-01-01-a.md:4:7: 'date' must be a date such as 2020-10-01 or 2020-10-01 23:30:34 -0600",
        "posts/2024-01-01-a.md:6:1: 'last_modified_at' is given twice (first in line 5)",
    ]


def test_mistakes_of_layouts_and_templates_are_told_at_once(tmp_path: Path) -> None:
    posts = {name: f"---\ntitle: {name}\nlayout: nope-{name}\n---\nx\n" for name in "ab"}
    root = make_site(tmp_path, **posts)
    (root / "templates").mkdir()
    (root / "templates" / "home.html").write_text("{{ nope }}")
    (root / "templates" / "archive.html").write_text("{% if %}")
    done = run(root, "build")
    assert done.returncode == 3
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == [
        "posts/2024-01-01-a.md:3:9", "posts/2024-01-01-b.md:3:9",
        "templates/archive.html:1", "templates/home.html:1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("top-k: 5\ntop_k: 50", "7:1: 'top_k' is given twice (first in line 6)"),
        ("min_p: 0.5\nmin-p: 0.5", "7:1: 'min-p' is given twice (first in line 6)"),
        ("seed: 1\nseed: 2", "7:1: 'seed' is given twice (first in line 6)"),
    ],
)
def test_an_option_that_is_given_twice_is_told(tmp_path: Path, options: str, message: str) -> None:
    block = f"---\ntitle: a\n---\n```escriba sample\nmodel: m\n{options}\n```\n"
    done = run(make_site(tmp_path, a=block), "build")
    assert f"posts/2024-01-01-a.md:{message}" in done.stderr.splitlines()


@pytest.mark.parametrize("suffix", ["md", "markdown", "mkd", "mkdn", "mkdown", "MD"])
def test_files_of_markdown_are_posts_whatever_their_suffix(tmp_path: Path, suffix: str) -> None:
    root = make_site(tmp_path)
    (root / "posts" / f"2015-07-30-a.{suffix}").write_text("---\ntitle: T\n---\n*x*\n")
    done = run(root, "build")
    assert (done.returncode, done.stderr) == (0, "")
    assert "<em>x</em>" in (root / "site/2015/07/30/a.html").read_text()


def test_html_with_front_matter_is_a_post_and_html_without_is_a_file(tmp_path: Path) -> None:
    root = make_site(tmp_path)
    (root / "posts" / "2015-07-30-a.html").write_text(
        "---\ntitle: T\ntags: [q]\n---\n<p>{{ page.title }} *x* $$a^2$$ {% highlight text %}<b>{% endhighlight %}</p>\n"
    )
    (root / "posts" / "2015-07-31-b.html").write_bytes(
        b"\xef\xbb\xbf---\r\ntitle: U\r\n---\r\nx\r\n"
    )
    (root / "posts" / "2015-07-32-c.html").write_text("<p>{{ page.title }}</p>\n")
    done = run(root, "build")
    assert (done.returncode, done.stderr) == (0, "")
    page = (root / "site/2015/07/30/a.html").read_text()
    assert "<p>T *x* " in page
    assert "<math" in page
    assert "&lt;b&gt;" in page
    assert "<title>T ·" in page
    assert "title: T" not in page
    assert (root / "site/2015/07/31/b.html").is_file()
    assert (root / "site/2015-07-32-c.html").read_text() == "<p>{{ page.title }}</p>\n"
    assert (root / "site/tags/q/index.html").is_file()


def test_mistakes_in_a_post_of_html_have_their_place(tmp_path: Path) -> None:
    root = make_site(tmp_path)
    (root / "posts" / "2015-07-30-a.html").write_text(
        "---\ntitle: T\n---\n<p>\n{{ page.titel }}\n$$\\nope$$</p>\n"
    )
    done = run(root, "build")
    assert done.returncode == 3
    assert [line.split(" (did")[0] for line in done.stderr.splitlines()] == [
        "posts/2015-07-30-a.html:5:4: warning: Liquid's 'page.titel' is not there, and shows nothing",
        'posts/2015-07-30-a.html:6:3: bad formula: unknown command "\\nope"; correct it, or define it '
        "in 'macros' of escriba.yml",
    ]


def test_what_looks_like_a_post_and_is_none_is_told(tmp_path: Path) -> None:
    root = make_site(tmp_path)
    (root / "posts" / "2015-07-30-a.textile").write_text("---\ntitle: T\n---\nh1. x\n")
    (root / "posts" / "2015-07-30-b.txt").write_text("no front matter\n")
    (root / "posts" / "notes.org").write_text("---\nx\n---\n")
    done = run(root, "build")
    assert done.returncode == 0
    assert done.stderr == (
        "posts/2015-07-30-a.textile:1: warning: it begins with front matter, and is published as it "
        "is: posts end in .md or .html\n"
    )


def test_a_missing_model_is_told_where_it_is_asked_for(tmp_path: Path) -> None:
    block = "---\ntitle: a\n---\n{{ page.title }}\n\n> ```escriba sample\n> model: m\n> ```\n\n`escriba m.layers` `escriba m.log.loss`\n"
    root = make_site(tmp_path, a=block, b=block)
    (root / "models" / "m").mkdir(parents=True)
    done = run(root, "build")
    assert done.returncode == 4
    weights = "the model 'm' has no weights; train it with: escriba train m"
    record = "the model 'm' has no record of its training; train it with: escriba train m"
    assert done.stderr.splitlines() == [
        f"posts/2024-01-01-{name}.md:{place}"
        for name in "ab"
        for place in (f"7:10: {weights}", f"10:1: {weights}", f"10:20: {record}")
    ]


def test_a_message_lists_no_more_names_than_a_sentence_holds(tmp_path: Path) -> None:
    root = make_site(tmp_path, a="---\ntitle: a\n---\n```escriba sample\nmodel: qqq\n```\n")
    for number in range(300):
        (root / "models" / f"model-of-some-length-{number:03}").mkdir(parents=True)
    done = run(root, "build")
    assert done.stderr.endswith(", …)\n")
    assert len(done.stderr) < 320


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ("<!-- `escriba x.y` -->\n\ntext `escriba x.y`\n", ["6:6"]),
        ("text <!-- `escriba x.y` --> `escriba x.y`\n", ["4:29"]),
        ("<!--\n`escriba x.y`\n-->\n\n`escriba x.y`\n", ["8:1"]),
        ("{% comment %}`escriba x.y`{% endcomment %}\n\n`escriba x.y`\n", ["6:1"]),
        ("{::comment}\n`escriba x.y`\n{:/comment}\n\n`escriba x.y`\n", ["8:1"]),
        ("<pre>`escriba x.y`</pre>\n\n`escriba x.y`\n", ["6:1"]),
        ("a\n\n    `escriba x.y`\n\n`escriba x.y`\n", ["8:1"]),
        ("```\n`escriba x.y`\n```\n\n`escriba x.y`\n", ["8:1"]),
        ("~~a `escriba x.y`~~ *`escriba x.y`*\n\n> `escriba x.y`\n", ["4:5", "4:22", "6:3"]),
        ("`` `escriba x.y` `` and `escriba x.y`\n", ["4:25"]),
    ],
)
def test_a_wrong_value_has_its_own_place_and_not_that_of_a_comment(
    tmp_path: Path, body: str, places: list[str]
) -> None:
    done = run(make_site(tmp_path, a=f"---\ntitle: a\n---\n{body}"), "build")
    assert done.stderr.splitlines() == [
        f"posts/2024-01-01-a.md:{place}: unknown model 'x' (models/ has none)" for place in places
    ]


def test_a_benchmark_without_its_corpus_says_one_sentence(tmp_path: Path) -> None:
    folder = Path(__file__).parents[1] / "benchmarks"
    for path in folder.glob("*.py"):
        text = path.read_text("utf-8")
        if path.name != "memory.py" and "read_corpus" in text:  # that one makes its own
            assert "    with ending():\n        main()" in text, path
    done = subprocess.run(
        [sys.executable, str(folder / "smoothing.py"), "--corpora", str(tmp_path)],
        env={**os.environ, "https_proxy": "http://127.0.0.1:9", "ESCRIBA_CORPORA": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("models/tolstoi/recipe.yml:8:7: ")
