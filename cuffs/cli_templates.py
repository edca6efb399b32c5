"""`cuffs farm`: prints jobs for farm managers."""

import importlib.metadata
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro

from cuffs.errors import ConfigError
from cuffs.farm.estimate import Estimate, read_estimate
from cuffs.farm.templates.container import container_recipe
from cuffs.farm.templates.dask import Queue, dask_script
from cuffs.farm.templates.limits import TaskLimits, task_limits
from cuffs.farm.templates.openjd import openjd_template
from cuffs.farm.templates.slurm import slurm_script
from cuffs.plan import Plan, read_plan
from cuffs.records.scene_spec import Device

Folder = Annotated[Path, tyro.conf.Positional]

UNQUOTABLE = set('"\n')


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What tasks are like."""

    device: Device = "cpu"
    """What Cycles renders with; the estimate must have been measured with it."""

    task_minutes: float = 60.0
    """How long a task should take, about."""

    most_at_once: int = 64
    """Tasks or workers side by side."""

    command: str = f"{shlex.quote(sys.executable)} -m cuffs.cli"
    """How cuffs is called on a node; in a container, as in 'apptainer run --nv cuffs.sif'."""

    def __post_init__(self) -> None:
        try:
            is_empty = not shlex.split(self.command)
        except ValueError as problem:
            raise ConfigError(f"--command {self.command!r} can't be read: {problem}.") from problem
        if is_empty or "\n" in self.command:
            raise ConfigError("--command must be one line that calls cuffs.")


USUAL = Job()
Flat = tyro.conf.arg(name="")


def slurm_command(folder: Folder, job: Annotated[Job, Flat] = USUAL) -> None:
    """Print a job array for sbatch: no service beside Slurm is needed, and any task may be lost and run again.

    Args:
        folder: The plan's folder, on a disk that all nodes share, estimated by `cuffs estimate`.
        job: What tasks are like.
    """
    plan, found, limits = _measured(folder, job)
    print(slurm_script(_place(folder), plan.name, found, limits, command=job.command), end="")


def openjd_command(folder: Folder, job: Annotated[Job, Flat] = USUAL) -> None:
    """Print an OpenJD job template, for studio farms: one task a chunk (it knows no ranges), then a check of the whole.

    Args:
        folder: The plan's folder, estimated by `cuffs estimate`.
        job: What tasks are like; task-minutes and most-at-once are the manager's own business.
    """
    plan, found, limits = _measured(folder, replace(job, task_minutes=1e-3))
    if limits.chunks > 1:
        raise ConfigError(f"{plan.num_chunks} chunks are too many tasks for one job; plan with a larger chunk_size.")
    print(openjd_template(_place(folder), plan.name, found, limits, command=job.command), end="")


def dask_command(folder: Folder, queue: Queue = "slurm", job: Annotated[Job, Flat] = USUAL) -> None:
    """Print a Python script that starts dask workers through a queue, by dask-jobqueue, and renders with them.

    Args:
        folder: The plan's folder, on a disk that all nodes share, estimated by `cuffs estimate`.
        queue: Who starts workers; local starts them here, to try the script out.
        job: What workers are like.
    """
    plan, found, limits = _measured(folder, job)
    print(dask_script(_place(folder), plan.name, found, limits, command=job.command, queue=queue), end="")


def container_command() -> None:
    """Print a container recipe for render nodes."""
    print(container_recipe(importlib.metadata.version("cuffs")), end="")


def _measured(folder: Path, job: Job) -> tuple[Plan, Estimate, TaskLimits]:
    plan = read_plan(folder)
    found = read_estimate(folder, plan)
    limits = task_limits(plan, found, device=job.device, task_minutes=job.task_minutes, most_at_once=job.most_at_once)
    return plan, found, limits


def _place(folder: Path) -> Path:
    place = folder.absolute()
    if UNQUOTABLE & set(str(place)):
        raise ConfigError(f"{place}: a folder with quotes or line breaks in its name can't be written into scripts.")
    return place
