"""The training loop: from the newest checkpoint, or from the start, to the recipe's last step."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
import yaml
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from cuffs.body import BodyModel
from cuffs.codec import encode
from cuffs.errors import CheckFailed, ConfigError
from cuffs.publish import explained, write_bytes
from trainer.body_model import SmplxLayer
from trainer.checkpoint import (
    RunAbout,
    Trainee,
    TrainingAbout,
    checkpoints_of,
    read_training_about,
    restore,
    write_checkpoint,
)
from trainer.data.batches import PackedBatch, StepPlaces, load_batches
from trainer.data.stream import Stream, StreamPlace, stream_batches
from trainer.journal import NUMBERS, Journal, known_corrupt, note_corrupt
from trainer.losses import TERMS
from trainer.metrics import HandVertices, Tally, hand_vertices, scores
from trainer.prepare import RunData, Sources, about_run, make_model, make_trainee, open_data
from trainer.ranks import Ranks
from trainer.recipe import TrainRecipe, require_same
from trainer.step import Learner, StepReport, learn
from trainer.targets import TargetMaker
from trainer.validate import examine

logger = logging.getLogger(__name__)
MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What the user asked for."""

    recipe: TrainRecipe
    sources: Sources
    out: Path
    resume: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """How a run ended."""

    step: int
    """Steps done."""

    stopped: bool
    """Whether it was asked to stop before its last step."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """All that the loop holds."""

    out: Path
    recipe: TrainRecipe
    about: RunAbout
    data: RunData
    learner: Learner
    hands: HandVertices
    journal: Journal | None
    """The first process' only."""

    corrupt: set[str]
    """Samples that this process could not read, now or before it was interrupted."""


def train(
    request: RunRequest, body: BodyModel, ranks: Ranks, *, stop_wanted: Callable[[], bool] = lambda: False
) -> RunEnd:  # fmt: skip
    """Train. On one CPU the same recipe and data give the same numbers, interrupted or not.

    Args:
        request: what to do.
        body: the body model that the data is labelled with.
        ranks: this process among the others.
        stop_wanted: asked after each step; when any process says yes, a checkpoint is written and the run ends.

    Raises:
        ConfigError: if the run's folder is in use, or the recipe or data is another than before.
        RecordError: if the data can't be used.
        CheckFailed: if something isn't finite, or too many samples are corrupt.
    """
    recipe = request.recipe
    if recipe.optimiser.batch_size % ranks.world_size:
        raise ConfigError(
            f"optimiser.batch_size is {recipe.optimiser.batch_size}, which {ranks.world_size} processes can't share."
        )
    newest = _newest(request, ranks)
    before = None if newest is None else read_training_about(newest)
    place = StreamPlace(rank=ranks.rank, world_size=ranks.world_size, first_step=0 if before is None else before.step)
    data = open_data(recipe, request.sources, body, place)
    layer = SmplxLayer(body)
    model, started_from, licence = make_model(recipe, layer, data.training, fresh=newest is None)
    about = about_run(recipe, data, body, started_from=started_from, licence=licence)
    trainee = make_trainee(model, recipe, ranks)
    if newest is not None and before is not None:
        _go_on(newest, before, trainee, about)
    make_targets = TargetMaker(model.body, recipe.model, recipe.targets).to(ranks.device)
    if recipe.optimiser.compile:
        model.backbone.compile()
    network: nn.Module = DistributedDataParallel(model) if ranks.world_size > 1 else model
    learner = Learner(recipe=recipe, ranks=ranks, trainee=trainee, network=network, make_targets=make_targets)
    hands = hand_vertices(body, ranks.device)
    step = place.first_step
    with closing(Journal(request.out, first_step=step)) if ranks.is_first else nullcontext() as journal:
        if journal is not None:
            write_bytes(request.out / "recipe.yaml", yaml.safe_dump(encode(recipe), sort_keys=False).encode())
        run = Run(
            out=request.out,
            recipe=recipe,
            about=about,
            data=data,
            learner=learner,
            hands=hands,
            journal=journal,
            corrupt=known_corrupt(request.out),
        )
        return _loop(run, step, stop_wanted)


def _newest(request: RunRequest, ranks: Ranks) -> Path | None:
    """The checkpoint to go on from; refuses to write over another run."""
    with explained(request.out):
        request.out.mkdir(parents=True, exist_ok=True)
    found = checkpoints_of(request.out)
    if not request.resume and (found or (request.out / NUMBERS).exists()):
        raise ConfigError(f"{request.out} holds a run already: --resume goes on with it; else name another folder.")
    ranks.wait()
    return found[-1] if found else None


def _go_on(folder: Path, before: TrainingAbout, trainee: Trainee, about: RunAbout) -> None:
    """Restore, if this run is the one that the checkpoint is of."""
    require_same(about.recipe, before.run.recipe, where=str(folder))
    if before.run.body_sha256 != about.body_sha256:
        raise ConfigError(f"{folder} was trained with the body model {before.run.body_sha256[:16]}, another one.")
    if before.run.data != about.data:
        raise ConfigError(
            f"{folder} was trained on other data ({encode(before.run.data)}; now {encode(about.data)}). Give the same "
            "shards, or start a new run with start_from."
        )
    restore(folder, trainee, before)
    logger.info("going on from %s", folder)


class _Clock:
    """Where time goes between two lines of the log."""

    def __init__(self) -> None:
        self.began = self.mark = time.perf_counter()
        self.waited = 0.0
        self.images = 0

    def arrived(self) -> None:
        """A batch is here: the time since the last mark was waiting."""
        now = time.perf_counter()
        self.waited += now - self.mark
        self.mark = now

    def worked(self, images: int) -> None:
        """A step is done."""
        self.images += images
        self.mark = time.perf_counter()

    def read(self) -> dict[str, float]:
        """Speed since the last reading, which begins anew."""
        passed = max(1e-9, time.perf_counter() - self.began)
        found = {"speed/samples_per_s": self.images / passed, "speed/waiting_share": self.waited / passed}
        self.__init__()
        return found


def _loop(run: Run, step: int, stop_wanted: Callable[[], bool]) -> RunEnd:
    config, records = run.recipe.optimiser, run.recipe.records
    ranks = run.learner.ranks
    clock = _Clock()
    first = step
    for packed in _batches(run, step):
        clock.arrived()
        _note_corrupt(run, packed.corrupt)
        report = learn(run.learner, packed.to_batch(ranks.device), step=step, stop=stop_wanted())
        step += 1
        clock.worked(len(packed.keys) * ranks.world_size)
        ends = step == config.steps or report.stop
        if step % records.log_every_steps == 0 or ends or step == first + 1:
            _log(run, step, report, clock.read())
        if step % run.recipe.validation.every_steps == 0 or step == config.steps:
            _validate(run, step)
        if step % records.checkpoint_every_steps == 0 or ends:
            _save(run, step)
        if report.stop:
            break
    return RunEnd(step=step, stopped=step < config.steps)


def _batches(run: Run, step: int) -> Iterator[PackedBatch]:
    """This process' batches from a step on."""
    config, data, ranks = run.recipe.optimiser, run.recipe.data, run.learner.ranks
    source = run.data.training
    if isinstance(source, Stream):
        left = config.steps - step
        return stream_batches(source, steps=left, workers=data.workers, prefetch=data.prefetch)
    places = StepPlaces(
        first=step,
        steps=config.steps,
        batch_size=config.batch_size // ranks.world_size,
        rank=ranks.rank,
        world_size=ranks.world_size,
    )
    return load_batches(source, places, workers=data.workers, prefetch=data.prefetch)


def _note_corrupt(run: Run, causes: Sequence[str]) -> None:
    for cause in causes:
        if cause not in run.corrupt:
            logger.warning("corrupt sample: %s", cause)
    count = note_corrupt(run.out, causes, run.corrupt)
    limit = run.recipe.data.max_corrupt
    if count > limit:
        raise CheckFailed(f"{count} samples are corrupt, more than data.max_corrupt = {limit}; see corrupt.jsonl.")


def _log(run: Run, step: int, report: StepReport, speed: dict[str, float]) -> None:
    if run.journal is None:
        return
    terms = {f"train/{name}": value for name, value in zip(TERMS, report.terms.tolist(), strict=True)}
    device = run.learner.ranks.device
    memory = {"memory/process_mib": psutil.Process().memory_info().rss / MIB}
    if device.type == "cuda":
        memory["memory/gpu_peak_mib"] = torch.cuda.max_memory_allocated(device) / MIB
    values = {
        "train/loss": report.loss,
        **terms,
        "train/gradient_norm": report.gradient_norm,
        "train/learning_rate": report.learning_rate,
        "train/people": float(report.people),
        "data/corrupt": float(len(run.corrupt)),
        **speed,
        **memory,
    }
    run.journal.write(step, values)
    logger.info(
        "step %d: loss %.4g, gradient %.3g, %.1f samples/s, %.0f %% waiting for data",
        step, report.loss, report.gradient_norm, speed["speed/samples_per_s"], 100 * speed["speed/waiting_share"],
    )  # fmt: skip


def _validate(run: Run, step: int) -> None:
    """Measure on held-out samples; each process takes its share."""
    source, config, ranks = run.data.validation, run.recipe.validation, run.learner.ranks
    mine = range(ranks.rank, len(source), ranks.world_size)
    places = [mine[start : start + config.batch_size] for start in range(0, len(mine), config.batch_size)]
    workers = min(run.recipe.data.workers, len(places))
    batches = load_batches(source, places, workers=workers, prefetch=1)
    examined = examine(
        run.learner.trainee.best(), run.learner.make_targets, batches, config=config, hands=run.hands,
        device=ranks.device,
    )  # fmt: skip
    _note_corrupt(run, examined.corrupt)
    local = examined.total
    total = Tally(sums=ranks.sum(local.sums), counts=ranks.sum(local.counts), found=ranks.sum(local.found))
    if run.journal is None or len(source) == 0:
        return
    values = scores(total)
    run.journal.write(step, {f"validation/{name}": value for name, value in values.items()})
    run.journal.picture(step, examined.pictures)
    told = ", ".join(f"{name} {'-' if value is None else f'{value:.3g}'}" for name, value in values.items())
    logger.info("step %d: validation on %d samples: %s", step, len(source), told)


def _save(run: Run, step: int) -> None:
    if run.journal is not None:
        (run.out / "checkpoints").mkdir(exist_ok=True)
        write_checkpoint(
            run.out, run.learner.trainee, run.about, model=run.recipe.model, step=step,
            keep=run.recipe.records.keep_checkpoints,
        )  # fmt: skip
    run.learner.ranks.wait()
