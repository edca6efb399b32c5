"""Some slots of one chunk, rendered and annotated by one process with Blender processes of its own."""

import json
import logging
import os
import platform
import shutil
import time
import traceback
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from cuffs.annotate.annotate import Annotated, Refused
from cuffs.codec import encode
from cuffs.errors import CuffsError, OutputError, RecordError, WorkerDied
from cuffs.farm.annotation import ANNOTATION_PROBLEMS, annotator
from cuffs.farm.batch_folder import Heartbeat, batch_folder
from cuffs.farm.blender_process import BlenderProcess, BlenderSettings, Outcome, blender
from cuffs.farm.captured import require_whole_capture
from cuffs.farm.lane import Lane, lease_lane
from cuffs.farm.pack import pack_if_finished
from cuffs.farm.slot_results import publish_done, publish_without_sample
from cuffs.farm.telemetry import FailureLog, SceneTelemetry, TelemetryLog, versions
from cuffs.farm.tries import TRIES, CrashTrace, Tries, new_failure, require_room
from cuffs.farm.workspace import Workspace
from cuffs.plan import PlannedSlot, read_chunk, read_plan
from cuffs.publish import explained
from cuffs.records import SceneSpec
from cuffs.shards import Rejection
from cuffs.shards.store import ShardStore

logger = logging.getLogger(__name__)

QUEUED = 2
"""Scenes that Blender has been given: one to render while the one before is annotated."""

STARTS = 3
"""Times in a row that Blender may be killed from outside before it has started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """What one task does; small, because it is sent between processes."""

    plan_folder: Path
    chunk: int
    slots: tuple[int, ...]
    settings: BlenderSettings
    out: str | None
    """Where finished shards go; None for the plan's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStatus:
    """How a task ended. A task returns this and never raises."""

    chunk: int
    slots: tuple[int, ...]
    error: CuffsError | None
    started_unix_s: float
    wall_s: float
    cpu_s: float
    """Of this process and its Blenders, all threads together."""


@dataclass(slots=True)
class _Progress:
    """How far a slot has come."""

    planned: PlannedSlot
    next_spec: int = 0
    kills: int = 0
    """Of Blender, from outside, in this run."""

    rejections: list[Rejection] = field(default_factory=list)

    @property
    def spec(self) -> SceneSpec:
        return self.planned.specs[self.next_spec]


def render_batch(job: BatchJob) -> BatchStatus:
    """Render and annotate some slots. What is finished stays, whatever happens next."""
    error: CuffsError | None = None
    started, started_cpu_s, at = time.monotonic(), _cpu_s(), time.time()
    try:
        with explained(job.plan_folder):
            _Batch(job).run()
    except CuffsError as problem:
        error = problem
    except OSError as problem:
        error = OutputError(f"chunk {job.chunk} on {platform.node()}: {problem}.")
    return BatchStatus(
        chunk=job.chunk,
        slots=job.slots,
        error=error,
        started_unix_s=at,
        wall_s=time.monotonic() - started,
        cpu_s=_cpu_s() - started_cpu_s,
    )


def _cpu_s() -> float:
    """CPU time of this process and of its children that have ended."""
    return sum(os.times()[:4])


class _Batch:
    """The loop of one task: feed Blender, annotate what it publishes, replace it when it dies."""

    def __init__(self, job: BatchJob) -> None:
        self.job = job
        self.plan = plan = read_plan(job.plan_folder)
        self.workspace = Workspace(job.plan_folder, job.chunk, ShardStore(job.plan_folder, job.out))
        planned = {slot.slot: slot for slot in read_chunk(job.plan_folder, plan, job.chunk).slots}
        self.waiting = deque(_Progress(planned[slot]) for slot in job.slots)
        self.queued: deque[_Progress] = deque()
        self.folder = job.plan_folder
        self.annotator = annotator(job.plan_folder, plan.hash())
        self.telemetry = TelemetryLog(job.plan_folder)
        self.failures = FailureLog(job.plan_folder)
        self.tries = Tries(self.workspace.folder)
        self.lane: Lane | None = None
        self.starts = 0
        logs = job.plan_folder / "logs"
        logs.mkdir(exist_ok=True)
        self.log_path = logs / f"blender-{platform.node()}-{os.getpid()}.log"

    def run(self) -> None:
        """Work until every slot has a result, and pack the chunk if these were its last.

        Scenes and captures lie in a folder of this task's own: another process may be at the same slots (one that
        outlived its run, or one of another machine), and must neither wait for nor take away what is made here.
        """
        settings = self.job.settings
        with (
            # The lane first: waiting for a GPU is no silence of a task that stands still.
            lease_lane(settings.device, settings.threads) as lane,
            batch_folder(self.workspace.folder) as self.folder,
            self.tries.watching() as trace,
        ):
            self.lane = lane
            while self.waiting:
                with blender(self.job.plan_folder / "assets", settings, self.log_path, lane) as process:
                    self._use(process, trace)
        pack_if_finished(self.plan, self.workspace)

    def _use(self, process: BlenderProcess, trace: CrashTrace) -> None:
        """Feed one Blender process until it has made enough scenes, or has to be replaced."""
        made = 0
        while True:
            self._fill(process, self.job.settings.recycle - made)
            if not self.queued:
                return
            scene = self.queued[0]
            outcome = process.wait(self._capture(scene), Heartbeat(self.folder))
            if outcome is not Outcome.PUBLISHED:
                # The scenes queued behind did nothing wrong: they go first in the next process, the guilty one too.
                self.waiting.extendleft(reversed(self.queued))
                self.queued.clear()
                self._replace(process, outcome, made=made)
                return
            self.queued.popleft()
            self._order(scene).unlink()
            made, self.starts = made + 1, 0
            self._annotate(scene, trace)

    def _fill(self, process: BlenderProcess, room: int) -> None:
        """Give Blender scenes until it has enough, leaving out slots that are finished or given up."""
        while self.waiting and len(self.queued) < min(QUEUED, room):
            scene = self.waiting.popleft()
            if self.workspace.slot_folder(scene.planned.slot).exists():
                continue  # another process was first
            if self.tries.count(scene.spec.key) >= TRIES:
                self._quarantine(scene)  # its last try ended the process that made it
                continue
            self.queued.append(scene)
            self._submit(process, scene)

    def _capture(self, scene: _Progress) -> Path:
        """Where Blender publishes a scene."""
        return self.folder / f"capture-{scene.spec.key}"

    def _order(self, scene: _Progress) -> Path:
        """What Blender reads; there for as long as it is asked for the scene."""
        return self.folder / f"{scene.spec.key}.json"

    def _submit(self, process: BlenderProcess, scene: _Progress) -> None:
        spec_path = self._order(scene)
        spec_path.write_text(json.dumps(encode(scene.spec)))
        process.submit(spec_path, self._capture(scene))

    def _replace(self, process: BlenderProcess, outcome: Outcome, *, made: int) -> None:
        """End a process that can't go on; the scene that it was at is blamed where it may be at fault."""
        require_room(self.workspace.folder)
        process.require_usable()
        is_from_outside, cause = process.was_ended_from_outside(), process.cause(outcome)
        process.kill()
        scene = self.waiting[0]
        if outcome is Outcome.NOT_STARTED:
            self.starts += 1
            logger.warning("%s before it had started (%d of %d)", cause, self.starts, STARTS)
            if self.starts >= STARTS:
                raise WorkerDied(f"Blender ended {STARTS} times before it had started.\n{process.log_tail()}")
        elif outcome is Outcome.TOO_LARGE and made:
            logger.warning("Blender was above the memory cap after %d scenes; replaced", made)
        elif is_from_outside:
            self._blame_lightly(scene, cause, process.log_tail())
        else:
            self._blame(scene, cause, process.log_tail())

    def _blame_lightly(self, scene: _Progress, cause: str, detail: str) -> None:
        """Someone killed Blender: the scene counts as bad only if it happens to it again and again in one run."""
        scene.kills += 1
        failure = new_failure(scene.spec.key, scene.planned.slot, cause=cause, detail=detail)
        self.failures.append(failure)
        logger.warning("%s: %s (kill %d of %d)", scene.spec.key, cause, scene.kills, TRIES)
        if scene.kills >= TRIES:
            self.tries.add(failure)
            self.waiting.popleft()
            self._quarantine(scene)

    def _blame(self, scene: _Progress, cause: str, detail: str) -> None:
        failure = new_failure(scene.spec.key, scene.planned.slot, cause=cause, detail=detail)
        self.failures.append(failure)
        tries = self.tries.add(failure)
        logger.warning("%s: %s (try %d of %d)", scene.spec.key, cause, tries, TRIES)

    def _annotate(self, scene: _Progress, trace: CrashTrace) -> None:
        folder = self._capture(scene)
        failure = folder / "failure.json"
        if failure.exists():
            details = json.loads(failure.read_text())
            self._try_again(scene, str(details["cause"]), str(details["detail"]))
            return
        started, started_cpu_s = time.perf_counter(), time.process_time()
        try:
            require_whole_capture(folder)
        except RecordError as problem:
            self._try_again(scene, "capture_damaged", str(problem))
            return
        try:
            with trace.at(scene.spec, self.job.settings.timeout_s):
                result = self.annotator.annotate(scene.spec, folder)
        except ANNOTATION_PROBLEMS:
            self._try_again(scene, "annotation_failed", traceback.format_exc())
            return
        fitted = time.perf_counter()
        if isinstance(result, Annotated):
            publish_done(self.workspace, scene.spec, result.files, scene.rejections)
        else:
            self._refuse(scene, result)
        written, cpu_s = time.perf_counter(), time.process_time() - started_cpu_s
        self._note(scene.spec, result, fit_s=fitted - started, write_s=written - fitted, cpu_s=cpu_s)
        shutil.rmtree(folder)

    def _try_again(self, scene: _Progress, cause: str, detail: str) -> None:
        require_room(self.workspace.folder)
        shutil.rmtree(self._capture(scene))
        self._blame(scene, cause, detail)
        self.waiting.appendleft(scene)

    def _note(
        self, spec: SceneSpec, result: Annotated | Refused, *, fit_s: float, write_s: float, cpu_s: float
    ) -> None:
        assert self.lane is not None
        capture = result.capture
        self.telemetry.append(
            SceneTelemetry(
                key=spec.key,
                slot=spec.slot,
                outcome=result.cause if isinstance(result, Refused) else "done",
                people=len(spec.people),
                setup_s=capture.timings.setup_s,
                render_s=capture.timings.render_s,
                readout_s=capture.timings.readout_s,
                fit_s=fit_s,
                write_s=write_s,
                cpu_s=capture.timings.cpu_s,
                render_cpu_s=capture.timings.render_cpu_s,
                fit_cpu_s=cpu_s,
                max_rss_mb=capture.timings.max_rss_mb,
                parent_rss_mb=round(psutil.Process().memory_info().rss / 2**20, 1),
                device=capture.device,
                gpu=self.lane.gpu,
                threads=self.lane.threads,
                cores=self.lane.cores,
                blender=capture.blender,
                versions=versions(),
                host=platform.node(),
                pid=os.getpid(),
                at_unix_s=round(time.time(), 3),
            )
        )

    def _refuse(self, scene: _Progress, result: Refused) -> None:
        spec = scene.spec
        scene.rejections.append(Rejection(slot=spec.slot, attempt=spec.attempt, cause=result.cause))
        scene.next_spec, scene.kills = scene.next_spec + 1, 0
        if scene.next_spec < len(scene.planned.specs):
            self.waiting.appendleft(scene)
        else:
            publish_without_sample(self.workspace, scene.planned.slot, "exhausted", scene.rejections)

    def _quarantine(self, scene: _Progress) -> None:
        """Set a scene aside: its spec and what it did, for `cuffs replay` and whoever looks into it."""
        spec, failures = scene.spec, self.tries.of(scene.spec.key)
        folder = self.job.plan_folder / "quarantine"
        folder.mkdir(exist_ok=True)
        (folder / f"{spec.key}.json").write_text(json.dumps(encode(spec)))
        (folder / f"{spec.key}.log").write_text("".join(f"{failure.cause}\n{failure.detail}\n" for failure in failures))
        scene.rejections.append(Rejection(slot=spec.slot, attempt=spec.attempt, cause=failures[-1].cause))
        publish_without_sample(self.workspace, spec.slot, "quarantined", scene.rejections)
