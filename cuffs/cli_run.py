"""`cuffs status`, `cuffs estimate` and `cuffs merge`: runs looked at, foreseen and put together."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import tyro

from cuffs.cli_farm import EVERYTHING, HERE, PLAIN, Flat, How, Which, Who, render_job
from cuffs.codec import encode
from cuffs.errors import ConfigError
from cuffs.farm.estimate import estimate_lines, estimate_run
from cuffs.farm.merge import merge_runs
from cuffs.farm.prometheus import write_prometheus
from cuffs.farm.status import Status, StatusReader, status_lines
from cuffs.farm.totals import TotalsKeeper
from cuffs.plan import read_plan

Folder = Annotated[Path, tyro.conf.Positional]

CLEAR = "\x1b[H\x1b[2J"
"""Moves a terminal's cursor home and wipes it."""


def status_command(
    folder: Folder,
    out: str | None = None,
    every_s: float = 0.0,
    as_json: bool = False,
    prometheus: Path | None = None,
) -> None:
    """Say how far a run is, who is at work, how fast it goes and what failed. Reads only; others may be rendering.

    Args:
        folder: The plan's folder.
        out: Where finished shards go, where that was given to `cuffs render`.
        every_s: Look again after so many seconds, until all is finished; 0 looks once.
        as_json: Print JSON, one line a look.
        prometheus: Also write a text file for node_exporter's textfile collector here.
    """
    if every_s < 0:
        raise ConfigError(f"--every-s is {every_s}, but must be 0 or more.")
    reader, keeper = StatusReader(folder, read_plan(folder), out), TotalsKeeper(folder)
    for status in _looks(reader, every_s):
        if prometheus is not None:
            write_prometheus(prometheus, status, keeper.look())
        if as_json:
            print(json.dumps(encode(status)), flush=True)
            continue
        clear = CLEAR if every_s and sys.stdout.isatty() else ""
        print(clear + "\n".join(status_lines(status)), flush=True)


def estimate_command(
    folder: Folder,
    probe: int = 8,
    machines: int = 1,
    which: Annotated[Which, Flat] = EVERYTHING,
    who: Annotated[Who, Flat] = HERE,
    how: Annotated[How, Flat] = PLAIN,
) -> None:
    """Render the next few scenes of a plan and say what all of it will take: hours, core-hours, GB. They are kept.

    Args:
        folder: The plan's folder; the figures go to its estimate.json, which `cuffs farm` takes limits from.
        probe: Slots to render, two or more for each worker; more of them, a better estimate.
        machines: Machines like this one that will share the work.
        which: What is estimated.
        who: Who renders.
        how: How each Blender is run.
    """
    if machines < 1:
        raise ConfigError(f"--machines is {machines}, but must be 1 or more.")
    found = estimate_run(render_job(folder, which, who, how), probe)
    for line in estimate_lines(found, machines=machines):
        print(line)


def merge_command(parts: Annotated[tuple[Path, ...], tyro.conf.Positional], out: Path) -> None:
    """Put partial runs of one plan together, as machines without a common disk made them. The parts stay as they are.

    Args:
        parts: Folders of partial runs, each with the whole plan.
        out: The folder that gets all of it; call it again when more parts have come in.
    """
    found = merge_runs(parts, out)
    print(f"{found.slots} slots are finished, {found.shards} shards complete: {out}")
    if found.missing:
        chunks = ", ".join(map(str, found.missing[:20])) + (", ..." if len(found.missing) > 20 else "")
        print(f"  not complete: chunks {chunks}. `cuffs render {out}` makes what is missing.")


def _looks(reader: StatusReader, every_s: float) -> Iterator[Status]:
    """One look, or one every now and then until there is nothing left to wait for."""
    while True:
        status = reader.look()
        yield status
        if not every_s or status.finished == status.slots:
            return
        time.sleep(every_s)
