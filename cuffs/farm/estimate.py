"""What a plan will take, from its first few scenes. They are rendered as any others and kept: nothing is wasted."""

import heapq
import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from cuffs.codec import decode, encode
from cuffs.errors import ConfigError, RecordError, WorkerDied
from cuffs.farm.batch import BatchJob, BatchStatus
from cuffs.farm.engine import EngineFailed, engine
from cuffs.farm.render import RenderJob, cut_jobs
from cuffs.farm.status import duration
from cuffs.farm.telemetry import SceneTelemetry, read_telemetry
from cuffs.farm.workspace import Workspace
from cuffs.plan import Plan, read_plan
from cuffs.publish import write_bytes
from cuffs.records.checks import require_schema
from cuffs.shards.store import ShardStore

GB = 1e9
TAR_BLOCK = 512
INDEX_BYTES = 900
"""Of a shard's index for one sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """`DIR/estimate.json`: what was measured, and what follows from it."""

    SCHEMA: ClassVar[str] = "cuffs-estimate/1"

    plan_hash: str
    host: str
    device: str
    workers: int
    """Blenders side by side, in the probe and in what follows from it."""

    threads: int
    """Of each."""

    probed: int
    """Slots."""

    scenes_a_slot: float
    """Above 1 where scenes are refused and spares rendered."""

    start_s: float
    """From a task's start to its first scene, beyond what that scene takes."""

    scene_s: float
    """Between two scenes of one worker, all workers at work."""

    slowest_scene_s: float
    core_s: float
    """CPU time of a slot, start-up left out."""

    start_core_s: float
    sample_bytes: float
    memory_gb: float
    """Most of one worker: its Blender and the process that annotates."""

    images_an_hour: float
    """Of all workers of one machine together, once they run."""

    left_slots: int
    left_s: float
    """On this machine, with these workers."""

    left_core_hours: float
    whole_s: float
    whole_core_hours: float
    whole_gb: float
    schema: str = SCHEMA

    def __post_init__(self) -> None:
        require_schema(self.schema, self.SCHEMA)


@dataclass(frozen=True, slots=True)
class _Pace:
    """What a probe came to, by task and scene."""

    start_s: float
    scene_s: float
    core_s: float
    start_core_s: float
    scenes_a_slot: float

    def job_s(self, slots: int) -> float:
        return self.start_s + slots * self.scenes_a_slot * self.scene_s


def estimate_run(job: RenderJob, slots: int) -> Estimate:
    """Render some slots that are missing, and say what the others will take.

    Args:
        job: as for rendering; its engine must be of this machine.
        slots: how many to render, at least two for each worker.

    Raises:
        ConfigError: if too little is left to be measured.
        WorkerDied, OutputError, DeviceMissing: if the probe can't be rendered.
    """
    plan = read_plan(job.folder)
    store = ShardStore(job.folder, job.out)
    workspaces = [Workspace(job.folder, number, store) for number in job.chunks]
    pending = _pending(plan, workspaces)
    workers = job.engine.workers
    if job.engine.backend != "loky":
        raise ConfigError("the probe runs on this machine; call it on one of the cluster's, without --backend.")
    if slots < 2 * workers:
        raise ConfigError(f"--probe is {slots}, but {workers} workers need {2 * workers} or more to show their pace.")
    jobs = list(_probe_jobs(job, pending, slots))
    if sum(len(task.slots) for task in jobs) < 2 * workers:
        raise ConfigError(f"too few slots of {job.folder} are left to measure a pace: see `cuffs status {job.folder}`.")
    try:
        with engine(job.engine) as running:
            statuses = list(running.run(jobs))
    except EngineFailed as problem:
        raise WorkerDied(f"a worker was lost in the probe: {problem}") from problem
    for status in statuses:
        if status.error is not None:
            raise status.error
    found = _estimate(plan, job, workspaces, statuses)
    write_bytes(job.folder / "estimate.json", (json.dumps(encode(found), indent=1) + "\n").encode())
    return found


def read_estimate(folder: Path, plan: Plan) -> Estimate:
    """What `cuffs estimate` found.

    Raises:
        ConfigError: if it wasn't called yet, or for another plan.
    """
    path = folder / "estimate.json"
    try:
        found = decode(Estimate, json.loads(path.read_text()), where=str(path), error=RecordError)
    except FileNotFoundError:
        raise ConfigError(
            f"{path} is not there: limits come from a measurement. Run `cuffs estimate {folder}`."
        ) from None
    except json.JSONDecodeError as problem:
        raise RecordError(f"{path} is damaged ({problem}). Run `cuffs estimate {folder}` again.") from None
    if found.plan_hash != plan.hash():
        raise ConfigError(f"{path} is of another plan. Run `cuffs estimate {folder}` again.")
    return found


def estimate_lines(found: Estimate, *, machines: int) -> Iterator[str]:
    """An estimate for people.

    Args:
        found: the estimate.
        machines: like this one; rendering shares nothing but the folder.
    """
    workers = f"{found.workers} workers of {found.threads} threads"
    yield f"measured on {found.host} ({found.device}): {found.probed} slots, {workers}"
    yield f"  {found.scene_s:.2f} s a scene, {found.scenes_a_slot:.2f} scenes a slot, {found.start_s:.1f} s to start"
    yield f"  {found.images_an_hour:.0f} images an hour and machine; {found.memory_gb:.1f} GB of memory a worker"
    where = "this machine" if machines == 1 else f"{machines} machines like this"
    whole, left = found.whole_s / machines, found.left_s / machines
    yield f"whole plan on {where}: {duration(whole)}, {found.whole_core_hours:.2f} core-hours, {found.whole_gb:.3f} GB"
    yield f"what is left, {found.left_slots} slots: {duration(left)}, {found.left_core_hours:.2f} core-hours"


def _pending(plan: Plan, workspaces: Sequence[Workspace]) -> dict[Workspace, list[int]]:
    pending = {}
    for workspace in workspaces:
        if not workspace.is_packed():
            workspace.create()
            finished = workspace.finished_slots()
            pending[workspace] = [slot for slot in plan.slots(workspace.chunk) if slot not in finished]
    return pending


def _probe_jobs(job: RenderJob, pending: dict[Workspace, list[int]], slots: int) -> Iterator[BatchJob]:
    """One task for each worker where chunks are large enough: slots are independent draws, so the first will do."""
    left, share = slots, -(-slots // job.engine.workers)
    for workspace, missing in pending.items():
        for first in range(0, len(missing), share):
            taken = tuple(missing[first : first + min(share, left)])
            if not taken:
                return
            left -= len(taken)
            yield BatchJob(
                plan_folder=job.folder, chunk=workspace.chunk, slots=taken, settings=job.settings, out=job.out
            )


def _estimate(plan: Plan, job: RenderJob, workspaces: Sequence[Workspace], statuses: Sequence[BatchStatus]) -> Estimate:
    workers = job.engine.workers
    probed = {slot for status in statuses for slot in status.slots}
    first = min(status.started_unix_s for status in statuses)
    lines = [line for line in read_telemetry(job.folder) if line.slot in probed and (line.at_unix_s or 0.0) >= first]
    pace = _pace(lines, statuses)
    sizes = [size for workspace in workspaces for size in _made(plan, workspace, probed)]
    share_done = sum(size > 0 for size in sizes) / len(sizes)
    sample_bytes = sum(sizes) / max(1, sum(size > 0 for size in sizes))
    pending = _pending(plan, workspaces)
    everything = {workspace: list(plan.slots(workspace.chunk)) for workspace in workspaces}
    left_s, left_core_s = _run(job, pending, pace)
    whole_s, whole_core_s = _run(job, everything, pace)
    return Estimate(
        plan_hash=plan.hash(),
        host=platform.node(),
        device=lines[-1].device,
        workers=workers,
        threads=lines[-1].threads or job.settings.threads,
        probed=len(probed),
        scenes_a_slot=round(pace.scenes_a_slot, 4),
        start_s=round(pace.start_s, 3),
        scene_s=round(pace.scene_s, 4),
        slowest_scene_s=round(max(_scene_s(line) for line in lines), 3),
        core_s=round(pace.core_s, 4),
        start_core_s=round(pace.start_core_s, 3),
        sample_bytes=round(sample_bytes, 1),
        memory_gb=round(max(line.max_rss_mb + (line.parent_rss_mb or 0.0) for line in lines) / 1024, 2),
        images_an_hour=round(3600 * workers * share_done / (pace.scenes_a_slot * pace.scene_s), 1),
        left_slots=sum(map(len, pending.values())),
        left_s=round(left_s, 1),
        left_core_hours=round(left_core_s / 3600, 4),
        whole_s=round(whole_s, 1),
        whole_core_hours=round(whole_core_s / 3600, 4),
        whole_gb=round(share_done * sample_bytes * sum(map(len, everything.values())) / GB, 6),
    )


def _pace(lines: Sequence[SceneTelemetry], statuses: Sequence[BatchStatus]) -> _Pace:
    gaps, intervals, first_s = 0, 0.0, 0.0
    for status in statuses:
        times = sorted(line.at_unix_s or 0.0 for line in lines if line.slot in status.slots)
        if not times:
            raise ConfigError(f"the probe's chunk {status.chunk} gave no scene; another process renders it already.")
        gaps, intervals = gaps + len(times) - 1, intervals + times[-1] - times[0]
        first_s += times[0] - status.started_unix_s
    scene_s = intervals / gaps
    # Of the first scene nothing is hidden behind another one: what it takes beyond the pace belongs to the start.
    start_s = max(0.0, first_s / len(statuses) - scene_s)
    slots = sum(len(status.slots) for status in statuses)
    core_s, wall_s = sum(status.cpu_s for status in statuses), sum(status.wall_s for status in statuses)
    start_core_s = core_s * start_s / wall_s
    return _Pace(
        start_s=start_s,
        scene_s=scene_s,
        core_s=(core_s - len(statuses) * start_core_s) / slots,
        start_core_s=start_core_s,
        scenes_a_slot=len(lines) / slots,
    )


def _run(job: RenderJob, pending: dict[Workspace, list[int]], pace: _Pace) -> tuple[float, float]:
    """Wall and CPU seconds of rendering slots: tasks in order, each taken by the worker that is free first."""
    if not pending:
        return 0.0, 0.0
    free = [0.0] * job.engine.workers
    core_s = 0.0
    for task in cut_jobs(job, pending, workers=job.engine.workers):
        heapq.heappush(free, heapq.heappop(free) + pace.job_s(len(task.slots)))
        core_s += pace.start_core_s + len(task.slots) * pace.core_s
    return max(free), core_s


def _made(plan: Plan, workspace: Workspace, slots: set[int]) -> Iterator[int]:
    """Bytes that each slot's sample takes in a shard and its index; 0 for a slot that has none."""
    if workspace.is_packed():
        index = workspace.index()
        sizes = {sample.slot: [member.size for member in sample.members] for sample in index.samples}
    else:
        results = workspace.results(plan)
        sizes = {slot: [file.size for file in found.files.values()] for slot, found in results.items()}
    for slot in slots & set(plan.slots(workspace.chunk)):
        files = sizes.get(slot)
        yield INDEX_BYTES + sum(TAR_BLOCK * (1 - size // -TAR_BLOCK) for size in files) if files else 0


def _scene_s(line: SceneTelemetry) -> float:
    return line.setup_s + line.render_s + line.readout_s + line.fit_s + line.write_s
