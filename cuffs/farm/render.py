"""A plan's missing chunks, rendered through an engine; packed by whoever finishes them."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cuffs.errors import ConfigError, CuffsError, InputError, Quarantined, WorkerDied
from cuffs.farm.batch import BatchJob
from cuffs.farm.blender_process import BlenderSettings
from cuffs.farm.engine import Engine, EngineFailed, EngineSettings, engine
from cuffs.farm.pack import pack_if_finished
from cuffs.farm.progress import watched
from cuffs.farm.watchdog import MARGIN_S, watchdog
from cuffs.farm.workspace import Workspace
from cuffs.plan import Plan, read_plan
from cuffs.shards import ShardIndex
from cuffs.shards.store import ShardStore

logger = logging.getLogger(__name__)

STALLED_ROUNDS = 3
"""Rounds in a row that may lose a process of the engine's without one more slot being finished."""

SMALLEST_SHARE = 8
"""Tasks shrink towards the end, so that all workers end together, but not below this part of `recycle`: each starts
a Blender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderJob:
    """What a render command is asked for."""

    folder: Path
    """Of the plan."""

    chunks: range
    settings: BlenderSettings = field(default_factory=BlenderSettings)
    engine: EngineSettings = field(default_factory=EngineSettings)
    out: str | None = None
    """Where finished shards go, as an fsspec URL; None for the plan's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderSummary:
    """What a render command came to, over the chunks it was asked for."""

    samples: int
    rejected: Mapping[str, int]
    """Scenes refused after rendering, by cause."""

    exhausted: Sequence[int]
    quarantined: Mapping[str, int]
    """Slots that could not be rendered, by cause."""

    wall_s: float


def chunk_range(plan: Plan, *, chunk: int | None, chunks: str | None) -> range:
    """The chunks that `--chunk K` or `--chunks A:B` names; all without either.

    Raises:
        ConfigError: if they don't exist, or both are given.
    """
    if chunk is not None and chunks is not None:
        raise ConfigError("--chunk and --chunks are both given; take one.")
    if chunk is not None:
        if not 0 <= chunk < plan.num_chunks:
            raise ConfigError(f"--chunk is {chunk}, but the plan has chunks 0 to {plan.num_chunks - 1}.")
        return range(chunk, chunk + 1)
    if chunks is None:
        return range(plan.num_chunks)
    first, colon, after = chunks.partition(":")
    if not colon or not (first or "0").isdigit() or not (after or "0").isdigit():
        raise ConfigError(f"--chunks is {chunks!r}, but is written A:B: chunks A to B - 1, as in 0:8; 8: is the rest.")
    found = range(int(first or 0), min(int(after or plan.num_chunks), plan.num_chunks))
    if not found:
        raise ConfigError(f"--chunks {chunks} holds no chunk; the plan has chunks 0 to {plan.num_chunks - 1}.")
    return found


def render_plan(job: RenderJob, tell: Callable[[int], None]) -> RenderSummary:
    """Render what is missing of a plan: finished shards and finished slots are kept.

    Args:
        job: what is asked for.
        tell: told now and then how many slots are finished.

    Raises:
        ConfigError: if an argument can't be.
        RecordError: if the plan is damaged or of another version.
        OutputError: if the disk is full or not writable.
        DeviceMissing: if the device asked for isn't there.
        WorkerDied: if processes die again and again and nothing gets finished.
    """
    plan = read_plan(job.folder)
    started = time.monotonic()
    store = ShardStore(job.folder, job.out)
    store.reconcile(job.chunks, plan.hash())
    workspaces = [Workspace(job.folder, number, store) for number in job.chunks]
    missing = [workspace for workspace in workspaces if not workspace.is_packed()]
    for workspace in workspaces:
        if workspace not in missing and workspace.folder.exists():
            workspace.remove()  # a run that was killed between a shard and this left it there
    if missing:
        for workspace in missing:
            workspace.create()
        with (
            watched(plan, workspaces, tell),
            watchdog(missing, job.settings.timeout_s + MARGIN_S),
            engine(job.engine) as running,
        ):
            _render_missing(plan, job, missing, running)
    indices = [workspace.index() for workspace in workspaces]
    return _summary(indices, time.monotonic() - started)


def require_complete(summary: RenderSummary) -> None:
    """Raise where some scenes could not be rendered.

    Raises:
        Quarantined: with the table of causes.
    """
    if summary.quarantined:
        table = "\n".join(f"  {count:6d}  {cause}" for cause, count in sorted(summary.quarantined.items()))
        raise Quarantined(f"{sum(summary.quarantined.values())} scenes could not be rendered:\n{table}")


def cut_jobs(job: RenderJob, pending: Mapping[Workspace, Sequence[int]], *, workers: int) -> Iterator[BatchJob]:
    """Unfinished slots as tasks, cut so that all workers end together and no Blender lives too long.

    Args:
        job: what is rendered, and how.
        pending: unfinished slots by chunk.
        workers: Blenders at a time.
    """
    left = sum(map(len, pending.values()))
    recycle = job.settings.recycle
    least = min(-(-recycle // SMALLEST_SHARE), -(-left // workers))
    for workspace, slots in pending.items():
        first = 0
        while first < len(slots):
            share = left if workers == 1 else -(-left // (2 * workers))
            size = min(recycle, max(share, least))
            taken = tuple(slots[first : first + size])
            first, left = first + len(taken), left - len(taken)
            yield BatchJob(
                plan_folder=job.folder, chunk=workspace.chunk, slots=taken, settings=job.settings, out=job.out
            )


def _render_missing(plan: Plan, job: RenderJob, missing: Sequence[Workspace], running: Engine) -> None:
    """Rounds of tasks until every chunk is packed. What a round leaves undone, the next one takes up."""
    stalled, last = 0, -1
    while True:
        for workspace in missing:
            pack_if_finished(plan, workspace)
        pending = {
            workspace: [slot for slot in plan.slots(workspace.chunk) if slot not in workspace.finished_slots()]
            for workspace in missing
            if not workspace.is_packed()
        }
        if not pending:
            return
        left = sum(map(len, pending.values()))
        stalled, last = (stalled + 1, left) if left == last else (0, left)
        if stalled >= STALLED_ROUNDS:
            raise WorkerDied(f"workers die before they finish anything, {left} scenes are left; see {job.folder}/logs.")
        error = _round(job, pending, running)
        if error is not None and (isinstance(error, InputError) or _left(plan, pending) == left):
            raise error


def _round(job: RenderJob, pending: Mapping[Workspace, Sequence[int]], running: Engine) -> CuffsError | None:
    """One pass over what is left; the last error that a task reported.

    A node that lacks something must not end the others' work, but where all fail, going on is pointless.
    """
    workers = running.workers()
    jobs = list(cut_jobs(job, pending, workers=workers))
    if running.round_size is not None:
        jobs = jobs[: running.round_size * workers]
    error, failed_in_a_row = None, 0
    try:
        for status in running.run(jobs):
            failed_in_a_row = 0 if status.error is None else failed_in_a_row + 1
            if status.error is not None:
                error = status.error
                logger.warning("chunk %d: %s", status.chunk, error)
            if failed_in_a_row > 2 * workers or isinstance(error, InputError):
                break
    except EngineFailed as problem:
        logger.warning("a worker was lost, the others go on: %s", problem)
    return error


def _left(plan: Plan, pending: Mapping[Workspace, Sequence[int]]) -> int:
    return sum(
        len(set(plan.slots(workspace.chunk)) - workspace.finished_slots())
        for workspace in pending
        if not workspace.is_packed()
    )


def _summary(indices: Sequence[ShardIndex], wall_s: float) -> RenderSummary:
    rejected: dict[str, int] = {}
    quarantined: dict[str, int] = {}
    for index in indices:
        for table, entries in ((rejected, index.rejections), (quarantined, index.quarantined)):
            for entry in entries:
                table[entry.cause] = table.get(entry.cause, 0) + 1
    return RenderSummary(
        samples=sum(index.count for index in indices),
        rejected=rejected,
        exhausted=[slot for index in indices for slot in index.exhausted],
        quarantined=quarantined,
        wall_s=wall_s,
    )
