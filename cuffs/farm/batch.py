"""Some slots of one chunk, rendered and annotated by one process with Blender processes of its own."""

import json
import logging
import os
import platform
import shutil
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path

from cuffs.annotate.annotate import Annotated, Annotator, Refused
from cuffs.codec import encode
from cuffs.errors import CuffsError
from cuffs.farm.blender_process import BlenderProcess, BlenderSettings, Outcome, blender
from cuffs.farm.telemetry import SceneTelemetry, TelemetryLog
from cuffs.farm.workspace import SlotResult, Workspace
from cuffs.plan import PlannedSlot, read_chunk, read_plan
from cuffs.publish import publish_folder
from cuffs.records import SceneSpec
from cuffs.shards import Rejection

logger = logging.getLogger(__name__)

QUEUED = 2
"""Scenes that Blender has been given: one to render while the one before is annotated."""

TRIES = 3
"""Times that a scene may bring Blender down before it is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """What one task does; small, because it is sent between processes."""

    plan_folder: Path
    chunk: int
    slots: tuple[int, ...]
    settings: BlenderSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStatus:
    """How a task ended. A task returns this and never raises."""

    chunk: int
    slots: tuple[int, ...]
    error: CuffsError | None


@dataclass(slots=True)
class _Progress:
    """How far a slot has come."""

    planned: PlannedSlot
    next_spec: int = 0
    tries: int = 0
    rejections: list[Rejection] = field(default_factory=list)

    @property
    def spec(self) -> SceneSpec:
        return self.planned.specs[self.next_spec]


def render_batch(job: BatchJob) -> BatchStatus:
    """Render and annotate some slots. What is finished stays, whatever happens next."""
    error = None
    try:
        _Batch(job).run()
    except CuffsError as problem:
        error = problem
    except OSError as problem:
        error = CuffsError(f"chunk {job.chunk}: {problem}")
    return BatchStatus(chunk=job.chunk, slots=job.slots, error=error)


class _Batch:
    """The loop of one task: feed Blender, annotate what it publishes, replace it when it dies."""

    def __init__(self, job: BatchJob) -> None:
        self.job = job
        plan = read_plan(job.plan_folder)
        self.workspace = Workspace(job.plan_folder, job.chunk)
        planned = {slot.slot: slot for slot in read_chunk(job.plan_folder, plan, job.chunk).slots}
        self.waiting = deque(_Progress(planned[slot]) for slot in job.slots)
        self.queued: deque[_Progress] = deque()
        self.folder = job.plan_folder
        self.annotator = Annotator.load(job.plan_folder, plan)
        self.telemetry = TelemetryLog(job.plan_folder)
        logs = job.plan_folder / "logs"
        logs.mkdir(exist_ok=True)
        self.log_path = logs / f"blender-{platform.node()}-{os.getpid()}.log"

    def run(self) -> None:
        """Work until every slot has a result.

        Scenes and captures lie in a folder of this task's own: another process may be at the same slots (one that
        outlived its run, or one of another machine), and must neither wait for nor take away what is made here.
        """
        with tempfile.TemporaryDirectory(prefix=".batch-", dir=self.workspace.folder) as name:
            self.folder = Path(name)
            while self.waiting:
                assets = self.job.plan_folder / "assets"
                with blender(assets, self.job.settings, self.log_path) as process:
                    self._use(process)

    def _use(self, process: BlenderProcess) -> None:
        """Feed one Blender process until it has made enough scenes, or has to be replaced."""
        made = 0
        while True:
            while self.waiting and len(self.queued) < QUEUED and made + len(self.queued) < self.job.settings.recycle:
                scene = self.waiting.popleft()
                if not self.workspace.slot_folder(scene.planned.slot).exists():  # else another process was first
                    self.queued.append(scene)
                    self._submit(process, scene)
            if not self.queued:
                return
            scene = self.queued[0]
            outcome = process.wait(self._capture(scene))
            if outcome is not Outcome.PUBLISHED:
                process.require_usable()
                process.kill()
                self._blame(scene, outcome, process.log_tail())
                # The scenes queued behind the guilty one did nothing wrong: they go first in the next process.
                self.waiting.extendleft(reversed(self.queued))
                self.queued.clear()
                return
            self.queued.popleft()
            made += 1
            self._annotate(scene)

    def _capture(self, scene: _Progress) -> Path:
        """Where Blender publishes a scene."""
        return self.folder / f"capture-{scene.spec.key}"

    def _submit(self, process: BlenderProcess, scene: _Progress) -> None:
        spec_path = self.folder / f"{scene.spec.key}.json"
        spec_path.write_text(json.dumps(encode(scene.spec)))
        process.submit(spec_path, self._capture(scene))

    def _blame(self, scene: _Progress, outcome: Outcome, log_tail: str) -> None:
        scene.tries += 1
        logger.warning("%s: Blender %s (try %d of %d)", scene.spec.key, outcome.value, scene.tries, TRIES)
        if scene.tries >= TRIES:
            self.queued.popleft()
            cause = {"died": "blender_died", "hung": "time_out", "too_large": "memory_cap"}[outcome.value]
            self._quarantine(scene, cause, log_tail)

    def _annotate(self, scene: _Progress) -> None:
        spec = scene.spec
        folder = self._capture(scene)
        failure = folder / "failure.json"
        if failure.exists():
            details = json.loads(failure.read_text())
            shutil.rmtree(folder)
            scene.tries += 1
            if scene.tries >= TRIES:
                self._quarantine(scene, str(details["cause"]), str(details["detail"]))
            else:
                self.waiting.appendleft(scene)
            return
        started = time.perf_counter()
        result = self.annotator.annotate(spec, folder)
        fitted = time.perf_counter()
        if isinstance(result, Annotated):
            self._publish(scene, result)
        else:
            self._refuse(scene, result)
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
                fit_s=fitted - started,
                write_s=time.perf_counter() - fitted,
                max_rss_mb=capture.timings.max_rss_mb,
                device=capture.device,
                blender=capture.blender,
                host=platform.node(),
                pid=os.getpid(),
            )
        )
        shutil.rmtree(folder)

    def _publish(self, scene: _Progress, result: Annotated) -> None:
        with publish_folder(self.workspace.slot_folder(scene.planned.slot)) as scratch:
            names = {}
            for suffix, data in result.files.items():
                names[suffix] = f"{scene.spec.key}.{suffix}"
                (scratch / names[suffix]).write_bytes(data)
            _write_result(
                scratch,
                SlotResult(
                    slot=scene.planned.slot,
                    status="done",
                    key=scene.spec.key,
                    attempt=scene.spec.attempt,
                    people=len(scene.spec.people),
                    files=names,
                    rejections=tuple(scene.rejections),
                ),
            )

    def _refuse(self, scene: _Progress, result: Refused) -> None:
        spec = scene.spec
        scene.rejections.append(Rejection(slot=spec.slot, attempt=spec.attempt, cause=result.cause))
        scene.next_spec, scene.tries = scene.next_spec + 1, 0
        if scene.next_spec < len(scene.planned.specs):
            self.waiting.appendleft(scene)
        else:
            self._publish_without_sample(scene, "exhausted")

    def _quarantine(self, scene: _Progress, cause: str, detail: str) -> None:
        spec = scene.spec
        folder = self.job.plan_folder / "quarantine"
        folder.mkdir(exist_ok=True)
        (folder / f"{spec.key}.json").write_text(json.dumps(encode(spec)))
        (folder / f"{spec.key}.log").write_text(f"{cause}\n{detail}\n")
        scene.rejections.append(Rejection(slot=spec.slot, attempt=spec.attempt, cause=cause))
        self._publish_without_sample(scene, "quarantined")

    def _publish_without_sample(self, scene: _Progress, status: str) -> None:
        result = SlotResult(
            slot=scene.planned.slot,
            status="exhausted",
            key=None,
            attempt=None,
            people=0,
            files={},
            rejections=tuple(scene.rejections),
        )
        with publish_folder(self.workspace.slot_folder(scene.planned.slot)) as scratch:
            _write_result(scratch, replace(result, status=status))


def _write_result(folder: Path, result: SlotResult) -> None:
    (folder / "slot.json").write_text(json.dumps(encode(result)))
