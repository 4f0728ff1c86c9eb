"""Liquid, the template language of Jekyll's posts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class LiquidContext:
    """What a post's Liquid can see.

    `site` and `page` are the variables of these names; `includes` the folders in which
    `{% include %}` looks, in order; `posts` maps `2020-10-01-name` to a URL for `{% post_url %}`;
    `links` maps a source path (`_posts/2020-10-01-name.md`) to a URL for `{% link %}`.
    URLs are without the site's `baseurl`, which `site["baseurl"]` holds and the tags prepend.
    """

    site: Mapping[str, object] = field(default_factory=dict)
    page: Mapping[str, object] = field(default_factory=dict)
    includes: tuple[Path, ...] = ()
    posts: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
