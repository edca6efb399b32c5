"""A place to render at: one GPU, or a group of cores, that no other Blender of this machine uses meanwhile."""

import fcntl
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cuffs.farm.machine import core_limit, gpu_variable, usable_cores, visible_gpus
from cuffs.publish import explained

logger = logging.getLogger(__name__)

GPU_POLL_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What one Blender gets."""

    threads: int
    """Render threads: a number of its own, so that Blender never takes all that the machine has."""

    cores: tuple[int, ...] | None
    """Pinned to these; None where the cores can't be called ours (a quota, or others hold them)."""

    gpu: str | None
    """As in CUDA_VISIBLE_DEVICES; None: not told apart, or no GPU."""

    def environment(self, device: str) -> dict[str, str]:
        """Variables that Blender is started with."""
        variable = gpu_variable(device)
        return {variable: self.gpu} if variable is not None and self.gpu is not None else {}


@contextmanager
def lease_lane(device: str, threads: int) -> Iterator[Lane]:
    """Take a free lane of this machine and give it back, however the block or the process ends.

    Processes of one user on one machine see each other's locks, whatever plan they render. A second Blender never goes
    to a GPU that is taken: it waits. Cores are shared instead of waited for, but then nothing is pinned.

    Args:
        device: what Cycles renders with.
        threads: render threads of one Blender; 0 for an even share of the cores a GPU, and all cores without GPUs.

    Raises:
        OutputError: if the locks can't be made.
    """
    gpus = visible_gpus(device)
    wanted = threads or max(1, core_limit() // max(1, len(gpus)))
    folder = Path(tempfile.gettempdir()) / f"cuffs-lanes-{os.getuid()}"
    with explained(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
    with ExitStack() as held:
        gpu = _take_gpu(folder, gpus, held) if gpus else None
        yield Lane(threads=wanted, cores=_take_cores(folder, wanted, held), gpu=gpu)


@contextmanager
def pinned(cores: Sequence[int] | None) -> Iterator[None]:
    """Children started in the block run on these cores; Linux alone can do it.

    Affinity belongs to a thread and is passed on at birth: the calling thread takes it and gives it back.
    """
    if cores is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _take_gpu(folder: Path, gpus: Sequence[str], held: ExitStack) -> str:
    is_told = False
    while True:
        for gpu in gpus:
            if _lock(folder / f"gpu-{gpu.replace('/', '_')}", held):
                return gpu
        if not is_told:
            logger.info("all GPUs (%s) have a Blender; waiting for one", ", ".join(gpus))
            is_told = True
        time.sleep(GPU_POLL_S)


def _take_cores(folder: Path, threads: int, held: ExitStack) -> tuple[int, ...] | None:
    """The first group of cores of which nobody holds any."""
    cores = usable_cores()
    if core_limit() < len(cores) or not hasattr(os, "sched_setaffinity"):
        return None  # a quota names no cores: those that we would pick, another container may pick too
    for first in range(0, len(cores) - threads + 1, threads):
        group = cores[first : first + threads]
        with ExitStack() as attempt:
            if all(_lock(folder / f"core-{core}", attempt) for core in group):
                held.push(attempt.pop_all())
                return group
    return None


def _lock(path: Path, held: ExitStack) -> bool:
    """Hold a file's lock for as long as `held` lives; the system drops it when this process dies."""
    with explained(path):
        file: IO[str] = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return False
    held.callback(file.close)
    return True
