"""Messages in the reader's language, and the catalogues that hold them."""

from __future__ import annotations

import ast
import os
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.support import Translations

from escriba.cli import cli
from escriba.ground import language
from escriba.ground.language import LOCALE
from support.catalogues import collect_messages, find_catalogues, read_catalogue

SOURCES = [path for path in LOCALE.parent.rglob("*.py") if "kramdown" not in path.parts]
CATALOGUES = [path for domain in ("escriba", "click") for path in find_catalogues(domain)]

BAD = """
---
title: Mala
date: 2020-12-01
---
```escriba sample
model: nadie
temprature: 0.7
```
""".lstrip()


def run(folder: Path, *arguments: str, speaks: str = "es") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"LANGUAGE": speaks}
    command = [sys.executable, "-m", "escriba", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "escriba.yml").write_text("title: Prueba\n", "utf-8")
    (tmp_path / "posts").mkdir()
    return tmp_path


def test_a_mistake_is_told_in_spanish(site: Path) -> None:
    (site / "posts/2020-12-01-mala.md").write_text(BAD, "utf-8")
    result = run(site, "build")
    assert result.returncode == 3
    assert result.stderr.splitlines() == [
        "posts/2020-12-01-mala.md:6:8: modelo desconocido 'nadie' (en models/ no hay ninguno)",
        "posts/2020-12-01-mala.md:7:1: opción desconocida 'temprature' (¿querías decir 'temperature'?)",
    ]


def test_the_same_in_english_for_a_language_without_a_catalogue(site: Path) -> None:
    (site / "posts/2020-12-01-mala.md").write_text(BAD, "utf-8")
    result = run(site, "build", speaks="eo")
    assert result.stderr.splitlines() == [
        "posts/2020-12-01-mala.md:6:8: unknown model 'nadie' (models/ has none)",
        "posts/2020-12-01-mala.md:7:1: unknown option 'temprature' (did you mean 'temperature'?)",
    ]


@pytest.mark.parametrize("region", ["es_AR.UTF-8", "es:en", "es"])
def test_a_region_speaks_its_language(site: Path, region: str) -> None:
    assert run(site, "train", speaks=region).stderr.endswith("Error: Falta el argumento 'NAME'.\n")


def test_what_was_done_and_help_are_told_in_spanish(site: Path) -> None:
    (site / "posts/2020-12-01-buena.md").write_text("---\ntitle: Buena\n---\nHola.\n", "utf-8")
    assert run(site, "build").stdout.startswith("1 artículo; archivos: ")
    assert "Muestrea todo de nuevo y lo compara" in run(site, "check", "--help").stdout
    assert "No existe la orden 'buld'. ¿Querías decir 'build'?" in run(site, "buld").stderr


def test_a_page_is_the_same_in_every_language_of_the_terminal(site: Path) -> None:
    (site / "posts/2020-12-01-buena.md").write_text("---\ntitle: Buena\n---\nHola.\n", "utf-8")
    pages = []
    for speaks in ("en", "es"):
        assert run(site, "build", "-o", speaks, speaks=speaks).returncode == 0
        files = sorted(path for path in (site / speaks).rglob("*") if path.is_file())
        pages.append([(path.relative_to(site / speaks), path.read_bytes()) for path in files])
    assert pages[0] == pages[1]


def test_every_message_of_the_code_is_in_every_catalogue() -> None:
    said = {message.id for message in collect_messages() if message.id}
    for path in find_catalogues("escriba"):
        assert {message.id for message in read_catalogue(path) if message.id} == said, (
            f"{path}: run `make messages`, and translate what it names"
        )


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_every_message_is_translated_with_the_same_fields(path: Path) -> None:
    for message in read_catalogue(path):
        if message.id:
            assert not message.fuzzy
            originals, texts = _forms(message, "id"), _forms(message, "string")
            assert all(texts), message.id
            allowed = [_fields(text) for text in originals]
            # A singular may say "one" without the number.
            assert all(_fields(text) in allowed or len(texts) > 1 for text in texts), message.id
            assert all(_fields(text) <= allowed[-1] | allowed[0] for text in texts), message.id


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_the_compiled_catalogue_is_of_the_text(path: Path) -> None:
    with path.with_suffix(".mo").open("rb") as file:
        compiled = Translations(file)
    for message in read_catalogue(path):
        if isinstance(message.id, tuple):
            one, many = message.id
            found = [compiled.ungettext(one, many, number) for number in (1, 2)]
            assert found == list(message.string), "run `make messages`"
        elif message.id:
            assert compiled.ugettext(message.id) == message.string, "run `make messages`"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(LOCALE.parent)))
def test_no_error_is_raised_with_words_that_cannot_be_translated(path: Path) -> None:
    """Neither literally, nor with `tr` inside an f-string, where it is not collected."""
    tree = ast.parse(path.read_text("utf-8"))
    assert [node.lineno for node in _find_untranslated(tree)] == []


def test_of_a_long_field_a_message_has_the_beginning() -> None:
    said = language.tr("no {name} here", name="x" * 5000)
    assert said == "no " + "x" * (language.LONGEST - 1) + "… here"
    assert (
        language.tr("{a}{b}", a=None, b="y" * language.LONGEST) == "None" + "y" * language.LONGEST
    )


def test_the_language_of_messages() -> None:
    assert language.reading_language() == "en"
    assert cli.help and cli.help == language.tr(cli.help)


def _find_untranslated(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside = [call for call in ast.walk(node) if isinstance(call, ast.Call)]
            yield from (call for call in inside if getattr(call.func, "id", "") in ("tr", "plural"))
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
            first = node.args[0]
            parts = first.values if isinstance(first, ast.JoinedStr) else [first]
            texts = [str(part.value) for part in parts if isinstance(part, ast.Constant)]
            words = any(character.isalpha() for text in texts for character in text)
            told = name in ("Problem", "Mistake", "BadParameter", "UsageError")
            defect = name in (
                "ValueError",
                "TypeError",
                "RuntimeError",
                "AssertionError",
                "OSError",
            )
            if words and (told or (name.endswith("Error") and not defect)):
                yield first


def _forms(message: Message, name: str) -> list[str]:
    value = getattr(message, name)
    return [value] if isinstance(value, str) else list(value)


def _fields(text: str) -> set[tuple[str, str, str]]:
    """The fields of a message, each with its format and conversion."""
    return {
        (name, spec or "", conversion or "")
        for _, name, spec, conversion in string.Formatter().parse(text)
        if name is not None
    }
