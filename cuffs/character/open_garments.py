"""Clothes cut from MakeHuman's own helpers: tights around the whole body, and a skirt.

A garment is the part of a helper between edge loops, lifted off the body. Its hems are lined: a band turns inwards and
nearly meets the skin, so that nobody looks through a sleeve into a body without skin.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.character.base_mesh import BaseMesh, triangles
from cuffs.character.beneath import beneath_close, beneath_skirt, helper_above
from cuffs.character.body_frame import BodyFrame, vertex_normals
from cuffs.character.quad_loops import QuadMesh, hem_vertices, smoothing_matrix
from cuffs.character.records import Part
from cuffs.skeleton import INDEX

Array = np.ndarray

LINING_M = 0.0005
"""How far off the helper a hem's lining ends. Helpers lie about 6 mm off the skin."""

LOOP_SIZES = {"arm": 12, "leg": 18, "torso": 36, "head": 26, "skirt": 36}
"""Vertices of the loops around each limb of the helpers."""

SMOOTHINGS = 40
DEEPEST_M = 0.022
"""Cloth spans no hollow deeper than this."""

FRONT_M = 0.1
"""How far in front of a joint cloth is looked for."""

GROUND_M = 0.012
"""Soles are flat: what lies this low at rest doesn't stand off, so that shoes stand on the ground."""

Cuts = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Garment:
    """What a garment is cut from, where, and how wide it is. Limbs are arm, leg, torso, head, and skirt."""

    kind: str
    helper: str
    cuts: Cuts
    """Which loops bound it: the one nearest to so far along a limb, 0 being where the limb begins, 1 where it ends."""

    bare_rings: Mapping[str, int] = field(default_factory=dict)
    """Rings of faces taken off within the cut of a limb, where no loop runs: shoulders, wide collars."""

    offset_m: float
    """How far the garment stands off the helper."""

    flare_m: Mapping[str, float] = field(default_factory=dict)
    """How much farther it stands off at the end of a limb, growing along it."""

    drape: float = 0.0
    """How far it spans hollows of the body instead of following them: 0 not at all, 1 like a taut cloth."""

    seed: str = "spine2"
    """The joint at whose front it surely is; a joint without its side stands for both."""


def both_sides(limb: str) -> tuple[str, ...]:
    """Names of a limb in `BodyFrame`: arms and legs come in pairs."""
    return (f"left_{limb}", f"right_{limb}") if limb in ("arm", "leg") else (limb,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Helper:
    """One of hm08's helpers, ready to be cut."""

    mesh: QuadMesh
    loops: list[tuple[int, ...]]
    above: Int[Array, " body"]
    """The helper's face over each of the body's vertices, or -1."""


def prepare_helper(base: BaseMesh, frame: BodyFrame, name: str, body: Int[Array, " body"]) -> Helper:
    """Find a helper's loops, and what lies beneath it.

    Args:
        base: MakeHuman's mesh.
        frame: the person.
        name: helper-tights or helper-skirt.
        body: full numbers of the body's vertices.
    """
    mesh = QuadMesh(base.groups[name].verts)
    return Helper(mesh=mesh, loops=mesh.closed_loops(), above=helper_above(frame, mesh.quads, body))


def cut_loops(helper: Helper, frame: BodyFrame, garment: Garment) -> dict[tuple[str, str], tuple[int, ...]]:
    """The loops that bound a garment, by limb and by limb with its side."""
    return {
        (limb, side): _nearest_loop(frame, helper.loops, limb, side, at)
        for limb, at in garment.cuts.items()
        for side in both_sides(limb)
    }


def cut_garment(helper: Helper, frame: BodyFrame, garment: Garment) -> Bool[Array, " quads"]:
    """Which faces of its helper a garment has."""
    mesh = helper.mesh
    chosen = cut_loops(helper, frame, garment)
    kept = np.zeros(len(mesh.quads), bool)
    for joint in (garment.seed,) if garment.seed in INDEX else (f"left_{garment.seed}", f"right_{garment.seed}"):
        front = frame.joint(joint) - [0.0, FRONT_M, 0.0]
        seed = int(np.linalg.norm(frame.rest[mesh.quads].mean(1) - front, axis=1).argmin())
        kept |= mesh.enclosed(seed, list(chosen.values()))
    for (limb, _), loop in chosen.items():
        if limb in garment.bare_rings:
            kept &= mesh.rings_from(loop)[mesh.quads].max(1) > garment.bare_rings[limb]
    return kept


def _nearest_loop(frame: BodyFrame, loops: list[tuple[int, ...]], limb: str, side: str, at: float) -> tuple[int, ...]:
    """The loop around a limb whose middle is nearest to so far along it."""
    around = [loop for loop in loops if len(loop) == LOOP_SIZES[limb]]
    middles = np.stack([frame.rest[list(loop)].mean(0) for loop in around])
    if limb == "skirt":
        heights = middles[:, 2]
        share = (heights.max() - heights) / np.ptp(heights)
        return around[int(np.abs(share - at).argmin())]
    areas = np.stack([_area(frame.rest[list(loop)]) for loop in around])
    level = np.abs(areas[:, 2]) / np.linalg.norm(areas, axis=1) > 0.5
    sideways = {"left": middles[:, 0] > 0.05, "right": middles[:, 0] < -0.05}.get(side.split("_")[0])
    fits = level & (sideways if sideways is not None else np.abs(middles[:, 0]) < 0.01)
    distance = np.where(fits, np.abs(frame.along(side, middles) - at), np.inf)
    return around[int(distance.argmin())]


def _area(loop: Float[Array, "n 3"]) -> Float[Array, "3"]:
    """Twice the area that a closed line encloses, along its normal."""
    away = loop - loop.mean(0)
    return np.cross(away, np.roll(away, -1, axis=0)).sum(0)


def standoff(frame: BodyFrame, garment: Garment, vertices: Int[Array, " n"]) -> Float[Array, " n"]:
    """How far each vertex of a garment stands off the helper, metres."""
    found = np.full(len(vertices), garment.offset_m)
    points = frame.rest[vertices]
    for limb, flare in garment.flare_m.items():
        for side in both_sides(limb):
            along = frame.along(side, points)
            share = np.clip(-2 * along + 1 if limb == "torso" else along, 0, 1)  # a shirt widens downwards
            found += flare * share * frame.limb_weight(side)[vertices]
    is_sole = (garment.kind == "shoes") & (points[:, 2] < frame.rest[:, 2].min() + GROUND_M)
    return np.where(is_sole, 0.0, found)


def hollows(frame: BodyFrame, quads: Int[Array, "quads 4"]) -> Float[Array, " n"]:
    """How deep a garment's vertices lie in hollows, metres, in ascending order of their numbers: 0 on what is convex.

    The mesh is smoothed, hems along themselves alone; where that lifts it off the body is a hollow.
    """
    vertices, flat = np.unique(quads, return_inverse=True)
    corners = flat.reshape(quads.shape)
    points = frame.rest[vertices]
    neighbours = smoothing_matrix(corners)
    smooth = points
    for _ in range(SMOOTHINGS):
        smooth = neighbours @ smooth
    depth = np.einsum("vi,vi->v", smooth - points, vertex_normals(points, triangles(corners)))
    return np.clip(depth, 0.0, DEEPEST_M)


def sewn(
    quads: Int[Array, "quads 4"], offset: Float[Array, " n"]
) -> tuple[Int[Array, " m"], Int[Array, "triangles 3"], Float[Array, " m"]]:
    """Faces with their hems lined: full vertices, triangles into them, offsets.

    The lining repeats the outermost ring of faces, turned over: its outer edge lies on the hem, its inner edge near the
    skin.

    Args:
        quads: the garment's faces, full numbers.
        offset: of its vertices in ascending order, metres.
    """
    vertices, flat = np.unique(quads, return_inverse=True)
    outer = flat.reshape(quads.shape)
    is_hem = hem_vertices(outer)
    lining = outer[is_hem[outer].any(1)][:, ::-1]
    lined, lined_flat = np.unique(lining, return_inverse=True)
    inner_offset = np.where(is_hem[lined], -offset[lined], -LINING_M)  # its normals point inwards
    faces = np.concatenate([triangles(outer), triangles(lined_flat.reshape(lining.shape)) + len(vertices)])
    return np.concatenate([vertices, vertices[lined]]), faces, np.concatenate([offset, inner_offset])


def make_part(helper: Helper, frame: BodyFrame, name: str, garment: Garment, *, body: Int[Array, " body"]) -> Part:
    """A garment as a part of the topology.

    Args:
        helper: that the garment is cut from.
        frame: the person it is cut on.
        name: of the part.
        garment: what to cut.
        body: full numbers of the body's vertices.
    """
    kept, loops = cut_garment(helper, frame, garment), cut_loops(helper, frame, garment)
    quads = helper.mesh.quads[kept]
    offset = standoff(frame, garment, np.unique(quads)) + garment.drape * hollows(frame, quads)
    vertices, faces, offset = sewn(quads, offset)
    if garment.kind == "skirt":
        is_hidden = beneath_skirt(frame, quads, body)
    else:
        waist = np.zeros(len(frame.rest), bool)
        waist[[vertex for (limb, _), loop in loops.items() if limb == "torso" for vertex in loop]] = True
        is_hidden = beneath_close(helper.mesh.quads, kept, helper.above, waist=waist)
    return Part(
        name=name,
        kind=garment.kind,
        vertices=vertices.astype(np.int32),
        faces=faces.astype(np.int32),
        offset=offset.astype(np.float32),
        hides=body[is_hidden].astype(np.int32),
    )
