"""First guess of an identity's rest rotations from its joints alone, until its rest mesh has been fitted. Numpy alone.

Good to some degrees: enough to pose a character, not to label one. `cuffs.fit` finds the real ones.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from cuffs.character.records import Identity, Topology
from cuffs.skeleton import FINGERS, JOINTS

Array = np.ndarray

REST_FROM_TPOSE = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""The body model's axes (y up, facing z) in a character's rest pose (z up, facing -y)."""

MIRROR_X = np.diag([-1.0, 1.0, 1.0])


def rest_rotations_from_bones(topology: Topology, identity: Identity) -> Float[Array, "55 3 3"]:
    """World rotation of each joint that brings a T-pose (arms along x, palms down) roughly to this rest pose.

    Trunk, head, legs and feet are taken as they are; the upper arm and forearm by their direction and the elbow's
    hinge; the hand by its middle finger and knuckles; a finger's bones by the smallest turn that straightens them.

    Args:
        topology: says which bone's head is which joint. Its rest pose stands upright and faces -y.
        identity: joints of that pose.
    """
    place = {
        name: REST_FROM_TPOSE.T @ identity.bone_heads[bone]
        for name, bone in zip(JOINTS, topology.joint_bone, strict=True)
        if bone >= 0
    }
    left = _left_turns(place)
    right = _left_turns({_other(name): MIRROR_X @ point for name, point in place.items()})
    turns = dict.fromkeys(JOINTS, np.eye(3)) | left
    turns |= {_other(name): MIRROR_X @ turn @ MIRROR_X for name, turn in right.items()}
    return np.stack([REST_FROM_TPOSE @ turns[name] for name in JOINTS])


def _left_turns(place: Mapping[str, Array]) -> dict[str, Float[Array, "3 3"]]:
    """Rotations of the left arm's joints from the T-pose, in the body model's axes."""
    upper = place["left_elbow"] - place["left_shoulder"]
    fore = place["left_wrist"] - place["left_elbow"]
    hinge = np.cross(upper, fore)
    hand = _from_frame(
        [1, 0, 0], [0, 0, -1], place["left_middle1"] - place["left_wrist"], place["left_pinky1"] - place["left_index1"]
    )
    turns = {
        "left_shoulder": _from_frame([1, 0, 0], [0, -1, 0], upper, hinge),
        "left_elbow": _from_frame([1, 0, 0], [0, -1, 0], fore, hinge),
        "left_wrist": hand,
    }
    for finger in FINGERS:
        turns |= _finger_turns(place, finger, hand)
    return turns


def _finger_turns(place: Mapping[str, Array], finger: str, hand: Float[Array, "3 3"]) -> dict[str, Float[Array, "3 3"]]:
    """A finger's bones: straight and flat in the T-pose, keeping their splay. The thumb goes with the hand."""
    names = [f"left_{finger}{phalanx}" for phalanx in (1, 2, 3)]
    if finger == "thumb":
        return dict.fromkeys(names, hand)
    first, second, third = (place[name] for name in names)
    bones = (second - first, third - second, third - second)  # no joint marks the tip
    flat = hand.T @ bones[0]
    flat[1] = 0.0
    return {name: _shortest_turn(hand @ flat, bone) @ hand for name, bone in zip(names, bones, strict=True)}


def _from_frame(
    first: Sequence[float], second: Sequence[float], to_first: Float[Array, "3"], to_second: Float[Array, "3"]
) -> Float[Array, "3 3"]:
    """The rotation that takes one direction onto another, and a second one as near to its goal as can be."""
    return _frame(to_first, to_second) @ _frame(np.array(first, float), np.array(second, float)).T


def _frame(first: Float[Array, "3"], second: Float[Array, "3"]) -> Float[Array, "3 3"]:
    x = first / np.linalg.norm(first)
    z = np.cross(x, second)
    z = z / np.linalg.norm(z)
    return np.stack([x, np.cross(z, x), z], 1)


def _shortest_turn(start: Float[Array, "3"], end: Float[Array, "3"]) -> Float[Array, "3 3"]:
    """The smallest rotation that takes one direction onto another less than half a turn away."""
    a, b = start / np.linalg.norm(start), end / np.linalg.norm(end)
    axis = np.cross(a, b)
    K = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + K + K @ K / (1 + a @ b)


def _other(name: str) -> str:
    return name.replace("left_", "right_") if name.startswith("left_") else name.replace("right_", "left_")
