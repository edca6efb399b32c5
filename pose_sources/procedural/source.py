"""The procedural generator as a source of poses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.records import PoseOrigin, PoseSample, PoseValidity
from cuffs.rotations import rotmat_to_rotvec
from cuffs.skeleton import HANDS, NUM_JOINTS
from pose_sources.anatomy import Anatomy, build_anatomy
from pose_sources.kinematics import turn
from pose_sources.procedural.bodies import Wishes, sample_body
from pose_sources.procedural.config import ProceduralConfig
from pose_sources.procedural.figure import LEFT
from pose_sources.procedural.hand_shape import hand_pose
from pose_sources.procedural.hands import pick, sample_hand
from pose_sources.rest_skeleton import REST_JOINTS

NUMBERS: Final = 2**53
"""How many different poses there are to draw: every number below makes one."""


@dataclass(frozen=True, slots=True, eq=False)
class ProceduralSource:
    """Makes poses. Pose number n is always the same one, under the same configuration and version of this code."""

    config: ProceduralConfig
    anatomy: Anatomy
    name: str = "procedural"
    licence: str = "CC0"

    def draw(self, rng: np.random.Generator) -> PoseSample:
        """Draw one pose."""
        return self[int(rng.integers(NUMBERS))]

    def __getitem__(self, number: int) -> PoseSample:
        """One pose by its number, 0 or more.

        Raises:
            IndexError: if the number is negative.
        """
        if number < 0:
            raise IndexError(f"procedural poses are numbered from 0; {number} is not one")
        return sample_pose(self.config, self.anatomy, np.random.default_rng(number), row=number)


def open_procedural(config: ProceduralConfig, rest_joints: Float[np.ndarray, "55 3"] = REST_JOINTS) -> ProceduralSource:
    """The generator.

    Args:
        config: what is drawn.
        rest_joints: joints of the body model that the poses are for, at rest, metres: the same rotations bend two
            models differently where their rest poses differ, thumbs above all.
    """
    return ProceduralSource(config, build_anatomy(rest_joints - rest_joints[0]))


@dataclass(frozen=True, slots=True, eq=False)
class ProceduralHandSource:
    """Makes hands alone, for bodies of other sources: ten times as fast as bodies with hands."""

    config: ProceduralConfig
    anatomy: Anatomy
    name: str = "procedural"
    licence: str = "CC0"

    def draw(self, rng: np.random.Generator) -> PoseSample:
        """Draw two hands."""
        return self[int(rng.integers(NUMBERS))]

    def __getitem__(self, number: int) -> PoseSample:
        """Two hands by their number, 0 or more; the body is at rest and not valid.

        Raises:
            IndexError: if the number is negative.
        """
        if number < 0:
            raise IndexError(f"procedural hands are numbered from 0; {number} is not one")
        rng = np.random.default_rng(number)
        pose, kinds = np.zeros((NUM_JOINTS, 3)), {}
        for side, part in HANDS.items():
            drawn = sample_hand(self.anatomy, self.config.hands, self.config.fingers, rng)
            pose[part], kinds[side] = hand_pose(self.anatomy, drawn.shape, side), drawn.kind
        return PoseSample(
            pose=pose,
            valid=PoseValidity(root=False, body=False, jaw=False, eyes=False),
            origin=PoseOrigin(
                dataset="procedural", file="hands", row=number, frame=0, action=_action("hands", kinds), licence="CC0"
            ),
        )


def open_procedural_hands(
    config: ProceduralConfig, rest_joints: Float[np.ndarray, "55 3"] = REST_JOINTS
) -> ProceduralHandSource:
    """The generator of hands alone; its arguments are those of `open_procedural`."""
    return ProceduralHandSource(config, build_anatomy(rest_joints - rest_joints[0]))


def sample_pose(config: ProceduralConfig, anatomy: Anatomy, rng: np.random.Generator, *, row: int) -> PoseSample:
    """Draw one pose: upright in a world whose z is up, facing -y.

    Args:
        config: what is drawn.
        anatomy: of the rest skeleton.
        rng: random numbers.
        row: noted as the origin's row.
    """
    kind = pick(config.bodies, rng)
    wishes = Wishes(hands=config.hands, own_hands=config.own_hands, lean=config.trunk, fingers=config.fingers)
    drawn = sample_body(anatomy, kind, wishes, rng)
    rotmats = drawn.figure.rotmats.copy()
    rotmats[0] = turn(LEFT, 90) @ rotmats[0]
    return PoseSample(
        pose=rotmat_to_rotvec(rotmats),
        valid=PoseValidity(jaw=False, eyes=False),
        origin=PoseOrigin(
            dataset="procedural", file=kind, row=row, frame=0, action=_action(drawn.action, drawn.hands), licence="CC0"
        ),
    )


def _action(body: str, hands: Mapping[str, str]) -> str:
    return f"{body}; left hand {hands['left']}, right hand {hands['right']}".replace("_", " ")
