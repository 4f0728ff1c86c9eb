"""Corpora of the kinds that people bring, out of real texts: the same bytes for the same texts.

Each kind is a folder of files and what its recipe says of them. `folder` holds the texts that
`docs/recipe.md` names by digest: novels in Spanish and English, Python's library, a book in LaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

QUIJOTE, REGENTA = "cervantes-don-quijote.es.txt", "clarin-la-regenta.es.txt"
FORTUNATA, WAR = "galdos-fortunata-y-jacinta.es.txt", "tolstoy-war-and-peace.en.txt"
SHAKESPEARE, PYTHON = "tiny-shakespeare.en.txt", "python-stdlib.py.txt"
LATEX = "stacks-project.tex"

NAMES = ["Ana", "Luis", "Marta", "Iván", "Lucía", "Óscar"]
SKINS = ["\U0001f44d", "\U0001f44d\U0001f3fd", "\U0001f44d\U0001f3ff", "❤️", "\U0001f602"]
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAGS = ["\U0001f1ea\U0001f1f8", "\U0001f1eb\U0001f1f7", "\U0001f1ef\U0001f1f5"]


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Page {number}</title>
<link rel="stylesheet" href="/main.css">
</head>
<body>
<nav>
<ul>
{items}</ul>
</nav>
<main>
<h1>Page {number}</h1>
{body}
</main>
<footer>
<p>Copyright 2024</p>
</footer>
</body>
</html>
"""
TUNE = """X:{number}
T:Tune {number}
M:4/4
L:1/8
K:{key}
|:{bars[0]}|{bars[1]}:|
|:{bars[2]}|{bars[3]}:|
"""


@dataclass(frozen=True)
class Kind:
    """`write` gives the files by their names; `corpus` are further keys of the recipe's corpus."""

    write: Callable[[Path], Mapping[str, bytes]]
    corpus: Mapping[str, object] = field(default_factory=dict)


def read(folder: Path, name: str, start: int, length: int) -> str:
    """So many characters of a text, from the beginning of a line on."""
    text = (folder / name).read_text("utf-8").replace("\r\n", "\n").lstrip("\ufeff")
    begin = text.find("\n", start) + 1
    return text[begin : begin + length]


def split_paragraphs(folder: Path, name: str, start: int, length: int) -> list[str]:
    text = read(folder, name, start, length)
    return [" ".join(each.split()) for each in re.split(r"\n\s*\n", text) if len(each) > 80]


def split_sentences(folder: Path, name: str, start: int, length: int) -> list[str]:
    whole = " ".join(read(folder, name, start, length).split())
    return [each.strip() for each in re.findall(r"[^.!?]{12,160}[.!?]", whole)]


def one(text: str) -> Mapping[str, bytes]:
    return {"text.txt": text.encode()}


def write_chat(folder: Path) -> Mapping[str, bytes]:
    random, minutes, lines = Random(1), 0, []
    for sentence in split_sentences(folder, FORTUNATA, 200_000, 400_000):
        minutes += random.randint(0, 9)
        stamp = f"[{1 + minutes // 1440 % 28:02}/03/24, {minutes // 60 % 24:02}:{minutes % 60:02}]"
        name = random.choice(NAMES)
        said = f"{sentence} {random.choice(SKINS)}" if random.random() < 0.2 else sentence
        if random.random() < 0.03:
            said = "\u200eimagen omitida"
        if random.random() < 0.01:
            said = f"llámame al 6{random.randint(0, 9)}2 33 44 55"
        lines.append(f"\u200e{stamp} {name}: {said}")
    return {"chat.txt": "\r\n".join(lines[:4000]).encode()}


def write_posts(folder: Path) -> Mapping[str, bytes]:
    random = Random(2)
    paragraphs = split_paragraphs(folder, REGENTA, 100_000, 420_000)
    files = {}
    for number in range(60):
        own = paragraphs[7 * number : 7 * number + 6]
        own[3:3] = [
            f"```python\nfor n in range({number}):\n    print(n)\n```",
            f"![A picture of {number}](/images/{number}.png)",
        ]
        title = own[0].split(",")[0][:60].replace('"', "")
        day = f"2024-{1 + number % 12:02}-{1 + number % 28:02}"
        topic = random.choice(["libros", "cine", "viajes"])
        head = f'---\nlayout: post\ntitle: "{title}"\ndate: {day}\ntags: [{topic}]\n---\n\n'
        foot = f"\n\n*Escrito en Vetusta, número {number}. Comentarios: ana@example.org*\n"
        files[f"post-{number:02}.md"] = (head + "\n\n".join(own) + foot).encode()
    return files


def write_ends(folder: Path) -> Mapping[str, bytes]:
    random, files = Random(3), {}
    for number in range(60):
        lines = [f"line number {random.randint(1, 400)}" for _ in range(random.randint(20, 60))]
        text = "\n".join(["START of post", *lines, "THE-END"])
        files[f"post-{number:02}.txt"] = (text + "\n").encode()
    return files


def write_pages(folder: Path) -> Mapping[str, bytes]:
    paragraphs = split_paragraphs(folder, WAR, 300_000, 200_000)
    files = {}
    for number in range(25):
        own = paragraphs[8 * number : 8 * number + 8]
        items = "".join(f'<li><a href="/p/{n}.html">Page {n}</a></li>\n' for n in range(8))
        body = "\n".join(f"<p>{each}</p>" for each in own)
        page = PAGE.format(number=number, items=items, body=body)
        files[f"page-{number:02}.html"] = page.encode()
    return files


def write_table(folder: Path) -> Mapping[str, bytes]:
    random, rows = Random(4), ["id,date,city,product,units,price"]
    for number in range(1, 6001):
        rows.append(
            f"{number},2024-{random.randint(1, 12):02}-{random.randint(1, 28):02},"
            f"{random.choice(['Madrid', 'Sevilla', 'Vigo', 'Lugo'])},"
            f"{random.choice(['pan', 'vino', 'queso'])},{random.randint(1, 40)},"
            f"{random.randint(100, 9999) / 100:.2f}"
        )
    return one("\n".join(rows) + "\n")


def write_verses(folder: Path) -> Mapping[str, bytes]:
    sentences = split_sentences(folder, QUIJOTE, 300_000, 420_000)
    lines = [f"Qui {1 + n // 30}:{1 + n % 30} {each}" for n, each in enumerate(sentences)]
    return one("\n".join(lines) + "\n")


def write_emoji(folder: Path) -> Mapping[str, bytes]:
    random = Random(5)
    own = [chr(c) for c in (*range(0x1F600, 0x1F640), *range(0x1F330, 0x1F3C0))] + FLAGS + [FAMILY]
    words = " ".join(read(folder, FORTUNATA, 700_000, 240_000).split()).split(" ")
    return one(" ".join(f"{w} {random.choice(own)}" if random.random() < 0.3 else w for w in words))


def write_characters(first: int, size: int, length: int, folder: Path) -> Mapping[str, bytes]:
    """English words as one or two characters each, the frequent ones as one: a text over `size`
    symbols as unevenly used as those of Chinese."""
    words = re.findall(r"[a-z]+|[.,;!?]", read(folder, WAR, 400_000, length).lower())
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    ranks = {w: n for n, w in enumerate(sorted(counts, key=lambda w: (-counts[w], w)))}
    marks = {".": "。\n", ",": "，", ";": "；", "!": "！", "?": "？"}
    half = size // 2

    def write(word: str) -> str:
        rank = ranks[word]
        if rank < half:
            return chr(first + rank)
        return chr(first + half + rank % half) + chr(first + rank * 7 % half)

    return one("".join(marks.get(word) or write(word) for word in words))


def write_zipf(folder: Path) -> Mapping[str, bytes]:
    random = Random(6)
    weights = [1 / rank for rank in range(1, 6001)]
    drawn = random.choices(range(6000), weights, k=200_000)
    return one(
        "".join(chr(0x4E00 + each) + ("\n" * (n % 40 == 39)) for n, each in enumerate(drawn))
    )


def make_dna(length: int) -> str:
    """Letters by chance, and half of them copies of a few families of repeats, a tenth of whose
    letters have changed: as in the human genome, of which such families (Alu, L1 and others) are
    about half (International Human Genome Sequencing Consortium, 2001)."""
    random, text = Random(7), ""
    families = ["".join(random.choices("acgt", k=random.randint(200, 320))) for _ in range(6)]
    while len(text) < length:
        family = random.choice(families)
        text += "".join(random.choice("acgt") if random.random() < 0.13 else c for c in family)
        text += "".join(random.choices("acgt", k=random.randint(50, 450)))
    return text[:length]


def write_fasta(folder: Path) -> Mapping[str, bytes]:
    text, lines = make_dna(300_000), []
    for number, start in enumerate(range(0, len(text), 6000)):
        lines.append(f">sequence {number:03}")
        lines += [text[at : at + 60] for at in range(start, start + 6000, 60)]
    return one("\n".join(lines) + "\n")


def write_tunes(folder: Path) -> Mapping[str, bytes]:
    return one("\n".join(_list_tunes()))


def _list_tunes() -> Iterator[str]:
    random = Random(9)
    motifs = ["".join(random.choices("ABcdefgG", k=4)) for _ in range(24)]
    for number in range(600):
        own = random.choices(motifs, k=3)
        bars = ["|".join(random.choices(own, k=4)) for _ in range(4)]
        key = random.choice(["G", "D", "Em", "Am"])
        yield TUNE.format(number=number, key=key, bars=bars)


def write_verse(folder: Path) -> Mapping[str, bytes]:
    return one(read(folder, SHAKESPEARE, 300_000, 250_000))


def write_encoded(start: int, encoding: str, folder: Path) -> Mapping[str, bytes]:
    return {"text.txt": read(folder, REGENTA, start, 250_000).encode(encoding, "ignore")}


def write_line(folder: Path) -> Mapping[str, bytes]:
    return one(" ".join(read(folder, FORTUNATA, 900_000, 320_000).split()))


KINDS: Mapping[str, Kind] = {
    "500 bytes": Kind(lambda folder: one(read(folder, QUIJOTE, 50_000, 490))),
    "3 KB": Kind(lambda folder: one(read(folder, QUIJOTE, 60_000, 2900))),
    "chat": Kind(write_chat),
    "blog": Kind(write_posts),
    "ends": Kind(write_ends),
    "HTML": Kind(write_pages),
    "source": Kind(lambda folder: one(read(folder, PYTHON, 1_000_000, 900_000))),
    "LaTeX": Kind(lambda folder: one(read(folder, LATEX, 1_000_000, 300_000))),
    "CSV": Kind(write_table),
    "poetry": Kind(write_verse),
    "Latin-1": Kind(partial(write_encoded, 600_000, "cp1252"), {"encoding": "cp1252"}),
    "UTF-16": Kind(partial(write_encoded, 900_000, "utf-16"), {"encoding": "utf-16"}),
    "emoji": Kind(write_emoji),
    "Chinese": Kind(partial(write_characters, 0x4E00, 1200, 900_000)),
    "Japanese": Kind(partial(write_characters, 0x3041, 1300, 700_000)),
    "6,000 symbols": Kind(write_zipf),
    "one line": Kind(write_line),
    "verses": Kind(write_verses),
    "DNA, FASTA": Kind(write_fasta),
    "DNA": Kind(lambda folder: one(make_dna(300_000))),
    "ABC": Kind(write_tunes),
}
