"""Joint rotations as anatomical angles, with axes derived from the bones of the rest pose.

Every joint has three angles, applied one after the other: R = turn(first) @ turn(second) @ turn(third), each about an
axis of the joint's own right-handed frame. The frame of a left joint is laid on its bones; that of a right joint is its
mirror image, so that the same angles mean the same on both sides. What is positive:

joint           first                   second                  third
trunk, head     flexion (forward)       bend to the left        turn to the left
hip             flexion                 adduction               internal rotation
knee            flexion                 valgus                  internal rotation
ankle, foot     dorsiflexion            toe-in                  eversion
collar          elevation               protraction             axial rotation
elbow           flexion                 carrying angle          pronation
wrist           pronation               palmar flexion          ulnar deviation
finger          flexion                 ulnar deviation         twist
thumb1          flexion                 palmar abduction        supination (opposition is negative)
thumb2, thumb3  flexion                 to the palm             twist
jaw             opening                 to the left             roll
eye             down                    to the left             roll

The shoulder is a ball: `shoulder_angles`.

Where rest poses differ between body models, zero is not the rest pose: legs hang straight down, fingers are straight
and parallel to the middle one's metacarpal, the thumb is straight in the plane of the palm, `THUMB_RADIAL_DEG` from
that direction.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.skeleton import FINGERS, INDEX, JOINTS, NUM_JOINTS, PARENTS
from pose_sources.kinematics import angles_xyz, cross, turn, turn_xyz, unit

Vec3 = Float[np.ndarray, "3"]
Mat3 = Float[np.ndarray, "3 3"]

THUMB_RADIAL_DEG: Final = 40.0
THUMB_PAD_DEG: Final = 55.0
"""At the thumb's zero its pad looks this far from the palm's own direction, towards the fingers."""

X, Y, Z = np.eye(3)
MIRROR_X: Final = np.diag([1.0, -1.0, -1.0])
"""What a mirror across x does to the axis of a rotation."""


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """The frames of all joints of one rest skeleton."""

    rest: Float[np.ndarray, "55 3"]
    """Joint positions in the rest pose, metres."""

    axes: Float[np.ndarray, "55 3 3"]
    """Columns are the axes of the first, second and third angle."""

    zero: Float[np.ndarray, "55 3 3"]
    """The joint rotation at which all three angles are zero."""

    bones: Float[np.ndarray, "55 3"]
    """From each joint's parent to it in the rest pose, metres; the root's own place for the root."""

    def bone(self, name: str, parent: str) -> Vec3:
        """From one joint to another in the rest pose, metres."""
        return self.rest[INDEX[name]] - self.rest[INDEX[parent]]

    def rotation(self, joint: str, angles_deg: tuple[float, float, float]) -> Mat3:
        """The joint rotation that has these angles."""
        return self.rotations(INDEX[joint], np.array(angles_deg, np.float64))

    def rotations(
        self, joints: int | slice, angles_deg: Float[np.ndarray, "*joints 3"]
    ) -> Float[np.ndarray, "*joints 3 3"]:
        """The rotations that some joints, by number, have at their angles."""
        axes = self.axes[joints]
        return axes @ turn_xyz(angles_deg) @ np.swapaxes(axes, -1, -2) @ self.zero[joints]

    def angles_deg(self, joint: str, rotmat: Mat3) -> tuple[float, float, float]:
        """The angles of a joint rotation; the second lies within ±90 degrees."""
        axes, zero = self.axes[INDEX[joint]], self.zero[INDEX[joint]]
        first, second, third = angles_xyz(axes.T @ rotmat @ zero.T @ axes).tolist()
        return first, second, third

    def all_angles_deg(
        self, rotmats: Float[np.ndarray, "*poses joints 3 3"], joints: slice | list[int] = slice(None)
    ) -> Float[np.ndarray, "*poses joints 3"]:
        """The angles of all joints, or of some; without meaning for pelvis and shoulders, which have none of this kind.

        Args:
            rotmats: rotations of these joints.
            joints: their numbers.
        """
        axes, zero = self.axes[joints], self.zero[joints]
        return angles_xyz(np.swapaxes(axes, -1, -2) @ rotmats @ np.swapaxes(zero, -1, -2) @ axes)

    def shoulder_angles(self, side: str, rotmat: Mat3) -> tuple[float, float, float, float]:
        """Where an upper arm points and how it is turned about itself, degrees.

        Args:
            side: left or right.
            rotmat: rotation of the upper arm relative to the chest (spine3), collar included.

        Returns:
            elevation (0 hangs, 90 level, 180 up), behind (how far it points backwards of the body's plane), inwards
            (how far it points to the other side), and internal rotation: the turn about the arm that remains beside
            the shortest way from the T-pose.
        """
        if side == "right":
            rotmat = MIRROR_X @ rotmat @ MIRROR_X
        bone = self.bone("left_elbow", "left_shoulder")
        way = rotmat @ unit(bone)
        swing = shortest_turn(unit(bone), way)
        rest = swing.T @ rotmat
        twist = np.arctan2(float(unit(bone) @ _axial(rest)), float(np.trace(rest) - 1) / 2)
        angles = np.arccos(np.clip(-way[1], -1, 1)), np.arcsin(-way[2]), np.arcsin(-way[0]), twist
        elevation, behind, inwards, internal = np.degrees(angles)
        return float(elevation), float(behind), float(inwards), float(internal)


def shortest_turn(start: Vec3, end: Vec3) -> Mat3:
    """The rotation by the smallest angle that takes one unit direction to another, not opposite, one."""
    axis = cross(start, end)
    sine, cosine = float(np.linalg.norm(axis)), float(start @ end)
    if sine < 1e-12:
        return np.eye(3)
    return turn(axis / sine, float(np.degrees(np.arctan2(sine, cosine))))


def build_anatomy(rest: Float[np.ndarray, "55 3"]) -> Anatomy:
    """Lay the frames of all joints on a rest skeleton (T-pose, y up, facing +z, left arm along +x, palms down)."""
    axes, zero = np.tile(np.eye(3), (2, NUM_JOINTS, 1, 1))
    for name in JOINTS:
        if name.startswith("right_"):
            left = INDEX["left_" + name.removeprefix("right_")]
            axes[INDEX[name]] = MIRROR_X @ axes[left]
            zero[INDEX[name]] = MIRROR_X @ zero[left] @ MIRROR_X
            continue
        kind = name.removeprefix("left_")
        if kind.rstrip("123") in FINGERS:
            axes[INDEX[name]], zero[INDEX[name]] = _finger_frame(rest, kind)
        elif kind in ("hip", "knee", "ankle"):
            axes[INDEX[name]], zero[INDEX[name]] = _leg_frame(rest, kind)
        elif kind not in ("pelvis", "shoulder"):
            axes[INDEX[name]] = _body_frame(rest, kind)
    bones = rest - rest[list(PARENTS)] * (np.arange(NUM_JOINTS) > 0)[:, None]
    return Anatomy(rest, axes, zero, bones)


def _body_frame(rest: Float[np.ndarray, "55 3"], kind: str) -> Mat3:
    """Axes of a joint of the trunk, or of a left arm. The long bone is kept, hinges are made square to it."""
    if kind in ("elbow", "wrist"):
        long = unit(rest[INDEX["left_wrist"]] - rest[INDEX["left_elbow"]])
        if kind == "elbow":
            return _frame(-Y, long)
        hand = _palm_frame(rest)
        frame = _frame(np.cross(hand[:, 0], hand[:, 1]), long)
        return frame[:, [2, 0, 1]]  # pronation comes first
    fixed = {
        "foot": (-X, Z), "collar": (Z, X), "jaw": (X, Z), "eye": (X, Z),
    }  # fmt: skip
    return _frame(*fixed.get(kind, (X, Y)))


def _leg_frame(rest: Float[np.ndarray, "55 3"], kind: str) -> tuple[Mat3, Mat3]:
    """Axes and zero of a joint of the left leg: a straight leg that hangs down, its foot level as it rests."""
    hip, knee, ankle = (rest[INDEX[f"left_{joint}"]] for joint in ("hip", "knee", "ankle"))
    thigh, shin = unit(knee - hip), unit(ankle - knee)
    hang, straighten = shortest_turn(thigh, -Y), shortest_turn(shin, thigh)
    if kind == "hip":
        return _frame(-X, -Y), hang
    if kind == "knee":
        return hang.T @ _frame(X, -Y), straighten
    turned = hang @ straighten
    return turned.T @ _frame(-X, Z), turned.T


def _frame(hinge: Vec3, long: Vec3) -> Mat3:
    """Axes (hinge, long × hinge, long), the hinge made square to the long axis."""
    hinge = unit(hinge - (hinge @ long) * long)
    return np.stack([hinge, np.cross(long, hinge), long], 1)


def _palm_frame(rest: Float[np.ndarray, "55 3"]) -> Mat3:
    """Columns: the left palm's directions to the fingers, to where the palm looks, and to the thumb's side."""
    wrist, middle = rest[INDEX["left_wrist"]], rest[INDEX["left_middle1"]]
    distal = unit(middle - wrist)
    radial = rest[INDEX["left_index1"]] - rest[INDEX["left_pinky1"]]
    radial = unit(radial - (radial @ distal) * distal)
    return np.stack([distal, np.cross(distal, radial), radial], 1)


def _finger_frame(rest: Float[np.ndarray, "55 3"], kind: str) -> tuple[Mat3, Mat3]:
    """Axes and zero of a joint of the left hand."""
    distal, palmar, radial = _palm_frame(rest).T
    finger, number = kind[:-1], int(kind[-1])
    points = [rest[INDEX[f"left_{finger}{n}"]] for n in (1, 2, 3)]
    first, second = unit(points[1] - points[0]), unit(points[2] - points[1])
    if finger == "thumb":
        angle = np.radians(THUMB_RADIAL_DEG)
        start = np.cos(angle) * distal + np.sin(angle) * radial
        to_fingers = np.sin(angle) * distal - np.cos(angle) * radial
        tilt = np.radians(THUMB_PAD_DEG)
        pad = np.cos(tilt) * palmar + np.sin(tilt) * to_fingers
    else:
        start, to_fingers, pad = distal, palmar, palmar
    if number == 1:
        axes = _frame(np.cross(start, to_fingers), start)
        if finger == "thumb":  # the palm's side is the positive one
            axes = axes @ np.diag([1.0, -1.0, -1.0])
        return axes, shortest_turn(first, start)
    to_first = shortest_turn(first, start).T
    if number == 2:
        return to_first @ _frame(np.cross(start, pad), start), shortest_turn(second, first)
    to_second = shortest_turn(second, first).T @ to_first
    return to_second @ _frame(np.cross(start, pad), start), np.eye(3)


def _axial(rotmat: Mat3) -> Vec3:
    """Half the vector of a rotation matrix's antisymmetric part: axis times sine."""
    return np.array([rotmat[2, 1] - rotmat[1, 2], rotmat[0, 2] - rotmat[2, 0], rotmat[1, 0] - rotmat[0, 1]]) / 2
