"""What does a minute learn of the kinds of text that people bring, beside n-grams of them?

    python benchmarks/kinds.py --corpora FOLDER [--only NAMES] [--minutes M] [--folder FOLDER]

21 corpora (support/kinds.py) are made of the texts in FOLDER, each is trained for a minute by a
recipe that says nothing but where it is, and evaluated. Prints symbols, validation and test loss in
nats, the best n-gram on the test part, and what was best; and where that are n-grams, what the end
of the training says. FOLDER of `--folder` keeps the trainings:
the same command goes on with those that are missing.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import yaml

from escriba.charlm.evaluation.evaluate import evaluate
from escriba.charlm.evaluation.score import Score
from escriba.charlm.training.health import advise
from escriba.charlm.training.train import train
from escriba.ground import project
from escriba.ground.mistakes import ending
from escriba.records.model import FILE as WEIGHTS
from escriba.records.model import read_model
from support.kinds import KINDS, Kind

ALIKE = 0.15  # nats between validation and test, where the parts are alike


def make_model(folder: Path, name: str, kind: Kind, texts: Path) -> str:
    """The folder of a model with its corpus and its recipe; its name."""
    slug = "".join(c if c.isalnum() else "-" for c in name.lower())
    corpus = folder / "texts" / slug
    corpus.mkdir(parents=True, exist_ok=True)
    for file, data in kind.write(texts).items():
        (corpus / file).write_bytes(data)
    recipe = {"corpus": {"sources": [{"file": f"texts/{slug}"}], **kind.corpus},
              "training": {"budget": "1 minute"}}  # fmt: skip
    (folder / "models" / slug).mkdir(parents=True, exist_ok=True)
    (folder / "models" / slug / "recipe.yml").write_text(yaml.safe_dump(recipe))
    return slug


def find_best(scores: tuple[Score, ...], part: str) -> tuple[str, float]:
    """The n-gram with the lowest loss on a part, and that loss."""
    own = next(score for score in scores if score.part == part)
    found = {name: loss for name, loss in own.baselines.items() if "gram" in name}
    best = min(found, key=lambda name: found[name])
    return best, found[best]


def describe_gap(scores: tuple[Score, ...]) -> str:
    """How far apart the two parts are for n-grams, which have read no other text."""
    (_, near), (_, far) = (find_best(scores, part) for part in ("validation", "test"))
    return f"; parts differ, for n-grams {near:.3f} and {far:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpora", type=Path, required=True, help="where the texts are")
    parser.add_argument("--only", help="kinds, with semicolons between them")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--folder", type=Path, help="where the trainings are kept")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="kinds-"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "escriba.yml").write_text("title: kinds\n")
    print(f"{'':<16}{'symbols':>8}{'validation':>12}{'test':>8}  best n-gram, test")
    for name in options.only.split(";") if options.only else KINDS:
        slug = make_model(folder, name, KINDS[name], options.corpora)
        site = project.load(folder)
        with ending():
            said: list[str] = []
            if not (folder / "models" / slug / WEIGHTS).exists():
                result = train(site, slug, minutes=options.minutes)
                said = [*advise(result.findings)] if result.findings else []
            scores = evaluate(site, slug)
            model = read_model(folder / "models" / slug, Path("models") / slug)
        losses = {score.part: score.nats for score in scores}
        best, loss = find_best(scores, "test")
        found = "better" if losses["test"] < loss else "worse"
        far = "" if abs(losses["test"] - losses["validation"]) < ALIKE else describe_gap(scores)
        print(f"{name:<16}{len(model.vocabulary):>8}{losses['validation']:>12.3f}{losses['test']:>8.3f}"
              f"  {best} {loss:.3f}: {found}{far}", flush=True)  # fmt: skip
        if found == "worse":
            print(*(f"{'':<16}  says: {line}" for line in said), sep="\n", flush=True)


if __name__ == "__main__":
    main()
