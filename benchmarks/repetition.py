"""Do models repeat more of what they have read than authors repeat of themselves?

    python benchmarks/repetition.py --corpora FOLDER [--only NAMES] [--folder FOLDER]

Some kinds of text (support/kinds.py) are trained for a minute each (the trainings of `kinds.py` in
the same FOLDER are taken as they are), and two are learnt by heart. Of 24 texts of 500 symbols
that a model writes, at two temperatures, and of 24 pieces of text that it has not read, prints the
longest runs that also stand in the training text (median, longest), and how many of the model's
are longer than all of the author's.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low

import numpy as np
import torch
import yaml
from safetensors.numpy import load_file

from escriba.charlm.network import CharLSTM, load_tensors, write_text
from escriba.charlm.training.checkpoint import FOLDER, LATEST
from escriba.charlm.training.novelty import SAMPLES, hold_against
from escriba.charlm.training.train import train
from escriba.corpora.corpus import read_corpus
from escriba.ground import project
from escriba.ground.mistakes import ending
from escriba.records.model import FILE as WEIGHTS
from escriba.records.recipe import read_recipe
from kinds import make_model
from support.kinds import KINDS, SHAKESPEARE, Kind, one, read, write_pages

LENGTH, START = 500, "\n"
TEMPERATURES = (1.0, 0.8)
# Trained long after their best step, which training would not keep.
BY_HEART: Mapping[str, Kind] = {
    "40 KB, by heart": Kind(lambda folder: one(read(folder, SHAKESPEARE, 300_000, 40_000))),
    "HTML, by heart": Kind(write_pages),
}
LONG = {"steps": 3000, "patience": False, "batch": 32}
USUAL = ("HTML", "source", "chat", "poetry", "LaTeX", "DNA, FASTA")


@dataclass(frozen=True)
class Found:
    """The longest runs of the author's pieces, and of the model's texts by temperature."""

    author: tuple[int, ...]
    model: tuple[tuple[int, ...], ...]


def compare(folder: Path, slug: str, *, last: bool) -> Found:
    """With the best weights of a model, or the `last` of its training."""
    site = project.load(folder)
    recipe = read_recipe(site.models, slug, site.root)
    corpus, home = read_corpus(recipe.corpus, site), site.models / slug
    prefix = "engine.weights." if last else ""
    arrays = load_file(home / FOLDER / LATEST if last else home / WEIGHTS)
    weights = {
        name.removeprefix(prefix): torch.from_numpy(array)
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
    network = CharLSTM(recipe.architecture(), len(corpus.vocabulary))
    load_tensors(network, weights)
    start = corpus.vocabulary.indices.get(START, 0)
    runs = []
    for temperature in TEMPERATURES:
        written = write_text(network.eval(), start, LENGTH, range(SAMPLES), temperature)
        texts = [np.array(text) for text in written]
        unseen = np.concatenate([np.asarray(part[0 : len(part)]) for part in corpus.parts[1:]])
        memory = hold_against(texts[0], texts, unseen, corpus.train, corpus.vocabulary)
        runs.append(memory.model)
    return Found(memory.author, tuple(runs))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpora", type=Path, required=True, help="where the texts are")
    parser.add_argument("--only", help="kinds, with semicolons between them")
    parser.add_argument("--folder", type=Path, help="where the trainings are kept")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="kinds-"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "escriba.yml").write_text("title: kinds\n")
    print(
        f"{'median, longest':<18}{'author':>14}" + "".join(f"{t:>10} beyond" for t in TEMPERATURES)
    )
    for name in options.only.split(";") if options.only else (*USUAL, *BY_HEART):
        kind = {**KINDS, **BY_HEART}[name]
        slug = make_model(folder, name, kind, options.corpora)
        if name in BY_HEART:
            path = folder / "models" / slug / "recipe.yml"
            recipe = yaml.safe_load(path.read_text())
            path.write_text(yaml.safe_dump({**recipe, "training": LONG}))
        if not (folder / "models" / slug / WEIGHTS).exists():
            train(project.load(folder), slug)
        found = compare(folder, slug, last=name in BY_HEART)
        pieces = f" of {len(found.author)}"
        cells = f"{median_low(found.author):>8}, {max(found.author):>4}{pieces:>6}"
        for runs in found.model:
            beyond = sum(run > max(found.author) for run in runs)
            cells += f"{median_low(runs):>7}, {max(runs):>4} {beyond:>4}"
        print(f"{name:<18}{cells}", flush=True)


if __name__ == "__main__":
    with ending():
        main()
