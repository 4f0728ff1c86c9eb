"""Mistakes of an author, for edits.py."""

from __future__ import annotations

from support.editing.folder import MODELS, SETTINGS, WISHES, list_models, name_sample
from support.editing.hand import Hand, Kinds
from support.editing.sources import TEMPLATES, insert_into

KINDS = Kinds()


BROKEN_PIECES = {
    "an unknown option": "```escriba sample\nmodel: recortado\ntemprature: 1\n```",
    "an unknown kind": "```escriba smaple\nmodel: recortado\n```",
    "a fence without end": "```python\nnever = closed",
    "an if without end": "{% if page.title %}open",
    "an unknown tag": "{% nope %}",
    "a missing include": "{% include missing.html %}",
    "a bad formula": "$$\\frac{1}{$$ and $$\\nosuch$$",
    "a post that is not there": "{% post_url 2001-01-01-none %}",
    "an unknown value": "`escriba recortado.nope`",
    "an unknown model": "```escriba loss\nmodel: nobody\n```",
    "a prompt of other letters": "```escriba sample\nmodel: recortado\nprompt: →\n```",
    "a sample that is not frozen": "```escriba sample\nmodel: recortado\nseed: 99\n```",
    "an unknown macro": "$$\\S{x} \\Q$$",
    "a clock": "{{ 'now' | date: '%Y' }}",
}
BROKEN_KEYS = {
    "date": "2020-13-45", "layout": "none", "lang": "english", "tags": "[a", "translates": "nobody",
    "macros": "{1: x}", "published": "perhaps", "permalink": "/about/", "toc": "[1]",
}  # fmt: skip


@KINDS.add("mistake in a piece", 6)
def _break_piece(hand: Hand) -> str | None:
    path = hand.choose(hand.folder.entries())
    if path.endswith(".html"):
        return None
    name = hand.choose(list(BROKEN_PIECES))
    hand.folder.put(path, [*hand.folder.pieces(path), BROKEN_PIECES[name]])
    return f"{name} in {path}"


@KINDS.add("mistake in front matter", 4)
def _break_front(hand: Hand) -> str | None:
    path = hand.choose(hand.folder.entries())
    key = hand.choose(list(BROKEN_KEYS))
    hand.folder.set(path, key, BROKEN_KEYS[key])
    return f"{key} of {path} is {BROKEN_KEYS[key]}"


@KINDS.add("mistake in a file", 4)
def _break_file(hand: Hand) -> str | None:
    folder, random = hand.folder, hand.random
    texts = {
        SETTINGS: ["tittle: x\n", "latest: many\n", "a: [\n", "timezone: x\n", "baseurl: blog\n"],
        "_data/people.yml": ["a: [\n", "'"], "_data/numbers.json": ["{", "1, 2"],
        "_includes/note.html": ["{% if %}", "{% nope %}", "{{ a |", "[a](/nowhere/)"],
        "templates/strings.yml": ["en: [\n", "en:\n  archiv: x\n"],
        "templates/blocks/strings.yml": ["en: 1\n"],
        "templates/wide.html": ["{% if %}", "{{ nothing }}", "{{ link(1) }}"],
        "templates/assets/extra.css": [".b { background: url(nowhere.svg) }\n"],
    }  # fmt: skip
    path = hand.choose([*texts, *folder.entries()])
    if path not in texts:
        way = hand.choose(["not UTF-8", "no front matter", "front matter without end"])
        text = folder.read(path)
        if way == "not UTF-8":
            folder.files[path] = folder.files[path] + b"\xff\xfe\n"
        else:
            broken = "Text.\n" if way == "no front matter" else text.replace("---\n", "--\n")
            folder.write(path, broken)
        return f"{way} in {path}"
    text = folder.read(path) if path in folder.files else ""
    folder.write(path, text + random.choice(texts[path]))
    return f"nonsense in {path}"


@KINDS.add("mistake in a template", 2)
def _break_template(hand: Hand) -> str | None:
    path = f"templates/{hand.choose(list(TEMPLATES))}"
    broken = hand.choose(["{{ nothing_there }}", "{% if %}", "{{ 1 / 0 }}", "{% endfor %}"])
    insert_into(hand.folder, path, broken)
    return f"{broken} in {path}"


@KINDS.add("mistake in a model", 4)
def _break_model(hand: Hand) -> str | None:
    folder, name = hand.folder, hand.choose(MODELS)
    model = f"models/{name}/"
    weights, record, evaluation = (
        model + file for file in ("weights.safetensors", "training.jsonl", "evaluation.yml")
    )
    if weights not in folder.files or record not in folder.files:
        return None
    way = hand.choose(["weights cut", "no weights", "others' weights", "record", "no record",
                       "evaluation", "no model", "no evaluation"])  # fmt: skip
    if way == "weights cut":
        folder.files[weights] = folder.files[weights][: len(folder.files[weights]) // 2]
    elif way == "no weights":
        del folder.files[weights]
    elif way == "others' weights":
        other = next(other for other in MODELS if other != name)
        folder.files[weights] = dict(list_models())[weights.replace(name, other)]
    elif way == "record":
        folder.write(record, folder.read(record) + "{broken\n")
    elif way == "no record":
        del folder.files[record]
    elif way == "evaluation":
        folder.write(evaluation, "test: 1\n")
    elif way == "no evaluation":
        folder.files.pop(evaluation, None)
    else:
        for path in folder.find(model):
            del folder.files[path]
    return f"{way} of {name}"


@KINDS.add("mistake in a sample", 4)
def _break_sample(hand: Hand) -> str | None:
    path = name_sample(hand.random.choice(WISHES))
    way = hand.choose(["removed", "edited", "emptied", "another's"])
    others = [other for other in hand.folder.samples() if other != path]
    if path not in hand.folder.files or not others:
        return None
    if way == "removed":
        del hand.folder.files[path]
    elif way == "edited":
        hand.folder.files[path] += b"and more"
    elif way == "emptied":
        hand.folder.files[path] = b""
    else:
        hand.folder.files[path] = hand.folder.files[hand.choose(others)]
    return f"{path} is {way}"


@KINDS.add("mistake: one address for two", 2)
def _break_address(hand: Hand) -> str | None:
    posts = hand.folder.posts()
    if len(posts) < 2:
        return None
    both = hand.random.sample(posts, 2)
    for path in both:
        hand.folder.set(path, "permalink", "/both/")
    return f"{' and '.join(both)} have one address"
