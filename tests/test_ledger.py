from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escriba.evidence import ledger as frozen
from escriba.evidence.ledger import PatientStore, Store
from escriba.ground.errors import FrozenError, ModelError, Place, SourceError
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
    frozen.write(path, request, text)
    sample = frozen.read(path)
    assert sample.text == text
    assert sample.request == request.to_dict()
    assert sample.digest == request.digest
    assert path.read_bytes().endswith(b"\n---\n" + text.encode())


def test_the_file_is_made_to_be_reviewed(project):
    request = tiny(
        project, prompt="Well,\n“a”", length=60, temperature=Decimal("0.70"), top_k=5, seed=42
    )
    path = frozen.sample_path(project / "models", request)
    assert path == project / "models" / "tiny" / "samples" / f"{request.digest[:12]}.txt"
    frozen.write(path, request, "prince.\n")
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
    path = frozen.sample_path(project / "models", request)
    frozen.write(path, request, "before")

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("escriba.ground.atomic.os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        frozen.write(path, request, "after")
    assert frozen.read(path).text == "before"
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_an_interrupted_build_loses_no_text_that_was_written(project):
    requests = [tiny(project, length=50 * (1 + n % 40), seed=n) for n in range(100)]
    folder = project / "models" / "tiny" / "samples"
    told: list[tuple[str, float]] = []

    def interrupt(what: str, share: float) -> None:
        told.append((what, share))
        if share > 0.5:
            raise KeyboardInterrupt

    store = PatientStore(project / "models", project, frozen=False, report=interrupt)
    for number, request in enumerate(requests):
        assert store.obtain(request, Place(Path("a.md"), number)) == ""
    with pytest.raises(KeyboardInterrupt):
        store.fill()
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert 0 < len(before) < 100
    assert all(frozen.read(path).text for path in before)
    told.clear()
    again = PatientStore(
        project / "models", project, frozen=False, report=lambda *t: told.append(t)
    )
    texts = [again.obtain(request, POST) for request in requests]
    assert sum(map(bool, texts)) == len(before)
    assert again.fill()
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert [again.obtain(r, POST) for r in requests] == [
        Engine(r.model).sample(r.options) for r in requests
    ]
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
        frozen.read(path, Path("s.txt"))
    assert sorted(str(caught.value).splitlines()) == message.splitlines()


def test_a_header_with_a_thousand_mistakes_is_one_sentence(tmp_path):
    path = tmp_path / "s.txt"
    keys = "".join(f"k{number}: 1\n" for number in range(1000))
    path.write_bytes(keys.encode() + HEADER.encode() + b"---\nhello")
    with pytest.raises(FrozenError) as caught:
        frozen.read_as_asked(path, None, POST, Path("s.txt"))  # it does not come to the request
    assert len(str(caught.value)) < 500
    assert ", …; `escriba refresh`" in str(caught.value)


def test_a_header_that_is_right(tmp_path):
    path = tmp_path / "s.txt"
    path.write_bytes(HEADER.encode() + b"---\nhello")
    assert frozen.read(path).text == "hello"


def test_a_store_samples_once(project, monkeypatch):
    request = tiny(project, prompt="abc", length=50)
    store = Store(project / "models", project, frozen=False)
    text = store.obtain(request, POST)
    assert text == Engine(request.model).sample(request.options)
    monkeypatch.setattr(Engine, "sample_many", None)  # from here on nothing can be sampled
    assert store.obtain(request, POST.moved(5)) == text
    assert Store(project / "models", project, frozen=True).obtain(request, POST) == text
    assert [(use.digest, use.place.line) for use in store.used] == [
        (request.digest, 14),
        (request.digest, 19),
    ]


def test_a_frozen_build_samples_nothing(project):
    request = tiny(project)
    store = Store(project / "models", project, frozen=True)
    with pytest.raises(FrozenError) as caught:
        store.obtain(request, POST)
    assert str(caught.value) == (
        f"posts/a.md:14:1: the sample is not frozen: models/tiny/samples/{request.digest[:12]}.txt "
        "is missing, or stale because the request or the model changed; a build that is not frozen makes it"
    )
    assert not (project / "models/tiny/samples").exists()


@pytest.mark.parametrize("frozen_build", [True, False])
def test_an_edited_sample_is_never_trampled(project, frozen_build):
    request = tiny(project, length=50)
    Store(project / "models", project, frozen=False).obtain(request, POST)
    path = frozen.sample_path(project / "models", request)
    data = path.read_bytes()
    store = Store(project / "models", project, frozen=frozen_build)
    for edited, reason in [
        (data + b"!", "its text is not the one that was sampled (line 9)"),
        (data.replace(b"seed: 1", b"seed: 2"), "its header is of another request"),
        (data.replace(b"seed: 1", b"seed: x"), "'seed' must be a whole number, not 'x' (line 6)"),
    ]:
        path.write_bytes(edited)
        with pytest.raises(FrozenError) as caught:
            store.obtain(request, POST)
        assert str(caught.value) == (
            f"posts/a.md:14:1: the frozen sample models/tiny/samples/{path.name} was edited: "
            f"{reason}; `escriba refresh` writes it again"
        )
        assert path.read_bytes() == edited


def test_what_goes_wrong_has_a_place(project):
    store = Store(project / "models", project, frozen=False)
    with pytest.raises(SourceError) as caught:
        store.obtain(tiny(project, prompt="Ñ"), POST)
    assert str(caught.value) == (
        "posts/a.md:14:1: the character 'Ñ' (U+00D1, LATIN CAPITAL LETTER N WITH TILDE), number 1 "
        f"of the prompt, is not in the model's vocabulary of {len(LETTERS)}: {LETTERS[1:]}"
    )
    make_model(project / "models" / "huge", scale=1e30)
    request = Request(read_model(project / "models" / "huge"), Options())
    with pytest.raises(ModelError) as caught:
        store.obtain(request, POST)
    message = str(caught.value)
    start = f"models/huge/{FILE}: its weights are too large to be run exactly: an activation"
    assert message.startswith(start)


@pytest.mark.parametrize("kind", [Store, PatientStore])
def test_weights_that_a_training_changed_meanwhile_freeze_nothing(project, kind):
    request = tiny(project, length=50)
    assert request.digest  # of the weights as they were
    make_model(project / "models" / "tiny", seed=1)
    store = kind(project / "models", project, frozen=False)
    with pytest.raises(ModelError) as caught:
        store.obtain(request, POST)
        store.fill()
    assert str(caught.value) == (
        f"models/tiny/{FILE}: its weights were changed meanwhile, by a training perhaps; run this again"
    )
    assert not (project / "models" / "tiny" / "samples").exists()


def test_frozen_samples_need_neither_numpy_nor_wasmtime(project):
    request = tiny(project, length=20)
    text = Store(project / "models", project, frozen=False).obtain(request, POST)
    code = """if True:
        import sys
        from pathlib import Path
        from escriba.ground.errors import Place
        from escriba.records.model import read_model
        from escriba.evidence.ledger import Store
        from escriba.sampling.request import Options, Request
        root = Path(sys.argv[1])
        request = Request(read_model(root / "models" / "tiny"), Options(length=20))
        store = Store(root / "models", root, frozen=True)
        text = store.obtain(request, Place(Path("a.md"), 1))
        heavy = {"numpy", "wasmtime", "torch", "safetensors"} & set(sys.modules)
        print(ascii(text), heavy)
        """
    done = subprocess.run(
        [sys.executable, "-c", code, project], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{text!a} set()\n"
