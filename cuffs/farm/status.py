"""How far a run is, read from its folder alone: any number of processes, here or elsewhere, may be writing to it."""

import json
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from cuffs.codec import decode
from cuffs.errors import RecordError
from cuffs.farm.batch_folder import read_batch_owner
from cuffs.farm.causes import CauseRow, failure_table
from cuffs.farm.telemetry import read_all_failures, read_recent
from cuffs.farm.workspace import SlotResult, Workspace
from cuffs.plan import Plan
from cuffs.shards.store import ShardStore

WINDOW_S = 600.0
"""The rate is that of the last ten minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStatus:
    """One process that feeds a Blender."""

    host: str
    pid: int
    chunk: int
    scenes: tuple[str, ...]
    """Keys that its Blender has been given and has not published, the one it is at first."""

    scene_s: float
    """Since it was given a scene or published one."""

    silent_s: float
    """Since its last sign of life."""

    is_gone: bool
    """Of this machine, and not running any more: another run takes its scenes up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A run at one moment."""

    name: str
    slots: int
    finished: int
    """Slots with a result: sample, exhausted or quarantined."""

    chunks: int
    packed: int
    exhausted: int
    quarantined: int
    images_an_hour: float | None
    """Of all workers together, over the last ten minutes; None while fewer than two scenes tell."""

    left_s: float | None
    workers: tuple[WorkerStatus, ...]
    failed_tries: tuple[CauseRow, ...]

    @property
    def samples(self) -> int:
        """Pictures that are finished."""
        return self.finished - self.exhausted - self.quarantined


@dataclass(frozen=True, slots=True)
class _Tally:
    finished: int = 0
    exhausted: int = 0
    quarantined: int = 0


class StatusReader:
    """Looks at a run again and again; what can't change any more is read once."""

    def __init__(self, folder: Path, plan: Plan, out: str | None = None) -> None:
        """Prepare to look.

        Args:
            folder: the plan's.
            plan: what is rendered.
            out: where finished shards go; None for the plan's folder.
        """
        self._folder, self._plan = folder, plan
        store = ShardStore(folder, out)
        self._open = {number: Workspace(folder, number, store) for number in range(plan.num_chunks)}
        self._packed: list[_Tally] = []
        self._slots: dict[int, str] = {}

    def look(self) -> Status:
        """The run as it is now."""
        for number in [number for number, workspace in self._open.items() if workspace.is_packed()]:
            self._packed.append(self._packed_tally(self._open.pop(number)))
        tallies = [*self._packed, *(self._open_tally(workspace) for workspace in self._open.values())]
        finished = sum(tally.finished for tally in tallies)
        rate = self._rate()
        left = self._plan.count - finished
        return Status(
            name=self._plan.name,
            slots=self._plan.count,
            finished=finished,
            chunks=self._plan.num_chunks,
            packed=len(self._packed),
            exhausted=sum(tally.exhausted for tally in tallies),
            quarantined=sum(tally.quarantined for tally in tallies),
            images_an_hour=rate,
            left_s=0.0 if not left else left / rate * 3600 if rate else None,
            workers=tuple(worker for workspace in self._open.values() for worker in workers_at(workspace)),
            failed_tries=failure_table(read_all_failures(self._folder)),
        )

    def _packed_tally(self, workspace: Workspace) -> _Tally:
        index = workspace.index()
        return _Tally(
            finished=index.count + len(index.exhausted) + len(index.quarantined),
            exhausted=len(index.exhausted),
            quarantined=len(index.quarantined),
        )

    def _open_tally(self, workspace: Workspace) -> _Tally:
        finished = workspace.finished_slots()
        for slot in finished - self._slots.keys():
            status = _slot_status(workspace.slot_folder(slot) / "slot.json")
            if status is not None:
                self._slots[slot] = status
        found = [self._slots.get(slot, "done") for slot in finished]
        return _Tally(finished=len(found), exhausted=found.count("exhausted"), quarantined=found.count("quarantined"))

    def _rate(self) -> float | None:
        """Samples an hour: each process counts from its first scene in the window on."""
        now, rate = time.time(), 0.0
        for records in read_recent(self._folder, now - WINDOW_S):
            times = sorted(record.at_unix_s for record in records if record.at_unix_s and record.outcome == "done")
            if len(times) > 1:
                rate += 3600 * (len(times) - 1) / max(now - times[0], 1e-9)
        return rate or None


def status_lines(status: Status) -> Iterator[str]:
    """A run's status for people."""
    share = status.finished / status.slots
    yield f"{status.name}: {status.finished} of {status.slots} slots finished ({share:.1%}), {status.samples} samples"
    yield f"  shards {status.packed} of {status.chunks}"
    if status.exhausted or status.quarantined:
        yield f"  without a sample: {status.exhausted} exhausted, {status.quarantined} quarantined"
    if status.finished < status.slots:
        rate = "no rate yet" if status.images_an_hour is None else f"{status.images_an_hour:.0f} images an hour"
        left = "" if status.left_s is None else f", about {duration(status.left_s)} left"
        yield f"  {rate}{left}"
        yield from _worker_lines(status.workers)
    if status.failed_tries:
        yield "tries that failed:"
        yield from (f"  {row}" for row in status.failed_tries)


def duration(seconds: float) -> str:
    """As in 2 d 3 h, 3 h 20 min, 4 min 10 s or 12 s."""
    for unit, size, smaller, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} {int(seconds % size // part)} {smaller}"
    return f"{seconds:.0f} s"


def _worker_lines(workers: Sequence[WorkerStatus]) -> Iterator[str]:
    if not any(not worker.is_gone for worker in workers):
        yield "  nobody is at work"
    for worker in workers:
        since = f" for {duration(worker.scene_s)}"
        what = f"at {worker.scenes[0]}{since}" if worker.scenes else "starting, or between two scenes"
        if worker.is_gone:
            what = "gone; run `cuffs render` again to take its scenes up"
        last = f"last sign {duration(worker.silent_s)} ago"
        yield f"  {worker.host} process {worker.pid}, chunk {worker.chunk}: {what}; {last}"


def workers_at(workspace: Workspace) -> Iterator[WorkerStatus]:
    """Processes that work, or worked when they were lost, at a chunk."""
    for folder in sorted(workspace.folder.glob(".batch-*")):
        owner = read_batch_owner(folder)
        if owner is None:
            continue
        host, pid = owner
        try:
            entries = {path.name: path.stat().st_mtime for path in folder.iterdir()}
            beat = max([folder.stat().st_mtime, *entries.values()])
        except FileNotFoundError:
            continue  # it has just ended
        waiting = {name.removesuffix(".json"): at for name, at in entries.items() if name.endswith(".json")}
        scenes = sorted((key for key in waiting if f"capture-{key}" not in entries), key=lambda key: waiting[key])
        yield WorkerStatus(
            host=host,
            pid=pid,
            chunk=workspace.chunk,
            scenes=tuple(scenes),
            scene_s=max(0.0, time.time() - max(entries.values(), default=beat)),
            silent_s=max(0.0, time.time() - beat),
            is_gone=host == platform.node() and not psutil.pid_exists(pid),
        )


def _slot_status(path: Path) -> str | None:
    """A finished slot's status; None while its chunk is being packed away, or where it is damaged and made again."""
    try:
        data: Mapping[str, object] = json.loads(path.read_text())
        return decode(SlotResult, data, where=str(path)).status
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError, RecordError):
        return None
