"""What a person wears, posed: each garment fitted, fallen into folds, and kept off what lies beneath. Numpy alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.cloth_folds import Cut, Fall, Under, clear_of, folded
from cuffs.character.cloth_hems import find_hems, lining
from cuffs.character.cloth_mesh import ClothMesh, cloth_mesh
from cuffs.character.garment_fit import grain, lifted
from cuffs.character.pose_bones import skin_vertices
from cuffs.character.records import FITTED_KINDS, Identity, Part, Topology
from cuffs.mesh_normals import vertex_normals
from cuffs.records import GarmentSpec

Array = np.ndarray

PUSHED_KINDS = ("suit", "fitted trousers", "fitted shirt", "fitted shoes")
"""Added assets that lie on skin; hats and glasses only touch it."""

SKIN_GAP_M, LAYER_GAP_M = 0.002, 0.0015
"""How far cloth stays off skin, and off other cloth."""

LAYERS = (
    "socks", "tucked shirt", "trousers", "fitted trousers", "skirt", "fitted shirt", "shirt", "suit", "jacket", "shoes",
    "fitted shoes", "fitted glasses", "fitted hat",
)  # fmt: skip
"""Kinds of garments from the skin outwards."""

CLOSE_REACH_M, MORE_REACH_M, REACH_PER_EASE = 0.004, 0.008, 2.0
LEAST_SAG_M, SAG_PER_EASE = 0.004, 1.0

NEAR_SHARE = 0.05
"""Skin vertices beneath cloth are those that weigh at least so much where it lies."""

THICK_M = {"sweater": 0.003, "jacket": 0.003}
THIN_M = 0.0015


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How a garment sits on its wearer."""

    ease_m: float
    """How much farther off the body it is than it was cut."""

    hang: float
    """0 to 1: how far it falls straight from what stands out."""

    close_m: float
    """How far its cloth may wander where it is not made wider."""

    fall: Fall


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Worn:
    """A garment on somebody."""

    part: Part
    mesh: ClothMesh
    faces: Int[Array, "faces 3"]
    """Triangles, the lining's after those of `mesh`."""

    rest: Float[Array, "verts 3"]
    """The vertices in the rest pose, without folds; the lining's at the hem's."""

    verts: Float[Array, "verts 3"]
    """In the world, with folds."""

    rim: Int[Array, " n"]
    """Vertices at hems; the lining repeats them, three rows."""

    parent: Int[Array, " faces"]
    """The part's own triangle that each triangle belongs to."""


def in_order(topology: Topology, garments: Sequence[GarmentSpec]) -> list[GarmentSpec]:
    """Garments from the skin outwards, as they are put on."""
    return sorted(garments, key=lambda garment: LAYERS.index(topology.part(garment.name).kind))


def fit_of(garment: GarmentSpec) -> Fit:
    """How a garment sits, from its spec: the wider, the farther its cloth may wander."""
    fall = Fall(
        reach_m=MORE_REACH_M + garment.ease_m * REACH_PER_EASE,
        along=garment.fullness[0],
        around=garment.fullness[1],
        stiffness=garment.stiffness,
        sag_m=LEAST_SAG_M + SAG_PER_EASE * garment.ease_m,
        seed=garment.seed,
    )
    return Fit(ease_m=garment.ease_m, hang=garment.hang, close_m=CLOSE_REACH_M, fall=fall)


class Wearer:
    """A posed body that garments are put on, one over the other."""

    def __init__(self, topology: Topology, identity: Identity, T_world_rest: Float[Array, "bones 4 4"]) -> None:
        self._topology, self._identity, self._T_world_rest = topology, identity, T_world_rest
        vertices, faces = topology.body_vertices, topology.body_faces
        self._number = np.full(len(topology.skin_bones), -1)
        self._number[vertices] = np.arange(len(vertices))
        self._faces = faces
        self._skin = skin_vertices(topology, identity.rest[vertices], T_world_rest, vertices=vertices)
        self._normals = vertex_normals(self._skin, faces)
        self._height = np.full(len(vertices), 0.0)

    def put_on(self, part: Part, mesh: ClothMesh, *, fit: Fit) -> Worn:
        """Put the next garment on."""
        if part.kind in FITTED_KINDS:
            return self._put_on_fitted(part, mesh)
        topology, identity = self._topology, self._identity
        rest = lifted(topology, identity, part, ease_m=fit.ease_m, hang=fit.hang)
        base = skin_vertices(topology, rest, self._T_world_rest, vertices=part.vertices)
        rest_middle, base_middle = mesh.first.apply(rest), mesh.first.apply(base)
        under = self._under(part)
        lengths_m = _cut_lengths(rest_middle, mesh, mesh.first.between(grain(topology, identity, part)), fit.fall)
        points = folded(
            base_middle,
            vertex_normals(base_middle, mesh.first.faces),
            cut=Cut(edges=mesh.edges, lengths_m=lengths_m),
            under=under,
            reach_m=fit.close_m + fit.fall.reach_m * mesh.first.between(part.ease[:, None].astype(np.float64))[:, 0],
            fall=fit.fall,
        )
        fine = Under(
            points=mesh.second.between(under.points),
            normals=mesh.second.between(under.normals),
            gap_m=mesh.second.between(under.gap_m[:, None])[:, 0],
        )
        verts = clear_of(mesh.second.apply(points), fine)
        self._remember(part, mesh, verts, fine)
        rest_fine = mesh.second.apply(rest_middle)
        return _lined(part, mesh, rest_fine, verts, skin=fine.points)

    def _put_on_fitted(self, part: Part, mesh: ClothMesh) -> Worn:
        """An added asset: as its own rules place it, and out of the skin."""
        rest = self._identity.rest[part.vertices].astype(np.float64)
        verts = skin_vertices(self._topology, rest, self._T_world_rest, vertices=part.vertices)
        under = self._under(part)
        if part.kind == "fitted shoes":  # trousers end in boots: cloth gives way, shoes don't
            verts = clear_of(verts, replace(under, gap_m=np.full(len(verts), SKIN_GAP_M)))
        elif part.kind in PUSHED_KINDS:
            verts = clear_of(verts, under)
            self._remember(part, mesh, verts, under)
        return Worn(
            part=part,
            mesh=mesh,
            faces=part.faces,
            rest=rest,
            verts=verts,
            rim=np.zeros(0, np.int64),
            parent=np.arange(len(part.faces)),
        )

    def _under(self, part: Part) -> Under:
        corners, bary = self._number[part.skin_corners], part.skin_bary
        normals = np.einsum("nc,nck->nk", bary, self._normals[corners])
        height = np.einsum("nc,nc->n", bary, self._height[corners])
        return Under(
            points=np.einsum("nc,nck->nk", bary, self._skin[corners]),
            normals=normals / np.linalg.norm(normals, axis=1, keepdims=True).clip(1e-9),
            gap_m=np.where(height > 0, height + LAYER_GAP_M, SKIN_GAP_M),
        )

    def _remember(self, part: Part, mesh: ClothMesh, verts: Float[Array, "verts 3"], under: Under) -> None:
        """Note how high above each of the skin's vertices there is cloth now, as far as a ring around it."""
        height = np.einsum("ni,ni->n", verts - under.points, under.normals)
        for corner in range(3):
            np.maximum.at(height, mesh.faces[:, corner], height[mesh.faces].max(1))
        middle = height[: len(part.skin_corners)]
        highest = np.full(len(self._height), -np.inf)
        corners = self._number[part.skin_corners]
        for corner in range(3):
            near = part.skin_bary[:, corner] > NEAR_SHARE
            np.maximum.at(highest, corners[near, corner], middle[near])
        around = highest[self._faces].max(1)
        for corner in range(3):
            np.maximum.at(highest, self._faces[:, corner], around)
        self._height = np.maximum(self._height, highest + THIN_M)


def dress(
    topology: Topology, identity: Identity, garments: Sequence[GarmentSpec], T_world_rest: Float[Array, "bones 4 4"]
) -> list[Worn]:
    """Everything that a person wears, as the worker puts it on."""
    wearer = Wearer(topology, identity, T_world_rest)
    return [
        wearer.put_on(topology.part(garment.name), cloth_mesh(topology.part(garment.name)), fit=fit_of(garment))
        for garment in in_order(topology, garments)
    ]


def _cut_lengths(
    rest: Float[Array, "n 3"], mesh: ClothMesh, along: Float[Array, "n 3"], fall: Fall
) -> Float[Array, " edges"]:
    """Lengths that a cloth's edges were cut with: more than what lies smooth, along the limb and around it."""
    first, second = mesh.edges.T
    edge = rest[second] - rest[first]
    length = np.linalg.norm(edge, axis=1)
    cosine = np.einsum("ei,ei->e", edge, along[first]) / length.clip(1e-9)
    fullness = fall.around + (fall.along - fall.around) * cosine**2
    is_hem = mesh.on_rim[first] & mesh.on_rim[second]
    return length * np.where(is_hem, 1.0, fullness)  # hems are sewn: they don't ruffle


def _lined(
    part: Part,
    mesh: ClothMesh,
    rest: Float[Array, "verts 3"],
    verts: Float[Array, "verts 3"],
    *,
    skin: Float[Array, "verts 3"],
) -> Worn:
    """A garment with the lining of its hems."""
    hems = find_hems(mesh, rest)
    thick_m = THICK_M.get(part.name, THIN_M)
    more, lined = lining(hems, verts, vertex_normals(verts, mesh.faces), skin, thick_m=thick_m)
    parent = np.arange(len(mesh.faces)) // 16
    return Worn(
        part=part,
        mesh=mesh,
        faces=np.concatenate([mesh.faces, lined]),
        rest=np.concatenate([rest, *[rest[hems.rim]] * 3]),
        verts=np.concatenate([verts, more]),
        rim=hems.rim,
        parent=np.concatenate([parent, np.repeat(parent[hems.faces], 6)]),
    )
