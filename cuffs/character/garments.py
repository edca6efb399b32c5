"""Clothes and hair cut from the base mesh's helpers: where each begins and ends, and which skin it hides."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import cKDTree

from cuffs.character.records import Part
from cuffs.mesh_normals import vertex_normals

Array = np.ndarray

HEM_MARGIN_M = 0.025
"""Skin within this of a hem stays visible, so that no hole shows when the cloth lifts."""

REACH_M = 0.06
"""Skin farther than this from a garment isn't beneath it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """Where the full vertices are on the mean adult, in terms that clothes are cut by."""

    verts: Float[Array, "verts 3"]
    """Metres, z up."""

    arm: Float[Array, " verts"]
    """Along the nearer arm: 0 shoulder, 1 elbow, 2 wrist; below 0 on the trunk."""

    leg: Float[Array, " verts"]
    """Along the nearer leg: 0 hip, 1 knee, 2 ankle, beyond 2 the foot; below 0 on the trunk."""

    height: Float[Array, " verts"]
    """Along the spine: 0 hips, 1 neck."""

    is_arm: Bool[Array, " verts"]
    is_leg: Bool[Array, " verts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A garment: what it is cut from, where, and how far out it lies."""

    name: str
    kind: str
    source: str
    keep: Callable[[Places], Bool[Array, " verts"]]
    offset_m: float


def _trunk(low: float, high: float, *, sleeve: float) -> Callable[[Places], Array]:
    return lambda p: np.where(
        p.is_arm, p.arm < sleeve, (p.height > low) & (p.height < high) & ~(p.is_leg & (p.leg > 0.25))
    )


def _legs(low: float, *, waist: float) -> Callable[[Places], Array]:
    return lambda p: ~p.is_arm & (p.height < waist) & (p.leg < low)


def _foot(p: Places) -> Array:
    return p.is_leg & (p.leg > 1.88)


CUTS = (
    Cut(name="shirt_long", kind="top", source="helper-tights", keep=_trunk(-0.12, 1.02, sleeve=1.93), offset_m=0.007),
    Cut(name="shirt_short", kind="top", source="helper-tights", keep=_trunk(-0.12, 1.02, sleeve=0.62), offset_m=0.007),
    Cut(name="tank", kind="top", source="helper-tights", keep=_trunk(-0.08, 0.97, sleeve=0.12), offset_m=0.006),
    Cut(name="trousers", kind="bottom", source="helper-tights", keep=_legs(1.95, waist=0.18), offset_m=0.003),
    Cut(name="shorts", kind="bottom", source="helper-tights", keep=_legs(0.72, waist=0.18), offset_m=0.004),
    Cut(name="skirt_long", kind="skirt", source="helper-skirt", keep=_legs(1.7, waist=0.3), offset_m=0.003),
    Cut(name="skirt_short", kind="skirt", source="helper-skirt", keep=_legs(0.85, waist=0.3), offset_m=0.003),
    Cut(name="shoes", kind="shoes", source="helper-tights", keep=_foot, offset_m=0.006),
)


def places_on(
    verts: Float[Array, "verts 3"],
    joints: dict[str, Float[Array, "3"]],
    weights: Float[Array, "verts 55"],
    names: tuple[str, ...],
) -> Places:
    """Coordinates along limbs and spine.

    Args:
        verts: the mean adult at rest, metres, z up.
        joints: its joints by SMPL-X's names.
        weights: of each vertex on SMPL-X's joints.
        names: of those joints, in order.
    """
    dominant = np.array(names)[weights.argmax(1)]
    side = np.where(verts[:, 0] >= 0, "left", "right")
    arm = np.where(
        side == "left",
        *(_along(verts, [joints[f"{s}_{j}"] for j in ("shoulder", "elbow", "wrist")]) for s in ("left", "right")),
    )
    leg = np.where(
        side == "left",
        *(_along(verts, [joints[f"{s}_{j}"] for j in ("hip", "knee", "ankle")]) for s in ("left", "right")),
    )
    kind = np.array([name.split("_")[-1].rstrip("123") for name in dominant])
    is_arm = np.isin(kind, ["shoulder", "elbow", "wrist", "index", "middle", "ring", "pinky", "thumb"])
    is_leg = np.isin(kind, ["hip", "knee", "ankle", "foot"])
    hips = (joints["left_hip"][2] + joints["right_hip"][2]) / 2
    height = (verts[:, 2] - hips) / (joints["neck"][2] - hips)
    return Places(verts=verts, arm=arm, leg=leg, height=height, is_arm=is_arm, is_leg=is_leg)


def _along(verts: Float[Array, "verts 3"], chain: list[Float[Array, "3"]]) -> Float[Array, " verts"]:
    """Coordinate along two bones: 0 at the first joint, 1 at the second, 2 at the third, going on beyond the ends."""
    first, second = (
        ((verts - start) @ (end - start)) / float((end - start) @ (end - start)) for start, end in pairwise(chain)
    )
    return np.where(first < 1, first, 1 + np.maximum(second, 0))


def cut_part(cut: Cut, faces: Int[Array, "faces 3"], places: Places, body: Int[Array, " body"]) -> Part:
    """Cut a garment out of a helper mesh, and find the skin that it hides.

    Args:
        cut: what is wanted.
        faces: the helper's triangles, full numbers.
        places: of all full vertices.
        body: full numbers of the body mesh's vertices.
    """
    keep = cut.keep(places)
    kept = faces[keep[faces].all(1)]
    vertices, local = np.unique(kept, return_inverse=True)
    local = local.reshape(-1, 3)
    return Part(
        name=cut.name,
        kind=cut.kind,
        vertices=vertices.astype(np.int32),
        faces=local.astype(np.int32),
        offset=np.full(len(vertices), cut.offset_m, np.float32),
        hides=hidden_beneath(places.verts, vertices, local, body).astype(np.int32),
    )


def hidden_beneath(
    verts: Float[Array, "verts 3"],
    vertices: Int[Array, " n"],
    faces: Int[Array, "f 3"],
    body: Int[Array, " body"],
) -> Int[Array, " hidden"]:
    """Body vertices that lie beneath a garment and away from its hems."""
    cloth = verts[vertices]
    normals = vertex_normals(cloth, faces)
    distance, nearest = cKDTree(cloth).query(verts[body])
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    hem = np.unique(unique[count == 1])
    inside = np.einsum("vi,vi->v", verts[body] - cloth[nearest], normals[nearest]) < 0.002
    far_from_hem = cKDTree(cloth[hem]).query(verts[body])[0] > HEM_MARGIN_M if len(hem) else np.ones(len(body), bool)
    return body[(distance < REACH_M) & inside & far_from_hem]
