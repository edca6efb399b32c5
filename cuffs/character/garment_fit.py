"""A garment on somebody at rest: off the helper, wider by its ease, hanging from what stands out. Numpy alone."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Float

from cuffs.character.records import Identity, Part, Topology
from cuffs.mesh_normals import vertex_normals
from cuffs.skeleton import INDEX, LIMB_OF_JOINT, LIMBS

Array = np.ndarray

HANGING: Mapping[str, tuple[tuple[str, float], ...]] = MappingProxyType({
    "shirt": (("torso", 0.35), ("left_arm", 0.8), ("right_arm", 0.8)),
    "jacket": (("torso", 0.3), ("left_arm", 0.5), ("right_arm", 0.5)),
    "trousers": (("left_leg", 0.12), ("right_leg", 0.12)),
})  # fmt: skip
"""Limbs about which a kind of garment hangs, and how far it comes in again below what it hangs from, metres a metre."""

SECTORS, LEVEL_M = 48, 0.012

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
    if part.kind == "shoes":
        return np.stack([*points.T[:2], np.maximum(points[:, 2], 0.0)], 1)  # the body's lowest point is at 0
    if hang == 0:
        return points
    moved = np.zeros(points.shape)
    for limb, taper in HANGING.get(part.kind, ()):
        share = limb_share(topology, part, limb)
        if (share > 0.5).sum() > SECTORS:
            down = _downwards(topology, identity, limb)
            hung = _hung(points, share > 0.5, down=down, taper=taper)
            moved += hang * share[:, None] * (hung - points)
    return points + moved


def _downwards(topology: Topology, identity: Identity, limb: str) -> Float[Array, "3"]:
    """Unit direction in which cloth falls along a limb at rest."""
    side, _, kind = limb.rpartition("_")
    names = AXES[kind] if kind == "torso" else [f"{side}_{name}" for name in AXES[kind]]
    start, end = (identity.bone_heads[topology.joint_bone[INDEX[name]]] for name in names)
    along = start - end if kind == "torso" else end - start
    return along / np.linalg.norm(along)


def limb_share(topology: Topology, part: Part, limb: str) -> Float[Array, " n"]:
    """How far each of a garment's vertices follows a limb."""
    limbs = LIMB_OF_JOINT[topology.bone_joint[topology.skin_bones[part.vertices]]]
    return np.where(limbs == LIMBS.index(limb), topology.skin_weights[part.vertices], 0.0).sum(1)


def _hung(points: Float[Array, "n 3"], is_own: Array, *, down: Float[Array, "3"], taper: float) -> Float[Array, "n 3"]:
    """Points moved away from a limb's axis to where cloth that hangs from what is above them would be."""
    aside = np.cross(down, [0.0, 1.0, 0.0])
    aside /= np.linalg.norm(aside)
    axes = np.stack([aside, np.cross(down, aside), down])
    middle = points[is_own].mean(0)
    x, y, depth = axes @ (points - middle).T
    centre = _centres(x, y, depth, is_own)
    x, y = x - centre[0], y - centre[1]
    radius = np.hypot(x, y)
    sector = ((np.arctan2(y, x) / (2 * np.pi) % 1) * SECTORS).astype(int) % SECTORS
    level = ((depth - depth.min()) / LEVEL_M).astype(int)
    table = np.zeros((level.max() + 1, SECTORS))
    np.maximum.at(table, (level[is_own], sector[is_own]), radius[is_own])
    for row in range(1, len(table)):
        table[row] = np.maximum(table[row], table[row - 1] - taper * LEVEL_M)
    for _ in range(SMOOTHINGS):
        table = np.maximum(table, (np.roll(table, 1, 1) + table + np.roll(table, -1, 1)) / 3)
    wider = np.maximum(table[level, sector], radius) / np.maximum(radius, 1e-6) - 1
    return points + np.stack([x * wider, y * wider], 1) @ axes[:2]


def _centres(x: Array, y: Array, depth: Array, is_own: Array) -> tuple[Array, Array]:
    """The middle line of a limb at each point's depth: straight lines through its own points."""
    slope_x, start_x = np.polyfit(depth[is_own], x[is_own], 1)
    slope_y, start_y = np.polyfit(depth[is_own], y[is_own], 1)
    return slope_x * depth + start_x, slope_y * depth + start_y


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
