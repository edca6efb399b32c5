"""Simple things far off, so that an outdoor horizon isn't bare: hills, trees, houses."""

import bpy
import numpy as np
from jaxtyping import Float

from blender_scripts.materials.graph import Value, darker, material_graph
from blender_scripts.meshes import add_mesh, set_materials
from blender_scripts.places.surfaces import SEGMENTS, blobs, boxes, revolved
from cuffs.records.scene_spec import Colour
from cuffs.seeding import stream

Array = np.ndarray

NEAREST_M = 14.0
"""Nothing stands nearer to people or camera than this."""


def add_scenery(
    centre_world: Float[Array, "3"], eye_world: Float[Array, "3"], *, seed: int, level_m: float = 0.0
) -> None:
    """Hills all around, and some trees and houses before them.

    Args:
        centre_world: the middle of the people, metres.
        eye_world: the camera.
        seed: the same seed gives the same scenery.
        level_m: height of the ground that it stands on.
    """
    rng = stream(seed, "scenery")
    add_hills(centre_world, rng)
    num_trees, num_houses = int(rng.integers(8, 30)), int(rng.integers(0, 9))
    spots = _spots(rng, num_trees + num_houses, centre_world, eye_world)
    if num_trees:
        _add_trees(spots[:num_trees], rng)
    if num_houses:
        _add_houses(spots[num_trees:], rng)
    for name in ("hills", "crowns", "trunks", "houses"):
        thing = bpy.data.objects.get(name)
        if thing is not None:
            thing.location.z += level_m


def _spots(
    rng: np.random.Generator, count: int, centre_world: Float[Array, "3"], eye_world: Float[Array, "3"]
) -> Float[Array, "n 2"]:
    angle = rng.uniform(0, 2 * np.pi, count)
    distance_m = NEAREST_M * np.exp(rng.uniform(0, np.log(8), count)) + np.linalg.norm((eye_world - centre_world)[:2])
    return centre_world[:2] + distance_m[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)


def add_hills(centre_world: Float[Array, "3"], rng: np.random.Generator) -> None:
    """A ring of hills whose outline is a sum of waves."""
    profile = np.array([[130.0, -0.5], [160.0, 0.4], [200.0, 0.8], [235.0, 1.0]])
    verts, faces = revolved(profile, around=centre_world[:2])
    angle = np.tile(np.linspace(0, 2 * np.pi, SEGMENTS, endpoint=False), len(profile))
    outline = np.full_like(angle, 1.0)
    for wave in (2, 3, 5, 9, 14):
        outline += rng.uniform(0, 1.6 / wave**0.7) * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    verts[:, 2] *= np.maximum(outline, 0.15) * rng.uniform(4.0, 16.0)
    _finish(add_mesh("hills", verts, faces), _foliage(rng, haze=0.5), size_m=9.0)


def _add_trees(spots: Float[Array, "n 2"], rng: np.random.Generator) -> None:
    height = rng.uniform(2.5, 9.0, len(spots))
    width = height * rng.uniform(0.4, 0.8, len(spots))
    crowns = np.column_stack([spots, height * 0.62])
    shape = np.column_stack([width, width, height * 0.8])
    verts, faces = blobs(crowns, shape, rng)
    more = blobs(crowns + rng.normal(0, 0.18, crowns.shape) * width[:, None], shape * 0.75, rng)
    crown = add_mesh("crowns", np.concatenate([verts, more[0]]), np.concatenate([faces, more[1] + len(verts)]))
    _finish(crown, _foliage(rng, haze=0.1), size_m=0.5)
    trunks = boxes(
        np.column_stack([spots, height * 0.15]),
        np.column_stack([height * 0.05, height * 0.05, height * 0.4]),
        rng.uniform(0, np.pi, len(spots)),
    )
    _finish(add_mesh("trunks", *trunks, smooth=False), (0.09, 0.06, 0.04), size_m=0.3)


def _add_houses(spots: Float[Array, "n 2"], rng: np.random.Generator) -> None:
    sizes = np.column_stack([rng.uniform(5, 14, (len(spots), 2)), rng.uniform(3, 12, len(spots))])
    outward = spots + 8.0 * spots / np.maximum(np.linalg.norm(spots, axis=1, keepdims=True), 1.0)
    houses = boxes(np.column_stack([outward, sizes[:, 2] / 2]), sizes, rng.uniform(0, np.pi, len(spots)))
    red, green, blue = (float(value) for value in rng.uniform(0.28, 0.55) * np.array([1.0, *rng.uniform(0.75, 1.0, 2)]))
    material, graph = material_graph("houses")
    x, y, z = graph.axes(graph.position())
    wall = graph.combine(graph.math("MULTIPLY", graph.math("ADD", x, y), 1 / 5), graph.math("MULTIPLY", z, 1 / 6))
    windows: dict[str | int, Value] = {
        "Vector": wall, "Color1": (0.05, 0.06, 0.07), "Color2": (0.10, 0.11, 0.12), "Mortar": (red, green, blue),
        "Scale": 1.0, "Mortar Size": 0.125, "Mortar Smooth": 0.0, "Brick Width": 0.5, "Row Height": 0.5,
    }  # fmt: skip
    seen = graph.node("ShaderNodeTexBrick", windows, {"offset": 0.0}).outputs[0]
    graph.output(graph.matte(seen))
    set_materials(add_mesh("houses", *houses, smooth=False), [material])


def _foliage(rng: np.random.Generator, *, haze: float) -> Colour:
    """A green or autumn brown, paler with distance."""
    green = np.array([rng.uniform(0.04, 0.16), rng.uniform(0.08, 0.14), rng.uniform(0.02, 0.05)])
    red, green, blue = (float(value) for value in (1 - haze) * green + haze * np.array([0.22, 0.27, 0.33]))
    return (red, green, blue)


def _finish(thing: bpy.types.Object, colour: Colour, *, size_m: float) -> None:
    material, graph = material_graph(thing.name)
    patches = graph.ramp(graph.noise(graph.position(), size_m=size_m, detail=4.0), 0.3, 0.7)
    shade = graph.mix(patches, darker(colour, 0.55), darker(colour, 1.25))
    graph.output(graph.matte(shade))
    set_materials(thing, [material])
