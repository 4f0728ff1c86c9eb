"""The block `escriba playground`: a sample, and a panel in which readers write it themselves.

Without JavaScript, and where nobody collects the panel's files, it is the sample alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from escriba.article.blocks import sample
from escriba.article.context import Context
from escriba.article.fences import Fence
from escriba.sampling.stream import make_stream

WORDS = "playground-"  # the texts of strings.yml that the panel gets


@dataclass(frozen=True)
class Playground:
    """The panel as `blocks/playground.html` sees it, under the name `playground`.

    `request` is what the kernel is asked for, in its integers, with the published text and how it
    is shown, as JSON; `words` the texts of the panel, as JSON; `file` the name of the model's file.
    """

    file: str
    lang: str
    request: str
    words: str


def render(fence: Fence, context: Context) -> str:
    """The HTML of a playground. Raises EscribaError with all of the block's mistakes."""
    asked = sample.read(fence, context)
    html = sample.show(asked, context)
    if context.panels is None:
        return html
    stream = make_stream(asked.request.model, asked.request.options)
    request = {
        "prompt": asked.request.options.prompt,
        "symbols": stream.prompt,
        "length": stream.length,
        "until": asked.request.options.until,
        "temperature": stream.temperature,
        "topK": stream.top_k,
        "topP": stream.top_p,
        "minP": stream.min_p,
        "seed": str(stream.seed),  # JavaScript's numbers do not hold it
        "text": asked.text,
        "show": asked.options.show,
    }
    strings = context.theme.strings("blocks/strings.yml", context.lang)
    words = {key.removeprefix(WORDS): v for key, v in strings.items() if key.startswith(WORDS)}
    words["lang"] = context.lang.replace("_", "-")  # of its numbers
    words["title"] = strings["prompt"]  # what the prompt of a sample says of itself
    playground = Playground(
        context.panels.add(asked.request.model),
        asked.lang,
        json.dumps(request, ensure_ascii=False),
        json.dumps(words, ensure_ascii=False),
    )
    return html + context.theme.render("blocks/playground.html", playground=playground)
