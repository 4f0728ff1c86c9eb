"""Whoever changes the program changes its digest."""

from __future__ import annotations

from pathlib import Path

import pytest

from escriba.ground import program


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_every_file_of_the_program_is_part_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, templates = tmp_path / "escriba", tmp_path / "templates"
    put(package, {"a.py": "1", "b/c.py": "1", "b/kernel.wasm": "1", "b/__pycache__/c.pyc": "1"})
    put(templates, {"post.html": "1", "assets/style.css": "1", "new/post.html": "1"})
    monkeypatch.setattr(program, "PACKAGE", package)
    digest = program.digest_program.__wrapped__
    known = [digest(templates)]
    for folder, change in (
        (package, {"b/c.py": "2"}),
        (package, {"b/kernel.wasm": "2"}),
        (package, {"b/new/d.py": ""}),
        (templates, {"assets/style.css": "2"}),
        (templates, {"blocks/x/y.html": ""}),
    ):
        put(folder, change)
        known.append(digest(templates))
    (package / "a.py").rename(package / "z.py")
    known.append(digest(templates))
    assert len(set(known)) == 7
    put(templates, {"new/post.html": "2", "notes.txt": "2"})
    put(package, {"b/__pycache__/c.pyc": "2"})
    (package / "b" / "round").symlink_to(package)
    assert digest(templates) == known[-1]
    assert digest(package / "b") != known[-1], "they are in the package"


def test_files_are_found_in_one_order(tmp_path: Path) -> None:
    put(tmp_path, {"b.py": "", "a/b.py": "", "a.py": "", "a-b/c.py": ""})
    names = list(program._list_files(str(tmp_path)))
    assert sorted(names) == ["a-b/c.py", "a.py", "a/b.py", "b.py"]
