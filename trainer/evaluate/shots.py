"""What every benchmark is made of: pictures with people, guesses of them, and how the two are compared."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from jaxtyping import Float

from cuffs.rotations import rotvec_to_rotmat
from trainer.matching import match_people
from trainer.model.camera import project
from trainer.predict.finder import FoundPerson

MM: Final = 1000.0
NEAR_M: Final = 0.05
"""Points nearer than this are projected as if they were this far."""

Errors = Mapping[str, Sequence[float]]
"""By measure: its values for one person. Hands have up to two, joints that are right or wrong one each."""

Pairs = Sequence[tuple[int, int]]
"""(who was found, who is there)"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figure:
    """Somebody, found or there, in the terms of a benchmark. Camera frame, metres."""

    points_px: Float[np.ndarray, "points 2"]
    """What people are paired by, pixels of the picture."""

    joints: Float[np.ndarray, "joints 3"]
    verts: Float[np.ndarray, "verts 3"]
    """Of the benchmark's topology; none where it has no meshes."""

    counted: bool = True
    """Whether it is an error not to find this person."""

    hands: tuple[bool, bool] = (True, True)
    """Whether left and right are truth."""

    face: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shot:
    """One picture and who is in it."""

    group: str
    """Sequence or scene."""

    path: Path
    K: Float[np.ndarray, "3 3"]
    """Pixels of the picture as it is seen, after `quarter_turns`."""

    people: tuple[Figure, ...]
    quarter_turns: int = 0
    """Clockwise: some files lie on their side."""

    camera_known: bool = True
    """Whether the network is told K; else it assumes a view of 60 degrees, and K only says where truth is."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """What came of one picture."""

    group: str
    errors: tuple[Errors, ...]
    """Of each person who was found."""

    extra: int
    """Found, not there."""

    missed: int
    """There, not found, though they count."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Benchmark:
    """A benchmark, ready to be run."""

    kind: str
    name: str
    shots: Callable[[], Iterable[Shot]]
    """Reads annotations as it goes; pictures are read by whoever runs it."""

    figure: Callable[[FoundPerson, Float[np.ndarray, "3 3"]], Figure]
    """Somebody found, in the benchmark's terms, given the K that the network was told or assumed."""

    errors: Callable[[Figure, Figure], Errors]
    """Of a guess of somebody, given the truth."""

    summary: Callable[[Sequence[Judged]], dict[str, float | None]]
    notes: tuple[str, ...] = ()
    """What a reader of the figures has to know."""

    pair: Callable[[Sequence[Figure], Sequence[Figure]], Pairs] | None = None
    """None: greedy by 2D distance, as the paper does."""


def pair_greedily(found: Sequence[Figure], there: Sequence[Figure]) -> Pairs:
    """The nearest pair of what is left first, by mean 2D distance; boxes must overlap by 5 % (multi_hmr.md, 6)."""
    if not found or not there:
        return []
    nowhere = [torch.zeros(len(side), dtype=torch.int64) for side in (found, there)]
    pairs = match_people(
        torch.from_numpy(np.stack([one.points_px for one in found])),
        torch.from_numpy(np.stack([one.points_px for one in there])),
        found_image=nowhere[0],
        true_image=nowhere[1],
    )
    return [(row, column) for row, column in pairs.tolist()]


def judge(benchmark: Benchmark, shot: Shot, found: Sequence[Figure]) -> Judged:
    """Compare who was found in a picture with who is there.

    Whoever is paired with somebody that doesn't count is neither right nor wrong.
    """
    pairs = (benchmark.pair or pair_greedily)(found, shot.people)
    right = [(guess, truth) for guess, truth in pairs if shot.people[truth].counted]
    seen = {truth for _, truth in right}
    return Judged(
        group=shot.group,
        errors=tuple(benchmark.errors(found[guess], shot.people[truth]) for guess, truth in right),
        extra=len(found) - len(pairs),
        missed=sum(one.counted and number not in seen for number, one in enumerate(shot.people)),
    )


def mean_of(judged: Iterable[Judged], measure: str) -> float | None:
    """Mean over all values of a measure; None where there is none."""
    values = [value for one in judged for errors in one.errors for value in errors.get(measure, ())]
    return float(np.mean(values)) if values else None


def detection(judged: Sequence[Judged]) -> dict[str, float | None]:
    """Precision, recall, F1; None where there is nobody to say it of."""
    hits = sum(len(one.errors) for one in judged)
    extra, missed = sum(one.extra for one in judged), sum(one.missed for one in judged)
    return {
        "precision": hits / (hits + extra) if hits + extra else None,
        "recall": hits / (hits + missed) if hits + missed else None,
        "f1": 2 * hits / (2 * hits + extra + missed) if hits + extra + missed else None,
    }


def counts(judged: Sequence[Judged]) -> dict[str, float | None]:
    """How many pictures and people it was."""
    return {
        "pictures": float(len(judged)),
        "found": float(sum(len(one.errors) for one in judged)),
        "missed": float(sum(one.missed for one in judged)),
    }


def means(names: Sequence[str], *, unit: str = "_mm") -> Callable[[Sequence[Judged]], dict[str, float | None]]:
    """A summary: means over people of some measures, recall, counts.

    Precision is left out: benchmarks of this kind don't annotate everybody.
    """

    def summary(judged: Sequence[Judged]) -> dict[str, float | None]:
        values = {f"{name}{unit}": mean_of(judged, name) for name in names}
        return {**values, "recall": detection(judged)["recall"], **counts(judged)}

    return summary


def project_px(points: Float[np.ndarray, "points 3"], K: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "points 2"]:
    """Pixels of points, those at or behind the camera as if they were just before it."""
    return project(torch.from_numpy(points)[None], torch.from_numpy(K)[None], near_m=NEAR_M)[0].numpy()


def turned(R: Float[np.ndarray, "3 3"] | Float[np.ndarray, "3"], points: np.ndarray) -> np.ndarray:
    """Points turned by a matrix or a rotation vector."""
    return points @ (R if R.ndim == 2 else rotvec_to_rotmat(R)).T
