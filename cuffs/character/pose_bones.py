"""Retargeting by rest rotations, and skinning: what planner and worker both need. Numpy alone.

The rule (correspondence.md, E): with G_j the global rotation asked of SMPL-X's joint j, and R_j the rotation that
brings the body model's T-pose to the character's rest pose, each bone of joint j turns by G_j R_j^T about its head, and
carries the heads below it. No axis is assumed.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Integer

from cuffs.character.records import Identity, Topology
from cuffs.character.skinning import dual_quaternion_skinning, linear_skinning
from cuffs.skeleton import INDEX, NUM_JOINTS, PARENTS

Array = np.ndarray


def pose_bones(
    topology: Topology,
    identity: Identity,
    rotmats: Float[Array, "55 3 3"],
    pelvis_world: Float[Array, "3"],
) -> Float[Array, "bones 4 4"]:
    """Transform of each bone from the character's rest pose to the world.

    Args:
        topology: the rig.
        identity: its joints and rest rotations.
        rotmats: local rotations of SMPL-X's joints; the first is the root's in the world.
        pelvis_world: where the pelvis joint's bone head goes, metres.
    """
    turns = global_rotations(rotmats) @ np.swapaxes(identity.rest_rotations, -1, -2)
    heads = identity.bone_heads
    T_world_rest = np.tile(np.eye(4), (len(heads), 1, 1))
    for bone, parent in enumerate(topology.bone_parents):
        turn = turns[topology.bone_joint[bone]]
        place = heads[bone] if parent < 0 else T_world_rest[parent, :3, :3] @ heads[bone] + T_world_rest[parent, :3, 3]
        T_world_rest[bone, :3, :3] = turn
        T_world_rest[bone, :3, 3] = place - turn @ heads[bone]
    pelvis = topology.joint_bone[INDEX["pelvis"]]
    found = T_world_rest[pelvis, :3, :3] @ heads[pelvis] + T_world_rest[pelvis, :3, 3]
    T_world_rest[:, :3, 3] += pelvis_world - found
    return T_world_rest


def global_rotations(rotmats: Float[Array, "55 3 3"]) -> Float[Array, "55 3 3"]:
    """Rotations of SMPL-X's joints in the frame of the root's parent."""
    found = np.array(rotmats, np.float64)
    for joint in range(1, NUM_JOINTS):
        found[joint] = found[PARENTS[joint]] @ rotmats[joint]
    return found


def skin_vertices(
    topology: Topology,
    rest: Float[Array, "n 3"],
    T_world_rest: Float[Array, "bones 4 4"],
    *,
    vertices: Integer[Array, " n"],
) -> Float[Array, "n 3"]:
    """Posed positions of points that follow the rig as given full vertices do, metres.

    Args:
        topology: weights, and which kind of skinning.
        rest: the points in the rest pose; they may lie off the full vertices, as clothes do.
        T_world_rest: from `pose_bones`.
        vertices: numbers of the full vertices whose weights the points take.
    """
    method = dual_quaternion_skinning if topology.skinning == "dual_quaternion" else linear_skinning
    return method(
        np.asarray(rest, np.float64),
        topology.skin_bones[vertices],
        topology.skin_weights[vertices].astype(np.float64),
        T_world_rest,
    )


def with_face(
    topology: Topology, rest: Float[Array, "verts 3"], weights: Mapping[str, float]
) -> Float[Array, "verts 3"]:
    """An identity's full rest vertices with facial actions at given weights.

    Raises:
        KeyError: if there is no such action.
    """
    names = [str(name) for name in topology.face_action_names]
    moved = np.array(rest, np.float64)
    for name, weight in weights.items():
        if name not in names:
            raise KeyError(f"no facial action {name!r}; there are {', '.join(names)}")
        moved[topology.face_action_vertices] += weight * topology.face_actions[names.index(name)]
    return moved
