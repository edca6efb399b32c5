"""`cuffs render` and what else belongs to a farm."""

import json
import logging
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Annotated

import tyro

from cuffs.codec import encode
from cuffs.errors import OutputError
from cuffs.farm.blender_process import BlenderSettings
from cuffs.farm.causes import failure_table
from cuffs.farm.engine import Backend, EngineSettings
from cuffs.farm.machine import core_limit, memory_limit_gb
from cuffs.farm.progress import Progress
from cuffs.farm.prometheus import write_prometheus
from cuffs.farm.render import RenderJob, RenderSummary, chunk_range, render_plan, require_complete
from cuffs.farm.status import StatusReader
from cuffs.farm.telemetry import read_all_failures
from cuffs.farm.totals import TotalsKeeper, totals_lines
from cuffs.plan import Plan, read_plan
from cuffs.publish import write_bytes
from cuffs.records.scene_spec import Device

logger = logging.getLogger(__name__)

MEMORY_SHARE = 0.8
"""Of what there is, for the Blenders; the rest is for those who annotate, and the system."""

PROMETHEUS_S = 15.0

Folder = Annotated[Path, tyro.conf.Positional]


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """What is rendered."""

    chunk: int | None = None
    """One chunk alone, for farms; without it all that are missing."""

    chunks: str | None = None
    """Some chunks, as A:B: from A to B - 1."""

    out: str | None = None
    """Where finished shards go instead of DIR/shards, as in s3://bucket/name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who renders."""

    workers: int | None = None
    """Blender processes at a time. Not given: one here, as many as the cluster has places with dask and ray."""

    backend: Backend = "loky"
    """Who runs the tasks: this machine (loky), or a dask or ray cluster that is running."""

    scheduler: str | None = None
    """Address of the cluster, as in tcp://node1:8786."""

    def engine(self) -> EngineSettings:
        """The engine that this names."""
        workers = self.workers if self.workers is not None else int(self.backend == "loky")
        return EngineSettings(backend=self.backend, workers=workers, scheduler=self.scheduler)


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How each Blender is run."""

    device: Device = "cpu"
    """What Cycles renders with. Asking for a device that isn't there is an error."""

    threads: int = 0
    """CPU threads of each Blender; 0 shares the machine's or container's cores among its workers."""

    timeout_s: float = 900.0
    """Longest time for one scene, before its Blender is replaced."""

    memory_gb: float = 0.0
    """Most memory of one Blender, before it is replaced; 0 shares the machine's or container's."""

    recycle: int = 50
    """Scenes after which a Blender is replaced by a fresh one."""

    pin: bool = True
    """Keep each Blender on cores of its own."""

    def settings(self, engine: EngineSettings) -> BlenderSettings:
        """What each Blender of this engine gets."""
        here = engine.workers if engine.backend == "loky" else 1
        share = max(1, core_limit() // here) if self.device == "cpu" and engine.backend == "loky" else 0
        return BlenderSettings(
            device=self.device,
            threads=self.threads or share,
            timeout_s=self.timeout_s,
            memory_cap_gb=self.memory_gb or MEMORY_SHARE * memory_limit_gb() / here,
            recycle=self.recycle,
            pin=self.pin,
        )


EVERYTHING, HERE, PLAIN = Which(), Who(), How()

Flat = tyro.conf.arg(name="")
"""The fields of a record are flags of the command, without a prefix."""


def render_command(
    folder: Folder,
    which: Annotated[Which, Flat] = EVERYTHING,
    who: Annotated[Who, Flat] = HERE,
    how: Annotated[How, Flat] = PLAIN,
    prometheus: Path | None = None,
) -> None:
    """Render what is missing of a plan. Safe to repeat after anything: what is finished is kept.

    Args:
        folder: The plan's folder; shards appear in its folder shards/.
        which: What is rendered.
        who: Who renders.
        how: How each Blender is run.
        prometheus: Keep a text file for node_exporter's textfile collector here, as in cuffs.prom.
    """
    job, plan = render_job(folder, which, who, how), read_plan(folder)
    total = sum(len(plan.slots(number)) for number in job.chunks)
    signal.signal(signal.SIGTERM, _interrupt)
    progress = new_progress("rendering", total)
    export = _exporter(folder, plan, which.out, prometheus)

    def tell(done: int) -> None:
        progress.update(done)
        export(PROMETHEUS_S)

    try:
        summary = render_plan(job, tell)
    finally:
        export(0.0)
        progress.close()
    _say(folder, summary, place=which.out or str(folder / "shards"))


def render_job(folder: Path, which: Which, who: Who, how: How) -> RenderJob:
    """What these flags ask for.

    Raises:
        ConfigError: if they can't be.
        RecordError: if there is no plan.
    """
    engine = who.engine()
    return RenderJob(
        folder=folder.absolute(),
        chunks=chunk_range(read_plan(folder), chunk=which.chunk, chunks=which.chunks),
        settings=how.settings(engine),
        engine=engine,
        out=which.out,
    )


def _exporter(folder: Path, plan: Plan, out: str | None, path: Path | None) -> Callable[[float], None]:
    """Writes the file for Prometheus where it is older than so many seconds. Where it can't, rendering goes on."""
    if path is None:
        return lambda _: None
    reader, keeper, last = StatusReader(folder, plan, out), TotalsKeeper(folder), [0.0]

    def export(every_s: float) -> None:
        if time.monotonic() - last[0] < every_s:
            return
        last[0] = time.monotonic()
        try:
            write_prometheus(path, reader.look(), keeper.look())
        except OutputError as problem:
            logger.warning("%s", problem)

    return export


def new_progress(what: str, total: int) -> Progress:
    """Progress on standard error."""
    return Progress(what, total, log=lambda line: print(line, file=sys.stderr), terminal=sys.stderr.isatty())


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A farm that takes its node back ends us as Ctrl-C would: what is finished is kept, Blender goes."""
    raise KeyboardInterrupt(f"signal {number} at {frame}")


def _say(folder: Path, summary: RenderSummary, *, place: str) -> None:
    """What a run came to, the table of failures included."""
    totals = TotalsKeeper(folder).look()
    write_bytes(folder / "summary.json", (json.dumps(encode(totals), indent=1) + "\n").encode())
    for line in totals_lines(totals):
        print(line)
    for cause, number in sorted(summary.rejected.items()):
        print(f"  refused {number:6d}  {cause}")
    if failures := failure_table(read_all_failures(folder)):
        print("tries that failed:")
        for row in failures:
            print(f"  {row}")
    if summary.exhausted:
        print(f"  slots without a sample, all their spares refused: {summary.exhausted}")
    print(f"{summary.samples} samples in {place} ({summary.wall_s:.0f} s)")
    require_complete(summary)
