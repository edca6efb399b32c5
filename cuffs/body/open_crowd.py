"""The people that the open body's shape space is made from: adults much as characters are drawn, and odder ones.

They are drawn here, not by `cuffs.character.open_identity`: the body must stay as it is, byte for byte, when characters
are drawn otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from tqdm import tqdm

from cuffs.body.open_people import People
from cuffs.seeding import stream

Array = np.ndarray

NUM_USUAL, NUM_ODD, NUM_WIDE = 600, 300, 200
"""Usual adults; the same with every local slider moved; adults of every kind and mixture."""

ODD_WEIGHT, WIDE_WEIGHT = 0.2, 0.3
"""Of those people among whom the first ten directions are found. With none of the odd ones, ten directions and a free
pose leave 0.96 mm of usual adults at rest and 8.7 of odd ones; with 0.2 they leave 1.05 and 7.9, with 0.25 1.12 and
7.7. The wide ones cost nothing."""

LOCAL_SPREAD = 0.5
"""How far local sliders are moved, either way; anny's own range is -1 to 1."""

BATCH = 50

WIDE_RANGES: Mapping[str, tuple[float, float]] = {
    "gender": (0.0, 1.0), "age": (0.58, 1.0), "muscle": (0.15, 0.9), "weight": (0.12, 0.92), "height": (0.25, 0.75),
    "proportions": (0.1, 1.0), "cupsize": (0.2, 0.8), "firmness": (0.3, 0.8),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crowd:
    """People in the T-pose, the usual ones first."""

    verts: Float[Array, "people verts 3"]
    joints: Float[Array, "people 55 3"]
    weight: Float[Array, " people"]
    """Share of each in the first ten directions."""

    @property
    def mean(self) -> Float[Array, "verts 3"]:
        """The mean of the usual people: the template."""
        return self.verts[:NUM_USUAL].mean(0)


def draw_crowd(people: People) -> Crowd:
    """Everybody, the same each time, with progress."""
    rng = stream(0, "open body shapes")
    usual = [usual_adult(rng) for _ in range(NUM_USUAL + NUM_ODD)]
    phenotypes = usual + [any_adult(rng) for _ in range(NUM_WIDE)]
    labels = people.local_labels
    moved = rng.uniform(-LOCAL_SPREAD, LOCAL_SPREAD, (NUM_ODD, len(labels)))
    sliders: list[dict[str, float]] = [{} for _ in phenotypes]
    sliders[NUM_USUAL : NUM_USUAL + NUM_ODD] = [dict(zip(labels, row.tolist(), strict=True)) for row in moved]
    verts, joints = [], []
    for first in tqdm(range(0, len(phenotypes), BATCH), desc="open body: people", leave=False, disable=None):
        part = slice(first, first + BATCH)
        for person_verts, person_joints in people.lay(phenotypes[part], sliders[part]):
            verts.append(person_verts)
            joints.append(person_joints)
    weight = np.repeat([1.0, ODD_WEIGHT, WIDE_WEIGHT], [NUM_USUAL, NUM_ODD, NUM_WIDE])
    return Crowd(verts=np.stack(verts), joints=np.stack(joints), weight=weight)


def usual_adult(rng: np.random.Generator) -> dict[str, float]:
    """A woman or a man of usual stature, of any adult age and ancestry; muscle dwindles with age."""
    age = float(rng.uniform(0.64, 0.98))
    male_or_female = float(rng.uniform(0, 0.15))
    return {
        "gender": male_or_female if rng.uniform() < 0.5 else 1 - male_or_female,
        "age": age,
        "muscle": _bell(rng, 0.5 - 0.5 * (age - 2 / 3), 0.15),
        "weight": _bell(rng, 0.5, 0.2),
        "height": _bell(rng, 0.38, 0.08),
        "proportions": _bell(rng, 0.5, 0.18),
        "cupsize": float(rng.uniform(0.25, 0.75)),
        "firmness": float(rng.uniform(0.4, 0.8)) - 0.6 * max(0.0, age - 0.7),
        **_ancestry(rng),
    }


def any_adult(rng: np.random.Generator) -> dict[str, float]:
    """An adult of any kind, between the sexes too."""
    spread = {name: float(low + (high - low) * rng.beta(1.7, 1.7)) for name, (low, high) in WIDE_RANGES.items()}
    return spread | _ancestry(rng)


def _ancestry(rng: np.random.Generator) -> dict[str, float]:
    shares = rng.dirichlet([0.6, 0.6, 0.6])
    return dict(zip(("african", "asian", "caucasian"), shares.tolist(), strict=True))


def _bell(rng: np.random.Generator, mean: float, spread: float) -> float:
    """A normal number, cut off at two standard deviations and at anny's extremes."""
    return float(np.clip(mean + spread * np.clip(rng.normal(), -2, 2), 0.02, 0.98))
