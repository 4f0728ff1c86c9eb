"""The kinds of blocks. Each is a module here, and an entry in `KINDS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from escriba.article.blocks import diagram, gradients, loss, playground, sample, timeline
from escriba.article.context import Context
from escriba.article.fences import Fence

# A block's fence and its page → HTML. Raises EscribaError with places that count within the body.
Render = Callable[[Fence, Context], str]

KINDS: Mapping[str, Render] = {
    "sample": sample.render,
    "playground": playground.render,
    "loss": loss.render,
    "gradients": gradients.render,
    "timeline": timeline.render,
    "diagram": diagram.render,
}
