"""Cutting garments out of MakeHuman's helpers along their edge loops."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.character.base_mesh import BaseMesh
from cuffs.character.beneath import helper_above
from cuffs.character.body_frame import BodyFrame
from cuffs.character.garment import Garment, both_sides
from cuffs.character.quad_loops import QuadMesh
from cuffs.skeleton import INDEX

Array = np.ndarray
Loop = tuple[int, ...]

LOOP_SIZES = {"arm": 12, "leg": 18, "torso": 36, "head": 26, "skirt": 36}
"""Vertices of the loops around each limb of the helpers."""

FRONT_M = 0.1
"""How far in front of a joint cloth is looked for."""

ASIDE_M = 0.05
"""Loops around a left or right limb have their middle at least so far from the body's own."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Helper:
    """One of hm08's helpers, ready to be cut."""

    mesh: QuadMesh
    loops: tuple[Loop, ...]
    above: Int[Array, " body"]
    """The helper's face over each of the body's vertices, or -1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cutting:
    """A garment's share of its helper."""

    kept: Bool[Array, " quads"]
    waist: tuple[Loop, ...]
    """The hems around the torso."""


def prepare_helper(base: BaseMesh, frame: BodyFrame, name: str, body: Int[Array, " body"]) -> Helper:
    """Find a helper's loops, and what lies beneath it.

    Args:
        base: MakeHuman's mesh.
        frame: the person that clothes are cut on.
        name: helper-tights or helper-skirt.
        body: full numbers of the body's vertices.
    """
    mesh = QuadMesh(base.groups[name].verts)
    return Helper(mesh=mesh, loops=tuple(mesh.closed_loops()), above=helper_above(frame, mesh.quads, body))


def cut_garment(helper: Helper, frame: BodyFrame, garment: Garment) -> Cutting:
    """The faces of a helper between the loops that bound a garment."""
    chosen = {
        limb: [_nearest_loop(frame, helper.loops, side, at) for side in both_sides(limb)]
        for limb, at in garment.cuts.items()
    }
    every = [loop for loops in chosen.values() for loop in loops]
    kept = np.zeros(len(helper.mesh.quads), bool)
    for joint in (garment.seed,) if garment.seed in INDEX else (f"left_{garment.seed}", f"right_{garment.seed}"):
        front = frame.joint(joint) - [0.0, FRONT_M, 0.0]
        seed = int(np.linalg.norm(frame.rest[helper.mesh.quads].mean(1) - front, axis=1).argmin())
        kept |= helper.mesh.enclosed(seed, every)
    return Cutting(kept=kept, waist=tuple(chosen.get("torso", [])))


def _nearest_loop(frame: BodyFrame, loops: tuple[Loop, ...], limb: str, at: float) -> Loop:
    """The loop around a limb whose middle is nearest to so far along it."""
    side, _, kind = limb.rpartition("_")
    around = [loop for loop in loops if len(loop) == LOOP_SIZES[kind]]
    middles = np.stack([frame.rest[list(loop)].mean(0) for loop in around])
    if limb == "skirt":
        heights = middles[:, 2]
        return around[int(np.abs((heights.max() - heights) / np.ptp(heights) - at).argmin())]
    areas = np.stack([_area(frame.rest[list(loop)]) for loop in around])
    is_level = np.abs(areas[:, 2]) > 0.5 * np.linalg.norm(areas, axis=1)
    aside = {"left": middles[:, 0] > ASIDE_M, "right": middles[:, 0] < -ASIDE_M, "": np.abs(middles[:, 0]) < ASIDE_M}
    distance = np.where(is_level & aside[side], np.abs(frame.along(limb, middles) - at), np.inf)
    return around[int(distance.argmin())]


def _area(loop: Float[Array, "n 3"]) -> Float[Array, "3"]:
    """Twice the area that a closed line encloses, along its normal."""
    away = loop - loop.mean(0)
    return np.cross(away, np.roll(away, -1, axis=0)).sum(0)
