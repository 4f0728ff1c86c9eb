"""The block `escriba playground`: a sample, and a panel in which readers write it themselves.

Without JavaScript, and where nobody collects the panel's files, it is the sample alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from escriba.article.blocks import sample
from escriba.article.blocks.block import Block, Page, View
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


def show(asked: sample.Asked, page: Page) -> Iterator[View]:
    """The sample, and the panel if there are files for it."""
    yield from sample.show(asked, page)
    if page.panels is None:
        return
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
        "text": page.answers[asked.request],
        "show": asked.options.show,
    }
    words = {key.removeprefix(WORDS): v for key, v in page.words.items() if key.startswith(WORDS)}
    if asked.request.model.vocabulary.mark is None:
        words.pop("until-document", None)
    words["lang"] = page.lang.replace("_", "-")  # of its numbers
    words["title"] = page.words["prompt"]  # what the prompt of a sample says of itself
    playground = Playground(
        page.panels.add(asked.request.model),
        asked.lang,
        json.dumps(request, ensure_ascii=False),
        json.dumps(words, ensure_ascii=False),
    )
    yield View("playground", {"playground": playground})


BLOCK = Block(sample.ask, show)
