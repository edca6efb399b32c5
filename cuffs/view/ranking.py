"""Which sample comes first: the one whose label is furthest from what was rendered."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cuffs.audit.read import SampleRef
from cuffs.shards import iterate_samples, read_sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A sample and how far its worst person's label is off."""

    ref: SampleRef
    worst_mm: float | None
    """Mean residual over all vertices of the worst person, millimetres; None where nothing was measured."""


def rank_samples(folder: Path, progress: Callable[[int], object] = lambda _: None) -> list[Ranked]:
    """All samples of a dataset, the largest residual first; those that have none come last, in the data's order.

    Args:
        folder: the dataset; every annotation is read.
        progress: told each time a sample is read.

    Raises:
        RecordError: if there are no shards, or an annotation can't be read.
    """
    found = []
    for tar, _, entry in iterate_samples(folder):
        fits = [person.fit_mm.all.mean for person in read_sample(tar, entry).people if person.fit_mm is not None]
        found.append(Ranked(ref=SampleRef(tar=tar, entry=entry), worst_mm=max(fits, default=None)))
        progress(1)
    return sorted(found, key=lambda one: -1.0 if one.worst_mm is None else one.worst_mm, reverse=True)
