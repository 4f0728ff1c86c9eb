from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escriba.evidence.answer import read, write
from escriba.evidence.answers import Answers
from escriba.evidence.ledger import Ledger
from escriba.evidence.question import Use
from escriba.evidence.samples import SAMPLES
from escriba.ground.errors import FrozenError, ModelError, Place, SourceError
from escriba.ground.mistakes import Mistakes
from escriba.ground.project import Project, Settings
from escriba.records.model import FILE, read_model
from escriba.sampling.engine import Engine
from escriba.sampling.request import Options, Request
from support.models import LETTERS, make_model

POST = Place(Path("posts/a.md"), 14, 1)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("root") / "models" / "tiny")


@pytest.fixture
def project(tmp_path):
    """A project's root, with one model, `tiny`."""
    make_model(tmp_path / "models" / "tiny")
    return tmp_path


def open_ledger(project: Path) -> Ledger:
    return Ledger(Project(project, Settings()))


def obtain(project: Path, request: Request, place: Place = POST, *, frozen: bool = False) -> str:
    """The answer to one question, as a page gets it."""
    answers, mistakes = Answers(open_ledger(project), frozen=frozen), Mistakes()
    answers.gather([Use(request, place)], mistakes)
    mistakes.check()
    return answers[request]


def tiny(project: Path, **options) -> Request:
    return Request(read_model(project / "models" / "tiny"), Options(**options))


ANY = st.text(st.characters(exclude_categories=["Cs"]))
SNAGS = st.sampled_from(
    ["", "\n", "\r\n", "\r", "---", "\n---\n", "---\n", "\ufeff", "\u2028", "\x85", "\x00", "a: b"]
)
TEXTS = st.lists(SNAGS | ANY, max_size=6).map("".join)


@given(
    text=TEXTS, prompt=TEXTS, until=TEXTS.filter(bool) | st.none(), seed=st.integers(0, 2**64 - 1)
)
@settings(max_examples=300)
def test_any_text_comes_back(model, tmp_path, text, prompt, until, seed):
    request = Request(model, Options(prompt=prompt, until=until, seed=seed, top_p=Decimal("0.9")))
    path = tmp_path / "sample.txt"
    write(path, SAMPLES, request, text)
    sample = read(path, SAMPLES)
    assert sample.text == text
    assert sample.question == request.to_dict()
    assert sample.digest == request.digest
    assert path.read_bytes().endswith(b"\n---\n" + text.encode())


def test_the_file_is_made_to_be_reviewed(project):
    request = tiny(
        project, prompt="Well,\n“a”", length=60, temperature=Decimal("0.70"), top_k=5, seed=42
    )
    path = open_ledger(project).path(request)
    assert path == project / "models" / "tiny" / "samples" / f"{request.digest[:12]}.txt"
    open_ledger(project).freeze(request, "prince.\n")
    assert path.read_text() == (
        f"model: {request.model.digest}\n"
        "arithmetic: 2\n"
        'prompt: "Well,\\n“a”"\n'
        "length: 60\n"
        "temperature: 0.7\n"
        "top-k: 5\n"
        "seed: 42\n"
        "text: e1d6965b39014f6b5801cb2ca82d9076990589a5c566c26fa436276aa3457dce\n"
        "---\n"
        "prince.\n"
    )
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_nothing_half_written(project, monkeypatch):
    request = tiny(project)
    path = open_ledger(project).path(request)
    open_ledger(project).freeze(request, "before")

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("escriba.ground.atomic.os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        open_ledger(project).freeze(request, "after")
    assert read(path, SAMPLES).text == "before"
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_an_interrupted_build_loses_no_text_that_was_written(project):
    requests = [tiny(project, length=50 * (1 + n % 40), seed=n) for n in range(100)]
    folder = project / "models" / "tiny" / "samples"
    told: list[tuple[str, float]] = []

    def interrupt(what: str, share: float) -> None:
        told.append((what, share))
        if share > 0.5:
            raise KeyboardInterrupt

    uses = [Use(request, Place(Path("a.md"), n)) for n, request in enumerate(requests)]
    answers = Answers(open_ledger(project), frozen=False, report=interrupt)
    with pytest.raises(KeyboardInterrupt):
        answers.gather(uses, Mistakes())
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert 0 < len(before) < 100
    assert all(read(path, SAMPLES).text for path in before)
    told.clear()
    again = Answers(open_ledger(project), frozen=False, report=lambda *t: told.append(t))
    missing = again.find(uses, Mistakes())
    assert len(missing) == 100 - len(before)
    again.make(missing)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert [again[r] for r in requests] == [Engine(r.model).sample(r.options) for r in requests]
    assert [what for what, _ in told] == ["writing samples"] * len(told)
    assert [share for _, share in told] == sorted(share for _, share in told)
    assert told[-1][1] == 1


HEADER = (
    "model: abc\narithmetic: 1\nprompt: \"\"\nlength: 5\ntemperature: 1\nseed: 1\n"
    "text: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n"
)  # fmt: skip


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "s.txt:1: no line '---' ends its header"),
        (HEADER.encode() + b"hello", "s.txt:1: no line '---' ends its header"),
        (HEADER.encode() + b"---\nhallo", "s.txt:9: its text is not the one that was sampled"),
        (HEADER.encode() + b"---\nhello\n", "s.txt:9: its text is not the one that was sampled"),
        (HEADER.encode() + b"---\na\nb\xff", "s.txt:10: not UTF-8"),
        (b"model: \xff\n---\n", "s.txt:1: not UTF-8"),
        (
            HEADER.replace("length", "lenght").encode() + b"---\nhello",
            "s.txt:1:1: 'length' is missing\n"
            "s.txt:4:1: unknown key 'lenght' (did you mean 'length'?)",
        ),
        (
            HEADER.replace("length: 5", "length: five").encode() + b"---\nhello",
            "s.txt:4:9: 'length' must be a whole number, not 'five'",
        ),
        (b"model: [\n---\nhello", "s.txt:2:1: broken YAML: did not find expected node content"),
    ],
)
def test_files_edited_by_hand(tmp_path, data, message):
    path = tmp_path / "s.txt"
    path.write_bytes(data)
    with pytest.raises(FrozenError) as caught:
        read(path, SAMPLES, Path("s.txt"))
    assert sorted(str(caught.value).splitlines()) == message.splitlines()


def test_a_header_with_a_thousand_mistakes_is_one_sentence(project):
    request = tiny(project)
    path = open_ledger(project).path(request)
    path.parent.mkdir()
    keys = "".join(f"k{number}: 1\n" for number in range(1000))
    path.write_bytes(keys.encode() + HEADER.encode() + b"---\nhello")
    with pytest.raises(FrozenError) as caught:
        open_ledger(project).read(request, POST)
    assert len(str(caught.value)) < 500
    assert ", …; `escriba refresh`" in str(caught.value)


def test_a_header_that_is_right(tmp_path):
    path = tmp_path / "s.txt"
    path.write_bytes(HEADER.encode() + b"---\nhello")
    assert read(path, SAMPLES).text == "hello"


def test_a_question_is_answered_once(project, monkeypatch):
    request = tiny(project, prompt="abc", length=50)
    text = obtain(project, request)
    assert text == Engine(request.model).sample(request.options)
    monkeypatch.setattr(Engine, "sample_many", None)  # from here on nothing can be sampled
    assert obtain(project, request, POST.moved(5)) == text
    assert obtain(project, request, frozen=True) == text


def test_what_is_asked_twice_is_answered_together(project, monkeypatch):
    asked = []
    original = Engine.sample_many

    def sample_many(engine, options, *rest):
        asked.append([each.seed for each in options])
        return original(engine, options, *rest)

    monkeypatch.setattr(Engine, "sample_many", sample_many)
    answers = Answers(open_ledger(project), frozen=False)
    requests = [tiny(project, length=20, seed=seed) for seed in (3, 1, 3)]
    answers.gather([Use(r, POST.moved(n)) for n, r in enumerate(requests)], Mistakes())
    assert asked == [[3, 1]]
    assert answers[requests[0]] == answers[requests[2]] != answers[requests[1]]
    assert [path.exists() for path in answers.list_files()] == [True, True]


def test_a_frozen_build_samples_nothing(project):
    request = tiny(project)
    with pytest.raises(FrozenError) as caught:
        obtain(project, request, frozen=True)
    assert str(caught.value) == (
        f"posts/a.md:14:1: the sample is not frozen: models/tiny/samples/{request.digest[:12]}.txt "
        "is missing, or stale because the request or the model changed; a build that is not frozen makes it"
    )
    assert not (project / "models/tiny/samples").exists()


@pytest.mark.parametrize("frozen_build", [True, False])
def test_an_edited_sample_is_never_trampled(project, frozen_build):
    request = tiny(project, length=50)
    obtain(project, request)
    path = open_ledger(project).path(request)
    data = path.read_bytes()
    for edited, reason in [
        (data + b"!", "its text is not the one that was sampled (line 9)"),
        (data.replace(b"seed: 1", b"seed: 2"), "its header is of another request"),
        (data.replace(b"seed: 1", b"seed: x"), "'seed' must be a whole number, not 'x' (line 6)"),
    ]:
        path.write_bytes(edited)
        with pytest.raises(FrozenError) as caught:
            obtain(project, request, frozen=frozen_build)
        assert str(caught.value) == (
            f"posts/a.md:14:1: the frozen sample models/tiny/samples/{path.name} was edited: "
            f"{reason}; `escriba refresh` writes it again"
        )
        assert path.read_bytes() == edited


def test_what_goes_wrong_has_a_place(project):
    with pytest.raises(SourceError) as caught:
        obtain(project, tiny(project, prompt="Ñ"))
    assert str(caught.value) == (
        "posts/a.md:14:1: the character 'Ñ' (U+00D1, LATIN CAPITAL LETTER N WITH TILDE), number 1 "
        f"of the prompt, is not in the model's vocabulary of {len(LETTERS)}: {LETTERS[1:]}"
    )
    make_model(project / "models" / "huge", scale=1e30)
    request = Request(read_model(project / "models" / "huge"), Options())
    with pytest.raises(ModelError) as caught:
        obtain(project, request)
    message = str(caught.value)
    start = f"models/huge/{FILE}: its weights are too large to be run exactly: an activation"
    assert message.startswith(start)


def test_weights_that_a_training_changed_meanwhile_freeze_nothing(project):
    request = tiny(project, length=50)
    assert request.digest  # of the weights as they were
    make_model(project / "models" / "tiny", seed=1)
    with pytest.raises(ModelError) as caught:
        obtain(project, request)
    assert str(caught.value) == (
        f"models/tiny/{FILE}: its weights were changed meanwhile, by a training perhaps; run this again"
    )
    assert not (project / "models" / "tiny" / "samples").exists()


def test_frozen_samples_need_neither_numpy_nor_wasmtime(project):
    request = tiny(project, length=20)
    text = obtain(project, request)
    code = """if True:
        import sys
        from pathlib import Path
        from escriba.evidence.answers import Answers
        from escriba.evidence.ledger import Ledger
        from escriba.evidence.question import Use
        from escriba.ground.errors import Place
        from escriba.ground.mistakes import Mistakes
        from escriba.ground.project import Project, Settings
        from escriba.records.model import read_model
        from escriba.sampling.request import Options, Request
        root = Path(sys.argv[1])
        request = Request(read_model(root / "models" / "tiny"), Options(length=20))
        answers = Answers(Ledger(Project(root, Settings())), frozen=True)
        answers.gather([Use(request, Place(Path("a.md"), 1))], Mistakes())
        text = answers[request]
        heavy = {"numpy", "wasmtime", "torch", "safetensors"} & set(sys.modules)
        print(ascii(text), heavy)
        """
    done = subprocess.run(
        [sys.executable, "-c", code, project], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{text!a} set()\n"
