"""From what an estimate measured to what a farm's queue is asked for."""

import math
from dataclasses import dataclass

from cuffs.errors import ConfigError
from cuffs.farm.estimate import Estimate
from cuffs.plan import Plan
from cuffs.records.scene_spec import Device

SAFETY = 2.0
"""Other nodes are slower, and scenes differ: a task may take so many times what it is expected to."""

START_MIN = 10
"""Minutes on top: containers, a cold disk, kernels that a new GPU compiles."""

MEMORY_SAFETY = 1.25
SPARE_GB = 1.0
MOST_TASKS = 1000
"""Of one array: Slurm's MaxArraySize is 1001 unless a site says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLimits:
    """What one task is, and may use."""

    tasks: int
    chunks: int
    """Of each task; the last may have fewer."""

    minutes: int
    """Wall clock."""

    memory_gb: int
    cpus: int
    gpus: int
    device: Device
    threads: int
    most_at_once: int
    """Tasks side by side."""

    expected_s: float
    """What a task is expected to take."""


def task_limits(plan: Plan, found: Estimate, *, device: Device, task_minutes: float, most_at_once: int) -> TaskLimits:
    """How a plan is cut into tasks of a good length, and what each needs.

    Args:
        plan: what is rendered.
        found: as `cuffs estimate` measured it, on a machine like the farm's.
        device: what Cycles renders with; must be what was measured.
        task_minutes: how long a task should take, about: long against its start, short against a lost node.
        most_at_once: tasks side by side.

    Raises:
        ConfigError: if the lengths can't be, or the estimate is of another device.
    """
    if most_at_once < 1:
        raise ConfigError(f"--most-at-once is {most_at_once}, but must be 1 or more.")
    if not task_minutes > 0:
        raise ConfigError(f"--task-minutes is {task_minutes}, but must be more than 0.")
    if (device == "cpu") != found.device.upper().startswith("CPU"):
        raise ConfigError(f"--device is {device}, but the estimate was measured with {found.device}. Estimate again.")
    chunk_s = found.start_s + plan.chunk_size * found.scenes_a_slot * found.scene_s
    wanted = max(int(60 * task_minutes // chunk_s), -(-plan.num_chunks // MOST_TASKS), 1)
    tasks = -(-plan.num_chunks // wanted)
    chunks = -(-plan.num_chunks // tasks)
    expected_s = chunks * chunk_s
    return TaskLimits(
        tasks=-(-plan.num_chunks // chunks),
        chunks=chunks,
        minutes=math.ceil((SAFETY * expected_s + found.slowest_scene_s) / 60) + START_MIN,
        memory_gb=math.ceil(MEMORY_SAFETY * found.memory_gb + SPARE_GB),
        # The next scene is rendered while the last one is annotated, which takes a core of its own.
        cpus=found.threads + 1,
        gpus=int(device != "cpu"),
        device=device,
        threads=found.threads,
        most_at_once=most_at_once,
        expected_s=expected_s,
    )


def measured_lines(found: Estimate, limits: TaskLimits) -> list[str]:
    """Where the limits come from, for a comment."""
    return [
        f"{limits.tasks} tasks of {limits.chunks} chunks; each is expected to take {limits.expected_s / 60:.1f} min.",
        f"Measured on {found.host} ({found.device}): {found.scene_s:.2f} s a scene, {found.start_s:.1f} s to start,",
        f"{found.memory_gb:.1f} GB. Limits: {SAFETY:g} times that and {START_MIN} min; memory {MEMORY_SAFETY:g} times "
        f"and {SPARE_GB:g} GB.",
    ]
