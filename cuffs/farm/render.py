"""A plan's missing chunks, rendered through joblib, packed as they are done."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from joblib import Parallel, delayed
from tqdm import tqdm

from cuffs.errors import ConfigError, CuffsError, Quarantined
from cuffs.farm.batch import BatchJob, BatchStatus, render_batch
from cuffs.farm.blender_process import BlenderSettings
from cuffs.farm.workspace import SlotResult, Workspace
from cuffs.plan import Plan, read_plan
from cuffs.shards import ShardIndex, read_index, write_shard

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderSummary:
    """What a render command came to, over the chunks it was asked for."""

    samples: int
    rejected: dict[str, int]
    """Scenes refused after rendering, by cause."""

    exhausted: list[int]
    quarantined: dict[str, int]
    """Slots that could not be rendered, by cause."""

    wall_s: float


def render_plan(
    folder: Path, *, chunk: int | None, workers: int, settings: BlenderSettings, progress: "Progress"
) -> RenderSummary:
    """Render what is missing of a plan: finished shards and finished slots are kept.

    Args:
        folder: the plan's folder.
        chunk: one chunk alone; None renders all.
        workers: Blender processes at a time.
        settings: how Blender is run.
        progress: told how many slots are finished.

    Raises:
        ConfigError: if the chunk doesn't exist, or workers is not above 0.
        RecordError: if the plan is damaged or of another version.
        OutputError: if the disk is full or not writable.
        DeviceMissing: if the device asked for isn't there.
    """
    plan = read_plan(folder)
    if workers < 1:
        raise ConfigError(f"--workers is {workers}, but must be 1 or more.")
    if chunk is not None and not 0 <= chunk < plan.num_chunks:
        raise ConfigError(f"--chunk is {chunk}, but the plan has chunks 0 to {plan.num_chunks - 1}.")
    chunks = range(plan.num_chunks) if chunk is None else range(chunk, chunk + 1)
    started = time.monotonic()
    missing = [workspace for number in chunks if not (workspace := Workspace(folder, number)).is_packed()]
    if missing:
        _render_missing(plan, missing, workers=workers, settings=settings, progress=progress)
    indices = [read_index(Workspace(folder, number).shard_path.with_suffix(".json")) for number in chunks]
    return _summary(indices, time.monotonic() - started)


def require_complete(summary: RenderSummary) -> None:
    """Raise where some scenes could not be rendered.

    Raises:
        Quarantined: with the table of causes.
    """
    if summary.quarantined:
        table = "\n".join(f"  {count:6d}  {cause}" for cause, count in sorted(summary.quarantined.items()))
        raise Quarantined(f"{sum(summary.quarantined.values())} scenes could not be rendered:\n{table}")


class Progress:
    """A bar with rate and ETA on a terminal, plain lines in a log."""

    def __init__(self, what: str, total: int, *, done: int = 0, log: Callable[[str], None], terminal: bool) -> None:
        self._what, self._total, self._log, self._first = what, total, log, done
        self._bar = tqdm(total=total, initial=done, desc=what, unit="scene", smoothing=0.1) if terminal else None
        self._started = self._last_line = time.monotonic()
        self._done = done

    def update(self, done: int) -> None:
        """Tell how many are done."""
        if self._bar is not None:
            self._bar.update(done - self._done)
        self._done = done
        now = time.monotonic()
        if self._bar is None and (now - self._last_line > 15 or done == self._total):
            self._last_line = now
            rate = (done - self._first) / max(now - self._started, 1e-9)
            eta = f"{(self._total - done) / rate:.0f} s left" if rate > 0 else "no rate yet"
            self._log(f"{self._what}: {done}/{self._total}, {rate * 3600:.0f} an hour, {eta}")

    def close(self) -> None:
        """Finish the bar's line."""
        if self._bar is not None:
            self._bar.close()


def _render_missing(
    plan: Plan, missing: Sequence[Workspace], *, workers: int, settings: BlenderSettings, progress: Progress
) -> None:
    for workspace in missing:
        workspace.create()
    jobs = list(_jobs(plan, missing, workers=workers, settings=settings))
    with _watched(plan, missing, progress):
        for workspace in missing:
            _pack_if_finished(plan, workspace)
        tasks = Parallel(
            n_jobs=workers, backend="loky" if workers > 1 else "sequential", return_as="generator_unordered"
        )
        by_chunk = {workspace.chunk: workspace for workspace in missing}
        for status in tasks(delayed(render_batch)(job) for job in jobs):
            assert isinstance(status, BatchStatus)
            _require_ok(status)
            _pack_if_finished(plan, by_chunk[status.chunk])


def _jobs(plan: Plan, missing: Sequence[Workspace], *, workers: int, settings: BlenderSettings) -> Iterator[BatchJob]:
    """Unfinished slots, cut so that every worker has something to do and no Blender lives too long."""
    pending = {
        workspace: [slot for slot in plan.slots(workspace.chunk) if slot not in workspace.finished(plan)]
        for workspace in missing
    }
    share = math.ceil(sum(map(len, pending.values())) / workers)
    size = max(1, min(settings.recycle, share))
    for workspace, slots in pending.items():
        for first in range(0, len(slots), size):
            yield BatchJob(
                plan_folder=workspace.plan_folder,
                chunk=workspace.chunk,
                slots=tuple(slots[first : first + size]),
                settings=settings,
            )


def _require_ok(status: BatchStatus) -> None:
    if status.error is not None:
        raise status.error


def _pack_if_finished(plan: Plan, workspace: Workspace) -> None:
    """Write a chunk's shard once all of its slots have a result, then drop the work folder."""
    if workspace.is_packed():
        return
    results = workspace.finished(plan)
    if len(results) == len(plan.slots(workspace.chunk)):
        index = write_shard(workspace.shard_path, workspace.content(plan, results))
        workspace.remove()
        logger.info("shard %06d: %d samples, %d refused", workspace.chunk, index.count, len(index.rejections))


@contextmanager
def _watched(plan: Plan, missing: Sequence[Workspace], progress: Progress) -> Iterator[None]:
    """Count finished slots on disk while others make them: whatever engine runs the tasks, progress is seen."""
    stop = threading.Event()

    def count() -> int:
        return sum(
            len(plan.slots(workspace.chunk)) if workspace.is_packed() else len(list(workspace.folder.glob("slot-*")))
            for workspace in missing
        )

    def watch() -> None:
        while not stop.wait(1.0):
            progress.update(count())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()
    progress.update(count())
    progress.close()


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


__all__ = [
    "BlenderSettings",
    "CuffsError",
    "Progress",
    "RenderSummary",
    "SlotResult",
    "render_plan",
    "require_complete",
]
