"""InterHand2.6M's annotation files (`pose_formats.md`, 4): what one frame says of each hand.

MANO's fits (`…_MANO_NeuralAnnot.json`) go by capture and frame; a hand is an object of `pose` (3 of the wrist in the
world, 45 of the fingers relative to the mean hand, in SMPL-X's order), `shape` and `trans`, or null. Hands are missing
in two ways: the frame isn't there, or the hand is null. Joints (`…_joint_3d.json`) are in millimetres of the world, 21
a hand, tips first and the wrist last; where the wrist is not valid, nothing of the hand is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float

from cuffs.errors import PoseFileError
from cuffs.skeleton import FINGERS
from pose_sources.json_index import numbers, read_part
from pose_sources.procedural.figure import SIDES, Side

AGAIN: Final = "Fetch the annotations again."
NUM_JOINTS: Final = 21
WRIST: Final = 20
FIRST_OF: Final = {"right": 0, "left": 21}
FINGERS_THERE: Final = ("thumb", "index", "middle", "ring", "pinky")
MAX_ANGLE_RAD: Final = 4 * np.pi

JOINT_OF: Final = tuple(4 * FINGERS_THERE.index(finger) + 4 - phalanx for finger in FINGERS for phalanx in (1, 2, 3))
"""Where SMPL-X's 15 joints of a hand are among InterHand's 21."""


@dataclass(frozen=True, slots=True, eq=False)
class HandFit:
    """One hand of one frame."""

    wrist: Float[np.ndarray, "3"]
    """Rotation in the world."""

    fingers: Float[np.ndarray, "15 3"]
    """Relative to the mean hand."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameJoints:
    """Annotated joints of a frame."""

    joints_mm: Mapping[Side, Float[np.ndarray, "21 3"]]
    valid: Mapping[Side, Bool[np.ndarray, "21"]]
    sequence: str | None


def hand_fit(data: Any, where: str) -> HandFit | None:
    """What an annotation says of a hand; None where it was not fitted.

    Args:
        data: of the file.
        where: it is, for messages.

    Raises:
        PoseFileError: naming the place, the key and what is wrong.
    """
    if data is None:
        return None
    if not isinstance(data, Mapping):
        raise PoseFileError(f"{where}: expected an object with `pose`, or null. {AGAIN}")
    pose = numbers(data.get("pose"), 48, f"{where}.pose", AGAIN)
    if np.linalg.norm(pose.reshape(16, 3), axis=1).max() > MAX_ANGLE_RAD:
        raise PoseFileError(f"{where}.pose turns a joint by more than {MAX_ANGLE_RAD:.1f} radians. In degrees?")
    return HandFit(pose[:3], pose[3:].reshape(15, 3))


def read_fits(path: Path, start: int, stop: int, where: str) -> dict[Side, HandFit | None]:
    """Both hands of a frame that was found earlier.

    Raises:
        PoseFileError: naming the place, the key and what is wrong.
    """
    return frame_fits(read_part(path, start, stop), where)


def frame_fits(data: Any, where: str) -> dict[Side, HandFit | None]:
    """Both hands of a frame.

    Raises:
        PoseFileError: naming the place, the key and what is wrong.
    """
    if not isinstance(data, Mapping):
        raise PoseFileError(f"{where}: expected an object with `right` and `left`. {AGAIN}")
    return {side: hand_fit(data.get(side), f"{where}.{side}") for side in SIDES}


def frame_joints(data: Any, where: str) -> FrameJoints:
    """Annotated joints of a frame.

    Raises:
        PoseFileError: naming the place, the key and what is wrong.
    """
    if not isinstance(data, Mapping):
        raise PoseFileError(f"{where}: expected an object with `world_coord`. {AGAIN}")
    places = numbers(data.get("world_coord"), 126, f"{where}.world_coord", AGAIN).reshape(42, 3)
    valid = numbers(data.get("joint_valid"), 42, f"{where}.joint_valid", AGAIN) > 0
    sequence = data.get("seq")
    sides = {side: slice(FIRST_OF[side], FIRST_OF[side] + NUM_JOINTS) for side in SIDES}
    return FrameJoints(
        joints_mm={side: places[part] for side, part in sides.items()},
        valid={side: valid[part] & valid[part][WRIST] for side, part in sides.items()},
        sequence=str(sequence) if sequence is not None else None,
    )
