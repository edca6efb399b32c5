"""The faces that the open body's expression directions are found among.

Not those that characters draw (`cuffs.character.face`), though like them: the body must stay as it is, byte for byte,
when characters learn new faces.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

Array = np.ndarray

Acts = Mapping[str, float]
"""Weights of anny's facial actions; a name that ends in * stands for its left and its right."""

UPPER: Sequence[Acts] = (
    {},
    {"browInnerUp": 0.7, "browOuterUp*": 0.9},
    {"browDown*": 0.9},
    {"browInnerUp": 0.9},
    {"browOuterUpLeft": 0.9, "browDownRight": 0.5},
    {"browOuterUpRight": 0.9, "browDownLeft": 0.5},
)
LIDS: Sequence[Acts] = (
    {},
    {"eyeWide*": 0.9},
    {"eyeSquint*": 0.9, "cheekSquint*": 0.4},
    {"eyeBlink*": 0.5},
    {"eyeBlink*": 1.0},
)
LOWER: Sequence[Acts] = (
    {},
    {"mouthSmile*": 0.8, "cheekSquint*": 0.5, "eyeSquint*": 0.2, "mouthDimple*": 0.2},
    {"mouthSmile*": 0.8, "cheekSquint*": 0.5, "mouthUpperUp*": 0.5, "mouthLowerDown*": 0.5},
    {"mouthSmileLeft": 0.7, "mouthDimpleLeft": 0.4, "mouthLeft": 0.2},
    {"mouthSmileRight": 0.7, "mouthDimpleRight": 0.4, "mouthRight": 0.2},
    {"mouthFrown*": 0.8, "mouthShrugLower": 0.4},
    {"mouthFrown*": 0.3, "mouthShrugLower": 0.7, "mouthShrugUpper": 0.5},
    {"mouthPress*": 0.8, "mouthRollLower": 0.3, "mouthRollUpper": 0.3},
    {"mouthPucker": 0.8},
    {"mouthFunnel": 0.8},
    {"mouthStretch*": 0.8, "mouthLowerDown*": 0.4},
    {"mouthUpperUp*": 0.7, "mouthLowerDown*": 0.7, "mouthStretch*": 0.3},
    {"noseSneer*": 0.9, "mouthUpperUp*": 0.6},
    {"cheekPuff": 0.8, "mouthPress*": 0.3},
    {"jawLeft": 0.5},
    {"jawRight": 0.5},
    {"jawForward": 0.5},
)

OPEN_SHARE = 0.3
"""Of the faces, how many have the jaw open."""

SINGLE = 0.3
"""Strength of the actions that are added one by one, so that none is left out of all hundred directions."""


def sample_faces(labels: Sequence[str], count: int, rng: np.random.Generator) -> Float[Array, "faces actions"]:
    """Weights of the facial actions of made-up faces, and of every action alone.

    Brows, lids and mouth each do something at a strength of their own, one side a little less. Gaze's own actions and
    the tongue's are left out.
    """
    table = np.zeros((count, len(labels)))
    for face in table:
        for acts in (UPPER, LIDS, LOWER):
            _add(face, acts[int(rng.integers(len(acts)))], labels, rng)
        if rng.uniform() < OPEN_SHARE:
            face[labels.index("jawOpen")] += rng.uniform(0.1, 0.9)
    alone = SINGLE * np.sqrt(count / len(labels)) * np.eye(len(labels))
    used = [not label.startswith(("eyeLook", "tongue")) for label in labels]
    return np.concatenate([table, alone]) * used


def _add(face: Float[Array, " actions"], acts: Acts, labels: Sequence[str], rng: np.random.Generator) -> None:
    """Put a pattern onto a face, its sides a little apart."""
    strength = rng.uniform(0.2, 1.0)
    sides = {"Left": 1.0, "Right": 1.0}
    sides["Left" if rng.uniform() < 0.5 else "Right"] = 1 - rng.uniform(0, 0.3)
    for name, weight in acts.items():
        if name.endswith("*"):
            for side, share in sides.items():
                face[labels.index(name[:-1] + side)] += strength * weight * share
        else:
            face[labels.index(name)] += strength * weight
