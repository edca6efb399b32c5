"""What the farm's benchmarks share: plans of a size, bare Blender processes, whole runs, their times."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import yaml

from cuffs.codec import encode
from cuffs.farm.telemetry import SceneTelemetry, read_telemetry
from cuffs.plan import PlannedSlot, read_chunk, read_plan, write_chunk
from cuffs.plan.records import chunk_name, plan_path
from cuffs.records import SceneSpec

ROOT = Path(__file__).parents[1]
POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What some processes took."""

    scenes: int
    wall_s: float
    cpu_s: float
    """Of the processes and all that they started."""

    own_cpu_s: float = 0.0
    """Of the first process alone: what handing out tasks costs, start-up included."""


def make_plan(recipe: Path, count: int, out: Path) -> None:
    """`cuffs plan`, where there is none yet."""
    if not plan_path(out).exists():
        subprocess.run(command("plan", recipe, "--count", count, "--out", out), cwd=ROOT, check=True)


def command(*arguments: object) -> list[str]:
    """The command line."""
    return [sys.executable, "-m", "cuffs.cli", *map(str, arguments)]


def sized(recipe: Path, size: int, samples: int, out: Path) -> Path:
    """The recipe with another picture size and number of samples."""
    plain = yaml.safe_load(recipe.read_text())
    plain["image"] = {"width": size, "height": size}
    plain["render"] = {**plain["render"], "samples": samples}
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"recipe-{size}-{samples}.yaml"
    path.write_text(yaml.safe_dump(plain))
    return path


def planned_specs(folder: Path) -> list[SceneSpec]:
    """The first scene of every slot."""
    plan = read_plan(folder)
    return [slot.specs[0] for chunk in range(plan.num_chunks) for slot in read_chunk(folder, plan, chunk).slots]


def set_specs(folder: Path, specs: Sequence[SceneSpec]) -> None:
    """Replace a plan's scenes, one for each slot: a plan is data. Keys and numbers stay the slots' own."""
    plan = read_plan(folder)
    files = dict(plan.files)
    for number in range(plan.num_chunks):
        chunk = read_chunk(folder, plan, number)
        slots = []
        for slot in chunk.slots:
            own = slot.specs[0]
            spec = replace(specs[slot.slot], key=own.key, slot=own.slot, attempt=own.attempt, chunk=own.chunk)
            slots.append(PlannedSlot(slot=slot.slot, specs=(spec,), rejections=slot.rejections))
        files[chunk_name(number)] = write_chunk(folder, replace(chunk, slots=tuple(slots)))
    plan_path(folder).write_text(json.dumps(encode(replace(plan, files=files)), indent=1))


def render(folder: Path, *options: object, cores: Sequence[int]) -> Spent:
    """`cuffs render` on some cores, to its end."""
    with _started(command("render", folder, *options), cores) as meter:
        meter.wait()
    return meter.spent(len(read_telemetry(folder)))


def bare(folder: Path, specs: Sequence[SceneSpec], scratch: Path, *, cores: Sequence[int]) -> Spent:
    """Blender processes alone, one on each core, that share scenes; nobody annotates what they make."""
    scratch.mkdir(parents=True)
    started = time.monotonic()
    meters = []
    for number, core in enumerate(cores):
        worker = [sys.executable, "-m", "blender_scripts.worker", "--assets", str(folder / "assets"), "--threads", "1"]
        orders = scratch / f"orders-{number}"
        with orders.open("w") as file:
            for spec in specs[number :: len(cores)]:
                path = scratch / f"{spec.key}.json"
                path.write_text(json.dumps(encode(spec)))
                order = {"spec": str(path), "out": str(scratch / f"capture-{spec.key}"), "blend": None}
                file.write(json.dumps(order) + "\n")
        meters.append(Meter(worker, [core], stdin=orders, log=scratch / f"log-{number}"))
    cpu_s = sum(meter.wait() for meter in meters)
    made = len(list(scratch.glob("capture-*/capture.json")))
    if made != len(specs):
        raise RuntimeError(f"{made} of {len(specs)} scenes were made; see {scratch}")
    return Spent(scenes=made, wall_s=time.monotonic() - started, cpu_s=cpu_s)


def bare_render_s(scratch: Path) -> tuple[float, float]:
    """Seconds that bare processes rendered, wall clock and processor."""
    timings = [json.loads(path.read_text())["timings"] for path in scratch.glob("capture-*/capture.json")]
    return sum(one["render_s"] for one in timings), sum(one["render_cpu_s"] for one in timings)


def cpu_by_part(records: Sequence[SceneTelemetry]) -> dict[str, float]:
    """Processor seconds of a run's scenes: rendering, the rest of Blender, fitting and writing."""
    render_s = sum(record.render_cpu_s or 0.0 for record in records)
    return {
        "render": render_s,
        "setup and read-out": sum(record.cpu_s or 0.0 for record in records) - render_s,
        "fit and write": sum(record.fit_cpu_s or 0.0 for record in records),
    }


class Meter:
    """A process on some cores, and what it and its descendants take."""

    def __init__(
        self, program: Sequence[str], cores: Sequence[int], *, stdin: Path = Path(os.devnull), log: Path | None = None
    ) -> None:
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores)  # passed on at birth
        try:
            with stdin.open() as source, (log or Path(os.devnull)).open("a") as output:
                self.process = subprocess.Popen(program, stdin=source, stdout=output, stderr=output, cwd=ROOT)
        finally:
            os.sched_setaffinity(0, before)
        self._started = time.monotonic()
        self._wall_s = self._cpu_s = self._own_cpu_s = 0.0

    def wait(self) -> float:
        """Processor seconds, once it has ended.

        Raises:
            RuntimeError: if it failed.
        """
        while True:
            self._own_cpu_s = self.own_cpu_s()
            time.sleep(POLL_S)
            pid, status, used = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                break
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self._wall_s, self._cpu_s = time.monotonic() - self._started, used.ru_utime + used.ru_stime
        if self.process.returncode:
            raise RuntimeError(f"{self.process.args} ended with {self.process.returncode}")
        return self._cpu_s

    def own_cpu_s(self) -> float:
        """Processor seconds of the process itself, while it runs."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def spent(self, scenes: int) -> Spent:
        """What it took; `wait` first."""
        return Spent(scenes=scenes, wall_s=self._wall_s, cpu_s=self._cpu_s, own_cpu_s=self._own_cpu_s)


@contextmanager
def _started(program: Sequence[str], cores: Sequence[int]) -> Iterator[Meter]:
    meter = Meter(program, cores)
    try:
        yield meter
    finally:
        if meter.process.returncode is None:
            meter.process.kill()
