"""Drawing a hand: a kind by its weight, a shape of that kind, shaken a little, possible."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Float

from pose_sources.anatomy import Anatomy
from pose_sources.procedural.hand_contact import is_possible
from pose_sources.procedural.hand_kinds import FOUR, HAND_KINDS, RELAXED_HAND
from pose_sources.procedural.hand_shape import FingerShape, HandShape, hand_rotmats, thumb_from, within_limits

TRIES: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class HandDraw:
    """A hand shape and its kind."""

    kind: str
    shape: HandShape

    def rotmats(self, anatomy: Anatomy, side: str) -> Float[np.ndarray, "15 3 3"]:
        """Rotations of the joints, as `hand_rotmats` has them."""
        return hand_rotmats(anatomy, self.shape, side)


def pick(weights: Mapping[str, float], rng: np.random.Generator) -> str:
    """A key, drawn by weight."""
    names = sorted(weights)
    shares = np.array([weights[name] for name in names])
    return names[int(rng.choice(len(names), p=shares / shares.sum()))]


def sample_hand(anatomy: Anatomy, weights: Mapping[str, float], variation: float, rng: np.random.Generator) -> HandDraw:
    """Draw a hand of any of some kinds.

    Shapes whose digits run into each other or into the palm are drawn again; after `TRIES` a relaxed hand is taken,
    which is always possible.

    Args:
        anatomy: of the rest skeleton.
        weights: of the kinds in `HAND_KINDS`.
        variation: scales how much each angle is shaken; 1 is natural.
        rng: random numbers.
    """
    kind = pick(weights, rng)
    for _ in range(TRIES):
        shape = within_limits(shaken(HAND_KINDS[kind](anatomy, rng), variation, rng))
        if is_possible(anatomy, shape):
            return HandDraw(kind=kind, shape=shape)
    return HandDraw(kind="relaxed", shape=RELAXED_HAND)


def shaken(shape: HandShape, variation: float, rng: np.random.Generator) -> HandShape:
    """The shape with small independent changes: 3° at knuckles and middle joints, 2° elsewhere, times the variation."""
    noise = variation * np.clip(rng.normal(size=(4, 4)), -2.5, 2.5) * [3.0, 3.0, 2.0, 1.0]
    fingers = {}
    for name, change in zip(FOUR, noise, strict=True):
        mcp, pip, dip, ulnar = (np.array(shape.finger(name).angles) + change).tolist()
        fingers[name] = FingerShape(mcp=mcp, pip=pip, dip=dip, ulnar=ulnar)
    thumb = np.array(shape.thumb.angles) + variation * np.clip(rng.normal(size=5), -2, 2) * 1.5
    return replace(shape, **fingers, thumb=thumb_from(thumb))
