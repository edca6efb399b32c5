"""A user's room from a .blend file: read without running anything that is in it, and refused where it wants to.

Blender runs a file's Python where auto-run is on: registered texts, drivers with Python expressions, script nodes. It
is off here (`session.start_session`), and a file that holds any of these is refused by name, as one is that points at
other files: a plan's folder has to hold all that its pictures are made of.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

from cuffs.errors import AssetBroken
from cuffs.records import PlaceSpec

SPOT = "people"
"""Empties whose names begin so mark where people may stand; without one, it is the file's origin."""

MAX_FACES = 20_000_000
EXTENT_M = (1.5, 5000.0)
"""Of all meshes together: smaller or larger is a matter of units."""

OUTSIDE = ("images", "sounds", "fonts", "movieclips", "volumes", "cache_files")
"""Kinds of data that can lie in files of their own."""

DRIVEN = (
    "objects", "meshes", "materials", "lights", "worlds", "node_groups", "curves", "shape_keys", "armatures", "cameras",
    "scenes", "collections", "particles", "lattices", "metaballs", "volumes",
)  # fmt: skip
"""Kinds of data that drivers can move."""

LEFT_OUT = ("CAMERA", "SPEAKER", "ARMATURE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What was read of a .blend file."""

    objects: tuple[bpy.types.Object, ...]
    world: bpy.types.World | None
    spots: tuple[tuple[float, float, float], ...]
    """Where people may stand, in the file's own axes, metres."""


def read_room(path: Path) -> Room:
    """Read the first scene of a .blend file into memory, without linking it to the scene.

    Raises:
        AssetBroken: if it can't be read, holds scripts, points at other files, or is too large, too small or empty.
    """
    before = {(kind, thing.name) for kind in OUTSIDE for thing in getattr(bpy.data, kind)}
    try:
        with bpy.data.libraries.load(str(path), link=False) as (found, wanted):
            if found.texts:
                names = ", ".join(found.texts)
                raise _broken(path, f"it holds scripts ({names})", "delete the texts in Blender's text editor")
            if not found.scenes:
                raise _broken(path, "it holds no scene", "save a scene")
            wanted.scenes = found.scenes[:1]
    except OSError as problem:
        raise _broken(path, str(problem).strip(), "save it again with Blender 4.5 or older") from problem
    scene = wanted.scenes[0]
    objects = tuple(sorted(set(_shown(scene.collection)), key=lambda thing: thing.name))
    world = scene.world
    for what, remedy in _problems(objects, before):
        raise _broken(path, what, remedy)
    spots = tuple(_spot(thing) for thing in objects if thing.type == "EMPTY" and thing.name.startswith(SPOT))
    bpy.data.scenes.remove(scene)
    return Room(objects=objects, world=world, spots=spots or ((0.0, 0.0, 0.0),))


def add_blend_room(spec: PlaceSpec, path: Path) -> None:
    """Put a .blend file's room around the people: its spot at the world's origin, turned by the spec's angle.

    Raises:
        AssetBroken: as `read_room`.
    """
    room = read_room(path)
    turn = Matrix.Rotation(float(np.radians(spec.rotation_deg)), 4, "Z") @ Matrix.Translation(
        [-value for value in spec.origin_m]
    )
    root = bpy.data.objects.new("room", None)
    root.matrix_world = turn
    collection = bpy.context.scene.collection
    collection.objects.link(root)
    for thing in room.objects:
        if thing.type in LEFT_OUT:
            continue
        collection.objects.link(thing)
        if thing.parent is None:
            thing.parent = root
    if room.world is not None:
        bpy.context.scene.world = room.world


def _shown(collection: bpy.types.Collection) -> Iterator[bpy.types.Object]:
    """Objects that the file itself would render."""
    if collection.hide_render:
        return
    yield from (thing for thing in collection.objects if not thing.hide_render)
    for child in collection.children:
        yield from _shown(child)


def _problems(objects: tuple[bpy.types.Object, ...], before: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """What speaks against a file that was read, and what to do about it."""
    for driver in _python_drivers():
        yield f"its driver {driver} is a Python expression", "bake or remove the driver"
    for tree in _node_trees():
        for node in tree.nodes:
            if node.bl_idname == "ShaderNodeScript":
                yield f"its material {tree.name!r} has the script node {node.name!r}", "remove the script node"
    for library in bpy.data.libraries:
        if any(thing.library == library for thing in bpy.data.user_map(subset=list(bpy.data.objects))):
            yield f"it links to {library.filepath!r}", "make everything local (Object > Relations > Make Local > All)"
    for kind in OUTSIDE:
        for thing in getattr(bpy.data, kind):
            if (kind, thing.name) not in before and _lies_outside(thing):
                yield f"{thing.name!r} lies in another file, {thing.filepath!r}", "pack it (File > External Data)"
    yield from _size_problems(objects)


def _size_problems(objects: tuple[bpy.types.Object, ...]) -> Iterator[tuple[str, str]]:
    meshes = [thing for thing in objects if thing.type == "MESH"]
    faces = sum(len(thing.data.polygons) for thing in meshes)
    if not meshes:
        yield "it holds no mesh", "put the room's meshes into the first scene"
        return
    if faces > MAX_FACES:
        yield f"it has {faces} faces, more than {MAX_FACES}", "decimate it"
    corners = np.array([_world(thing) @ Vector(corner) for thing in meshes
                        for corner in thing.bound_box])  # fmt: skip
    extent = float((corners.max(0) - corners.min(0)).max())
    if not EXTENT_M[0] <= extent <= EXTENT_M[1]:
        yield f"it is {extent:.4g} m across", "scale it so that one unit is one metre, and apply the scale"


def _python_drivers() -> Iterator[str]:
    """Drivers that would need Python: simple expressions are calculated without it."""
    for kind in DRIVEN:
        for thing in getattr(bpy.data, kind):
            for owner in (thing, getattr(thing, "node_tree", None)):
                data = getattr(owner, "animation_data", None)
                for curve in data.drivers if data else ():
                    if curve.driver.type == "SCRIPTED" and not curve.driver.is_simple_expression:
                        yield f"of {thing.name}.{curve.data_path}"


def _node_trees() -> Iterator[bpy.types.NodeTree]:
    for kind in ("materials", "worlds", "lights"):
        yield from (thing.node_tree for thing in getattr(bpy.data, kind) if thing.node_tree is not None)
    yield from bpy.data.node_groups


def _lies_outside(thing: bpy.types.ID) -> bool:
    """Whether data are neither generated nor packed into the file."""
    if getattr(thing, "source", "FILE") in ("GENERATED", "VIEWER") or thing.name == "Bfont":
        return False
    return getattr(thing, "packed_file", None) is None and bool(getattr(thing, "filepath", ""))


def _spot(thing: bpy.types.Object) -> tuple[float, float, float]:
    x, y, z = (round(float(value), 4) for value in _world(thing).translation)
    return (x, y, z)


def _world(thing: bpy.types.Object) -> Matrix:
    """Where an object lies: Blender itself only calculates it for objects of a scene."""
    if thing.parent is None:
        return thing.matrix_basis.copy()
    return _world(thing.parent) @ thing.matrix_parent_inverse @ thing.matrix_basis


def _broken(path: Path, found: str, remedy: str) -> AssetBroken:
    return AssetBroken(f"the room {path.name}", path, found, remedy)
