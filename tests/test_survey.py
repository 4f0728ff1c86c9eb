"""`escriba corpus`: what is in a corpus, before it is learnt."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from escriba.cli import cli
from escriba.corpora.survey import find_traces, survey
from escriba.ground import project
from escriba.ground.project import Project
from escriba.records.recipe import CorpusRecipe, Source

STORY = "".join(f"Capítulo {n}, en el que no pasa nada.\n" for n in range(40))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("ESCRIBA_CORPORA", raising=False)
    (tmp_path / "escriba.yml").write_text("title: test\n")
    (tmp_path / "models" / "chat").mkdir(parents=True)
    (tmp_path / "models" / "chat" / "recipe.yml").write_text(
        "corpus:\n  sources:\n    - file: t\n  strip: [front-matter]\n"
    )
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.md").write_text(f"---\ntitle: a\n---\n{STORY}", "utf-8")
    mail = "Escríbeme: Ana.Ruiz@example.org\nO llama al +34 612 345 678.\nana.ruiz@example.org\n"
    (tmp_path / "t" / "b.md").write_text(f"---\ntitle: b\n---\n{STORY}{mail}", "utf-8")
    (tmp_path / "t" / "c.md").write_text(STORY, "utf-8")
    return project.load(tmp_path)


def recipe(**options: object) -> CorpusRecipe:
    return CorpusRecipe((Source(file="t"),), strip=("front-matter",), **options)  # type: ignore[arg-type]


def test_files_parts_and_copies(site: Project) -> None:
    found = survey(recipe(), site)
    ((name, files),) = found.sources
    assert name == "t" and [file for file, _ in files] == ["t/a.md", "t/b.md", "t/c.md"]
    assert files[2] == ("t/c.md", len(STORY.encode()))
    assert found.split_by == "bytes" and [*found.parts] == ["train", "validation", "test"]
    assert sum(part["characters"] for part in found.parts.values()) == found.characters
    assert found.copies == (("t/a.md", "t/c.md"),)
    assert found.repeated_lines == 80
    once = survey(recipe(dedupe=("files",)), site)
    assert once.copies == () and once.repeated_lines == 40


def test_what_tells_of_people_has_its_place_in_the_file(site: Project) -> None:
    found = survey(recipe(), site)
    assert (found.emails.count, found.emails.different) == (2, 2)
    first, second = found.emails.first
    assert (first.text, first.file, first.line) == ("Ana.Ruiz@example.org", "t/b.md", 44)
    (phone,) = found.phones.first
    assert (phone.text, phone.line) == ("+34 612 345 678", 45)
    lower = survey(recipe(lower_case=True), site)
    assert (lower.emails.count, lower.emails.different) == (2, 1)
    assert lower.emails.first[0].line == 44
    assert second.line == 44  # whatever the case, the first of the two


def test_rare_symbols_are_those_of_the_training_part(site: Project) -> None:
    text = "ab" * 500 + "漢" * 4 + "字" * 5 + "ab" * 400
    for name in ("a.md", "b.md", "c.md"):
        (site.root / "t" / name).write_text(text if name == "a.md" else "", "utf-8")
    (site.root / "t" / "a.md").write_text(text + "Z" * 20, "utf-8")
    found = survey(recipe(), site)
    assert dict(found.rare) == {"Z": 0, "漢": 4} and found.symbols == 5


def test_whole_files_are_counted(site: Project) -> None:
    for number in range(30):
        (site.root / "t" / f"{number}.txt").write_text(f"{STORY}{number}")
    found = survey(recipe(dedupe=("files",)), site)
    assert found.split_by == "files"
    assert sum(part["documents"] for part in found.parts.values()) == 32
    assert "\uffff" not in found.rare


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("a@b.es, x.y+z@sub.example.co.uk.", ["a@b.es", "x.y+z@sub.example.co.uk"]),
        ("@user a@b a@ @b.c", []),
        ("612345678 y 91 234 56 78, 612 34 56 78", ["612345678", "91 234 56 78", "612 34 56 78"]),
        ("(555) 123-4567 or 555.123.4567", ["(555) 123-4567", "555.123.4567"]),
        ("+1 415 555 2671; +49 (30) 123456", ["+1 415 555 2671", "+49 (30) 123456"]),
        ("2020-10-01 1.234.567 6123456789012 1999 978-3-16-148410-0 +5 3.141592653", []),
    ],
)  # fmt: skip
def test_addresses_and_numbers(line: str, wanted: list[str]) -> None:
    assert [text for _, text in find_traces(line)] == wanted


def test_the_command_says_it(site: Project) -> None:
    said = CliRunner().invoke(cli, ["-C", str(site.root), "corpus", "chat"])
    assert said.exit_code == 0
    size = len(STORY.encode())
    assert said.stdout.splitlines()[:4] == [
        f"t: 3 files, {sum(p.stat().st_size for p in (site.root / 't').iterdir()):,} bytes",
        f"  t/a.md  {size + 17:,} bytes",
        f"  t/b.md  {(site.root / 't' / 'b.md').stat().st_size:,} bytes",
        f"  t/c.md  {size:,} bytes",
    ]
    assert "\n  t/c.md = t/a.md\n" in said.stdout
    assert "e-mail addresses: 2, 2 that differ: t/b.md:44 (Ana.Ruiz@example.org); " in said.stdout
    assert "telephone numbers: 1, 1 that differ: t/b.md:45 (+34 612 345 678)" in said.stdout
    assert "a published model could repeat them" in said.stderr
    data = json.loads(
        CliRunner().invoke(cli, ["-C", str(site.root), "corpus", "chat", "--json"]).stdout
    )
    assert data["emails"]["first"][0] == {
        "text": "Ana.Ruiz@example.org",
        "file": "t/b.md",
        "line": 44,
    }
    assert data["sources"][0]["files"][2] == {"file": "t/c.md", "bytes": len(STORY.encode())}
    assert CliRunner().invoke(cli, ["-C", str(site.root), "corpus", "chatt"]).exit_code != 0


def test_it_needs_no_torch(site: Project) -> None:
    code = "import sys; sys.modules['torch'] = None; from escriba.__main__ import main; main()"
    command = [sys.executable, "-c", code, "-C", str(site.root), "corpus", "chat"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
