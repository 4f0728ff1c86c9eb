"""Blogs of any size for build.py: posts by chance that escriba and Hugo read alike.

Each post has about 690 words of prose under four headings, a block of Python, a table, a list,
three links to other sites and three to other posts, and three tags.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random

from support.prose import draw_paragraph, draw_title, draw_words

FIRST, LAST = date(1990, 1, 1), date(2020, 12, 31)  # of any number of posts
SECTIONS = (180, 170, 175, 165)  # words of prose
TOPICS = [
    "algebra", "architecture", "astronomy", "bakery", "bicycles", "biology", "books", "botany",
    "bridges", "cinema", "cities", "climate", "compilers", "cooking", "databases", "design",
    "drawing", "economics", "editors", "film", "gardens", "geology", "grammar", "graphs", "history",
    "ink", "islands", "kernels", "language", "letters", "libraries", "linguistics", "maps",
    "medicine", "memory", "models", "mountains", "music", "networks", "numbers", "oceans", "optics",
    "painting", "paper", "parsers", "philosophy", "physics", "poetry", "printing", "proofs",
    "python", "railways", "rivers", "sampling", "sleep", "statistics", "teaching", "translation",
    "travel", "writing",
]  # fmt: skip
_SUMS = list(accumulate(1 / (place + 5) for place in range(len(TOPICS))))


def name_post(number: int) -> str:
    return f"post-{number:05}"


def date_post(number: int, posts: int) -> date:
    return FIRST + timedelta(days=number * (LAST - FIRST).days // posts)


def name_file(number: int, posts: int) -> str:
    """What both programs call it: the date, and what the address has of it."""
    return f"{date_post(number, posts)}-{name_post(number)}.md"


def write_posts(folder: Path, posts: int, seed: int) -> None:
    """So many posts, the same for the same seed, in a folder that is made."""
    folder.mkdir(parents=True)
    for number in range(posts):
        text = write_post(Random(f"{seed}:{number}"), number, posts)
        (folder / name_file(number, posts)).write_text(text, "utf-8", newline="\n")


def write_post(random: Random, number: int, posts: int) -> str:
    day = date_post(number, posts)
    tags = ", ".join(_draw_tags(random))
    head = f"---\ntitle: {draw_title(random)}\ndate: {day} 08:00:00 +0000\ntags: [{tags}]\n---\n"
    return head + "\n\n".join(_write_body(random, posts)) + "\n"


def _write_body(random: Random, posts: int) -> Iterator[str]:
    inserts = [_write_code(random), _write_table(random), _write_list(random), ""]
    for section, (words, insert) in enumerate(zip(SECTIONS, inserts, strict=True)):
        yield f"## {draw_title(random)}"
        cut = random.randint(words // 3, 2 * words // 3)
        yield draw_paragraph(random, cut)
        if insert:
            yield insert
        link = _write_link(random, posts, to_post=section % 2 == 0)
        yield f"{draw_paragraph(random, words - cut)} {link}"
    yield " ".join(_write_link(random, posts, to_post=to_post) for to_post in (True, False))


def _write_link(random: Random, posts: int, *, to_post: bool) -> str:
    words = " ".join(draw_words(random, 3))
    if to_post:
        return f"See [{words}](/posts/{name_post(random.randrange(posts))}/)."
    host, page = random.choice(TOPICS), random.choice(TOPICS)
    return f"More in [{words}](https://{host}.example.org/{page}.html)."


def _write_code(random: Random) -> str:
    name, other = random.sample(TOPICS, 2)
    number = random.randint(2, 99)
    return f'''```python
def {name}(values: list[float], limit: int = {number}) -> dict[str, float]:
    """What {other} has of {name}."""
    found = {{}}
    for place, value in enumerate(values[:limit]):
        if value > 0.{number} and place % {number} == 0:  # the rest is noise
            found[f"{other}-{{place}}"] = value ** 2 / limit
    return found


print({name}([1.5, {number}.0, -3e4]), "{other}")
```'''


def _write_table(random: Random) -> str:
    rows = []
    for name in random.sample(TOPICS, 5):
        remark = " ".join(draw_words(random, 4))
        rows.append(f"| {name} | {random.randint(1, 999)} | {random.random():.3f} | {remark} |")
    return "\n".join(["| topic | number | share | remark |", "|---|---:|---:|---|", *rows])


def _write_list(random: Random) -> str:
    return "\n".join(f"- {draw_paragraph(random, random.randint(5, 9))}" for _ in range(5))


def _draw_tags(random: Random) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < 3:
        found[random.choices(TOPICS, cum_weights=_SUMS)[0]] = None
    return list(found)
