"""Edits of the files of models, and of what they wrote, for edits.py."""

from __future__ import annotations

import json

from support.editing.folder import MODELS, WISHES, freeze, name_sample
from support.editing.hand import Hand, Kinds
from support.editing.pieces import draw_sample_text

KINDS = Kinds()


@KINDS.add("record", 4)
def _edit_record(hand: Hand) -> str | None:
    path = f"models/{hand.choose(MODELS)}/training.jsonl"
    if path not in hand.folder.files or "{broken" in hand.folder.read(path):
        return None
    lines = hand.folder.read(path).splitlines()
    steps = [at for at, line in enumerate(lines) if '"gradient"' in line]
    if hand.random.random() < 0.5 and len(lines) > 70:
        last = lines.pop()
        told = f"{path} without the line of step {json.loads(last)['step']}"
    else:
        at = hand.random.choice(steps)
        entry = json.loads(lines[at])
        entry["loss"] = round(hand.random.uniform(1.5, 3), 4)
        lines[at] = json.dumps(entry)
        told = f"{path} has another loss at step {entry['step']}"
    hand.folder.write(path, "".join(f"{line}\n" for line in lines))
    return told


@KINDS.add("evaluation", 3)
def _edit_evaluation(hand: Hand) -> str | None:
    path = f"models/{hand.choose(MODELS)}/evaluation.yml"
    nats, unigram = (f"{hand.random.uniform(1, 3):.4f}" for _ in range(2))
    hand.folder.write(path, f"test:\n  nats: '{nats}'\n  unigram: '{unigram}'\n")
    return f"{path} says {nats}"


@KINDS.add("model's other files", 1)
def _edit_card(hand: Hand) -> str | None:
    path = f"models/{hand.choose(MODELS)}/{hand.choose(['README.md', 'recipe.yml'])}"
    if path not in hand.folder.files:
        return None
    hand.folder.write(path, hand.folder.read(path) + f"\n# {hand.number()}\n")
    return f"a line more in {path}"


@KINDS.add("sample", 5)
def _edit_sample(hand: Hand) -> str | None:
    wish = hand.random.choice(WISHES)
    path = name_sample(wish)
    if path not in hand.folder.files:
        return None
    if hand.random.random() < 0.25:
        data = hand.folder.files[path]
        crlf = b"\r\n" in data
        plain = data.replace(b"\r\n", b"\n")
        hand.folder.files[path] = plain if crlf else plain.replace(b"\n", b"\r\n")
        return f"other line ends in {path}"
    hand.folder.files[path] = freeze(wish, draw_sample_text(hand.random))
    return f"frozen anew: {path}"


@KINDS.add("unused sample", 1)
def _add_sample(hand: Hand) -> str | None:
    path = f"models/{hand.choose(MODELS)}/samples/abcdefabc{hand.number():03}.txt"
    hand.folder.write(path, "nobody asks for it\n")
    return f"new {path}"
