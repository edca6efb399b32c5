"""Examples to batches: collated in loading processes, small until they reach the device."""

import ctypes
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from cuffs.errors import CuffsError, UnavailableError
from trainer.batch import Batch
from trainer.data.examples import Corrupt, Example
from trainer.data.people import PeopleLabels, concatenate_people, labels_of

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's malloc.h."""

KEPT_BYTES = 2**28
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PackedBatch:
    """A batch whose pictures are still bytes: a quarter of the memory to move.

    Arrays, not tensors: torch hands each tensor from process to process by a file of its own in shared memory, and
    making one takes longer than sending its bytes.
    """

    keys: tuple[str, ...]
    pixels: tuple[UInt8[np.ndarray, "side side 3"], ...]
    """One array a picture: putting them side by side before they are sent would be one more copy."""

    labels: dict[str, np.ndarray]
    """The other fields of `Batch`."""

    corrupt: tuple[str, ...]
    """What was found wrong with samples that are not here."""

    def to_batch(self, device: torch.device) -> Batch:
        """What the network reads."""
        pixels = torch.from_numpy(np.stack(self.pixels))
        if device.type == "cuda":
            pixels = pixels.pin_memory()  # a GPU then fetches them by itself, while this process goes on
        moved = {name: torch.from_numpy(value).to(device) for name, value in self.labels.items()}
        return Batch(keys=self.keys, image=normalise(pixels.to(device, non_blocking=True)), **moved)


def normalise(pixels: UInt8[Tensor, "images side side 3"]) -> Float[Tensor, "images 3 side side"]:
    """ImageNet's mean and standard deviation taken out."""
    mean = torch.tensor(IMAGENET_MEAN, device=pixels.device)[:, None, None]
    std = torch.tensor(IMAGENET_STD, device=pixels.device)[:, None, None]
    return (pixels.permute(0, 3, 1, 2).float() / 255 - mean) / std


def denormalise(image: Float[Tensor, "3 side side"]) -> UInt8[np.ndarray, "side side 3"]:
    """The picture of a normalised image, for people to look at."""
    mean = torch.tensor(IMAGENET_MEAN, device=image.device)[:, None, None]
    std = torch.tensor(IMAGENET_STD, device=image.device)[:, None, None]
    return ((image * std + mean) * 255).round().clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy()


def pack(examples: Sequence[Example | Corrupt]) -> PackedBatch:
    """Examples side by side, those that could not be read left out and named."""
    whole = [example for example in examples if isinstance(example, Example)]
    causes = [cause for example in whole for cause in example.corrupt]
    causes += [example.cause for example in examples if isinstance(example, Corrupt)]
    people = concatenate_people([labels_of(()), *(example.people for example in whole)])
    image_of = np.repeat(np.arange(len(whole)), [len(example.people.transl) for example in whole])
    names = [field.name for field in fields(PeopleLabels) if field.name != "head_cam"]
    labels = {name: _single(getattr(people, name)) for name in names}
    labels["K"] = _single(np.array([example.K for example in whole]).reshape(-1, 3, 3))
    labels["image_of"] = image_of.astype(np.int64)
    return PackedBatch(
        keys=tuple(example.key for example in whole),
        pixels=tuple(example.pixels for example in whole),
        labels=labels,
        corrupt=tuple(causes),
    )


def _single(array: np.ndarray) -> np.ndarray:
    """Numbers as float32; flags as they are."""
    return array.astype(np.float32) if array.dtype.kind == "f" else np.ascontiguousarray(array)


@runtime_checkable
class Examples(Protocol):
    """Anything that has an example at each place."""

    def __getitem__(self, position: int, /) -> Example | Corrupt:
        """The example at a place."""
        ...


class _PackedRuns(Dataset):
    """Whole batches by their list of places. Errors travel back as values: torch would wrap them in a traceback."""

    def __init__(self, source: Examples) -> None:
        self.source = source

    def __getitem__(self, places: Sequence[int]) -> PackedBatch | CuffsError:
        try:
            return pack([self.source[place] for place in places])
        except CuffsError as problem:
            return problem


def load_batches(
    source: Examples, places: Sequence[Sequence[int]], *, workers: int, prefetch: int
) -> Iterator[PackedBatch]:
    """Batches in the order of `places`, prepared ahead by loading processes.

    Args:
        source: where examples come from; sent to the processes.
        places: of each batch's examples. Any sequence: it may compute them when asked.
        workers: processes; 0 loads here, when a batch is asked for.
        prefetch: batches that each process keeps ready.

    Raises:
        CuffsError: what the source raised in a loading process, the same here; UnavailableError if one died.
    """
    loader = DataLoader(
        _PackedRuns(source),
        batch_size=None,
        sampler=places,  # pyright: ignore[reportArgumentType] -- torch's stub wants Iterable[int]
        num_workers=workers,
        prefetch_factor=prefetch if workers else None,
        worker_init_fn=keep_memory,
        # fork copies a process with running threads, which may hang; forkserver starts from a clean one.
        multiprocessing_context="forkserver" if workers else None,
    )
    yield from received(loader)


def keep_memory(_number: int) -> None:
    """Let a loading process reuse its memory: glibc gives large blocks back to the kernel as soon as they are free.

    The fresh, zeroed pages for the next batch then take up to a tenth of the process' time. Nothing is done elsewhere.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)


def received(loader: Iterable[PackedBatch | CuffsError]) -> Iterator[PackedBatch]:
    """Batches as loading processes hand them over.

    Args:
        loader: torch's.

    Raises:
        CuffsError: what a loading process sent in place of a batch.
        UnavailableError: if one died.
    """
    try:
        for packed in loader:
            if isinstance(packed, CuffsError):
                raise packed
            yield packed
    except RuntimeError as problem:
        if "DataLoader worker" not in str(problem):
            raise
        raise UnavailableError(
            f"A loading process died ({problem}). As a rule memory ran out: lower data.workers or data.prefetch."
        ) from problem


class StepPlaces(Sequence[Sequence[int]]):
    """Places of a rank's examples at each step from `first` to the last: one run of all ranks' places, cut in order."""

    def __init__(self, *, first: int, steps: int, batch_size: int, rank: int, world_size: int) -> None:
        self.first, self.steps, self.batch_size = first, steps, batch_size
        self.rank, self.world_size = rank, world_size

    def __len__(self) -> int:
        """Steps that are left."""
        return max(0, self.steps - self.first)

    def __getitem__(self, index: int) -> range:  # pyright: ignore[reportIncompatibleMethodOverride] -- no slices
        if not 0 <= index < len(self):
            raise IndexError(index)
        start = ((self.first + index) * self.world_size + self.rank) * self.batch_size
        return range(start, start + self.batch_size)
