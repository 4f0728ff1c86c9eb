"""CSS for the classes in formulas."""

from __future__ import annotations

from pathlib import Path

from escriba.ground import files

PATH = Path(__file__).with_name("formulas.css")


def stylesheet() -> str:
    """CSS for the classes in rendered formulas."""
    return files.read_text(PATH)
