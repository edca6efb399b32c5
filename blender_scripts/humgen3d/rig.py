"""A human's bones: read, freed of constraints, and posed by their rest matrices. No axis and no roll is assumed."""

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np
from jaxtyping import Float, Int
from mathutils import Matrix

from cuffs.errors import UnavailableError
from cuffs.humgen3d.bones import NEEDED

Array = np.ndarray

LOOKAT = "eyeball_lookat"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bones:
    """All bones, parents first."""

    names: tuple[str, ...]
    """As the add-on calls them originally; users may have renamed the bones themselves."""

    own_names: tuple[str, ...]
    """As Blender calls them."""

    parents: Int[Array, " bones"]
    """Numbers; -1 for roots. What an eye looks at hangs from the eye here, so that it stays in front of it."""

    heads: Float[Array, "bones 3"]
    tails: Float[Array, "bones 3"]


def read_bones(rig: bpy.types.Object) -> Bones:
    """The rig as it is at rest now; shape changes move it.

    Raises:
        UnavailableError: if it lacks bones that every pose needs.
    """
    ordered = _parents_first(rig.data.bones)
    by_own = {bone.name: rig.pose.bones[bone.name].get("original_name", bone.name) for bone in ordered}
    names = [str(by_own[bone.name]) for bone in ordered]
    if missing := [name for name in NEEDED if name not in names]:
        raise UnavailableError(
            f"HumGen3D's rig lacks the bones {', '.join(missing[:5])}: another version of the content?"
        )
    place = {name: number for number, name in enumerate(names)}
    parents = [place[by_own[bone.parent.name]] if bone.parent else -1 for bone in ordered]
    order = list(range(len(names)))
    for side in "LR":
        if f"{LOOKAT}.{side}" in place:
            parents[place[f"{LOOKAT}.{side}"]] = place[f"eyeball.{side}"]
    order = _sorted_by_parents(parents)
    number = np.argsort(order)
    return Bones(
        names=tuple(names[place] for place in order),
        own_names=tuple(ordered[place].name for place in order),
        parents=np.array([-1 if parents[place] < 0 else number[parents[place]] for place in order], np.int32),
        heads=np.array([ordered[place].head_local for place in order], np.float64),
        tails=np.array([ordered[place].tail_local for place in order], np.float64),
    )


def _parents_first(bones: Sequence[bpy.types.Bone]) -> list[bpy.types.Bone]:
    found: list[bpy.types.Bone] = []
    waiting = sorted((bone for bone in bones if bone.parent is None), key=lambda bone: bone.name)
    while waiting:
        bone = waiting.pop(0)
        found.append(bone)
        waiting.extend(sorted(bone.children, key=lambda child: child.name))
    return found


def _sorted_by_parents(parents: Sequence[int]) -> list[int]:
    """An order in which parents come before children."""
    order: list[int] = []
    done: set[int] = {-1}
    while len(order) < len(parents):
        for bone, parent in enumerate(parents):
            if bone not in done and parent in done:
                order.append(bone)
                done.add(bone)
    return order


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JawTrack:
    """What the jaw's constraint asked for: to follow the lower lip."""

    group: str
    influence: float


def free_bones(rig: bpy.types.Object) -> JawTrack | None:
    """Remove every constraint: bones shall do what they are told and nothing else.

    The jaw's follows a place on the body mesh, which the rig itself moves: a cycle, through which Blender evaluates the
    body too early, up to half a metre off, while pictures are right (muting it isn't enough). What it did is returned,
    and `lip_following` does it.
    """
    track = None
    for bone in rig.pose.bones:
        for constraint in list(bone.constraints):
            is_jaw = bone.get("original_name", bone.name) == "jaw" and constraint.type == "DAMPED_TRACK"
            if is_jaw and constraint.subtarget and not constraint.mute:
                track = JawTrack(group=str(constraint.subtarget), influence=float(constraint.influence))
            bone.constraints.remove(constraint)
    return track


def pose_bones_in_blender(rig: bpy.types.Object, bones: Bones, T_world_rest: Float[Array, "bones 4 4"]) -> None:
    """Move every bone by its transform from rest. The rig must stand at the world's origin.

    Blender itself converts: it knows which bones are connected, and what they inherit.
    """
    rest = {name: rig.data.bones[name].matrix_local.copy() for name in bones.own_names}
    pose = {name: Matrix(T.tolist()) @ rest[name] for name, T in zip(bones.own_names, T_world_rest, strict=True)}
    for name in bones.own_names:
        bone = rig.data.bones[name]
        above = {}
        if bone.parent is not None:
            above = {"parent_matrix": pose[bone.parent.name], "parent_matrix_local": rest[bone.parent.name]}
        rig.pose.bones[name].matrix_basis = bone.convert_local_to_pose(pose[name], rest[name], invert=True, **above)


def lip_following(
    bones: Bones,
    T_world_rest: Float[Array, "bones 4 4"],
    *,
    influence: float,
    before: Float[Array, "3"],
    after: Float[Array, "3"],
) -> Float[Array, "bones 4 4"]:
    """Turn the jaw, and what hangs from it, as the lip moved at rest: what its constraint would have done.

    Args:
        bones: the rig.
        T_world_rest: transforms of all bones.
        influence: the constraint's.
        before: where the lip is at rest with a neutral face, metres.
        after: with the face that is made.
    """
    jaw = bones.names.index("jaw")
    head = bones.heads[jaw]
    turn = np.eye(4)
    turn[:3, :3] = _partial_turn(before - head, after - head, influence)
    turn[:3, 3] = head - turn[:3, :3] @ head
    moved = np.array(T_world_rest)
    below = {jaw}
    for bone, parent in enumerate(bones.parents):
        if parent in below:
            below.add(bone)
    for bone in sorted(below):
        moved[bone] = T_world_rest[bone] @ turn
    return moved


def _partial_turn(start: Float[Array, "3"], end: Float[Array, "3"], share: float) -> Float[Array, "3 3"]:
    """A share of the smallest rotation from one direction to another (Rodrigues)."""
    a, b = start / np.linalg.norm(start), end / np.linalg.norm(end)
    axis = np.cross(a, b)
    sine = np.linalg.norm(axis)
    if sine < 1e-9:
        return np.eye(3)
    angle = share * np.arctan2(sine, a @ b)
    x, y, z = axis / sine
    K = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * K + (1 - np.cos(angle)) * K @ K
