"""Skin that stands out of the cloth over it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import KDTree

from cuffs.character import Part, Topology
from cuffs.character.cloth_mesh import ClothMesh
from cuffs.character.worn import Worn
from cuffs.mesh_normals import vertex_normals
from cuffs.skeleton import LIMB_OF_JOINT, LIMBS

OUT_M = 0.002
"""Skin counts as out of the cloth where it stands out by more than this."""

OVER_M = 0.03
"""Cloth farther away than this is not the cloth over a place."""

FARTHEST_M = 0.015
"""Skin that stands out by more lies beyond a hem or in another fold: were it out, its neighbours would be less far."""

FACING = 0.3
"""Cosine of the angle that skin and the cloth over it may have between them."""

BESIDE_M = 0.008
"""The nearest of the cloth's vertices lies no farther beside a place than this; else the place lies beyond a hem."""

NO_CLOTH = ("fitted glasses",)
"""Kinds of things worn that cover nothing: skin lies before and behind them."""

MOVES_WITH = 0.2
"""Cloth moves with a limb that has at least so much share in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poking:
    """How much skin stands out of clothes."""

    share: float
    """Of the skin's vertices beneath cloth, those that stand out by more than 2 mm and are shown."""

    deepest_mm: float
    garment: str
    """Which garment it stands out of most; empty where none does."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cloth:
    """A garment as it lies on somebody, whoever put it there: Blender or its twin."""

    part: Part
    mesh: ClothMesh
    verts: Float[np.ndarray, "verts 3"]
    """In the world, metres; `mesh`'s finest vertices, those of the lining after them."""

    @classmethod
    def of(cls, worn: Worn) -> "Cloth":
        """As the twin puts it on."""
        return cls(part=worn.part, mesh=worn.mesh, verts=worn.verts)


def poke_through(topology: Topology, skin: Float[np.ndarray, "body 3"], worn: Sequence[Cloth]) -> Poking:
    """Measure skin that pokes through clothes.

    Args:
        topology: whose garments they are.
        skin: the posed body mesh, metres.
        worn: clothes on it, in the same pose.
    """
    worn = [garment for garment in worn if garment.part.kind not in NO_CLOTH]
    facing = vertex_normals(skin, topology.body_faces)
    shown = ~_masked(topology, [garment.part for garment in worn])
    out = np.full((len(worn), len(skin)), -np.inf)
    beneath = np.zeros((len(worn), len(skin)), bool)
    for row, garment in enumerate(worn):
        beneath[row] = _beneath(topology, garment)
        out[row] = np.where(beneath[row] & shown, _height_over(topology, garment, skin, facing), -np.inf)
    covered = beneath.any(0)
    under_something = (np.isfinite(out) & (out < -1e-4)).any(0)
    height = np.where(under_something, -np.inf, out.max(0, initial=-np.inf))
    poking = height > OUT_M
    if not poking.any():
        return Poking(share=0.0, deepest_mm=0.0, garment="")
    row, vertex = np.unravel_index(np.where(poking[None], out, -np.inf).argmax(), out.shape)
    return Poking(
        share=float(poking.sum() / max(1, covered.sum())),
        deepest_mm=1000 * float(out[row, vertex]),
        garment=worn[int(row)].part.name,
    )


def _masked(topology: Topology, parts: Sequence[Part]) -> Bool[np.ndarray, " body"]:
    hidden = np.zeros(len(topology.skin_bones), bool)
    for part in parts:
        hidden[part.hides] = True
    return hidden[topology.body_vertices]


def _beneath(topology: Topology, garment: Cloth) -> Bool[np.ndarray, " body"]:
    """The body's vertices that a garment was cut over: corners of the skin beneath it, and what it masks."""
    found = np.zeros(len(topology.skin_bones), bool)
    found[garment.part.hides] = True
    inner = garment.part.skin_corners[garment.part.skin_bary.min(1) >= 0]
    counts = np.bincount(inner.ravel(), minlength=len(found))
    rim = _rim_corners(garment)
    found[counts > 0] = True
    found[rim] = False
    return found[topology.body_vertices]


def _rim_corners(garment: Cloth) -> np.ndarray:
    """Corners of the skin beneath a garment's hems, beyond which it covers nothing; added assets have no hems."""
    rim = np.flatnonzero(garment.mesh.on_rim) if garment.mesh.steps else np.zeros(0, np.int64)
    return np.unique(garment.part.skin_corners[rim])


def _height_over(
    topology: Topology, garment: Cloth, points: Float[np.ndarray, "body 3"], facing: Float[np.ndarray, "body 3"]
) -> Float[np.ndarray, " body"]:
    """How far the body's points stand out of a garment's outer side, metres, negative beneath it; minus infinity where
    it isn't over them. Only cloth that moves with a point's own limb is over it: arms touch trunks."""
    count = garment.mesh.num_finest
    verts = garment.verts[:count]
    normals = vertex_normals(verts, garment.mesh.faces)
    shares = garment.mesh.spread(_limb_shares(topology, garment.part.vertices))
    own = _limb_shares(topology, topology.body_vertices).argmax(1)
    found = np.full(len(points), -np.inf)
    for limb in np.unique(own):
        cloth, skin = np.flatnonzero(shares[:, limb] >= MOVES_WITH), np.flatnonzero(own == limb)
        if not len(cloth):
            continue
        distance, number = KDTree(verts[cloth]).query(points[skin], distance_upper_bound=OVER_M)
        near = np.isfinite(distance)
        nearest = cloth[np.where(near, number, 0)]
        height = np.einsum("vi,vi->v", points[skin] - verts[nearest], normals[nearest])
        beside = np.sqrt(np.maximum(np.where(near, distance, 0.0) ** 2 - height**2, 0))
        along = np.einsum("vi,vi->v", facing[skin], normals[nearest]) > FACING
        found[skin] = np.where(near & along & (beside < BESIDE_M) & (height < FARTHEST_M), height, -np.inf)
    return found


def _limb_shares(topology: Topology, vertices: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n limbs"]:
    """How far full vertices follow each limb."""
    limbs = LIMB_OF_JOINT[topology.bone_joint[topology.skin_bones[vertices]]]
    return np.stack(
        [np.where(limbs == limb, topology.skin_weights[vertices], 0.0).sum(1) for limb in range(len(LIMBS))], 1
    )
