"""A training in words: what it works with, before its first step; how it ended, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from escriba.charlm.memory import show
from escriba.charlm.training.health import RARE, Findings, advise, count_rare
from escriba.charlm.training.origin import describe
from escriba.ground.language import plural, tr

if TYPE_CHECKING:
    from escriba.charlm.training.run import Run
    from escriba.charlm.training.settings import Limit
    from escriba.charlm.training.train import Result
    from escriba.charlm.training.training import Training

Row = tuple[str, str]


def describe_beginning(training: Training, run: Run) -> tuple[Row, ...]:
    """What a training works with: a name and its words, line by line."""
    rows = [
        (tr("corpus"), _describe_corpus(training)),
        (tr("vocabulary"), _describe_vocabulary(training)),
        (tr("network"), _describe_network(training)),
        (tr("steps"), _describe_steps(training, run)),
        (tr("machine"), _describe_machine(training)),
        (tr("length"), describe_limit(training.settings.limit, patient=run.settings.patience)),
    ]
    if training.origin is not None:
        began = tr("with the weights of '{name}'", name=training.origin.name)
        rows.append((tr("began"), began))
    if run.step:
        words = tr("step {step:,}, after {minutes:.1f} minutes",
                   step=run.step, minutes=run.seconds / 60)  # fmt: skip
        if run.path == "back":
            words += tr(", where its rate began to fall: a longer training falls later")
        rows.append((tr("goes on from"), words))
    if training.is_beside:
        words = tr("checkpoint/, until its weights are better than those that stand there")
        rows.append((tr("writes to"), words))
    return tuple(rows)


def _describe_corpus(training: Training) -> str:
    corpus = training.corpus
    count = sum(int(source.get("files", 1)) for source in corpus.sources)
    files = plural("{number} file", "{number} files", count)
    train, validation, test = (part.characters for part in corpus.parts)
    return tr(
        "{characters:,} characters, {size}, in {files}: {train:,} to train on, {validation:,} to "
        "validate on, {test:,} to test on",
        characters=corpus.characters, size=show(corpus.bytes), files=files, train=train,
        validation=validation, test=test,
    )  # fmt: skip


def _describe_vocabulary(training: Training) -> str:
    vocabulary = training.corpus.vocabulary
    kind = tr("bytes") if vocabulary.unit == "bytes" else tr("characters")
    words = tr("{number:,} different {kind}", number=len(vocabulary), kind=kind)
    rare = count_rare(training.counts)
    if rare:
        words += tr(", {rare:,} of them seen fewer than {times} times",
                    rare=rare, times=RARE)  # fmt: skip
    return words


def _describe_network(training: Training) -> str:
    network = training.recipe.architecture()
    parameters = network.count(len(training.corpus.vocabulary))
    return tr("{network}: {parameters:,} parameters",
              network=describe(network), parameters=parameters)  # fmt: skip


def _describe_steps(training: Training, run: Run) -> str:
    reader, settings = training.reader, run.settings
    return tr(
        "{batch} streams of {window} symbols; {optimiser}, rate {rate:.4g}, dropout {dropout:g}",
        batch=reader.batch, window=reader.window, optimiser=settings.optimiser,
        rate=settings.learning_rate, dropout=settings.dropout,
    )  # fmt: skip


def _describe_machine(training: Training) -> str:
    backend = training.backend
    words = [tr("{engine} engine", engine=backend.name), backend.kind, backend.precision]
    if backend.name == "torch":  # nothing else depends on their number
        words.append(plural("{number} thread", "{number} threads", backend.threads))
    if training.processes.world > 1:
        words.append(tr("{number} processes", number=training.processes.world))
    return ", ".join(words)


def describe_limit(limit: Limit, *, patient: bool) -> str:
    """When a training ends at the latest."""
    words = []
    if limit.minutes is not None:
        words.append(tr("{minutes:g} min", minutes=limit.minutes))
    if limit.epochs is not None:
        words.append(tr("{epochs:g} passes over the text", epochs=limit.epochs))
    if limit.steps is not None:
        words.append(plural("{number:,} step", "{number:,} steps", limit.steps))
    if not words:
        return tr("until the validation loss falls no more")
    length = tr(" or ").join(words)
    if not patient:
        return length
    return tr("{length}, or until the validation loss falls no more", length=length)


def describe_end(name: str, result: Result) -> Iterator[str]:
    """How a training ended, line by line; it is finished."""
    found = result.findings
    if found is None:
        return
    yield _describe_cause(found, result)
    losses = tr(
        "in nats: {train:.4f} on its training text, {validation:.4f} on the validation part",
        train=found.train, validation=found.validation,
    )  # fmt: skip
    if found.ngram is not None:
        losses += tr("; {order}-grams there {nats:.4f}",
                     order=found.ngram[0], nats=found.ngram[1])  # fmt: skip
    yield losses
    if result.idle:
        yield tr(
            "there was nothing to do: it had ended before, and this asks for no more; for longer: "
            "--minutes, --steps, --epochs or --budget; anew: escriba train {name} --restart",
            name=name,
        )  # fmt: skip
    yield from advise(found)


def _describe_cause(found: Findings, result: Result) -> str:
    if found.cause == "patience":
        reason = tr("the validation loss fell no more since step {step:,}", step=found.since or 0)
    else:
        reason = {
            "minutes": tr("its time was up"),
            "epochs": tr("it had made its passes over the text"),
            "steps": tr("it had made its steps"),
        }[found.cause]
    return tr("ended at step {step:,}, because {reason}; the weights are those of step {best:,}",
              step=result.step, reason=reason, best=result.best_step)  # fmt: skip
