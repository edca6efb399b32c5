"""A script that starts dask workers through a queue and renders with them."""

from pathlib import Path
from typing import Literal

from cuffs.farm.estimate import Estimate
from cuffs.farm.templates.limits import TaskLimits, measured_lines

Queue = Literal["slurm", "pbs", "lsf", "sge", "oar", "htcondor", "local"]

CLUSTERS: dict[Queue, str] = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "lsf": "LSFCluster",
    "sge": "SGECluster",
    "oar": "OARCluster",
    "htcondor": "HTCondorCluster",
    "local": "LocalCluster",
}

LIFETIME = 0.9
"""A worker ends itself after this share of its wall time, before the queue does it."""

TEMPLATE = '''"""Renders {folder} with dask workers that {queue} starts.

{measured}
Run it where workers can reach this machine; safe to repeat, what is finished is kept. Needs cuffs[farm].
"""

import shlex
import subprocess
import sys

from {module} import {cluster}

COMMAND = {command!r}


def main() -> int:
    """Workers come and go as the queue allows; the exit code is that of `cuffs render`."""
    with {cluster}(
        job_name={name!r},
        cores=1,  # places for tasks: one Blender each
        processes=1,
        memory="{memory_gb}GB",
{resources}        worker_extra_args=["--lifetime", "{lifetime_s}s", "--lifetime-stagger", "{stagger_s}s"],
        python=sys.executable,
        nanny=False,
    ) as cluster:
        cluster.adapt(minimum=0, maximum={most_at_once})
        options = ["--backend", "dask", "--scheduler", cluster.scheduler_address]
        options += ["--device", "{device}", "--threads", "{threads}"]
        return subprocess.run([*shlex.split(COMMAND), "render", {folder!r}, *options], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
'''


def dask_script(folder: Path, name: str, found: Estimate, limits: TaskLimits, *, command: str, queue: Queue) -> str:
    """The script.

    Args:
        folder: the plan's, on a disk that all nodes share.
        name: of the jobs.
        found: where the limits come from.
        limits: of each worker.
        command: how `cuffs` is called here, as a shell would read it.
        queue: who starts workers.
    """
    hours, minutes = divmod(limits.minutes, 60)
    lifetime_s = int(LIFETIME * 60 * limits.minutes)
    return TEMPLATE.format(
        folder=str(folder),
        queue=queue,
        measured="\n".join(measured_lines(found, limits)),
        module="dask_jobqueue.local" if queue == "local" else "dask_jobqueue",
        cluster=CLUSTERS[queue],
        command=command,
        name=f"cuffs-{name}",
        memory_gb=limits.memory_gb,
        resources=_resources(limits, queue, walltime=f"{hours:02d}:{minutes:02d}:00"),
        lifetime_s=lifetime_s,
        stagger_s=max(1, lifetime_s // 20),
        most_at_once=limits.most_at_once,
        device=limits.device,
        threads=limits.threads,
    )


def _resources(limits: TaskLimits, queue: Queue, *, walltime: str) -> str:
    """What a job asks its queue for, in that queue's own words."""
    lines = {
        "slurm": [
            f'walltime="{walltime}"',
            f"job_cpu={limits.cpus}",
            *([f'job_extra_directives=["--gres=gpu:{limits.gpus}"]'] if limits.gpus else []),
        ],
        "pbs": [
            f'walltime="{walltime}"',
            f'resource_spec="select=1:ncpus={limits.cpus}:mem={limits.memory_gb}gb'
            + (f':ngpus={limits.gpus}"' if limits.gpus else '"'),
        ],
        "lsf": [f'walltime="{walltime[:-3]}"', f"ncpus={limits.cpus}", f"mem={limits.memory_gb * 10**9}"],
        "sge": [f'walltime="{walltime}"', f'resource_spec="h_vmem={limits.memory_gb}G"'],
        "oar": [f'walltime="{walltime}"', f'resource_spec="/nodes=1/core={limits.cpus}"'],
        "htcondor": ['disk="10GB"'],
        "local": [],
    }[queue]
    return "".join(f"        {line},\n" for line in lines)
