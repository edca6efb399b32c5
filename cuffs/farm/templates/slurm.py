"""A Slurm job array: needs no service beside Slurm, and any task may be lost and run again."""

import re
import shlex
from pathlib import Path

from cuffs.farm.estimate import Estimate
from cuffs.farm.templates.limits import TaskLimits, measured_lines

GRACE_S = 120
"""Before the time is up, a task is told to stop; what is finished is kept, the next run goes on."""


def slurm_script(folder: Path, name: str, found: Estimate, limits: TaskLimits, *, command: str) -> str:
    """The script for `sbatch`.

    Args:
        folder: the plan's, on a disk that all nodes share.
        name: of the job.
        found: where the limits come from.
        limits: of each task.
        command: how `cuffs` is called on a node, as a shell would read it.
    """
    hours, minutes = divmod(limits.minutes, 60)
    directives = {
        "job-name": "cuffs-" + re.sub(r"[^A-Za-z0-9_.-]", "_", name),
        "array": f"0-{limits.tasks - 1}%{limits.most_at_once}",
        "ntasks": "1",
        "cpus-per-task": str(limits.cpus),
        "mem": f"{limits.memory_gb}G",
        "time": f"{hours:02d}:{minutes:02d}:00",
        **({"gres": f"gpu:{limits.gpus}"} if limits.gpus else {}),
        "signal": f"B:TERM@{GRACE_S}",
        "open-mode": "append",
        "output": f'"{folder}/logs/slurm-%A_%a.log"',
    }
    lines = ["#!/usr/bin/env bash"]
    lines += [f"#SBATCH --{option}={value}" for option, value in directives.items()]
    lines += ["#SBATCH --requeue", "#"]
    lines += [f"# {line}" for line in measured_lines(found, limits)]
    lines += [
        "# Safe to submit again after anything: what is finished is kept. Partition and account: sbatch's own flags.",
        "# Afterwards, on any node: cuffs render DIR (makes what was lost), then cuffs verify DIR.",
        "set -euo pipefail",
        f"first=$((SLURM_ARRAY_TASK_ID * {limits.chunks}))",
        f"exec {command} render {shlex.quote(str(folder))} \\",
        f'  --chunks "$first:$((first + {limits.chunks}))" --device {limits.device} --threads {limits.threads}',
    ]
    return "\n".join(lines) + "\n"
