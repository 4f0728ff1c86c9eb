"""The kinds of blocks. Each is a module here, and an entry in `KINDS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from escriba.article.blocks import diagram, gradients, loss, playground, sample, timeline
from escriba.article.blocks.block import Block

KINDS: Mapping[str, Block[Any]] = {
    "sample": sample.BLOCK,
    "playground": playground.BLOCK,
    "loss": loss.BLOCK,
    "gradients": gradients.BLOCK,
    "timeline": timeline.BLOCK,
    "diagram": diagram.BLOCK,
}
