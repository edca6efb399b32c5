"""anny's people in SMPL-X's rest pose: arms along x, palms down, fingers straight; y up, facing z, left at +x."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.anny_model import AnnyModel, RestShape
from cuffs.character.open_rig import bone_joints, joint_bones
from cuffs.character.skinning import dual_quaternion_skinning, pack_weights
from cuffs.rotations import skew
from cuffs.skeleton import FINGERS, INDEX, JOINTS

Array = np.ndarray

Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""anny's axes (z up, facing -y) to SMPL-X's (y up, facing z)."""

MIRROR_X = np.diag([-1.0, 1.0, 1.0])

PELVIS_AT_M = np.array([0.0, -0.35, 0.012])
"""Where the pelvis rests: as far from the origin as SMPL-X's, so that nobody may forget it when turning a root."""

SPLAY_KEPT = 0.5
"""Share of the fingers' spread at rest that the T-pose keeps."""


def tpose_turns(adult: RestShape, anny: AnnyModel) -> Float[Array, "bones 3 3"]:
    """World rotation of each bone from the reference pose to the T-pose, in SMPL-X's axes.

    Arms are laid along x so that elbows bend forwards; hands so that palms look down; fingers are laid flat in the
    palm's plane. The right side is the left's mirror image. Trunk, head and legs stay as they rest.
    """
    joints = reference_joints(adult, anny)
    turn = {joint: np.eye(3) for joint in JOINTS}
    place = {name: joints[INDEX[name]] for name in JOINTS}
    upper = place["left_elbow"] - place["left_shoulder"]
    fore = place["left_wrist"] - place["left_elbow"]
    hinge = np.cross(upper, fore)
    turn["left_shoulder"] = _align(upper, hinge, [1, 0, 0], [0, -1, 0])
    turn["left_elbow"] = _align(fore, hinge, [1, 0, 0], [0, -1, 0])
    along = place["left_middle1"] - place["left_wrist"]
    across = place["left_pinky1"] - place["left_index1"]
    hand = _align(along, across, [1, 0, 0], [0, 0, -1])
    turn["left_wrist"] = hand
    for finger in FINGERS:
        for phalanx in (1, 2, 3):
            name = f"left_{finger}{phalanx}"
            turn[name] = hand if finger == "thumb" else _flatten(place, finger, phalanx, hand) @ hand
    for name in JOINTS:
        if name.startswith("left_"):
            turn[name.replace("left_", "right_")] = MIRROR_X @ turn[name] @ MIRROR_X
    return np.stack([turn[JOINTS[joint]] for joint in bone_joints(anny.bone_names)])


def reference_joints(adult: RestShape, anny: AnnyModel) -> Float[Array, "joints 3"]:
    """SMPL-X's joints in the pose that all phenotypes share, SMPL-X's axes; the jaw's row is the head's."""
    turns = anny.reference_rotations @ np.swapaxes(adult.bone_rotations, -1, -2)
    heads, _ = follow(adult.bone_heads, anny.bone_parents, turns)
    return heads[joint_rows(anny.bone_names)] @ Y_UP.T


def joint_rows(bone_names: Sequence[str]) -> Int[Array, "55"]:
    """The bone whose head is each joint, the head's for a jaw that the rig lacks."""
    rows = joint_bones(bone_names)
    rows[INDEX["jaw"]] = rows[INDEX["head"]] if rows[INDEX["jaw"]] < 0 else rows[INDEX["jaw"]]
    return rows


def follow(
    heads: Float[Array, "bones 3"], parents: Int[Array, " bones"], turns: Float[Array, "bones 3 3"]
) -> tuple[Float[Array, "bones 3"], Float[Array, "bones 4 4"]]:
    """Bone heads after every bone has turned in the world about its own head, and the transforms from rest."""
    placed = heads.copy()
    transforms = np.tile(np.eye(4), (len(heads), 1, 1))
    for bone, parent in enumerate(parents):
        if parent >= 0:
            placed[bone] = placed[parent] + turns[parent] @ (heads[bone] - heads[parent])
        transforms[bone, :3, :3] = turns[bone]
        transforms[bone, :3, 3] = placed[bone] - turns[bone] @ heads[bone]
    return placed, transforms


class TPoser:
    """Lays phenotypes into the T-pose: some of a model's vertices, and the 55 joints."""

    def __init__(self, anny: AnnyModel, adult: RestShape, vertices: Int[Array, " verts"]) -> None:
        self._anny = anny
        self._vertices = vertices
        self._turns = tpose_turns(adult, anny)
        self._bones, self._weights = pack_weights(anny.weights[vertices], influences=8)
        self._joints = joint_rows(anny.bone_names)

    def pose(self, shape: RestShape) -> tuple[Float[Array, "verts 3"], Float[Array, "55 3"]]:
        """Vertices and joints of a phenotype in the T-pose, SMPL-X's axes, the pelvis at its place."""
        return self.pose_verts(shape, shape.verts[self._vertices])

    def pose_verts(
        self, shape: RestShape, rest: Float[Array, "verts 3"]
    ) -> tuple[Float[Array, "verts 3"], Float[Array, "55 3"]]:
        """The same for other positions of the vertices at rest: with a face, say."""
        reference = self._anny.reference_rotations @ np.swapaxes(shape.bone_rotations, -1, -2)
        turns = Y_UP.T @ self._turns @ Y_UP @ reference
        heads, transforms = follow(shape.bone_heads, self._anny.bone_parents, turns)
        verts = dual_quaternion_skinning(rest, self._bones, self._weights, transforms)
        joints = heads[self._joints] @ Y_UP.T
        return verts @ Y_UP.T - joints[0] + PELVIS_AT_M, joints - joints[0] + PELVIS_AT_M


def _align(first: Array, second: Array, to_first: Sequence[float], to_second: Sequence[float]) -> Float[Array, "3 3"]:
    """The rotation that takes one direction onto another, and a second one as near to its goal as can be."""
    return _frame(np.array(to_first, float), np.array(to_second, float)) @ _frame(first, second).T


def _frame(first: Float[Array, "3"], second: Float[Array, "3"]) -> Float[Array, "3 3"]:
    x = first / np.linalg.norm(first)
    z = np.cross(x, second)
    z /= np.linalg.norm(z)
    return np.stack([x, np.cross(z, x), z], 1)


def _flatten(place: Mapping[str, Array], finger: str, phalanx: int, hand: Float[Array, "3 3"]) -> Float[Array, "3 3"]:
    """The smallest turn that lays a finger bone, after the hand's, flat and straight along the finger's own splay."""
    first, second, third = (place[f"left_{finger}{number}"] for number in (1, 2, 3))
    proximal = hand @ (second - first)
    splay = SPLAY_KEPT * np.arctan2(proximal[2], proximal[0])
    goal = np.array([np.cos(splay), 0.0, np.sin(splay)])
    # There is no joint at the tip: the last bone goes on as the one before.
    bone = hand @ ((second - first) if phalanx == 1 else (third - second))
    bone = bone / np.linalg.norm(bone)
    axis = np.cross(bone, goal)
    sine, cosine = np.linalg.norm(axis), float(bone @ goal)
    if sine < 1e-9:
        return np.eye(3)
    K = skew(axis / sine)
    return np.eye(3) + sine * K + (1 - cosine) * K @ K
