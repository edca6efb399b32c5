"""One process or several: who this one is, which device it uses, sums over all of them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from cuffs.errors import ConfigError, DeviceMissing


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """This process among those that train together."""

    rank: int
    world_size: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this one writes what only one may write."""
        return self.rank == 0

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all processes, the same numbers in each."""
        if self.world_size == 1:
            return values
        total = values.clone()
        dist.all_reduce(total)
        return total

    def wait(self) -> None:
        """Go on when all are here."""
        if self.world_size > 1:
            dist.barrier()


@contextmanager
def joined(device: str) -> Iterator[Ranks]:
    """Join the processes that `torchrun` started; alone without it.

    Args:
        device: cpu, cuda (one GPU for each process of a machine), or auto: cuda where there is one.

    Raises:
        DeviceMissing: if a GPU is asked for that isn't there.
        ConfigError: if `torchrun`'s variables make no sense.
    """
    try:
        rank, world_size, local = (int(os.environ.get(n, d)) for n, d in VARIABLES)
    except ValueError as problem:
        raise ConfigError(f"RANK, WORLD_SIZE and LOCAL_RANK must be whole numbers: {problem}.") from problem
    ranks = Ranks(rank=rank, world_size=world_size, device=find_device(device, local))
    if world_size == 1:
        yield ranks
        return
    on_gpu = ranks.device.type == "cuda"
    if on_gpu:
        torch.cuda.set_device(ranks.device)
    dist.init_process_group("nccl" if on_gpu else "gloo", rank=rank, world_size=world_size)
    try:
        yield ranks
    finally:
        dist.destroy_process_group()


VARIABLES = (("RANK", "0"), ("WORLD_SIZE", "1"), ("LOCAL_RANK", "0"))
"""What `torchrun` sets, and what holds without it."""


def find_device(name: str, local: int) -> torch.device:
    """The device that a name means on this machine.

    Args:
        name: cpu, cuda or auto.
        local: number of this process on the machine.

    Raises:
        DeviceMissing: if it isn't there; never replaced by another one silently.
        ConfigError: if it is none of the three.
    """
    if name not in ("cpu", "cuda", "auto"):
        raise ConfigError(f"--device {name}: say cpu, cuda or auto.")
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if local >= torch.cuda.device_count():
        raise DeviceMissing(
            f"process {local} of this machine wants a GPU of its own, and torch {torch.__version__} sees "
            f"{torch.cuda.device_count()}. Start fewer processes, or say --device cpu."
        )
    return torch.device("cuda", local)
