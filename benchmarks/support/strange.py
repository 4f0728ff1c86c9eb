"""Texts that nobody would write, drawn by chance: what fuzz.py puts through each door.

A text is a real one that was mutated, sentences of a small grammar, a soup of marks, or a hostile
text of hostile.py cut short; a `Random` decides everything, so the same seed gives the same texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random

from support.doors import BETWEEN
from support.hostile import HOSTILE
from support.marks import (
    CHARACTERS,
    JINJA,
    KEYS,
    KINDS,
    LIQUID_TOKENS,
    MARKS,
    NUMBERS,
    OPTIONS,
    RECIPE,
    SETTING,
    TEX,
    WORDS,
)  # fmt: skip
from support.trees import draw_tree
from support.yard import HERE, MODEL, SAMPLES, SETTINGS, SHOWN

LONGEST = 8_000  # characters; one text in fifty may have ten times as many
# How often each door is knocked at, of a hundred and some.
WEIGHTS: Mapping[str, int] = {
    "post": 40, "front": 10, "page": 3, "site": 3, "names": 3, "include": 3, "html": 2, "data": 3, "template": 6,
    "block template": 2, "strings": 3, "settings": 5, "recipe": 4, "record": 5, "evaluation": 4,
    "weights": 4, "frozen": 5, "sample": 6, "expand": 8, "host": 3, "plan": 2, "manifest": 2, "tree": 5,
}  # fmt: skip

Draw = Callable[[Random], str]


def draw(random: Random, doors: Sequence[str] = ()) -> tuple[str, bytes]:
    """A door, one of `doors` if they are given, and a text for it."""
    names = doors or list(WEIGHTS)
    door = random.choices(names, [WEIGHTS.get(name, 1) for name in names])[0]
    if door == "tree":
        return door, draw_tree(random).encode()
    longest = LONGEST * (10 if not random.randrange(50) else 1)
    ways: list[Draw] = [
        lambda r: mutate(r, r.choice(_seeds(door)), door),
        lambda r: mutate(r, r.choice(_seeds(door)), door),
        lambda r: _sentences(r, door),
        lambda r: _soup(r, door),
        lambda r: mutate(r, _hostile(r, door), door),
    ]
    text = random.choice(ways)(random)[:longest]
    data = text.encode("utf-8", "surrogatepass" if not random.randrange(40) else "replace")
    return door, _spoil(random, data) if not random.randrange(25) else data


def mutate(random: Random, text: str, door: str) -> str:
    """A text with some things done to it that no editor does."""
    for _ in range(random.choice((1, 1, 2, 3, 5, 8))):
        text = random.choice(MUTATIONS)(random, text, door)[: LONGEST * 10]
    return text


def _span(random: Random, text: str) -> tuple[int, int]:
    start = random.randint(0, len(text))
    return start, min(len(text), start + random.choice((1, 2, 5, 20, 100, 1000)))


def _delete(random: Random, text: str, door: str) -> str:
    start, end = _span(random, text)
    return text[:start] + text[end:]


def _repeat(random: Random, text: str, door: str) -> str:
    start, end = _span(random, text)
    return text[:end] + text[start:end] * random.choice((1, 2, 9, 60, 400)) + text[end:]


def _move(random: Random, text: str, door: str) -> str:
    start, end = _span(random, text)
    rest = text[:start] + text[end:]
    at = random.randint(0, len(rest))
    return rest[:at] + text[start:end] + rest[at:]


def _insert(random: Random, text: str, door: str) -> str:
    at = random.randint(0, len(text))
    return text[:at] + _token(random, door) * random.choice((1, 1, 1, 2, 30)) + text[at:]


def _renumber(random: Random, text: str, door: str) -> str:
    found = list(re.finditer(r"\d[\d.]*", text))
    if not found:
        return text + random.choice(NUMBERS)
    match = random.choice(found)
    return text[: match.start()] + random.choice(NUMBERS) + text[match.end() :]


def _reword(random: Random, text: str, door: str) -> str:
    found = list(re.finditer(r"[\w-]+", text))
    if not found:
        return text + random.choice(WORDS)
    match = random.choice(found)
    return text[: match.start()] + _word(random, door) + text[match.end() :]


def _character(random: Random, text: str, door: str) -> str:
    at = random.randint(0, len(text))
    return text[:at] + random.choice(CHARACTERS) + text[at:]


def _cut(random: Random, text: str, door: str) -> str:
    return text[: random.randint(0, len(text))]


def _prefix(random: Random, text: str, door: str) -> str:
    lines = text.split("\n")
    start, end = sorted((random.randint(0, len(lines)), random.randint(0, len(lines))))
    before = random.choice(
        (" ", "    ", "\t", "> ", "* ", "1. ", ": ", "# ", "| ", "- ", "`", "$$")
    )
    return "\n".join([*lines[:start], *(before + line for line in lines[start:end]), *lines[end:]])


def _shuffle(random: Random, text: str, door: str) -> str:
    lines = text.split("\n")
    random.shuffle(lines)
    return "\n".join(lines)


def _end_lines(random: Random, text: str, door: str) -> str:
    return text.replace("\n", random.choice(("\r\n", "\r", "", "\n\n", " ", "\u2028", "  \n")))


def _splice(random: Random, text: str, door: str) -> str:
    other = random.choice(_seeds(door))
    return text[: random.randint(0, len(text))] + other[random.randint(0, len(other)) :]


def _wrap(random: Random, text: str, door: str) -> str:
    start, end = _span(random, text)
    opening, closing = random.choice(
        (
            ("**", "**"), ("$$", "$$"), ("`", "`"), ("<div markdown=1>", "</div>"), ("{{ ", " }}"),
            ("{% raw %}", "{% endraw %}"), ("```\n", "\n```"), ("[", "](a)"), ("![", "](a)"), ('"', '"'),
            ("<!--", "-->"), ("{::comment}", "{:/comment}"), ("\n[^1]: ", "\n"), ("[", "]"), ("{a: ", "}"),
        )
    )  # fmt: skip
    times = random.choice((1, 1, 2, 50))
    return text[:start] + opening * times + text[start:end] + closing * times + text[end:]


MUTATIONS = (
    _delete, _repeat, _move, _insert, _insert, _insert, _renumber, _reword, _character, _cut, _prefix,
    _shuffle, _end_lines, _splice, _wrap,
)  # fmt: skip


def _spoil(random: Random, data: bytes) -> bytes:
    at = random.randint(0, len(data))
    return (
        data[:at]
        + random.choice((b"\xff", b"\xc3", b"\xed\xa0\x80", b"\x00", b"\xf4\x90"))
        + data[at:]
    )


def _token(random: Random, door: str) -> str:
    if door in ("template", "block template"):
        return random.choice(JINJA)
    if door in ("post", "page", "site", "include", "expand", "host", "sample"):
        return random.choice(
            random.choice((MARKS, MARKS, MARKS, LIQUID_TOKENS, TEX, WORDS, NUMBERS))
        )
    return random.choice(
        random.choice(
            (
                list("[]{}:,&*!|>'\"%@`?-#\n \t"),
                WORDS,
                NUMBERS,
                ["&a ", "*a", "<<: *a", "!!python/object:a", "---\n", "? ", "- "],
            )
        )
    )


def _word(random: Random, door: str) -> str:
    own = {"front": KEYS, "settings": SETTING, "recipe": RECIPE}.get(door, OPTIONS)
    return random.choice(random.choice((own, WORDS, NUMBERS)))


def _soup(random: Random, door: str) -> str:
    joint = random.choice(("", " ", "\n", "\n\n"))
    tokens = [_token(random, door) for _ in range(random.choice((3, 10, 30, 100, 300)))]
    return joint.join(tokens)


def _hostile(random: Random, door: str) -> str:
    names = [name for name, hostile in HOSTILE.items() if hostile.door == door] or list(HOSTILE)
    return HOSTILE[random.choice(names)].make(random.choice((50, 300, 1500)))


def _value(random: Random, depth: int = 0) -> str:
    """A value of YAML, mostly right."""
    kind = random.randrange(9 if depth < 3 else 6)
    if kind < 2:
        return random.choice(NUMBERS)
    if kind < 4:
        return random.choice(WORDS)
    if kind == 4:
        return json.dumps(random.choice((*CHARACTERS, *MARKS, *WORDS)))
    if kind == 5:
        return random.choice(
            ("", "*a", "&a b", "!!binary a", "'", "|", "{}", "[]", "2020-10-01 23:30:34 -0600")
        )
    several = [_value(random, depth + 1) for _ in range(random.randrange(4))]
    if kind == 6:
        return "{" + ", ".join(f"{random.choice(WORDS)}: {value}" for value in several) + "}"
    return "[" + ", ".join(several) + "]"


def _mapping(random: Random, keys: Sequence[str]) -> str:
    chosen = random.choices(keys, k=random.randint(1, 6))
    return "".join(f"{key}: {_value(random)}\n" for key in chosen)


def _block(random: Random) -> str:
    mark = random.choice(("```", "~~~", "````", "  ```", "> ```"))
    body = f"model: {MODEL}\n" + _mapping(random, OPTIONS)
    if random.randrange(2):
        body = body.replace(": b\n", ": x\n")
    prefix = mark[: -len(mark.lstrip("> "))] if mark.lstrip("> ") != mark else ""
    inner = "".join(prefix + line + "\n" for line in body.split("\n"))
    return f"{mark}escriba {random.choice(KINDS)}\n{inner}{mark}\n"


def _inline(random: Random, depth: int = 0) -> str:
    inner = (
        _inline(random, depth + 1) if depth < 4 and random.randrange(3) else random.choice(WORDS)
    )
    pieces = (
        inner, f"*{inner}*", f"**{inner}**", f"_{inner}_", f"`{inner}`", f"$${inner}$$", f"[{inner}](a)", f"![{inner}](a)",
        f"[{inner}][a]", f"<b>{inner}</b>", f"<!-- {inner} -->", f"\"{inner}\"", f"{inner}[^1]", f"{{{{ {inner} }}}}",
        f"*{inner}*{{:.a}}", f"~~{inner}~~", f"{inner}\\", f"<http://{inner}>", f"`escriba {MODEL}.{inner}`", f"\\\\({inner}\\\\)",
        f"$${''.join(random.choices(TEX, k=random.randint(1, 8)))}$$", f"<code>{inner}</code>", f"<span markdown='1'>{inner}</span>",
    )  # fmt: skip
    return random.choice(pieces) + random.choice(("", " ", "\n", " " + inner))


def _paragraph(random: Random, depth: int = 0) -> str:
    """A block of Markdown with blocks in it."""
    inside = _paragraph(random, depth + 1) if depth < 4 and random.randrange(3) else _inline(random)
    indented = inside.replace("\n", "\n    ")
    pieces = (
        _inline(random), inside + "\n\n" + _inline(random), f"* {indented}\n* b", f"1. {indented}\n", "> " + inside.replace("\n", "\n> "),
        f"<div markdown='1'>\n{inside}\n</div>", f"<div>{inside}</div>", f"# {inside}", f"{inside}\n===", f"a\n: {indented}",
        f"[^1]: {indented}", f"| {inside} | b |\n|---|---|\n| c |", f"```python\n{inside}\n```", f"    {indented}", f"*[a]: {inside}",
        f"[a]: {inside} 'b'", f"{inside}\n{{: .a #b}}", f"{{::comment}}\n{inside}\n{{:/comment}}", f"$$\n{inside}\n$$", _block(random),
        f"* toc\n{{:toc}}\n\n{inside}", f"{{% if page %}}\n{inside}\n{{% endif %}}", f"{{% highlight a %}}\n{inside}\n{{% endhighlight %}}",
        f"<details><summary>a</summary>\n{inside}\n</details>", f"***\n{inside}", f"<pre>{inside}</pre>", f"{{:a: .b}}\n{inside}\n{{:a}}",
    )  # fmt: skip
    return random.choice(pieces) + random.choice(("\n", "\n\n", ""))


def _json(random: Random, depth: int = 0) -> str:
    kind = random.randrange(7 if depth < 4 else 4)
    if kind < 2:
        return random.choice(NUMBERS)
    if kind < 4:
        return json.dumps(random.choice((*WORDS, *CHARACTERS)))
    several = [_json(random, depth + 1) for _ in range(random.randrange(4))]
    if kind == 4:
        return "[" + ", ".join(several) + "]"
    names = [
        "step",
        "characters",
        "seconds",
        "loss",
        "gradient",
        "largest",
        "clipped",
        "rate",
        "validation",
        "sample",
        "prompt",
        "plan",
        "write",
        "remove",
        "manifest",
    ]
    return "{" + ", ".join(f'"{random.choice(names)}": {value}' for value in several) + "}"


def _sentences(random: Random, door: str) -> str:
    """What a grammar of the door's gives."""
    if door in ("front", "settings", "recipe", "strings", "evaluation"):
        own = {"front": KEYS, "settings": SETTING, "recipe": RECIPE}
        return _mapping(random, own.get(door, ["en", "es", "test", "model", "validation", *WORDS]))
    if door in ("record", "weights", "plan"):
        return "\n".join(_json(random) for _ in range(random.randint(1, 5)))
    if door == "frozen":
        return _mapping(random, [*OPTIONS, "arithmetic"]) + "---\n" + _inline(random)
    if door in ("names", "manifest"):
        pieces = [
            *WORDS,
            *MARKS,
            "2020-01-01-a.md",
            "a" * 300,
            ".md",
            "_a.md",
            "x.html",
            "A.MD",
            *CHARACTERS,
        ]
        return "\n".join(
            "".join(random.choices(pieces, k=random.randint(1, 4)))
            for _ in range(random.randint(1, 6))
        )
    if door in ("template", "block template"):
        return "\n".join(random.choices(JINJA, k=random.randint(1, 12)))
    if door == "sample":
        return "".join(
            random.choices([*MARKS, *TEX, *WORDS, *CHARACTERS, "\n", " "], k=random.randint(1, 80))
        )
    text = "".join(_paragraph(random) for _ in range(random.randint(1, 6)))
    if door in ("page", "site", "expand"):
        text = f"---\n{_mapping(random, KEYS)}---\n{text}"
    if door == "site":
        text += BETWEEN.decode() + f"---\n{_mapping(random, KEYS)}---\n[a](2020-01-01-a0.md)"
    return text


@cache
def _seeds(door: str) -> Sequence[str]:
    """Real texts for a door."""
    folder = HERE / "models" / MODEL
    cases = [path.read_text("utf-8") for path in sorted((HERE / "tests" / "cases").rglob("*.md"))]
    posts = [path.read_text("utf-8") for path in sorted((HERE / "posts").rglob("*.md"))]
    pages = [
        *posts,
        *(
            path.read_text("utf-8")
            for path in sorted((HERE / "tests/sites").rglob("*.md"))
            if "utf" not in path.as_posix()
        ),
    ]
    bodies = [*cases, *(page.split("\n---\n", 1)[-1] for page in pages), (SHOWN + SAMPLES).decode()]
    log = (folder / "training.jsonl").read_text("utf-8").split("\n")[:12]
    header = (folder / "weights.safetensors").read_bytes()
    header = header[8 : 8 + int.from_bytes(header[:8], "little")]
    theme = HERE / "templates"
    heads = [match[1] for page in pages if (match := re.match(r"---\n(.*?)\n---\n", page, re.S))]
    joined = BETWEEN.decode()
    seeds: Mapping[str, Sequence[str]] = {
        "front": heads or ["title: A"],
        "page": pages,
        "site": [joined.join(pages[start : start + 3]) for start in range(0, len(pages), 3)],
        "names": ["2020-01-01-b.md\nimg/a.png\n2020-01-02-b.md", "a/b/c.md\ndrafts/x.md"],
        "template": _read(theme, "*.html"),
        "block template": _read(theme / "blocks", "*.html"),
        "strings": [*_read(theme, "*.yml"), *_read(theme / "blocks", "*.yml")],
        "data": ["a: {b: 1}\nc: [x, 2.5, ~]\n", '{"b": [1, {"c": null}]}', "a,b\n1,2\n3,4\n", "\ta\tb\n"],
        "settings": [SETTINGS.decode(), (HERE / "escriba.yml").read_text("utf-8")],
        "recipe": [path.read_text("utf-8") for path in sorted((HERE / "models").glob("*/recipe.yml"))],
        "record": ["\n".join(log) + "\n", "\n".join(log[:3])],
        "evaluation": [path.read_text("utf-8") for path in sorted((HERE / "models").glob("*/evaluation.yml"))],
        "weights": [header.decode()],
        "frozen": [path.read_text("utf-8") for path in sorted((HERE / "models").glob("*/samples/*.txt"))],
        "plan": ['{"write": ["index.html"], "remove": ["old.html"], "manifest": ["index.html", "a/b.html"]}'],
        "manifest": ["index.html\na/b.html\nold/x.html\n"],
        "expand": [*pages, *bodies],
    }  # fmt: skip
    return seeds.get(door, bodies)


def _read(folder: Path, pattern: str) -> list[str]:
    return [path.read_text("utf-8") for path in sorted(folder.glob(pattern))]
