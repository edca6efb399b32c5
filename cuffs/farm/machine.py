"""What this process may use of its machine: cores, memory and GPUs, as a farm's container or job was given them."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil

CGROUPS = Path("/sys/fs/cgroup")


def usable_cores() -> tuple[int, ...]:
    """Numbers of the cores that the scheduler, a cpuset or `taskset` left to this process."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def core_limit(root: Path = CGROUPS, membership: Path = Path("/proc/self/cgroup")) -> int:
    """How many cores' worth of time there is: the affinity, or a container's CPU quota where that is less.

    Args:
        root: where cgroups are mounted (versions 1 and 2 are read).
        membership: this process's groups.
    """
    quotas = [quota for folder in _groups(root, membership, "cpu") if (quota := _cpu_quota(folder)) is not None]
    return max(1, min([len(usable_cores()), *(int(quota) for quota in quotas)]))


def memory_limit_gb(root: Path = CGROUPS, membership: Path = Path("/proc/self/cgroup")) -> float:
    """The machine's memory, or this process's cgroup limit where that is less; GB of 2^30 bytes."""
    limits = [psutil.virtual_memory().total]
    for folder in _groups(root, membership, "memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            text = _read(folder / name)
            if text is not None and text.isdigit():
                limits.append(int(text))
    return min(limits) / 2**30


def visible_gpus(device: str) -> tuple[str, ...]:
    """GPUs that this process may use, in the spelling of the variable that hides them; empty where not told apart.

    Args:
        device: what Cycles renders with.
    """
    variable = gpu_variable(device)
    if variable is None:
        return ()
    listed = os.environ.get(variable)
    if listed is not None:
        return tuple(name.strip() for name in listed.split(",") if name.strip())
    if variable == "CUDA_VISIBLE_DEVICES":
        cards = Path("/proc/driver/nvidia/gpus")
        return tuple(str(number) for number in range(len(list(cards.glob("*")))))
    nodes = Path("/sys/class/kfd/kfd/topology/nodes")
    ids = [_read(path) for path in sorted(nodes.glob("*/gpu_id"))]
    return tuple(str(number) for number in range(len([found for found in ids if found not in (None, "0")])))


def gpu_variable(device: str) -> str | None:
    """The environment variable that says which GPUs a program may see."""
    return {
        "optix": "CUDA_VISIBLE_DEVICES",
        "cuda": "CUDA_VISIBLE_DEVICES",
        "hip": "HIP_VISIBLE_DEVICES",
    }.get(device)


def _groups(root: Path, membership: Path, controller: str) -> Iterator[Path]:
    """Folders of this process's groups and all above them: any of them may set the limit."""
    text = _read(membership)
    for line in (text or "").splitlines():
        _, controllers, inner = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        base = root / controller if controllers else root
        group = base / inner.strip("/")
        # A container sees its own group as the root, while its name is that of the host.
        yield from (folder for folder in (group, *group.parents) if folder == base or base in folder.parents)


def _cpu_quota(folder: Path) -> float | None:
    text = _read(folder / "cpu.max")
    if text is not None:
        quota, period = text.split()
        return None if quota == "max" else int(quota) / int(period)
    quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
    if quota is None or period is None or int(quota) <= 0:
        return None
    return int(quota) / int(period)


def _read(path: Path) -> str | None:
    """A small file of the system's, None where there is none for us."""
    try:
        return path.read_text().strip()
    except OSError:
        return None
