from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import pytest

from escriba.evidence.answer import read
from escriba.evidence.answers import Answers
from escriba.evidence.ledger import KINDS, Ledger
from escriba.evidence.proof import (
    Finding,
    compare,
    find,
    find_unused,
    prove,
    refresh,
    show_differences,
)
from escriba.evidence.question import Kind, Use
from escriba.evidence.samples import SAMPLES
from escriba.ground.digest import digest, text_digest
from escriba.ground.errors import CorpusError, Place, SourceError
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import Project, Settings
from escriba.records.model import Model, read_model
from escriba.sampling.request import Options, Request
from support.models import make_model

POST = Path("posts/a.md")


@pytest.fixture
def root(tmp_path):
    make_model(tmp_path / "models" / "tiny")
    return tmp_path


def use(root: Path, line: int, model: str = "tiny", **options) -> Use:
    options = {"length": 40, **options}
    return Use(Request(read_model(root / "models" / model), Options(**options)), Place(POST, line))


def open_ledger(root: Path) -> Ledger:
    return Ledger(Project(root, Settings()))


def freeze(root: Path, uses: list[Use]) -> None:
    mistakes = Mistakes()
    Answers(open_ledger(root), frozen=False).gather(uses, mistakes)
    mistakes.check()


def file(root: Path, each: Use) -> Path:
    return open_ledger(root).path(each.question)


def text_of(path: Path) -> str:
    return read(path, SAMPLES).text


def name(root: Path, each: Use) -> str:
    return file(root, each).relative_to(root).as_posix()


def found(root: Path, uses: list[Use]) -> list[str]:
    findings = find(uses, open_ledger(root))
    return sorted(f"{use.place}: {f.message}" for f in findings for use in f.uses)


def mend(uses: list[Use], root: Path) -> list[Finding]:
    findings = find(uses, open_ledger(root))
    refresh(findings, open_ledger(root))
    return findings


def swap(path: Path, old: str, new: str) -> None:
    data = path.read_bytes()
    assert old.encode() in data
    path.write_bytes(data.replace(old.encode(), new.encode(), 1))


def test_all_is_well(root):
    uses = [use(root, 3), use(root, 9, seed=2), use(root, 12)]
    freeze(root, uses)
    assert found(root, uses) == []
    assert mend(uses, root) == []
    assert found(root, []) == []


def test_states_are_told_apart(root):
    """One sample edited, one deleted, and one whose request changed: each is what it is."""
    uses = [use(root, line, seed=line) for line in (1, 20, 30, 40)]
    freeze(root, uses)
    edited, deleted, old, _ = uses
    file(root, edited).write_bytes(file(root, edited).read_bytes() + b".")
    file(root, deleted).unlink()
    changed = use(root, 30, seed=30, temperature=Decimal("0.75"))
    uses[2] = changed
    before = {path: path.read_bytes() for path in (root / "models").rglob("*.txt")}
    assert found(root, uses) == [
        f"posts/a.md:1: the frozen sample {name(root, edited)} was edited: its text is not the one "
        "that was sampled (line 9); `escriba refresh` writes it again",
        f"posts/a.md:20: the frozen sample {name(root, deleted)} is missing; "
        "`escriba build` makes it",
        f"posts/a.md:30: the frozen sample {name(root, old)} is stale: temperature was 0.8 and is "
        "0.75; `escriba refresh` makes the new one",
    ]
    assert {path: path.read_bytes() for path in (root / "models").rglob("*.txt")} == before

    mended = mend(uses, root)
    assert [(m.state, m.path, m.old) for m in mended] == [
        ("edited", file(root, edited), None),
        ("missing", file(root, deleted), None),
        ("stale", file(root, changed), file(root, old)),
    ]
    assert found(root, uses) == []
    assert sorted((root / "models").rglob("*.txt")) == sorted(file(root, each) for each in uses)


def test_a_forged_sample(root):
    """The text and its digest both edited: only sampling again tells."""
    each = use(root, 5)
    freeze(root, [each])
    path = file(root, each)
    text = text_of(path)
    forged = text.swapcase()
    swap(path, text_digest(text), text_digest(forged))
    swap(path, text, forged)
    assert text_of(path) == forged
    assert found(root, [each, use(root, 8)]) == [
        f"posts/a.md:{line}: the frozen sample {name(root, each)} was edited: its text is not what "
        "the model writes; `escriba refresh` writes it again"
        for line in (5, 8)
    ]
    mend([each], root)
    assert text_of(path) == text


def test_an_edited_header(root):
    each = use(root, 5)
    freeze(root, [each])
    swap(file(root, each), "seed: 1", "seed: 2")
    start = f"posts/a.md:5: the frozen sample {name(root, each)} was edited: "
    end = "; `escriba refresh` writes it again"
    assert found(root, [each]) == [f"{start}its header is of another request{end}"]
    swap(file(root, each), "seed: 2", "sead: 2")
    assert found(root, [each]) == [
        f"{start}unknown key 'sead' (did you mean 'seed'?) (line 6), "
        f"'seed' is missing (line 1){end}"
    ]
    mend([each], root)
    assert found(root, [each]) == []


def test_another_model(root):
    """Training again makes every sample of a model stale, each beside its own old file."""
    old = [use(root, line, prompt=prompt) for line, prompt in ((3, "one"), (9, "two"))]
    freeze(root, old)
    make_model(root / "models" / "tiny", seed=1)
    new = [use(root, line, prompt=prompt) for line, prompt in ((3, "one"), (9, "two"))]
    digests = [each.question.model.digest[:12] for each in (old[0], new[0])]
    assert found(root, new) == [
        f"posts/a.md:{each.place.line}: the frozen sample {name(root, each)} is of an older model: "
        f"model was {digests[0]} and is {digests[1]}; `escriba refresh tiny` makes the new one"
        for each in old
    ]
    states = [(each.state, each.old) for each in mend(new, root)]
    assert states == [("older model", file(root, each)) for each in old]
    assert found(root, new) == []


def test_another_arithmetic(root, monkeypatch):
    """A new version of the arithmetic is told from a new model, even where both are new."""
    old = use(root, 3)
    freeze(root, [old])
    monkeypatch.setattr("escriba.sampling.request.ARITHMETIC", "3")
    assert found(root, [use(root, 3)]) == [
        f"posts/a.md:3: the frozen sample {name(root, old)} is of an older arithmetic: "
        "arithmetic was 2 and is 3; `escriba refresh tiny` makes the new one"
    ]
    make_model(root / "models" / "tiny", seed=1)
    (finding,) = find([use(root, 3)], open_ledger(root))
    assert finding.state == "older arithmetic"
    assert "model was " in finding.message


def test_differences(root):
    """Of what is edited, from the file; of what is older, from the file it takes the place of."""
    uses = [use(root, 3), use(root, 9, seed=2), use(root, 12, seed=3)]
    freeze(root, uses)
    first, second, third = (text_of(file(root, each)) for each in uses)
    path = file(root, uses[0])
    path.write_bytes(path.read_bytes().replace(first.encode(), f"mine\n{first}".encode()))
    file(root, uses[2]).unlink()
    asked = [uses[0], use(root, 9, seed=2, length=39), uses[2]]
    edited, stale = show_differences(find(asked, open_ledger(root)), open_ledger(root))
    lines = edited.split("\n")
    assert lines[:2] == [f"--- {name(root, uses[0])}", "+++ tiny, sampled now"]
    assert lines[3:] == ["-mine", *(f" {line}" for line in first.split("\n"))][: len(lines) - 3]
    assert stale.split("\n")[0] == f"--- {name(root, uses[1])}"
    removed = [line[1:] for line in stale.split("\n")[3:] if line.startswith("-")]
    added = [line[1:] for line in stale.split("\n")[3:] if line.startswith("+")]
    assert removed == second.split("\n")[-1:]
    assert added == second[:39].split("\n")[-1:]
    assert third


def test_what_cannot_be_sampled_leaves_everything_as_it_was(root):
    good, bad = use(root, 3), use(root, 9, prompt="\u2603")
    findings = find([good], open_ledger(root))
    bad_finding = Finding("missing", (bad,), "", file(root, bad))
    with pytest.raises(SourceError):
        refresh([*findings, bad_finding], open_ledger(root))
    assert not file(root, good).exists()


def test_several_changes(root):
    freeze(root, [use(root, 3, prompt="one", top_k=5)])
    new = use(root, 3, prompt="two", until="paragraph", seed=7)
    assert found(root, [new])[0].split(" is stale: ")[1] == (
        "prompt was 'one' and is 'two', until was not given and is 'paragraph', seed was 1 and is "
        "7, top-k was 5 and is not given; `escriba refresh` makes the new one"
    )


def test_models_do_not_mix(root):
    """A sample that another model's block left behind says nothing about this one."""
    make_model(root / "models" / "other", seed=5)
    freeze(root, [use(root, 3, "other")])
    assert found(root, [use(root, 3)])[0].endswith("is missing; `escriba build` makes it")


def test_unused_samples_are_no_mistake(root):
    uses = [use(root, 3), use(root, 9, seed=2)]
    freeze(root, uses)
    assert found(root, uses[:1]) == []
    assert find_unused(uses[:1], open_ledger(root)) == [file(root, uses[1])]
    assert find_unused(uses, open_ledger(root)) == []


def test_an_unused_file_that_is_no_sample(root):
    each = use(root, 3)
    path = file(root, each).with_name("notes.txt")
    path.parent.mkdir()
    path.write_text("not a sample")
    assert found(root, [each])[0].endswith("is missing; `escriba build` makes it")
    mend([each], root)
    assert path.exists()


@dataclass(frozen=True)
class Places:
    """A question that only the corpus can answer."""

    model: Model
    word: str
    kind: ClassVar[str] = "places"
    cost: int = 1

    def to_dict(self) -> dict[str, object]:
        return {"model": self.model.digest, "version": 1, "word": self.word}

    @property
    def digest(self) -> str:
        return digest(self.to_dict())


@dataclass(frozen=True)
class PlacesHeader:
    model: str
    version: int
    word: str
    text: str

    def to_dict(self) -> dict[str, object]:
        return {"model": self.model, "version": self.version, "word": self.word}


def test_what_only_a_corpus_can_tell_is_not_proved_without_it(root):
    """Questions of another kind have a folder of their own, and are answered and frozen alike."""
    corpus: list[str] = ["one two one"]

    def answer(engine, questions, end, advance):
        if not corpus:
            raise CorpusError("the corpus is not here")
        texts = [str(corpus[0].split().count(each.word)) for each in questions]
        for number, text in enumerate(texts):
            end(number, text)
        return texts

    kinds = {**KINDS, "places": Kind(PlacesHeader, lambda question: None, answer, free=("word",))}
    ledger = Ledger(Project(root, Settings()), kinds=kinds)
    model = read_model(root / "models" / "tiny")
    asked = Use(Places(model, "one"), Place(POST, 3, 1))
    mistakes = Mistakes()
    answers = Answers(ledger, frozen=False)
    answers.gather([asked, use(root, 9)], mistakes)
    mistakes.check()
    assert answers[asked.question] == "2"
    path = root / "models" / "tiny" / "places" / f"{asked.digest[:12]}.txt"
    assert ledger.list() == [path, file(root, use(root, 9))]
    assert find([asked], ledger) == []
    corpus.clear()
    _, present = compare([asked], ledger)
    proof = prove(present, [asked], ledger)
    assert proof.findings == ()
    assert [(each.digest, str(error)) for each, error in proof.unproved] == [
        (asked.digest, "the corpus is not here")
    ]
    path.unlink()
    Answers(ledger, frozen=False).gather([asked], mistakes)
    with pytest.raises(CorpusError, match=r"^posts/a\.md:3:1: the corpus is not here$"):
        mistakes.check()
    assert find_unused([], ledger) == [file(root, use(root, 9))]
