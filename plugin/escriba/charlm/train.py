"""Training: a recipe's network learns its corpus, best weights kept, interruptible, resumable."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from escriba.charlm.checkpoint import (
    FILE,
    FOLDER,
    Checkpoint,
    copy_tensors,
    write_atomically,
    write_weights,
)
from escriba.charlm.corpus import Corpus, encode, read_corpus
from escriba.charlm.measure import measure
from escriba.charlm.network import CharLSTM, State, load_tensors
from escriba.charlm.preview import preview
from escriba.charlm.recipe import Recipe, TrainingRecipe, read_recipe
from escriba.charlm.windows import Reader, Window
from escriba.digest import text_digest
from escriba.errors import Place, TrainingError
from escriba.project import Project

LOG = "training.jsonl"
LOG_EVERY = 100  # steps between lines of the log
VALIDATE_EVERY = 120.0  # seconds between validations; after each a checkpoint is written
VALIDATE_ON = 400_000  # symbols, at most, of the validation part
PREVIEWS = (100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000)  # steps
FINAL_RATE = 0.02  # the learning rate at the end, as a share of the highest


@dataclass(frozen=True)
class Progress:
    """A moment of training, as shown to a person. Losses in nats per symbol."""

    step: int
    share: float  # of the schedule, 0 to 1
    loss: float  # mean over the last steps
    validation: float | None  # best so far
    characters: int
    seconds: float
    speed: float  # characters per second

    @property
    def remaining(self) -> float:
        """Seconds left, at the pace so far."""
        return self.seconds * (1 - self.share) / self.share if self.share else math.inf


@dataclass
class Run:
    """The state of a training, all of which a checkpoint holds."""

    network: CharLSTM
    optimiser: torch.optim.Optimizer
    step: int = 0
    epoch: int = 0
    index: int = 0
    characters: int = 0
    seconds: float = 0.0
    best: float = math.inf
    best_step: int = 0
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    carried: State | None = None

    def to_state(self, identity: str) -> dict[str, Any]:
        plain = ("step", "epoch", "index", "characters", "seconds", "best", "best_step")
        return {
            "identity": identity,
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "random": torch.get_rng_state(),
            "best_weights": self.best_weights,
            "carried": self.carried,
            **{name: getattr(self, name) for name in plain},
        }

    def load_state(self, state: dict[str, Any], device: torch.device) -> None:
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])
        for name in ("step", "epoch", "index", "characters", "seconds", "best", "best_step"):
            setattr(self, name, state[name])
        self.best_weights = state["best_weights"]
        carried = state["carried"]
        if carried is not None:
            self.carried = [tuple(part.to(device) for part in layer) for layer in carried]


@dataclass(frozen=True)
class Result:
    """What a call of `train` ended with. `finished` is false after an interruption."""

    finished: bool
    best: float
    step: int
    seconds: float


def train(
    project: Project,
    name: str,
    *,
    minutes: float | None = None,
    epochs: float | None = None,
    restart: bool = False,
    device: str | None = None,
    validate_every: float = VALIDATE_EVERY,
    validate_on: int = VALIDATE_ON,
    report: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> Result:
    """Train the model `name` to the end of its schedule, from its checkpoint if there is one.

    `minutes` and `epochs` replace the recipe's. Every `validate_every` seconds the loss on the
    first `validate_on` symbols of the validation part is taken, the weights are kept if it is the
    best so far, and a checkpoint is written. `report` is called about four times a second;
    when `stop` gives true, the state is written and the call returns. Raises ModelError,
    SourceError, CorpusError and TrainingError.
    """
    recipe = read_recipe(project.models, name, project.root)
    corpus = read_corpus(recipe.corpus, project)
    folder = project.models / name
    settings = _limit(recipe.training, minutes, epochs)
    where = choose_device(device)
    torch.manual_seed(settings.seed)
    network = CharLSTM(recipe.network.network(), len(corpus.vocabulary), recipe.network.dropout)
    network.to(where)
    run = Run(network, make_optimiser(network, settings))
    checkpoint = Checkpoint(folder / FOLDER / FILE)
    identity = _identity(recipe, corpus)
    if checkpoint.exists() and not restart:
        state = checkpoint.read()
        if state["identity"] != identity:
            raise TrainingError(
                "the recipe or the corpus has changed since the checkpoint was written; "
                f"undo the change, or begin again with: escriba train {name} --restart",
                Place(project.shown(folder / "recipe.yml")),
            )
        run.load_state(state, where)
    log = _open_log(folder / LOG, run.step)
    text = torch.from_numpy(encode(corpus.train.text, corpus.vocabulary))
    held_out = torch.from_numpy(encode(corpus.validation.text, corpus.vocabulary))
    reader = Reader(text, settings.batch, settings.window, settings.seed).fitted()

    def write_best(loss: float) -> None:
        record = _record(recipe, corpus, run, loss, len(text))
        write_weights(folder, run.best_weights, network.network, corpus.vocabulary, record)

    def validate() -> None:
        loss = measure(network, held_out[:validate_on], text[-1024:])
        if not math.isfinite(loss):
            raise TrainingError(
                f"the validation loss is {loss} at step {run.step}; the best weights are kept; "
                "try a lower learning-rate or a lower clip"
            )
        if loss < run.best:
            run.best, run.best_step, run.best_weights = loss, run.step, copy_tensors(network)
            write_best(loss)
        log({"step": run.step, "characters": run.characters, "seconds": round(run.seconds, 1),
             "validation": round(loss, 5)})  # fmt: skip
        checkpoint.write(run.to_state(identity))

    finished = _loop(
        run, reader, settings, where, report, stop, log, validate, validate_every, corpus
    )
    validate()
    best = run.best
    if finished and len(held_out) > validate_on:
        # The loss that the model is known by is taken on the whole of the validation part.
        load_tensors(network, run.best_weights)
        best = measure(network, held_out, text[-1024:])
        write_best(best)
    return Result(finished, best, run.step, run.seconds)


def _loop(
    run: Run,
    reader: Reader,
    settings: TrainingRecipe,
    device: torch.device,
    report: Callable[[Progress], None],
    stop: Callable[[], bool],
    log: Callable[[dict[str, Any]], None],
    validate: Callable[[], None],
    validate_every: float,
    corpus: Corpus,
) -> bool:
    """Steps until the schedule ends (true) or `stop` says so (false)."""
    run.network.train()
    begun = time.monotonic() - run.seconds
    validated = reported = run.seconds
    since = (run.characters, run.seconds)
    losses: list[Tensor] = []
    norms: list[Tensor] = []
    for window in reader.read(run.epoch, run.index):
        share = schedule_share(run, reader, settings)
        if share >= 1:
            return True
        if stop():
            return False
        rate = learning_rate(settings, run.step, share)
        loss, norm = take_step(run, window, settings, device, rate)
        losses.append(loss)
        norms.append(norm)
        run.seconds = time.monotonic() - begun
        if run.step % LOG_EVERY == 0:
            mean = float(torch.stack(losses[-LOG_EVERY:]).mean())
            if not math.isfinite(mean):
                raise TrainingError(
                    f"the loss is {mean} at step {run.step}; the best weights so far are kept; "
                    "try a lower learning-rate or a lower clip"
                )
            gradient = torch.stack(norms)
            log({"step": run.step, "characters": run.characters,
                 "seconds": round(run.seconds, 1), "loss": round(mean, 5),
                 "gradient": round(float(gradient.mean()), 5),
                 "clipped": round(float((gradient > settings.clip).float().mean()), 3),
                 "rate": float(f"{rate:.6g}")})  # fmt: skip
            losses, norms = losses[-LOG_EVERY:], []
        if run.step in PREVIEWS:
            written = preview(run.network, corpus.vocabulary, 300, temperature=0.8, seed=1)
            log({"step": run.step, "characters": run.characters, "sample": written})
        if run.seconds - reported >= 0.25:
            speed = (run.characters - since[0]) / (run.seconds - since[1])
            mean = float(torch.stack(losses[-LOG_EVERY:]).mean())
            best = run.best if math.isfinite(run.best) else None
            report(Progress(run.step, share, mean, best, run.characters, run.seconds, speed))
            reported = run.seconds
        if run.seconds - validated >= validate_every:
            validate()
            validated = run.seconds = time.monotonic() - begun
    raise AssertionError("a reader never ends")


def take_step(
    run: Run, window: Window, settings: TrainingRecipe, device: torch.device, rate: float
) -> tuple[Tensor, Tensor]:
    """One step of truncated back-propagation through time: (loss, gradient norm before clipping).

    The state at the end of the last window is carried in, without its gradient (Mikolov 2010).
    """
    for group in run.optimiser.param_groups:
        group["lr"] = rate
    carried = None if window.fresh else run.carried
    mixed: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()
    if settings.precision == "bfloat16":
        mixed = torch.autocast(device.type, torch.bfloat16)
    with mixed:
        logits, run.carried = run.network(window.symbols.to(device), carried)
    targets = window.targets.to(device)
    loss = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
    run.optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    norm = nn.utils.clip_grad_norm_(run.network.parameters(), settings.clip)
    run.optimiser.step()
    run.step += 1
    run.epoch, run.index = window.epoch, window.index + 1
    run.characters += window.symbols.numel()
    return loss.detach(), norm.detach()


def learning_rate(settings: TrainingRecipe, step: int, share: float) -> float:
    """Linear warm-up, then a cosine down to FINAL_RATE of the highest rate.

    The warm-up takes `warmup` steps, or a tenth of the schedule if that is shorter.
    """
    warm = min(1.0, max((step + 1) / settings.warmup, 10 * share)) if settings.warmup else 1.0
    cosine = 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))
    return settings.learning_rate * warm * (FINAL_RATE + (1 - FINAL_RATE) * cosine)


def schedule_share(run: Run, reader: Reader, settings: TrainingRecipe) -> float:
    """How much of the schedule is behind: by steps, by time, or the further of both."""
    shares = []
    if settings.epochs is not None:
        shares.append(run.step / max(1, settings.epochs * reader.steps))
    if settings.minutes is not None:
        shares.append(run.seconds / max(1e-9, settings.minutes * 60))
    return max(shares)


def make_optimiser(network: CharLSTM, settings: TrainingRecipe) -> torch.optim.Optimizer:
    """AdamW (Loshchilov & Hutter 2019); only matrices decay, not biases nor the embedding."""
    matrices: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        decays = parameter.dim() == 2 and not name.startswith("embedding")
        (matrices if decays else rest).append(parameter)
    groups = [
        {"params": matrices, "weight_decay": settings.weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.99), fused=True)


def choose_device(name: str | None) -> torch.device:
    """The named device, or the fastest that is there. Raises TrainingError for one that is not."""
    if name is None:
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(f"the device '{name}' cannot be used: {reason}") from None
    return device


def _limit(settings: TrainingRecipe, minutes: float | None, epochs: float | None) -> TrainingRecipe:
    if minutes is None and epochs is None:
        minutes, epochs = settings.minutes, settings.epochs
    if minutes is None and epochs is None:
        minutes = 10.0
    values = asdict(settings) | {"minutes": minutes, "epochs": epochs}
    return TrainingRecipe(**values)


def _identity(recipe: Recipe, corpus: Corpus) -> str:
    """What must not change under a checkpoint; the length of the schedule may."""
    training = {k: v for k, v in asdict(recipe.training).items() if k not in ("minutes", "epochs")}
    return text_digest(repr((corpus.digest, asdict(recipe.network), sorted(training.items()))))


def _record(
    recipe: Recipe, corpus: Corpus, run: Run, loss: float, train_size: int
) -> dict[str, Any]:
    """What the model file says of its making. Numbers with a fraction are decimal text."""
    return {
        "corpus": {
            "name": recipe.corpus.name,
            "language": recipe.corpus.language,
            "licence": recipe.corpus.licence,
            "digest": corpus.digest,
            "characters": corpus.characters,
            "bytes": corpus.bytes,
            "sources": [
                {key: value for key, value in asdict(source).items() if value}
                for source in recipe.corpus.sources
            ],
        },
        "training": {
            "validation": f"{loss:.4f}",
            "steps": run.best_step,
            "characters": run.characters,
            "epochs": f"{run.characters / max(1, train_size):.1f}",
            "seconds": round(run.seconds),
            "dropout": str(recipe.network.dropout),
            "torch": torch.__version__.split("+")[0],
        },
    }


def _open_log(path: Path, step: int) -> Callable[[dict[str, Any]], None]:
    """Append to the log; lines past `step` belong to work that is done again, and go."""
    lines = list(_read_log(path)) if path.is_file() and step else []
    kept = "".join(f"{line}\n" for line in lines if json.loads(line)["step"] <= step)
    write_atomically(path, lambda file: file.write(kept.encode()))

    def log(entry: dict[str, Any]) -> None:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    return log


def _read_log(path: Path) -> Iterator[str]:
    """The log's whole lines; a line cut short by a kill is dropped."""
    for line in path.read_text(encoding="utf-8").split("\n"):
        try:
            json.loads(line)
        except ValueError:
            continue
        yield line
