from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from escriba.ground import schema
from escriba.ground.errors import Place, SourceError
from escriba.sampling.request import Options, Request, decimal_text
from support.models import make_model


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"temperature": Decimal("0.0001")}, "'temperature' must be from 0 to 100 with at most 3 decimals, not '0.0001'"),
        ({"temperature": Decimal("-1")}, "'temperature' must be from 0 to 100 with at most 3 decimals, not '-1'"),
        ({"top_k": 0}, "'top-k' must be from 1 to 65536, not '0'"),
        ({"top_p": Decimal(0)}, "'top-p' must be from 0.000001 to 1 with at most 6 decimals, not '0'"),
        ({"min_p": Decimal("1.1")}, "'min-p' must be from 0 to 1 with at most 6 decimals, not '1.1'"),
        ({"length": 1_000_001}, "'length' must be from 1 to 1000000, not '1000001'"),
        ({"seed": -1}, "'seed' must be from 0 to 18446744073709551615, not '-1'"),
        ({"seed": 2**64}, "'seed' must be from 0 to 18446744073709551615, not '18446744073709551616'"),
        ({"until": ""}, "'until' must be paragraph, sentence, document or some text, not nothing"),
        ({"prompt": "a\udcff"}, "'prompt' must be text in Unicode, not 'a\\udcff'"),
        ({"until": "\ud800"}, "'until' must be text in Unicode, not '\\ud800'"),
    ],
)  # fmt: skip
def test_options_out_of_range(option, message):
    with pytest.raises(SourceError) as caught:
        Options(**option)
    assert str(caught.value) == message


def test_a_block_has_its_mistakes_located():
    text = "prompt: Well\ntemperature: 0.70001\ntop-p: 2\nseed: x\n"
    with pytest.raises(SourceError) as caught:
        schema.read(Options, text, Place(Path("a.md"), 10), what="option")
    assert str(caught.value).splitlines() == [
        "a.md:11:14: 'temperature' must be from 0 to 100 with at most 3 decimals, not '0.70001'",
        "a.md:12:8: 'top-p' must be from 0.000001 to 1 with at most 6 decimals, not '2'",
        "a.md:13:7: 'seed' must be a whole number, not 'x'",
    ]
    with pytest.raises(SourceError) as caught:
        schema.read(Options, 'until: ""\n', Place(Path("a.md"), 10), what="option")
    assert str(caught.value) == (
        "a.md:10:1: 'until' must be paragraph, sentence, document or some text, not nothing"
    )


def test_options_of_a_block():
    text = "prompt: Well\nlength: 60\ntemperature: 0.70\ntop-k: 5\ntop-p: 0.9\nseed: 42\n"
    options = schema.read(Options, text, Place(Path("a.md"), 1))
    assert options.to_dict() == {
        "prompt": "Well",
        "length": 60,
        "temperature": "0.7",
        "top_k": 5,
        "top_p": "0.9",
        "seed": 42,
    }


def test_equal_requests_have_one_digest(tmp_path):
    model = make_model(tmp_path / "one")
    same = [
        Options(temperature=Decimal(text), prompt=prompt)
        for text in ("0.7", "0.70", "7E-1")
        for prompt in ("\u00e1", "a\u0301")
    ]
    assert len({Request(model, options).digest for options in same}) == 1
    ends = [
        Options(prompt=f"a{end}b{end}", until=f"{accent}{end}")
        for end in ("\n", "\r\n", "\r")
        for accent in ("\u00e1", "a\u0301")
    ]
    assert len({Request(model, options).digest for options in ends}) == 1
    assert (ends[0].prompt, ends[-1].until) == ("a\nb\n", "\u00e1\n")
    moved = make_model(tmp_path / "two")  # the name is not part of a request
    assert Request(moved, same[0]).digest == Request(model, same[0]).digest


def test_everything_that_matters_is_in_the_digest(tmp_path):
    model = make_model(tmp_path / "m")
    options = [
        Options(),
        Options(prompt="a"),
        Options(length=501),
        Options(until="."),
        Options(temperature=Decimal(0)),
        Options(top_k=5),
        Options(top_p=Decimal("0.9")),
        Options(min_p=Decimal("0.9")),
        Options(seed=2),
    ]
    requests = [Request(model, each) for each in options]
    requests.append(Request(make_model(tmp_path / "n", seed=1), Options()))
    assert len({request.digest for request in requests}) == len(requests)


def test_the_digest_never_changes():
    """Frozen samples of published articles are named by it."""

    class Fixed:
        digest = "ab" * 32

    options = Options(prompt="Well, Prince", length=600, temperature=Decimal("0.7"), seed=42)
    request = Request(Fixed(), options)  # type: ignore[arg-type]
    assert request.to_dict() == {
        "model": "ab" * 32,
        "arithmetic": "2",
        "prompt": "Well, Prince",
        "length": 600,
        "temperature": "0.7",
        "seed": 42,
    }
    assert request.digest == "d07e6d47186c2a5d7435ed5ad7de0a3df2e0e032b8503480eda5144af6a03b68"


@pytest.mark.parametrize(
    ("number", "text"),
    [("0.80", "0.8"), ("1E+2", "100"), ("-0", "0"), ("0.000", "0"), ("10", "10"), ("1E-6", "0.000001")],
)  # fmt: skip
def test_decimals_as_text(number, text):
    assert decimal_text(Decimal(number)) == text
