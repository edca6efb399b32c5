"""Looking at a benchmark's pictures with a network."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from trainer.evaluate.shots import Benchmark, Judged, Shot, judge
from trainer.predict.finder import Finder, FoundPeople
from trainer.predict.pictures import Frame, read_picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a benchmark came to."""

    kind: str
    name: str
    values: dict[str, float | None]
    notes: tuple[str, ...]


def run_benchmark(
    benchmark: Benchmark,
    finder: Finder,
    *,
    batch_size: int,
    limit: int | None = None,
    keep: Callable[[Shot, FoundPeople], None] | None = None,
    progress: Callable[[Iterable[Shot]], Iterable[Shot]] = lambda shots: shots,
) -> Outcome:
    """Find people in a benchmark's pictures and measure them.

    Args:
        benchmark: opened.
        finder: the network.
        batch_size: pictures that are looked at together; the result doesn't depend on it.
        limit: the first so many pictures; None: all.
        keep: told what was found in each picture.
        progress: wraps the pictures, to show how far it is.

    Raises:
        CuffsError: if a picture or an annotation can't be used.
    """
    judged: list[Judged] = []
    for shots in _batches(progress(islice(benchmark.shots(), limit)), batch_size):
        for shot, found in zip(shots, look(finder, shots), strict=True):
            if keep is not None:
                keep(shot, found)
            judged.append(judge(benchmark, shot, [benchmark.figure(one, found.K) for one in found.people]))
    notes = benchmark.notes if limit is None else (*benchmark.notes, f"the first {len(judged)} pictures alone")
    return Outcome(kind=benchmark.kind, name=benchmark.name, values=benchmark.summary(judged), notes=notes)


def look(finder: Finder, shots: Sequence[Shot]) -> list[FoundPeople]:
    """The people of some pictures. Where the camera isn't known, their pixels are by the one that was assumed."""
    frames = [_upright(read_picture(shot.path), shot.quarter_turns) for shot in shots]
    return finder.find(frames, [shot.K if shot.camera_known else None for shot in shots])


def _upright(frame: Frame, quarter_turns: int) -> Frame:
    return replace(frame, pixels=np.ascontiguousarray(np.rot90(frame.pixels, -quarter_turns)))


def _batches(shots: Iterable[Shot], size: int) -> Iterator[list[Shot]]:
    iterator = iter(shots)
    while batch := list(islice(iterator, size)):
        yield batch
