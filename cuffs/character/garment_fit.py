"""A garment on somebody at rest: off the helper, wider by its ease, hanging from what stands out. Numpy alone."""

import numpy as np
from jaxtyping import Float

from cuffs.character.records import Identity, Part, Topology
from cuffs.mesh_normals import vertex_normals
from cuffs.skeleton import INDEX, LIMB_OF_JOINT, LIMBS

Array = np.ndarray

HANGING_KINDS = ("shirt", "jacket")
SECTORS, LEVEL_M = 48, 0.012
TAPER = 0.35
"""How far cloth comes in again below what it hangs from, metres a metre."""

SMOOTHINGS = 3
AXES = {"arm": ("shoulder", "wrist"), "leg": ("hip", "ankle"), "torso": ("pelvis", "neck"), "head": ("pelvis", "neck")}


def lifted(topology: Topology, identity: Identity, part: Part, *, ease_m: float, hang: float) -> Float[Array, "n 3"]:
    """A garment's own vertices at rest, metres.

    Args:
        topology: whose part it is.
        identity: who wears it.
        part: the garment.
        ease_m: how much wider than cut.
        hang: 0 to 1: how far its torso falls straight from chest, belly and back.
    """
    rest = identity.rest[part.vertices].astype(np.float64)
    normals = vertex_normals(rest, part.faces)
    points = rest + (part.offset + ease_m * part.ease)[:, None] * normals
    if hang == 0 or part.kind not in HANGING_KINDS:
        return points
    share = hang * limb_share(topology, part, "torso")
    return points + share[:, None] * (_hung(points, share > 0.5 * hang) - points)


def limb_share(topology: Topology, part: Part, limb: str) -> Float[Array, " n"]:
    """How far each of a garment's vertices follows a limb."""
    limbs = LIMB_OF_JOINT[topology.bone_joint[topology.skin_bones[part.vertices]]]
    return np.where(limbs == LIMBS.index(limb), topology.skin_weights[part.vertices], 0.0).sum(1)


def _hung(points: Float[Array, "n 3"], is_torso: Array) -> Float[Array, "n 3"]:
    """Points moved outwards, level, to where cloth that hangs from what is above them would be."""
    middle = points[is_torso].mean(0)
    x, y, z = (points - middle).T
    radius = np.hypot(x, y)
    sector = ((np.arctan2(y, x) / (2 * np.pi) % 1) * SECTORS).astype(int) % SECTORS
    level = ((z.max() - z) / LEVEL_M).astype(int)
    table = np.zeros((level.max() + 1, SECTORS))
    np.maximum.at(table, (level[is_torso], sector[is_torso]), radius[is_torso])
    for row in range(1, len(table)):
        table[row] = np.maximum(table[row], table[row - 1] - TAPER * LEVEL_M)
    for _ in range(SMOOTHINGS):
        table = np.maximum(table, (np.roll(table, 1, 1) + table + np.roll(table, -1, 1)) / 3)
    wider = np.maximum(table[level, sector], radius) / np.maximum(radius, 1e-6)
    return middle + np.stack([x * wider, y * wider, z], 1)


def grain(topology: Topology, identity: Identity, part: Part) -> Float[Array, "n 3"]:
    """For each of a garment's vertices the direction along its limb at rest, unit."""
    found = np.zeros((len(part.vertices), 3))
    for limb in LIMBS:
        side, _, kind = limb.rpartition("_")
        if kind not in AXES:
            continue
        start, end = (
            identity.bone_heads[topology.joint_bone[INDEX[name if kind in ("torso", "head") else f"{side}_{name}"]]]
            for name in AXES[kind]
        )
        along = (end - start) / np.linalg.norm(end - start)
        found += limb_share(topology, part, limb)[:, None] * (along if kind in ("torso", "head") else -along)
    return found / np.linalg.norm(found, axis=1, keepdims=True).clip(1e-9)
