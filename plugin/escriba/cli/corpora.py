"""`escriba corpus`: what training will read, before it does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from escriba.cli.arguments import model_name
from escriba.cli.output import tell, write
from escriba.ground.language import plural, tr

if TYPE_CHECKING:
    from escriba.corpora.survey import Survey, Traces

FILES = 10  # that are listed of a source
SYMBOLS = 40  # that are listed of the rare ones


@click.command()
@click.argument("name", type=model_name)
@click.option("--json", "as_json", is_flag=True, help="As JSON, with all files and symbols.")
@click.pass_obj
def corpus(folder: Path, name: str, as_json: bool) -> None:
    """Show what a training of the model NAME reads.

    Files and sizes, the three parts, rare symbols, what is there twice, and the e-mail addresses
    and telephone numbers that a published model could repeat.
    """
    from escriba.corpora.survey import survey
    from escriba.ground.progress import shown_progress
    from escriba.ground.project import find
    from escriba.records.recipe import read_recipe

    project = find(folder)
    recipe = read_recipe(project.models, name, project.root)
    with shown_progress() as report:
        reading = tr("reading the corpus")
        found = survey(
            recipe.corpus, project, lambda done, total: report(reading, done / max(1, total))
        )
    if as_json:
        write(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
        return
    for line in _describe(found):
        write(line)
    if found.emails.count or found.phones.count:
        tell(tr("a published model could repeat them: leave out what is nobody's business, by file "
                "(exclude) or by line (drop-lines)"))  # fmt: skip


def _describe(found: Survey) -> Iterator[str]:
    for name, files in found.sources:
        size = _size(sum(size for _, size in files))
        yield plural(
            "{name}: {number} file, {size}", "{name}: {number:,} files, {size}", len(files),
            name=name, size=size,
        )  # fmt: skip
        if len(files) > 1:
            yield from (f"  {file}  {_size(size)}" for file, size in files[:FILES])
        if len(files) > FILES:
            yield "  " + tr("and {number:,} others", number=len(files) - FILES)
    yield from _describe_parts(found)
    yield from _describe_symbols(found)
    yield from _describe_copies(found)
    yield _describe_traces(tr("e-mail addresses"), found.emails)
    yield _describe_traces(tr("telephone numbers"), found.phones)


def _describe_parts(found: Survey) -> Iterator[str]:
    whole = found.split_by == "files"
    if whole:
        yield tr("{characters:,} characters, split by whole files:", characters=found.characters)
    else:
        yield tr("{characters:,} characters, a share of each file:", characters=found.characters)
    total = max(1, sum(part["bytes"] for part in found.parts.values()))
    for name, part in found.parts.items():
        documents = plural(", {number} file", ", {number:,} files", part.get("documents", 0))
        yield tr(
            "  {name}: {characters:,} characters, {size} ({share:.1%}){documents}",
            name=name, characters=part["characters"], size=_size(part["bytes"]),
            share=part["bytes"] / total, documents=documents if whole else "",
        )  # fmt: skip


def _describe_symbols(found: Survey) -> Iterator[str]:
    yield plural(
        "{number} symbol, of which {rare:,} stand fewer than 5 times in the training part",
        "{number:,} symbols, of which {rare:,} stand fewer than 5 times in the training part",
        found.symbols, rare=len(found.rare),
    )  # fmt: skip
    if found.rare:
        shown = [f"{_name(symbol, found.unit)} ×{count}" for symbol, count in found.rare.items()]
        more = " …" if len(shown) > SYMBOLS else ""
        yield f"  {'  '.join(shown[:SYMBOLS])}{more}"


def _describe_copies(found: Survey) -> Iterator[str]:
    share = found.repeated_characters / max(1, found.characters)
    yield plural(
        "{number} line of 20 characters or more stood before ({share:.1%} of the text)",
        "{number:,} lines of 20 characters or more stood before ({share:.1%} of the text)",
        found.repeated_lines, share=share,
    )  # fmt: skip
    if found.copies:
        yield plural("{number} file is a copy:", "{number:,} files are copies:", len(found.copies))
        yield from (f"  {copy} = {first}" for first, copy in found.copies[:FILES])
        if len(found.copies) > FILES:
            yield "  " + tr("and {number:,} others", number=len(found.copies) - FILES)


def _describe_traces(name: str, traces: Traces) -> str:
    if not traces.count:
        return tr("{name}: none", name=name)
    places = "; ".join(
        f"{each.file}{f':{each.line}' if each.line else ''} ({each.text})" for each in traces.first
    )
    return tr("{name}: {count:,}, {different:,} that differ: {places}", name=name,
              count=traces.count, different=traces.different,
              places=places + (" …" if traces.different > len(traces.first) else ""))  # fmt: skip


def _name(symbol: str, unit: str) -> str:
    if unit == "bytes":
        return f"0x{ord(symbol):02x}"
    return symbol if symbol.isprintable() and not symbol.isspace() else f"U+{ord(symbol):04X}"


def _size(size: int) -> str:
    if size < 10_000:
        return tr("{size:,} bytes", size=size)
    return (
        tr("{size:,.1f} MB", size=size / 1e6)
        if size >= 1e6
        else tr("{size:,.0f} KB", size=size / 1e3)
    )
